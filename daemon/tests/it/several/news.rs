//! How soon a daemon knows what another did.

use std::time::{Duration, Instant};

use parking_api::SlotRef;
use parking_api::client::{Client, Mutation};
use parking_api::lots::NewLot;
use sqlx::{Connection, PgConnection};

use super::Pair;
use crate::hand::new_slot;
use crate::harness::{PATIENCE, wait_for};
use crate::live::view::Follower;
use crate::mirror::Mirror;

/// Half of all changes are known elsewhere by then; with much to spare for a busy machine, and far below the tick of a second.
const KNOWN_MAX: Duration = Duration::from_millis(100);

/// The middle one of the times from a change at `writer` until `follower`, at another daemon, has its event.
async fn delay(writer: &Client, follower: &mut Follower, slot: &SlotRef) -> Duration {
    let mut delays = Vec::new();
    for _ in 0..31 {
        let since = Instant::now();
        let seq = writer.slot_toggle(slot, &Mutation::default()).await.expect("a toggle").seq;
        follower.reach(seq).await;
        delays.push(since.elapsed());
        // Out of step with the tick, and not under load.
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    delays.sort();
    delays[delays.len() / 2]
}

async fn becomes_quick(writer: &Client, follower: &mut Follower, slot: &SlotRef) {
    let since = Instant::now();
    loop {
        let delay = delay(writer, follower, slot).await;
        if delay < KNOWN_MAX {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "a change is known elsewhere only after {delay:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_to_one_daemon_and_follows_another_sees_it_at_once() {
    let pair = Pair::new();
    let [writer, reader] = pair.admins();
    let slot = writer.slot_create(&new_slot("A-1", None)).await.expect("a slot").value;
    wait_for("the slot at the other daemon", async || reader.slot(&SlotRef::Id(slot.id)).await.ok()).await;
    let mut follower = Follower::new(&reader);
    follower.go_live().await;
    let at = SlotRef::Id(slot.id);
    // They know of each other after a look.
    becomes_quick(&writer, &mut follower, &at).await;

    // Connections that hear are cut; they are made again by themselves.
    let mut database = PgConnection::connect(&pair.url).await.expect("the database");
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity
         where application_name like 'parkd listens %' and datname = current_database()";
    let cut = sqlx::query(cut).execute(&mut database).await.expect("they are cut").rows_affected();
    assert_eq!(cut, 2, "each daemon listens by one connection");
    becomes_quick(&writer, &mut follower, &at).await;
    follower.view.assert_same(&reader).await;
    Mirror::default().prove(&reader).await;
    pair.one.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lots_come_and_go_at_every_daemon() {
    let pair = Pair::new();
    let [one, other] = pair.admins();
    let id: parking_api::LotId = "yard".parse().expect("a lot id");
    let new = NewLot { id: id.clone(), name: None, time_zone: None, currency: None };
    one.lot_create(&new).await.expect("a lot");
    let there = pair.other.client_of(id.clone(), Some(pair.one.admin_token()));
    wait_for("the lot at the other daemon", async || there.slot_stats().await.ok()).await;
    let mut follower = Follower::new(&there);
    follower.go_live().await;
    let slot = there.slot_create(&new_slot("A-1", None)).await.expect("a slot").value;
    let here = pair.one.client_of(id.clone(), Some(pair.one.admin_token()));
    here.slot_delete(&SlotRef::Id(slot.id), &Mutation::default()).await.expect("it is known here as well");
    one.lot_delete(&id).await.expect("it is deleted");
    wait_for("no such lot at the other daemon", async || there.slot_stats().await.err()).await;
    assert_eq!(other.lots().await.expect("lots").len(), 1);
    pair.other.verify();
}
