//! The network: joined, lost, tried again; another one on trial.

use improv::device::JOIN_MS;

use super::{Core, Out, Output, Stuck};
use crate::retry::Backoff;
use crate::settings::Wifi;
use crate::text::Text;

/// Waits between tries to join.
const RETRY_MS_FIRST: u64 = 1_000;
const RETRY_MS_MAX: u64 = 60_000;
/// A radio that says nothing for this long about a join does not work. Longer than a client on the cable waits.
const SILENT_MS: u64 = JOIN_MS + 10_000;
/// So many joins in a row that failed, and the radio is restarted; so many without a word, and the camera.
const FAILURES_MAX: u32 = 10;
const SILENCES_MAX: u8 = 3;
/// How often the signal is measured, and so how soon it is noticed that a network is gone.
const MEASURE_MS: u64 = 5_000;

/// The network.
#[derive(Debug, Clone)]
pub(super) struct Link {
    state: State,
    attempt: u32,
    /// The network that a client on the cable wants, until it has worked.
    pub(super) candidate: Option<Wifi>,
    pub(super) address: Text<48>,
    backoff: Backoff,
    silences: u8,
    measure_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Down { retry_ms: u64 },
    Joining { by_ms: u64 },
    Up,
}

impl Link {
    pub(super) fn new() -> Self {
        Self {
            state: State::Down { retry_ms: 0 },
            attempt: 0,
            candidate: None,
            address: Text::new(),
            backoff: Backoff::new(RETRY_MS_FIRST, RETRY_MS_MAX),
            silences: 0,
            measure_ms: 0,
        }
    }
}

impl Core {
    pub(super) fn is_online(&self) -> bool {
        self.link.state == State::Up
    }

    /// Leaves the network that works for another one, for as long as that takes.
    pub(super) fn try_network(&mut self, wifi: Wifi, now_ms: u64, out: Out<'_>) {
        self.give_up(now_ms, out);
        self.link.candidate = Some(wifi);
        self.join(&wifi, now_ms, out);
    }

    fn join(&mut self, wifi: &Wifi, now_ms: u64, out: Out<'_>) {
        self.link.attempt += 1;
        self.link.state = State::Joining { by_ms: now_ms + SILENT_MS };
        let Wifi { ssid, password } = wifi;
        out(Output::Join { attempt: self.link.attempt, ssid, password, hostname: self.hostname() });
    }

    /// What it is called in its network until somebody gives it another name.
    pub(super) fn hostname(&self) -> &str {
        if self.settings.hostname.is_empty() { &self.board.name } else { &self.settings.hostname }
    }

    /// Goes back to the network from before.
    pub(super) fn abandon_network(&mut self, now_ms: u64, out: Out<'_>) {
        let Some(candidate) = self.link.candidate.take() else { return };
        if !self.is_online() || self.settings.wifi != Some(candidate) {
            self.give_up(now_ms, out);
            self.link.state = State::Down { retry_ms: now_ms };
            out(Output::Leave);
        }
    }

    /// Whether that is news for a client on the cable.
    pub(super) fn joined(&mut self, attempt: u32, address: &str, now_ms: u64) -> bool {
        if !matches!(self.link.state, State::Joining { .. }) || attempt != self.link.attempt {
            return false;
        }
        self.link.state = State::Up;
        self.link.measure_ms = now_ms;
        self.link.address = Text::cut(address);
        self.link.backoff.reset();
        self.link.silences = 0;
        // In another network the daemon may be there.
        self.wire.hurry(now_ms);
        self.link.candidate.is_some()
    }

    /// Whether that is news for a client on the cable.
    pub(super) fn not_joined(&mut self, attempt: u32, now_ms: u64) -> bool {
        if !matches!(self.link.state, State::Joining { .. }) || attempt != self.link.attempt {
            return false;
        }
        self.link.silences = 0;
        self.join_later(now_ms)
    }

    fn join_later(&mut self, now_ms: u64) -> bool {
        let was_candidate = self.link.candidate.take().is_some();
        let wait_ms = if was_candidate { 0 } else { self.link.backoff.next_ms(&mut self.chance) };
        self.link.state = State::Down { retry_ms: now_ms + wait_ms };
        self.errors += 1;
        was_candidate
    }

    pub(super) fn lost(&mut self, now_ms: u64, out: Out<'_>) {
        if !self.is_online() {
            return;
        }
        self.give_up(now_ms, out);
        match self.link.candidate {
            // On trial it is given one more chance.
            Some(wifi) => self.join(&wifi, now_ms, out),
            None => _ = self.join_later(now_ms),
        }
    }

    pub(super) fn advance_link(&mut self, now_ms: u64, out: Out<'_>) {
        if now_ms >= self.link.measure_ms {
            self.link.measure_ms = now_ms + MEASURE_MS;
            out(Output::Measure);
        }
        match self.link.state {
            State::Joining { by_ms } if now_ms >= by_ms => {
                self.link.silences += 1;
                self.join_later(now_ms);
                out(Output::Leave);
                if self.link.silences >= SILENCES_MAX {
                    self.link.silences = 0;
                    self.reboot(Stuck::Radio, out);
                }
            }
            State::Down { retry_ms } if now_ms >= retry_ms => {
                let Some(wifi) = self.settings.wifi else { return };
                let tries = self.link.backoff.tries();
                if tries > 0 && tries.is_multiple_of(FAILURES_MAX) {
                    out(Output::RestartRadio);
                }
                self.join(&wifi, now_ms, out);
            }
            _ => {}
        }
    }
}
