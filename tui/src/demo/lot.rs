//! The demo lot: 48 bays in three zones on both sides of a lane, cars that come and go. Pure: clock and seed are passed in.

use std::collections::VecDeque;
use std::io::Cursor;

use bytes::Bytes;
use image::ImageFormat;
use parking_api::cameras::{Camera, CameraStatus, Contact, Health};
use parking_api::captures::Capture;
use parking_api::client::Error;
use parking_api::events::{Actor, Event, EventChange};
use parking_api::history::{HistoryBucket, SlotSeconds};
use parking_api::live::{Snapshot, SnapshotReason};
use parking_api::lots::Lot;
use parking_api::sessions::{Session, SessionKind, SessionState};
use parking_api::slots::{Counts, Position, Slot, SlotKind, SlotState, SlotStats, Source};
use parking_api::{CameraId, CaptureId, LotId, Problem, ProblemCode, SessionId, SlotId, Time};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use crate::demo::scene;
use crate::effect::Write;
use crate::lot::EVENTS_MAX;
use crate::msg::Written;
use crate::pictures::Subject;
use crate::trend;

const PER_ROW: usize = 8;
const ZONES: [&str; 3] = ["A", "B", "C"];
/// The day before the first look: so long, and something happens so often, in milliseconds.
const PAST_MS: i64 = 6 * 3_600_000;
const PAST_STEP_MS: i64 = 50_000;
/// Steps between two pictures of the day before, and how many pictures are kept.
const PAST_SHOT_STEPS: u32 = 6;
const SHOTS_MAX: usize = 500;
/// Share of the slots that the day tends to fill.
const FULL: f64 = 0.68;
/// First bits of the ids of slots and sessions.
const SLOT_IDS: u128 = 0x5107_0000_0000_4000_8000_0000_0000_0000;
const SESSION_IDS: u128 = 0x5e55_0000_0000_4000_8000_0000_0000_0000;

/// The demo lot.
#[derive(Debug)]
pub struct DemoLot {
    lot: Lot,
    slots: Vec<Slot>,
    cameras: Vec<Camera>,
    open: Vec<Option<Session>>,
    closed: VecDeque<Session>,
    /// Oldest first, with the state of each slot of its half of the lot.
    shots: VecDeque<(Capture, Vec<SlotState>)>,
    events: VecDeque<Event>,
    /// How full it was, oldest first.
    quarters: VecDeque<HistoryBucket>,
    seq: u64,
    rng: SmallRng,
}

pub fn id() -> LotId {
    "demo".parse().unwrap_or_default()
}

impl DemoLot {
    /// With a day behind it.
    pub fn new(now: Time, seed: u64) -> Self {
        let begun = now.plus_ms(-PAST_MS);
        let slots: Vec<Slot> = (0..ZONES.len() * 2 * PER_ROW).filter_map(|n| slot(n, begun)).collect();
        let lot = Lot {
            id: id(),
            name: "Demo car park".into(),
            time_zone: "UTC".into(),
            currency: "XXX".into(),
            created_at: begun,
            rev: 1,
        };
        let open = vec![None; slots.len()];
        let (closed, events, shots, quarters) = Default::default();
        let rng = SmallRng::seed_from_u64(seed);
        let mut demo = Self { lot, slots, cameras: cameras(now), open, closed, shots, events, quarters, seq: 1, rng };
        let (mut at, mut steps) = (begun, 0);
        while at < now {
            demo.step(at);
            at = at.plus_ms(PAST_STEP_MS);
            if steps % PAST_SHOT_STEPS == 0 {
                demo.shoot(at);
            }
            steps += 1;
        }
        demo
    }

