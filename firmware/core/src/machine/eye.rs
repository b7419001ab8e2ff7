//! The camera module: when it takes a picture, and what is done when it does not.

use super::{Core, Out, Output, Stuck};
use crate::boots::Mode;
use crate::schedule::Schedule;
use crate::settings::{INTERVAL_S_MAX, INTERVAL_S_MIN};

/// A module that has no picture after this time has failed.
const SHOT_MS: u64 = 15_000;
/// So many failures in a row, and the camera is restarted.
const FAILURES_MAX: u8 = 5;
/// Steps of quality, from 0, the best, down: as low as it gets when the daemon finds pictures too large.
pub const QUALITIES: usize = 4;
/// How much rarer pictures are taken when the supply is weak.
const GENTLE_FACTOR: u32 = 2;

/// The camera module.
#[derive(Debug, Clone)]
pub(super) struct Eye {
    schedule: Option<Schedule>,
    /// Since when a picture is being taken.
    asked_ms: Option<u64>,
    /// The daemon wants one now.
    is_wanted: bool,
    /// Number of the daemon's last wish.
    wish: Option<u32>,
    failures: u8,
    quality: u8,
}

impl Eye {
    pub(super) fn new() -> Self {
        Self { schedule: None, asked_ms: None, is_wanted: false, wish: None, failures: 0, quality: 0 }
    }

    pub(super) fn is_blind(&self) -> bool {
        self.failures > 0
    }

    pub(super) fn lower_quality(&mut self, out: Out<'_>) {
        if usize::from(self.quality) + 1 < QUALITIES {
            self.quality += 1;
            out(Output::RestartCamera);
        }
    }

    pub(super) fn wish(&mut self, number: u32) {
        if self.wish != Some(number) {
            self.wish = Some(number);
            self.is_wanted = true;
        }
    }
}

impl Core {
    fn interval_s(&self) -> u32 {
        let factor = if self.mode == Mode::Gentle { GENTLE_FACTOR } else { 1 };
        self.settings.interval_s.clamp(INTERVAL_S_MIN, INTERVAL_S_MAX).saturating_mul(factor)
    }

    /// The first picture is due at once.
    pub(super) fn start_schedule(&mut self, now_ms: u64) {
        self.eye.schedule = Some(Schedule::new(self.interval_s(), now_ms, &mut self.chance));
    }

    pub(super) fn set_interval(&mut self, interval_s: u32, now_ms: u64, out: Out<'_>) {
        let interval_s = interval_s.clamp(INTERVAL_S_MIN, INTERVAL_S_MAX);
        if interval_s != self.settings.interval_s {
            self.settings.interval_s = interval_s;
            self.store(out);
            self.reschedule(now_ms);
        }
    }

    /// The interval or the mode may be another.
    pub(super) fn reschedule(&mut self, now_ms: u64) {
        let interval_s = self.interval_s();
        if let Some(schedule) = &mut self.eye.schedule {
            schedule.set_interval(interval_s, now_ms);
        }
    }

    pub(super) fn advance_eye(&mut self, now_ms: u64, out: Out<'_>) {
        if self.eye.asked_ms.is_some_and(|asked_ms| now_ms >= asked_ms + SHOT_MS) {
            self.shot_failed(out);
        }
        // Safe mode leaves the module alone; the schedule goes on without it.
        let is_due = self.eye.schedule.as_mut().is_some_and(|schedule| schedule.is_due(now_ms));
        let is_wanted = is_due || self.eye.is_wanted;
        if is_wanted && self.eye.asked_ms.is_none() && self.mode != Mode::Safe && self.settings.claim.is_some() {
            self.eye.is_wanted = false;
            self.eye.asked_ms = Some(now_ms);
            out(Output::Shoot { quality: self.eye.quality });
        }
    }

    pub(super) fn shot(&mut self, bytes: u32, now_ms: u64, out: Out<'_>) {
        if self.eye.asked_ms.take().is_none() {
            return;
        }
        self.eye.failures = 0;
        if let Some(frame) = self.ring.keep(bytes, now_ms, |slot| out(Output::Forget { slot })) {
            out(Output::Keep { slot: frame.slot });
        } else {
            self.errors += 1;
            self.eye.lower_quality(out);
        }
    }

    pub(super) fn shot_failed(&mut self, out: Out<'_>) {
        if self.eye.asked_ms.take().is_none() {
            return;
        }
        self.errors += 1;
        self.eye.failures = self.eye.failures.saturating_add(1);
        out(Output::RestartCamera);
        // A restart would lose what waits.
        if self.eye.failures >= FAILURES_MAX && self.ring.frames().is_empty() {
            self.eye.failures = 1;
            self.reboot(Stuck::Camera, out);
        }
    }
}
