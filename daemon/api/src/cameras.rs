//! A camera on the wire: a device that uploads pictures, and how it is doing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::regions::RegionsMode;
use crate::slots::words;
use crate::{CameraId, CaptureId, SlotCode, Time};

/// Shortest and longest upload interval of a camera, in seconds.
pub const INTERVAL_S_MIN: u32 = 1;
pub const INTERVAL_S_MAX: u32 = 86_400;
/// Upload interval of a camera that was created without one, in seconds.
pub const INTERVAL_S_DEFAULT: u32 = 60;
/// A camera is `late` after this many of its own intervals without contact, and `offline` after the second number.
pub const LATE_INTERVALS: u32 = 2;
pub const OFFLINE_INTERVALS: u32 = 4;
/// A camera that says that its mode is `gentle` sends so many times more rarely.
pub const GENTLE_FACTOR: u32 = 2;

words!(
    /// By last contact against the camera's own interval. A camera never heard of is `offline`.
    CameraStatus {
        Online = "online",
        Late = "late",
        Offline = "offline",
    }
);

/// So many pictures in a row that are the same to the last bit, and a camera is frozen: a real sensor has noise.
pub const FROZEN_PICTURES: u32 = 5;

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
    /// Since when somebody waits for a picture, which the camera is asked for at its next contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_wanted_at: Option<Time>,
    /// Since when it sends one and the same picture over and over, though it is in touch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_since: Option<Time>,
    /// Since when its pictures do not show what its regions were drawn on: it was moved, or something stands before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_since: Option<Time>,
    /// Slots that nobody sees because this camera is not online, frozen or moved: those in its regions or, before any was drawn, those of
    /// its zone, unless another camera sees them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blind_slots: Vec<SlotCode>,
    /// What it may do about the slots that it sees; absent before any region was drawn, and in events and snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupancy: Option<RegionsMode>,
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
    /// Pictures that gave way to newer ones since it booted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<u32>,
    /// Pictures that the daemon would never have taken, since it booted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u32>,
    /// Whatever went wrong since it booted, counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u32>,
    /// Name of the board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board: Option<String>,
    /// `normal`, `gentle` (weak supply) or `safe` (it kept failing).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// What became of the last firmware that it was offered, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// Which one that was: the first 16 digits of its SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_of: Option<String>,
    /// At which attempt it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_attempt: Option<u32>,
}

/// What a camera reports is kept by stretches of so many seconds, and for so long.
pub const HEALTH_SAMPLE_S: u32 = 600;
pub const HEALTH_KEEP_S: u32 = 8 * 86_400;
/// Stretches of one camera that are told at once at most: all that are kept.
pub const HEALTH_SAMPLES_MAX: usize = (HEALTH_KEEP_S / HEALTH_SAMPLE_S) as usize + 2;

/// What a camera reported of itself in one stretch of time: the worst of each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthSample {
    /// When it last reported in this stretch.
    pub at: Time,
    /// When it had last booted. Later than the `at` before: it booted in between.
    pub booted_at: Option<Time>,
    /// The weakest Wi-Fi signal, in dBm.
    pub rssi_dbm: Option<i16>,
    /// The least free memory.
    pub free_heap_bytes: Option<u64>,
    /// The most pictures that waited to be uploaded.
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
