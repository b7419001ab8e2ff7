//! What changed while nobody could look: the lot before an outage, or before this start, beside the lot after it. Pure.

use std::collections::BTreeMap;

use parking_api::slots::{Slot, SlotState};
use parking_api::{SlotCode, SlotId, Time};

use super::natural;

/// The lot as it was last seen.
#[derive(Debug, Clone)]
pub struct Baseline {
    at: Time,
    slots: BTreeMap<SlotId, (SlotCode, SlotState)>,
}

/// What changed while nobody could look.
#[derive(Debug, Clone, PartialEq)]
pub struct Away {
    pub from: Time,
    pub to: Time,
    /// By code.
    pub changes: Vec<Changed>,
}

/// One slot before and after; no state where there was no slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    pub slot: SlotId,
    pub code: SlotCode,
    pub before: Option<SlotState>,
    pub after: Option<SlotState>,
}

impl Baseline {
    pub fn new(slots: &[Slot], at: Time) -> Self {
        Self { at, slots: slots.iter().map(|slot| (slot.id, (slot.code.clone(), slot.state))).collect() }
    }

    /// What is not as it was then; none when all is.
    pub fn compare(mut self, slots: &[Slot], now: Time) -> Option<Away> {
        let mut changes = Vec::new();
        for slot in slots {
            let before = self.slots.remove(&slot.id).map(|(_, state)| state);
            if before != Some(slot.state) {
                changes.push(Changed { slot: slot.id, code: slot.code.clone(), before, after: Some(slot.state) });
            }
        }
        let gone = self.slots.into_iter();
        changes.extend(gone.map(|(slot, (code, state))| Changed { slot, code, before: Some(state), after: None }));
        changes.sort_by(|a, b| natural(a.code.as_str(), b.code.as_str()));
        (!changes.is_empty()).then_some(Away { from: self.at, to: now, changes })
    }
}
