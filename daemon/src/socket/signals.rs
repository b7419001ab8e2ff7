//! What makes a socket act besides events and its own client. Knows no frame.

use std::time::Duration;

use parking_api::live::HEARTBEAT_S;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::Session;

/// What a socket heeds besides events and its own client.
pub(super) enum Signal {
    Stop,
    /// Some token was created or revoked.
    Tokens,
    Beat,
    /// Writes began to fail, or work again.
    Degraded(Option<String>),
}

/// Where signals come from.
pub(super) struct Signals {
    stop: CancellationToken,
    tokens: watch::Receiver<u64>,
    degraded: watch::Receiver<Option<String>>,
    heartbeat: Interval,
}

impl Signals {
    pub fn of(session: &Session) -> Self {
        let mut heartbeat = tokio::time::interval(Duration::from_secs(HEARTBEAT_S));
        heartbeat.reset();
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let degraded = session.lot.degraded();
        Self { stop: session.stop.clone(), tokens: session.tokens_changed.clone(), degraded, heartbeat }
    }

    /// The next signal, and where the ones after it come from.
    pub async fn next(mut self) -> (Signal, Self) {
        let signal = tokio::select! {
            biased;
            () = self.stop.cancelled() => Signal::Stop,
            _ = self.tokens.changed() => Signal::Tokens,
            _ = self.heartbeat.tick() => Signal::Beat,
            Ok(()) = self.degraded.changed() => Signal::Degraded(self.degraded.borrow_and_update().clone()),
        };
        (signal, self)
    }
}
