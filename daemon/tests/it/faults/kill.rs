//! SIGKILL for daemons and for PostgreSQL, at any moment, under load.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::Pair;
use super::load::{Progress, SLOTS, work, writers};
use crate::crash::{Traces, check};
use crate::hand::{new_slot, seed};
use crate::harness::wait_for;
use crate::live::view::Follower;
use crate::mirror::Mirror;
use crate::postgres::Server;

const ROUNDS: u64 = 30;
/// A round goes on until so many were acknowledged before the kill, and again after it.
const ACKNOWLEDGED: std::ops::Range<u64> = 20..120;
/// The kill comes up to this much later, so that it can be in the middle of anything.
const LATER_US_MAX: u64 = 4_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_whoever_is_killed_and_all_goes_on_by_itself() {
    let seed = seed();
    let mut rng = SmallRng::seed_from_u64(seed);
    let (mut server, url) = Server::own().await;
    let mut pair = Pair::new(&url, &[]).await;
    for index in 0..SLOTS {
        pair.admin(0).slot_create(&new_slot(&format!("A-{index}"), None)).await.expect("a slot");
    }
    let mut followers = [Follower::new(&pair.admin(0)), Follower::new(&pair.admin(1))];
    let (mut mirror, mut traces) = (Mirror::default(), Traces::default());
    let mut writers = writers(seed);
    for round in 0..ROUNDS {
        let seen: Vec<usize> = writers.iter().map(|writer| writer.told.len()).collect();
        let progress = Arc::new(Progress::default());
        let tasks = work(&pair, writers, &progress);
        let enough = async |more: u64| {
            let from = progress.acknowledged.load(Ordering::Relaxed);
            let is_enough = || progress.acknowledged.load(Ordering::Relaxed) >= from + more;
            wait_for("acknowledgements", async || is_enough().then_some(())).await;
        };
        enough(rng.random_range(ACKNOWLEDGED)).await;
        tokio::time::sleep(Duration::from_micros(rng.random_range(0..LATER_US_MAX))).await;
        match round % 5 {
            0 => restart(&mut pair, 0).await,
            1 | 4 => server.kill_and_restart().await,
            2 => restart(&mut pair, 1).await,
            _ => server.kill_backend(rng.random_range(0..1_000)),
        }
        enough(ACKNOWLEDGED.start).await;
        progress.stop.store(true, Ordering::Relaxed);
        writers = tasks.join_all().await;
        writers.sort_by_key(|writer| writer.index);

        pair.daemons()[(round % 2) as usize].verify();
        let at = pair.admin(round as usize);
        for event in mirror.catch_up(&at).await {
            traces.read(&event.change);
        }
        for (writer, seen) in writers.iter().zip(seen) {
            check(&writer.told[seen..], &mirror, &traces, &at).await;
        }
        for (index, follower) in followers.iter_mut().enumerate() {
            follower.reach(mirror.seq).await;
            follower.view.assert_same(&pair.admin(index)).await;
        }
    }
    for index in 0..2 {
        mirror.prove(&pair.admin(index)).await;
    }
    assert!(traces.tags.values().all(|count| *count == 1), "nothing was done twice");
}

/// Kills one of the daemons and starts it again, while the other goes on.
async fn restart(pair: &mut Pair, index: usize) {
    let parkd = if index == 0 { &mut pair.one } else { &mut pair.other };
    parkd.kill();
    tokio::task::block_in_place(|| parkd.restart());
}
