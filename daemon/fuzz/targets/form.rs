//! Uploads as forms: the first line is the request's `Content-Type`, the rest its body.

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use futures_util::FutureExt;
use parkd::http::form::file;

use super::world::check_refusal;

const BOUNDARY: &str = "2f9d1c";

/// A form is refused with a reason or holds a file, and whatever is put into a form comes out of it again.
pub fn run(data: &[u8]) {
    let (content_type, body) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    if let Ok(content_type) = HeaderValue::from_bytes(content_type) {
        match take(content_type, Bytes::copy_from_slice(body)) {
            Ok(found) => assert!(found.is_empty() || body.windows(found.len()).any(|window| window == found)),
            Err(problem) => check_refusal(&problem),
        }
    }
    let delimiter = format!("\r\n--{BOUNDARY}");
    if body.windows(delimiter.len()).all(|window| window != delimiter.as_bytes()) {
        let before =
            "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n";
        let form = [&delimiter.as_bytes()[2..], before.as_bytes(), body, delimiter.as_bytes(), b"--\r\n"].concat();
        let content_type = HeaderValue::from_static("multipart/form-data; boundary=2f9d1c");
        let found = take(content_type, form.into()).expect("a form that is well formed");
        assert_eq!(found, body, "a file comes out as it was put in");
    }
}

fn take(content_type: HeaderValue, body: Bytes) -> Result<Bytes, parking_api::Problem> {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]);
    let taken = file(&headers, body).now_or_never().expect("a body in memory is not waited for");
    taken.map(|(bytes, _)| bytes)
}
