//! The newest events of a lot, encoded, for everybody who follows it. Knows nothing of sockets.
//!
//! There is one ring for all followers and each keeps only its place in it: a slow one costs nothing but its own delay, and
//! cannot hold up another, nor the committer.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock};

use bytes::{Bytes, BytesMut};
use parking_api::SlotId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::audience::{Audience, Encoded};

/// Most events that the ring holds; also the most that a returning client is sent one by one.
pub const RING_EVENTS_MAX: usize = 5_000;
/// Most bytes of events that the ring holds.
pub const RING_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most events and bytes in one `events` frame.
pub const FRAME_EVENTS_MAX: usize = 512;
pub const FRAME_BYTES_MAX: usize = 256 * 1024;
#[derive(Debug)]
pub struct Hub {
    ring: RwLock<Ring>,
    head: watch::Sender<u64>,
    over: CancellationToken,
}

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<Encoded>,
    bytes: usize,
}

/// Some events in a row, ready to be sent.
#[derive(Debug, Clone)]
pub struct Run {
    /// `seq` of the last of them.
    pub to: u64,
    /// A whole `events` frame.
    pub frame: Bytes,
}

/// How far behind the head a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backlog {
    /// This many events and bytes wait.
    Held { events: usize, bytes: usize },
    /// The ring does not reach back to there.
    Gone,
}

impl Hub {
    /// A hub whose newest event is `head`; nothing before it can be had from here. `over` ends with the lot, or before.
    pub fn new(head: u64, over: CancellationToken) -> Self {
        Self { ring: RwLock::default(), head: watch::Sender::new(head), over }
    }

    /// Cancelled when nothing will be announced here any more: the lot is gone, or its log is another one now.
    pub fn over(&self) -> &CancellationToken {
        &self.over
    }

    /// `seq` of the newest event that was announced.
    pub fn newest(&self) -> u64 {
        *self.head.borrow()
    }

    /// Where the log stands, and a way to wait for it to go on.
    pub fn head(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// Announces events that are committed. They come in the order of the log.
    pub fn push(&self, events: impl IntoIterator<Item = Encoded>) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            ring.bytes += event.bytes(Audience::Admin).len();
            ring.events.push_back(event);
        }
        while ring.events.len() > RING_EVENTS_MAX || ring.bytes > RING_BYTES_MAX {
            let Some(oldest) = ring.events.pop_front() else { break };
            ring.bytes -= oldest.bytes(Audience::Admin).len();
        }
        let head = ring.events.back().map(Encoded::seq);
        drop(ring);
        if let Some(head) = head {
            self.head.send_replace(head);
        }
    }

    /// What waits for a follower whose last event was `after`.
    pub fn backlog(&self, after: u64) -> Backlog {
        // A follower may have read the state before its events were announced here, so it can be ahead.
        if after >= self.newest() {
            return Backlog::Held { events: 0, bytes: 0 };
        }
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        match ring.position(after) {
            Some(start) => {
                let waiting = ring.events.range(start..);
                Backlog::Held {
                    events: ring.events.len() - start,
                    bytes: waiting.map(|event| event.bytes(Audience::Admin).len()).sum(),
                }
            }
            None => Backlog::Gone,
        }
    }

    /// The events after `after` one by one, each with its `seq`, as many as go into one frame.
    pub fn entries(&self, after: u64, audience: Audience) -> Vec<(u64, Bytes)> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let Some(start) = ring.position(after).filter(|start| *start < ring.events.len()) else { return Vec::new() };
        let events = ring.events.range(start..).take(FRAME_EVENTS_MAX);
        events.map(|event| (event.seq(), event.bytes(audience).clone())).collect()
    }

    /// The slots that were deleted by the events after `after` up to `to`; `None` when the ring does not hold them all.
    pub fn deleted(&self, after: u64, to: u64) -> Option<Vec<SlotId>> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let start = ring.position(after)?;
        if ring.events.back()?.seq() < to {
            return None;
        }
        let events = ring.events.range(start..).take_while(|event| event.seq() <= to);
        Some(events.filter_map(Encoded::deleted).collect())
    }

    /// The events after `after`, as many as go into one frame; `None` when there are none or the ring does not reach back.
    pub fn run(&self, after: u64, audience: Audience) -> Option<Run> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let start = ring.position(after)?;
        ring.encode(start, audience)
    }
}

