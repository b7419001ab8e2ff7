//! When a score is believed: two thresholds, so that a doubtful picture changes nothing, and as many pictures in a row as it takes.

use serde::{Deserialize, Serialize};

/// When a change is believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// A score above this speaks for a vehicle.
    pub arrives_above: f32,
    /// A score below this speaks for none.
    pub leaves_below: f32,
    /// Pictures in a row that a vehicle must be seen in, and that it must be missing in.
    pub arrives_after: u8,
    pub leaves_after: u8,
}

impl Settings {
    /// A vehicle is seldom in doubt, an empty slot in the shadow of its neighbour is: what lies in between speaks for neither.
    pub const DEFAULT: Self = Self { arrives_above: 0.8, leaves_below: 0.5, arrives_after: 2, leaves_after: 2 };
}

/// What is believed of one slot, and what speaks for another belief.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Unknown before enough pictures agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_occupied: Option<bool>,
    /// What the last pictures spoke for, and how many of them in a row.
    #[serde(default)]
    towards: bool,
    #[serde(default)]
    streak: u8,
}

impl Settled {
    /// What is known before a picture: the state that somebody else said.
    pub fn known(is_occupied: Option<bool>) -> Self {
        Self { is_occupied, towards: false, streak: 0 }
    }

    /// After one more picture with this score.
    #[must_use]
    pub fn after(self, score: f32, settings: &Settings) -> Self {
        let towards = if score > settings.arrives_above {
            true
        } else if score < settings.leaves_below {
            false
        } else {
            // A doubtful picture neither speaks for a change nor for the state as it is.
            return Self { streak: 0, ..self };
        };
        if self.is_occupied == Some(towards) {
            return Self { is_occupied: self.is_occupied, towards, streak: 0 };
        }
        let streak = if self.towards == towards { self.streak.saturating_add(1) } else { 1 };
        let enough = if towards { settings.arrives_after } else { settings.leaves_after };
        if streak >= enough {
            Self { is_occupied: Some(towards), towards, streak: 0 }
        } else {
            Self { is_occupied: self.is_occupied, towards, streak }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(from: Option<bool>, scores: &[f32]) -> Option<bool> {
        let after = |settled: Settled, score: &f32| settled.after(*score, &Settings::DEFAULT);
        scores.iter().fold(Settled::known(from), after).is_occupied
    }

    #[test]
    fn one_picture_changes_nothing_and_two_in_a_row_do() {
        assert_eq!(run(Some(false), &[0.99]), Some(false));
        assert_eq!(run(Some(false), &[0.99, 0.98]), Some(true));
        assert_eq!(run(Some(true), &[0.01]), Some(true));
        assert_eq!(run(Some(true), &[0.01, 0.2]), Some(false));
        assert_eq!(run(None, &[0.9]), None);
        assert_eq!(run(None, &[0.1, 0.1]), Some(false));
    }

    #[test]
    fn somebody_who_walks_by_is_no_vehicle() {
        assert_eq!(run(Some(false), &[0.9, 0.1, 0.9, 0.1, 0.9]), Some(false));
    }

    #[test]
    fn doubt_interrupts() {
        assert_eq!(run(Some(false), &[0.9, 0.6, 0.9]), Some(false));
        assert_eq!(run(Some(false), &[0.7, 0.75, 0.7, 0.75]), Some(false), "it is a shadow");
        assert_eq!(run(Some(true), &[0.5, 0.5, 0.5, 0.5]), Some(true));
    }

    #[test]
    fn arriving_and_leaving_may_take_a_different_number_of_pictures() {
        let slow = Settings { leaves_after: 3, ..Settings::DEFAULT };
        let mut settled = Settled::known(Some(true));
        for expected in [Some(true), Some(true), Some(false)] {
            settled = settled.after(0.0, &slow);
            assert_eq!(settled.is_occupied, expected);
        }
        assert_eq!(settled.after(1.0, &slow).after(1.0, &slow).is_occupied, Some(true));
    }
}
