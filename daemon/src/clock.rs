//! Time, ids and randomness: the only place that asks the system for them, so that every decision can be given them instead.

use std::sync::Arc;

use parking_api::Time;
use uuid::Uuid;

/// Where the time comes from.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present, in UTC. It may go back when the system's clock is set back.
    fn now(&self) -> Time;
}

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl SystemClock {
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(Self)
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system's clock is read")]
    fn now(&self) -> Time {
        Time::from(jiff::Timestamp::now())
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
    Ok(random_256()?[..8].iter().map(|byte| format!("{byte:02x}")).collect())
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
