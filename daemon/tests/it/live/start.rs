//! How a follower begins: where it was, or with everything.

use parking_api::ProblemCode;
use parking_api::client::{Client, Error, EventQuery};
use parking_api::events::EVENTS_PAGE_MAX;
use parking_api::live::{Cursor, Frame, HEARTBEAT_S, Hello, SnapshotReason};
use parking_api::{PROTOCOL, SlotRef, slots::SlotPatch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::view::{Follower, View};
use crate::hand::new_slot;
use crate::harness::{Parkd, wait_for};
use crate::wire;

/// How many events behind a client may be and still be sent each of them.
const BEHIND_MAX: u64 = 5_000;

/// Slots `A-1` to `A-count`, one event each.
async fn fill(client: &Client, count: usize) -> u64 {
    let rows: Vec<_> = (1..=count).map(|index| new_slot(&format!("A-{index}"), None)).collect();
    client.slots_import_json(&rows, false).await.expect("slots").seq
}

/// Where the log of the lot stands.
async fn stand(client: &Client) -> (String, u64, u64) {
    let page = client.events(&EventQuery { limit: Some(1), ..EventQuery::default() }).await.expect("the log");
    (page.epoch, page.head, page.floor)
}

/// Opens a socket and reads until everything up to the head of its greeting is there; all frames, the greeting first.
async fn begin(parkd: &Parkd, query: &str, from: u64) -> (Hello, Vec<Frame>, View) {
    let bearer = format!("Bearer {}", parkd.admin_token());
    let mut socket = wire::socket(parkd, &format!("/ws?lot=main{query}"), &[("authorization", &bearer)]).await;
    let Ok(Frame::Hello(hello)) = wire::frame(&mut socket).await else { panic!("the first frame is hello") };
    let mut view = View::after(from);
    let mut frames = Vec::new();
    while frames.is_empty() || view.at < hello.head {
        let frame = wire::frame(&mut socket).await.expect("a frame");
        view.take(&frame);
        frames.push(frame);
    }
    (hello, frames, view)
}

/// The one snapshot that a start came with, and no event beside it.
async fn snapshot(parkd: &Parkd, query: &str) -> SnapshotReason {
    // Ahead or not, what counts is where the snapshot is.
    let (hello, frames, view) = begin(parkd, query, 0).await;
    assert!(matches!(&frames[..], [Frame::Snapshot(_)]), "after hello comes one snapshot: {frames:?}");
    assert_eq!(view.at, hello.head);
    view.assert_same(&parkd.admin()).await;
    view.snapshots[0]
}

#[tokio::test]
async fn after_hello_comes_either_what_was_missed_or_a_snapshot_that_says_why() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let head = fill(&admin, 20).await;
    let (epoch, ..) = stand(&admin).await;

    assert_eq!(snapshot(&parkd, "").await, SnapshotReason::NoCursor);
    let other = format!("&epoch=0123456789abcdef&after={head}");
    assert_eq!(snapshot(&parkd, &other).await, SnapshotReason::EpochChanged);
    let ahead = format!("&epoch={epoch}&after={}", head + 1);
    assert_eq!(snapshot(&parkd, &ahead).await, SnapshotReason::Ahead);
    for from in [0, 1, 7, head - 1, head] {
        let (hello, frames, view) = begin(&parkd, &format!("&epoch={epoch}&after={from}"), from).await;
        assert_eq!((hello.protocol, hello.lot.as_str(), hello.epoch.as_str()), (PROTOCOL, "main", epoch.as_str()));
        assert_eq!((hello.head, hello.floor, hello.heartbeat_s), (head, 1, HEARTBEAT_S));
        let Frame::Resumed(resumed) = &frames[0] else { panic!("{frames:?}") };
        assert_eq!((resumed.from, resumed.head), (from, head));
        assert!(frames[1..].iter().all(|frame| matches!(frame, Frame::Events(_))), "{frames:?}");
        assert_eq!(view.entries.len() as u64, head - from, "every event that was missed, and no other");
    }
}

