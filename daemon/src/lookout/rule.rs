//! What comes of a camera's opinion of a slot. Pure: people first, then the camera that sees best, and only what it has proven.

use parking_api::Time;
use parking_api::regions::{RegionsMode, ViewOutcome};
use parking_api::slots::{Slot, SlotState, Source};
use serde::{Deserialize, Serialize};

use crate::occupancy::mode::Mode;

/// What a camera knows of one slot at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Opinion {
    /// After several pictures; none while they do not agree.
    pub is_occupied: Option<bool>,
    pub trust: Mode,
    pub mode: RegionsMode,
    /// It has seen the slot as the person said, since that was said: what it sees now is a change.
    pub has_agreed: bool,
    /// Another camera that is trusted as far, or farther, sees the slot better.
    pub is_seen_better: bool,
    /// How long a person's word holds against what a camera sees, in milliseconds.
    pub hold_ms: i64,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Unsure,
    Agrees,
    /// Whatever a camera sees, the slot is reserved or closed.
    Blocked,
    /// It has not proven itself yet, or may not do more.
    Learns,
    Blind,
    Suggests(SlotState),
    /// A person said otherwise a short while ago, which holds until then.
    Held(SlotState, Time),
    SeenBetter,
    Sets(SlotState),
}

/// Until when a person's word on a slot holds, if the last word was a person's.
pub fn held_until(slot: &Slot, hold_ms: i64) -> Option<Time> {
    matches!(slot.source, Source::Manual | Source::Api).then(|| slot.observed_at.plus_ms(hold_ms))
}

/// What comes of an opinion on a slot, now.
pub fn outcome(slot: &Slot, opinion: &Opinion, now: Time) -> Outcome {
    if matches!(slot.state, SlotState::Reserved | SlotState::Closed) {
        return Outcome::Blocked;
    }
    match opinion.trust {
        Mode::NotObservable => return Outcome::Blind,
        Mode::Manual => return Outcome::Learns,
        Mode::Suggesting | Mode::Automatic => {}
    }
    let Some(is_occupied) = opinion.is_occupied else { return Outcome::Unsure };
    let to = if is_occupied { SlotState::Occupied } else { SlotState::Free };
    if slot.state == to {
        return Outcome::Agrees;
    }
    if opinion.is_seen_better {
        return Outcome::SeenBetter;
    }
    if opinion.trust == Mode::Suggesting || opinion.mode != RegionsMode::Auto {
        return Outcome::Suggests(to);
    }
    match held_until(slot, opinion.hold_ms) {
        Some(until) if now < until && !opinion.has_agreed => Outcome::Held(to, until),
        _ => Outcome::Sets(to),
    }
}

impl Outcome {
    pub fn kind(self) -> ViewOutcome {
        match self {
            Self::Unsure => ViewOutcome::Unsure,
            Self::Agrees => ViewOutcome::Agrees,
            Self::Blocked => ViewOutcome::Blocked,
            Self::Learns => ViewOutcome::Learns,
            Self::Blind => ViewOutcome::Blind,
            Self::Suggests(_) => ViewOutcome::Suggests,
            Self::Held(..) => ViewOutcome::Held,
            Self::SeenBetter => ViewOutcome::SeenBetter,
            Self::Sets(_) => ViewOutcome::Sets,
        }
    }

    /// What people are shown as another opinion than the state.
    pub fn suggested(self) -> Option<SlotState> {
        match self {
            Self::Suggests(to) | Self::Held(to, _) => Some(to),
            _ => None,
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unsure => f.write_str("the last pictures do not agree"),
            Self::Agrees => f.write_str("the camera sees it so"),
            Self::Blocked => f.write_str("a reserved or closed slot is left as it is"),
            Self::Learns => f.write_str("the camera learns what the slot looks like"),
            Self::Blind => f.write_str("the camera cannot see this slot"),
            Self::Suggests(state) => write!(f, "the camera suggests {state}"),
            Self::Held(to, until) => {
                write!(f, "the camera sees it {to}; a person said otherwise, which holds until {until}")
            }
            Self::SeenBetter => f.write_str("another camera sees it better"),
            Self::Sets(state) => write!(f, "the camera set it {state}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEES: Opinion = Opinion {
        is_occupied: Some(true),
        trust: Mode::Automatic,
        mode: RegionsMode::Auto,
        has_agreed: false,
        is_seen_better: false,
        hold_ms: 15 * 60_000,
    };

    fn slot(state: SlotState, source: Source) -> Slot {
        let slot = include_str!("../../api/fixtures/slot.json");
        Slot { state, source, observed_at: Time::from_ms(0), ..serde_json::from_str(slot).expect("a slot") }
    }

    fn at(minutes: i64) -> Time {
        Time::from_ms(minutes * 60_000)
    }

    #[test]
    fn a_persons_word_holds_for_a_quarter_of_an_hour() {
        let said = slot(SlotState::Free, Source::Manual);
        let held = Outcome::Held(SlotState::Occupied, at(15));
        assert_eq!((outcome(&said, &SEES, at(1)), outcome(&said, &SEES, at(14))), (held, held));
        assert_eq!(held.suggested(), Some(SlotState::Occupied), "the disagreement is shown");
        assert_eq!(outcome(&said, &SEES, at(15)), Outcome::Sets(SlotState::Occupied));
        assert_eq!(outcome(&slot(SlotState::Free, Source::Camera), &SEES, at(1)), Outcome::Sets(SlotState::Occupied));
    }

    #[test]
    fn a_change_that_the_camera_saw_happen_ends_the_hold() {
        let saw = Opinion { has_agreed: true, ..SEES };
        assert_eq!(outcome(&slot(SlotState::Free, Source::Manual), &saw, at(1)), Outcome::Sets(SlotState::Occupied));
    }

    #[test]
    fn a_camera_that_has_not_proven_itself_or_may_not_only_suggests() {
        let free = slot(SlotState::Free, Source::Camera);
        let suggests = Outcome::Suggests(SlotState::Occupied);
        assert_eq!(outcome(&free, &Opinion { trust: Mode::Suggesting, ..SEES }, at(60)), suggests);
        assert_eq!(outcome(&free, &Opinion { mode: RegionsMode::Suggest, ..SEES }, at(60)), suggests);
        assert_eq!(outcome(&free, &Opinion { trust: Mode::Manual, ..SEES }, at(60)), Outcome::Learns);
        assert_eq!(outcome(&free, &Opinion { trust: Mode::NotObservable, ..SEES }, at(60)), Outcome::Blind);
    }

    #[test]
    fn reserved_and_closed_slots_are_left_alone_and_unknown_ones_are_set() {
        for state in [SlotState::Reserved, SlotState::Closed] {
            assert_eq!(outcome(&slot(state, Source::Manual), &SEES, at(60)), Outcome::Blocked);
        }
        let unknown = slot(SlotState::Unknown, Source::Camera);
        assert_eq!(outcome(&unknown, &SEES, at(1)), Outcome::Sets(SlotState::Occupied));
    }

    #[test]
    fn the_better_view_decides() {
        let free = slot(SlotState::Free, Source::Camera);
        assert_eq!(outcome(&free, &Opinion { is_seen_better: true, ..SEES }, at(60)), Outcome::SeenBetter);
        assert_eq!(outcome(&free, &Opinion { is_occupied: None, ..SEES }, at(60)), Outcome::Unsure);
    }
}
