//! What an answer means for what was sent, and how long to wait before the next try.

use crate::chance::Chance;

/// Longest wait that a daemon can ask for.
pub const RETRY_AFTER_MS_MAX: u64 = 600_000;
/// A wait is longer or shorter by up to this many of 100.
const JITTER_PERCENT: u64 = 20;

/// What becomes of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Accepted,
    /// Try again, if so asked after this time.
    Again(Option<u64>),
    /// The daemon does not take anything from this camera.
    Unwelcome,
    /// It will never be taken because it is too large.
    TooLarge,
    /// It will never be taken.
    Refused,
}

/// What the daemon's answer means.
pub fn fate(status: u16, retry_after_s: Option<u32>) -> Fate {
    match status {
        200..=299 => Fate::Accepted,
        401 | 403 | 404 => Fate::Unwelcome,
        413 => Fate::TooLarge,
        408 | 425 | 429 => Fate::Again(wait_ms(retry_after_s)),
        400..=499 => Fate::Refused,
        // Anything else is not the daemon, or a daemon that is not well.
        _ => Fate::Again(wait_ms(retry_after_s)),
    }
}

fn wait_ms(retry_after_s: Option<u32>) -> Option<u64> {
    retry_after_s.map(|s| (u64::from(s) * 1_000).min(RETRY_AFTER_MS_MAX))
}

/// Waits that double, each with its own jitter.
#[derive(Debug, Clone)]
pub struct Backoff {
    first_ms: u64,
    max_ms: u64,
    tries: u32,
}

impl Backoff {
    pub const fn new(first_ms: u64, max_ms: u64) -> Self {
        Self { first_ms, max_ms, tries: 0 }
    }

    /// How often it was waited since the last reset.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    pub fn reset(&mut self) {
        self.tries = 0;
    }

    pub fn next_ms(&mut self, chance: &mut Chance) -> u64 {
        let whole_ms = self.first_ms.saturating_mul(1 << self.tries.min(20)).min(self.max_ms);
        self.tries = self.tries.saturating_add(1);
        let span_ms = whole_ms * JITTER_PERCENT / 100;
        whole_ms - span_ms + chance.below(2 * span_ms + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_they_say() {
        for (status, after, expected) in [
            (201, None, Fate::Accepted),
            (200, None, Fate::Accepted),
            (401, None, Fate::Unwelcome),
            (403, None, Fate::Unwelcome),
            (404, None, Fate::Unwelcome),
            (413, None, Fate::TooLarge),
            (415, None, Fate::Refused),
            (422, None, Fate::Refused),
            (408, None, Fate::Again(None)),
            (429, Some(7), Fate::Again(Some(7_000))),
            (503, Some(86_400), Fate::Again(Some(RETRY_AFTER_MS_MAX))),
            (500, None, Fate::Again(None)),
            (302, None, Fate::Again(None)),
        ] {
            assert_eq!(fate(status, after), expected, "{status}");
        }
    }

    #[test]
    fn waits_double_up_to_their_bound_and_differ_by_chance() {
        let mut backoff = Backoff::new(1_000, 300_000);
        let mut chance = Chance::new(3);
        for doubled in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000] {
            let wait = backoff.next_ms(&mut chance);
            assert!((doubled * 8 / 10..=doubled * 12 / 10).contains(&wait), "{wait} for {doubled}");
        }
        backoff.reset();
        assert!(backoff.next_ms(&mut chance) <= 1_200);
    }
}
