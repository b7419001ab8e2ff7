//! Whether cameras are alive: remembers each one's last contact and turns silence into an event.

pub mod health;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parking_api::cameras::{Camera, CameraStatus, Contact, GENTLE_FACTOR, Health, LATE_INTERVALS, OFFLINE_INTERVALS};
use parking_api::events::Actor;
use parking_api::{CameraId, CaptureId, LotId, Time};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::ledger::{Command, Ledger, LotHandle};
use crate::store::{self, ContactRow};
use health::Waiting;

/// How often silence is looked for.
const LOOK: Duration = Duration::from_secs(1);
/// Every how many looks the contacts are written to the database.
///
/// With what a look and a write take, that is less than [`GRACE_MS`]: no daemon takes for silence what another has heard.
const LOOKS_PER_WRITE: u32 = 2;
/// Silence shorter than this is never `late`, in milliseconds: uploads take a moment, and clocks of cameras jitter.
const GRACE_MS: i64 = 3_000;

/// How far ahead of the own clock another daemon's may be, in milliseconds. A time further ahead is from before the clock was set back.
const CLOCK_AHEAD_MS_MAX: i64 = 60_000;

/// Last contacts of all cameras. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Contacts {
    inner: Arc<Mutex<Inner>>,
    /// Nobody could be heard before the daemon ran.
    started: Time,
}

#[derive(Debug, Default)]
struct Inner {
    contacts: BTreeMap<(LotId, CameraId), Contact>,
    unwritten: BTreeSet<(LotId, CameraId)>,
    health: Waiting,
    /// The last picture of each camera, by its hash, and how often it came in a row.
    pictures: BTreeMap<(LotId, CameraId), (String, u32)>,
}

impl Contacts {
    /// What the database remembers.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn load(ledger: &Ledger, clock: &dyn Clock) -> store::Result<Self> {
        let started = clock.now();
        let mut inner = Inner::default();
        for row in ledger.store().contacts().await? {
            let seen_at = row.contact.seen_at.min(started);
            inner.contacts.insert((row.lot, row.camera), Contact { seen_at, ..row.contact });
        }
        Ok(Self { inner: Arc::new(Mutex::new(inner)), started })
    }

    /// Notes a picture.
    pub fn captured(&self, lot: &LotId, camera: &CameraId, capture: CaptureId, now: Time) {
        self.note(lot, camera, now, |contact| contact.capture_id = Some(capture));
    }

    /// How often this very picture came in a row; None for the first that is heard of, which may be like any before.
    pub fn repeats(&self, lot: &LotId, camera: &CameraId, sha256: &str) -> Option<u32> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match inner.pictures.entry((lot.clone(), camera.clone())) {
            Entry::Vacant(unheard) => {
                unheard.insert((sha256.into(), 1));
                None
            }
            Entry::Occupied(mut known) => {
                let (last, count) = known.get_mut();
                *count = if last == sha256 { count.saturating_add(1) } else { 1 };
                *last = sha256.into();
                Some(*count)
            }
        }
    }

    /// Notes a report of health.
    pub fn reported(&self, lot: &LotId, camera: &CameraId, health: Health, now: Time) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).health.add(lot, camera, &health, now);
        self.note(lot, camera, now, |contact| {
            contact.health = Some(health);
            contact.health_at = Some(now);
        });
    }

    fn note(&self, lot: &LotId, camera: &CameraId, now: Time, change: impl FnOnce(&mut Contact)) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (lot.clone(), camera.clone());
        let blank = Contact { seen_at: now, capture_id: None, health_at: None, health: None };
        let contact = inner.contacts.entry(key.clone()).or_insert(blank);
        contact.seen_at = contact.seen_at.max(now);
        change(contact);
        inner.unwritten.insert(key);
    }

    pub fn get(&self, lot: &LotId, camera: &CameraId) -> Option<Contact> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.contacts.get(&(lot.clone(), camera.clone())).cloned()
    }

    /// For how long nothing was heard of a camera that could have been heard, in milliseconds.
    pub fn silence_ms(&self, seen_at: Time, now: Time) -> i64 {
        now.ms_since(seen_at.max(self.started))
    }

    /// The camera with its last contact.
    pub fn join(&self, lot: &LotId, mut camera: Camera) -> Camera {
        camera.contact = self.get(lot, &camera.id).filter(|contact| contact.seen_at >= camera.created_at);
        camera
    }

    /// Takes in what other daemons heard.
    async fn learn(&self, store: &store::Store, now: Time) -> store::Result<()> {
        let rows = store.contacts().await?;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows.into_iter().filter(|row| !is_ahead(row.contact.seen_at, now)) {
            match inner.contacts.entry((row.lot, row.camera)) {
                Entry::Vacant(place) => _ = place.insert(row.contact),
                Entry::Occupied(mut place) => merge(place.get_mut(), row.contact),
            }
        }
        Ok(())
    }

    /// The cameras of a lot whose silence, since `heard_from` at the earliest, means something else than is noted.
    fn due(&self, lot: &LotHandle, heard_from: Time, now: Time) -> Vec<(CameraId, CameraStatus)> {
        lot.read(|state| {
            let due = |camera: &Camera| {
                let contact = self.get(lot.id(), &camera.id);
                let status = status(camera, contact.as_ref(), heard_from, now);
                (status != camera.status).then(|| (camera.id.clone(), status))
            };
            state.cameras().filter_map(due).collect()
        })
    }

    /// Writes what changed since the last time.
    async fn write(&self, store: &store::Store) {
        let (rows, health): (Vec<ContactRow>, _) = {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            let keys = std::mem::take(&mut inner.unwritten);
            let row = |(lot, camera): (LotId, CameraId)| {
                let contact = inner.contacts.get(&(lot.clone(), camera.clone()))?.clone();
                Some(ContactRow { lot, camera, contact })
            };
            (keys.into_iter().filter_map(row).collect(), inner.health.take())
        };
        // That the database is away is told once, elsewhere.
        let warn = |error: store::Error, what: &str| {
            if !store.is_away() {
                tracing::warn!(%error, "cannot write {what}");
            }
            self.inner.lock().unwrap_or_else(PoisonError::into_inner)
        };
        if !health.is_empty()
            && let Err(error) = store.add_health(&health).await
        {
            warn(error, "how cameras were doing").health.put_back(health);
        }
        if !rows.is_empty()
            && let Err(error) = store.put_contacts(&rows).await
        {
            let keys = rows.into_iter().map(|row| (row.lot, row.camera));
            warn(error, "when cameras were last heard of").unwritten.extend(keys);
        }
    }
}

