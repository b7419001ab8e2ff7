//! What each frame means to a client that follows a lot. Pure: no socket, no clock, no wait.

use std::sync::Arc;
use std::time::Duration;

use super::{LinkState, LiveMessage};
use crate::client::Error;
use crate::events::LogEntry;
use crate::live::{
    Bye, Cursor, DEAD_INTERVALS, Events, Frame, HEARTBEAT_S, Heartbeat, Hello, Lagged, Resumed, Snapshot,
    SnapshotReason, close,
};
use crate::{LotId, PROTOCOL, Problem, ProblemCode};

/// After this many faults in a row at the same place of the log, the client asks for a snapshot instead.
pub(super) const FAULTS_MAX: u32 = 3;
/// Bounds of what a server may announce as its heartbeat, in seconds.
const HEARTBEAT_S_MIN: u64 = 1;
const HEARTBEAT_S_MAX: u64 = 300;

/// A message, and where the client stands once it was applied.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Delivery {
    pub(super) message: LiveMessage,
    pub(super) place: Option<Place>,
}

/// A [`Cursor`] that costs nothing to hand on with every message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) epoch: Arc<str>,
    pub(super) seq: u64,
}

/// Why a connection is at its end.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Interrupted {
    Retry { reason: String, after: Option<Duration> },
    End(Error),
}

impl Interrupted {
    pub(super) fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { reason: reason.into(), after: None }
    }
}

/// Follows one lot over any number of connections.
#[derive(Debug)]
pub(super) struct Machine {
    lot: LotId,
    /// The last place that was applied.
    place: Option<Place>,
    /// Where the server was asked to go on; `None` asks for a snapshot.
    asked: Option<Place>,
    phase: Phase,
    dead_after: Duration,
    /// Faults in a row that left `place` where it was.
    faults: u32,
}

#[derive(Debug, Clone, PartialEq)]
enum Phase {
    /// Nothing has come yet.
    Opened,
    /// `hello` has come; next is how the stream begins.
    Greeted {
        epoch: Arc<str>,
    },
    CatchingUp {
        head: u64,
        overdue: Overdue,
    },
    Live {
        overdue: Overdue,
    },
}

/// A place that the last heartbeat found us at although there was more to come.
type Overdue = Option<u64>;

impl Machine {
    pub(super) fn new(lot: LotId, cursor: Option<Cursor>) -> Self {
        let place = cursor.map(|cursor| Place { epoch: cursor.epoch.into(), seq: cursor.seq });
        let dead_after = dead_after(HEARTBEAT_S);
        Self { lot, place, asked: None, phase: Phase::Opened, dead_after, faults: 0 }
    }

    /// Begins a connection and says where to go on.
    pub(super) fn open(&mut self) -> Option<Cursor> {
        self.phase = Phase::Opened;
        self.dead_after = dead_after(HEARTBEAT_S);
        self.asked = self.place.clone().filter(|_| self.faults < FAULTS_MAX);
        self.asked.as_ref().map(|place| Cursor { epoch: place.epoch.to_string(), seq: place.seq })
    }

