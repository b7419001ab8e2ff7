//! A stop in good order: what was acknowledged is kept, what is on its way gets its time, and everybody is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_api::captures::Capture;
use parking_api::client::{Client, Error, EventQuery, Mutation};
use parking_api::live::{Frame, close};
use parking_api::slots::{SetSlot, Slot, SlotState};
use parking_api::{Committed, ProblemCode, SlotRef, paths};
use reqwest::header::ACCEPT;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::hand::new_slot;
use crate::harness::{Parkd, signal, wait_for};
use crate::live::{slow, view::Follower};
use crate::mirror::Mirror;
use crate::pictures::JPEGS;
use crate::wire::{self, Wire};

/// Longest time that a stop may take.
const STOP_MAX: Duration = Duration::from_secs(10);

/// An upload that comes in two halves.
struct Upload {
    stream: TcpStream,
    rest: Bytes,
}

impl Upload {
    /// Sends the head and the first half.
    async fn begin(parkd: &Parkd, picture: &Bytes) -> Self {
        let mut stream = TcpStream::connect(parkd.address()).await.expect("a connection");
        let (path, host, token) = (paths::CAPTURE, parkd.address(), parkd.admin_token());
        let bytes = picture.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: image/jpeg\r\n\
             Content-Length: {bytes}\r\nExpect: 100-continue\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("the head is taken");
        // The daemon says this when it begins to read the body: from then on the upload is in its hands.
        let mut answer = [0; 25];
        stream.read_exact(&mut answer).await.expect("an interim answer");
        assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(&picture[..bytes / 2]).await.expect("half of it is taken");
        Self { stream, rest: picture.slice(bytes / 2..) }
    }

    async fn end(mut self) -> Committed<Capture> {
        self.stream.write_all(&self.rest).await.expect("the other half is taken");
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("a capture")
    }
}

/// Sets a slot until the daemon takes nothing more; every answer.
async fn write(client: Client, code: String, goes_on: Arc<AtomicBool>) -> Vec<Committed<Slot>> {
    let slot = SlotRef::Code(code.parse().expect("a code"));
    let mut done = Vec::new();
    loop {
        let set = SetSlot { note: Some(Some(done.len().to_string())), ..SetSlot::to(SlotState::Occupied) };
        match client.slot_set(&slot, &set, &Mutation::default()).await {
            Ok(committed) => done.push(committed),
            Err(Error::Refused(problem)) => {
                assert_eq!(problem.code, ProblemCode::Unavailable, "{problem:?}");
                return done;
            }
            Err(Error::Unreachable { .. }) => return done,
            Err(error) => panic!("{error:?}"),
        }
        goes_on.store(true, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_keeps_what_was_acknowledged_finishes_what_is_on_its_way_and_tells_everybody() {
    let mut parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let mut writers = JoinSet::new();
    let goes_on = Arc::new(AtomicBool::new(false));
    for index in 0..8 {
        let code = format!("A-{index}");
        admin.slot_create(&new_slot(&code, None)).await.expect("a slot");
        writers.spawn(write(parkd.admin(), code, Arc::clone(&goes_on)));
    }
    wait_for("a first write", async || goes_on.load(Ordering::Relaxed).then_some(())).await;
    let bearer = format!("Bearer {}", parkd.admin_token());
    let mut socket = wire::socket(&parkd, "/ws", &[("authorization", &bearer)]).await;
    let request = Wire::admin(&parkd).request("GET", paths::EVENTS).header(ACCEPT, "text/event-stream");
    let mut stream = request.send().await.expect("a stream");
    // Nothing of this kind will ever come.
    let never = EventQuery { kind: Some("lot.changed".into()), wait_s: Some(30), ..EventQuery::default() };
    let mut poll = JoinSet::new();
    poll.spawn({
        let admin = admin.clone();
        async move { admin.events(&never).await }
    });
    let upload = Upload::begin(&parkd, &JPEGS[0]).await;

    let since = Instant::now();
    signal(parkd.pid(), "TERM");
    let (mut bye, mut last) = (None, 0);
    let code = loop {
        match wire::frame(&mut socket).await {
            Ok(Frame::Bye(said)) => bye = Some(said),
            Ok(Frame::Events(events)) => last = events.events.last().map_or(last, parking_api::events::LogEntry::seq),
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!((bye.expect("a good-bye").code, code), (close::SHUTDOWN, close::SHUTDOWN));
    let capture = upload.end().await;
    while stream.chunk().await.expect("it is closed in order").is_some() {}
    let page = poll.join_next().await.expect("one poll").expect("it ends").expect("a page");
    assert!(page.events.is_empty());
    let written: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    assert_eq!(parkd.ended(), Some(0));
    assert!(since.elapsed() < STOP_MAX, "it took {:?}", since.elapsed());
    assert!(!parkd.data_dir().join("parkd.url").exists(), "nobody is sent to a daemon that is gone");

    parkd.verify();
    parkd.restart();
    let mut mirror = Mirror::default();
    let log = mirror.prove(&parkd.admin()).await;
    assert!(mirror.seq >= last, "what a socket was shown is kept");
    for committed in written {
        let event = serde_json::to_value(&log[committed.seq as usize - 1]).expect("an event is JSON");
        assert_eq!(event["data"]["slot"], serde_json::to_value(&committed.value).expect("a slot is JSON"));
    }
    assert_eq!(mirror.captures.get(&capture.value.id), Some(&capture.value));
    assert_eq!(parkd.admin().image(&capture.value.key, None).await.expect("the picture"), JPEGS[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_never_reads_does_not_hold_up_a_stop() {
    let mut parkd = Parkd::start(&[]);
    let mut reader = Follower::new(&parkd.admin());
    slow::churn(&parkd.admin(), 0).await;
    reader.go_live().await;
    let (_deaf, ours) = slow::narrow(&parkd).await;
    slow::fill(&parkd, &[ours], &mut reader).await;
    let since = Instant::now();
    assert_eq!(parkd.stop(), Some(0), "it stops in good order:\n{}", parkd.log());
    assert!(since.elapsed() < STOP_MAX / 2, "it took {:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_nobody_for_ever_and_after_a_second_signal_not_at_all() {
    let mut parkd = Parkd::start(&[]);
    for is_hurried in [false, true] {
        let upload = Upload::begin(&parkd, &JPEGS[0]).await;
        let mut since = Instant::now();
        signal(parkd.pid(), "TERM");
        if is_hurried {
            wait_for("the first signal to be heard", async || {
                // What the first round has said is in the same log.
                (parkd.log().matches("stopping").count() == 2).then_some(())
            })
            .await;
            since = Instant::now();
            signal(parkd.pid(), "INT");
        }
        // Dropping what was never acknowledged is no failure; being told to hurry may be one.
        assert_eq!(parkd.ended(), Some(i32::from(is_hurried)));
        let most = if is_hurried { STOP_MAX / 4 } else { STOP_MAX };
        assert!(since.elapsed() < most, "it took {:?}", since.elapsed());
        drop(upload);
        parkd.verify();
        parkd.restart();
        let error = parkd.admin().capture_latest(None).await.expect_err("half an upload is none");
        assert!(matches!(error, Error::Refused(problem) if problem.code == ProblemCode::CaptureNotFound));
    }
}
