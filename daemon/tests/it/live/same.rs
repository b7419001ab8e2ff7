//! The same log for everybody: over a socket, a stream of server-sent events and long polls, and for those who may not see all of it.

use parking_api::client::{CaptureMeta, Client, EventQuery, LiveMessage, Mutation};
use parking_api::events::{Event, EventChange, LogEntry, WITHHELD};
use parking_api::live::{Cursor, Frame, HEARTBEAT_S};
use parking_api::slots::{SetSlot, SlotState};
use parking_api::tokens::Role;
use parking_api::{SlotRef, paths};
use reqwest::header::ACCEPT;
use std::time::{Duration, Instant};

use super::view::Follower;
use crate::hand::new_slot;
use crate::harness::Parkd;
use crate::pictures::JPEGS;
use crate::wire::{self, Wire};

/// Changes of every kind of audience; the `seq` of the last of them.
async fn write(parkd: &Parkd) -> u64 {
    let admin = parkd.admin();
    let slot = SlotRef::Id(admin.slot_create(&new_slot("A-1", None)).await.expect("a slot").value.id);
    let set = SetSlot { note: Some(Some("not for everybody".into())), ..SetSlot::to(SlotState::Occupied) };
    admin.slot_set(&slot, &set, &Mutation::default()).await.expect("a change");
    parkd.client(Role::Viewer).await;
    admin.capture_upload(JPEGS[0].clone(), "image/jpeg", &CaptureMeta::default()).await.expect("a capture");
    wire::camera(parkd, "cam-1").await;
    admin.slot_toggle(&slot, &Mutation::default()).await.expect("a toggle").seq
}

/// Reads server-sent events after a cursor up to `to`, over as many connections as there are `cuts` and one more.
async fn by_stream(wire: &Wire, cursor: &Cursor, to: u64, cuts: &[u64]) -> Vec<LogEntry> {
    let mut entries: Vec<LogEntry> = Vec::new();
    for end in cuts.iter().copied().chain([to]) {
        let last = format!("{}.{}", cursor.epoch, entries.last().map_or(cursor.seq, LogEntry::seq));
        let request = wire.request("GET", paths::EVENTS).header(ACCEPT, "text/event-stream");
        let mut response = request.header("last-event-id", last).send().await.expect("a stream");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut text = String::new();
        while entries.last().map_or(cursor.seq, LogEntry::seq) < end {
            let chunk = response.chunk().await.expect("it goes on").expect("more to come");
            text.push_str(std::str::from_utf8(&chunk).expect("text"));
            while let Some((block, rest)) = text.split_once("\n\n") {
                let (id, data) = block.split_once('\n').expect("an id and data");
                // The first block says where the stream begins, and holds no event.
                if let Some(data) = data.strip_prefix("data: ") {
                    let entry: LogEntry = serde_json::from_str(data).expect("an event");
                    assert_eq!(id, format!("id: {}.{}", cursor.epoch, entry.seq()));
                    // What comes behind a cut is asked for again, as by a client that was cut off there.
                    if entry.seq() <= end {
                        entries.push(entry);
                    }
                }
                text = rest.to_string();
            }
        }
    }
    entries
}

async fn by_polls(client: &Client, cursor: &Cursor, to: u64) -> Vec<LogEntry> {
    let mut entries: Vec<LogEntry> = Vec::new();
    loop {
        let after = entries.last().map_or(cursor.seq, LogEntry::seq);
        if after >= to {
            return entries;
        }
        // Small pages, so that there are several.
        let epoch = Some(cursor.epoch.clone());
        let query = EventQuery { after: Some(after), epoch, limit: Some(3), wait_s: Some(25), ..EventQuery::default() };
        let page = client.events(&query).await.expect("a page");
        assert!(!page.events.is_empty(), "a long poll waits for something");
        entries.extend(page.events.into_iter().map(as_live));
    }
}

