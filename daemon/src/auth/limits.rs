//! How often a caller may ask: by token and by address. Bounded in memory however many addresses there are.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use parking_api::{Problem, ProblemCode, Time, TokenId};

use crate::store::Store;

/// Failed logins of one address: this many at once, then one every [`LOGIN_REFILL`].
const LOGIN_BURST: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const LOGIN_REFILL: Duration = Duration::from_secs(6);
/// Failed logins per second that are counted in the database; beyond that each daemon counts for itself.
const SHARED_PER_S: NonZeroU32 = NonZeroU32::new(50).expect("not zero");
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
    guesses: Limiter<String>,
    /// Failures that are counted in the database.
    shared: DefaultDirectRateLimiter,
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
            guesses: RateLimiter::hashmap(logins),
            shared: RateLimiter::direct(Quota::per_second(SHARED_PER_S)),
            writes: RateLimiter::hashmap(quota(rates.writes_per_s)),
            uploads: RateLimiter::hashmap(quota(rates.uploads_per_s)),
            addresses: RateLimiter::hashmap(quota(rates.writes_per_s.saturating_mul(share))),
            clock: DefaultClock::default(),
        }
    }

    /// Counts an attempt to prove an identity that failed, here and, where other daemons share the `store`, at all of them; or refuses it
    /// when there were too many. `prefix` is that of a token that somebody may be guessing. A flood costs the database nothing: who is
    /// limited already is not counted on.
    ///
    /// # Errors
    /// When this address has failed too often lately, or anybody for this token.
    pub async fn failed_login(
        &self,
        address: IpAddr,
        prefix: Option<&str>,
        store: &Store,
        now: Time,
    ) -> Result<(), Problem> {
        const OF_ADDRESS: &str = "failed logins from this address";
        const OF_TOKEN: &str = "failed logins with a token that begins like this one";
        self.check(&self.logins, &address, OF_ADDRESS)?;
        if let Some(prefix) = prefix {
            self.check(&self.guesses, &prefix.to_string(), OF_TOKEN)?;
        }
        if !store.is_shared() || self.shared.check().is_err() {
            return Ok(());
        }
        let keys = [Some((format!("address {address}"), OF_ADDRESS)), prefix.map(|p| (format!("token {p}"), OF_TOKEN))];
        for (key, what) in keys.into_iter().flatten() {
            match store.count_failure(&key, now, LOGIN_REFILL, LOGIN_BURST.get()).await {
                Ok(true) => {}
                Ok(false) => return Err(too_many(what, LOGIN_REFILL)),
                // Each daemon counts for itself then.
                Err(error) => tracing::debug!(%error, "a failed login is not known to other daemons"),
            }
        }
        Ok(())
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
        limiter.check_key(key).map_err(|not_until| too_many(what, not_until.wait_time_from(self.clock.now())))
    }
}

fn too_many(what: &str, wait: Duration) -> Problem {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
    let mut problem = Problem::new(ProblemCode::RateLimited, format!("too many {what}: wait {wait_ms} ms"));
    problem.retry_after_ms = Some(wait_ms);
    problem
}

fn two() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::embedded_url;

    #[tokio::test]
    async fn guessing_is_slowed_down_by_address_and_by_token_and_others_are_not() {
        let per_s = NonZeroU32::new(5).expect("not zero");
        let limits = Limits::new(Rates { writes_per_s: per_s, uploads_per_s: per_s });
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&embedded_url(folder.path()), 1).await.expect("a database");
        let fail = async |last: u8, prefix: Option<&str>| {
            limits.failed_login(IpAddr::from([10, 0, 0, last]), prefix, &store, Time::from_ms(0)).await
        };
        for _ in 0..LOGIN_BURST.get() {
            fail(1, None).await.expect("the first are let through");
        }
        let problem = fail(1, None).await.expect_err("then it is enough");
        assert_eq!(problem.code, ProblemCode::RateLimited);
        assert!(problem.retry_after_ms.is_some_and(|ms| ms > 0 && ms <= 6_000));
        for last in (2..).take(LOGIN_BURST.get() as usize) {
            fail(last, Some("park_1")).await.expect("another address is not to blame");
        }
        fail(100, Some("park_1")).await.expect_err("one token was guessed at from everywhere");
        fail(100, Some("park_2")).await.expect("another token was not");
    }
}
