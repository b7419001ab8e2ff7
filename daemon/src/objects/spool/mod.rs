//! S3 with a folder in front of it for when S3 is away: what cannot be stored there at once waits on disk, is served from there, and
//! follows in order. So an upload does not depend on S3, and nothing that was acknowledged is lost.

mod files;
mod queue;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use parking_api::Time;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::fs::blocking;
use super::s3::S3;
use super::{Error, Result};
use crate::clock::{Clock, random_256};
use files::Files;
pub use files::waiting as spooled;
use queue::Queue;

/// Longest time that an upload waits for S3 before it goes to the spool; when S3 takes longer than that it counts as away.
const PUT_TIMEOUT: Duration = Duration::from_secs(2);
/// Bounds of the wait between attempts to reach S3: twice as long after each, with full jitter.
const BACKOFF_MIN: Duration = Duration::from_millis(250);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// After so many tries in vain the fault may be that of one file, when S3 is there: then the others go first.
const TRIES_MAX: u32 = 5;

/// Where the spool is and how much it may take.
#[derive(Debug, Clone)]
pub struct Settings {
    pub folder: PathBuf,
    pub bytes_max: u64,
    pub clock: Arc<dyn Clock>,
}

/// Whether S3 is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Ok,
    Spooling { files: usize, bytes: u64, since: Time, why: String },
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Spooling { files, bytes, since, why } => {
                write!(f, "spooling ({files} files, {bytes} bytes, since {since}): {why}")
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Spool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    s3: S3,
    files: Files,
    clock: Arc<dyn Clock>,
    inside: Mutex<Inside>,
    /// There is something to do for [`Spool::drain`].
    work: Notify,
}

#[derive(Debug)]
struct Inside {
    queue: Queue,
    /// S3 is away: uploads do not try it.
    is_away: bool,
    /// Since when it is, or was when something still waits, and why.
    spooling: Option<(Time, String)>,
}

impl Inside {
    fn settle(&mut self) {
        if !self.is_away && self.queue.first().is_none() {
            self.spooling = None;
        }
    }
}

