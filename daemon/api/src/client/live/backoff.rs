//! When to come back after a connection was lost. Pure: chance is passed in, and nothing waits here.

use std::time::Duration;

use rand::Rng;

/// A connection that stood this long was a good one: the next loss starts over with the shortest wait.
pub(super) const STABLE: Duration = Duration::from_secs(30);
/// No wait is shorter, whatever the caller asks for.
const WAIT_MIN: Duration = Duration::from_millis(10);
/// Longest wait that a server may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// The waits of one live client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    min: Duration,
    max: Duration,
    /// Losses since the last stable connection.
    attempt: u32,
}

impl Backoff {
    pub(super) fn new(min: Duration, max: Duration) -> Self {
        let min = min.max(WAIT_MIN);
        Self { min, max: max.max(min), attempt: 0 }
    }

    /// The wait after a connection that was live for `live_for` and whose server asked to be left alone for `after`.
    pub(super) fn wait(&mut self, live_for: Duration, after: Option<Duration>, rng: &mut impl Rng) -> Duration {
        if live_for >= STABLE {
            self.attempt = 0;
        }
        let wait = backoff(self.attempt, self.min, self.max, rng);
        self.attempt = self.attempt.saturating_add(1);
        // On top of what the server asked for, not instead: it asks all of its clients for the same.
        wait + after.unwrap_or_default().min(RETRY_AFTER_MAX)
    }
}

/// Full jitter: anything from `min` up to `min` doubled `attempt + 1` times, and never more than `max`.
pub(super) fn backoff(attempt: u32, min: Duration, max: Duration, rng: &mut impl Rng) -> Duration {
    let factor = 2_u32.saturating_pow(attempt.saturating_add(1));
    let ceiling = min.saturating_mul(factor).min(max);
    if ceiling <= min { min } else { rng.random_range(min..=ceiling) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    const MIN: Duration = Duration::from_millis(250);
    const MAX: Duration = Duration::from_secs(20);

    #[test]
    fn waits_grow_to_the_maximum_and_start_over_after_a_stable_connection() {
        let mut rng = SmallRng::seed_from_u64(7);
        let mut backoff = Backoff::new(MIN, MAX);
        let waits: Vec<_> = (0..40).map(|_| backoff.wait(Duration::ZERO, None, &mut rng)).collect();
        assert!(waits[0] <= 2 * MIN, "{waits:?}");
        assert!(waits.iter().any(|wait| *wait > MAX / 2), "{waits:?}");
        assert!(backoff.wait(STABLE, None, &mut rng) <= 2 * MIN);
        assert!(backoff.wait(STABLE / 2, None, &mut rng) <= 4 * MIN);
    }

    #[test]
    fn clients_that_were_sent_away_together_come_back_apart() {
        let mut waits: Vec<_> = (0..50)
            .map(|seed| {
                let mut rng = SmallRng::seed_from_u64(seed);
                Backoff::new(MIN, MAX).wait(Duration::ZERO, Some(Duration::from_secs(2)), &mut rng)
            })
            .collect();
        assert!(waits.iter().all(|wait| *wait >= Duration::from_secs(2) + MIN));
        waits.sort();
        waits.dedup();
        assert!(waits.len() > 45, "{waits:?}");
    }

    #[test]
    fn a_server_cannot_send_a_client_away_for_ever() {
        let mut rng = SmallRng::seed_from_u64(7);
        let wait = Backoff::new(MIN, MAX).wait(Duration::ZERO, Some(Duration::MAX), &mut rng);
        assert!(wait <= RETRY_AFTER_MAX + MAX);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_nothing_and_never_more_than_the_maximum(
            seed: u64, attempt: u32, min_ms in 0_u64..5_000, max_ms in 0_u64..60_000,
        ) {
            let Backoff { min, max, .. } = Backoff::new(Duration::from_millis(min_ms), Duration::from_millis(max_ms));
            let wait = backoff(attempt, min, max, &mut SmallRng::seed_from_u64(seed));
            prop_assert!(wait >= WAIT_MIN && wait >= min && wait <= max);
        }
    }
}
