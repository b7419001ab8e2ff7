//! A capture on the wire: one stored picture.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::slots::words;
use crate::{CameraId, CaptureId, Time};

/// Most bytes of one uploaded picture.
pub const CAPTURE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest side of an uploaded picture, in pixels.
pub const CAPTURE_SIDE_MAX: u32 = 4096;
/// Most pixels of an uploaded picture (12 MP).
pub const CAPTURE_PIXELS_MAX: u64 = 12_000_000;

/// One stored picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Capture {
    pub id: CaptureId,
    /// The camera that took it; null when a person uploaded it.
    pub camera: Option<CameraId>,
    /// Name of the object in the store.
    pub key: String,
    /// Where to fetch it: `/images/{key}`.
    pub url: String,
    /// `image/jpeg` or `image/png`, by content.
    pub content_type: String,
    pub bytes: u64,
    /// In pixels.
    pub width: u32,
    pub height: u32,
    /// SHA-256 of the stored bytes, in hexadecimal.
    pub sha256: String,
    /// When the camera says that it took the picture (`X-Captured-At`), else when it arrived.
    pub captured_at: Time,
    pub received_at: Time,
    /// Somebody wants it kept: it goes only when it is deleted by hand.
    #[serde(default)]
    pub pinned: bool,
    /// `seq` of the event that added it, or pinned it last.
    pub rev: u64,
}

/// `PATCH /api/captures/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CapturePatch {
    pub pinned: bool,
}

words!(
    /// The rule by which captures go by themselves.
    ExpiryReason {
        /// Older than captures are kept.
        Age = "age",
        /// More than are kept of one camera.
        Count = "count",
        /// More bytes than captures may take.
        Bytes = "bytes",
        /// The disk ran low.
        Disk = "disk",
    }
);