/// What is read by page says more than what is sent live.
fn as_live(entry: LogEntry) -> LogEntry {
    match entry {
        LogEntry::Event(event) => LogEntry::Event(Box::new(Event { audit: None, ..*event })),
        withheld => withheld,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socket_stream_and_long_poll_show_the_same_with_the_same_cursor() {
    let parkd = Parkd::start(&["--public-read"]);
    let viewer = wire::token(&parkd, Role::Viewer).await;
    for token in [Some(parkd.admin_token()), Some(viewer), None] {
        let client = parkd.client_with(token.clone());
        let page = client.events(&EventQuery::default()).await.expect("the log");
        let cursor = Cursor { epoch: page.epoch, seq: page.head };
        let mut follower = Follower::returning(&client, cursor.clone());
        follower.go_live().await;
        let http = Wire::new(&parkd, token.as_deref());
        // Who is there while it happens …
        let polls = by_polls(&client, &cursor, cursor.seq + 5);
        let (during, head) = tokio::join!(polls, write(&parkd));
        follower.reach(head).await;
        assert!(follower.view.entries.starts_with(&during));
        // … sees what those see who come later.
        let shown = &follower.view.entries;
        assert_eq!(&by_polls(&client, &cursor, head).await, shown);
        assert_eq!(&by_stream(&http, &cursor, head, &[]).await, shown);
        assert_eq!(&by_stream(&http, &cursor, head, &[cursor.seq + 1, cursor.seq + 4]).await, shown);
        let slot = SlotRef::Code("A-1".parse().expect("a code"));
        parkd.admin().slot_delete(&slot, &Mutation::default()).await.expect("it is there");
        parkd.admin().camera_delete(&"cam-1".parse().expect("an id")).await.expect("it is there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_sees_a_whole_chain_without_what_is_not_its_business() {
    let parkd = Parkd::start(&["--public-read"]);
    let public = parkd.client_with(None);
    let mut follower = Follower::new(&public);
    follower.go_live().await;
    let head = write(&parkd).await;
    follower.reach(head).await;
    follower.view.assert_same(&public).await;
    let mut withheld = 0;
    for entry in &follower.view.entries {
        let Some(event) = entry.event() else {
            assert_eq!(entry.kind(), WITHHELD);
            withheld += 1;
            continue;
        };
        assert_eq!(event.actor.name, None, "who it was");
        match &event.change {
            EventChange::SlotCreated { slot, session } | EventChange::SlotChanged { slot, session } => {
                assert_eq!((&slot.note, session), (&None, &None), "notes and stays");
            }
            other => panic!("{other:?} is not for the public"),
        }
    }
    // A token, a capture, a camera and its token.
    assert_eq!(withheld, 4);
    assert!(follower.view.slots.values().all(|slot| slot.note.is_none()));
}

#[tokio::test]
async fn an_idle_line_carries_a_heartbeat_that_everybody_can_hear() {
    let parkd = Parkd::start(&[]);
    let bearer = format!("Bearer {}", parkd.admin_token());
    let since = Instant::now();
    let raw = async {
        let mut socket = wire::socket(&parkd, "/ws", &[("authorization", &bearer)]).await;
        loop {
            if let Frame::Heartbeat(heartbeat) = wire::frame(&mut socket).await.expect("a frame") {
                return heartbeat.head;
            }
        }
    };
    let typed = async {
        let mut follower = Follower::new(&parkd.admin());
        loop {
            if let LiveMessage::Heartbeat { head, .. } = follower.next().await {
                return head;
            }
        }
    };
    let stream = async {
        let request = Wire::admin(&parkd).request("GET", paths::EVENTS).header(ACCEPT, "text/event-stream");
        let mut response = request.send().await.expect("a stream");
        response.chunk().await.expect("it goes on").expect("where it begins");
        response.chunk().await.expect("it goes on").expect("a sign of life")
    };
    let (raw, typed, stream) = tokio::join!(raw, typed, stream);
    let page = parkd.admin().events(&EventQuery::default()).await.expect("a page");
    let (epoch, head) = (page.epoch, page.head);
    assert_eq!((raw, typed, stream), (head, head, format!(": head {head}\nid: {epoch}.{head}\n\n").into()));
    assert!(since.elapsed() >= Duration::from_secs(HEARTBEAT_S - 1), "only where nothing else was to be said");
}
