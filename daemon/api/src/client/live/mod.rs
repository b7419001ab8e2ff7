//! Follows a lot for ever: one ordered stream of messages over as many connections as it takes. Keeps no state of the lot.

mod backoff;
mod machine;
mod replay;
mod socket;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::backoff::Backoff;
use self::machine::{Delivery, Interrupted, Machine};
use self::socket::{Incoming, Socket};
use super::{CONNECT_TIMEOUT, Client, Error};
use crate::Time;
use crate::events::Event;
use crate::live::{Cursor, Degraded, Lagged, Snapshot};
pub use replay::replay;

/// Shortest and longest wait before a connection is tried again, and messages that may wait to be taken, by default.
pub const BACKOFF_MIN: Duration = Duration::from_millis(250);
pub const BACKOFF_MAX: Duration = Duration::from_secs(20);
pub const QUEUE_DEFAULT: usize = 1024;

/// How to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveOptions {
    /// Where to go on; without it the stream begins with a snapshot.
    pub cursor: Option<Cursor>,
    pub backoff_min: Duration,
    pub backoff_max: Duration,
    /// Of the jitter. Clients with the same seed come back at the same moment.
    pub seed: u64,
    /// Messages that may wait to be taken. Beyond it the socket is not read, and the server sees a slow client.
    pub queue: usize,
}

impl Default for LiveOptions {
    fn default() -> Self {
        // Different in every process, which is all that the jitter needs.
        let seed = RandomState::new().build_hasher().finish();
        Self { cursor: None, backoff_min: BACKOFF_MIN, backoff_max: BACKOFF_MAX, seed, queue: QUEUE_DEFAULT }
    }
}

/// One step of the stream. It can be written down and read again, so that a recording of it replays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LiveMessage {
    /// The connection is in another state now.
    State(LinkState),
    /// A connection stands; what time the server has.
    Greeted {
        at: Time,
    },
    /// Replaces everything that was known of the lot.
    Snapshot(Box<Snapshot>),
    /// The next change; each comes once, in order.
    Event(Box<Event>),
    /// A change that this caller may not see or that this client is too old to know. Nothing is missing.
    Skipped {
        seq: u64,
        kind: String,
    },
    /// What several changes came to, in place of them.
    Lagged(Box<Lagged>),
    Degraded(Degraded),
    Heartbeat {
        head: u64,
        at: Time,
    },
    /// Following makes no sense any more. Nothing comes after it.
    Ended(Error),
}

/// State of the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    Connecting,
    /// Connected, but what was missed has not all arrived.
    CatchingUp,
    /// What was delivered is what the server has.
    Live,
    /// There is no connection `since` then; the next try is `retry_in` from now.
    Offline {
        since: Time,
        retry_in: Duration,
        reason: String,
    },
}

/// A lot that is being followed, until this is dropped.
#[derive(Debug)]
pub struct Live {
    deliveries: mpsc::Receiver<Delivery>,
    cursor: Option<Cursor>,
    /// The one task; ends with the set.
    _task: JoinSet<()>,
}

/// Starts to follow the lot of `client`. Needs a running tokio runtime.
pub fn follow(client: &Client, options: LiveOptions) -> Live {
    let (sender, deliveries) = mpsc::channel(options.queue.max(1));
    let cursor = options.cursor.clone();
    let mut task = JoinSet::new();
    let follower = Follower {
        machine: Machine::new(client.lot().clone(), options.cursor),
        client: client.clone(),
        backoff: Backoff::new(options.backoff_min, options.backoff_max),
        rng: SmallRng::seed_from_u64(options.seed),
        sender,
    };
    task.spawn(follower.run());
    Live { deliveries, cursor, _task: task }
}

impl Live {
    /// The next message; `None` after [`LiveMessage::Ended`]. May be cancelled without losing one.
    pub async fn next(&mut self) -> Option<LiveMessage> {
        let Delivery { message, place } = self.deliveries.recv().await?;
        if let Some(place) = place {
            match &mut self.cursor {
                Some(cursor) if *cursor.epoch == *place.epoch => cursor.seq = place.seq,
                cursor => *cursor = Some(Cursor { epoch: place.epoch.to_string(), seq: place.seq }),
            }
        }
        Some(message)
    }

    /// Place of the newest message that [`Live::next`] has given out.
    pub fn cursor(&self) -> Option<Cursor> {
        self.cursor.clone()
    }
}

/// The task behind a [`Live`].
struct Follower {
    machine: Machine,
    client: Client,
    backoff: Backoff,
    rng: SmallRng,
    sender: mpsc::Sender<Delivery>,
}

/// Nobody takes messages any more.
struct Gone;

impl Follower {
    async fn run(mut self) {
        let mut offline_since = None;
        loop {
            let mut live_since = None;
            let Ok(interrupted) = self.connection(&mut live_since).await else { return };
            let (reason, after) = match interrupted {
                Interrupted::Retry { reason, after } => (reason, after),
                Interrupted::End(error) => {
                    tracing::debug!(lot = %self.client.lot(), %error, "following ended");
                    // Whether anybody takes it or not, this was the last.
                    let _ = self.say(LiveMessage::Ended(error)).await;
                    return;
                }
            };
            let live_for = live_since.map(|since: Instant| since.elapsed());
            if live_for.is_some() {
                offline_since = None;
            }
            let since = *offline_since.get_or_insert_with(now);
            let retry_in = self.backoff.wait(live_for.unwrap_or_default(), after, &mut self.rng);
            tracing::debug!(lot = %self.client.lot(), reason, ?retry_in, "the live stream broke off");
            let offline = LinkState::Offline { since, retry_in, reason };
            if self.say(LiveMessage::State(offline)).await.is_err() {
                return;
            }
            tokio::time::sleep(retry_in).await;
        }
    }

    /// One connection, from the first packet to the reason for its end.
    async fn connection(&mut self, live_since: &mut Option<Instant>) -> Result<Interrupted, Gone> {
        self.say(LiveMessage::State(LinkState::Connecting)).await?;
        let cursor = self.machine.open();
        let mut socket = match Socket::open(&self.client, cursor.as_ref()).await {
            Ok(socket) => socket,
            Err(interrupted) => return Ok(interrupted),
        };
        let mut out = Vec::new();
        loop {
            let dead_after = if self.machine.is_greeted() { self.machine.dead_after() } else { CONNECT_TIMEOUT };
            let stepped = match socket.next(dead_after).await {
                Ok(Incoming::Frame(frame)) => self.machine.step(frame, &mut out),
                Ok(Incoming::Life) => Ok(()),
                Ok(Incoming::Closed { code, reason }) => Err(self.machine.closed(code, &reason)),
                Ok(Incoming::Nonsense(reason)) => Err(self.machine.fault(reason)),
                Err(interrupted) => Err(interrupted),
            };
            for delivery in out.drain(..) {
                self.sender.send(delivery).await.map_err(|_| Gone)?;
            }
            if let Err(interrupted) = stepped {
                return Ok(interrupted);
            }
            if self.machine.is_live() {
                live_since.get_or_insert_with(Instant::now);
            }
        }
    }

    async fn say(&self, message: LiveMessage) -> Result<(), Gone> {
        self.sender.send(Delivery { message, place: None }).await.map_err(|_| Gone)
    }
}

/// When the connection was lost: the one thing here that only a clock can tell.
#[expect(clippy::disallowed_methods, reason = "the caller is shown this moment; nothing is decided by it")]
fn now() -> Time {
    jiff::Timestamp::now().into()
}
