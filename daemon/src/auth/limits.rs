//! How often a caller may ask: by token and by address. Bounded in memory however many addresses there are.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use parking_api::{Problem, ProblemCode, TokenId};

/// Failed logins of one address: this many at once, then one every [`LOGIN_REFILL`].
const LOGIN_BURST: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const LOGIN_REFILL: Duration = Duration::from_secs(6);
/// Writes of one address per writes of one token: several callers may share an address.
const ADDRESS_SHARE: u32 = 2;
/// Keys that are remembered; beyond that, those that are not limited at the moment are forgotten.
const KEYS_MAX: usize = 10_000;

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock>;

/// What one token may do, per second; twice as much at once.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    pub writes_per_s: NonZeroU32,
    pub uploads_per_s: NonZeroU32,
}

/// Counts what callers do.
#[derive(Debug)]
pub struct Limits {
    logins: Limiter<IpAddr>,
    writes: Limiter<TokenId>,
    uploads: Limiter<TokenId>,
    addresses: Limiter<IpAddr>,
    clock: DefaultClock,
}

impl Limits {
    pub fn new(rates: Rates) -> Self {
        let quota = |per_s: NonZeroU32| Quota::per_second(per_s).allow_burst(per_s.saturating_mul(two()));
        let share = NonZeroU32::new(ADDRESS_SHARE).unwrap_or(NonZeroU32::MIN);
        let logins =
            Quota::with_period(LOGIN_REFILL).unwrap_or(Quota::per_minute(LOGIN_BURST)).allow_burst(LOGIN_BURST);
        Self {
            logins: RateLimiter::hashmap(logins),
            writes: RateLimiter::hashmap(quota(rates.writes_per_s)),
            uploads: RateLimiter::hashmap(quota(rates.uploads_per_s)),
            addresses: RateLimiter::hashmap(quota(rates.writes_per_s.saturating_mul(share))),
            clock: DefaultClock::default(),
        }
    }

    /// Counts an attempt to prove an identity that failed, or refuses it when there were too many.
    ///
    /// # Errors
    /// When this address has failed too often lately.
    pub fn failed_login(&self, address: IpAddr) -> Result<(), Problem> {
        self.check(&self.logins, &address, "failed logins from this address")
    }

    /// Counts a mutation.
    ///
    /// # Errors
    /// When this token or this address has written too often lately.
    pub fn write(&self, token: TokenId, address: IpAddr) -> Result<(), Problem> {
        self.check(&self.addresses, &address, "writes from this address")?;
        self.check(&self.writes, &token, "writes with this token")
    }

    /// Counts an upload.
    ///
    /// # Errors
    /// When this token has uploaded too often lately.
    pub fn upload(&self, token: TokenId) -> Result<(), Problem> {
        self.check(&self.uploads, &token, "uploads with this token")
    }

    fn check<K: Hash + Eq + Clone>(&self, limiter: &Limiter<K>, key: &K, what: &str) -> Result<(), Problem> {
        if limiter.len() > KEYS_MAX {
            limiter.retain_recent();
        }
        limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
            let mut problem = Problem::new(ProblemCode::RateLimited, format!("too many {what}: wait {wait_ms} ms"));
            problem.retry_after_ms = Some(wait_ms);
            problem
        })
    }
}

fn two() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_slowed_down_by_address_and_others_are_not() {
        let per_s = NonZeroU32::new(5).expect("not zero");
        let limits = Limits::new(Rates { writes_per_s: per_s, uploads_per_s: per_s });
        let (a, b) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..LOGIN_BURST.get() {
            limits.failed_login(a).expect("the first are let through");
        }
        let problem = limits.failed_login(a).expect_err("then it is enough");
        assert_eq!(problem.code, ProblemCode::RateLimited);
        assert!(problem.retry_after_ms.is_some_and(|ms| ms > 0 && ms <= 6_000));
        limits.failed_login(b).expect("another address is not to blame");
    }
}
