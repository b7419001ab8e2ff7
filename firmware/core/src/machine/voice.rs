//! What people see and read of a camera: its LED, and a line of text on the serial monitor now and then.

use core::fmt::Write;

use super::{Core, Out, Output};
use crate::boots::Mode;
use crate::led::Led;
use crate::text::Text;

/// How often a line is said when nothing changes.
const SAY_MS: u64 = 60_000;
/// Nothing is said while somebody talks on the line, nor for this long afterwards.
const QUIET_MS: u64 = 5_000;
/// Longest line, in bytes.
const LINE_MAX: usize = 224;

/// What was said and shown last.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    is_lit: Option<bool>,
    heard_ms: Option<u64>,
    /// State, whether settings could not be stored, and when.
    said: Option<(Led, bool, u64)>,
}

impl Voice {
    pub(super) fn new() -> Self {
        Self { is_lit: None, heard_ms: None, said: None }
    }

    pub(super) fn heard(&mut self, now_ms: u64) {
        self.heard_ms = Some(now_ms);
    }
}

impl Core {
    fn state(&self) -> Led {
        if self.updating.is_busy() {
            Led::Updating
        } else if self.settings.wifi.is_none() || self.settings.claim.is_none() {
            Led::Unclaimed
        } else if !self.is_online() {
            Led::NoWifi
        } else if self.wire.is_closed() {
            Led::Refused
        } else if self.eye.is_blind() || self.mode == Mode::Safe {
            Led::NoCamera
        } else if self.wire.is_unheard() {
            Led::NoDaemon
        } else {
            Led::Well
        }
    }

    pub(super) fn advance_voice(&mut self, now_ms: u64, out: Out<'_>) {
        let state = self.state();
        let is_lit = state.is_lit(now_ms);
        if self.voice.is_lit != Some(is_lit) {
            self.voice.is_lit = Some(is_lit);
            out(Output::Led(is_lit));
        }
        let now = (state, self.is_forgetful);
        let is_news =
            self.voice.said.is_none_or(|(said, forgets, at_ms)| (said, forgets) != now || now_ms >= at_ms + SAY_MS);
        let is_quiet = self.voice.heard_ms.is_none_or(|heard_ms| now_ms >= heard_ms + QUIET_MS);
        if is_news && is_quiet {
            self.voice.said = Some((state, self.is_forgetful, now_ms));
            out(Output::Uart(self.line(state, now_ms).as_bytes()));
        }
    }

    fn line(&self, state: Led, now_ms: u64) -> Text<LINE_MAX> {
        let words = match state {
            Led::Dark | Led::Well => "well: pictures arrive",
            Led::Unclaimed => "waits to be set up on this line",
            Led::NoWifi => "is not in its network",
            Led::NoDaemon => "the daemon does not answer",
            Led::Refused => "the daemon refuses this camera: set it up again",
            Led::NoCamera => "the camera module does not work",
            Led::Updating => "new firmware is coming: do not cut the power",
        };
        let mut line = Text::new();
        // Its parts are bounded, so it fits.
        let _ = write!(line, "I ({now_ms}) camera: {words}; ");
        if let Some(rssi_dbm) = self.rssi_dbm {
            let _ = write!(line, "{rssi_dbm} dBm, ");
        }
        if self.is_forgetful {
            let _ = write!(line, "SETTINGS CANNOT BE STORED, ");
        }
        let (waiting, counts) = (self.ring.frames().len(), self.ring.counts);
        let _ = write!(line, "{waiting} waiting, {} sent, {} dropped, ", counts.accepted, counts.dropped);
        let _ = write!(line, "{} errors, {}\r\n", self.errors, self.mode);
        line
    }
}