#[tokio::test]
async fn a_cursor_is_both_epoch_and_seq_or_it_is_refused() {
    let parkd = Parkd::start(&[]);
    let admin = wire::Wire::admin(&parkd);
    for query in ["after=3", "epoch=0123456789abcdef", "epoch=a&after=x", "epoch=a&after=-1"] {
        let answer = admin.handshake(&format!("/ws?{query}"), &[]).await;
        assert!(matches!(answer.code(), ProblemCode::InvalidField | ProblemCode::BadRequest), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_too_far_behind_is_sent_the_whole_lot_in_pieces() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let head = fill(&admin, 10_000).await;
    let (epoch, ..) = stand(&admin).await;
    let of = |after: u64| format!("&epoch={epoch}&after={after}");
    assert_eq!(snapshot(&parkd, &of(head - BEHIND_MAX - 1)).await, SnapshotReason::TooMany);
    let (_, frames, view) = begin(&parkd, &of(head - BEHIND_MAX), head - BEHIND_MAX).await;
    assert!(matches!(frames[0], Frame::Resumed(_)), "{:?}", frames[0]);
    assert_eq!(view.entries.len() as u64, BEHIND_MAX);

    let mut follower = Follower::new(&admin);
    follower.go_live().await;
    assert_eq!(follower.view.slots.len(), 10_000);
    follower.view.assert_same(&admin).await;

    let pieces = pieces_of_snapshot(&parkd).await;
    assert!(pieces.iter().all(|piece| piece.bytes <= 64 * 1024), "no socket needs a large buffer: {pieces:?}");
    assert!(pieces.len() > 10);
    assert!(pieces.iter().enumerate().all(|(index, piece)| piece.is_first == (index == 0)), "{pieces:?}");
    assert!(pieces.iter().rev().enumerate().all(|(index, piece)| piece.is_last == (index == 0)), "{pieces:?}");
}

/// One frame as RFC 6455 counts them.
#[derive(Debug)]
struct Piece {
    is_first: bool,
    is_last: bool,
    bytes: usize,
}

/// Reads the frames of a snapshot as they go over the wire.
async fn pieces_of_snapshot(parkd: &Parkd) -> Vec<Piece> {
    let (host, token) = (parkd.address(), parkd.admin_token());
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("the request is taken");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an answer"));
    }
    let mut pieces = Vec::new();
    loop {
        let (first, second) = (stream.read_u8().await.expect("a frame"), stream.read_u8().await.expect("a frame"));
        let bytes = match second {
            126 => stream.read_u16().await.expect("a length").into(),
            127 => stream.read_u64().await.expect("a length") as usize,
            short => usize::from(short),
        };
        let mut body = vec![0; bytes];
        stream.read_exact(&mut body).await.expect("a whole frame");
        let is_hello = body.starts_with(br#"{"type":"hello""#);
        if !is_hello {
            let is_last = first & 0x80 != 0;
            pieces.push(Piece { is_first: first & 0x0f == 1, is_last, bytes });
            if is_last {
                return pieces;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_are_folded_away_are_not_gone_on_from_and_nothing_else_is_lost() {
    let mut parkd = Parkd::start(&["--events-keep", "1000"]);
    let admin = parkd.admin();
    let (epoch, ..) = stand(&admin).await;
    let old = Follower::new(&admin);
    let filled = fill(&admin, 1_200).await;
    let patch = SlotPatch { note: Some(Some("after the fold".into())), ..SlotPatch::default() };
    let last = "A-1".parse::<SlotRef>().expect("a slot");
    let head = admin.slot_patch(&last, &patch, &Default::default()).await.expect("a patch").seq;
    assert_eq!(head, filled + 1);
    drop(old);
    for round in 0..2 {
        assert_eq!(parkd.stop(), Some(0));
        parkd.restart();
        let admin = parkd.admin();
        let floor = wait_for("old events to be folded away", async || {
            let (_, _, floor) = stand(&admin).await;
            (floor > 1).then_some(floor)
        });
        let floor = floor.await;
        assert_eq!(floor, head - 1_000 + 1, "as many are kept as were asked for");
        parkd.verify();
        if round == 0 {
            continue;
        }
        let of = |after: u64| format!("&epoch={epoch}&after={after}");
        assert_eq!(snapshot(&parkd, &of(floor - 2)).await, SnapshotReason::TooOld);
        let (hello, frames, view) = begin(&parkd, &of(floor - 1), floor - 1).await;
        assert!(matches!(frames[0], Frame::Resumed(_)), "{:?}", frames[0]);
        assert_eq!((hello.floor, view.entries.len()), (floor, 1_000));

        let mut follower = Follower::returning(&admin, Cursor { epoch: epoch.clone(), seq: 5 });
        follower.go_live().await;
        assert_eq!(follower.view.snapshots, [SnapshotReason::TooOld]);
        follower.view.assert_same(&admin).await;

        let query = EventQuery { after: Some(floor - 2), limit: Some(EVENTS_PAGE_MAX), ..EventQuery::default() };
        let Err(Error::Refused(problem)) = admin.events(&query).await else { panic!("too old") };
        assert_eq!((problem.code, problem.status), (ProblemCode::CursorTooOld, 410));
    }
}
