//! Two processes on one embedded database.

use std::time::{Duration, Instant};

use parking_api::client::{Client, Error, Mutation};
use parking_api::events::EventChange;
use parking_api::live::{Frame, close};
use parking_api::slots::SlotState;
use parking_api::{ProblemCode, SlotRef};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::hand::new_slot;
use crate::harness::{PATIENCE, Parkd, run, wait_for};
use crate::live::view::Follower;
use crate::mirror::Mirror;
use crate::wire;

const USABLE_MAX: Duration = Duration::from_secs(2);
const REVOKED_MAX: Duration = Duration::from_secs(5);

/// What a subcommand of another process prints.
fn said(parkd: &Parkd, args: &[&str]) -> String {
    let output = run(parkd.data_dir(), args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_another_process_makes_and_revokes_are_noticed_at_once() {
    let parkd = Parkd::start(&[]);
    let token = said(&parkd, &["token", "create", "the wall", "--role", "viewer"]);
    let since = Instant::now();
    let client = parkd.client_with(Some(token.clone()));
    let identity = loop {
        assert!(since.elapsed() < USABLE_MAX, "it is not valid after {:?}", since.elapsed());
        if let Ok(identity) = client.identity().await {
            break identity;
        }
        // Few tries: many with a token that is not valid look like somebody who guesses.
        tokio::time::sleep(USABLE_MAX / 8).await;
    };
    assert_eq!(identity.name, "the wall");

    let bearer = format!("Bearer {token}");
    let mut socket = wire::socket(&parkd, "/ws", &[("authorization", &bearer)]).await;
    assert!(matches!(wire::frame(&mut socket).await, Ok(Frame::Hello(_))));
    let listed = said(&parkd, &["token", "list"]);
    let prefix = listed.lines().find(|line| line.contains("the wall")).expect("it is listed").split(' ').next();
    said(&parkd, &["token", "revoke", prefix.expect("a prefix")]);
    let since = Instant::now();
    let closed = timeout(PATIENCE, async {
        loop {
            if let Err(code) = wire::frame(&mut socket).await {
                return code;
            }
        }
    });
    assert_eq!(closed.await.expect("an end"), close::BAD_TOKEN);
    let Err(Error::Refused(problem)) = client.identity().await else { panic!("the token is no longer valid") };
    assert_eq!(problem.code, ProblemCode::Unauthenticated);
    assert!(since.elapsed() < REVOKED_MAX, "it took {:?}", since.elapsed());
    Mirror::default().prove(&parkd.admin()).await;
    parkd.verify();
}

/// Toggles so many times; waits where the other process holds the database for too long.
async fn toggle(client: Client, slot: SlotRef, times: usize) {
    for _ in 0..times {
        wait_for("a toggle", async || match client.slot_toggle(&slot, &Mutation::default()).await {
            Ok(_) => Some(()),
            Err(Error::Refused(problem)) if problem.code == ProblemCode::Unavailable => None,
            Err(error) => panic!("{error:?}"),
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_daemons_on_one_database_write_one_gapless_log() {
    const HANDS: usize = 3;
    const TIMES: usize = 25;
    let first = Parkd::start(&[]);
    let second = first.start_beside(&[]);
    let slot = first.admin().slot_create(&new_slot("A-1", None)).await.expect("a slot").value.id;
    wait_for("the slot at the other daemon", async || second.admin().slot(&SlotRef::Id(slot)).await.ok()).await;
    let mut followers = [Follower::new(&first.admin()), Follower::new(&second.admin())];
    for follower in &mut followers {
        follower.go_live().await;
    }
    let mut hands = JoinSet::new();
    for _ in 0..HANDS {
        hands.spawn(toggle(first.admin(), SlotRef::Id(slot), TIMES));
        hands.spawn(toggle(second.admin(), SlotRef::Id(slot), TIMES));
    }
    hands.join_all().await;
    // Who goes from one to the other goes on where it was, even if the other has yet to hear of it.
    let mut moved = Follower::returning(&second.admin(), followers[0].cursor_at_head(&first.admin()).await);
    moved.go_live().await;
    assert_eq!(moved.view.snapshots, []);
    let mut mirror = Mirror::default();
    let log = mirror.prove(&first.admin()).await;
    let states: Vec<_> = log
        .iter()
        .filter_map(|event| match &event.change {
            EventChange::SlotChanged { slot, .. } => Some(slot.state),
            _ => None,
        })
        .collect();
    assert_eq!(states.len(), 2 * HANDS * TIMES, "each toggle counts once, whoever took it");
    assert!(states.chunks(2).all(|pair| pair == [SlotState::Occupied, SlotState::Free]));
    for (follower, parkd) in followers.iter_mut().zip([&first, &second]) {
        follower.reach(mirror.seq).await;
        follower.view.assert_same(&parkd.admin()).await;
        Mirror::default().prove(&parkd.admin()).await;
        parkd.verify();
    }
}
