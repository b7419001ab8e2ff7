//! The handler for pictures themselves.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use parking_api::captures::CAPTURE_SIDE_MAX;
use parking_api::{Problem, ProblemCode, paths};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::extract::ApiQuery;
use super::problem::{Fault, Result};
use super::slots::is_unchanged;

/// A picture under a key never changes, so whoever has it need not ask again; but it is for those who may see it, not for caches between.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImageQuery {
    /// Wanted width in pixels; the answer is a JPEG of the next larger width that is kept, never larger than the picture.
    w: Option<u32>,
}

/// A picture, whole, in part, or small
#[utoipa::path(get, path = paths::IMAGES, tag = "images", params(("key" = String, Path), ImageQuery,
        ("range" = Option<String>, Header, description = "bytes=FROM-TO")),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 206), (status = 304), (status = 404, body = Problem),
    (status = 416, body = Problem)))]
pub async fn get(
    State(app): State<App>,
    key: Result<Path<String>, PathRejection>,
    ApiQuery(query): ApiQuery<ImageQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let Path(key) = key.map_err(|e| Fault::new(ProblemCode::BadRequest, e.body_text()))?;
    if query.w.is_some_and(|w| w == 0 || w > CAPTURE_SIDE_MAX) {
        return Err(Fault::field(ProblemCode::InvalidField, "w", format!("w must be from 1 to {CAPTURE_SIDE_MAX}")));
    }
    let Some(capture) = app.captures.by_key(&key).await? else {
        return Err(Fault::new(ProblemCode::ImageNotFound, format!("there is no picture {key}")));
    };
    let size = query.w.map_or(String::new(), |w| format!("-{w}"));
    let tag = format!("\"{}{size}\"", capture.sha256);
    let mut response = if is_unchanged(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let (bytes, content_type) = app.captures.picture(&capture, query.w).await?;
        let range = headers.get(header::RANGE).filter(|_| may_range(&headers, &tag));
        let mut response = match range.and_then(|value| value.to_str().ok()).map(|text| range_of(text, bytes.len())) {
            None | Some(Range::Ignored) => Body::from(bytes).into_response(),
            Some(Range::Part(from, to)) => part(&bytes, from, to),
            Some(Range::Outside) => return Ok(outside(&key, bytes.len())),
        };
        let content_type =
            HeaderValue::from_str(&content_type).map_err(|e| Fault::new(ProblemCode::Internal, e.to_string()))?;
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        response
    };
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, IMMUTABLE);
    answer.insert(header::VARY, HeaderValue::from_static("Authorization, Cookie"));
    answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// A range of another version is worth nothing (`If-Range`, RFC 9110).
fn may_range(headers: &HeaderMap, tag: &str) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|value| value.as_bytes() == tag.as_bytes())
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// First and last byte.
    Part(usize, usize),
    Outside,
    /// Not one range of bytes: the whole is a right answer then.
    Ignored,
}

fn range_of(text: &str, len: usize) -> Range {
    let Some(spec) = text.strip_prefix("bytes=").filter(|spec| !spec.contains(',')) else { return Range::Ignored };
    let Some((from, to)) = spec.split_once('-') else { return Range::Ignored };
    let (from, to) = match (from.trim().parse::<usize>(), to.trim().parse::<usize>()) {
        (Ok(from), Ok(to)) if from <= to => (from, to.min(len.saturating_sub(1))),
        (Ok(from), Err(_)) if to.trim().is_empty() => (from, len.saturating_sub(1)),
        (Err(_), Ok(last)) if from.trim().is_empty() && last > 0 => (len.saturating_sub(last), len.saturating_sub(1)),
        (Err(_), Ok(0)) if from.trim().is_empty() => return Range::Outside,
        _ => return Range::Ignored,
    };
    if from < len { Range::Part(from, to) } else { Range::Outside }
}

fn part(bytes: &bytes::Bytes, from: usize, to: usize) -> Response {
    let mut response = Body::from(bytes.slice(from..=to)).into_response();
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    if let Ok(value) = HeaderValue::from_str(&format!("bytes {from}-{to}/{}", bytes.len())) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

fn outside(key: &str, len: usize) -> Response {
    let detail = format!("the range lies outside the {len} bytes of {key}");
    let mut response = Fault::new(ProblemCode::RangeNotSatisfiable, detail).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{len}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        let len = 100;
        for (text, range) in [
            ("bytes=0-9", Range::Part(0, 9)),
            ("bytes=90-", Range::Part(90, 99)),
            ("bytes=-10", Range::Part(90, 99)),
            ("bytes=-1000", Range::Part(0, 99)),
            ("bytes=50-1000", Range::Part(50, 99)),
            ("bytes=100-", Range::Outside),
            ("bytes=-0", Range::Outside),
            ("bytes=9-0", Range::Ignored),
            ("bytes=0-1,5-6", Range::Ignored),
            ("lines=1-2", Range::Ignored),
            ("bytes=a-b", Range::Ignored),
        ] {
            assert_eq!(range_of(text, len), range, "{text}");
        }
    }
}
