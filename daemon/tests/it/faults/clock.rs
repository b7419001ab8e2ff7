//! A clock that jumps back an hour.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parkd::clock::Clock;
use parkd::ledger::{Command, Depth, Idempotency, Ledger, verify};
use parking_api::events::Actor;
use parking_api::slots::SlotState;
use parking_api::{LotId, SlotRef, Time};
use tokio_util::task::TaskTracker;

use crate::hand::new_slot;
use crate::harness::{Database, on_both};
use crate::mirror::Mirror;
use crate::store::Stage;

const HOUR_MS: i64 = 60 * 60 * 1_000;
/// When the test begins by its clock.
const START_MS: i64 = 1_800_000_000_000;

on_both!(time_never_goes_back_in_the_log_though_the_clock_does);

/// A clock that shows what it is set to, and a millisecond more each time.
#[derive(Debug)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Time {
        Time::from_ms(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

async fn time_never_goes_back_in_the_log_though_the_clock_does(database: Database) {
    let stage = Stage::new(database).await;
    let clock = Arc::new(Hands(AtomicI64::new(START_MS)));
    let tasks = TaskTracker::new();
    let ledger = Ledger::open(stage.store.clone(), clock.clone(), tasks.clone()).await.expect("a ledger");
    // Another daemon, whose clock is right: it is not the one that decides.
    let right = Arc::new(Hands(AtomicI64::new(START_MS)));
    let other = Ledger::open(stage.store.clone(), right, tasks.clone()).await.expect("another ledger");
    let lots = [&ledger, &other].map(|ledger| ledger.lot(&LotId::default()).expect("the lot main"));
    let by = || Actor::system("test");
    lots[0].submit(Command::CreateSlot(new_slot("A-1", None)), by(), None).await.expect("a slot");
    let at: SlotRef = "A-1".parse().expect("a slot");
    let key = Idempotency { caller: "somebody".into(), key: "once".into(), body_sha256: "00".into() };
    let mut first = None;
    for round in 0..20 {
        if round == 5 {
            clock.0.fetch_sub(HOUR_MS, Ordering::Relaxed);
        }
        for lot in &lots {
            let toggle = Command::ToggleSlot { slot: at.clone() };
            lot.submit(toggle, by(), None).await.expect("a toggle");
        }
        let toggle = Command::ToggleSlot { slot: at.clone() };
        let again = lots[round % 2].submit(toggle, by(), Some(key.clone())).await.expect("the first answer");
        assert_eq!((again.seq, again.replayed), (*first.get_or_insert(again.seq), round > 0), "it was asked once");
    }
    let mut mirror = Mirror::default();
    let mut read = stage.store.read().await.expect("a moment");
    // It panics where time goes back.
    read.events_after(&LotId::default(), 0, 1_000).await.expect("the log").iter().for_each(|event| mirror.apply(event));
    let slot = mirror.slots.values().next().expect("a slot");
    assert_eq!((mirror.seq, slot.state), (2 + 41, SlotState::Occupied), "each toggle was done once");
    let report = verify(&stage.store, &LotId::default(), Depth::Whole).await.expect("a report").expect("a lot");
    assert_eq!(report.findings, []);
    ledger.stop();
    other.stop();
    tasks.close();
    tasks.wait().await;
}
