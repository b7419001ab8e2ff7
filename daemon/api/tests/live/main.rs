//! `follow` against a server that refuses, falls silent, cuts, repeats, loses and talks nonsense.

mod stage;

use std::collections::VecDeque;
use std::time::Duration;

use parking_api::ProblemCode;
use parking_api::client::{Client, Config, Error, LinkState, Live, LiveMessage, LiveOptions, follow};
use parking_api::live::{Cursor, Frame, close};
use tokio::net::TcpListener;
use tokio::time::timeout;

use stage::*;

fn quick() -> LiveOptions {
    let (backoff_min, backoff_max) = (Duration::from_millis(10), Duration::from_millis(40));
    LiveOptions { backoff_min, backoff_max, seed: 7, ..LiveOptions::default() }
}

async fn next(live: &mut Live) -> Option<LiveMessage> {
    timeout(PATIENCE, live.next()).await.expect("a message in time")
}

fn name(message: &LiveMessage) -> String {
    match message {
        LiveMessage::State(LinkState::Offline { .. }) => "Offline".into(),
        LiveMessage::State(state) => format!("{state:?}"),
        LiveMessage::Greeted { .. } => "Greeted".into(),
        LiveMessage::Snapshot(snapshot) => format!("snapshot {}", snapshot.seq),
        LiveMessage::Event(event) => format!("event {}", event.seq),
        LiveMessage::Skipped { seq, kind } => format!("{kind} {seq}"),
        LiveMessage::Lagged(lagged) => format!("lagged {}", lagged.to),
        LiveMessage::Degraded(degraded) => format!("degraded {}", degraded.active),
        LiveMessage::Heartbeat { head, .. } => format!("heartbeat {head}"),
        LiveMessage::Ended(error) => format!("ended: {error}"),
    }
}

/// Takes messages up to the one that is named `last`, and says why the connection was lost, each time that it was.
async fn until(live: &mut Live, last: &str) -> (String, Vec<String>) {
    let (mut names, mut reasons) = (Vec::new(), Vec::new());
    loop {
        let message = next(live).await.unwrap_or_else(|| panic!("the stream ended after {names:?}"));
        names.push(name(&message));
        if let LiveMessage::State(LinkState::Offline { reason, .. }) = message {
            reasons.push(reason);
        }
        if names.last().is_some_and(|name| name == last) {
            return (names.join(", "), reasons);
        }
    }
}

/// The path of a request with and without a cursor.
fn asked(cursor: Option<u64>) -> Heard {
    let cursor = cursor.map(|seq| format!("&epoch=e&after={seq}")).unwrap_or_default();
    Heard::Request(format!("/ws?lot=main{cursor}"), Some(format!("Bearer {TOKEN}")))
}

#[tokio::test]
async fn a_stream_that_was_cut_goes_on_where_it_was() {
    let torn = [Act::Say(numbered([4])), Act::Say(lagged(4, 6)), Act::Torn];
    let late = Scene::Play(
        say([hello(8), resumed(6, 8), numbered([7]), numbered([8, 9])]).into_iter().chain([Act::Wait]).collect(),
    );
    let mut stage = Stage::new([begun(3, torn), late]).await;
    let mut live = stage.follow(quick());
    let (names, _) = until(&mut live, "event 9").await;
    assert_eq!(
        names,
        "Connecting, Greeted, CatchingUp, snapshot 3, Live, event 4, lagged 6, Offline, \
         Connecting, Greeted, CatchingUp, event 7, event 8, Live, event 9"
    );
    assert_eq!(live.cursor(), Some(Cursor { epoch: "e".into(), seq: 9 }));
    assert_eq!(stage.hear().await, asked(None));
    assert_eq!(stage.hear().await, asked(Some(6)));

    drop(live);
    assert_eq!(stage.hear().await, Heard::Left);
}

#[tokio::test]
async fn a_caller_that_was_here_before_gets_only_what_it_missed() {
    let stage = Stage::new([Scene::Play(say([hello(5), resumed(4, 5), numbered([5])]))]).await;
    let cursor = Some(Cursor { epoch: "e".into(), seq: 4 });
    let mut live = stage.follow(LiveOptions { cursor: cursor.clone(), ..quick() });
    assert_eq!(live.cursor(), cursor);
    assert_eq!(until(&mut live, "Live").await.0, "Connecting, Greeted, CatchingUp, event 5, Live");
}

