//! What has to be answered once, and is asked again until it is: soon at first, then ever more seldom. Reads no clock.

use std::time::Duration;

use parking_api::Time;
use parking_api::client::live::{BACKOFF_MAX, BACKOFF_MIN};

/// How often a question was asked in vain, and when it is asked again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asking {
    failures: u32,
    /// None while it is on its way, and when it is answered.
    pub again_at: Option<Time>,
}

impl Asking {
    pub fn failed(&mut self, now: Time) {
        let wait = BACKOFF_MIN.saturating_mul(2_u32.saturating_pow(self.failures)).min(BACKOFF_MAX);
        self.failures = self.failures.saturating_add(1);
        self.again_at = Some(now.plus_ms(ms(wait)));
    }

    pub fn answered(&mut self) {
        *self = Self::default();
    }

    /// The line is back: what waits is asked now.
    pub fn hasten(&mut self, now: Time) {
        self.again_at = self.again_at.map(|_| now);
    }

    /// Whether it is to be asked now; then it is.
    pub fn is_due(&mut self, now: Time) -> bool {
        self.again_at.take_if(|at| *at <= now).is_some()
    }

    /// The clock was set by so much.
    pub fn shift(&mut self, step_ms: i64) {
        self.again_at = self.again_at.map(|at| at.plus_ms(step_ms));
    }
}

fn ms(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}
