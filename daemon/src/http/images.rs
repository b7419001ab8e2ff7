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
use crate::captures::{self, probe::JPEG};
use crate::objects::Address;

/// A picture under a key never changes, so whoever has it need not ask again; but it is for those who may see it, not for caches between.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// How a proxy is told where it finds a picture: a location of its own, and for S3 the signed path and query there.
pub(super) const ACCEL: HeaderName = HeaderName::from_static("x-accel-redirect");
const OBJECT: HeaderName = HeaderName::from_static("x-parkd-object");
/// By this a proxy that did not find it there asks for the bytes themselves.
const STREAM: HeaderName = HeaderName::from_static("x-parkd-stream");
/// The locations that a proxy keeps for itself; `deploy/nginx/parking/site.conf` has the other end.
const FILES: &str = "/_files/";
const OBJECTS: &str = "/_objects/";
/// There it asks one daemon after the other for the bytes themselves.
const DAEMONS: &str = "@parkd_stream";

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
        match send(&app, &capture, &query, &headers, &tag).await {
            Ok(response) if response.status() == StatusCode::RANGE_NOT_SATISFIABLE => return Ok(response),
            Ok(response) => response,
            Err(error) if client.is_proxied && error.may_be_elsewhere() => return elsewhere(&app, &headers, error),
            Err(error) => return Err(error.into()),
        }
    };
    set(&mut response, header::ETAG, &tag);
    let answer = response.headers_mut();
    answer.insert(header::VARY, HeaderValue::from_static("Authorization, Cookie"));
    // Who moves the bytes says it of its own work; of what it cannot get, it would be wrong.
    if !answer.contains_key(ACCEL) {
        answer.insert(header::CACHE_CONTROL, IMMUTABLE);
        answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    Ok(response)
}

/// Sends the bytes that are asked for.
async fn send(
    app: &App,
    capture: &Capture,
    query: &ImageQuery,
    headers: &HeaderMap,
    tag: &str,
) -> Result<Response, captures::Error> {
    let small = match query.w {
        Some(width) => app.captures.small(capture, width).await?,
        None => None,
    };
    let (len, content_type) = match &small {
        Some(bytes) => (bytes.len() as u64, JPEG),
        None => (capture.bytes, capture.content_type.as_str()),
    };
    let range = headers.get(header::RANGE).filter(|_| may_range(headers, tag)).and_then(|value| value.to_str().ok());
    let range = range.map_or(Range::Ignored, |text| range_of(text, len));
    let (from, to) = match range {
        Range::Ignored => (0, len),
        Range::Part(first, last) => (first, last + 1),
        Range::Outside => return Ok(outside(&capture.key, len)),
    };
    let body = match small {
        // It is here as a whole, so both fit.
        Some(bytes) => Body::from(bytes.slice(from as usize..to as usize)),
        None => Body::from_stream(app.captures.stream(capture, from..to).await?),
    };
    let mut response = body.into_response();
    if range != Range::Ignored {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        set(&mut response, header::CONTENT_RANGE, &format!("bytes {from}-{}/{len}", to - 1));
    }
    set(&mut response, header::CONTENT_LENGTH, &(to - from).to_string());
    set(&mut response, header::CONTENT_TYPE, content_type);
    Ok(response)
}

/// What a proxy is told when another daemon may have the picture: to ask them all, or that this one has not got it. A proxy that is told
/// 503 would take the daemon for one that does not work.
fn elsewhere(app: &App, headers: &HeaderMap, error: captures::Error) -> Result<Response> {
    if headers.contains_key(STREAM) {
        return Err(Fault::new(ProblemCode::Forbidden, format!("ask another daemon: {error}")));
    }
    if !app.policy.proxies_fetch_images {
        return Err(error.into());
    }
    let mut response = Body::empty().into_response();
    set(&mut response, ACCEL, DAEMONS);
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
    Part(u64, u64),
    Outside,
    /// Not one range of bytes: the whole is a right answer then.
    Ignored,
}

fn range_of(text: &str, len: u64) -> Range {
    let Some(spec) = text.strip_prefix("bytes=").filter(|spec| !spec.contains(',')) else { return Range::Ignored };
    let Some((from, to)) = spec.split_once('-') else { return Range::Ignored };
    let (from, to) = match (from.trim().parse::<u64>(), to.trim().parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to => (from, to.min(len.saturating_sub(1))),
        (Ok(from), Err(_)) if to.trim().is_empty() => (from, len.saturating_sub(1)),
        (Err(_), Ok(last)) if from.trim().is_empty() && last > 0 => (len.saturating_sub(last), len.saturating_sub(1)),
        (Err(_), Ok(0)) if from.trim().is_empty() => return Range::Outside,
        _ => return Range::Ignored,
    };
    if from < len { Range::Part(from, to) } else { Range::Outside }
}

fn outside(key: &str, len: u64) -> Response {
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