#[tokio::test]
async fn repeated_events_are_dropped_and_a_gap_is_closed_by_reconnecting() {
    let first = say([numbered([2, 3, 4]), numbered([4]), numbered([6])]);
    let second = say([hello(6), resumed(4, 6), numbered([5, 6])]);
    let mut stage = Stage::new([begun(3, first), Scene::Play(second)]).await;
    let mut live = stage.follow(quick());
    let (names, reasons) = until(&mut live, "event 6").await;
    assert!(names.contains("Live, event 4, Offline, Connecting, Greeted, CatchingUp, event 5, event 6"), "{names}");
    assert_eq!(reasons, ["event 5 is missing: 6 came after 4"]);
    assert_eq!(stage.hear().await, asked(None));
    assert_eq!(stage.hear().await, asked(Some(4)));
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_after_two_and_a_half_heartbeats() {
    let silent = Scene::Play(vec![Act::Say(beating(3, 1)), Act::Say(snapshot(3)), Act::Wait]);
    let mut stage = Stage::new([silent, back(3, [Act::Wait])]).await;
    let mut live = stage.follow(quick());
    let (_, reasons) = until(&mut live, "Offline").await;
    assert_eq!(reasons, ["nothing was heard for 2.5s"]);
    until(&mut live, "Live").await;
    assert_eq!(stage.hear().await, asked(None));
    assert_eq!(stage.hear().await, Heard::Left);
    assert_eq!(stage.hear().await, asked(Some(3)));
}

#[tokio::test]
async fn a_large_frame_on_a_slow_line_is_not_silence() {
    let slow = Scene::Play(vec![Act::Say(beating(3, 1)), Act::Slow(snapshot(3)), Act::Wait]);
    let stage = Stage::new([slow]).await;
    let mut live = stage.follow(quick());
    assert_eq!(until(&mut live, "Live").await.0, "Connecting, Greeted, CatchingUp, snapshot 3, Live");
}

#[tokio::test]
async fn nonsense_three_times_in_a_row_makes_the_client_ask_for_a_snapshot() {
    let nonsense = [Act::Text("{\"type\":"), Act::Text("{\"type\":\"events\"}"), Act::Binary];
    let scenes = nonsense.map(|act| back(3, [act]));
    let scenes: VecDeque<_> = scenes.into_iter().chain([begun(3, [Act::Wait])]).collect();
    let mut stage = Stage::new(scenes).await;
    let cursor = Some(Cursor { epoch: "e".into(), seq: 3 });
    let mut live = stage.follow(LiveOptions { cursor, ..quick() });
    let (_, reasons) = until(&mut live, "snapshot 3").await;
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons[0].starts_with("a frame cannot be read: "), "{reasons:?}");
    assert!(reasons[1].starts_with("a frame cannot be read: missing field `events`"), "{reasons:?}");
    assert_eq!(reasons[2], "a frame is not text");
    for cursor in [Some(3), Some(3), Some(3), None] {
        assert_eq!(stage.hear().await, asked(cursor));
    }
}

