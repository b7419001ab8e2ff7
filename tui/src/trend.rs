//! How full the lot was in the last hours, in steps of a quarter of an hour. A step without data is a gap, never a guess.

use std::collections::{BTreeMap, VecDeque};

use parking_api::Time;
use parking_api::events::{Event, EventChange};
use parking_api::sessions::{Session, SessionState};

/// One step, in milliseconds, and how many are kept: six hours.
const STEP_MS: i64 = 15 * 60 * 1000;
pub const STEPS: usize = 24;

/// Occupied slots at the end of each step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trend {
    occupied: BTreeMap<i64, usize>,
}

impl Trend {
    pub fn record(&mut self, now: Time, occupied: usize) {
        let step = step(now);
        self.occupied.insert(step, occupied);
        while self.occupied.len() > STEPS {
            self.occupied.pop_first();
        }
    }

    /// Walks the log backwards from how many are occupied now.
    pub fn rebuild(&mut self, events: &VecDeque<Event>, occupied_now: usize) {
        let mut occupied = occupied_now as i64;
        for event in events.iter().rev() {
            // The newest event of a step comes first, and it is the end of the step that counts.
            self.occupied.entry(step(event.at)).or_insert(occupied.max(0) as usize);
            occupied -= delta(event);
        }
        while self.occupied.len() > STEPS {
            self.occupied.pop_first();
        }
    }

    /// The steps up to `now`, oldest first.
    pub fn steps(&self, now: Time) -> impl Iterator<Item = Option<usize>> {
        let last = step(now);
        let mut carried = None;
        (0..STEPS as i64).map(move |i| {
            let at = last - (STEPS as i64 - 1) + i;
            // Nothing happened in a step between two that are known: it stayed as it was.
            carried = self.occupied.get(&at).copied().or(carried);
            carried
        })
    }
}

fn step(at: Time) -> i64 {
    at.ms().div_euclid(STEP_MS)
}

/// What an event added to the occupied slots.
fn delta(event: &Event) -> i64 {
    let session: Option<&Session> = match &event.change {
        EventChange::SlotCreated { session, .. }
        | EventChange::SlotChanged { session, .. }
        | EventChange::SlotDeleted { session, .. } => session.as_ref(),
        _ => None,
    };
    session.map_or(0, |session| if session.state == SessionState::Open { 1 } else { -1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_a_gap_and_a_quiet_quarter_is_none() {
        let mut trend = Trend::default();
        let now = Time::from_ms(100 * STEP_MS);
        trend.record(now.plus_ms(-3 * STEP_MS), 7);
        trend.record(now, 9);
        let steps: Vec<_> = trend.steps(now).collect();
        assert_eq!(steps.len(), STEPS);
        assert_eq!(&steps[STEPS - 5..], [None, Some(7), Some(7), Some(7), Some(9)]);
    }

    #[test]
    fn no_more_than_six_hours_are_kept() {
        let mut trend = Trend::default();
        for i in 0..1_000 {
            trend.record(Time::from_ms(i * STEP_MS), 1);
        }
        assert_eq!(trend.occupied.len(), STEPS);
    }
}
