//! A lot as this console knows it: the fold of one snapshot and the events after it. Knows nothing of sockets and screens.

mod away;
mod link;
mod sight;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::tz::TimeZone;
use parking_api::cameras::{Camera, Contact};
use parking_api::captures::Capture;
use parking_api::client::LiveMessage;
use parking_api::events::{Actor, Event, EventChange, LogEntry};
use parking_api::live::{Lagged, Snapshot, SnapshotReason};
use parking_api::lots::Lot;
use parking_api::slots::{Counts, Slot, SlotState};
use parking_api::{LotId, SlotCode, SlotId, Time};

use crate::plan::Plan;
use crate::trend::Trend;

use away::Baseline;
pub use away::{Away, Changed};
pub use link::Link;
pub use sight::Sight;

/// How long a slot that has just changed stands out, in milliseconds.
pub const FLASH_MS: i64 = 1_500;
/// Most events that are kept to be looked at.
pub const EVENTS_MAX: usize = 1_000;

/// A lot as this console knows it.
#[derive(Debug, Clone)]
pub struct LotView {
    pub id: LotId,
    pub lot: Option<Lot>,
    pub zone: TimeZone,
    /// By code, `A-2` before `A-10`.
    pub slots: Vec<Slot>,
    index: HashMap<SlotId, usize>,
    pub plan: Plan,
    pub cameras: Vec<Camera>,
    pub counts: Counts,
    pub seq: u64,
    pub link: Link,
    /// When the daemon was last heard of.
    pub heard_at: Option<Time>,
    /// Until when a slot stands out.
    pub flashes: HashMap<SlotId, Time>,
    /// Who changed a slot last, as far as it was seen.
    pub actors: HashMap<SlotId, Actor>,
    /// Oldest first.
    pub events: VecDeque<Event>,
    /// Events came summed up, which the log knows one by one.
    pub has_gap: bool,
    pub trend: Trend,
    /// The lot as it was before it could not be seen.
    baseline: Option<Baseline>,
    /// What changed in the meantime, until the next time.
    pub away: Option<Away>,
    /// Why the daemon goes on from memory.
    pub degraded: Option<String>,
}

impl LotView {
    pub fn new(id: LotId) -> Self {
        Self {
            id,
            lot: None,
            zone: TimeZone::UTC,
            slots: Vec::new(),
            index: HashMap::new(),
            plan: Plan::default(),
            cameras: Vec::new(),
            counts: Counts::default(),
            seq: 0,
            link: Link::Connecting,
            heard_at: None,
            flashes: HashMap::new(),
            actors: HashMap::new(),
            events: VecDeque::new(),
            has_gap: false,
            trend: Trend::default(),
            baseline: None,
            away: None,
            degraded: None,
        }
    }

    pub fn name(&self) -> &str {
        self.lot.as_ref().map_or(self.id.as_str(), |lot| &lot.name)
    }

    pub fn slot(&self, id: SlotId) -> Option<&Slot> {
        self.place_of(id).map(|at| &self.slots[at])
    }

    /// Its place in the list.
    pub fn place_of(&self, id: SlotId) -> Option<usize> {
        self.index.get(&id).copied()
    }

