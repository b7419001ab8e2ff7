//! Pictures: checked, stored, then entered in the ledger; fetched whole or small. Knows nothing of HTTP.

mod forecast;
pub mod keeping;
mod newest;
pub mod probe;
mod retention;
mod thumbnails;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use parking_api::cameras::FROZEN_PICTURES;
use parking_api::captures::Capture;
use parking_api::digits::digits_of;
use parking_api::events::{Actor, ActorKind};
use parking_api::{CameraId, CaptureId, Problem, ProblemCode, Time, paths};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::cameras::Contacts;
use crate::clock::{Clock, new_id};
use crate::ledger::{self, Command, Idempotency, Ledger, LotHandle, Origin, Outcome, Reply};
use crate::objects::{self, Address, Objects};
pub use forecast::size;
pub use keeping::Keeper;
use keeping::Room;
pub use newest::Newest;
pub use thumbnails::Thumbnails;

/// Uploads that are being checked at once; the others wait. Checking is work for the processor, and there are few.
const CHECKS_MAX: usize = 2;

/// A JPEG up to this size is checked at once, in less time than handing it to another thread takes. In bytes.
const CHECKED_AT_ONCE_BYTES_MAX: usize = 256 * 1024;

/// How long a picture may be on its way to a shared object store; one that is missing after that is lost. In milliseconds.
const SPOOLED_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1000;
/// Most bytes of a picture that one reader has in memory: as many as most pictures have.
const PIECE_BYTES: u64 = 256 * 1024;
/// How far ahead a sender's clock may be, in milliseconds; a picture from further ahead was taken when it arrived.
const CLOCK_AHEAD_MS_MAX: i64 = 60_000;
/// Greatest age of a picture that a camera kept, in milliseconds. A sender whose clock says that it is older has a clock that was never set.
pub const AGE_MS_MAX: i64 = 31 * 24 * 60 * 60 * 1000;

/// Why a picture was not stored or not found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error(transparent)]
    Objects(#[from] objects::Error),
    /// It is entered, and not yet where every daemon can fetch it.
    #[error("the picture {0} has not reached the object store yet: another daemon may hold it in its spool")]
    OnItsWay(String),
}

impl Error {
    /// Whether another daemon may have the picture: in its spool, or because it reaches the object store.
    pub fn may_be_elsewhere(&self) -> bool {
        use objects::Error::{NoBucket, Refused, Unavailable};
        matches!(self, Self::OnItsWay(_) | Self::Objects(Unavailable(_) | Refused(_) | NoBucket(_)))
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Ledger(problem.into())
    }
}

impl From<crate::store::Error> for Error {
    fn from(error: crate::store::Error) -> Self {
        Self::Ledger(error.into())
    }
}

/// A picture as it arrived.
#[derive(Debug)]
pub struct Upload {
    pub bytes: Bytes,
    /// What the sender says that it is.
    pub content_type: Option<String>,
    pub camera: Option<CameraId>,
    pub captured_at: Option<Time>,
    pub origin: Origin,
    /// Id of the token that sent it.
    pub caller: String,
    pub idempotency_key: Option<String>,
    /// It is only checked, and not kept.
    pub is_trial: bool,
}

/// All pictures. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Captures {
    ledger: Ledger,
    objects: Objects,
    contacts: Contacts,
    clock: Arc<dyn Clock>,
    thumbnails: Thumbnails,
    room: Room,
    checks: Arc<Semaphore>,
    newest: Newest,
}

impl Captures {
    pub fn new(
        ledger: Ledger,
        objects: Objects,
        contacts: Contacts,
        clock: Arc<dyn Clock>,
        thumbnails: Thumbnails,
        room: Room,
    ) -> Self {
        Self {
            ledger,
            objects,
            contacts,
            clock,
            thumbnails,
            room,
            checks: Arc::new(Semaphore::new(CHECKS_MAX)),
            newest: Newest::default(),
        }
    }

