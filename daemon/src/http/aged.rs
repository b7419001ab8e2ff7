//! How old an answer is that came from memory, said while the database cannot confirm it.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::ledger::LotHandle;

/// The answer with `Age` (RFC 9111), in seconds since its lot was last known to be as the database has it, while something is wrong.
pub fn aged(lot: &LotHandle, answer: impl IntoResponse) -> Response {
    aged_by(lot.age().map(|age| age.as_secs()), answer)
}

/// The same where the age is known.
pub fn aged_by(seconds: Option<u64>, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::AGE, HeaderValue::from(seconds));
    }
    response
}
