//! Calls about captures and the pictures themselves.

use bytes::Bytes;
use reqwest::Method;
use serde::Serialize;

use super::http::segment;
use super::{Client, Error, Page};
use crate::captures::{Capture, CapturePatch};
use crate::{CameraId, CaptureId, Committed, Time, paths};

/// What is known of a picture besides its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaptureMeta {
    /// Not needed with a camera's own token.
    pub camera: Option<CameraId>,
    pub captured_at: Option<Time>,
    /// The same key and bytes again give the first answer again.
    pub idempotency_key: Option<String>,
}

/// Which captures; the newest of all cameras by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CaptureQuery {
    pub camera: Option<CameraId>,
    pub from: Option<Time>,
    pub to: Option<Time>,
    pub cursor: Option<String>,
    pub limit: Option<usize>,
}

impl Client {
    /// `content_type` is `image/jpeg` or `image/png` and has to agree with the bytes.
    pub async fn capture_upload(
        &self,
        bytes: Bytes,
        content_type: &str,
        meta: &CaptureMeta,
    ) -> Result<Committed<Capture>, Error> {
        let mut call = self.call_lot(Method::POST, paths::CAPTURE).query(&[("camera", &meta.camera)]);
        if let Some(at) = meta.captured_at {
            call = call.header(paths::CAPTURED_AT_HEADER, &at.to_string());
        }
        if let Some(key) = &meta.idempotency_key {
            call = call.header(paths::IDEMPOTENCY_HEADER, key);
        }
        call.body(bytes, content_type).fetch().await
    }

    /// The newest of `camera`, or of all.
    pub async fn capture_latest(&self, camera: Option<&CameraId>) -> Result<Capture, Error> {
        self.call_lot(Method::GET, paths::CAPTURE_LATEST).query(&[("camera", camera)]).fetch().await
    }

    /// Newest first.
    pub async fn captures(&self, query: &CaptureQuery) -> Result<Page<Capture>, Error> {
        self.call_lot(Method::GET, paths::CAPTURES).query(query).page().await
    }

    pub async fn capture(&self, capture: CaptureId) -> Result<Capture, Error> {
        self.call_lot(Method::GET, &paths::fill(paths::CAPTURE_ID, capture)).fetch().await
    }

    /// Keeps a capture from being removed by retention, or no longer does.
    pub async fn capture_pin(&self, capture: CaptureId, pinned: bool) -> Result<Committed<Capture>, Error> {
        let call = self.call_lot(Method::PATCH, &paths::fill(paths::CAPTURE_ID, capture));
        call.json(&CapturePatch { pinned }).fetch().await
    }

    /// Answers the capture as it was.
    pub async fn capture_delete(&self, capture: CaptureId) -> Result<Committed<Capture>, Error> {
        self.call_lot(Method::DELETE, &paths::fill(paths::CAPTURE_ID, capture)).fetch().await
    }

    /// The bytes of the object `key`; with `width` those of a thumbnail at most that wide, in pixels.
    pub async fn image(&self, key: &str, width: Option<u32>) -> Result<Bytes, Error> {
        let segments: Vec<String> = key.split('/').map(segment).collect::<Result<_, _>>()?;
        self.call(Method::GET, &paths::image(&segments.join("/"))).query(&[("w", width)]).bytes().await
    }
}