    /// What was heard of cameras.
    pub fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// Pictures of cameras that nobody has looked at yet.
    pub fn newest(&self) -> &Newest {
        &self.newest
    }

    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Checks a picture, stores it, and enters it in the ledger, in this order: a crash leaves at most an object without an entry.
    ///
    /// # Errors
    /// When it is not a picture that is accepted, its camera is unknown, or it cannot be stored. Then nothing is stored.
    pub async fn ingest(&self, lot: &LotHandle, upload: Upload) -> Result<Outcome, Error> {
        self.room.check()?;
        if let Some(camera) = upload.camera.as_ref().filter(|id| lot.read(|state| state.camera(id).is_none())) {
            let detail = format!("a picture was uploaded for camera {camera}, which lot {} does not have", lot.id());
            return Err(Problem::new(ProblemCode::CameraNotFound, detail).field("camera").into());
        }
        let (upload, checked) = self.check(upload).await?;
        let now = self.clock.now();
        let id = CaptureId(match &upload.idempotency_key {
            // The same key names the same capture, so a repeated upload finds the first one.
            Some(key) => Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{}/{}/{key}", lot.id(), upload.caller).as_bytes()),
            None => new_id(),
        });
        if upload.idempotency_key.is_some()
            && let Some(first) = self.ledger.store().capture(lot.id(), id).await?
        {
            return again(first, &checked.sha256);
        }
        let key = object_key(lot, &upload, now, id, &checked);
        let capture = Capture {
            id,
            camera: upload.camera.clone(),
            url: paths::image(&key),
            key: key.clone(),
            content_type: checked.content_type.into(),
            bytes: checked.bytes.len() as u64,
            width: checked.width,
            height: checked.height,
            sha256: checked.sha256.clone(),
            captured_at: upload.captured_at.filter(|at| is_believable(*at, &upload.origin, now)).unwrap_or(now),
            received_at: now,
            pinned: false,
            rev: 0,
        };
        if upload.is_trial {
            return Ok(lot.rehearse(Command::AddCapture(Box::new(capture)), upload.origin).await?);
        }
        // An object that no row can be made for would stay until it is swept, and every camera sends its picture again.
        lot.require_writable()?;
        self.objects.put(&key, checked.bytes).await?;
        let idempotency =
            upload.idempotency_key.map(|key| Idempotency { caller: upload.caller, key, body_sha256: checked.sha256 });
        let outcome = lot.submit(Command::AddCapture(Box::new(capture)), upload.origin, idempotency).await;
        let is_named = match &outcome {
            Ok(Outcome { reply: Reply::Capture(stored), replayed, .. }) if stored.key == key => {
                // The first answer again may be about a capture that was deleted since.
                !replayed || self.ledger.store().capture(lot.id(), id).await?.is_some()
            }
            // What was refused or never queued is over, so nothing will ever name this object.
            Ok(_) | Err(ledger::Error::Refused(_) | ledger::Error::Overloaded(_)) => false,
            // After a failure it may still be named: the commit may have happened.
            Err(_) => true,
        };
        if !is_named {
            discard(&self.objects, &key).await;
        }
        if let (Ok(_), Some(camera)) = (&outcome, &upload.camera) {
            self.contacts.captured(lot.id(), camera, id, now);
        }
        let outcome = outcome?;
        if let (Reply::Capture(capture), Some(camera), false) = (&outcome.reply, &upload.camera, outcome.replayed) {
            self.look_for_frost(lot, camera, &capture.sha256).await;
            self.newest.put(lot.id(), camera, capture.clone());
        }
        Ok(outcome)
    }

    /// Notes when a camera begins or stops to send one and the same picture.
    async fn look_for_frost(&self, lot: &LotHandle, camera: &CameraId, sha256: &str) {
        let Some(repeats) = self.contacts.repeats(lot.id(), camera, sha256) else { return };
        let was_frozen = lot.read(|state| state.camera(camera).is_some_and(|camera| camera.frozen_since.is_some()));
        let is_frozen = repeats >= FROZEN_PICTURES || (was_frozen && repeats > 1);
        if is_frozen != was_frozen {
            let command = Command::SetCameraFrozen { camera: camera.clone(), is_frozen };
            if let Err(error) = lot.submit(command, Actor::system("monitor"), None).await {
                tracing::warn!(lot = %lot.id(), %camera, %error, "cannot note that a camera is frozen, or not any more");
            }
        }
    }

    async fn check(&self, upload: Upload) -> Result<(Upload, Checked), Error> {
        if upload.bytes.len() <= CHECKED_AT_ONCE_BYTES_MAX && probe::is_jpeg(&upload.bytes) {
            let checked = check(&upload)?;
            return Ok((upload, checked));
        }
        let _turn = self.checks.acquire().await.map_err(|_| ledger::Error::Stopping)?;
        let checking = tokio::task::spawn_blocking(move || {
            let checked = check(&upload);
            (upload, checked)
        });
        let (upload, checked) = checking.await.map_err(|e| failed("check a picture", &e))?;
        Ok((upload, checked?))
    }

    /// Removes a capture: first from the ledger, then its bytes.
    ///
    /// # Errors
    /// When there is none, it was changed since it was at `if_match`, or the ledger fails.
    pub async fn delete(
        &self,
        lot: &LotHandle,
        id: CaptureId,
        if_match: Option<u64>,
        origin: Origin,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        let outcome = lot.submit(Command::DeleteCapture(id).only_at(if_match), origin, idempotency).await?;
        if let Reply::Capture(capture) = &outcome.reply {
            self.thumbnails.forget(capture.id).await;
            discard(&self.objects, &capture.key).await;
        }
        Ok(outcome)
    }

