//! What a lot is right now: the fold of its log. Pure: no clock, no store, no socket.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use parking_api::cameras::{Camera, CameraStatus};
use parking_api::events::{Event, EventChange};
use parking_api::firmware::Firmware;
use parking_api::lots::Lot;
use parking_api::regions::{CameraRegions, RegionsMode};
use parking_api::sessions::{Session, SessionKind, SessionState};
use parking_api::slots::{Counts, Slot, SlotStats, ZoneCounts};
use parking_api::tokens::Token;
use parking_api::{CameraId, FirmwareId, SlotCode, SlotId, SlotRef, Time, TokenId};

use super::Parts;
use super::order::CodeKey;

/// One lot, in memory. Cloning is cheap: slots and sessions are shared.
#[derive(Debug, Clone)]
pub struct LotState {
    lot: Lot,
    epoch: Arc<str>,
    seq: u64,
    at: Time,
    slots: HashMap<SlotId, Arc<Slot>>,
    codes: BTreeMap<CodeKey, SlotId>,
    counts: BTreeMap<Option<String>, Counts>,
    /// Open sessions of slots.
    stays: HashMap<SlotId, Arc<Session>>,
    /// The stay that ended last in each slot where none is open: whoever ended it by mistake may take that back. Of those before
    /// this was loaded, only whichever may be taken back still.
    ended: HashMap<SlotId, Arc<Session>>,
    /// Open visits that a gate counted, by ticket and by plate.
    visits: HashMap<String, Arc<Session>>,
    cameras: BTreeMap<CameraId, Camera>,
    regions: BTreeMap<CameraId, CameraRegions>,
    firmwares: BTreeMap<FirmwareId, Firmware>,
    tokens: BTreeMap<TokenId, Token>,
}

impl LotState {
    /// A lot before its first event.
    pub fn new(lot: Lot, epoch: &str) -> Self {
        let at = lot.created_at;
        Self {
            lot,
            epoch: epoch.into(),
            seq: 0,
            at,
            slots: HashMap::new(),
            codes: BTreeMap::new(),
            counts: BTreeMap::new(),
            stays: HashMap::new(),
            ended: HashMap::new(),
            visits: HashMap::new(),
            cameras: BTreeMap::new(),
            regions: BTreeMap::new(),
            firmwares: BTreeMap::new(),
            tokens: BTreeMap::new(),
        }
    }

    pub fn from_parts(parts: Parts) -> Self {
        let mut state = Self::new(parts.lot, &parts.epoch);
        state.seq = parts.seq;
        state.at = parts.at;
        for slot in parts.slots {
            state.put_slot(slot);
        }
        for session in parts.ended.iter().chain(&parts.sessions) {
            state.put_session(session);
        }
        state.cameras = parts.cameras.into_iter().map(|camera| (camera.id.clone(), camera)).collect();
        state.regions = parts.regions.into_iter().map(|regions| (regions.camera.clone(), regions)).collect();
        state.firmwares = parts.firmwares.into_iter().map(|firmware| (firmware.id, firmware)).collect();
        state.tokens = parts.tokens.into_iter().map(|token| (token.id, token)).collect();
        state
    }

    /// The same lot in its parts, each list in a fixed order.
    pub fn to_parts(&self) -> Parts {
        let mut sessions: BTreeMap<_, _> = self.stays.values().map(|s| (s.id, Session::clone(s))).collect();
        sessions.extend(self.visits.values().map(|s| (s.id, Session::clone(s))));
        Parts {
            lot: self.lot.clone(),
            epoch: self.epoch.to_string(),
            seq: self.seq,
            at: self.at,
            slots: self.slots().map(|slot| Slot::clone(slot)).collect(),
            sessions: sessions.into_values().collect(),
            ended: Vec::new(),
            cameras: self.cameras.values().cloned().collect(),
            regions: self.regions.values().cloned().collect(),
            firmwares: self.firmwares.values().cloned().collect(),
            tokens: self.tokens.values().cloned().collect(),
        }
    }

    pub fn lot(&self) -> &Lot {
        &self.lot
    }

    pub fn epoch(&self) -> &Arc<str> {
        &self.epoch
    }

    /// `seq` of the newest event applied.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Time of the newest event applied.
    pub fn at(&self) -> Time {
        self.at
    }

    pub fn slot(&self, slot: &SlotRef) -> Option<&Arc<Slot>> {
        match slot {
            SlotRef::Id(id) => self.slots.get(id),
            SlotRef::Code(code) => self.slot_by_code(code),
        }
    }

