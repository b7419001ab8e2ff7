//! The daemon: one request at a time, and what its answer means. What it has accepted is never sent again.

use improv::Verdict;
use improv::device::CHECK_MS;

use super::{Core, Out, Output, Stuck};
use crate::health::Health;
use crate::orders::Orders;
use crate::request::{Answer, Key, Request, What};
use crate::retry::{Backoff, Fate, fate};
use crate::settings::Claim;

/// A request that nothing is heard of for this long is given up. Connections have shorter limits of their own.
const SILENT_MS: u64 = 45_000;
/// So many in a row, and the camera is restarted.
const SILENCES_MAX: u8 = 3;
/// So many in a row that came to nothing, and the network is joined anew: it may be one in name only.
const BROKEN_MAX: u8 = 8;
/// Waits between tries.
const RETRY_MS_FIRST: u64 = 1_000;
const RETRY_MS_MAX: u64 = 300_000;
/// How often a camera reports how it is doing, and how soon after a start.
const REPORT_MS: u64 = 900_000;
const REPORT_MS_FIRST: u64 = 10_000;
/// How often a camera that is not welcome asks whether that has changed.
const UNWELCOME_MS: u64 = 900_000;

/// What goes to the daemon.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    flight: Option<Flight>,
    next_id: u32,
    door: Door,
    backoff: Backoff,
    /// When the next report is due.
    report_ms: Option<u64>,
    is_check_wanted: bool,
    silences: u8,
    broken: u8,
}

#[derive(Debug, Clone, Copy)]
struct Flight {
    id: u32,
    purpose: Purpose,
    by_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Picture,
    Report,
    Check,
    Firmware,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    /// The daemon was not there, or asked for patience.
    Later(u64),
    /// The daemon does not know the camera or its token. It is asked again now and then: it may be set right there.
    Closed(u64),
}

impl Wire {
    pub(super) fn new() -> Self {
        Self {
            flight: None,
            next_id: 1,
            door: Door::Open,
            backoff: Backoff::new(RETRY_MS_FIRST, RETRY_MS_MAX),
            report_ms: None,
            is_check_wanted: false,
            silences: 0,
            broken: 0,
        }
    }

    pub(super) fn check(&mut self) {
        self.is_check_wanted = true;
    }

    /// The camera has another claim.
    pub(super) fn welcome(&mut self, now_ms: u64) {
        self.door = Door::Open;
        self.backoff.reset();
        self.report_ms = Some(now_ms + REPORT_MS_FIRST);
    }

    /// Something changed: what waits need not wait longer.
    pub(super) fn hurry(&mut self, now_ms: u64) {
        if let Door::Later(_) = self.door {
            self.door = Door::Later(now_ms);
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.door, Door::Closed(_))
    }

    pub(super) fn is_unheard(&self) -> bool {
        self.backoff.tries() > 0
    }

    pub(super) fn is_idle(&self) -> bool {
        self.flight.is_none()
    }
}

impl Core {
    /// Ends the request that is on its way; what it carried waits again.
    pub(super) fn give_up(&mut self, now_ms: u64, out: Out<'_>) {
        if let Some(flight) = self.wire.flight.take() {
            out(Output::Hang(flight.id));
            self.ring.unsent();
            if flight.purpose == Purpose::Firmware {
                self.abort_update(now_ms, out);
            }
        }
    }

    pub(super) fn abandon_check(&mut self, now_ms: u64, out: Out<'_>) {
        self.wire.is_check_wanted = false;
        if self.wire.flight.is_some_and(|flight| flight.purpose == Purpose::Check) {
            self.give_up(now_ms, out);
        }
    }

