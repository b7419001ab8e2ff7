//! How far one slot may be trusted to its camera: nothing, until people showed it empty; then it suggests; then, when it agreed with them
//! often enough, it decides; and where it does not agree, it says that it cannot see the slot.

use serde::{Deserialize, Serialize};

use super::crop::SQUARE_MIN;
use super::reference::{CLUTTER_MAX, REFERENCES_MIN};

/// Statements by people that the camera must have had an opinion on, before it may decide by itself.
pub const TOLD_MIN: usize = 10;
/// And how many of them must have been of a vehicle.
pub const OCCUPIED_MIN: usize = 2;
/// In how many of them it must have agreed to decide by itself, and below how many it cannot see the slot.
pub const AGREES_FROM: f32 = 0.95;
pub const BLIND_BELOW: f32 = 0.90;

/// What a person said of a slot, beside what the camera made of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said {
    pub is_occupied: bool,
    /// The score before it was said; none while there was no reference.
    pub score: Option<f32>,
}

/// How well a slot can be seen, whatever was said of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Side of its square in the picture, in pixels.
    pub side: f32,
    /// Edges of the empty slot; none while there is no reference.
    pub clutter: Option<f32>,
    /// People showed it empty by the light that there is now; otherwise it is compared with how it looked by another.
    pub is_shown: bool,
}

/// How far a slot is trusted to its camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// People say how it is; the camera learns.
    Manual,
    /// The camera says what it would do.
    Suggesting,
    /// The camera decides.
    Automatic,
    /// The camera cannot see it.
    NotObservable,
}

/// A mode, with what it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trust {
    pub mode: Mode,
    /// Pictures of the empty slot that people confirmed.
    pub references: usize,
    /// Statements that the camera had an opinion on, how many of those were of a vehicle, and how many it agreed with.
    pub told: usize,
    pub told_occupied: usize,
    pub agreed: usize,
    is_shown: bool,
}

impl Trust {
    /// From everything that is kept of what people said, and how well the slot can be seen.
    pub fn of(said: &[Said], view: &View) -> Self {
        let told = || said.iter().filter_map(|said| Some((said.is_occupied, said.score?)));
        let agreed = told().filter(|(is_occupied, score)| (*score > 0.5) == *is_occupied).count();
        let mut trust = Self {
            mode: Mode::Manual,
            references: said.iter().filter(|said| !said.is_occupied).count(),
            told: told().count(),
            told_occupied: told().filter(|(is_occupied, _)| *is_occupied).count(),
            agreed,
            is_shown: view.is_shown,
        };
        trust.mode = trust.decided(view);
        trust
    }

    /// Share of statements that the camera agreed with; none while it had no opinion.
    pub fn agreement(&self) -> Option<f32> {
        (self.told > 0).then(|| self.agreed as f32 / self.told as f32)
    }

    fn decided(&self, view: &View) -> Mode {
        let agreement = self.agreement().unwrap_or_default();
        let is_told_enough = self.told >= TOLD_MIN;
        if view.side < SQUARE_MIN || (is_told_enough && agreement < BLIND_BELOW) {
            Mode::NotObservable
        } else if self.references < REFERENCES_MIN {
            Mode::Manual
        } else if is_told_enough && self.told_occupied >= OCCUPIED_MIN && agreement >= AGREES_FROM {
            // By another light it may all be different.
            if view.is_shown { Mode::Automatic } else { Mode::Suggesting }
        } else if !is_told_enough && view.clutter.is_some_and(|clutter| clutter > CLUTTER_MAX) {
            // What people say of it can still prove the contrary.
            Mode::NotObservable
        } else {
            Mode::Suggesting
        }
    }

