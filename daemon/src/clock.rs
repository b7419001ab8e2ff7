//! Time, ids and randomness: the only place that asks the system for them, so that every decision can be given them instead.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use parking_api::Time;
use parking_api::digits::digits_of;
use uuid::Uuid;

/// Where the time comes from.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present, in UTC.
    fn now(&self) -> Time;
}

/// The system's clock, which may be set back at any time.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl SystemClock {
    /// One that never goes back while this process runs.
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(SteadyClock { last: Mutex::new((SystemClock.now(), Instant::now())) })
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system's clock is read")]
    fn now(&self) -> Time {
        Time::from(jiff::Timestamp::now())
    }
}

/// How much slower time passes while the system's clock is behind: an hour that was lost is made up for in two, and silence is noticed
/// meanwhile, only later.
const SLOWER: u32 = 2;

/// The system's clock, which is followed forward at once and back by letting time pass slower.
#[derive(Debug)]
struct SteadyClock {
    /// What was last told, and when by a clock that nobody sets.
    last: Mutex<(Time, Instant)>,
}

impl Clock for SteadyClock {
    fn now(&self) -> Time {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Instant::now();
        let now = steady(last.0, at - last.1, SystemClock.now());
        // What is too short to count is not forgotten.
        if now > last.0 {
            *last = (now, at);
        }
        now
    }
}

/// The time `passed` after `last`, when the system's clock shows `shown`.
fn steady(last: Time, passed: Duration, shown: Time) -> Time {
    shown.max(last.plus_ms((passed / SLOWER).as_millis() as i64))
}

/// A clock that shows what it is told: what happens to a daemon with it happens as fast as it can.
#[derive(Debug)]
pub struct ToldClock(Mutex<Time>);

impl ToldClock {
    pub fn new(at: Time) -> Self {
        Self(Mutex::new(at))
    }

    /// It never goes back.
    pub fn tell(&self, at: Time) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *told = at.max(*told);
    }

    pub fn told(&self) -> Time {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ToldClock {
    fn now(&self) -> Time {
        self.told()
    }
}

/// A new id, ordered by time (UUIDv7).
#[expect(clippy::disallowed_methods, reason = "the one place where ids are made")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// A name for a log that no other log has.
///
/// # Errors
/// When the system has no randomness to give.
pub fn random_epoch() -> std::io::Result<String> {
    random_256().map(|bytes| digits_of(&bytes[..8]))
}

/// 256 bits from the system's generator.
///
/// # Errors
/// When the system has no randomness to give.
pub fn random_256() -> std::io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_follows_the_system_forward_and_never_goes_back() {
        let (at, second) = (|s: i64| Time::from_ms(s * 1_000), Duration::from_secs(1));
        assert_eq!(steady(at(10_000), second, at(10_001)), at(10_001));
        assert_eq!(steady(at(10_000), second, at(99_999)), at(99_999), "it was set forward");
        let hour = 3_600;
        assert_eq!(steady(at(10_000), second * 2, at(10_002 - hour)), at(10_001), "it was set back");
        assert_eq!(steady(at(10_000), second * 2 * 3_600, at(10_000 + hour)), at(10_000 + hour), "it is right again");
    }

    #[test]
    fn moments_too_short_to_count_add_up() {
        let ahead = SystemClock.now().plus_ms(3_600_000);
        let clock = SteadyClock { last: Mutex::new((ahead, Instant::now() - Duration::from_secs(10))) };
        assert!(clock.now() >= ahead.plus_ms(5_000));
        let first = clock.now();
        while clock.now() == first {}
    }
}
