//! Forms (`multipart/form-data`) that bring one file. Knows nothing of what the file is.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::HeaderMap;
use bytes::Bytes;
use parking_api::captures::CAPTURE_BYTES_MAX;
use parking_api::{Problem, ProblemCode};

/// Whether a part or a body of this type is meant as a file.
pub fn is_picture_or_bytes(content_type: &str) -> bool {
    content_type.starts_with("image/") || content_type == "application/octet-stream"
}

/// The first file of a form whatever its name, and the type that the sender gives it. `headers` are those of the request.
///
/// # Errors
/// When the form cannot be read, or has no file that is small enough.
pub async fn file(headers: &HeaderMap, whole: Bytes) -> Result<(Bytes, Option<String>), Problem> {
    let unreadable =
        |e: &dyn std::fmt::Display| Problem::new(ProblemCode::BadRequest, format!("the form cannot be read: {e}"));
    let mut request = Request::new(Body::from(whole));
    request.headers_mut().clone_from(headers);
    // How large the whole may be was decided when it was read; the library's own bound is less.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &()).await.map_err(|e| unreadable(&e.body_text()))?;
    while let Some(field) = form.next_field().await.map_err(|e| unreadable(&e.body_text()))? {
        let declared = field.content_type().map(str::to_ascii_lowercase);
        let is_file = field.file_name().is_some() || declared.as_deref().is_some_and(is_picture_or_bytes);
        if is_file {
            let bytes = field.bytes().await.map_err(|e| unreadable(&e.body_text()))?;
            if bytes.len() > CAPTURE_BYTES_MAX {
                let detail = format!("the picture has {} bytes; at most {CAPTURE_BYTES_MAX} are accepted", bytes.len());
                return Err(Problem::new(ProblemCode::BodyTooLarge, detail));
            }
            return Ok((bytes, declared));
        }
    }
    Err(Problem::new(ProblemCode::ImageMissing, "the form has no part with a file"))
}
