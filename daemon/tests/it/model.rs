//! Random commands of several clients at once, with restarts in between: whatever happened, state, log and tables agree.

use parkd::clock::SystemClock;
use parkd::ledger::{Command, Ledger};
use parking_api::client::{EventQuery, Mutation};
use parking_api::events::{Actor, Event, EventChange};
use parking_api::lots::NewLot;
use parking_api::slots::{SlotPatch, SlotState};
use parking_api::tokens::{NewToken, Role};
use parking_api::{LotId, SlotRef};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use crate::hand::{Ack, Hand, new_slot, seed};
use crate::harness::{Database, Parkd, on_both};
use crate::mirror::Mirror;
use crate::store::Stage;

const CLIENTS: u64 = 6;
const PHASES: u64 = 6;
const COMMANDS_PER_PHASE: usize = 200;

on_both!(
    whatever_clients_do_state_is_the_fold_of_the_log_and_so_are_the_tables,
    toggles_at_the_same_time_each_count_once,
    lots_that_are_created_at_the_same_time_can_all_be_used_at_once,
    a_code_passes_from_one_slot_to_an_older_one_in_one_batch,
    a_log_with_a_gap_is_not_folded_away,
);

async fn whatever_clients_do_state_is_the_fold_of_the_log_and_so_are_the_tables(database: Database) {
    let seed = seed();
    let mut rng = SmallRng::seed_from_u64(seed);
    // So few that old events are folded away at the later restarts, beside everything else.
    let mut parkd = Parkd::start_on(database, &["--events-keep", "1000"]);
    let mut tokens = Vec::new();
    for index in 0..CLIENTS {
        let new = NewToken { name: format!("hand {index}"), role: Role::Admin, expires_at: None };
        tokens.push((new.name.clone(), parkd.admin().token_create(&new).await.expect("a token").value.token));
    }
    let mut mirror = Mirror::default();
    let mut log: Vec<Event> = Vec::new();
    let mut done = 0;
    for phase in 0..PHASES {
        let mut hands = JoinSet::new();
        for (index, (name, token)) in (0..).zip(&tokens) {
            let seed = seed.wrapping_add(phase * CLIENTS + index);
            hands.spawn(Hand::new(name, parkd.client_with(Some(token.clone())), seed).work(COMMANDS_PER_PHASE));
        }
        let acknowledged: Vec<Ack> = hands.join_all().await.into_iter().flatten().collect();
        log.extend(mirror.prove(&parkd.admin()).await);
        acknowledged.iter().for_each(|ack| ack.is_in(&log));
        done += acknowledged.len();
        parkd.verify();
        if rng.random() {
            assert_eq!(parkd.stop(), Some(0));
        } else {
            parkd.kill();
        }
        parkd.restart();
        log.extend(mirror.prove(&parkd.admin()).await);
    }
    parkd.verify();
    let floor = parkd.admin().events(&EventQuery::default()).await.expect("the log").floor;
    assert!(floor > 1, "nothing was folded away: the test has lost its point");
    let sent = COMMANDS_PER_PHASE * (PHASES * CLIENTS) as usize;
    assert!(done * 3 > sent, "only {done} of {sent} commands were carried out: the test has lost its point");
}

async fn toggles_at_the_same_time_each_count_once(database: Database) {
    for clients in [16, 17] {
        let parkd = Parkd::start_on(database, &[]);
        let admin = parkd.admin();
        let new = new_slot("A-1", None);
        let slot = admin.slot_create(&new).await.expect("a slot").value;
        let at = SlotRef::Id(slot.id);
        let mut toggles = JoinSet::new();
        for _ in 0..clients {
            // A client of its own, and so a connection of its own.
            let (client, at) = (parkd.admin(), at.clone());
            toggles.spawn(async move { client.slot_toggle(&at, &Mutation::default()).await.expect("a toggle").seq });
        }
        let mut seqs = toggles.join_all().await;
        seqs.sort_unstable();
        let mut mirror = Mirror::default();
        let log = mirror.prove(&admin).await;
        let states: Vec<(u64, SlotState)> = log
            .iter()
            .filter_map(|event| match &event.change {
                EventChange::SlotChanged { slot, .. } => Some((event.seq, slot.state)),
                _ => None,
            })
            .collect();
        assert_eq!(
            states.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
            seqs,
            "one event each, and that one is told"
        );
        for (index, (_, state)) in states.iter().enumerate() {
            assert_eq!(*state, if index % 2 == 0 { SlotState::Occupied } else { SlotState::Free });
        }
        let parity = if clients % 2 == 0 { SlotState::Free } else { SlotState::Occupied };
        assert_eq!(admin.slot(&at).await.expect("the slot").state, parity);
        parkd.verify();
    }
}