#[tokio::test]
async fn a_stopping_server_is_left_alone_for_as_long_as_it_asks() {
    let stage = Stage::new([begun(3, say([bye(close::SHUTDOWN, Some(300))])), back(3, [Act::Wait])]).await;
    let mut live = stage.follow(quick());
    until(&mut live, "Live").await;
    let Some(LiveMessage::State(LinkState::Offline { retry_in, reason, .. })) = next(&mut live).await else {
        panic!("offline after the farewell")
    };
    assert_eq!(reason, "for a test");
    assert!(retry_in >= Duration::from_millis(310) && retry_in <= Duration::from_millis(340), "{retry_in:?}");
    let asked_at = tokio::time::Instant::now();
    until(&mut live, "Live").await;
    assert!(asked_at.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_terminal_close_is_the_last_message() {
    for (act, code) in [
        (Act::Say(bye(close::BAD_TOKEN, None)), Some(ProblemCode::Unauthenticated)),
        (Act::Close(close::LOT_GONE), Some(ProblemCode::LotNotFound)),
        (Act::Close(close::PROTOCOL), None),
    ] {
        let stage = Stage::new([begun(3, [act])]).await;
        let mut live = stage.follow(quick());
        until(&mut live, "Live").await;
        match next(&mut live).await {
            Some(LiveMessage::Ended(Error::Refused(problem))) => assert_eq!(Some(problem.code), code),
            Some(LiveMessage::Ended(Error::Protocol { .. })) => assert_eq!(None, code),
            other => panic!("{other:?} instead of the end with {code:?}"),
        }
        assert_eq!(next(&mut live).await, None);
        assert_eq!(next(&mut live).await, None);
    }
}

#[tokio::test]
async fn a_handshake_that_is_refused_for_good_is_the_end() {
    for (scene, code) in [
        (problem(ProblemCode::Unauthenticated, None), ProblemCode::Unauthenticated),
        (problem(ProblemCode::OriginRefused, None), ProblemCode::OriginRefused),
        (problem(ProblemCode::LotNotFound, None), ProblemCode::LotNotFound),
        (http("401 Unauthorized", "text/html", "<p>Log in</p>"), ProblemCode::Unauthenticated),
        (http("403 Forbidden", "text/plain", ""), ProblemCode::Forbidden),
    ] {
        let stage = Stage::new([scene]).await;
        let mut live = stage.follow(quick());
        assert_eq!(next(&mut live).await, Some(LiveMessage::State(LinkState::Connecting)));
        let Some(LiveMessage::Ended(Error::Refused(problem))) = next(&mut live).await else {
            panic!("the end with {code:?}")
        };
        assert_eq!(problem.code, code);
        assert_eq!(next(&mut live).await, None);
    }
}

#[tokio::test]
async fn a_handshake_that_fails_for_now_is_tried_again() {
    let refusals = [
        Scene::HangUp,
        problem(ProblemCode::Unavailable, None),
        problem(ProblemCode::RateLimited, Some(100)),
        http("502 Bad Gateway", "text/html", "<h1>Bad Gateway</h1>"),
        http("404 Not Found", "text/html", "<h1>Not Found</h1>"),
        http("200 OK", "text/plain", "hello"),
        Scene::Answer("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n".into()),
    ];
    let count = refusals.len();
    let mut stage = Stage::new(refusals.into_iter().chain([begun(3, [Act::Wait])]).collect::<VecDeque<_>>()).await;
    let mut live = stage.follow(quick());
    let mut losses = Vec::new();
    loop {
        match next(&mut live).await.expect("no end") {
            LiveMessage::State(LinkState::Offline { since, retry_in, reason }) => {
                losses.push((since, retry_in, reason));
            }
            LiveMessage::State(LinkState::Live) => break,
            _ => {}
        }
    }
    assert_eq!(losses.len(), count, "{losses:#?}");
    assert!(losses.iter().all(|(since, ..)| *since == losses[0].0), "offline since the first loss: {losses:#?}");
    assert!(losses.iter().all(|(_, retry_in, _)| *retry_in >= Duration::from_millis(10)), "{losses:#?}");
    assert!(losses[2].1 >= Duration::from_millis(110), "{losses:#?}");
    assert!(losses[3].2.contains("502 Bad Gateway (<h1>Bad Gateway</h1>)"), "{losses:#?}");
    for _ in 0..=count {
        assert_eq!(stage.hear().await, asked(None));
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_offline_and_not_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let client = Client::new(Config::new(&url)).expect("a good configuration");
    let mut live = follow(&client, quick());
    for _ in 0..3 {
        let (names, reasons) = until(&mut live, "Offline").await;
        assert_eq!(names, "Connecting, Offline");
        assert!(reasons[0].contains("refused"), "{reasons:?}");
    }
}

#[tokio::test]
async fn a_caller_that_does_not_read_slows_the_server_down_and_loses_nothing() {
    let mut stage = Stage::new([begun(3, [Act::Flood(4, 10), Act::Wait])]).await;
    let mut live = stage.follow(LiveOptions { queue: 2, ..quick() });
    assert_eq!(stage.hear().await, asked(None));
    let Heard::Full(full) = stage.hear().await else { panic!("the line is full before anything else happens") };
    let mut expected = 4;
    while expected <= full + 10 {
        if let LiveMessage::Event(event) = next(&mut live).await.expect("no end") {
            assert_eq!(event.seq, expected);
            expected += 1;
        }
    }
}

#[tokio::test]
async fn pings_are_answered_and_heartbeats_handed_on() {
    let acts = [Act::Ping, Act::Say(heartbeat(3)), Act::Wait];
    let mut stage = Stage::new([begun(3, acts)]).await;
    let mut live = stage.follow(quick());
    assert_eq!(
        until(&mut live, "heartbeat 3").await.0,
        "Connecting, Greeted, CatchingUp, snapshot 3, Live, heartbeat 3"
    );
    assert_eq!(stage.hear().await, asked(None));
    assert_eq!(stage.hear().await, Heard::Pong);
}

#[tokio::test]
async fn a_snapshot_of_the_largest_lot_is_taken() {
    let Frame::Snapshot(mut large) = snapshot(3) else { unreachable!("a snapshot") };
    large.slots = vec![large.slots[0].clone(); parking_api::slots::SLOTS_MAX];
    let stage = Stage::new([Scene::Play(vec![Act::Say(hello(3)), Act::Say(Frame::Snapshot(large)), Act::Wait])]).await;
    let mut live = stage.follow(quick());
    until(&mut live, "Live").await;
}
