//! How full the lot was in the last hours, by quarter of an hour: what the daemon wrote down, and what was seen since. A quarter that nobody
//! watched is a gap, never a guess.

use std::collections::BTreeMap;

use parking_api::Time;
use parking_api::history::HistoryBucket;

/// One step, in milliseconds, and how many are kept: six hours.
pub const STEP_MS: i64 = 15 * 60 * 1000;
pub const STEPS: usize = 24;

/// Share of the slots (0 to 1) that were occupied, by step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trend {
    shares: BTreeMap<i64, f64>,
}

impl Trend {
    /// What is seen at `now`; the last of a step counts.
    pub fn record(&mut self, now: Time, share: Option<f64>) {
        if let Some(share) = share {
            self.shares.insert(step(now), share);
            self.trim();
        }
    }

    /// Takes in what the daemon wrote down, in the place of all before. In the step that has not ended, what is seen counts.
    pub fn fill(&mut self, buckets: &[HistoryBucket], now: Time) {
        let seen = self.shares.remove_entry(&step(now));
        let written = buckets.iter().filter_map(|bucket| Some((step(bucket.start), share(bucket)?)));
        self.shares = written.chain(seen).collect();
        self.trim();
    }

    /// The steps up to `now`, oldest first.
    pub fn steps(&self, now: Time) -> impl Iterator<Item = Option<f64>> {
        let last = step(now);
        (last + 1 - STEPS as i64..=last).map(|at| self.shares.get(&at).copied())
    }

    fn trim(&mut self) {
        while self.shares.len() > STEPS {
            self.shares.pop_first();
        }
    }
}

fn step(at: Time) -> i64 {
    at.ms().div_euclid(STEP_MS)
}

/// None where nobody watched, or where there was nothing to be seen.
fn share(bucket: &HistoryBucket) -> Option<f64> {
    let of = &bucket.slot_seconds;
    let all = of.free + of.occupied + of.reserved;
    (bucket.watched_s > 0 && all > 0).then(|| of.occupied as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use parking_api::history::SlotSeconds;

    use super::*;

    fn bucket(at: Time, watched_s: u64, occupied: u64) -> HistoryBucket {
        let slot_seconds = SlotSeconds { free: 3 * watched_s, occupied, closed: 50, ..SlotSeconds::default() };
        HistoryBucket { start: at, end: at.plus_ms(STEP_MS), watched_s, slot_seconds, zones: Vec::new() }
    }

    #[test]
    fn what_nobody_watched_is_a_gap_and_what_is_seen_now_counts() {
        let mut trend = Trend::default();
        let now = Time::from_ms(100 * STEP_MS);
        let ago = |steps: i64| now.plus_ms(-steps * STEP_MS);
        trend.record(ago(3), Some(0.9));
        trend.record(now, Some(0.5));
        assert_eq!(trend.steps(now).skip(STEPS - 4).collect::<Vec<_>>(), [Some(0.9), None, None, Some(0.5)]);
        trend.fill(&[bucket(ago(3), 900, 900), bucket(ago(2), 0, 0), bucket(ago(1), 60, 180), bucket(now, 60, 0)], now);
        assert_eq!(trend.steps(now).skip(STEPS - 4).collect::<Vec<_>>(), [Some(0.25), None, Some(0.5), Some(0.5)]);
        assert_eq!(trend.steps(now).count(), STEPS);
    }

    #[test]
    fn no_more_than_six_hours_are_kept() {
        let mut trend = Trend::default();
        for i in 0..1_000 {
            trend.record(Time::from_ms(i * STEP_MS), Some(1.0));
        }
        assert_eq!(trend.shares.len(), STEPS);
        let day: Vec<_> = (0..96).map(|i| bucket(Time::from_ms(i * STEP_MS), 900, 900)).collect();
        trend.fill(&day, Time::from_ms(96 * STEP_MS));
        assert_eq!(trend.steps(Time::from_ms(96 * STEP_MS)).flatten().count(), STEPS - 1);
    }
}
