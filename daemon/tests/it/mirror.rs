//! The lot as its log tells it: a fold of the tests' own, so that the daemon is not its own witness. Knows the rules that every event
//! must keep to, and nothing of how the daemon decides.

use std::collections::BTreeMap;

use parking_api::cameras::Camera;
use parking_api::captures::Capture;
use parking_api::client::{CaptureQuery, Client, Error, EventQuery, SessionQuery, SlotQuery};
use parking_api::events::{EVENTS_PAGE_MAX, Event, EventChange, LogEntry};
use parking_api::lots::Lot;
use parking_api::sessions::{Session, SessionKind, SessionState, UNDO_MS};
use parking_api::slots::{Slot, SlotState};
use parking_api::{CameraId, CaptureId, ProblemCode, SessionId, SlotId, Time};

use crate::harness::wait_for;

/// Rounds of reading everything until the lot held still meanwhile.
const LOOKS_MAX: usize = 200;

/// A lot at one place of its log.
#[derive(Debug, Clone, Default)]
pub struct Mirror {
    pub seq: u64,
    pub epoch: String,
    at: Option<Time>,
    pub lot: Option<Lot>,
    pub slots: BTreeMap<SlotId, Slot>,
    pub sessions: BTreeMap<SessionId, Session>,
    /// The one open stay of each occupied slot.
    stays: BTreeMap<SlotId, SessionId>,
    pub captures: BTreeMap<CaptureId, Capture>,
    pub cameras: BTreeMap<CameraId, Camera>,
}

impl Mirror {
    /// Takes in the next event, and panics when the log breaks one of its promises with it.
    pub fn apply(&mut self, event: &Event) {
        assert_eq!(event.seq, self.seq + 1, "the log is gapless");
        assert!(self.at.is_none_or(|at| at <= event.at), "time goes back at {event:?}");
        assert!(event.actor.name.is_some(), "an event names its actor: {event:?}");
        self.seq = event.seq;
        self.at = Some(event.at);
        match &event.change {
            EventChange::LotCreated { lot } | EventChange::LotChanged { lot } => {
                assert_eq!(lot.rev, event.seq);
                self.lot = Some(lot.clone());
            }
            EventChange::SlotCreated { slot, session } => {
                assert!(!self.slots.contains_key(&slot.id), "slot {} is created twice", slot.id);
                assert!(self.slots.values().all(|other| other.code != slot.code), "two slots are called {}", slot.code);
                self.put_slot(event, slot, session.as_ref());
            }
            EventChange::SlotChanged { slot, session } => {
                assert!(self.slots.contains_key(&slot.id), "slot {} changes before it is there", slot.id);
                self.put_slot(event, slot, session.as_ref());
            }
            EventChange::SlotDeleted { slot, session } => {
                assert_eq!(self.slots.remove(&slot.id).as_ref(), Some(slot), "a slot is deleted as it was");
                session.iter().for_each(|session| self.put_session(event, session));
                assert!(!self.stays.contains_key(&slot.id), "nobody stays in a slot that is gone");
            }
            EventChange::SessionOpened { session } | EventChange::SessionClosed { session } => {
                assert_eq!(session.kind, SessionKind::Gate);
                self.put_session(event, session);
            }
            EventChange::CaptureAdded { capture } => {
                assert_eq!(capture.rev, event.seq);
                assert!(self.captures.insert(capture.id, capture.clone()).is_none(), "{} is added twice", capture.id);
            }
            EventChange::CaptureDeleted { capture } => {
                assert_eq!(self.captures.remove(&capture.id).as_ref(), Some(capture));
            }
            EventChange::CaptureChanged { capture } => {
                assert_eq!(capture.rev, event.seq);
                let before = self.captures.insert(capture.id, capture.clone()).expect("it is there");
                assert_eq!(Capture { pinned: !capture.pinned, rev: before.rev, ..capture.clone() }, before);
            }
            EventChange::CaptureExpired { captures, bytes, .. } => {
                let gone = captures.iter().map(|id| self.captures.remove(id).expect("it was there"));
                let gone: Vec<_> = gone.collect();
                assert!(!gone.is_empty() && gone.iter().all(|capture| !capture.pinned), "what is pinned stays");
                assert_eq!(gone.iter().map(|capture| capture.bytes).sum::<u64>(), *bytes);
            }
            EventChange::CameraCreated { camera }
            | EventChange::CameraChanged { camera }
            | EventChange::CameraStatus { camera }
            | EventChange::CameraFrozen { camera }
            | EventChange::CameraMoved { camera } => {
                assert_eq!(camera.rev, event.seq);
                let camera = Camera { blind_slots: Vec::new(), ..camera.clone() };
                self.cameras.insert(camera.id.clone(), camera);
            }
            EventChange::CameraDeleted { camera } => {
                assert_eq!(self.cameras.remove(&camera.id).as_ref(), Some(camera));
            }
            EventChange::CameraRegions { .. } | EventChange::SlotSeen { .. } | EventChange::LotDeleted { .. } => {}
            EventChange::FirmwareAdded { firmware } => {
                assert_eq!((firmware.rev, &firmware.roll_out), (event.seq, &None));
            }
            EventChange::FirmwareChanged { firmware } => assert_eq!(firmware.rev, event.seq),
            EventChange::FirmwareWithdrawn { .. } => {}
            EventChange::TokenCreated { .. } | EventChange::TokenRevoked { .. } => {}
        }
    }

