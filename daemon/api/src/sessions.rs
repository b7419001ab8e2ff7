//! A session on the wire: one stay of a vehicle, in a slot or between two gates.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::slots::words;
use crate::{SessionId, SlotCode, SlotId, Time};

/// What a person did to a slot by mistake can be taken back within this time, in milliseconds: a stay that was opened never was, and one
/// that was ended goes on.
pub const UNDO_MS: i64 = 60_000;

words!(
    /// A stay in one slot, or a visit that a gate counted in and out.
    SessionKind {
        Slot = "slot",
        Gate = "gate",
    }
);
words!(
    /// `void` is a stay that never was: the change that opened it was taken back.
    SessionState {
        Open = "open",
        Closed = "closed",
        Void = "void",
    }
);

/// One stay of a vehicle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    pub id: SessionId,
    pub kind: SessionKind,
    pub state: SessionState,
    pub slot_id: Option<SlotId>,
    /// Code and zone of the slot as they were when the session opened.
    pub slot_code: Option<SlotCode>,
    pub zone: Option<String>,
    pub ticket: Option<String>,
    pub plate: Option<String>,
    pub opened_at: Time,
    pub closed_at: Option<Time>,
    /// `seq` of the event that opened it.
    pub opened_seq: u64,
    /// `seq` of the event that closed or voided it.
    pub closed_seq: Option<u64>,
}

/// A vehicle passed the entry gate. Needs a ticket or a plate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plate: Option<String>,
}

/// A vehicle passed the exit gate. Needs the ticket or the plate that it entered with.
pub type GateExit = GateEntry;

/// Figures over the stays of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StayStats {
    /// Open now.
    pub open: u64,
    /// Opened in the period, which is today unless the request says otherwise, without the void ones.
    pub today: u64,
    /// Over the stays that closed in the period, in seconds; null when none did.
    pub stay_mean_s: Option<f64>,
    pub stay_median_s: Option<f64>,
    /// Nine of ten stays were at most as long.
    #[serde(default)]
    pub stay_p90_s: Option<f64>,
}

/// How often one slot was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotTurnover {
    pub code: SlotCode,
    pub zone: Option<String>,
    /// Sessions opened in it in the period, without the void ones.
    pub stays: u64,
}

/// Figures over the sessions of a lot; the fields of [`StayStats`] are those of slots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionStats {
    /// Where the period began: midnight in the lot's time zone, unless the request says otherwise.
    pub since: Time,
    #[serde(flatten)]
    pub stays: StayStats,
    /// Sessions opened in the period per slot of the lot; null without slots.
    pub turnover_per_slot: Option<f64>,
    /// The turnover of each slot that had a stay, by code as people count.
    #[serde(default)]
    pub slots: Vec<SlotTurnover>,
    /// The same figures for visits that a gate counted.
    pub gate: StayStats,
}