/// Whether nothing can have been heard at `at` yet.
pub fn is_ahead(at: Time, now: Time) -> bool {
    at.ms_since(now) > CLOCK_AHEAD_MS_MAX
}

/// What a camera's silence means. Pure. `heard` is its last contact, or when anybody could first have heard it.
pub fn status(camera: &Camera, contact: Option<&Contact>, started: Time, now: Time) -> CameraStatus {
    let seen_at = contact.map(|contact| contact.seen_at).filter(|seen_at| *seen_at >= camera.created_at);
    // The log goes on from where it was when the clock was set back.
    let status_at = if is_ahead(camera.status_at, now) { started } else { camera.status_at };
    let heard = match (seen_at, camera.status) {
        (None, CameraStatus::Offline) => return CameraStatus::Offline,
        (Some(seen_at), CameraStatus::Offline) => seen_at,
        // While the daemon was down it heard nobody: a camera that was well then is given its time again, even when a crash lost
        // the contact that it was well by.
        (seen_at, CameraStatus::Late) => seen_at.unwrap_or(status_at).max(started),
        // Whatever brought it online was a sign of life, which may not have been noted yet.
        (seen_at, CameraStatus::Online) => seen_at.unwrap_or(status_at).max(status_at).max(started),
    };
    silence(heard, pace_s(camera.interval_s, contact), now)
}

/// How often a camera is to be heard of, in seconds: one that saves power sends more rarely.
pub fn pace_s(interval_s: u32, contact: Option<&Contact>) -> u32 {
    let mode = contact.and_then(|contact| contact.health.as_ref()?.mode.as_deref());
    interval_s.saturating_mul(if mode == Some("gentle") { GENTLE_FACTOR } else { 1 })
}

/// What it means that nothing was heard since then of somebody who speaks up this often, in seconds.
pub fn silence(heard: Time, interval_s: u32, now: Time) -> CameraStatus {
    let silence_ms = now.ms_since(heard) - GRACE_MS;
    let interval_ms = i64::from(interval_s) * 1000;
    if silence_ms <= interval_ms * i64::from(LATE_INTERVALS) {
        CameraStatus::Online
    } else if silence_ms <= interval_ms * i64::from(OFFLINE_INTERVALS) {
        CameraStatus::Late
    } else {
        CameraStatus::Offline
    }
}

/// The newer of two contacts of one camera, in each of its parts.
fn merge(known: &mut Contact, other: Contact) {
    if other.seen_at > known.seen_at || known.capture_id.is_none() {
        known.capture_id = other.capture_id.or(known.capture_id);
    }
    known.seen_at = known.seen_at.max(other.seen_at);
    if other.health_at > known.health_at {
        (known.health_at, known.health) = (other.health_at, other.health);
    }
}

