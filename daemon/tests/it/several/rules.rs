//! Rules that hold at all daemons together: who may come in, what was done already, and when a camera is silent.

use std::time::{Duration, Instant};

use parking_api::cameras::{CameraStatus, Health, NewCamera};
use parking_api::client::{Client, Error, Mutation};
use parking_api::events::{EventChange, LogEntry};
use parking_api::live::{Frame, close};
use parking_api::slots::{SetSlot, SlotState};
use parking_api::tokens::{NewToken, Role};
use parking_api::{ProblemCode, SlotRef};
use tokio::task::JoinSet;

use super::Pair;
use crate::hand::new_slot;
use crate::harness::{signal, wait_for};
use crate::live::view::Follower;
use crate::mirror::Mirror;
use crate::wire::{self, Wire};

/// As long as a virtual machine may be moved, or a laptop be closed for a moment.
const PAUSE: Duration = Duration::from_secs(10);
const REVOKED_MAX: Duration = Duration::from_secs(5);
/// How long a camera is heard at one of two daemons, and how long nobody hears it then.
const HEARD: Duration = Duration::from_secs(9);
const SILENT: Duration = Duration::from_secs(11);

/// Asks until it is decided: who was paused in the middle of something may have to begin anew.
async fn answered<T, F>(mut ask: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    loop {
        match ask().await {
            Err(Error::Refused(problem)) if problem.code == ProblemCode::Unavailable => {}
            decided => return decided,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_paused_catches_up_before_it_decides_anything() {
    let mut pair = Pair::new();
    let [awake, paused] = pair.admins();
    let slot = awake.slot_create(&new_slot("A-1", None)).await.expect("a slot").value;
    let at = SlotRef::Id(slot.id);
    wait_for("the slot at the other daemon", async || paused.slot(&at).await.ok()).await;
    let mut follower = Follower::new(&paused);
    follower.go_live().await;
    let seen = paused.slot(&at).await.expect("the slot").rev;

    signal(pair.other.pid(), "STOP");
    // What is asked of it meanwhile waits in front of its door.
    let stale = Mutation { if_match: Some(seen), idempotency_key: None };
    let mut asked = JoinSet::new();
    asked.spawn({
        let (paused, at) = (paused.clone(), at.clone());
        async move {
            let stale = answered(async || paused.slot_toggle(&at, &stale).await).await;
            let taken = answered(async || paused.slot_create(&new_slot("A-2", None)).await).await;
            (stale, taken, answered(async || paused.slot_toggle(&at, &Mutation::default()).await).await)
        }
    });
    let since = Instant::now();
    awake.slot_create(&new_slot("A-2", None)).await.expect("a slot");
    let mut toggles = 0;
    while since.elapsed() < PAUSE {
        awake.slot_toggle(&at, &Mutation::default()).await.expect("nobody waits for who is paused");
        toggles += 1;
    }
    if toggles % 2 == 0 {
        awake.slot_toggle(&at, &Mutation::default()).await.expect("a toggle");
    }
    assert!(toggles > 1_000, "so many that they are not read in one page: {toggles}");
    signal(pair.other.pid(), "CONT");
    let (stale, taken, toggled) = asked.join_next().await.expect("a task").expect("answers");
    let code = |error: Error| match error {
        Error::Refused(problem) => problem.code,
        error => panic!("{error:?}"),
    };
    assert_eq!(code(stale.expect_err("it has changed since")), ProblemCode::RevStale);
    assert_eq!(code(taken.expect_err("somebody else made it")), ProblemCode::AlreadyExists);
    let toggled = toggled.expect("a toggle").value;
    assert_eq!(toggled.state, SlotState::Free, "it was occupied by the last of many toggles elsewhere");
    follower.reach(toggled.rev).await;
    follower.view.assert_same(&paused).await;
    Mirror::default().prove(&paused).await;
    pair.one.verify();
    assert_eq!(pair.other.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_change_whichever_daemon_is_asked() {
    let pair = Pair::new();
    let admins = pair.admins();
    let slot = admins[0].slot_create(&new_slot("A-1", None)).await.expect("a slot").value;
    let at = SlotRef::Id(slot.id);
    wait_for("the slot at the other daemon", async || admins[1].slot(&at).await.ok()).await;
    for round in 0..20 {
        let guard = Mutation { if_match: None, idempotency_key: Some(format!("round-{round}")) };
        let (one, other) = tokio::join!(admins[0].slot_toggle(&at, &guard), admins[1].slot_toggle(&at, &guard));
        let (one, other) = (one.expect("a toggle"), other.expect("the same toggle"));
        assert_eq!((one.seq, &one.value), (other.seq, &other.value));
        let other_body = SetSlot { state: SlotState::Closed, note: None, source: None };
        let refused =
            admins[round % 2].slot_set(&at, &other_body, &guard).await.expect_err("it was for another request");
        assert!(matches!(&refused, Error::Refused(p) if p.code == ProblemCode::IdempotencyMismatch), "{refused:?}");
    }
    let log = Mirror::default().prove(&admins[1]).await;
    let toggles = log.iter().filter(|event| matches!(event.change, EventChange::SlotChanged { .. })).count();
    assert_eq!(toggles, 20);
    pair.one.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_revoked_at_one_daemon_opens_nothing_at_another() {
    let pair = Pair::new();
    let [one, other] = pair.admins();
    let new = NewToken { name: "the wall".into(), role: Role::Viewer, expires_at: None };
    let made = one.token_create(&new).await.expect("a token").value;
    let client = pair.other.client_with(Some(made.token.clone()));
    wait_for("the token at the other daemon", async || client.identity().await.ok()).await;
    let bearer = format!("Bearer {}", made.token);
    let mut socket = wire::socket(&pair.other, "/ws", &[("authorization", &bearer)]).await;
    assert!(matches!(wire::frame(&mut socket).await, Ok(Frame::Hello(_))));
    one.token_revoke(&made.info.id.to_string()).await.expect("it is revoked");
    let since = Instant::now();
    let code = loop {
        if let Err(code) = wire::frame(&mut socket).await {
            break code;
        }
    };
    assert_eq!(code, close::BAD_TOKEN);
    assert!(since.elapsed() < REVOKED_MAX, "{:?}", since.elapsed());
    client.identity().await.expect_err("it opens nothing");
    other.lots().await.expect("others are not concerned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_is_slowed_down_by_all_daemons_together() {
    let pair = Pair::new();
    let mut attempts = 0;
    // In turn at each of them, until it is enough; then it is enough at both.
    while code_of_guess(&pair, attempts).await != ProblemCode::RateLimited {
        attempts += 1;
        assert!(attempts < 13, "{attempts} failed logins, and no end");
    }
    assert!(attempts >= 10, "{attempts} are few for somebody who mistypes");
    assert_eq!(code_of_guess(&pair, attempts + 1).await, ProblemCode::RateLimited);
    // Who has a token is not slowed down.
    for admin in pair.admins() {
        admin.identity().await.expect("the token is valid");
    }
}

async fn code_of_guess(pair: &Pair, attempt: usize) -> ProblemCode {
    let parkd = if attempt.is_multiple_of(2) { &pair.one } else { &pair.other };
    Wire::new(parkd, Some("park_not-a-token-of-anybody")).get("/api/slots").await.code()
}

/// Every status that the log tells of this camera.
async fn statuses(client: &Client) -> Vec<CameraStatus> {
    let page = client.events(&Default::default()).await.expect("events").events;
    let of = |entry: &LogEntry| match entry.event().map(|event| &event.change) {
        Some(EventChange::CameraStatus { camera }) => Some(camera.status),
        _ => None,
    };
    page.iter().filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_one_daemon_hears_is_silent_for_none_and_each_change_is_told_once() {
    let pair = Pair::new();
    let [one, other] = pair.admins();
    let id: parking_api::CameraId = "cam-1".parse().expect("a camera id");
    let new = NewCamera { id: id.clone(), name: None, zone: None, interval_s: Some(1) };
    one.camera_create(&new).await.expect("a camera");
    let since = Instant::now();
    while since.elapsed() < HEARD {
        one.camera_health(&id, &Health::default()).await.expect("it is heard");
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    assert_eq!(statuses(&one).await, [CameraStatus::Online], "both daemons take it for what it is");
    let contact =
        wait_for("the contact at the other daemon", async || other.camera(&id).await.expect("the camera").contact);
    assert!(contact.await.health.is_some());
    tokio::time::sleep(SILENT).await;
    assert_eq!(statuses(&other).await, [CameraStatus::Online, CameraStatus::Late, CameraStatus::Offline]);
    // It comes back at the other one.
    other.camera_health(&id, &Health::default()).await.expect("it is heard");
    wait_for("the camera at the first daemon", async || {
        (one.camera(&id).await.expect("the camera").status == CameraStatus::Online).then_some(())
    })
    .await;
    assert_eq!(statuses(&one).await.len(), 4);
    pair.one.verify();
}
