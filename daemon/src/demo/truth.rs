//! How far what the daemon knows of the demo lot is how it is. The daemon itself never learns it: it is said to people, in the log and beside
//! the lot's name.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use parking_api::SlotCode;
use parking_api::slots::{Slot, SlotState, Source};

/// How long after a movement nobody can know of it yet: a camera must have seen it in two pictures, and one may just have been missed.
const NEWS: Duration = Duration::from_secs(15);

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Slots that are known as they are, and those of them that a camera set.
    pub right: usize,
    pub by_camera: usize,
    /// Slots in which a car has just moved, and which are not known as they are yet.
    pub moving: usize,
    /// The others.
    pub wrong: Vec<SlotCode>,
}

impl Agreement {
    /// `parked` are the slots with a car, and `moved` when something happened in a slot last.
    pub fn of<'a>(
        slots: impl Iterator<Item = &'a Slot>,
        parked: &[SlotCode],
        moved: &BTreeMap<SlotCode, Instant>,
        now: Instant,
    ) -> Self {
        let mut agreement = Self::default();
        for slot in slots {
            let is_right = match slot.state {
                SlotState::Reserved | SlotState::Closed => true,
                SlotState::Unknown => false,
                SlotState::Free => !parked.contains(&slot.code),
                SlotState::Occupied => parked.contains(&slot.code),
            };
            if is_right {
                agreement.right += 1;
                agreement.by_camera += usize::from(slot.source == Source::Camera);
            } else if moved.get(&slot.code).is_some_and(|at| now - *at < NEWS) {
                agreement.moving += 1;
            } else {
                agreement.wrong.push(slot.code.clone());
            }
        }
        agreement
    }
}

impl Agreement {
    /// In few words, which are others only when slots are known otherwise than they are.
    pub fn short(&self) -> String {
        let of = self.right + self.moving + self.wrong.len();
        match of - self.wrong.len() {
            known if known == of => format!("all {of} slots are known as its pictures show them"),
            known => format!("{known} of {of} slots are known as its pictures show them"),
        }
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.right + self.moving + self.wrong.len();
        write!(f, "{} of {of} slots are known as they are, {} by camera", self.right, self.by_camera)?;
        if self.moving > 0 {
            write!(f, "; in {} a car has just moved", self.moving)?;
        }
        if !self.wrong.is_empty() {
            let wrong: Vec<_> = self.wrong.iter().map(SlotCode::as_str).collect();
            write!(f, "; not in {}", wrong.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(code: &str, state: SlotState, source: Source) -> Slot {
        let slot = include_str!("../../api/fixtures/slot.json");
        let slot = serde_json::from_str(slot).expect("a slot");
        Slot { code: code.parse().expect("a code"), state, source, ..slot }
    }

    #[test]
    fn what_is_wrong_is_named_unless_a_car_has_just_moved_there() {
        let slots = [
            slot("A-01", SlotState::Occupied, Source::Camera),
            slot("A-02", SlotState::Free, Source::Manual),
            slot("A-03", SlotState::Closed, Source::Manual),
            slot("A-04", SlotState::Free, Source::Camera),
            slot("A-05", SlotState::Occupied, Source::Camera),
            slot("A-06", SlotState::Unknown, Source::Camera),
        ];
        let parked: [SlotCode; 2] = ["A-01", "A-04"].map(|code| code.parse().expect("a code"));
        let began = Instant::now();
        let moved = BTreeMap::from([(parked[1].clone(), began), (slots[4].code.clone(), began)]);
        let at = |secs| Agreement::of(slots.iter(), &parked, &moved, began + Duration::from_secs(secs)).to_string();
        assert_eq!(at(1), "3 of 6 slots are known as they are, 1 by camera; in 2 a car has just moved; not in A-06");
        let short = Agreement::of(slots.iter(), &parked, &moved, began).short();
        assert_eq!(short, "5 of 6 slots are known as its pictures show them");
        assert_eq!(at(60), "3 of 6 slots are known as they are, 1 by camera; not in A-04, A-05, A-06");
    }
}
