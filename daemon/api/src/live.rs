//! Frames of the live protocol (`GET /ws`, design §5), all sent by the server. The client sends nothing but pongs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::SlotId;
use crate::Time;
use crate::cameras::Camera;
use crate::events::LogEntry;
use crate::lots::Lot;
use crate::slots::{Slot, SlotStats, words};

/// Between two heartbeats, in seconds.
pub const HEARTBEAT_S: u64 = 15;
/// A side that hears nothing for this many heartbeats gives the connection up.
pub const DEAD_INTERVALS: f64 = 2.5;

/// Close codes: 4000–4499 mean reconnect, 4500–4999 mean do not.
pub mod close {
    pub const SHUTDOWN: u16 = 4001;
    pub const SLOW: u16 = 4008;
    pub const REPLACED: u16 = 4009;
    /// The cookie is over: a browser whose login was renewed meanwhile comes back with its newer one.
    pub const LOGIN_OVER: u16 = 4010;
    pub const NO_PONG: u16 = 4012;
    pub const BAD_TOKEN: u16 = 4500;
    pub const LOT_GONE: u16 = 4504;
    pub const PROTOCOL: u16 = 4506;

    /// Whether a client that was closed with `code` should come back by itself.
    pub fn may_reconnect(code: u16) -> bool {
        !(4500..=4999).contains(&code)
    }
}

words!(
    /// Why a snapshot came instead of the events that were missed.
    SnapshotReason {
        NoCursor = "no_cursor",
        EpochChanged = "epoch_changed",
        TooOld = "too_old",
        TooMany = "too_many",
        Ahead = "ahead",
    }
);

/// Where a client stands in the log of a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cursor {
    pub epoch: String,
    /// The last `seq` that was applied.
    pub seq: u64,
}

/// One frame from the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame {
    Hello(Hello),
    Snapshot(Box<Snapshot>),
    Resumed(Resumed),
    Events(Events),
    Lagged(Box<Lagged>),
    Heartbeat(Heartbeat),
    Degraded(Degraded),
    Bye(Bye),
    /// A frame that this client is too old to know; it carries no place in the chain.
    #[serde(other)]
    Unknown,
}

/// Always the first frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    pub protocol: u32,
    pub lot: String,
    pub epoch: String,
    pub head: u64,
    /// `seq` of the oldest event that is kept.
    pub floor: u64,
    pub heartbeat_s: u64,
    /// The server's clock.
    pub at: Time,
    /// Version of `parkd`.
    pub version: String,
}

/// The whole of the lot at `seq`; replaces everything the client knew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    pub seq: u64,
    pub reason: SnapshotReason,
    pub lot: Lot,
    /// By code, `A-2` before `A-10`.
    pub slots: Vec<Slot>,
    /// Empty for an audience that may not see cameras.
    pub cameras: Vec<Camera>,
    pub stats: SlotStats,
}

/// The cursor was good: every event after `from` up to `head` follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resumed {
    pub from: u64,
    pub head: u64,
}

/// Events, contiguous by `seq`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Events {
    pub events: Vec<LogEntry>,
}

/// This client was too slow for the events after `from` up to `to`; here is what they came to. Its cursor is now `to`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Lagged {
    pub from: u64,
    pub to: u64,
    /// Newest value of each slot that changed.
    pub slots: Vec<Slot>,
    /// Slots that were deleted.
    pub deleted: Vec<SlotId>,
    /// All cameras; empty for an audience that may not see them.
    pub cameras: Vec<Camera>,
    /// Null when the lot itself did not change.
    pub lot: Option<Lot>,
}

/// Nothing newer than `head` exists: an idle client has missed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Heartbeat {
    pub head: u64,
    pub at: Time,
}

/// The daemon goes on from memory, or has recovered; writes are refused while `active`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Degraded {
    pub active: bool,
    pub detail: String,
}

/// The last frame before the server closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bye {
    /// The close code that follows.
    pub code: u16,
    pub reason: String,
    /// When to come back at the earliest; absent where there is no use in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}
