//! Why a call failed, for programs to tell apart. Does not know what a person should do next.

use crate::Problem;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, thiserror::Error)]
pub enum Error {
    /// No answer of the daemon: refused, unknown host, TLS, reset, or a proxy that could not reach it either.
    #[error("cannot reach {server}: {detail}")]
    Unreachable { server: String, detail: String },
    #[error("{what} was not answered in time")]
    TimedOut { what: String },
    /// The daemon answered with a problem.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The answer is not what the contract says.
    #[error("{what} was not answered as expected: {detail}")]
    Protocol { what: String, detail: String },
    /// The client cannot be used like this; nothing was sent.
    #[error("{detail}")]
    Config { detail: String },
}

/// `error` and what caused it, on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}
