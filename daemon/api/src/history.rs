//! How full a lot was, on the wire: seconds that its slots spent in each state, by bucket of time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Time;
use crate::slots::words;

words!(
    /// How long a bucket is. A day begins at midnight in the lot's time zone, and may have 23 or 25 hours.
    BucketLength {
        Quarter = "quarter",
        Hour = "hour",
        Day = "day",
    }
);

/// Seconds that slots spent in each state, summed over the slots: two slots occupied for a minute are 120.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotSeconds {
    pub free: u64,
    pub occupied: u64,
    pub reserved: u64,
    pub closed: u64,
    pub unknown: u64,
}

/// The slots of one zone in a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ZoneSeconds {
    /// Null for slots of no zone.
    pub zone: Option<String>,
    pub slot_seconds: SlotSeconds,
}

/// One bucket of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryBucket {
    pub start: Time,
    /// Exclusive.
    pub end: Time,
    /// For how many seconds of the bucket a daemon watched. The rest is a gap: nobody knows what was then.
    pub watched_s: u64,
    /// Of the whole lot.
    pub slot_seconds: SlotSeconds,
    /// Of each zone that had slots, by name.
    pub zones: Vec<ZoneSeconds>,
}