    /// One of the cameras takes a picture, in turn.
    pub fn shoot(&mut self, now: Time) -> Box<Event> {
        let last = self.shots.back().and_then(|(capture, _)| capture.camera.as_ref());
        let at =
            self.cameras.iter().position(|camera| Some(&camera.id) == last).map_or(0, |at| at + 1) % self.cameras.len();
        let half = self.slots.len() / self.cameras.len();
        let states = self.slots.iter().skip(at * half).take(half).map(|slot| slot.state).collect();
        self.seq += 1;
        let camera = &mut self.cameras[at];
        let capture = Capture { camera: Some(camera.id.clone()), ..scene::capture(&self.lot.id, self.seq, now) };
        if let Some(contact) = &mut camera.contact {
            (contact.seen_at, contact.capture_id) = (now, Some(capture.id));
        }
        let actor = Actor::camera(camera.id.as_str());
        self.shots.push_back((capture.clone(), states));
        if self.shots.len() > SHOTS_MAX {
            self.shots.pop_front();
        }
        self.told(actor, EventChange::CaptureAdded { capture }, now)
    }

    /// What a camera took, newest first.
    pub fn captures(&self, camera: &CameraId) -> Vec<Capture> {
        let shots = self.shots.iter().rev().map(|(capture, _)| capture);
        shots.filter(|capture| capture.camera.as_ref() == Some(camera)).cloned().collect()
    }

    pub fn taken(&self, id: CaptureId) -> Option<(Capture, Bytes)> {
        let (capture, states) = self.shots.iter().find(|(capture, _)| capture.id == id)?;
        let mut png = Cursor::new(Vec::new());
        scene::draw(states).write_to(&mut png, ImageFormat::Png).ok()?;
        Some((capture.clone(), png.into_inner().into()))
    }

    pub fn picture(&self, subject: &Subject) -> Option<(Capture, Bytes)> {
        match subject {
            Subject::One { capture, .. } => self.taken(*capture),
            Subject::Before { camera, at } => {
                let captures = self.captures(camera);
                self.taken(captures.iter().find(|capture| capture.captured_at < *at)?.id)
            }
        }
    }

    pub fn id(&self) -> LotId {
        self.lot.id.clone()
    }

