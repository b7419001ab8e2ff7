//! SIGKILL at random moments under load: what was acknowledged is there, once, and as it was acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_api::captures::Capture;
use parking_api::client::{CaptureMeta, Client, Error, Mutation};
use parking_api::events::EventChange;
use parking_api::sessions::{GateEntry, Session};
use parking_api::slots::{SetSlot, Slot, SlotState};
use parking_api::{CaptureId, SlotCode, SlotRef};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;

use crate::hand::{new_slot, seed};
use crate::harness::{Database, Parkd, on_both, wait_for};
use crate::mirror::Mirror;
use crate::pictures::JPEGS;

const ROUNDS: u64 = 24;
const WRITERS: u64 = 8;
const SLOTS: usize = 6;
/// A round ends after one of these numbers of acknowledgements …
const ACKNOWLEDGED: std::ops::Range<u64> = 5..150;
/// … and up to this much later, so that it can be in the middle of anything.
const LATER_US_MAX: u64 = 4_000;

on_both!(what_was_acknowledged_survives_a_kill_at_any_moment_and_was_done_once);

/// What one writer wants, and keeps wanting with the same key until it is told that it was done.
#[derive(Debug, Clone)]
pub struct Wish {
    pub what: What,
    /// Names this wish and no other, wherever it leaves a trace.
    pub tag: String,
    pub has_key: bool,
}

#[derive(Debug, Clone)]
pub enum What {
    Set(SlotCode, SlotState),
    Enter,
    Upload(Bytes),
}

/// What a writer was told.
#[derive(Debug, Clone)]
pub enum Told {
    Slot(Slot),
    Session(Session),
    Capture(Capture, Bytes),
}

impl Wish {
    pub async fn attempt(&self, client: &Client) -> Result<(u64, Told), Error> {
        let idempotency_key = self.has_key.then(|| self.tag.clone());
        let guard = Mutation { if_match: None, idempotency_key: idempotency_key.clone() };
        match &self.what {
            What::Set(code, state) => {
                let set = SetSlot { state: *state, note: Some(Some(self.tag.clone())), source: None };
                let done = client.slot_set(&SlotRef::Code(code.clone()), &set, &guard).await?;
                Ok((done.seq, Told::Slot(done.value)))
            }
            What::Enter => {
                let entry = GateEntry { ticket: Some(self.tag.clone()), plate: None };
                let done = client.gate_entry(&entry, &guard).await?;
                Ok((done.seq, Told::Session(done.value)))
            }
            What::Upload(picture) => {
                let meta = CaptureMeta { idempotency_key, ..CaptureMeta::default() };
                let done = client.capture_upload(picture.clone(), "image/jpeg", &meta).await?;
                Ok((done.seq, Told::Capture(done.value, picture.clone())))
            }
        }
    }
}

/// One writer: wishes on and on until the daemon is gone.
struct Writer {
    index: u64,
    rng: SmallRng,
    wishes: u64,
    /// It was sent, and no answer came.
    unanswered: Option<Wish>,
    told: Vec<(u64, Told)>,
}

impl Writer {
    fn next(&mut self) -> Wish {
        // Without a key nobody can repeat it safely, so the writer lets it go.
        if let Some(again) = self.unanswered.take_if(|wish| wish.has_key) {
            return again;
        }
        self.wishes += 1;
        let what = match self.index {
            0..4 => {
                let code = format!("A-{}", self.rng.random_range(0..SLOTS)).parse().expect("a code");
                What::Set(code, *SlotState::ALL.choose(&mut self.rng).expect("there are states"))
            }
            4..6 => What::Enter,
            _ => What::Upload(JPEGS.choose(&mut self.rng).expect("there are pictures").clone()),
        };
        Wish { what, tag: format!("w{}-{}", self.index, self.wishes), has_key: self.index.is_multiple_of(2) }
    }

