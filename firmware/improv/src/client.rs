//! The client's end of the line as a state machine: what is to be asked, bytes and ticks go in, packets and results come out.
//!
//! One call at a time. What may be asked twice is asked again when nothing comes back; what may not is asked again only when the
//! device says that it did not understand. Where devices differ in the order of what they say, any order will do.

mod session;

use crate::command::{Command, Invalid};
use crate::frame::Wire;
use crate::message::{Answer, ErrorCode, State};
use crate::parse::{Found, Parser};

use session::Session;

/// A sender pauses no longer than this within a packet.
pub const GAP_MS: u64 = 200;

#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A call; one that is not finished is given up silently.
    Ask {
        command: Command<'a>,
        /// Longest wait for the end of it, in milliseconds; none: as long as its kind may take.
        patience_ms: Option<u64>,
    },
    /// From the line.
    Bytes(&'a [u8]),
    /// Time passed. Due at least every [`GAP_MS`].
    Tick,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output<'a> {
    /// To the line.
    Send(&'a [u8]),
    /// A byte that belongs to no packet: boot messages and logs.
    Noise(u8),
    /// The device told its state.
    State(State),
    /// One of several answers to a call; a network that a scan found.
    Row(Answer<'a>),
    /// The call came off. The answer to [`Command::State`] is empty: the state was told before.
    Done(Answer<'a>),
    /// The call failed.
    Failed(Failure),
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It cannot be asked.
    Invalid(Invalid),
    /// The device said so.
    Refused(ErrorCode),
    /// Nothing came back in time.
    Silent,
    /// The device tried to join, and stopped without saying why; it may have restarted.
    Dropped,
}

/// The client's end of the line.
#[derive(Debug, Clone)]
pub struct Client {
    parser: Parser,
    session: Session,
    heard_ms: u64,
}

impl Client {
    pub const fn new() -> Self {
        Self { parser: Parser::new(), session: Session::new(), heard_ms: 0 }
    }

    /// `now_ms` never goes back; where it starts does not matter.
    pub fn step(&mut self, input: Input<'_>, now_ms: u64, out: &mut dyn FnMut(Output<'_>)) {
        let Self { parser, session, heard_ms } = self;
        if parser.is_inside() && now_ms.saturating_sub(*heard_ms) > GAP_MS {
            parser.silence(|found| hear(session, found, now_ms, out));
        }
        match input {
            Input::Bytes(bytes) => {
                if !bytes.is_empty() {
                    *heard_ms = now_ms;
                }
                parser.feed(bytes, |found| hear(session, found, now_ms, out));
            }
            Input::Ask { command, patience_ms } => match command.encode() {
                Ok(wire) => session.ask(command.code(), wire, patience_ms, now_ms, out),
                Err(invalid) => out(Output::Failed(Failure::Invalid(invalid))),
            },
            Input::Tick => session.tick(now_ms, out),
        }
    }

    /// A call is not finished.
    pub fn is_busy(&self) -> bool {
        self.session.is_busy()
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

fn hear(session: &mut Session, found: Found<'_>, now_ms: u64, out: &mut dyn FnMut(Output<'_>)) {
    match found {
        Found::Frame(frame) => session.heard(frame, now_ms, out),
        // It is asked again when what was damaged does not come.
        Found::Damaged => {}
        Found::Noise(byte) => out(Output::Noise(byte)),
    }
}

fn send(wire: &Wire, out: &mut dyn FnMut(Output<'_>)) {
    out(Output::Send(wire.as_bytes()));
}

#[cfg(test)]
mod tests;
