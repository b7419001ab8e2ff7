//! Which call is under way, and what each packet means for it. Knows packets, not bytes.

use super::{Failure, Output, send};
use crate::command::code;
use crate::frame::{Frame, Wire};
use crate::message::{Answer, ErrorCode, Message, State};

/// What may be asked as often as one likes is asked again after this long.
const AGAIN_MS: u64 = 1_000;
/// What should be asked once is asked once more after this long without any sign that it was heard.
const ONCE_MORE_MS: u64 = 6_000;
/// Most times that a call is sent again because the device did not understand it.
const REPEATS_MAX: u8 = 3;
/// A device that says that it has joined gives its address right before or after.
const ADDRESS_MS: u64 = 2_000;
/// Errors to calls that were sent twice arrive within this time of the next call.
const STRAY_MS: u64 = 1_500;

#[derive(Debug, Clone)]
pub(super) struct Session {
    call: Option<Call>,
    /// Errors that may still come for a call that is over.
    strays: u8,
}

#[derive(Debug, Clone)]
struct Call {
    command: u8,
    wire: Wire,
    asked_ms: u64,
    sent_ms: u64,
    /// When there was last a reason to go on waiting.
    news_ms: u64,
    patience_ms: u64,
    /// How often it was sent.
    sent: u8,
    repeats: u8,
    is_joining: bool,
    joined_ms: Option<u64>,
    has_rows: bool,
}

/// How long a call may take: a join as long as clients commonly wait, a scan between two of its rows.
fn patience_ms(command: u8) -> u64 {
    match command {
        code::STATE => 10_000,
        code::WIFI => 45_000,
        code::SCAN => 15_000,
        code::CHECK => 20_000,
        code::INFO => 5_000,
        _ => 4_000,
    }
}

/// Asking often comes to the same as asking once.
fn is_repeatable(command: u8) -> bool {
    !matches!(command, code::WIFI | code::SCAN | code::CHECK)
}

type Out<'o> = &'o mut dyn FnMut(Output<'_>);

impl Session {
    pub(super) const fn new() -> Self {
        Self { call: None, strays: 0 }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.call.is_some()
    }

    pub(super) fn ask(&mut self, command: u8, wire: Wire, patience: Option<u64>, now_ms: u64, out: Out<'_>) {
        send(&wire, out);
        self.call = Some(Call {
            command,
            wire,
            asked_ms: now_ms,
            sent_ms: now_ms,
            news_ms: now_ms,
            patience_ms: patience.unwrap_or(patience_ms(command)),
            sent: 1,
            repeats: 0,
            is_joining: false,
            joined_ms: None,
            has_rows: false,
        });
    }

    pub(super) fn heard(&mut self, frame: Frame<'_>, now_ms: u64, out: Out<'_>) {
        match Message::parse(frame) {
            Some(Message::State(state)) => {
                out(Output::State(state));
                self.told(state, now_ms, out);
            }
            Some(Message::Error(error)) => self.refused(error, now_ms, out),
            Some(Message::Answer(answer)) => self.answered(answer, now_ms, out),
            // Our own calls, echoed by a line that is open at its end, and what nobody knows.
            Some(Message::Call { .. }) | None => {}
        }
    }

    pub(super) fn tick(&mut self, now_ms: u64, out: Out<'_>) {
        let Some(call) = &mut self.call else { return };
        if call.joined_ms.is_some_and(|joined_ms| now_ms >= joined_ms + ADDRESS_MS) {
            let answer = Answer::empty(call.command);
            self.finish(Output::Done(answer), out);
        } else if now_ms >= call.news_ms + call.patience_ms {
            // The end of a list that was lost on the way.
            let result = match call.has_rows {
                true => Output::Done(Answer::empty(call.command)),
                false => Output::Failed(Failure::Silent),
            };
            self.finish(result, out);
        } else if call.is_due_again(now_ms) {
            call.send_again(now_ms, out);
        }
    }

    fn told(&mut self, state: State, now_ms: u64, out: Out<'_>) {
        let Some(call) = &mut self.call else { return };
        match (call.command, state) {
            (code::STATE, _) => self.finish(Output::Done(Answer::empty(code::STATE)), out),
            (code::WIFI, State::Provisioning) => call.is_joining = true,
            // Without a try before, it is the answer to an earlier question.
            (code::WIFI, State::Provisioned) if call.is_joining => call.joined_ms = Some(now_ms),
            (code::WIFI, State::Ready) if call.is_joining => self.finish(Output::Failed(Failure::Dropped), out),
            _ => {}
        }
    }

    fn refused(&mut self, error: ErrorCode, now_ms: u64, out: Out<'_>) {
        let Some(call) = &mut self.call else { return };
        let is_stray = self.strays > 0 && now_ms < call.asked_ms + STRAY_MS;
        match error {
            ErrorCode::None => {}
            _ if is_stray => self.strays -= 1,
            ErrorCode::BadPacket if call.repeats < REPEATS_MAX => {
                call.repeats += 1;
                call.send_again(now_ms, out);
            }
            _ => {
                self.strays = call.sent.saturating_sub(1 + call.repeats);
                self.finish(Output::Failed(Failure::Refused(error)), out);
            }
        }
    }

    fn answered(&mut self, answer: Answer<'_>, now_ms: u64, out: Out<'_>) {
        let Some(call) = &mut self.call else { return };
        if answer.command != call.command {
            // Late, or to a call that somebody else made.
        } else if call.command == code::SCAN && !answer.is_empty() {
            call.has_rows = true;
            call.news_ms = now_ms;
            out(Output::Row(answer));
        } else if call.command != code::STATE {
            self.strays = 0;
            self.finish(Output::Done(answer), out);
        }
    }

    fn finish(&mut self, result: Output<'_>, out: Out<'_>) {
        self.call = None;
        out(result);
    }
}

impl Call {
    fn is_due_again(&self, now_ms: u64) -> bool {
        if is_repeatable(self.command) {
            return now_ms >= self.sent_ms + AGAIN_MS;
        }
        let is_unheard = self.sent == 1 && !self.is_joining && !self.has_rows;
        // A device answers a check only when the daemon has answered it.
        self.command != code::CHECK && is_unheard && now_ms >= self.sent_ms + ONCE_MORE_MS
    }

    fn send_again(&mut self, now_ms: u64, out: Out<'_>) {
        self.sent = self.sent.saturating_add(1);
        self.sent_ms = now_ms;
        send(&self.wire, out);
    }
}
