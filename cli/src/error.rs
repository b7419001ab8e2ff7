//! Why a command ended without doing what was asked: a code, an exit code, what happened on what, and what to do next.

use std::io;

use parking_api::client;
use parking_api::problem::RowProblem;
use serde::Serialize;

use crate::exit::Exit;
use crate::hints;
use parking_api::client::settings::Settings;

/// Why a command ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Client(#[from] client::Error),
    /// Found out here, before or after the daemon was asked.
    #[error("{message}")]
    Here { exit: Exit, code: &'static str, message: String, hint: Option<String>, rows: Vec<RowProblem> },
    /// Where in a task of several steps it happened.
    #[error("{place}, {error}")]
    Within { place: String, error: Box<Self> },
    /// Each failure was reported already; this is the exit code of the gravest.
    #[error("some of it failed")]
    Reported(Exit),
    /// Nobody reads the output any more.
    #[error("the output was closed")]
    BrokenPipe,
}

impl Error {
    pub fn here(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self::Here { exit, code, message: message.into(), hint: None, rows: Vec::new() }
    }

    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::here(Exit::Failed, code, message)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::here(Exit::Usage, "usage", message)
    }

    /// An edit that names nothing to change; `noun` is what it is about.
    pub fn no_change(noun: &str) -> Self {
        Self::usage(format!("nothing to change of the {noun} was named"))
            .hint(format!("see `parkctl {noun} edit --help` for what can be changed"))
    }

    /// The same, with the step named in which it happened.
    #[must_use]
    pub fn within(self, place: String) -> Self {
        match self {
            Self::Reported(_) | Self::BrokenPipe => self,
            error => Self::Within { place, error: Box::new(error) },
        }
    }

    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Here { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    /// The same, with more to say about what to do next.
    #[must_use]
    pub fn add_hint(mut self, more: &str) -> Self {
        if let Self::Here { hint, .. } = &mut self {
            *hint = Some(hint.take().map_or_else(|| more.into(), |hint| format!("{hint}; {more}")));
        }
        self
    }

    #[must_use]
    pub fn rows(mut self, bad: Vec<RowProblem>) -> Self {
        if let Self::Here { rows, .. } = &mut self {
            *rows = bad;
        }
        self
    }

    /// The same refusal, with the thing named that the daemon cannot know the name of.
    #[must_use]
    pub fn about(mut self, what: &str) -> Self {
        if let Self::Client(client::Error::Refused(problem)) = &mut self {
            problem.detail = format!("{what}: {}", problem.detail);
        }
        self
    }

    pub fn exit(&self) -> Exit {
        match self {
            Self::Client(error) => exit_of(error),
            Self::Here { exit, .. } | Self::Reported(exit) => *exit,
            Self::Within { error, .. } => error.exit(),
            Self::BrokenPipe => Exit::Ok,
        }
    }
}

/// A failure to write what was asked for. A closed pipe is the reader's good right.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::failed("output_failed", format!("cannot write the output: {error}")),
        }
    }
}

impl From<csv::Error> for Error {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            kind => Self::failed("output_failed", format!("cannot write the output as CSV: {kind:?}")),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        io::Error::from(error).into()
    }
}

fn exit_of(error: &client::Error) -> Exit {
    match error {
        client::Error::Unreachable { .. } => Exit::Unreachable,
        client::Error::TimedOut { .. } => Exit::TimedOut,
        client::Error::Config { .. } => Exit::Usage,
        client::Error::Protocol { .. } => Exit::Failed,
        client::Error::Refused(problem) => match problem.status {
            401 | 403 => Exit::Auth,
            404 => Exit::NotFound,
            409 | 412 => Exit::Conflict,
            408 => Exit::TimedOut,
            _ => Exit::Failed,
        },
    }
}

/// A failure as a person or a program reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// A problem code of the API, or one of ours: `unreachable`, `timed_out`, `usage` …
    pub code: String,
    /// What happened on what.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Whether the same again may succeed without a change.
    pub retryable: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowProblem>,
}