    /// The capture whose picture has this key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_key(&self, key: &str) -> Result<Option<Capture>, Error> {
        Ok(self.ledger.store().capture_by_key(key).await?)
    }

    /// Where a proxy that is trusted fetches the picture by itself; `None` when only this daemon can.
    ///
    /// # Errors
    /// When the store cannot say so.
    pub async fn address(&self, capture: &Capture) -> Result<Option<Address>, Error> {
        Ok(self.objects.address(&capture.key).await?)
    }

    /// The whole picture.
    ///
    /// # Errors
    /// When the object is missing or the store fails.
    pub async fn picture(&self, capture: &Capture) -> Result<Bytes, Error> {
        let fetched = self.objects.get(&capture.key).await;
        fetched.map_err(|error| self.missing(capture, error.into()))
    }

    /// A smaller picture no wider than `width` pixels, which is a JPEG; `None` where the picture itself is not larger or cannot be made smaller.
    ///
    /// # Errors
    /// When the object is missing or the store fails.
    pub async fn small(&self, capture: &Capture, width: u32) -> Result<Option<Bytes>, Error> {
        let Some(step) = Thumbnails::step(width, capture) else { return Ok(None) };
        let made = self.thumbnails.get(capture, step, &self.objects).await;
        made.map_err(|error| self.missing(capture, error))
    }

    /// These bytes of the picture itself, piece by piece. The first piece is there when this returns, and each is fetched when the one
    /// before it was taken: so whoever reads slowly holds one in memory.
    ///
    /// # Errors
    /// When the object is missing or the store fails. What fails later ends the stream.
    pub async fn stream(
        &self,
        capture: &Capture,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes, objects::Error>> + use<>, Error> {
        let (objects, key) = (self.objects.clone(), capture.key.clone());
        let first = piece(&objects, &key, &range).await.map_err(|error| self.missing(capture, error.into()))?;
        let rest = range.start + first.len() as u64..range.end;
        let rest = stream::try_unfold(rest, move |left| {
            let (objects, key) = (objects.clone(), key.clone());
            async move {
                if left.is_empty() {
                    return Ok::<_, objects::Error>(None);
                }
                let next = piece(&objects, &key, &left).await?;
                let left = left.start + next.len() as u64..left.end;
                Ok(Some((next, left)))
            }
        });
        Ok(stream::iter([Ok(first)]).chain(rest))
    }

    /// What it means that an object is not there.
    fn missing(&self, capture: &Capture, error: Error) -> Error {
        let age_ms = self.clock.now().ms() - capture.received_at.ms();
        match error {
            Error::Objects(objects::Error::NotFound(key)) if self.objects.is_shared() && age_ms < SPOOLED_MS_MAX => {
                Error::OnItsWay(key)
            }
            error => error,
        }
    }
}

/// The first bytes of this range of an object.
async fn piece(objects: &Objects, key: &str, range: &Range<u64>) -> Result<Bytes, objects::Error> {
    let end = range.end.min(range.start.saturating_add(PIECE_BYTES));
    let bytes = objects.get_range(key, range.start..end).await?;
    let (found, wanted) = (bytes.len() as u64, end - range.start);
    if found == wanted {
        return Ok(bytes);
    }
    let detail = format!("{key} answers {found} bytes from {} on, where its entry says {wanted}", range.start);
    Err(objects::Error::Unavailable(detail))
}

/// Whether a clock that is set may say so. A person may bring a picture of any age.
fn is_believable(at: Time, from: &Origin, now: Time) -> bool {
    let age_max = if from.actor.kind == ActorKind::Camera { AGE_MS_MAX } else { i64::MAX };
    (-age_max..=CLOCK_AHEAD_MS_MAX).contains(&at.ms_since(now))
}

/// Removes an object that nothing names. When that fails it stays, as after a crash, until it is swept.
async fn discard(objects: &Objects, key: &str) {
    if let Err(error) = objects.delete(key).await {
        tracing::warn!(key, %error, "an object that nothing names stays in the object store");
    }
}

/// An upload that is a picture.
struct Checked {
    bytes: Bytes,
    content_type: &'static str,
    width: u32,
    height: u32,
    sha256: String,
}

fn check(upload: &Upload) -> Result<Checked, Problem> {
    let probed = probe::probe(&upload.bytes, upload.content_type.as_deref())
        .map_err(|e| Problem::new(e.code(), e.to_string()))?;
    let bytes = upload.bytes.slice(..probed.len);
    let sha256 = digits_of(&Sha256::digest(&bytes));
    Ok(Checked { bytes, content_type: probed.content_type, width: probed.width, height: probed.height, sha256 })
}

/// The answer to an upload that was stored before.
fn again(first: Capture, sha256: &str) -> Result<Outcome, Error> {
    if first.sha256 != sha256 {
        let detail = format!("this idempotency key was used before, for another picture ({})", first.id);
        return Err(Problem::new(ProblemCode::IdempotencyMismatch, detail).into());
    }
    let seq = first.rev;
    Ok(Outcome { reply: Reply::Capture(first), seq, replayed: true })
}

/// Lot, camera and day, so that people find their way; then what makes it unique. Never anything that the sender wrote freely.
fn object_key(lot: &LotHandle, upload: &Upload, now: Time, id: CaptureId, checked: &Checked) -> String {
    let day = now.to_string()[..10].replace('-', "/");
    let camera = upload.camera.as_ref().map_or("_", CameraId::as_str);
    let suffix = if checked.content_type == "image/png" { "png" } else { "jpg" };
    format!("{}/{camera}/{day}/{id}-{}.{suffix}", lot.id(), &checked.sha256[..8])
}

fn failed(what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Ledger(ledger::Error::Unavailable(format!("cannot {what}: {error}")))
}