    pub fn slot_by_code(&self, code: &SlotCode) -> Option<&Arc<Slot>> {
        self.codes.get(&CodeKey::of(code)).and_then(|id| self.slots.get(id))
    }

    pub fn slots_len(&self) -> usize {
        self.slots.len()
    }

    /// All slots by code, `A-2` before `A-10`.
    pub fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.codes.values().filter_map(|id| self.slots.get(id))
    }

    pub fn stats(&self) -> SlotStats {
        let mut counts = Counts::default();
        let mut zones = Vec::with_capacity(self.counts.len());
        for (zone, of_zone) in &self.counts {
            counts.total += of_zone.total;
            counts.free += of_zone.free;
            counts.occupied += of_zone.occupied;
            counts.reserved += of_zone.reserved;
            counts.closed += of_zone.closed;
            counts.unknown += of_zone.unknown;
            counts.stale += of_zone.stale;
            zones.push(ZoneCounts { zone: zone.clone(), counts: of_zone.with_rate() });
        }
        SlotStats { seq: self.seq, counts: counts.with_rate(), zones }
    }

    /// The open session of a slot.
    pub fn stay(&self, slot: SlotId) -> Option<&Arc<Session>> {
        self.stays.get(&slot)
    }

    /// The session that ended last in a slot, if none is open and that may still be taken back.
    pub fn ended(&self, slot: SlotId) -> Option<&Arc<Session>> {
        self.ended.get(&slot)
    }

    /// The open visit that this ticket and this plate, as far as they are given, both fit. One that is given never meets another.
    pub fn visit(&self, ticket: Option<&str>, plate: Option<&str>) -> Option<&Arc<Session>> {
        let by_ticket = ticket.and_then(|ticket| self.visits.get(&ticket_key(ticket)));
        let visit = by_ticket.or_else(|| plate.and_then(|plate| self.visits.get(&plate_key(plate))))?;
        let fits = |own: Option<&str>, given: Option<&str>| own.is_none() || given.is_none() || own == given;
        (fits(visit.ticket.as_deref(), ticket) && fits(visit.plate.as_deref(), plate)).then_some(visit)
    }

    pub fn stays_open(&self) -> usize {
        self.stays.len()
    }

    pub fn visits_open(&self) -> usize {
        let two_keys = self.visits.values().filter(|v| v.ticket.is_some() && v.plate.is_some()).count() / 2;
        self.visits.len() - two_keys
    }

    pub fn camera(&self, id: &CameraId) -> Option<&Camera> {
        self.cameras.get(id)
    }

    pub fn cameras(&self) -> impl Iterator<Item = &Camera> {
        self.cameras.values()
    }

    /// Slots that nobody sees because of this camera, by code: those in its regions or, before any was drawn, those of its zone.
    pub fn blind_slots(&self, camera: &Camera) -> Vec<SlotCode> {
        let sees = |camera: &Camera| {
            let is_well = camera.frozen_since.is_none() && camera.moved_since.is_none();
            camera.status == CameraStatus::Online && is_well
        };
        if sees(camera) {
            return Vec::new();
        }
        let others = || self.cameras.values().filter(|other| other.id != camera.id && sees(other));
        let drawn = |camera: &CameraId| {
            let regions = self.regions.get(camera).filter(|regions| regions.mode != RegionsMode::Off);
            regions
                .into_iter()
                .flat_map(|regions| &regions.regions)
                .map(|region| region.slot_id)
                .collect::<HashSet<_>>()
        };
        let own = drawn(&camera.id);
        let code = |slot: &Arc<Slot>| slot.code.clone();
        if !own.is_empty() {
            let seen: HashSet<SlotId> = others().flat_map(|other| drawn(&other.id)).collect();
            return self.slots().filter(|slot| own.contains(&slot.id) && !seen.contains(&slot.id)).map(code).collect();
        }
        if camera.zone.is_none() || others().any(|other| other.zone == camera.zone) {
            return Vec::new();
        }
        self.slots().filter(|slot| slot.zone == camera.zone).map(code).collect()
    }

    /// Where a camera sees which slot, once that was drawn.
    pub fn regions_of(&self, camera: &CameraId) -> Option<&CameraRegions> {
        self.regions.get(camera)
    }

    /// All that was drawn.
    pub fn regions(&self) -> impl Iterator<Item = &CameraRegions> {
        self.regions.values()
    }

    pub fn firmware(&self, id: FirmwareId) -> Option<&Firmware> {
        self.firmwares.get(&id)
    }

    pub fn firmwares(&self) -> impl Iterator<Item = &Firmware> {
        self.firmwares.values()
    }

    pub fn token(&self, id: TokenId) -> Option<&Token> {
        self.tokens.get(&id)
    }

    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.tokens.values()
    }

    /// Takes one event in. Events come in the order of the log and each exactly once.
    pub fn apply(&mut self, event: &Event) {
        debug_assert_eq!(event.seq, self.seq + 1, "the log is gapless");
        self.seq = event.seq;
        self.at = event.at;
        match &event.change {
            EventChange::LotCreated { lot } | EventChange::LotChanged { lot } => self.lot = lot.clone(),
            EventChange::SlotCreated { slot, session } | EventChange::SlotChanged { slot, session } => {
                self.put_slot(slot.clone());
                session.iter().for_each(|session| self.put_session(session));
            }
            EventChange::SlotDeleted { slot, session } => {
                self.take_slot(slot.id);
                session.iter().for_each(|session| self.put_session(session));
                self.ended.remove(&slot.id);
            }
            EventChange::SessionOpened { session } | EventChange::SessionClosed { session } => {
                self.put_session(session);
            }
            EventChange::CaptureAdded { .. }
            | EventChange::CaptureChanged { .. }
            | EventChange::CaptureDeleted { .. }
            | EventChange::CaptureExpired { .. } => {}
            EventChange::CameraCreated { camera }
            | EventChange::CameraChanged { camera }
            | EventChange::CameraStatus { camera }
            | EventChange::CameraFrozen { camera }
            | EventChange::CameraMoved { camera } => {
                // Who is blind is said when it happens, and follows from the rest afterwards.
                let camera = Camera { blind_slots: Vec::new(), ..camera.clone() };
                self.cameras.insert(camera.id.clone(), camera);
            }
            EventChange::CameraDeleted { camera } => {
                self.cameras.remove(&camera.id);
                self.regions.remove(&camera.id);
            }
            EventChange::CameraRegions { regions } => {
                self.regions.insert(regions.camera.clone(), regions.clone());
            }
            EventChange::SlotSeen { .. } | EventChange::LotDeleted { .. } => {}
            EventChange::FirmwareAdded { firmware } | EventChange::FirmwareChanged { firmware } => {
                self.firmwares.insert(firmware.id, firmware.clone());
            }
            EventChange::FirmwareWithdrawn { firmware } => {
                self.firmwares.remove(&firmware.id);
            }
            EventChange::TokenCreated { token } | EventChange::TokenRevoked { token } => {
                self.tokens.insert(token.id, token.clone());
            }
        }
    }

    fn put_slot(&mut self, slot: Slot) {
        // Almost every change is one of state: then the slot keeps its place.
        if let Some(before) = self.slots.get_mut(&slot.id).filter(|b| b.code == slot.code && b.zone == slot.zone)
            && let Some(counts) = self.counts.get_mut(&slot.zone)
        {
            counts.remove(before);
            counts.add(&slot);
            *before = Arc::new(slot);
            return;
        }
        self.take_slot(slot.id);
        self.codes.insert(CodeKey::of(&slot.code), slot.id);
        self.counts.entry(slot.zone.clone()).or_default().add(&slot);
        self.slots.insert(slot.id, Arc::new(slot));
    }

    fn take_slot(&mut self, id: SlotId) {
        let Some(slot) = self.slots.remove(&id) else { return };
        let key = CodeKey::of(&slot.code);
        if self.codes.get(&key) == Some(&id) {
            self.codes.remove(&key);
        }
        if let Some(counts) = self.counts.get_mut(&slot.zone) {
            counts.remove(&slot);
            if counts.total == 0 {
                self.counts.remove(&slot.zone);
            }
        }
    }

    fn put_session(&mut self, session: &Session) {
        let shared = Arc::new(session.clone());
        let is_open = session.state == SessionState::Open;
        match (session.kind, session.slot_id) {
            (SessionKind::Slot, Some(slot)) if is_open => {
                self.ended.remove(&slot);
                self.stays.insert(slot, shared);
            }
            (SessionKind::Slot, Some(slot)) => {
                self.stays.remove(&slot);
                self.ended.insert(slot, shared);
            }
            _ => {
                let ticket = session.ticket.as_deref().map(ticket_key);
                let plate = session.plate.as_deref().map(plate_key);
                for key in ticket.into_iter().chain(plate) {
                    if is_open {
                        self.visits.insert(key, Arc::clone(&shared));
                    } else {
                        self.visits.remove(&key);
                    }
                }
            }
        }
    }
}

// Tickets and plates share one map, so each says which it is.
fn ticket_key(ticket: &str) -> String {
    format!("t:{ticket}")
}

fn plate_key(plate: &str) -> String {
    format!("p:{plate}")
}