/// An `events` frame of events that are encoded already.
pub fn frame(events: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Bytes {
    let mut frame = BytesMut::from(FRAME_START);
    for (index, event) in events.into_iter().enumerate() {
        if index > 0 {
            frame.extend_from_slice(b",");
        }
        frame.extend_from_slice(event.as_ref());
    }
    frame.extend_from_slice(FRAME_END);
    frame.freeze()
}

const FRAME_START: &[u8] = br#"{"type":"events","events":["#;
const FRAME_END: &[u8] = b"]}";

impl Ring {
    /// Where the event after `after` stands or would stand; `None` when the ring does not reach back to it.
    fn position(&self, after: u64) -> Option<usize> {
        let first = self.events.front()?.seq();
        let start = (after + 1).checked_sub(first)? as usize;
        (start <= self.events.len()).then_some(start)
    }

    fn encode(&self, start: usize, audience: Audience) -> Option<Run> {
        let mut bytes = 0;
        let mut to = None;
        let events = self.events.range(start..).take(FRAME_EVENTS_MAX).map_while(|event| {
            bytes += event.bytes(audience).len();
            (to.is_none() || bytes <= FRAME_BYTES_MAX).then(|| {
                to = Some(event.seq());
                event.bytes(audience)
            })
        });
        let frame = frame(events);
        Some(Run { to: to?, frame })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_api::Time;
    use parking_api::events::{Actor, Event, EventChange};
    use parking_api::lots::Lot;
    use proptest::prelude::*;

    fn encoded(seq: u64) -> Encoded {
        let lot = Lot {
            id: "main".parse().expect("a lot id"),
            name: "Main".into(),
            time_zone: "UTC".into(),
            currency: "XXX".into(),
            created_at: Time::from_ms(0),
            rev: seq,
        };
        let change = EventChange::LotChanged { lot };
        let event = Event { seq, at: Time::from_ms(0), actor: Actor::system("test"), change, audit: None };
        let body = serde_json::to_string(&event).expect("an event");
        Encoded::new(event, body)
    }

    fn seqs(frame: &[u8]) -> Vec<u64> {
        let frame: serde_json::Value = serde_json::from_slice(frame).expect("a frame is JSON");
        frame["events"].as_array().expect("events").iter().map(|e| e["seq"].as_u64().expect("a seq")).collect()
    }

    proptest! {
        #[test]
        fn runs_from_any_place_make_the_log_whole(from in 0u64..60, pushes in prop::collection::vec(1u64..9, 1..12)) {
            let hub = Hub::new(0, CancellationToken::new());
            let mut head = 0;
            for count in pushes {
                hub.push((head + 1..=head + count).map(encoded));
                head += count;
            }
            let from = from.min(head);
            let mut at = from;
            let mut got = Vec::new();
            while let Some(run) = hub.run(at, Audience::Staff) {
                got.extend(seqs(&run.frame));
                at = run.to;
            }
            prop_assert_eq!(got, (from + 1..=head).collect::<Vec<_>>());
        }
    }

    #[test]
    fn slots_that_are_gone_are_told_of_exactly_those_events_or_not_at_all() {
        let id = |seq: u64| SlotId(uuid::Uuid::from_u128(seq.into()));
        let gone = |seq: u64| {
            let slot = serde_json::json!({
                "id": id(seq), "code": "A-1", "zone": null, "level": 0, "kind": "standard", "state": "free", "source": "manual",
                "position": null, "rev": 1, "observed_at": Time::from_ms(0), "changed_at": Time::from_ms(0), "note": null,
            });
            let change =
                EventChange::SlotDeleted { slot: serde_json::from_value(slot).expect("a slot"), session: None };
            Encoded::new(
                Event { seq, at: Time::from_ms(0), actor: Actor::system("test"), change, audit: None },
                String::new(),
            )
        };
        let hub = Hub::new(10, CancellationToken::new());
        hub.push((11..=20).map(|seq| if seq % 2 == 0 { gone(seq) } else { encoded(seq) }));
        assert_eq!(hub.deleted(12, 16), Some(vec![id(14), id(16)]));
        assert_eq!(hub.deleted(20, 20), Some(vec![]));
        assert_eq!(hub.deleted(9, 15), None, "event 10 may have been one");
        assert_eq!(hub.deleted(12, 21), None, "event 21 may be one");
    }

    #[test]
    fn the_ring_forgets_the_oldest_and_says_so() {
        let hub = Hub::new(0, CancellationToken::new());
        let total = RING_EVENTS_MAX as u64 + 10;
        hub.push((1..=total).map(encoded));
        assert_eq!(hub.backlog(0), Backlog::Gone);
        assert!(hub.run(0, Audience::Admin).is_none());
        assert!(matches!(hub.backlog(total - 3), Backlog::Held { events: 3, .. }));
        assert_eq!(hub.backlog(total), Backlog::Held { events: 0, bytes: 0 });
    }

    #[test]
    fn a_fresh_hub_holds_nothing_and_is_not_behind() {
        let hub = Hub::new(41, CancellationToken::new());
        assert_eq!(hub.backlog(41), Backlog::Held { events: 0, bytes: 0 });
        assert_eq!(hub.backlog(40), Backlog::Gone);
    }
}
