//! A camera on the wire: a device that uploads pictures, and how it is doing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::slots::words;
use crate::{CameraId, CaptureId, Time};

/// Shortest and longest upload interval of a camera, in seconds.
pub const INTERVAL_S_MIN: u32 = 1;
pub const INTERVAL_S_MAX: u32 = 86_400;
/// Upload interval of a camera that was created without one, in seconds.
pub const INTERVAL_S_DEFAULT: u32 = 60;
/// A camera is `late` after this many of its own intervals without contact, and `offline` after the second number.
pub const LATE_INTERVALS: u32 = 2;
pub const OFFLINE_INTERVALS: u32 = 4;

words!(
    /// By last contact against the camera's own interval. A camera never heard of is `offline`.
    CameraStatus {
        Online = "online",
        Late = "late",
        Offline = "offline",
    }
);

/// A device that uploads pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Camera {
    pub id: CameraId,
    pub name: String,
    pub zone: Option<String>,
    /// How often it is expected to upload, in seconds.
    pub interval_s: u32,
    pub status: CameraStatus,
    pub status_at: Time,
    pub created_at: Time,
    /// `seq` of the last change of this camera.
    pub rev: u64,
    /// Its last contact; absent in events, which record changes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// The last that was heard of a camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    pub seen_at: Time,
    pub capture_id: Option<CaptureId>,
    pub health_at: Option<Time>,
    pub health: Option<Health>,
}

/// What a camera reports of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Seconds since it booted.
    #[serde(default)]
    pub uptime_s: Option<u64>,
    /// Wi-Fi signal, in dBm.
    #[serde(default)]
    pub rssi_dbm: Option<i16>,
    #[serde(default)]
    pub free_heap_bytes: Option<u64>,
    #[serde(default)]
    pub firmware: Option<String>,
    /// Why it last booted, in the chip's words.
    #[serde(default)]
    pub reset_reason: Option<String>,
    /// Pictures that wait to be uploaded.
    #[serde(default)]
    pub queue_depth: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCamera {
    pub id: CameraId,
    /// The id when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// 60 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_s: Option<u32>,
}

/// What to change; absent fields stay, null removes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CameraPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "crate::present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub zone: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_s: Option<u32>,
}

/// A new camera and, this once, the token that it uploads with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraCreated {
    #[serde(flatten)]
    pub camera: Camera,
    /// The secret. It is shown here and never again.
    pub token: String,
}
