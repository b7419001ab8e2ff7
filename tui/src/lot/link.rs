//! State of the line to the daemon. Pure.

use parking_api::Time;
use parking_api::client::LinkState;

/// State of the line to the daemon.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    Connecting,
    CatchingUp,
    Live,
    Offline {
        since: Time,
        /// None while it is tried.
        retry_at: Option<Time>,
        reason: String,
    },
    /// It will not come back by itself.
    Ended {
        reason: String,
    },
}

impl Link {
    /// What the client says of the connection. Tries that fail are one outage, and so is what it says of each of them.
    pub fn after(&self, state: LinkState, now: Time) -> Self {
        match (state, self) {
            (LinkState::Connecting, Self::Offline { since, reason, .. }) => {
                Self::Offline { since: *since, retry_at: None, reason: reason.clone() }
            }
            (LinkState::Connecting, _) => Self::Connecting,
            (LinkState::CatchingUp, _) => Self::CatchingUp,
            (LinkState::Live, _) => Self::Live,
            (LinkState::Offline { since, retry_in, reason }, before) => {
                let since = if let Self::Offline { since: begun, .. } = before { since.min(*begun) } else { since };
                let retry_ms = i64::try_from(retry_in.as_millis()).unwrap_or(i64::MAX);
                Self::Offline { since, retry_at: Some(now.plus_ms(retry_ms)), reason }
            }
        }
    }
}
