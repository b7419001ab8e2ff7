//! When a picture is due: at steady intervals, each a little late by chance, and never drifting. Knows no camera.

use crate::chance::{Chance, mixed};

/// A picture is late by up to this part of its interval, and by no more than this many milliseconds, so that the cameras of a lot
/// that got power at the same moment do not upload at the same moment.
const JITTER_PART: u64 = 10;
const JITTER_MS_MAX: u64 = 5_000;

/// When a picture is due.
#[derive(Debug, Clone)]
pub struct Schedule {
    interval_ms: u64,
    /// The beat: after the first picture, number `n` is due at `base_ms + n * interval_ms` and its jitter.
    base_ms: u64,
    due_ms: u64,
    seed: u64,
}

impl Schedule {
    /// The first picture is due at once, the second between half an interval and a whole one later.
    pub fn new(interval_s: u32, now_ms: u64, chance: &mut Chance) -> Self {
        let interval_ms = u64::from(interval_s.max(1)) * 1_000;
        let seed = chance.draw();
        let base_ms = now_ms + interval_ms - chance.below(interval_ms / 2);
        Self { interval_ms, base_ms, due_ms: now_ms, seed }
    }

    pub fn interval_s(&self) -> u32 {
        u32::try_from(self.interval_ms / 1_000).unwrap_or(u32::MAX)
    }

    /// From now on at this interval; the next picture is due one interval after now, or earlier if it was.
    pub fn set_interval(&mut self, interval_s: u32, now_ms: u64) {
        let interval_ms = u64::from(interval_s.max(1)) * 1_000;
        if interval_ms == self.interval_ms {
            return;
        }
        let due_ms = self.due_ms.min(now_ms + interval_ms);
        self.interval_ms = interval_ms;
        self.base_ms = due_ms;
        self.due_ms = due_ms;
    }

    /// Whether a picture is due. Says so once for each; those that were missed are not made up for.
    pub fn is_due(&mut self, now_ms: u64) -> bool {
        if now_ms < self.due_ms {
            return false;
        }
        let number = now_ms.checked_sub(self.base_ms).map_or(0, |passed_ms| passed_ms / self.interval_ms + 1);
        self.due_ms = self.base_ms + number * self.interval_ms + self.jitter_ms(number);
        true
    }

    fn jitter_ms(&self, number: u64) -> u64 {
        mixed(self.seed ^ number) % (self.interval_ms / JITTER_PART).clamp(1, JITTER_MS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::vec::Vec;

    fn due(schedule: &mut Schedule, from_ms: u64, to_ms: u64) -> Vec<u64> {
        (from_ms..to_ms).step_by(100).filter(|now_ms| schedule.is_due(*now_ms)).collect()
    }

    #[test]
    fn a_day_has_as_many_pictures_as_it_has_intervals() {
        for seed in 0..20 {
            let mut schedule = Schedule::new(60, 0, &mut Chance::new(seed));
            let times = due(&mut schedule, 0, 86_400_000);
            assert_eq!(times[0], 0);
            assert!((1_440..=1_441).contains(&times.len()), "seed {seed}: {}", times.len());
            let beat = times[1] % 60_000;
            for time in &times[1..] {
                let off = (time + 60_000 - beat) % 60_000;
                assert!(off <= 5_100 || off >= 60_000 - 5_100, "seed {seed}: no drift at {time}");
            }
        }
    }

    #[test]
    fn cameras_that_start_together_do_not_upload_together() {
        let second = |seed| due(&mut Schedule::new(60, 0, &mut Chance::new(seed)), 0, 70_000)[1];
        let mut times: Vec<u64> = (0..50).map(second).collect();
        times.sort_unstable();
        times.dedup();
        assert!(times.len() > 40 && times[0] >= 30_000, "{times:?}");
    }

    #[test]
    fn a_new_interval_holds_from_now_on_and_what_was_missed_is_not_made_up_for() {
        let mut schedule = Schedule::new(3_600, 0, &mut Chance::new(1));
        assert!(schedule.is_due(0) && !schedule.is_due(10_000));
        schedule.set_interval(10, 10_000);
        assert_eq!(due(&mut schedule, 10_000, 62_000).len(), 5);
        assert!(schedule.is_due(500_000) && !schedule.is_due(500_100), "once");
    }
}