    pub fn by_code(&self, code: &SlotCode) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.code == *code)
    }

    /// What is shown is what the daemon has.
    pub fn is_live(&self) -> bool {
        self.link == Link::Live
    }

    /// There is something to show at all.
    pub fn is_known(&self) -> bool {
        self.lot.is_some()
    }

    /// Takes in one message of the live stream.
    pub fn apply(&mut self, message: LiveMessage, now: Time) {
        match message {
            LiveMessage::State(state) => {
                self.move_to(self.link.after(state, now), now);
                // What is live is of now, even where nothing was missed.
                self.heard_at = if self.is_live() { Some(now) } else { self.heard_at };
                return;
            }
            LiveMessage::Greeted { .. } => return,
            LiveMessage::Ended(error) => {
                self.move_to(Link::Ended { reason: error.to_string() }, now);
                return;
            }
            LiveMessage::Snapshot(snapshot) => self.replace(*snapshot, now),
            LiveMessage::Event(event) => self.event(*event, now),
            LiveMessage::Skipped { seq, .. } => self.seq = seq,
            LiveMessage::Lagged(lagged) => self.catch_up(*lagged, now),
            LiveMessage::Degraded(degraded) => self.degraded = degraded.active.then_some(degraded.detail),
            LiveMessage::Heartbeat { .. } => {}
        }
        self.heard_at = Some(now);
        self.trend.record(now, self.counts.with_rate().occupancy_rate);
    }

    /// What was known at an earlier time, to begin with.
    pub fn remember(&mut self, snapshot: Snapshot, heard_at: Time) {
        self.replace(snapshot, heard_at);
        self.heard_at = Some(heard_at);
        self.flashes.clear();
        self.baseline = Some(Baseline::new(&self.slots, heard_at));
    }

    /// Remembers the lot when it is lost from sight, and what changed when it is back.
    fn move_to(&mut self, link: Link, now: Time) {
        if self.is_live() && link != Link::Live {
            self.baseline = Some(Baseline::new(&self.slots, self.heard_at.unwrap_or(now)));
        }
        self.link = link;
        if self.is_live()
            && let Some(away) = self.baseline.take().and_then(|baseline| baseline.compare(&self.slots, now))
        {
            self.away = Some(away);
        }
    }

    /// The same to be kept for the next start.
    pub fn snapshot(&self) -> Option<Snapshot> {
        Some(Snapshot {
            seq: self.seq,
            reason: parking_api::live::SnapshotReason::NoCursor,
            lot: self.lot.clone()?,
            slots: self.slots.clone(),
            cameras: self.cameras.clone(),
            stats: parking_api::slots::SlotStats { seq: self.seq, counts: self.counts, zones: Vec::new() },
        })
    }

    /// Takes in what the stream did not bring: the newest page of the log.
    pub fn history(&mut self, entries: Vec<LogEntry>) {
        let page = entries.into_iter().filter_map(|entry| match entry {
            LogEntry::Event(event) => Some(*event),
            LogEntry::Other { .. } => None,
        });
        self.events = merged(self.events.drain(..).collect(), page, EVENTS_MAX).into();
        for event in &self.events {
            if let EventChange::SlotChanged { slot, .. } = &event.change {
                self.actors.insert(slot.id, event.actor.clone());
            }
        }
    }

    /// Cameras that see nothing of use.
    pub fn alarms(&self) -> impl Iterator<Item = &Camera> {
        self.cameras.iter().filter(|camera| Sight::of(camera) != Sight::Good)
    }

    /// The clock was set by so much.
    pub fn shift(&mut self, step_ms: i64) {
        let shift = |at: &mut Time| *at = at.plus_ms(step_ms);
        self.heard_at.iter_mut().chain(self.flashes.values_mut()).for_each(shift);
        if let Link::Offline { retry_at: Some(at), .. } = &mut self.link {
            shift(at);
        }
    }

    /// Forgets flashes that are over.
    pub fn expire(&mut self, now: Time) {
        self.flashes.retain(|_, until| *until > now);
    }

    /// Whether a snapshot counts its events anew, as after the return of a backup.
    pub fn is_elsewhere(&self, snapshot: &Snapshot) -> bool {
        snapshot.reason == SnapshotReason::EpochChanged || snapshot.seq < self.seq
    }

    fn replace(&mut self, snapshot: Snapshot, now: Time) {
        if self.is_elsewhere(&snapshot) {
            self.events.clear();
        }
        if self.is_known() {
            for slot in &snapshot.slots {
                if self.slot(slot.id).is_none_or(|known| known.state != slot.state) {
                    self.flashes.insert(slot.id, now.plus_ms(FLASH_MS));
                }
            }
        }
        self.seq = snapshot.seq;
        self.set_lot(snapshot.lot);
        self.slots = snapshot.slots;
        self.cameras = snapshot.cameras;
        self.restructure();
    }

    fn catch_up(&mut self, lagged: Lagged, now: Time) {
        (self.seq, self.has_gap) = (lagged.to, true);
        for slot in lagged.slots {
            // They are put in order when all are there.
            let _ = self.put(slot, now);
        }
        self.slots.retain(|slot| !lagged.deleted.contains(&slot.id));
        self.cameras = lagged.cameras;
        if let Some(lot) = lagged.lot {
            self.set_lot(lot);
        }
        self.restructure();
    }

    fn event(&mut self, event: Event, now: Time) {
        // A change of something unknown says nothing of the rest.
        if !self.is_known() {
            return;
        }
        self.seq = event.seq;
        match &event.change {
            EventChange::LotCreated { lot } | EventChange::LotChanged { lot } => self.set_lot(lot.clone()),
            EventChange::SlotCreated { slot, .. } | EventChange::SlotChanged { slot, .. } => {
                self.actors.insert(slot.id, event.actor.clone());
                if self.put(slot.clone(), now) {
                    self.restructure();
                }
            }
            EventChange::SlotDeleted { slot, .. } => {
                self.slots.retain(|known| known.id != slot.id);
                self.restructure();
            }
            EventChange::CameraCreated { camera }
            | EventChange::CameraChanged { camera }
            | EventChange::CameraStatus { camera }
            | EventChange::CameraFrozen { camera }
            | EventChange::CameraMoved { camera } => self.put_camera(camera.clone()),
            EventChange::CameraDeleted { camera } => self.cameras.retain(|known| known.id != camera.id),
            EventChange::CaptureAdded { capture } => {
                self.picture(capture);
            }
            EventChange::SessionOpened { .. }
            | EventChange::SessionClosed { .. }
            | EventChange::CaptureChanged { .. }
            | EventChange::CaptureDeleted { .. }
            | EventChange::CaptureExpired { .. }
            | EventChange::CameraRegions { .. }
            | EventChange::SlotSeen { .. }
            | EventChange::LotDeleted { .. }
            | EventChange::FirmwareAdded { .. }
            | EventChange::FirmwareChanged { .. }
            | EventChange::FirmwareWithdrawn { .. }
            | EventChange::TokenCreated { .. }
            | EventChange::TokenRevoked { .. } => {}
        }
        self.events.push_back(event);
        if self.events.len() > EVENTS_MAX {
            self.events.pop_front();
        }
    }

    fn picture(&mut self, capture: &Capture) {
        let Some(camera) = self.cameras.iter_mut().find(|known| Some(&known.id) == capture.camera.as_ref()) else {
            return;
        };
        let contact = camera.contact.get_or_insert(Contact {
            seen_at: capture.received_at,
            capture_id: None,
            health_at: None,
            health: None,
        });
        contact.seen_at = capture.received_at;
        contact.capture_id = Some(capture.id);
    }

    /// All cameras as the daemon knew them when it was asked; what came since is newer.
    pub fn put_cameras(&mut self, mut cameras: Vec<Camera>) {
        for camera in &mut cameras {
            let known = self.cameras.iter_mut().find(|known| known.id == camera.id);
            let heard = known.and_then(|known| known.contact.take());
            if heard.as_ref().map(|heard| heard.seen_at) > camera.contact.as_ref().map(|contact| contact.seen_at) {
                camera.contact = heard;
            }
        }
        self.cameras = cameras;
    }

    /// An event says what changed of a camera, not when it was last heard of.
    fn put_camera(&mut self, mut camera: Camera) {
        match self.cameras.iter_mut().find(|known| known.id == camera.id) {
            Some(known) => {
                camera.contact = camera.contact.or_else(|| known.contact.take());
                *known = camera;
            }
            None => self.cameras.push(camera),
        }
    }

    fn set_lot(&mut self, lot: Lot) {
        self.zone = TimeZone::get(&lot.time_zone).unwrap_or(TimeZone::UTC);
        self.lot = Some(lot);
    }

    /// Takes in a slot; whether the lot is another than before, and has to be worked out anew.
    #[must_use]
    fn put(&mut self, slot: Slot, now: Time) -> bool {
        match self.place_of(slot.id) {
            Some(at) => {
                let known = std::mem::replace(&mut self.slots[at], slot);
                let slot = &self.slots[at];
                self.counts.remove(&known);
                self.counts.add(slot);
                if known.state != slot.state {
                    self.flashes.insert(slot.id, now.plus_ms(FLASH_MS));
                }
                let is_moved = known.zone != slot.zone || known.level != slot.level || known.position != slot.position;
                is_moved || known.code != slot.code
            }
            None => {
                self.flashes.insert(slot.id, now.plus_ms(FLASH_MS));
                self.slots.push(slot);
                true
            }
        }
    }

    /// Works out anew what follows from which slots there are.
    fn restructure(&mut self) {
        self.slots.sort_by(|a, b| natural(a.code.as_str(), b.code.as_str()));
        self.index = self.slots.iter().enumerate().map(|(at, slot)| (slot.id, at)).collect();
        self.counts = Counts::default();
        for slot in &self.slots {
            self.counts.add(slot);
        }
        self.plan = Plan::of(&self.slots);
    }
}

