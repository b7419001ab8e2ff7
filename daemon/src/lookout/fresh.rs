//! How long what a camera said of a slot holds: as long as its own silence is none. One rule, whatever the silence comes from (late,
//! offline, frozen, moved, dark, a light that it was not shown): no picture that says how the slot is. Pure.

use parking_api::Time;
use parking_api::cameras::CameraStatus;
use parking_api::slots::{Slot, SlotState, Source};

use crate::cameras::{is_ahead, silence};

/// What one camera last made of a slot.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// When a picture last said how the slot is.
    pub heard: Option<Time>,
    /// When the slot was last seen, whatever came of it.
    pub seen: Option<Time>,
    /// When a picture last confirmed what people had said, to a camera that decides by itself.
    pub confirmed: Option<Time>,
    pub interval_s: u32,
}

/// What is to be done about a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It is stale from now on, or not any more.
    Stale(bool),
    /// Nobody knows any more how it is.
    Lost,
    /// The camera that suggested something is silent.
    Unsuggest,
}

/// What is due of a slot that these cameras see. Silence is counted from `since` at the earliest: nobody could be heard before.
pub fn due(slot: &Slot, views: &[View], since: Time, now: Time) -> Option<Due> {
    let best =
        |heard: &dyn Fn(&View) -> Time| views.iter().map(|view| silence(heard(view), view.interval_s, now)).min();
    // Whoever takes over what a person said answers for it from then on.
    let is_confirmed = slot.source != Source::Sensor
        && views.iter().filter_map(|view| view.confirmed).any(|confirmed| confirmed > slot.observed_at);
    let hangs_on_cameras = slot.source == Source::Camera || is_confirmed || slot.stale_since.is_some();
    if hangs_on_cameras && matches!(slot.state, SlotState::Free | SlotState::Occupied) && !views.is_empty() {
        // Nothing was heard in the future: the clock was set back since.
        let heard = |view: &View| view.heard.unwrap_or(slot.observed_at);
        let heard = |view: &View| Some(heard(view)).filter(|at| !is_ahead(*at, now)).unwrap_or(since);
        match best(&|view| heard(view).max(since)) {
            Some(CameraStatus::Offline) => return Some(Due::Lost),
            Some(CameraStatus::Late) if slot.stale_since.is_none() => return Some(Due::Stale(true)),
            // Only what was heard makes it fresh again, not that nobody could be heard.
            _ if slot.stale_since.is_some() && best(&heard) == Some(CameraStatus::Online) => {
                return Some(Due::Stale(false));
            }
            _ => {}
        }
    }
    let seen = best(&|view| view.seen.unwrap_or(since).max(since));
    (slot.suggested.is_some() && seen.is_none_or(|seen| seen == CameraStatus::Offline)).then_some(Due::Unsuggest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Time {
        Time::from_ms(s * 1000)
    }

    fn heard(s: i64) -> View {
        View { heard: Some(at(s)), seen: Some(at(s)), confirmed: None, interval_s: 10 }
    }

    fn slot(state: SlotState, source: Source) -> Slot {
        let slot = include_str!("../../api/fixtures/slot.json");
        Slot { state, source, observed_at: at(0), ..serde_json::from_str(slot).expect("a slot") }
    }

    #[test]
    fn a_slot_decays_as_the_camera_that_sees_it_falls_silent() {
        let free = slot(SlotState::Free, Source::Camera);
        let after = |slot: &Slot, s: i64| due(slot, &[heard(100)], at(0), at(100 + s));
        assert_eq!((after(&free, 10), after(&free, 23)), (None, None));
        assert_eq!((after(&free, 24), after(&free, 43)), (Some(Due::Stale(true)), Some(Due::Stale(true))));
        assert_eq!(after(&free, 44), Some(Due::Lost));
        let stale = Slot { stale_since: Some(at(124)), ..free };
        assert_eq!((after(&stale, 30), after(&stale, 5)), (None, Some(Due::Stale(false))));
        assert_eq!(after(&stale, 44), Some(Due::Lost));
    }

    #[test]
    fn the_camera_that_hears_most_keeps_a_slot_fresh() {
        let free = slot(SlotState::Free, Source::Camera);
        assert_eq!(due(&free, &[heard(0), heard(100)], at(0), at(110)), None);
        assert_eq!(due(&free, &[heard(0), heard(50)], at(0), at(110)), Some(Due::Lost));
    }

    #[test]
    fn what_a_person_said_does_not_decay() {
        for state in [SlotState::Free, SlotState::Occupied, SlotState::Reserved, SlotState::Closed] {
            assert_eq!(due(&slot(state, Source::Manual), &[heard(0)], at(0), at(9_999)), None);
        }
        assert_eq!(due(&slot(SlotState::Unknown, Source::Camera), &[heard(0)], at(0), at(9_999)), None);
    }

    #[test]
    fn what_a_person_said_decays_once_the_camera_that_decides_has_taken_it_over() {
        let free = slot(SlotState::Free, Source::Manual);
        let confirmed = |s: i64| View { confirmed: Some(at(s)), ..heard(100) };
        assert_eq!(due(&free, &[confirmed(90)], at(0), at(124)), Some(Due::Stale(true)));
        assert_eq!(due(&free, &[confirmed(90)], at(0), at(144)), Some(Due::Lost));
        let said_since = Slot { observed_at: at(95), ..free.clone() };
        assert_eq!(due(&said_since, &[confirmed(90)], at(0), at(144)), None);
        let sensed = Slot { source: Source::Sensor, ..free };
        assert_eq!(due(&sensed, &[confirmed(90)], at(0), at(144)), None, "its sensor still answers for it");
    }

    #[test]
    fn nobody_is_blamed_for_the_time_that_the_daemon_was_down_and_nothing_gets_fresh_by_it() {
        let free = slot(SlotState::Free, Source::Camera);
        let started = at(5_000);
        assert_eq!(due(&free, &[heard(0)], started, at(5_010)), None);
        assert_eq!(due(&free, &[heard(0)], started, at(5_030)), Some(Due::Stale(true)));
        let stale = Slot { stale_since: Some(at(30)), ..free };
        assert_eq!(due(&stale, &[heard(0)], started, at(5_010)), None);
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_no_slot_fresh() {
        let free = slot(SlotState::Free, Source::Camera);
        assert_eq!(due(&free, &[heard(9_000)], at(100), at(200)), Some(Due::Lost));
    }

    #[test]
    fn a_suggestion_goes_with_the_camera_that_made_it() {
        let suggested = Slot { suggested: Some(SlotState::Occupied), ..slot(SlotState::Free, Source::Manual) };
        let seen = View { heard: None, ..heard(100) };
        assert_eq!(due(&suggested, &[seen], at(0), at(130)), None);
        assert_eq!(due(&suggested, &[seen], at(0), at(150)), Some(Due::Unsuggest));
        assert_eq!(due(&suggested, &[], at(0), at(101)), Some(Due::Unsuggest), "its region is gone");
    }
}
