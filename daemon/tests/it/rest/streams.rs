//! The log as server-sent events.

use std::time::{Duration, Instant};

use parking_api::ProblemCode;
use parking_api::client::EventQuery;
use parking_api::events::LogEntry;
use reqwest::Response;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;
use crate::harness::PATIENCE;
use crate::wire::{Answer, Wire, answer};

/// A stream that is read event by event.
pub struct Stream {
    response: Response,
    buffer: String,
}

impl Stream {
    pub async fn open(wire: &Wire, query: &str, last_event_id: Option<&str>) -> Self {
        let request = request(wire, query, last_event_id);
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self { response, buffer: String::new() }
    }

    /// The next event with its id; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<(String, LogEntry)> {
        loop {
            if let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_string);
                // A comment keeps the connection alive and says nothing.
                let Some(data) = field("data: ") else { continue };
                let id = field("id: ").expect("an event has an id");
                return Some((id, serde_json::from_str(&data).expect("an event is JSON")));
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("an event in time").expect("a chunk");
            self.buffer.push_str(std::str::from_utf8(&chunk?).expect("text"));
        }
    }

    async fn take(&mut self, count: usize) -> Vec<(String, u64)> {
        let mut taken = Vec::new();
        for _ in 0..count {
            let (id, entry) = self.next().await.expect("an event");
            taken.push((id, entry.seq()));
        }
        taken
    }
}

fn request(wire: &Wire, query: &str, last_event_id: Option<&str>) -> reqwest::RequestBuilder {
    let request = wire.request("GET", &format!("/api/events{query}")).header("accept", "text/event-stream");
    match last_event_id {
        Some(id) => request.header("last-event-id", id),
        None => request,
    }
}

#[tokio::test]
async fn a_stream_goes_on_exactly_where_it_broke_off() {
    let parkd = with_slots(&[new_slot("A-1")]).await;
    let (admin, wire) = (parkd.admin(), Wire::admin(&parkd));
    let epoch = admin.events(&EventQuery::default()).await.expect("a page").epoch;
    let id = |seq: u64| (format!("{epoch}.{seq}"), seq);
    let from = head(&admin).await;
    let mut stream = Stream::open(&wire, "", None).await;
    toggle(&admin, "A-1").await;
    toggle(&admin, "A-1").await;
    assert_eq!(stream.take(2).await, [id(from + 1), id(from + 2)], "from now on, without a cursor");
    drop(stream);
    for _ in 0..3 {
        toggle(&admin, "A-1").await;
    }
    let mut stream = Stream::open(&wire, "", Some(&id(from + 2).0)).await;
    assert_eq!(stream.take(3).await, [id(from + 3), id(from + 4), id(from + 5)]);
    toggle(&admin, "A-1").await;
    assert_eq!(stream.take(1).await, [id(from + 6)]);
    let mut stream = Stream::open(&wire, &format!("?after={from}"), None).await;
    assert_eq!(stream.take(6).await, (from + 1..=from + 6).map(id).collect::<Vec<_>>(), "from a number in the address");
    let mut stream = Stream::open(&wire, &format!("?after={from}"), Some(&id(from + 5).0)).await;
    assert_eq!(stream.take(1).await, [id(from + 6)], "the header of a browser that returns comes first");
}

#[tokio::test]
async fn a_stream_says_where_it_begins_before_anything_happens() {
    let parkd = with_slots(&[new_slot("A-1")]).await;
    let (admin, wire) = (parkd.admin(), Wire::admin(&parkd));
    let epoch = admin.events(&EventQuery::default()).await.expect("a page").epoch;
    let from = head(&admin).await;
    let mut response = request(&wire, "", None).send().await.expect("an answer");
    let first = timeout(PATIENCE, response.chunk()).await.expect("in time").expect("a chunk").expect("a beginning");
    assert_eq!(std::str::from_utf8(&first).expect("text"), format!("retry: 2000\nid: {epoch}.{from}\n\n"));
}

