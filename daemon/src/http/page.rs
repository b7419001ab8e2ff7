//! Pages of lists: bounds and cursors. A cursor names the last row that the caller has, so rows that come or go move nothing.

use axum::Json;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_api::paths::{NEXT_CURSOR_HEADER, PAGE_DEFAULT, PAGE_MAX};
use parking_api::{ProblemCode, Time};
use serde::Serialize;
use uuid::Uuid;

use super::problem::{Fault, Result};

/// The number of rows to give.
pub fn limit(asked: Option<usize>, max: usize) -> Result<usize> {
    let limit = asked.unwrap_or(PAGE_DEFAULT.min(max));
    if (1..=max).contains(&limit) {
        return Ok(limit);
    }
    Err(Fault::field(ProblemCode::InvalidField, "limit", format!("limit must be from 1 to {max}")))
}

/// The number of rows of an ordinary page.
pub fn limit_of(asked: Option<usize>) -> Result<usize> {
    limit(asked, PAGE_MAX)
}

/// Where a page by time ended.
pub type Place = (i64, String);

/// A cursor after the row with this time and id.
pub fn write_cursor(at: Time, id: impl std::fmt::Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}.{id}", at.ms()))
}

/// Reads a cursor that [`write_cursor`] made.
pub fn read_cursor(text: Option<&str>) -> Result<Option<Place>> {
    let Some(text) = text else { return Ok(None) };
    let read = || {
        let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (ms, id) = decoded.split_once('.')?;
        Uuid::parse_str(id).ok()?;
        Some((ms.parse().ok()?, id.to_string()))
    };
    match read() {
        Some(place) => Ok(Some(place)),
        None => Err(Fault::field(
            ProblemCode::InvalidField,
            "cursor",
            "the cursor is not one that a page was answered with",
        )),
    }
}

/// The first `limit` of `rows`; when there are more, the cursor of the next page.
pub fn page<T: Serialize>(rows: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Response {
    page_until(rows, limit, None, cursor)
}

/// The same of rows that were not looked for to the end, but only to `looked_to`.
pub fn page_until<T: Serialize>(
    mut rows: Vec<T>,
    limit: usize,
    looked_to: Option<Place>,
    cursor: impl Fn(&T) -> String,
) -> Response {
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(cursor);
    let next = next.or_else(|| looked_to.map(|(ms, id)| write_cursor(Time::from_ms(ms), id)));
    continued(Json(rows).into_response(), next)
}

/// The answer, and where the next page goes on.
pub fn continued(mut response: Response, next: Option<String>) -> Response {
    if let Some(next) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
        response.headers_mut().insert(NEXT_CURSOR_HEADER, next);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_back(ms in -1_000_000_000_000i64..4_000_000_000_000, id in any::<u128>()) {
            let id = Uuid::from_u128(id);
            let cursor = write_cursor(Time::from_ms(ms), id);
            prop_assert_eq!(read_cursor(Some(&cursor)).expect("a cursor"), Some((ms, id.to_string())));
        }

        #[test]
        fn any_other_text_is_refused_and_never_panics(text in ".{0,60}") {
            if let Ok(Some((ms, id))) = read_cursor(Some(&text)) {
                prop_assert_eq!(write_cursor(Time::from_ms(ms), id), text);
            }
        }
    }
}
