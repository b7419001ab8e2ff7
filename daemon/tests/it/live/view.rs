//! What a follower knows of a lot, put together from what it was sent. Panics as soon as something is missing, comes twice or comes late.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_api::client::{Client, LinkState, Live, LiveMessage, LiveOptions, SlotQuery, follow};
use parking_api::events::{EventChange, LogEntry};
use parking_api::live::{Frame, Lagged, Snapshot, SnapshotReason};
use parking_api::slots::Slot;
use parking_api::{SlotId, live::Cursor};
use tokio::time::timeout;

use crate::harness::PATIENCE;

/// A lot as one follower knows it.
#[derive(Debug, Default)]
pub struct View {
    /// The last `seq` that it has.
    pub at: u64,
    pub slots: BTreeMap<SlotId, Slot>,
    /// Why each snapshot came.
    pub snapshots: Vec<SnapshotReason>,
    pub lags: u32,
    /// Every event that was shown, as it was shown.
    pub entries: Vec<LogEntry>,
}

impl View {
    /// One that begins after `at`, as a client with that cursor does.
    pub fn after(at: u64) -> Self {
        Self { at, ..Self::default() }
    }

    fn replace(&mut self, snapshot: &Snapshot) {
        self.at = snapshot.seq;
        self.slots = snapshot.slots.iter().map(|slot| (slot.id, slot.clone())).collect();
        assert_eq!(self.slots.len(), snapshot.slots.len(), "each slot stands once in a snapshot");
        assert_eq!((snapshot.stats.seq, snapshot.stats.counts.total), (snapshot.seq, self.slots.len()));
        self.snapshots.push(snapshot.reason);
    }

    fn apply(&mut self, entry: &LogEntry) {
        assert_eq!(entry.seq(), self.at + 1, "each event comes once and in order");
        self.at = entry.seq();
        self.entries.push(entry.clone());
        match entry.event().map(|event| &event.change) {
            Some(EventChange::SlotCreated { slot, .. } | EventChange::SlotChanged { slot, .. }) => {
                self.slots.insert(slot.id, slot.clone());
            }
            Some(EventChange::SlotDeleted { slot, .. }) => {
                self.slots.remove(&slot.id);
            }
            _ => {}
        }
    }

    fn skip(&mut self, lagged: &Lagged) {
        assert_eq!(lagged.from, self.at, "a summary begins where the events ended");
        assert!(lagged.to > lagged.from);
        self.at = lagged.to;
        self.lags += 1;
        for id in &lagged.deleted {
            self.slots.remove(id);
        }
        for slot in &lagged.slots {
            assert!(slot.rev <= lagged.to && slot.rev > lagged.from, "a summary holds what changed, and nothing newer");
            self.slots.insert(slot.id, slot.clone());
        }
    }

    /// Takes a frame of a socket.
    pub fn take(&mut self, frame: &Frame) {
        match frame {
            Frame::Snapshot(snapshot) => self.replace(snapshot),
            Frame::Events(events) => events.events.iter().for_each(|entry| self.apply(entry)),
            Frame::Lagged(lagged) => self.skip(lagged),
            _ => {}
        }
    }

    fn hear(&mut self, message: &LiveMessage) {
        match message {
            LiveMessage::Snapshot(snapshot) => self.replace(snapshot),
            LiveMessage::Event(event) => self.apply(&LogEntry::Event(event.clone())),
            LiveMessage::Skipped { seq, kind } => self.apply(&LogEntry::Other { seq: *seq, kind: kind.clone() }),
            LiveMessage::Lagged(lagged) => self.skip(lagged),
            LiveMessage::Heartbeat { head, .. } => assert!(*head <= self.at, "nothing is overdue at a heartbeat"),
            _ => {}
        }
    }

    /// Holds it against what the daemon answers to a caller who may see the same.
    pub async fn assert_same(&self, client: &Client) {
        let stats = client.slot_stats().await.expect("figures");
        assert_eq!(self.at, stats.seq, "the follower is where the lot is");
        let slots = client.slots(&SlotQuery::default()).await.expect("slots");
        assert_eq!(slots.into_iter().map(|slot| (slot.id, slot)).collect::<BTreeMap<_, _>>(), self.slots);
    }
}

/// A live client, and what it knows.
#[derive(Debug)]
pub struct Follower {
    live: Live,
    pub view: View,
    /// Every state of its connection.
    pub states: Vec<LinkState>,
}

/// Comes back quickly: a test has no time to be polite.
pub fn impatient(seed: u64) -> LiveOptions {
    let (backoff_min, backoff_max) = (Duration::from_millis(10), Duration::from_millis(100));
    LiveOptions { backoff_min, backoff_max, seed, ..LiveOptions::default() }
}

impl Follower {
    pub fn new(client: &Client) -> Self {
        Self { live: follow(client, impatient(1)), view: View::default(), states: Vec::new() }
    }

    /// One that has been here before, and has everything up to `cursor`.
    pub fn returning(client: &Client, cursor: Cursor) -> Self {
        let view = View::after(cursor.seq);
        let options = LiveOptions { cursor: Some(cursor), ..impatient(1) };
        Self { live: follow(client, options), view, states: Vec::new() }
    }

    /// The next message, taken in.
    pub async fn next(&mut self) -> LiveMessage {
        let message = timeout(PATIENCE, self.live.next()).await.expect("a message in time").expect("it goes on");
        self.view.hear(&message);
        if let LiveMessage::State(state) = &message {
            self.states.push(state.clone());
        }
        message
    }

    /// Follows until it has event `seq`.
    pub async fn reach(&mut self, seq: u64) {
        // Heartbeats are messages too, and must not be waited for for ever.
        let reached = timeout(PATIENCE, async {
            while self.view.at < seq {
                self.next().await;
            }
        });
        assert!(reached.await.is_ok(), "event {seq} did not come; the last was {}", self.view.at);
        assert_eq!(self.live.cursor().map(|cursor| cursor.seq), Some(self.view.at));
    }

    /// Follows until its connection is live.
    pub async fn go_live(&mut self) {
        let live = timeout(PATIENCE, async { while self.next().await != LiveMessage::State(LinkState::Live) {} });
        live.await.expect("a live connection in time");
    }

    /// Its cursor once it has everything that this daemon has.
    pub async fn cursor_at_head(&mut self, client: &Client) -> Cursor {
        self.reach(client.slot_stats().await.expect("figures").seq).await;
        self.cursor()
    }

    pub fn cursor(&self) -> Cursor {
        self.live.cursor().expect("it has begun")
    }
}