/// Which slot an event is of.
pub fn slot_of(change: &EventChange) -> Option<SlotId> {
    use EventChange::{SlotChanged, SlotCreated, SlotDeleted};
    match change {
        SlotCreated { slot, .. } | SlotChanged { slot, .. } | SlotDeleted { slot, .. } => Some(slot.id),
        _ => None,
    }
}

/// What either knows, each once, oldest first; the newest `max` of them.
pub fn merged(known: Vec<Event>, page: impl IntoIterator<Item = Event>, max: usize) -> Vec<Event> {
    let mut all: BTreeMap<u64, Event> = known.into_iter().chain(page).map(|event| (event.seq, event)).collect();
    while all.len() > max {
        all.pop_first();
    }
    all.into_values().collect()
}

/// Numbers inside of names by their value: `A-2` before `A-10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let (Some(x), Some(y)) = (a.first(), b.first()) {
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let order = match (digits(a), digits(b)) {
            (0, _) | (_, 0) => {
                let order = x.cmp(y);
                (a, b) = (&a[1..], &b[1..]);
                order
            }
            (i, j) => {
                let plain = |text: &[u8]| text.iter().skip_while(|byte| **byte == b'0').copied().collect::<Vec<_>>();
                let (m, n) = (plain(&a[..i]), plain(&b[..j]));
                (a, b) = (&a[i..], &b[j..]);
                m.len().cmp(&n.len()).then(m.cmp(&n))
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// The word of a state that fits `width` cells.
pub fn word(state: SlotState, width: usize) -> &'static str {
    let (long, short) = match state {
        SlotState::Free => ("free", "free"),
        SlotState::Occupied => ("occupied", "occ"),
        SlotState::Reserved => ("reserved", "resv"),
        SlotState::Closed => ("closed", "shut"),
        SlotState::Unknown => ("unknown", "unkn"),
    };
    if long.len() <= width { long } else { short }
}

#[cfg(test)]
mod tests;