    pub(super) fn advance_wire(&mut self, now_ms: u64, out: Out<'_>) {
        if let Some(flight) = self.wire.flight.filter(|flight| now_ms >= flight.by_ms) {
            self.give_up(now_ms, out);
            self.wire.silences += 1;
            // A client on the cable has long been told.
            if flight.purpose != Purpose::Check {
                self.later(None, now_ms);
            }
            if self.wire.silences >= SILENCES_MAX {
                self.wire.silences = 0;
                self.reboot(Stuck::Network, out);
            }
        }
        if !self.is_online() {
            return;
        }
        if self.wire.is_check_wanted {
            self.give_up(now_ms, out);
            self.wire.is_check_wanted = false;
            if let Some(claim) = self.staged.or(self.settings.claim) {
                self.send_report(Purpose::Check, &claim, now_ms, out);
            }
        }
        if self.wire.is_idle() {
            self.send_next(now_ms, out);
        }
    }

    fn send_next(&mut self, now_ms: u64, out: Out<'_>) {
        let Some(claim) = self.settings.claim else { return };
        if core::mem::take(&mut self.updating.is_news) {
            self.wire.report_ms = Some(now_ms);
        }
        let report_ms = *self.wire.report_ms.get_or_insert(now_ms + REPORT_MS_FIRST);
        match self.wire.door {
            Door::Later(at_ms) | Door::Closed(at_ms) if now_ms < at_ms => return,
            Door::Closed(_) => return self.send_report(Purpose::Report, &claim, now_ms, out),
            _ => {}
        }
        if now_ms >= report_ms {
            self.send_report(Purpose::Report, &claim, now_ms, out);
        } else if let Some(frame) = self.ring.send() {
            let key = Key { boot: self.number, number: frame.number };
            let age_ms = now_ms.saturating_sub(frame.taken_ms);
            let what = What::Picture { slot: frame.slot, bytes: frame.bytes, key, age_ms };
            self.send(Purpose::Picture, &claim, what, now_ms, out);
        } else if let Some(id) = self.updating.wanted() {
            out(Output::BeginUpdate);
            self.send(Purpose::Firmware, &claim, What::Firmware(&id), now_ms, out);
        }
    }

    fn send_report(&mut self, purpose: Purpose, claim: &Claim, now_ms: u64, out: Out<'_>) {
        let health = Health {
            uptime_s: self.uptime_ms(now_ms) / 1_000,
            rssi_dbm: self.rssi_dbm,
            free_heap_bytes: self.free_heap_bytes,
            firmware: &self.board.version,
            board: &self.board.board,
            reset_reason: self.reset.word(),
            mode: self.mode.word(),
            queue_depth: self.ring.frames().len() as u32,
            dropped: self.ring.counts.dropped,
            refused: self.ring.counts.refused,
            errors: self.errors,
            update: &self.updating.word,
            update_of: self.updating.of,
            update_attempt: self.attempt(),
        };
        let report = health.report();
        self.send(purpose, claim, What::Report(&report), now_ms, out);
    }

    fn send(&mut self, purpose: Purpose, claim: &Claim, what: What<'_>, now_ms: u64, out: Out<'_>) {
        let id = self.wire.next_id;
        self.wire.next_id = id.wrapping_add(1);
        // A client on the cable is told after a shorter time, and then nobody waits for it.
        let patience_ms = if purpose == Purpose::Check { CHECK_MS } else { SILENT_MS };
        self.wire.flight = Some(Flight { id, purpose, by_ms: now_ms + patience_ms });
        let is_staged = purpose == Purpose::Check && self.staged.is_some();
        let authority = if is_staged { self.arriving.authority() } else { &self.settings.authority };
        out(Output::Send(Request { id, claim, authority: authority.as_bytes(), what }));
    }

    /// A piece of a firmware; whoever sends it is there.
    pub(super) fn piece(&mut self, id: u32, bytes: &[u8], now_ms: u64, out: Out<'_>) {
        let Some(flight) = self.wire.flight.as_mut().filter(|flight| flight.id == id) else { return };
        if flight.purpose == Purpose::Firmware {
            flight.by_ms = now_ms + SILENT_MS;
            if !self.take_piece(bytes, out) {
                self.give_up(now_ms, out);
            }
        }
    }