    fn put_slot(&mut self, event: &Event, slot: &Slot, session: Option<&Session>) {
        assert_eq!(slot.rev, event.seq, "a slot's rev is the event that made it so");
        session.iter().for_each(|session| self.put_session(event, session));
        self.slots.insert(slot.id, slot.clone());
        let is_occupied = slot.state == SlotState::Occupied;
        assert_eq!(self.stays.contains_key(&slot.id), is_occupied, "a stay is open if and only if a slot is occupied");
    }

    fn put_session(&mut self, event: &Event, session: &Session) {
        let before = self.sessions.insert(session.id, session.clone());
        if session.state == SessionState::Open {
            match before {
                None => assert_eq!((session.opened_seq, session.opened_at), (event.seq, event.at)),
                Some(ended) => self.check_taken_back(event, &ended, session),
            }
            if let Some(slot) = session.slot_id {
                assert_eq!(self.stays.insert(slot, session.id), None, "slot {slot} has two open stays");
            }
            return;
        }
        let before = before.expect("only what was opened is closed");
        assert_eq!((session.closed_seq, session.closed_at), (Some(event.seq), Some(event.at)));
        let reopened = Session { state: SessionState::Open, closed_at: None, closed_seq: None, ..session.clone() };
        assert_eq!(reopened, before, "closing changes nothing but the end");
        if let Some(slot) = session.slot_id {
            assert_eq!(self.stays.remove(&slot), Some(session.id));
        }
    }

    /// A stay goes on only where its end was the last that happened to its slot, and that a minute ago at most.
    fn check_taken_back(&self, event: &Event, ended: &Session, session: &Session) {
        let slot = &self.slots[&session.slot_id.expect("a stay is in a slot")];
        assert_eq!((ended.state, ended.closed_seq), (SessionState::Closed, Some(slot.rev)));
        assert!(event.at.ms_since(ended.closed_at.expect("it ended")) <= UNDO_MS);
        let reopened = Session { state: SessionState::Open, closed_at: None, closed_seq: None, ..ended.clone() };
        assert_eq!(&reopened, session, "taking its end back changes nothing else");
    }

