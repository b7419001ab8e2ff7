//! The fan-out of a lot: one task that sends each event to everybody who is up to date. Knows nothing of those who are not: their own
//! tasks bring them up to date and hand them over.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use parking_api::LotId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::line::Line;
use super::wire;
use crate::ledger::{Audience, FRAME_BYTES_MAX, Hub};

/// Lines that are served before other tasks get a turn: about two milliseconds.
const IN_A_ROW_MAX: usize = 256;
/// From the start of one pass to that of the next, for each line that there is; about twice what it costs to serve one. With a few lines
/// nobody notices, and with thousands a busy lot takes half of a core and no more.
const PACE: Duration = Duration::from_micros(15);
/// Messages that are kept because many lines stand at the same place.
const MESSAGES_KEPT: usize = 16;

/// Events in a row, as they go over the line.
#[derive(Debug, Clone)]
pub struct Message {
    /// `seq` of the last of them.
    pub to: u64,
    pub bytes: Bytes,
}

/// Everybody who follows one log.
#[derive(Debug)]
pub struct Fan {
    hub: Arc<Hub>,
    lines: Mutex<Lines>,
    kept: Mutex<VecDeque<Kept>>,
}

#[derive(Debug, Default)]
struct Lines {
    by_number: BTreeMap<u64, Arc<Line>>,
    last: u64,
}

#[derive(Debug)]
struct Kept {
    after: u64,
    audience: Audience,
    message: Message,
}

impl Fan {
    fn new(hub: Arc<Hub>) -> Self {
        Self { hub, lines: Mutex::default(), kept: Mutex::default() }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves this line whenever it has the turn, until what is returned is dropped.
    pub fn join(self: &Arc<Self>, line: Arc<Line>) -> Joined {
        let mut lines = self.lines();
        lines.last += 1;
        let number = lines.last;
        lines.by_number.insert(number, line);
        Joined { fan: Arc::clone(self), number }
    }

    /// The events after `after`, as many as go into one message; `None` when there are none or memory does not reach back.
    pub fn message(&self, after: u64, audience: Audience) -> Option<Message> {
        let newest = self.hub.newest();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().rev().find(|kept| kept.after == after && kept.audience == audience);
        // One that stops short of the newest event is still right, but only a full one is worth sending again.
        if let Some(found) =
            found.filter(|kept| kept.message.to >= newest || kept.message.bytes.len() >= FRAME_BYTES_MAX / 2)
        {
            return Some(found.message.clone());
        }
        let run = self.hub.run(after, audience)?;
        let message = Message { to: run.to, bytes: wire::text(&run.frame) };
        if kept.len() == MESSAGES_KEPT {
            kept.pop_front();
        }
        kept.push_back(Kept { after, audience, message: message.clone() });
        Some(message)
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut head = self.hub.head();
        loop {
            tokio::select! {
                changed = head.changed() => if changed.is_err() { return },
                () = self.hub.over().cancelled() => return,
                () = stop.cancelled() => return,
            }
            let started = Instant::now();
            let lines = self.pass().await;
            // Who must hear of the next events anyway hears of several at once: each message costs far more than what is in it.
            tokio::time::sleep_until(started + PACE.saturating_mul(lines)).await;
        }
    }

    /// Brings every line that has the turn to the newest event; how many lines there are.
    async fn pass(&self) -> u32 {
        let mut lines = Vec::with_capacity(IN_A_ROW_MAX);
        let mut count = 0;
        let mut from = 0;
        loop {
            lines.extend(
                self.lines()
                    .by_number
                    .range(from..)
                    .take(IN_A_ROW_MAX)
                    .map(|(number, line)| (*number, Arc::clone(line))),
            );
            let Some((last, _)) = lines.last() else { return count };
            from = last + 1;
            count += lines.len() as u32;
            // Looked at each time: those who come late in a pass get what came meanwhile along with the rest.
            let head = self.hub.newest();
            for (_, line) in lines.drain(..) {
                line.advance(head, |at| self.message(at, line.audience));
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A line's place in the fan-out.
#[derive(Debug)]
pub struct Joined {
    fan: Arc<Fan>,
    number: u64,
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.fan.lines().by_number.remove(&self.number);
    }
}

/// The fan-outs of all lots.
#[derive(Debug, Default)]
pub struct Fans {
    by_lot: Mutex<HashMap<LotId, Arc<Fan>>>,
}

impl Fans {
    /// The fan-out of this log, which runs until `stop` or the log's end.
    pub fn of(&self, lot: &LotId, hub: &Arc<Hub>, tasks: &TaskTracker, stop: &CancellationToken) -> Arc<Fan> {
        let mut by_lot = self.by_lot.lock().unwrap_or_else(PoisonError::into_inner);
        by_lot.retain(|_, fan| !fan.hub.over().is_cancelled());
        if let Some(fan) = by_lot.get(lot).filter(|fan| Arc::ptr_eq(&fan.hub, hub)) {
            return Arc::clone(fan);
        }
        let fan = Arc::new(Fan::new(Arc::clone(hub)));
        tasks.spawn(Arc::clone(&fan).run(stop.clone()));
        by_lot.insert(lot.clone(), Arc::clone(&fan));
        fan
    }
}