async fn lots_that_are_created_at_the_same_time_can_all_be_used_at_once(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let mut clients = JoinSet::new();
    for index in 0..60 {
        let lot: LotId = format!("lot-{index}").parse().expect("a lot id");
        let client = parkd.client_of(lot.clone(), Some(parkd.admin_token()));
        clients.spawn(async move {
            let new = NewLot { id: lot, name: None, time_zone: None, currency: None };
            assert_eq!(client.lot_create(&new).await.expect("a lot").seq, 1);
            assert_eq!(client.slot_create(&new_slot("A-1", None)).await.expect("a slot").seq, 2);
        });
    }
    clients.join_all().await;
    parkd.verify();
}

async fn a_log_with_a_gap_is_not_folded_away(database: Database) {
    let stage = Stage::new(database).await;
    let tasks = TaskTracker::new();
    let ledger = Ledger::open(stage.store.clone(), SystemClock::shared(), tasks.clone()).await.expect("a ledger");
    let lot = ledger.lot(&LotId::default()).expect("the lot main");
    for code in ["A-1", "A-2", "A-3", "A-4"] {
        lot.submit(Command::CreateSlot(new_slot(code, None)), Actor::system("test"), None).await.expect("a slot");
    }
    // As it looks to one that began to read just before another one folded.
    stage.run("delete from events where seq <= 3").await;
    let refused = ledger.prune(lot.id(), 1).await.expect_err("an event is missing");
    assert!(refused.to_string().contains("no event 1"), "{refused}");
    let mut read = stage.store.read().await.expect("a read");
    assert!(read.checkpoint(lot.id()).await.expect("an answer").is_none(), "nothing wrong is kept");
    ledger.stop();
    tasks.close();
    tasks.wait().await;
}

async fn a_code_passes_from_one_slot_to_an_older_one_in_one_batch(database: Database) {
    let stage = Stage::new(database).await;
    let tasks = TaskTracker::new();
    let ledger = Ledger::open(stage.store.clone(), SystemClock::shared(), tasks.clone()).await.expect("a ledger");
    let lot = ledger.lot(&LotId::default()).expect("the lot main");
    let submit = |command| lot.submit(command, Actor::system("test"), None);
    for code in ["OLD", "NEW"] {
        submit(Command::CreateSlot(new_slot(code, None))).await.expect("a slot");
    }
    let rename = |from: &str, to: &str| {
        let patch = SlotPatch { code: Some(to.parse().expect("a code")), ..SlotPatch::default() };
        submit(Command::PatchSlot { slot: from.parse().expect("a slot"), patch })
    };
    // Both wait before the committer looks, so that it takes them together.
    let (away, over) = tokio::join!(rename("NEW", "NEWER"), rename("OLD", "NEW"));
    assert!(away.is_ok() && over.is_ok(), "{away:?} {over:?}");
    let codes: Vec<_> = lot.read(|state| state.slots().map(|slot| slot.code.to_string()).collect());
    assert_eq!(codes, ["NEW", "NEWER"]);
    let report = parkd::ledger::verify(ledger.store(), lot.id(), parkd::ledger::Depth::Whole)
        .await
        .expect("a report")
        .expect("a lot");
    assert_eq!(report.findings, []);
    ledger.stop();
    tasks.close();
    tasks.wait().await;
}