    pub fn seq(&self) -> u64 {
        self.seq
    }

    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.iter()
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            seq: self.seq,
            reason: SnapshotReason::NoCursor,
            lot: self.lot.clone(),
            slots: self.slots.clone(),
            cameras: self.cameras.clone(),
            stats: SlotStats { seq: self.seq, counts: Counts::default(), zones: Vec::new() },
        }
    }

    pub fn sessions(&self) -> Vec<Session> {
        let mut all: Vec<Session> = self.open.iter().flatten().chain(&self.closed).cloned().collect();
        all.sort_by_key(|session| std::cmp::Reverse(session.opened_at));
        all
    }

    pub fn history(&self, id: SlotId) -> (Vec<Event>, Option<Session>) {
        let is_about = |event: &&Event| matches!(&event.change, EventChange::SlotChanged { slot, .. } if slot.id == id);
        let stay = self.open.iter().flatten().find(|session| session.slot_id == Some(id));
        (self.events.iter().filter(is_about).cloned().collect(), stay.cloned())
    }

    /// How full it was, by quarter of an hour, oldest first.
    pub fn quarters(&self) -> Vec<HistoryBucket> {
        self.quarters.iter().cloned().collect()
    }

    /// Writes down how full it is. Each look stands for a second: it is the shares that count.
    fn look(&mut self, now: Time) {
        let start = Time::from_ms(now.ms() - now.ms().rem_euclid(trend::STEP_MS));
        if self.quarters.back().is_none_or(|last| last.start != start) {
            let (end, slot_seconds, zones) = (start.plus_ms(trend::STEP_MS), SlotSeconds::default(), Vec::new());
            self.quarters.push_back(HistoryBucket { start, end, watched_s: 0, slot_seconds, zones });
            self.quarters.drain(..self.quarters.len().saturating_sub(trend::STEPS));
        }
        let Some(HistoryBucket { watched_s, slot_seconds, .. }) = self.quarters.back_mut() else { return };
        *watched_s += 1;
        for slot in &self.slots {
            *match slot.state {
                SlotState::Free => &mut slot_seconds.free,
                SlotState::Occupied => &mut slot_seconds.occupied,
                SlotState::Reserved => &mut slot_seconds.reserved,
                SlotState::Closed => &mut slot_seconds.closed,
                SlotState::Unknown => &mut slot_seconds.unknown,
            } += 1;
        }
    }

    /// A car comes or goes, as chance and the hour will have it.
    pub fn step(&mut self, now: Time) -> Option<Box<Event>> {
        self.look(now);
        let at = self.rng.random_range(0..self.slots.len());
        let occupied = self.open.iter().flatten().count() as f64 / self.slots.len() as f64;
        let state = match self.slots[at].state {
            SlotState::Free if self.rng.random_bool((1.0 - occupied / FULL * 0.6).clamp(0.05, 1.0)) => {
                SlotState::Occupied
            }
            SlotState::Occupied if self.rng.random_bool((occupied / FULL * 0.55).clamp(0.0, 1.0)) => SlotState::Free,
            _ => return None,
        };
        let camera = if at < self.slots.len() / 2 { "cam-1" } else { "cam-2" };
        if let Some(contact) =
            self.cameras.iter_mut().filter(|c| c.id.as_str() == camera).find_map(|c| c.contact.as_mut())
        {
            contact.seen_at = now;
        }
        Some(self.change(at, state, None, Source::Camera, Actor::camera(camera), now))
    }

    /// What a person asks for.
    pub fn write(
        &mut self,
        id: SlotId,
        write: &Write,
        if_match: Option<u64>,
        now: Time,
    ) -> (Result<Written, Error>, Option<Box<Event>>) {
        let refuse = |code, detail: String| (Err(Error::Refused(Box::new(Problem::new(code, detail)))), None);
        let Some(at) = self.slots.iter().position(|slot| slot.id == id) else {
            return refuse(ProblemCode::SlotNotFound, format!("there is no slot {id}"));
        };
        let slot = &self.slots[at];
        if if_match.is_some_and(|rev| rev != slot.rev) {
            return refuse(ProblemCode::RevStale, format!("{} has changed", slot.code));
        }
        let (state, note) = match write {
            Write::Set(set) => (set.state, set.note.clone()),
            Write::Note(note) => (slot.state, Some(note.clone())),
            Write::Toggle => match slot.state {
                SlotState::Free | SlotState::Unknown => (SlotState::Occupied, None),
                SlotState::Occupied => (SlotState::Free, None),
                state => {
                    let detail = format!("{} is {state}, which is not toggled: set it outright", slot.code);
                    return refuse(ProblemCode::ToggleRefused, detail);
                }
            },
        };
        let event = self.change(at, state, note, Source::Manual, Actor::token("you"), now);
        (Ok(Written { slot: Box::new(self.slots[at].clone()), seq: self.seq }), Some(event))
    }

    fn change(
        &mut self,
        at: usize,
        state: SlotState,
        note: Option<Option<String>>,
        source: Source,
        actor: Actor,
        now: Time,
    ) -> Box<Event> {
        self.seq += 1;
        let slot = &mut self.slots[at];
        if slot.state != state {
            slot.changed_at = now;
        }
        if let Some(note) = note {
            slot.note = note;
        }
        (slot.state, slot.source, slot.observed_at, slot.rev) = (state, source, now, self.seq);
        let slot = slot.clone();
        let session = self.stay(at, &slot, now);
        let change = EventChange::SlotChanged { slot, session };
        self.told(actor, change, now)
    }

    fn told(&mut self, actor: Actor, change: EventChange, now: Time) -> Box<Event> {
        let event = Event { seq: self.seq, at: now, actor, change, audit: None };
        self.events.push_back(event.clone());
        if self.events.len() > EVENTS_MAX {
            self.events.pop_front();
        }
        Box::new(event)
    }

    /// Opens or closes the stay that a change is about.
    fn stay(&mut self, at: usize, slot: &Slot, now: Time) -> Option<Session> {
        let is_occupied = slot.state == SlotState::Occupied;
        match self.open[at].take() {
            None if is_occupied => {
                let session = Session {
                    id: SessionId(Uuid::from_u128(SESSION_IDS | u128::from(self.seq))),
                    kind: SessionKind::Slot,
                    state: SessionState::Open,
                    slot_id: Some(slot.id),
                    slot_code: Some(slot.code.clone()),
                    zone: slot.zone.clone(),
                    ticket: None,
                    plate: None,
                    opened_at: now,
                    closed_at: None,
                    opened_seq: self.seq,
                    closed_seq: None,
                };
                self.open[at] = Some(session.clone());
                Some(session)
            }
            Some(session) if !is_occupied => {
                let session = Session {
                    state: SessionState::Closed,
                    closed_at: Some(now),
                    closed_seq: Some(self.seq),
                    ..session
                };
                self.closed.push_front(session.clone());
                self.closed.truncate(EVENTS_MAX);
                Some(session)
            }
            same => {
                self.open[at] = same;
                None
            }
        }
    }
}