    /// Reads the log on from where this stands, as far as it goes now. Needs an admin, from whom nothing is withheld.
    pub async fn catch_up(&mut self, client: &Client) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let query = EventQuery { after: Some(self.seq), limit: Some(EVENTS_PAGE_MAX), ..EventQuery::default() };
            // A database that was away a moment ago may still be refused to who reads.
            let page = wait_for("a page of the log", async || match client.events(&query).await {
                Ok(page) => Some(page),
                Err(Error::Refused(problem)) if problem.code == ProblemCode::Unavailable => None,
                Err(error) => panic!("a page of the log: {error:?}"),
            })
            .await;
            assert!(self.epoch.is_empty() || self.epoch == page.epoch, "the log is another one");
            self.epoch = page.epoch;
            if page.events.is_empty() {
                return events;
            }
            for entry in page.events {
                let LogEntry::Event(event) = entry else { panic!("{entry:?} is not told to an admin") };
                self.apply(&event);
                events.push(*event);
            }
            assert!(page.head >= self.seq, "the head {} is behind event {}", page.head, self.seq);
        }
    }

    /// Holds what REST answers against the fold of the whole log, both of one moment. Returns the events that were new to it.
    pub async fn prove(&mut self, client: &Client) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..LOOKS_MAX {
            events.extend(self.catch_up(client).await);
            let rest = Rest::read(client).await;
            let now = client.events(&EventQuery { limit: Some(1), ..EventQuery::default() }).await.expect("the head");
            // The monitor of cameras may have written something meanwhile; then look again.
            if now.head == self.seq {
                self.compare(&rest);
                return events;
            }
        }
        panic!("the lot never held still");
    }

    fn compare(&self, rest: &Rest) {
        assert_eq!(by(&rest.slots, |slot| slot.id), self.slots, "slots");
        assert_eq!(by(&rest.cameras, |camera| camera.id.clone()), self.cameras, "cameras");
        assert_eq!(by(&rest.sessions, |session| session.id), self.sessions, "sessions");
        assert_eq!(by(&rest.captures, |capture| capture.id), self.captures, "captures");
        let of = |state| self.slots.values().filter(|slot| slot.state == state).count();
        let stats = &rest.stats;
        assert_eq!(stats.seq, self.seq);
        assert_eq!((stats.counts.total, stats.counts.free), (self.slots.len(), of(SlotState::Free)));
        assert_eq!((stats.counts.occupied, stats.counts.unknown), (of(SlotState::Occupied), of(SlotState::Unknown)));
        assert_eq!(stats.zones.iter().map(|zone| zone.counts.total).sum::<usize>(), self.slots.len());
        assert_eq!(self.stays.len(), of(SlotState::Occupied), "occupied slots and open stays");
    }
}

/// Everything that REST tells of a lot.
struct Rest {
    slots: Vec<Slot>,
    stats: parking_api::slots::SlotStats,
    cameras: Vec<Camera>,
    sessions: Vec<Session>,
    captures: Vec<Capture>,
}

impl Rest {
    async fn read(client: &Client) -> Self {
        let cameras = client.cameras().await.expect("cameras");
        Self {
            slots: client.slots(&SlotQuery::default()).await.expect("slots"),
            stats: client.slot_stats().await.expect("figures"),
            // Contacts are not of the log.
            cameras: cameras
                .into_iter()
                .map(|camera| Camera { contact: None, blind_slots: Vec::new(), ..camera })
                .collect(),
            sessions: sessions(client).await,
            captures: captures(client).await,
        }
    }
}

async fn sessions(client: &Client) -> Vec<Session> {
    let mut query = SessionQuery { limit: Some(1_000), ..SessionQuery::default() };
    let mut all = Vec::new();
    loop {
        let page = client.sessions(&query).await.expect("a page of sessions");
        all.extend(page.items);
        query.cursor = page.next;
        if query.cursor.is_none() {
            return all;
        }
    }
}

async fn captures(client: &Client) -> Vec<Capture> {
    let mut query = CaptureQuery { limit: Some(1_000), ..CaptureQuery::default() };
    let mut all = Vec::new();
    loop {
        let page = client.captures(&query).await.expect("a page of captures");
        all.extend(page.items);
        query.cursor = page.next;
        if query.cursor.is_none() {
            return all;
        }
    }
}

fn by<K: Ord, V: Clone>(values: &[V], key: impl Fn(&V) -> K) -> BTreeMap<K, V> {
    let map: BTreeMap<K, V> = values.iter().map(|value| (key(value), value.clone())).collect();
    assert_eq!(map.len(), values.len(), "each stands once in its list");
    map
}