impl Report {
    /// None where there is nothing (more) to say.
    pub fn new(error: &Error, settings: Option<&Settings>) -> Option<Self> {
        let (code, rows) = match error {
            Error::Reported(_) | Error::BrokenPipe => return None,
            Error::Within { error: inner, .. } => {
                return Self::new(inner, settings).map(|report| Self { message: error.to_string(), ..report });
            }
            Error::Here { code, rows, .. } => (*code, rows.clone()),
            Error::Client(client::Error::Unreachable { .. }) => ("unreachable", Vec::new()),
            Error::Client(client::Error::TimedOut { .. }) => ("timed_out", Vec::new()),
            Error::Client(client::Error::Config { .. }) => ("usage", Vec::new()),
            Error::Client(client::Error::Protocol { .. }) => ("protocol", Vec::new()),
            Error::Client(client::Error::Refused(problem)) => (problem.code.as_str(), problem.rows.clone()),
        };
        Some(Self {
            code: code.into(),
            message: error.to_string(),
            hint: match error {
                Error::Here { hint, .. } => hint.clone(),
                Error::Client(error) => hints::of(error, settings),
                Error::Within { .. } | Error::Reported(_) | Error::BrokenPipe => None,
            },
            retryable: is_retryable(error),
            rows,
        })
    }
}

fn is_retryable(error: &Error) -> bool {
    match error {
        Error::Client(client::Error::Unreachable { .. } | client::Error::TimedOut { .. }) => true,
        Error::Client(client::Error::Refused(problem)) => matches!(problem.status, 408 | 429 | 500 | 503),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use parking_api::{Problem, ProblemCode};

    use super::*;

    fn refused(code: ProblemCode) -> Error {
        client::Error::Refused(Box::new(Problem::new(code, "no"))).into()
    }

    #[test]
    fn every_problem_code_has_the_exit_code_of_its_kind() {
        for &code in ProblemCode::ALL {
            let exit = refused(code).exit();
            match code.status() {
                401 | 403 => assert_eq!(exit, Exit::Auth, "{code:?}"),
                404 => assert_eq!(exit, Exit::NotFound, "{code:?}"),
                409 | 412 => assert_eq!(exit, Exit::Conflict, "{code:?}"),
                408 => assert_eq!(exit, Exit::TimedOut, "{code:?}"),
                _ => assert_eq!(exit, Exit::Failed, "{code:?}"),
            }
        }
    }

    #[test]
    fn a_connection_that_fails_is_not_a_failure_of_the_daemon() {
        let lost = Error::from(client::Error::Unreachable { server: "http://host".into(), detail: "refused".into() });
        assert_eq!(lost.exit(), Exit::Unreachable);
        let late = Error::from(client::Error::TimedOut { what: "GET /api/slots".into() });
        assert_eq!(late.exit(), Exit::TimedOut);
        let odd = Error::from(client::Error::Protocol { what: "GET /".into(), detail: "HTML".into() });
        assert_eq!(odd.exit(), Exit::Failed);
        let bad = Error::from(client::Error::Config { detail: "not a URL".into() });
        assert_eq!(bad.exit(), Exit::Usage);
    }

    #[test]
    fn a_closed_pipe_is_the_end_and_not_a_failure() {
        let error = Error::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(error.exit(), Exit::Ok);
        assert_eq!(Report::new(&error, None), None);
        let through_csv = Error::from(csv::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)));
        assert_eq!(through_csv.exit(), Exit::Ok);
    }

    #[test]
    fn a_report_has_the_four_fields_that_programs_read() {
        let report = Report::new(&refused(ProblemCode::Overloaded), None).expect("something to say");
        let json = serde_json::to_value(&report).expect("a report is JSON");
        assert_eq!(
            json,
            serde_json::json!({
                "code": "overloaded", "message": "no", "retryable": true,
                "hint": "the daemon is busy; try again in a moment",
            })
        );
    }
}
