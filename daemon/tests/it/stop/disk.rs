//! A disk that takes nothing more. A limit on the size of files stands for it: the same call fails at the same place.

use parking_api::client::{CaptureMeta, Client, Error, LiveMessage, Mutation};
use parking_api::slots::{SetSlot, SlotState};
use parking_api::{ProblemCode, SlotRef};
use rlimit::{INFINITY, Resource, prlimit};

use crate::hand::new_slot;
use crate::harness::{Parkd, wait_for};
use crate::live::view::Follower;
use crate::mirror::Mirror;
use crate::pictures::JPEGS;

/// Without this the kernel would end a process that hits the limit, which no full disk does.
const LAUNCHER: [&str; 4] = ["bash", "-c", "trap '' XFSZ; exec \"$@\"", "bash"];

/// Lets the daemon's files grow no more, not even its log, or again as they like.
fn set_full(parkd: &Parkd, is_full: bool) {
    let soft = if is_full { 0 } else { INFINITY };
    let pid = i32::try_from(parkd.pid()).expect("a process id");
    prlimit(pid, Resource::FSIZE, Some((soft, INFINITY)), None)
        .expect("the limit of a process of one's own can be set");
}

async fn set(client: &Client, state: SlotState) -> Result<u64, Error> {
    let slot = SlotRef::Code("A-1".parse().expect("a code"));
    Ok(client.slot_set(&slot, &SetSlot::to(state), &Mutation::default()).await?.seq)
}

fn is_full(error: &Error) -> bool {
    let Error::Refused(problem) = error else { return false };
    assert!(problem.retry_after_ms.is_some(), "it says when to try again: {problem:?}");
    matches!(problem.code, ProblemCode::Unavailable | ProblemCode::StorageFull)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_writes_are_refused_reads_go_on_and_nothing_is_lost() {
    let mut parkd = Parkd::start_through(&LAUNCHER, &[]);
    let admin = parkd.admin();
    admin.slot_create(&new_slot("A-1", None)).await.expect("a slot");
    let capture = admin.capture_upload(JPEGS[0].clone(), "image/jpeg", &CaptureMeta::default()).await;
    let capture = capture.expect("a capture").value;
    let mut mirror = Mirror::default();
    let mut follower = Follower::new(&admin);
    follower.go_live().await;
    for _ in 0..2 {
        let seq = set(&admin, SlotState::Occupied).await.expect("there is room");
        mirror.prove(&admin).await;
        set_full(&parkd, true);
        for _ in 0..3 {
            let refused = set(&admin, SlotState::Free).await.expect_err("there is no room");
            assert!(is_full(&refused), "{refused:?}");
        }
        let refused = admin.capture_upload(JPEGS[1].clone(), "image/jpeg", &CaptureMeta::default()).await;
        assert!(is_full(&refused.expect_err("there is no room")));
        assert_eq!(mirror.prove(&admin).await, [], "what was refused has not happened, and everything can be read");
        assert_eq!(admin.image(&capture.key, None).await.expect("the picture"), JPEGS[0]);
        assert_eq!(told(&mut follower, 1).await, [true], "who follows is told");
        assert_eq!(follower.view.at, seq);

        set_full(&parkd, false);
        let seq = wait_for("room again", async || set(&admin, SlotState::Free).await.ok()).await;
        assert_eq!(told(&mut follower, seq).await, [false], "and told again, once: while it was full nothing worked");
        mirror.prove(&admin).await;
    }
    set_full(&parkd, true);
    set(&admin, SlotState::Occupied).await.expect_err("there is no room");
    parkd.kill();
    parkd.restart();
    assert_eq!(mirror.prove(&parkd.admin()).await, []);
    parkd.verify();
}

/// What is said of the database until event `seq` is there and something was said.
async fn told(follower: &mut Follower, seq: u64) -> Vec<bool> {
    let mut told = Vec::new();
    while told.is_empty() || follower.view.at < seq {
        if let LiveMessage::Degraded(degraded) = follower.next().await {
            told.push(degraded.active);
        }
    }
    told
}