    pub(super) fn is_greeted(&self) -> bool {
        self.phase != Phase::Opened
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    /// A connection that is silent for this long is dead.
    pub(super) fn dead_after(&self) -> Duration {
        self.dead_after
    }

    /// Takes one frame. What it brought is in `out` even when the connection has to end over it.
    pub(super) fn step(&mut self, frame: Frame, out: &mut Vec<Delivery>) -> Result<(), Interrupted> {
        match frame {
            Frame::Hello(hello) => self.greet(&hello, out),
            Frame::Snapshot(snapshot) => self.replace(snapshot, out),
            Frame::Resumed(resumed) => self.resume(&resumed, out),
            Frame::Events(events) => self.apply(events, out),
            Frame::Lagged(lagged) => self.skip(lagged, out),
            Frame::Heartbeat(heartbeat) => self.beat(&heartbeat, out),
            Frame::Degraded(degraded) => {
                self.put(LiveMessage::Degraded(degraded), out);
                Ok(())
            }
            Frame::Bye(bye) => Err(self.leave(&bye)),
            Frame::Unknown => Ok(()),
        }
    }

    /// The server breaks the protocol; the reason is for people.
    pub(super) fn fault(&mut self, reason: impl Into<String>) -> Interrupted {
        self.faults = self.faults.saturating_add(1);
        Interrupted::retry(reason)
    }

    /// The server closed with `code`.
    pub(super) fn closed(&self, code: u16, reason: &str) -> Interrupted {
        self.leave(&Bye { code, reason: reason.into(), retry_after_ms: None })
    }

    fn greet(&mut self, hello: &Hello, out: &mut Vec<Delivery>) -> Result<(), Interrupted> {
        if self.phase != Phase::Opened {
            return Err(self.fault("the server said hello twice"));
        }
        if hello.protocol != PROTOCOL {
            let theirs = hello.protocol;
            let detail = format!("the server speaks version {theirs} of the live protocol, this client {PROTOCOL}");
            return Err(Interrupted::End(self.refusal(detail)));
        }
        if hello.lot != self.lot.as_str() {
            let detail = format!("the server follows lot {:?}", hello.lot);
            return Err(Interrupted::End(self.refusal(detail)));
        }
        self.dead_after = dead_after(hello.heartbeat_s);
        self.phase = Phase::Greeted { epoch: hello.epoch.as_str().into() };
        self.put(LiveMessage::Greeted { at: hello.at }, out);
        self.put(LiveMessage::State(LinkState::CatchingUp), out);
        Ok(())
    }

    fn replace(&mut self, snapshot: Box<Snapshot>, out: &mut Vec<Delivery>) -> Result<(), Interrupted> {
        let Phase::Greeted { epoch } = &self.phase else {
            return Err(self.fault("a snapshot came in the middle of the stream"));
        };
        let next = Place { epoch: Arc::clone(epoch), seq: snapshot.seq };
        // Only a server that is itself behind (`ahead`), or that was not asked to go on, may take us back.
        let is_back = self.asked.as_ref().is_some_and(|asked| asked.epoch == next.epoch && asked.seq > next.seq);
        if is_back && snapshot.reason != SnapshotReason::Ahead {
            return Err(self.fault(format!("a snapshot at {} came, which is before our place in the log", next.seq)));
        }
        self.place = Some(next);
        self.faults = 0;
        self.put(LiveMessage::Snapshot(snapshot), out);
        self.phase = Phase::Live { overdue: None };
        self.put(LiveMessage::State(LinkState::Live), out);
        Ok(())
    }

    fn resume(&mut self, resumed: &Resumed, out: &mut Vec<Delivery>) -> Result<(), Interrupted> {
        let Phase::Greeted { epoch } = &self.phase else {
            return Err(self.fault("the stream was resumed in its middle"));
        };
        let is_ours = self.asked.as_ref().is_some_and(|asked| asked.epoch == *epoch && asked.seq == resumed.from);
        if !is_ours || resumed.head < resumed.from {
            return Err(self.fault(format!("the server resumed at {}, where we were not", resumed.from)));
        }
        self.phase = Phase::CatchingUp { head: resumed.head, overdue: None };
        self.arrive(out);
        Ok(())
    }

    fn apply(&mut self, events: Events, out: &mut Vec<Delivery>) -> Result<(), Interrupted> {
        for entry in events.events {
            let last = self.streaming("events")?;
            let seq = entry.seq();
            if seq <= last {
                continue;
            }
            if seq != last + 1 {
                return Err(self.fault(format!("event {} is missing: {seq} came after {last}", last + 1)));
            }
            self.advance(seq);
            let message = match entry {
                LogEntry::Event(event) => LiveMessage::Event(event),
                LogEntry::Other { seq, kind } => LiveMessage::Skipped { seq, kind },
            };
            self.put(message, out);
            self.arrive(out);
        }
        Ok(())
    }

    fn skip(&mut self, lagged: Box<Lagged>, out: &mut Vec<Delivery>) -> Result<(), Interrupted> {
        let last = self.streaming("a summary of events")?;
        let (from, to) = (lagged.from, lagged.to);
        if from != last || to < from {
            return Err(self.fault(format!("a summary of the events {from} to {to} came, but we are at {last}")));
        }
        self.advance(to);
        self.put(LiveMessage::Lagged(lagged), out);
        self.arrive(out);
        Ok(())
    }

    fn beat(&mut self, heartbeat: &Heartbeat, out: &mut Vec<Delivery>) -> Result<(), Interrupted> {
        let last = self.place.as_ref().map(|place| place.seq);
        if let (Phase::CatchingUp { overdue, .. } | Phase::Live { overdue }, Some(last)) = (&mut self.phase, last) {
            // Once may be a heartbeat that overtook its events; twice without one event between them is a loss.
            if *overdue == Some(last) {
                let head = heartbeat.head;
                return Err(self.fault(format!("the events after {last} did not come, though there are {head}")));
            }
            *overdue = (heartbeat.head > last).then_some(last);
        }
        self.put(LiveMessage::Heartbeat { head: heartbeat.head, at: heartbeat.at }, out);
        Ok(())
    }

    fn leave(&self, bye: &Bye) -> Interrupted {
        let Bye { code, reason, retry_after_ms } = bye;
        if close::may_reconnect(*code) {
            let reason = if reason.is_empty() { format!("the server closed with {code}") } else { reason.clone() };
            return Interrupted::Retry { reason, after: retry_after_ms.map(Duration::from_millis) };
        }
        let detail = format!("following lot {} was ended with {code}: {reason}", self.lot);
        Interrupted::End(match *code {
            close::BAD_TOKEN => Error::Refused(Box::new(Problem::new(ProblemCode::Unauthenticated, detail))),
            close::LOT_GONE => Error::Refused(Box::new(Problem::new(ProblemCode::LotNotFound, detail))),
            _ => self.refusal(format!("closed with {code}: {reason}")),
        })
    }

    /// The last place, once the stream has begun; `what` came.
    fn streaming(&mut self, what: &str) -> Result<u64, Interrupted> {
        match (&self.phase, &self.place) {
            (Phase::CatchingUp { .. } | Phase::Live { .. }, Some(place)) => Ok(place.seq),
            _ => Err(self.fault(format!("{what} came before the stream began"))),
        }
    }

    fn advance(&mut self, seq: u64) {
        if let Some(place) = &mut self.place {
            place.seq = seq;
        }
        self.faults = 0;
    }

    /// Goes live if there is nothing left to catch up with.
    fn arrive(&mut self, out: &mut Vec<Delivery>) {
        let last = self.place.as_ref().map_or(0, |place| place.seq);
        if let Phase::CatchingUp { head, overdue } = self.phase
            && last >= head
        {
            self.phase = Phase::Live { overdue };
            self.put(LiveMessage::State(LinkState::Live), out);
        }
    }

    fn put(&self, message: LiveMessage, out: &mut Vec<Delivery>) {
        out.push(Delivery { message, place: self.place.clone() });
    }

    fn refusal(&self, detail: String) -> Error {
        Error::Protocol { what: format!("following lot {}", self.lot), detail }
    }
}

fn dead_after(heartbeat_s: u64) -> Duration {
    Duration::from_secs(heartbeat_s.clamp(HEARTBEAT_S_MIN, HEARTBEAT_S_MAX)).mul_f64(DEAD_INTERVALS)
}

#[cfg(test)]
mod tests;
