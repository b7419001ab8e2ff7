//! The one place where errors become answers.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use parking_api::problem::PROBLEM_JSON;
use parking_api::{Problem, ProblemCode};

use crate::{captures, ledger, objects, store};

/// When a caller should try again after the daemon could not do it, in milliseconds.
const RETRY_MS: u64 = 1_000;

/// An error on its way to the caller.
#[derive(Debug)]
pub struct Fault(pub Box<Problem>);

pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(code, detail)))
    }

    /// A field of the body or the query that is to blame.
    pub fn field(code: ProblemCode, field: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(code, detail).field(field)))
    }

    fn retry(code: ProblemCode, detail: impl Into<String>) -> Self {
        let mut problem = Problem::new(code, detail);
        problem.retry_after_ms = Some(RETRY_MS);
        Self(Box::new(problem))
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<ledger::Error> for Fault {
    fn from(error: ledger::Error) -> Self {
        match error {
            ledger::Error::Refused(problem) => Self(problem),
            ledger::Error::Full(detail) => Self::retry(ProblemCode::StorageFull, detail),
            ledger::Error::Overloaded(_) => Self::retry(ProblemCode::Overloaded, error.to_string()),
            ledger::Error::Unknown(detail) => Self::retry(ProblemCode::OutcomeUnknown, detail),
            ledger::Error::Unavailable(_) | ledger::Error::Stopping => {
                Self::retry(ProblemCode::Unavailable, error.to_string())
            }
        }
    }
}

impl From<store::Error> for Fault {
    fn from(error: store::Error) -> Self {
        ledger::Error::from(error).into()
    }
}

impl From<objects::Error> for Fault {
    fn from(error: objects::Error) -> Self {
        match error {
            objects::Error::NotFound(key) => {
                Self::new(ProblemCode::ImageNotFound, format!("the picture {key} is not in the object store"))
            }
            objects::Error::Full(detail) => Self::retry(ProblemCode::StorageFull, detail),
            objects::Error::SpoolFull(detail) => Self::retry(ProblemCode::SpoolFull, detail),
            other => Self::retry(ProblemCode::Unavailable, other.to_string()),
        }
    }
}

impl From<captures::Error> for Fault {
    fn from(error: captures::Error) -> Self {
        match error {
            captures::Error::Ledger(error) => error.into(),
            captures::Error::Objects(error) => error.into(),
            captures::Error::OnItsWay(_) => Self::retry(ProblemCode::Unavailable, error.to_string()),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let problem = self.0;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = problem.retry_after_ms.map(|ms| ms.div_ceil(1000));
        let mut response = (status, Json(&*problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if problem.code == ProblemCode::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"parking\""));
        }
        response.extensions_mut().insert(Refused(problem));
        response
    }
}

/// The problem in an answer, for the guard to log and to give a request id.
#[derive(Debug, Clone)]
pub struct Refused(pub Box<Problem>);