    /// What a client on the cable is told, if it asked.
    pub(super) fn answered(&mut self, id: u32, answer: Answer<'_>, now_ms: u64, out: Out<'_>) -> Option<Verdict> {
        let flight = self.wire.flight.take_if(|flight| flight.id == id)?;
        self.wire.silences = 0;
        if flight.purpose == Purpose::Check {
            return Some(verdict(answer));
        }
        let (fate, body) = match answer {
            Answer::Said { status, retry_after_s, body } => (fate(status, retry_after_s), body),
            Answer::NoAddress | Answer::Broken => (Fate::Again(None), &[][..]),
        };
        let is_broken = !matches!(answer, Answer::Said { .. });
        self.wire.broken = if is_broken { self.wire.broken + 1 } else { 0 };
        match flight.purpose {
            Purpose::Picture => self.picture_answered(fate, out),
            Purpose::Firmware => self.firmware_answered(fate, now_ms, out),
            Purpose::Report | Purpose::Check => {}
        }
        if flight.purpose == Purpose::Report && !matches!(fate, Fate::Again(_)) {
            self.wire.report_ms = Some(now_ms + REPORT_MS);
        }
        match fate {
            Fate::Accepted => {
                self.wire.backoff.reset();
                self.wire.door = Door::Open;
                if flight.purpose != Purpose::Firmware {
                    self.obey(&Orders::parse(body), now_ms, out);
                }
            }
            Fate::Again(after_ms) => self.later(after_ms, now_ms),
            Fate::Unwelcome if flight.purpose != Purpose::Firmware => {
                self.errors += 1;
                self.wire.door = Door::Closed(now_ms + UNWELCOME_MS);
            }
            Fate::Unwelcome => self.errors += 1,
            Fate::Refused | Fate::TooLarge => {
                self.errors += 1;
                // It is known there: only what it sent was wrong.
                self.wire.door = Door::Open;
            }
        }
        if self.wire.broken >= BROKEN_MAX {
            self.wire.broken = 0;
            self.lost(now_ms, out);
        }
        None
    }

    fn picture_answered(&mut self, fate: Fate, out: Out<'_>) {
        let gone = match fate {
            Fate::Accepted => self.ring.accepted(),
            Fate::TooLarge | Fate::Refused => self.ring.refused(),
            Fate::Again(_) | Fate::Unwelcome => {
                self.ring.unsent();
                None
            }
        };
        if let Some(slot) = gone {
            out(Output::Forget { slot });
        }
        if fate == Fate::TooLarge {
            self.eye.lower_quality(out);
        }
        if fate == Fate::Accepted {
            self.prove(out);
        }
    }

    fn later(&mut self, after_ms: Option<u64>, now_ms: u64) {
        self.errors += 1;
        let wait_ms = self.wire.backoff.next_ms(&mut self.chance);
        self.wire.door = Door::Later(now_ms + after_ms.unwrap_or(wait_ms));
    }

    fn obey(&mut self, orders: &Orders<'_>, now_ms: u64, out: Out<'_>) {
        if let Some(interval_s) = orders.interval_s {
            self.set_interval(interval_s, now_ms, out);
        }
        if let Some(number) = orders.capture {
            self.eye.wish(number);
        }
        if let Some(offer) = &orders.firmware {
            self.offered(offer, now_ms);
        }
    }
}

fn verdict(answer: Answer<'_>) -> Verdict {
    match answer {
        Answer::NoAddress => Verdict::NoAddress,
        Answer::Broken => Verdict::Unreachable,
        Answer::Said { status: 200..=299, .. } => Verdict::Ok,
        Answer::Said { status: 401 | 403, .. } => Verdict::Refused,
        Answer::Said { status: 404, .. } => Verdict::UnknownCamera,
        Answer::Said { .. } => Verdict::Failed,
    }
}