    async fn work(mut self, client: Client, acknowledged: Arc<AtomicU64>) -> Self {
        loop {
            let wish = self.next();
            match wish.attempt(&client).await {
                Ok(told) => {
                    self.told.push(told);
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
                Err(Error::Unreachable { .. } | Error::Protocol { .. }) => {
                    self.unanswered = Some(wish);
                    return self;
                }
                Err(error) => panic!("{wish:?}: {error:?}"),
            }
        }
    }
}

/// How often each wish was carried out, by the trace that it left in the log.
#[derive(Default)]
pub struct Traces {
    pub tags: BTreeMap<String, u32>,
    pub captures: BTreeMap<CaptureId, u32>,
}

impl Traces {
    pub fn read(&mut self, change: &EventChange) {
        match change {
            EventChange::SlotChanged { slot, .. } => {
                *self.tags.entry(slot.note.clone().expect("every change leaves a note")).or_default() += 1;
            }
            EventChange::SessionOpened { session } => {
                *self.tags.entry(session.ticket.clone().expect("every entry has a ticket")).or_default() += 1;
            }
            EventChange::CaptureAdded { capture } => *self.captures.entry(capture.id).or_default() += 1,
            _ => {}
        }
    }
}

async fn what_was_acknowledged_survives_a_kill_at_any_moment_and_was_done_once(database: Database) {
    let seed = seed();
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut parkd = Parkd::start_on(database, &[]);
    for index in 0..SLOTS {
        parkd.admin().slot_create(&new_slot(&format!("A-{index}"), None)).await.expect("a slot");
    }
    let (mut mirror, mut traces) = (Mirror::default(), Traces::default());
    mirror.catch_up(&parkd.admin()).await;
    let mut writers: Vec<Writer> = (0..WRITERS)
        .map(|index| {
            let rng = SmallRng::seed_from_u64(seed.wrapping_add(1 + index));
            Writer { index, rng, wishes: 0, unanswered: None, told: Vec::new() }
        })
        .collect();
    for round in 0..ROUNDS {
        let seen: Vec<usize> = writers.iter().map(|writer| writer.told.len()).collect();
        writers = load_until_killed(&mut parkd, writers, &mut rng).await;
        if round % 2 == 0 {
            parkd.verify();
        }
        parkd.restart();
        if round % 2 == 1 {
            parkd.verify();
        }
        for event in mirror.catch_up(&parkd.admin()).await {
            traces.read(&event.change);
        }
        for (writer, seen) in writers.iter().zip(seen) {
            check(&writer.told[seen..], &mirror, &traces, &parkd.admin()).await;
        }
    }
    // Nothing of the first rounds was lost in the last ones either.
    let told: Vec<_> = writers.iter().flat_map(|writer| writer.told.clone()).collect();
    check(&told, &mirror, &traces, &parkd.admin()).await;
    mirror.prove(&parkd.admin()).await;
    assert!(traces.tags.values().chain(traces.captures.values()).all(|count| *count == 1), "nothing was done twice");
    for writer in &writers {
        assert!(writer.told.len() as u64 > ROUNDS, "writer {} was told only {} times", writer.index, writer.told.len());
    }
}

/// Lets the writers write, and kills the daemon in the middle of it.
async fn load_until_killed(parkd: &mut Parkd, writers: Vec<Writer>, rng: &mut SmallRng) -> Vec<Writer> {
    let acknowledged = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for writer in writers {
        tasks.spawn(writer.work(parkd.admin(), Arc::clone(&acknowledged)));
    }
    let enough = rng.random_range(ACKNOWLEDGED);
    wait_for("acknowledgements", async || (acknowledged.load(Ordering::Relaxed) >= enough).then_some(())).await;
    tokio::time::sleep(Duration::from_micros(rng.random_range(0..LATER_US_MAX))).await;
    parkd.kill();
    let mut writers = tasks.join_all().await;
    writers.sort_by_key(|writer| writer.index);
    writers
}

/// Holds what writers were told against the log, and pictures against their bytes.
pub async fn check(told: &[(u64, Told)], mirror: &Mirror, traces: &Traces, client: &Client) {
    for (seq, told) in told {
        assert!(*seq <= mirror.seq, "event {seq} was acknowledged, but the log ends at {}", mirror.seq);
        match told {
            Told::Slot(slot) => {
                let tag = slot.note.as_deref().expect("every change leaves a note");
                assert_eq!((slot.rev, traces.tags.get(tag)), (*seq, Some(&1)), "{tag}");
            }
            Told::Session(session) => {
                let tag = session.ticket.as_deref().expect("every entry has a ticket");
                assert_eq!((session.opened_seq, traces.tags.get(tag)), (*seq, Some(&1)), "{tag}");
                assert_eq!(mirror.sessions.get(&session.id), Some(session));
            }
            Told::Capture(capture, picture) => {
                assert_eq!(traces.captures.get(&capture.id), Some(&1), "{}", capture.id);
                assert_eq!(mirror.captures.get(&capture.id), Some(capture));
                let stored = client.image(&capture.key, None).await.expect("the picture");
                assert!(stored == *picture, "the bytes of {} are others now", capture.key);
            }
        }
    }
}
