//! The line breaks, stalls and leads nowhere; the client comes through.

use std::time::Duration;

use parking_api::client::{Client, Config, LinkState, Mutation};
use parking_api::slots::{SetSlot, SlotState};
use parking_api::{SlotCode, SlotRef};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::view::Follower;
use crate::hand::{new_slot, seed};
use crate::harness::Parkd;
use crate::proxy::Proxy;

const SLOTS: usize = 40;
const TROUBLES: usize = 40;

/// Changes slots, and now and then which slots there are, until it is told to stop.
async fn write(client: Client, seed: u64, stop: CancellationToken) {
    let mut rng = SmallRng::seed_from_u64(seed);
    for round in (0_u64..).take_while(|_| !stop.is_cancelled()) {
        let code: SlotCode = format!("A-{}", rng.random_range(0..SLOTS)).parse().expect("a code");
        let slot = SlotRef::Code(code.clone());
        let none = Mutation::default();
        if round % 10 == 9 {
            // Another writer may have been faster, which is as good.
            let _ = client.slot_delete(&slot, &none).await;
            let _ = client.slot_create(&new_slot(code.as_str(), None)).await;
        } else {
            let set = SetSlot::to(*SlotState::ALL.choose(&mut rng).expect("there are states"));
            let _ = client.slot_set(&slot, &set, &none).await;
        }
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..8))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_over_a_line_that_breaks_and_stalls_misses_nothing() {
    let seed = seed();
    let mut rng = SmallRng::seed_from_u64(seed);
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let rows: Vec<_> = (0..SLOTS).map(|index| new_slot(&format!("A-{index}"), None)).collect();
    admin.slots_import_json(&rows, false).await.expect("slots");
    let proxy = Proxy::new(parkd.address()).await;
    let mut config = Config::new(proxy.url());
    config.token = Some(parkd.admin_token());
    let mut follower = Follower::new(&Client::new(config).expect("a client"));
    follower.go_live().await;
    let begun = follower.view.at;
    let (mut writers, stop) = (JoinSet::new(), CancellationToken::new());
    for index in 0..2 {
        writers.spawn(write(admin.clone(), seed.wrapping_add(index), stop.clone()));
    }
    {
        let mut misbehaving = std::pin::pin!(proxy.misbehave(TROUBLES, &mut rng));
        loop {
            tokio::select! {
                () = &mut misbehaving => break,
                _ = follower.next() => {}
            }
        }
    }
    stop.cancel();
    writers.join_all().await;
    let head = admin.slot_stats().await.expect("figures").seq;
    follower.reach(head).await;
    follower.view.assert_same(&admin).await;
    assert_eq!(follower.view.snapshots.len(), 1, "it went on where it was, every time");
    assert_eq!(follower.view.entries.len() as u64, head - begun, "and was shown every event");
    let lost = follower.states.iter().filter(|state| matches!(state, LinkState::Offline { .. })).count();
    assert!(lost > TROUBLES / 4, "the line broke only {lost} times: the test has lost its point");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_that_breaks_off_is_asked_for_again() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let rows: Vec<_> = (0..2_000).map(|index| new_slot(&format!("A-{index}"), None)).collect();
    admin.slots_import_json(&rows, false).await.expect("slots");
    let proxy = Proxy::new(parkd.address()).await;
    // In the head, in the first piece, and between two pieces of a large frame.
    proxy.truncate(90);
    let mut config = Config::new(proxy.url());
    config.token = Some(parkd.admin_token());
    let mut follower = Follower::new(&Client::new(config).expect("a client"));
    for bytes in [5_000, 200_000] {
        lose(&mut follower).await;
        proxy.truncate(bytes);
        lose(&mut follower).await;
    }
    proxy.pass();
    follower.go_live().await;
    follower.view.assert_same(&admin).await;
    assert_eq!(follower.view.snapshots.len(), 1, "half a snapshot is none");
}

/// Follows until the connection is lost once more.
async fn lose(follower: &mut Follower) {
    let lost =
        |follower: &Follower| follower.states.iter().filter(|state| matches!(state, LinkState::Offline { .. })).count();
    let before = lost(follower);
    while lost(follower) == before {
        follower.next().await;
    }
}
