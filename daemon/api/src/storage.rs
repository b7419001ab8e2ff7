//! What pictures take, how fast that grows, and what goes by itself. Of all lots together, because they share the disk.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Time;

/// `GET /api/storage`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Storage {
    pub captures: u64,
    /// Of all captures.
    pub bytes: u64,
    /// Captures that are pinned.
    pub pinned: u64,
    /// When the oldest arrived; null when there is none.
    pub oldest_at: Option<Time>,
    /// When the captures were counted.
    pub counted_at: Time,
    /// What arrives in a day, by the last days; null when it is too early to tell.
    pub bytes_per_day: Option<u64>,
    /// Null where pictures are kept elsewhere than on a disk of the daemon.
    pub disk: Option<Disk>,
    /// Days until the disk is as full as it may be; null when that is not within a year, or not known.
    pub full_in_days: Option<u32>,
    /// The same as a sentence.
    pub forecast: String,
    /// What somebody should look after; null when all is well.
    pub trouble: Option<String>,
    pub rules: RetentionRules,
    /// The last time that captures went by themselves.
    pub retention: Option<RetentionRun>,
    /// The last time that the object store was compared with the captures.
    pub sweep: Option<SweepRun>,
}

/// The disk that pictures are on, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Disk {
    pub free_bytes: u64,
    pub total_bytes: u64,
    /// With less than this free, the oldest captures go.
    pub free_bytes_min: u64,
}

/// What is kept; null where there is no such rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetentionRules {
    /// In seconds.
    pub age_s_max: Option<u64>,
    /// Of all captures together.
    pub bytes_max: Option<u64>,
    pub per_camera_max: Option<u64>,
    /// The last so many captures of each camera stay whatever the other rules say.
    pub keep_last: u64,
}

/// What went by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetentionRun {
    pub at: Time,
    pub captures: u64,
    pub bytes: u64,
}

/// The object store, compared with the captures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SweepRun {
    pub at: Time,
    /// Pictures that were found.
    pub objects: u64,
    /// Of these, such as no capture names.
    pub orphans: u64,
    pub orphan_bytes: u64,
    /// Of these, such as were removed.
    pub removed: u64,
    /// Why none was removed, where somebody should look first.
    pub held_back: Option<String>,
    /// Captures whose picture is not there.
    pub missing: u64,
    /// Keys of the first of them.
    pub missing_keys: Vec<String>,
}