/// Watches all cameras until `stop`, and writes the last contacts then.
pub async fn watch(contacts: Contacts, ledger: Ledger, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looks = 0u32;
    let mut heard_from = contacts.started;
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        for lot in ledger.lots() {
            if lot.is_degraded() {
                // What other daemons hear meanwhile cannot be known, nor what becomes of it be noted.
                heard_from = clock.now();
            } else if let Err(error) = note_silence(&contacts, &ledger, &lot, heard_from, &*clock).await {
                tracing::debug!(lot = %lot.id(), %error, "what other daemons heard of cameras cannot be known");
            }
        }
        looks += 1;
        if looks.is_multiple_of(LOOKS_PER_WRITE) {
            contacts.write(ledger.store()).await;
            if ledger.store().is_shared() {
                // An error shows at the next silence.
                let _ = contacts.learn(ledger.store(), clock.now()).await;
            }
        }
    }
    contacts.write(ledger.store()).await;
}

async fn note_silence(
    contacts: &Contacts,
    ledger: &Ledger,
    lot: &LotHandle,
    heard_from: Time,
    clock: &dyn Clock,
) -> store::Result<()> {
    let mut due = contacts.due(lot, heard_from, clock.now());
    if due.iter().any(|(_, status)| *status != CameraStatus::Online) {
        // Another daemon may have heard of it.
        contacts.learn(ledger.store(), clock.now()).await?;
        due = contacts.due(lot, heard_from, clock.now());
    }
    for (camera, status) in due {
        let command = Command::SetCameraStatus { camera: camera.clone(), status };
        match lot.submit(command, Actor::system("monitor"), None).await {
            Ok(_) => tracing::info!(lot = %lot.id(), %camera, %status, "a camera changed its status"),
            Err(error) => tracing::warn!(lot = %lot.id(), %camera, %error, "cannot note a camera's status"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(status: CameraStatus) -> Camera {
        Camera {
            id: "cam-1".parse().expect("a camera id"),
            name: "cam-1".into(),
            zone: None,
            interval_s: 10,
            status,
            status_at: Time::from_ms(0),
            created_at: Time::from_ms(0),
            rev: 1,
            capture_wanted_at: None,
            frozen_since: None,
            moved_since: None,
            blind_slots: Vec::new(),
            occupancy: None,
            contact: None,
        }
    }

    fn seen(ms: i64) -> Contact {
        Contact { seen_at: Time::from_ms(ms), capture_id: None, health_at: None, health: None }
    }

    #[test]
    fn silence_is_measured_in_the_cameras_own_intervals() {
        let online = camera(CameraStatus::Online);
        let at = |s: i64| status(&online, Some(&seen(0)), Time::from_ms(0), Time::from_ms(s * 1000));
        assert_eq!(at(0), CameraStatus::Online);
        assert_eq!(at(23), CameraStatus::Online);
        assert_eq!(at(24), CameraStatus::Late);
        assert_eq!(at(43), CameraStatus::Late);
        assert_eq!(at(44), CameraStatus::Offline);
        let health = Health { mode: Some("gentle".into()), ..Health::default() };
        let gentle = Contact { health: Some(health), ..seen(0) };
        let at = |s: i64| status(&online, Some(&gentle), Time::from_ms(0), Time::from_ms(s * 1000));
        assert_eq!((at(43), at(44)), (CameraStatus::Online, CameraStatus::Late), "it sends half as often");
    }

    #[test]
    fn a_camera_is_not_blamed_for_the_time_the_daemon_was_down() {
        let started = Time::from_ms(3_600_000);
        let soon = started.plus_ms(5_000);
        assert_eq!(status(&camera(CameraStatus::Online), Some(&seen(0)), started, soon), CameraStatus::Online);
        assert_eq!(status(&camera(CameraStatus::Offline), Some(&seen(0)), started, soon), CameraStatus::Offline);
        assert_eq!(
            status(&camera(CameraStatus::Online), None, started, soon),
            CameraStatus::Online,
            "its contact was lost"
        );
    }

    #[test]
    fn silence_is_noticed_although_the_clock_was_set_back() {
        let (started, hour) = (Time::from_ms(0), 3_600_000);
        let online = Camera { status_at: Time::from_ms(hour), ..camera(CameraStatus::Online) };
        assert_eq!(status(&online, Some(&seen(0)), started, started.plus_ms(60_000)), CameraStatus::Offline);
    }

    #[test]
    fn a_camera_never_heard_of_is_offline() {
        let now = Time::from_ms(1);
        assert_eq!(status(&camera(CameraStatus::Offline), None, now, now), CameraStatus::Offline);
    }
}
