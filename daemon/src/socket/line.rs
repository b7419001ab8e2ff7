//! The connection of one live socket, and whose turn it is to write to it. Knows nothing of what is written.
//!
//! Two can write: the socket's own task, and the fan-out of its lot, which sends the same events to everybody who is up to date. Only who
//! has the turn does, and a message that was begun is ended before anything else is sent.

use std::io::ErrorKind;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::AsyncReadExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

use super::fan::Message;
use super::wire::{Inbound, Reader};
use crate::ledger::{Audience, Hub};

/// Longest time that the other side may take nothing of what is sent.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Who writes.
#[derive(Debug)]
enum Turn {
    /// The socket's own task, whatever it has to say.
    Task,
    /// The fan-out, which has sent every event up to `at`.
    Fan { at: u64 },
    /// The fan-out could not go on after `at`: the socket's task has to send the rest of its message first.
    Stuck { at: u64, rest: Bytes },
}

#[derive(Debug)]
pub struct Line {
    pub audience: Audience,
    stream: OwnedWriteHalf,
    turn: Mutex<Turn>,
    is_stuck: Notify,
}

impl Line {
    /// A line whose turn is its task's.
    pub fn new(stream: OwnedWriteHalf, audience: Audience) -> Self {
        Self { audience, stream, turn: Mutex::new(Turn::Task), is_stuck: Notify::new() }
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the turn to the fan-out, unless there are events after `at` already.
    pub fn hand_over(&self, at: u64, hub: &Hub) -> bool {
        let mut turn = self.turn();
        // Seen with the turn in hand: for an event that comes later, the fan-out finds it handed over.
        let is_up_to_date = hub.newest() <= at;
        if is_up_to_date {
            *turn = Turn::Fan { at };
        }
        is_up_to_date
    }

    /// Takes the turn back: the last event that was sent, and what has to be sent first.
    pub fn take_back(&self) -> Option<(u64, Bytes)> {
        match std::mem::replace(&mut *self.turn(), Turn::Task) {
            Turn::Task => None,
            Turn::Fan { at } => Some((at, Bytes::new())),
            Turn::Stuck { at, rest } => Some((at, rest)),
        }
    }

    /// Waits until the fan-out cannot go on. Once in a while it returns without a reason.
    pub async fn stuck(&self) {
        self.is_stuck.notified().await;
    }

    /// For the fan-out: sends the events up to `head`, if it is its turn and the other side takes them.
    pub fn advance(&self, head: u64, next: impl FnOnce(u64) -> Option<Message>) {
        let mut turn = self.turn();
        let Turn::Fan { at } = *turn else { return };
        if at >= head {
            return;
        }
        let (at, rest) = match next(at) {
            // It was too long away for what is held in memory.
            None => (at, Bytes::new()),
            Some(message) => {
                // Whether it is full or gone, its task will see.
                let sent = self.stream.try_write(&message.bytes).unwrap_or(0);
                (message.to, message.bytes.slice(sent..))
            }
        };
        if rest.is_empty() && at >= head {
            *turn = Turn::Fan { at };
        } else {
            *turn = Turn::Stuck { at, rest };
            self.is_stuck.notify_one();
        }
    }

    /// For the task, when it has the turn: sends all of it.
    ///
    /// # Errors
    /// When the other side has gone, or takes nothing.
    pub async fn send(&self, mut bytes: Bytes) -> std::io::Result<()> {
        while !bytes.is_empty() {
            match self.stream.try_write(&bytes) {
                Ok(sent) => bytes.advance(sent),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    tokio::time::timeout(SEND_TIMEOUT, self.stream.writable()).await??;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The other direction.
#[derive(Debug)]
pub struct Ear {
    stream: OwnedReadHalf,
    /// What came together with the handshake.
    early: Bytes,
    frames: Reader,
}

impl Ear {
    pub fn new(stream: OwnedReadHalf, early: Bytes) -> Self {
        Self { stream, early, frames: Reader::default() }
    }

    /// Waits for the next frame; `None` when the other side has gone. Nothing is lost when it is not waited for to the end.
    pub async fn next(&mut self) -> Option<Inbound> {
        loop {
            if let Some(inbound) = self.frames.next() {
                return Some(inbound);
            }
            let space = self.frames.space();
            let count = if self.early.is_empty() {
                self.stream.read(space).await.ok().filter(|count| *count > 0)?
            } else {
                let count = space.len().min(self.early.len());
                self.early.copy_to_slice(&mut space[..count]);
                count
            };
            self.frames.fill(count);
        }
    }
}