    /// Why it is this mode, and what would make it another.
    pub fn reason(&self) -> String {
        let percent = |share: f32| (share * 100.0).round() as u32;
        match (self.mode, self.agreement()) {
            (Mode::Manual, _) => format!("{} of {REFERENCES_MIN} pictures of the empty slot", self.references),
            (Mode::Suggesting, Some(agreement)) if !self.is_shown && agreement >= AGREES_FROM => {
                format!(
                    "was not shown the empty slot by this light: {REFERENCES_MIN} pictures of it make the camera decide"
                )
            }
            (Mode::Suggesting, _) => format!(
                "agreed with {} of {} statements by people; decides by itself from {TOLD_MIN}, {OCCUPIED_MIN} of them occupied, and {} %",
                self.agreed,
                self.told,
                percent(AGREES_FROM)
            ),
            (Mode::Automatic, _) => format!("agreed with {} of {} statements by people", self.agreed, self.told),
            (Mode::NotObservable, Some(agreement)) if self.told >= TOLD_MIN && agreement < BLIND_BELOW => format!(
                "agreed with only {} of {} statements by people: something is in the way, or the region is not on the slot",
                self.agreed, self.told
            ),
            (Mode::NotObservable, _) if self.references >= REFERENCES_MIN => {
                "its empty picture is as full of edges as a vehicle: something is in the way".into()
            }
            (Mode::NotObservable, _) => format!("less than {SQUARE_MIN} pixels wide in the picture"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAR: View = View { side: 80.0, clutter: Some(0.04), is_shown: true };

    fn free(score: Option<f32>) -> Said {
        Said { is_occupied: false, score }
    }

    fn occupied(score: f32) -> Said {
        Said { is_occupied: true, score: Some(score) }
    }

    fn learned() -> Vec<Said> {
        vec![free(None); REFERENCES_MIN]
    }

    #[test]
    fn a_slot_is_manual_until_it_was_seen_empty_three_times() {
        assert_eq!(Trust::of(&[], &CLEAR).mode, Mode::Manual);
        assert_eq!(Trust::of(&learned()[1..], &CLEAR).mode, Mode::Manual);
        assert_eq!(Trust::of(&learned(), &CLEAR).mode, Mode::Suggesting);
    }

    #[test]
    fn it_decides_only_after_it_agreed_with_ten_statements_two_of_them_occupied() {
        let mut said = learned();
        said.extend([free(Some(0.1)); 8]);
        said.push(occupied(0.9));
        assert_eq!(Trust::of(&said, &CLEAR).mode, Mode::Suggesting, "nine");
        said.push(free(Some(0.1)));
        assert_eq!(Trust::of(&said, &CLEAR).mode, Mode::Suggesting, "ten, but one occupied");
        said.push(occupied(0.8));
        assert_eq!(Trust::of(&said, &CLEAR).mode, Mode::Automatic);
        said.push(free(Some(0.9)));
        assert_eq!(Trust::of(&said, &CLEAR).mode, Mode::Suggesting, "11 of 12 are fewer than 95 %");
    }

    #[test]
    fn a_slot_that_the_camera_is_often_wrong_about_is_not_observable_and_says_so() {
        let mut said = learned();
        said.extend([occupied(0.2), occupied(0.3)]);
        said.extend([free(Some(0.1)); 8]);
        let trust = Trust::of(&said, &CLEAR);
        assert_eq!((trust.mode, trust.agreed, trust.told), (Mode::NotObservable, 8, 10));
        assert!(trust.reason().contains("8 of 10"), "{}", trust.reason());
    }

    #[test]
    fn by_a_light_that_it_was_not_shown_it_only_suggests() {
        let mut said = learned();
        said.extend([free(Some(0.1)); 8]);
        said.extend([occupied(0.9); 2]);
        let trust = Trust::of(&said, &View { is_shown: false, ..CLEAR });
        assert_eq!(trust.mode, Mode::Suggesting);
        assert!(trust.reason().contains("by this light"), "{}", trust.reason());
    }

    #[test]
    fn a_slot_that_is_too_small_is_not_observable() {
        let trust = Trust::of(&[], &View { side: 9.0, clutter: None, is_shown: false });
        assert_eq!(trust.mode, Mode::NotObservable);
        assert!(trust.reason().contains("14 pixels"));
    }

    #[test]
    fn a_slot_behind_a_tree_is_not_observable_unless_people_say_that_it_is() {
        let tree = View { clutter: Some(0.16), ..CLEAR };
        let mut said = learned();
        assert_eq!(Trust::of(&said, &tree).mode, Mode::NotObservable);
        said.extend([free(Some(0.1)); 8]);
        said.extend([occupied(0.9); 2]);
        assert_eq!(Trust::of(&said, &tree).mode, Mode::Automatic);
    }
}
