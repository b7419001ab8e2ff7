//! Everything that the console asks of the world, as one closed list. `runtime` does it.

use parking_api::slots::SetSlot;
use parking_api::{LotId, SlotId};

use crate::msg::OpId;

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
    /// Keeps what is known of a lot for the next start.
    Keep(LotId),
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetch {
    Log,
    History(SlotId),
    Sessions,
    Cameras,
}