fn slot(n: usize, begun: Time) -> Option<Slot> {
    let (zone, place) = (n / (2 * PER_ROW), n % (2 * PER_ROW));
    let (row, column) = (place / PER_ROW, place % PER_ROW);
    let code = format!("{}-{:02}", ZONES[zone], place + 1);
    let kind = match (zone, place) {
        (0, 0 | 1 | 8 | 9) => SlotKind::Accessible,
        (1, 2..=5) => SlotKind::Ev,
        (2, 15) => SlotKind::Staff,
        _ => SlotKind::Standard,
    };
    let (state, note) = match code.as_str() {
        "A-03" => (SlotState::Reserved, Some("For the manager")),
        "B-09" => (SlotState::Reserved, Some("For deliveries until noon")),
        "C-12" => (SlotState::Closed, Some("New surface, drying")),
        "C-15" => (SlotState::Unknown, None),
        _ => (SlotState::Free, None),
    };
    Some(Slot {
        id: SlotId(Uuid::from_u128(SLOT_IDS | n as u128)),
        code: code.parse().ok()?,
        zone: Some(ZONES[zone].into()),
        level: 0,
        kind,
        state,
        source: Source::Manual,
        position: Some(Position { x: zone as f64 * 23.0 + column as f64 * 2.5, y: row as f64 * 11.8 }),
        rev: 1,
        observed_at: begun,
        changed_at: begun,
        note: note.map(String::from),
        stale_since: None,
        suggested: None,
    })
}

fn cameras(now: Time) -> Vec<Camera> {
    let camera = |n: u64, name: &str, zone: &str| {
        let health = Health {
            uptime_s: Some(90_000 * n),
            rssi_dbm: Some(-58 - n as i16),
            free_heap_bytes: Some(182_000),
            firmware: Some("0.1.0".into()),
            reset_reason: Some("power-on".into()),
            queue_depth: Some(0),
            ..Health::default()
        };
        let contact = Contact { seen_at: now, capture_id: None, health_at: Some(now), health: Some(health) };
        Some(Camera {
            id: format!("cam-{n}").parse().ok()?,
            name: name.into(),
            zone: Some(zone.into()),
            interval_s: 30,
            status: CameraStatus::Online,
            status_at: now.plus_ms(-PAST_MS),
            created_at: now.plus_ms(-PAST_MS),
            rev: 1,
            capture_wanted_at: None,
            frozen_since: None,
            moved_since: None,
            blind_slots: Vec::new(),
            occupancy: None,
            contact: Some(contact),
        })
    };
    [camera(1, "Mast west", "A"), camera(2, "Mast east", "C")].into_iter().flatten().collect()
}