impl Spool {
    /// Looks for what an earlier run left, and whether S3 is there; when it cannot be reached that is no error.
    pub async fn open(s3: S3, settings: Settings) -> Result<Self> {
        let (files, found) = Files::open(settings.folder).await?;
        let spooling = (!found.is_empty()).then(|| (settings.clock.now(), "left by an earlier run".to_string()));
        let found = found.into_iter().map(|file| (file.number, file.key, file.bytes));
        let inside = Inside { queue: Queue::new(settings.bytes_max, found), is_away: false, spooling };
        let spool =
            Self(Arc::new(Inner { s3, files, clock: settings.clock, inside: Mutex::new(inside), work: Notify::new() }));
        match spool.0.s3.prepare().await {
            Err(error @ (Error::Unavailable(_) | Error::Full(_))) => spool.is_away(&error.to_string()),
            prepared => prepared?,
        }
        spool.0.work.notify_one();
        Ok(spool)
    }

    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        if !self.is_s3_away() {
            match tokio::time::timeout(PUT_TIMEOUT, self.0.s3.put(key, bytes.clone())).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => self.is_away(&error.to_string()),
                Err(_) => self.is_away(&format!("cannot store {key} within {PUT_TIMEOUT:?}")),
            }
        }
        self.keep(key, bytes).await
    }

    /// Stores an object in the spool.
    async fn keep(&self, key: &str, bytes: Bytes) -> Result<()> {
        let place = {
            let mut inside = self.inside();
            // The bytes under a key are always the same.
            if inside.queue.number(key).is_some() {
                return Ok(());
            }
            let (files, used) = inside.queue.waiting();
            inside.queue.reserve(bytes.len() as u64).ok_or_else(|| {
                Error::SpoolFull(format!(
                    "{files} files with {used} bytes wait for the object store; {key} does not fit"
                ))
            })?
        };
        // To its end even when nobody waits for it any more: a file that nobody knows, or room that is never given back, would be left.
        let (spool, key) = (self.clone(), key.to_string());
        blocking(move || {
            let written = spool.0.files.write(place.number, &key, &bytes);
            let mut inside = spool.inside();
            match &written {
                Ok(()) => inside.queue.add(place, &key),
                Err(_) => inside.queue.release(&place),
            }
            written
        })
        .await?;
        self.0.work.notify_one();
        Ok(())
    }

    pub async fn get(&self, key: &str) -> Result<Bytes> {
        match self.spooled(key).await? {
            Some(bytes) => Ok(bytes),
            None => self.0.s3.get(key).await,
        }
    }

    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let number = self.inside().queue.number(key);
        let spooled = match number {
            // As in `spooled`.
            Some(number) => self.0.files.read_range(number, key, range.clone()).await?,
            None => None,
        };
        match spooled {
            Some(bytes) => Ok(bytes),
            None => self.0.s3.get_range(key, range).await,
        }
    }

    pub async fn head(&self, key: &str) -> Result<u64> {
        let spooled = self.inside().queue.bytes_of(key);
        match spooled {
            Some(bytes) => Ok(bytes),
            None => self.0.s3.head(key).await,
        }
    }

    /// As [`S3::signed`]; `None` while the object waits here.
    pub async fn signed(&self, key: &str) -> Result<Option<String>> {
        let is_here = self.inside().queue.number(key).is_some();
        if is_here { Ok(None) } else { self.0.s3.signed(key).await.map(Some) }
    }

    async fn spooled(&self, key: &str) -> Result<Option<Bytes>> {
        let number = self.inside().queue.number(key);
        match number {
            // It may have moved to S3 since.
            Some(number) => self.0.files.read(number).await,
            None => Ok(None),
        }
    }

    pub async fn delete(&self, key: &str) -> Result<()> {
        let number = self.inside().queue.number(key);
        let Some(number) = number else { return self.0.s3.delete(key).await };
        // First from the queue, so that whoever is just moving it to S3 sees that it must not stay there.
        self.forget(number);
        self.0.files.remove(number).await?;
        // An attempt to store it may have come through without an answer. Without S3 that leaves an object that nothing names.
        if !self.is_s3_away()
            && let Err(error) = self.0.s3.delete(key).await
        {
            tracing::warn!(key, %error, "a spooled object was deleted; whether S3 has it as well is not known");
        }
        Ok(())
    }

    /// Whether it was still there.
    fn forget(&self, number: u64) -> bool {
        let mut inside = self.inside();
        let was_there = inside.queue.remove(number);
        inside.settle();
        was_there
    }

    pub fn s3(&self) -> &S3 {
        &self.0.s3
    }

    /// Asks S3 unless it is known to be away.
    pub async fn state(&self) -> State {
        if !self.is_s3_away()
            && let Err(error) = self.0.s3.ping().await
        {
            self.is_away(&error.to_string());
        }
        let inside = self.inside();
        let (files, bytes) = inside.queue.waiting();
        match &inside.spooling {
            Some((since, why)) => State::Spooling { files, bytes, since: *since, why: why.clone() },
            None => State::Ok,
        }
    }

    /// Brings what waits to S3, in order, until `stop`.
    pub async fn drain(self, stop: CancellationToken) {
        let seed = random_256().unwrap_or_default();
        let mut rng = SmallRng::from_seed(seed);
        let mut backoff = BACKOFF_MIN;
        while stop.run_until_cancelled(self.0.work.notified()).await.is_some() {
            while self.has_work() {
                let Some(moved) = stop.run_until_cancelled(self.step()).await else { return };
                let wait = match moved {
                    Ok(true) => {
                        backoff = BACKOFF_MIN;
                        continue;
                    }
                    Ok(false) => BACKOFF_MAX,
                    Err(error) => {
                        self.is_away(&error.to_string());
                        backoff.mul_f64(rng.random())
                    }
                };
                backoff = (backoff * 2).min(BACKOFF_MAX);
                if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                    return;
                }
            }
        }
    }

    fn has_work(&self) -> bool {
        let inside = self.inside();
        inside.is_away || inside.queue.first().is_some()
    }

    /// Brings what came first to S3, or looks whether S3 is there when nothing waits. `false` when S3 is there, and that could not be brought.
    async fn step(&self) -> Result<bool> {
        let first = self.inside().queue.first();
        let since = tokio::time::Instant::now();
        let mut is_moved = true;
        match first {
            None => self.0.s3.prepare().await?,
            Some((number, key)) => {
                if let Err(error) = self.bring(number, &key).await {
                    self.pass_by(number, &key, error).await?;
                    is_moved = false;
                }
            }
        }
        // As slow as that, uploads are better off with the spool.
        if since.elapsed() < PUT_TIMEOUT {
            self.is_back();
        }
        Ok(is_moved)
    }

    async fn bring(&self, number: u64, key: &str) -> Result<()> {
        if let Some(bytes) = self.0.files.read(number).await? {
            self.move_to_s3(number, key, bytes).await?;
        } else if self.forget(number) {
            tracing::error!(key, "a file of the spool was removed by somebody else: its picture is lost");
        }
        Ok(())
    }

    /// Lets the others go before one that cannot be read, or that S3 does not take although it is there.
    ///
    /// # Errors
    /// The one that it failed with, as long as that may be the fault of S3.
    async fn pass_by(&self, number: u64, key: &str, error: Error) -> Result<()> {
        let tries = self.inside().queue.count_try(number);
        if tries < TRIES_MAX || self.0.s3.ping().await.is_err() {
            return Err(error);
        }
        // S3 may just have come back.
        let Err(error) = self.bring(number, key).await else { return Ok(()) };
        let why = format!("{key} cannot be brought to the object store: {error}");
        let spool = self.clone();
        let is_new = blocking(move || {
            // Held, so that nobody looks for the file under the wrong number.
            let mut inside = spool.inside();
            spool.0.files.rename(number, inside.queue.end())?;
            Ok(inside.queue.put_last(number))
        });
        if is_new.await? == Some(true) {
            tracing::error!(why, "a picture stays in the spool; the others go first");
        }
        self.is_spooling(&why);
        Ok(())
    }

    async fn move_to_s3(&self, number: u64, key: &str, bytes: Bytes) -> Result<()> {
        match self.0.s3.put(key, bytes.clone()).await {
            // It may have been removed while S3 was away.
            Err(Error::NoBucket(_)) => {
                self.0.s3.prepare().await?;
                self.0.s3.put(key, bytes).await?;
            }
            put => put?,
        }
        if self.forget(number) {
            self.0.files.remove(number).await
        } else {
            // It was deleted while it was on its way.
            self.0.s3.delete(key).await
        }
    }

    fn is_s3_away(&self) -> bool {
        self.inside().is_away
    }

    fn is_spooling(&self, why: &str) {
        let mut inside = self.inside();
        let since = inside.spooling.take().map_or_else(|| self.0.clock.now(), |(since, _)| since);
        inside.spooling = Some((since, why.to_string()));
    }

    fn is_away(&self, why: &str) {
        self.is_spooling(why);
        let mut inside = self.inside();
        if !std::mem::replace(&mut inside.is_away, true) {
            tracing::warn!(why, "the object store is away: pictures go to the spool");
            self.0.work.notify_one();
        }
    }

    fn is_back(&self) {
        let mut inside = self.inside();
        if std::mem::replace(&mut inside.is_away, false) {
            let (files, bytes) = inside.queue.waiting();
            tracing::info!(files, bytes, "the object store is back: what waits in the spool follows");
        }
        inside.settle();
    }

    /// What is inside is whole at every moment, so a panic elsewhere does not spoil it.
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
