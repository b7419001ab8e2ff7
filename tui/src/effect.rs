//! Everything that the console asks of the world, as one closed list. `runtime` does it.

use parking_api::slots::SetSlot;
use parking_api::{CameraId, CaptureId, LotId, SlotId};
use serde::{Deserialize, Serialize};

use crate::msg::OpId;
use crate::pictures::{Ask, Spot};

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Follows a lot, anew if it is followed already.
    Follow(LotId),
    Identify,
    ListLots,
    Write {
        op: OpId,
        lot: LotId,
        slot: SlotId,
        write: Write,
        if_match: Option<u64>,
    },
    Fetch {
        lot: LotId,
        what: Fetch,
    },
    /// Makes a picture ready for a place on the screen.
    LoadImage {
        lot: LotId,
        spot: Spot,
        ask: Ask,
    },
    /// Writes a picture as it was uploaded to a new file.
    SaveImage {
        lot: LotId,
        capture: CaptureId,
        path: String,
    },
    /// Keeps what is known of a lot for the next start.
    Keep(LotId),
    /// Keeps what was typed on the command line for the next start.
    KeepHistory(Vec<String>),
    Redraw,
    Suspend,
    Quit,
}

/// A change of one slot.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    Toggle,
    Set(SetSlot),
    Note(Option<String>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fetch {
    Log,
    /// How full the lot was.
    Trend,
    History(SlotId),
    /// Why a slot is in its state.
    Why(SlotId),
    Sessions,
    Cameras,
    /// A page of what a camera took, newest first.
    Captures {
        camera: CameraId,
        cursor: Option<String>,
    },
}