#[tokio::test]
async fn a_stream_is_narrowed_as_a_page_is_and_what_is_for_pages_is_refused() {
    let parkd = with_slots(&["A-1", "A-2"].map(new_slot)).await;
    let (admin, wire) = (parkd.admin(), Wire::admin(&parkd));
    let mut of_slot = Stream::open(&wire, "?slot=A-2", None).await;
    let mut of_kind = Stream::open(&wire, "?kind=lot.changed", None).await;
    let mut of_actor = Stream::open(&wire, "?actor=admin&kind=slot.changed", None).await;
    let first = toggle(&admin, "A-1").await.seq;
    let second = toggle(&admin, "A-2").await.seq;
    let patch = parking_api::lots::LotPatch { name: Some("Other".into()), ..Default::default() };
    let third = admin.lot_patch(&lot_id("main"), &patch).await.expect("it is changed").seq;
    let seqs = |taken: Vec<(String, u64)>| taken.into_iter().map(|(_, seq)| seq).collect::<Vec<_>>();
    assert_eq!(seqs(of_slot.take(1).await), [second]);
    assert_eq!(seqs(of_kind.take(1).await), [third]);
    assert_eq!(seqs(of_actor.take(2).await), [first, second]);
    for field in ["limit", "wait", "since", "until", "cursor"] {
        let value = if matches!(field, "since" | "until") { "2026-01-01T00:00:00Z" } else { "1" };
        let blame = answer(request(&wire, &format!("?{field}={value}"), None)).await.blame();
        assert_eq!(blame, (ProblemCode::InvalidField, Some(field.into())));
    }
}

#[tokio::test]
async fn a_stream_goes_on_over_a_restart() {
    let mut parkd = with_slots(&[new_slot("A-1")]).await;
    let last = {
        let mut stream = Stream::open(&Wire::admin(&parkd), "?after=0", None).await;
        stream.take(3).await.pop().expect("an event")
    };
    toggle(&parkd.admin(), "A-1").await;
    parkd.kill();
    parkd.restart();
    let mut stream = Stream::open(&Wire::admin(&parkd), "", Some(&last.0)).await;
    assert_eq!(stream.take(1).await.pop().map(|(_, seq)| seq), Some(last.1 + 1));
}

#[tokio::test]
async fn a_stream_from_a_cursor_that_leads_nowhere_is_refused_before_it_begins() {
    let parkd = Parkd::start(&[]);
    let wire = Wire::admin(&parkd);
    let page = parkd.admin().events(&EventQuery::default()).await.expect("a page");
    let ask = async |query: &str, last: Option<&str>| -> Answer { answer(request(&wire, query, last)).await };
    let ahead = format!("{}.{}", page.epoch, page.head + 1);
    for gone in ["0000.1", &ahead] {
        assert_eq!(ask("", Some(gone)).await.code(), ProblemCode::CursorTooOld, "{gone}");
    }
    assert_eq!(ask("?after=99", None).await.code(), ProblemCode::CursorTooOld);
    assert_eq!(ask("?after=1&epoch=0000", None).await.code(), ProblemCode::CursorTooOld);
    for odd in ["", "1", "nonsense", "a.b", "a.-1"] {
        let blame = ask("", Some(odd)).await.blame();
        assert_eq!(blame, (ProblemCode::InvalidField, Some("Last-Event-ID".into())), "{odd:?}");
    }
}

#[tokio::test]
async fn a_stop_ends_streams_and_long_polls_instead_of_waiting_for_them() {
    let mut parkd = Parkd::start(&[]);
    let wire = Wire::admin(&parkd);
    let mut stream = Stream::open(&wire, "", None).await;
    let head = head(&parkd.admin()).await;
    let poll = wire.request("GET", &format!("/api/events?after={head}&wait=30"));
    let mut polling = JoinSet::new();
    polling.spawn(poll.send());
    let sent = Instant::now();
    assert_eq!(parkd.stop(), Some(0));
    assert!(sent.elapsed() < Duration::from_secs(10));
    assert!(stream.next().await.is_none(), "the stream has ended");
    // Whether it was answered or came too late, nobody waits for it any more.
    polling.join_all().await;
}
