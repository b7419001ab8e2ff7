//! Why sockets end, and what their clients are told.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_api::live::close;

/// Clients that are told to come back after a stop spread over this time, in milliseconds.
const RETURN_MS: u64 = 5_000;
/// When a client that was too slow should come back, in milliseconds.
const SLOW_RETRY_MS: u64 = 1_000;

/// Why a socket ends.
#[derive(Debug)]
pub enum End {
    /// With a good-bye.
    Bye { code: u16, reason: &'static str, retry_after_ms: Option<u64> },
    /// The other side has gone, or takes nothing.
    Gone,
}

impl From<std::io::Error> for End {
    fn from(_: std::io::Error) -> Self {
        Self::Gone
    }
}

pub fn slow() -> End {
    End::Bye { code: close::SLOW, reason: "too slow for the events of this lot", retry_after_ms: Some(SLOW_RETRY_MS) }
}

pub fn unavailable() -> End {
    End::Bye { code: close::SHUTDOWN, reason: "the log cannot be read right now", retry_after_ms: Some(SLOW_RETRY_MS) }
}

pub fn silent() -> End {
    End::Bye { code: close::NO_PONG, reason: "no pong came back", retry_after_ms: Some(0) }
}

pub fn broken() -> End {
    End::Bye { code: close::PROTOCOL, reason: "this socket only sends: make changes over REST", retry_after_ms: None }
}

pub fn lot_gone() -> End {
    End::Bye { code: close::LOT_GONE, reason: "the lot was deleted", retry_after_ms: None }
}

pub fn replaced() -> End {
    End::Bye { code: close::REPLACED, reason: "the log of this lot was replaced", retry_after_ms: Some(0) }
}

pub fn token_ended() -> End {
    End::Bye { code: close::BAD_TOKEN, reason: "the token is no longer valid", retry_after_ms: None }
}

/// The browser may have a newer cookie by now.
pub fn login_over() -> End {
    End::Bye { code: close::LOGIN_OVER, reason: "the login is over, unless it was renewed", retry_after_ms: Some(0) }
}

pub fn stopping() -> End {
    static TOLD: AtomicU64 = AtomicU64::new(0);
    // A prime step through the window spreads the clients evenly, however many there are.
    let retry_after_ms = Some(TOLD.fetch_add(1, Ordering::Relaxed) * 1_049 % RETURN_MS);
    End::Bye { code: close::SHUTDOWN, reason: "the daemon is stopping", retry_after_ms }
}
