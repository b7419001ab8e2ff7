//! Somebody who walks over the demo lot and says how those slots are that no camera sets by itself. Looks at the lot, not at pictures.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use parking_api::slots::{SetSlot, SlotState};
use parking_api::{SlotCode, SlotId, SlotRef};

use super::lot::submit;
use crate::ledger::{Command, LotHandle};
use crate::lookout::Lookout;

/// How long the way to a slot is: by then a camera has seen what happened there, and can be agreed with or not.
const WALK: Duration = Duration::from_secs(10);
/// How often it is asked which slots cameras set.
const ASK: Duration = Duration::from_secs(5);

/// What the attendant knows.
#[derive(Debug, Default)]
pub struct Attendant {
    /// Where something moved, and when.
    moved: Vec<(SlotCode, Instant)>,
    /// Slots that cameras set by themselves.
    followed: BTreeSet<SlotId>,
    asked: Option<Instant>,
}

impl Attendant {
    /// Sees a car arrive or leave.
    pub fn sees(&mut self, slot: SlotCode, now: Instant) {
        self.moved.retain(|(moved, _)| *moved != slot);
        self.moved.push((slot, now));
    }

    /// Says what is to be said by now. `is_occupied` is how it is.
    ///
    /// # Errors
    /// When the daemon fails; what was to be said is not said any more.
    pub async fn walk(
        &mut self,
        lot: &LotHandle,
        lookout: &Lookout,
        now: Instant,
        is_occupied: impl Fn(&SlotCode) -> bool,
    ) -> Result<(), String> {
        if self.asked.is_none_or(|asked| now - asked >= ASK) {
            self.asked = Some(now);
            self.followed = lookout.automatic(lot).await?;
        }
        let (there, on_the_way): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.moved).into_iter().partition(|(_, at)| now - *at >= WALK);
        self.moved = on_the_way;
        for (code, _) in there {
            let slot = lot.read(|state| state.slot_by_code(&code).map(|slot| (slot.id, slot.state)));
            let Some((id, state)) = slot else { continue };
            if self.followed.contains(&id) || matches!(state, SlotState::Reserved | SlotState::Closed) {
                continue;
            }
            let set = SetSlot::to(if is_occupied(&code) { SlotState::Occupied } else { SlotState::Free });
            submit(lot, Command::SetSlot { slot: SlotRef::Id(id), set }).await?;
        }
        Ok(())
    }
}
