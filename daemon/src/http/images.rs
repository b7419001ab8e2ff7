//! The handler for pictures themselves.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use parking_api::captures::{CAPTURE_SIDE_MAX, Capture};
use parking_api::{Problem, ProblemCode, paths};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::extract::ApiQuery;
use super::guard::Client;
use super::problem::{Fault, Result};
use super::slots::is_unchanged;
use crate::objects::Address;

/// A picture under a key never changes, so whoever has it need not ask again; but it is for those who may see it, not for caches between.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// How a proxy is told where it finds a picture: a location of its own, and for S3 the signed path and query there.
const ACCEL: HeaderName = HeaderName::from_static("x-accel-redirect");
const OBJECT: HeaderName = HeaderName::from_static("x-parkd-object");
/// By this a proxy that did not find it there asks for the bytes themselves.
const STREAM: HeaderName = HeaderName::from_static("x-parkd-stream");
/// The locations that a proxy keeps for itself; `deploy/nginx/parking/site.conf` has the other end.
const FILES: &str = "/_files/";
const OBJECTS: &str = "/_objects/";

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
    Extension(client): Extension<Client>,
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
    } else if let Some(redirect) = redirect(&app, client, &capture, &query, &headers).await? {
        redirect
    } else {
        let (bytes, content_type) = app.captures.picture(&capture, query.w).await?;
        let range = headers.get(header::RANGE).filter(|_| may_range(&headers, &tag));
        let mut response = match range.and_then(|value| value.to_str().ok()).map(|text| range_of(text, bytes.len())) {
            None | Some(Range::Ignored) => Body::from(bytes).into_response(),
            Some(Range::Part(from, to)) => part(&bytes, from, to),
            Some(Range::Outside) => return Ok(outside(&key, bytes.len())),
        };
        set(&mut response, header::CONTENT_TYPE, &content_type);
        response
    };
    set(&mut response, header::ETAG, &tag);
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, IMMUTABLE);
    answer.insert(header::VARY, HeaderValue::from_static("Authorization, Cookie"));
    // Who moves the bytes says it of its own work.
    if !answer.contains_key(ACCEL) {
        answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    Ok(response)
}

/// Tells a proxy that is trusted where to fetch a whole picture by itself: what the caller may see has been decided here, and is on
/// every request. `None` when the daemon sends the bytes.
async fn redirect(
    app: &App,
    client: Client,
    capture: &Capture,
    query: &ImageQuery,
    headers: &HeaderMap,
) -> Result<Option<Response>> {
    let is_wanted = app.policy.proxies_fetch_images && client.is_proxied && query.w.is_none();
    if !is_wanted || headers.contains_key(STREAM) {
        return Ok(None);
    }
    let mut response = Body::empty().into_response();
    let key = encoded(&capture.key);
    match app.captures.address(capture).await? {
        None => return Ok(None),
        Some(Address::File) => set(&mut response, ACCEL, &format!("{FILES}{key}")),
        Some(Address::Signed(address)) => {
            set(&mut response, ACCEL, &format!("{OBJECTS}{key}"));
            set(&mut response, OBJECT, &address);
        }
    }
    set(&mut response, header::CONTENT_TYPE, &capture.content_type);
    Ok(Some(response))
}

/// A key as a path of a URL.
fn encoded(key: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.' | b'~');
    let byte = |b: u8| if is_plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    key.bytes().map(byte).collect()
}

/// What is set here is made of hexadecimal, names and percent signs, which every header can hold.
fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
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
