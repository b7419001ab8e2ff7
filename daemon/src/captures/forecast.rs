//! When the disk will be full, from what arrived lately and what goes by the rules. Pure.

use std::collections::BTreeMap;

use parking_api::Time;

use super::retention::Rules;

pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Days that the growth is taken from.
const GROWTH_DAYS: i64 = 7;
/// What is younger than that says nothing about a day.
const HISTORY_MS_MIN: i64 = 60 * 60 * 1000;
const MONTH_DAYS: u64 = 30;
/// Days that are looked ahead.
const HORIZON_DAYS: u32 = 365;

/// The captures that there are, by the day (UTC) of their arrival.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Bytes of all captures of a day.
    pub bytes: BTreeMap<i64, u64>,
    /// Of these, what never goes by itself.
    pub pinned: BTreeMap<i64, u64>,
    /// When the oldest arrived.
    pub since: Option<Time>,
}

impl History {
    pub fn day(at: Time) -> i64 {
        at.ms().div_euclid(DAY_MS)
    }

    fn total(&self) -> u64 {
        self.bytes.values().sum()
    }

    /// Bytes that arrive in a day: as in the last days, or as yesterday if that was more. `None` when there is too little to tell.
    pub fn bytes_per_day(&self, now: Time) -> Option<u64> {
        let since = self.since?;
        let today = Self::day(now);
        let start = since.ms().max((today - GROWTH_DAYS) * DAY_MS);
        let span_ms = now.ms() - start;
        if span_ms < HISTORY_MS_MIN {
            return None;
        }
        let arrived: u64 = self.bytes.range(Self::day(Time::from_ms(start))..=today).map(|(_, bytes)| bytes).sum();
        let mean = u128::from(arrived) * DAY_MS as u128 / span_ms as u128;
        let yesterday = self.bytes.get(&(today - 1)).copied().unwrap_or_default();
        Some(u64::try_from(mean).unwrap_or(u64::MAX).max(yesterday))
    }

    /// Days until there is no more room for captures when each day brings as much as the last ones, and the rules take what they take.
    /// `None` when that is not within a year. `room` is what may be written until then, in bytes.
    pub fn days_until_full(&self, now: Time, room: u64, rules: &Rules) -> Option<u32> {
        let rate = self.bytes_per_day(now)?;
        let limit = self.total().saturating_add(room);
        let pinned: u64 = self.pinned.values().sum();
        let unpinned = |(day, bytes): (&i64, &u64)| (*day, bytes - self.pinned.get(day).unwrap_or(&0).min(bytes));
        let mut days: BTreeMap<i64, u64> = self.bytes.iter().map(unpinned).collect();
        for ahead in 1..=HORIZON_DAYS {
            let today = Self::day(now) + i64::from(ahead);
            days.insert(today, rate);
            if let Some(age_ms) = rules.age_ms_max {
                days = days.split_off(&(today - age_ms.div_euclid(DAY_MS)));
            }
            let stored = |days: &BTreeMap<i64, u64>| days.values().sum::<u64>() + pinned;
            if let Some(max) = rules.bytes_max {
                let surplus = stored(&days).saturating_sub(max);
                drop_oldest(&mut days, surplus);
            }
            if stored(&days) > limit {
                return Some(ahead);
            }
        }
        None
    }
}

/// The forecast for people.
pub fn sentence(bytes_per_day: Option<u64>, is_on_disk: bool, full_in_days: Option<u32>) -> String {
    match (full_in_days, bytes_per_day) {
        (Some(1), _) => "disk full in a day".into(),
        (Some(days), _) => format!("disk full in {days} days"),
        (None, None) => "too early to tell".into(),
        (None, Some(bytes)) if is_on_disk => format!("{} a day; the disk is not full within a year", size(bytes)),
        (None, Some(bytes)) => format!("{} a day, {} a month", size(bytes), size(bytes.saturating_mul(MONTH_DAYS))),
    }
}

/// Bytes as people say them.
pub fn size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 999.5 && unit + 1 < units.len() {
        (value, unit) = (value / 1_000.0, unit + 1);
    }
    let digits = usize::from(unit > 0 && value < 9.95);
    format!("{value:.digits$} {}", units[unit])
}

fn drop_oldest(days: &mut BTreeMap<i64, u64>, mut surplus: u64) {
    while surplus > 0
        && let Some(mut oldest) = days.first_entry()
    {
        let going = surplus.min(*oldest.get());
        surplus -= going;
        if going == *oldest.get() {
            oldest.remove();
        } else {
            *oldest.get_mut() -= going;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;
    const NONE: Rules = Rules { age_ms_max: None, bytes_max: None, per_camera_max: None, keep_last: 0, free: 0 };

    /// So many whole days of 100 MB each, up to yesterday, and noon today.
    fn history(days: i64) -> (History, Time) {
        let today = 20_000;
        let bytes = (today - days..today).map(|day| (day, 100 * MB)).chain([(today, 50 * MB)]).collect();
        let since = Some(Time::from_ms((today - days) * DAY_MS));
        (History { bytes, pinned: BTreeMap::new(), since }, Time::from_ms(today * DAY_MS + DAY_MS / 2))
    }

    #[test]
    fn the_growth_is_that_of_the_last_days_or_of_yesterday_if_that_was_more() {
        let (mut history, now) = history(30);
        assert_eq!(history.bytes_per_day(now), Some(100 * MB));
        history.bytes.insert(20_000 - 20, 9_000 * MB);
        assert_eq!(history.bytes_per_day(now), Some(100 * MB), "long ago is no guide");
        history.bytes.insert(20_000 - 1, 300 * MB);
        assert_eq!(history.bytes_per_day(now), Some(300 * MB));
    }

    #[test]
    fn who_began_today_is_told_soon_but_not_at_once() {
        let now = Time::from_ms(20_000 * DAY_MS + DAY_MS / 2);
        let began = |hours: i64| History {
            bytes: [(20_000, 10 * MB)].into(),
            pinned: BTreeMap::new(),
            since: Some(now.plus_ms(-hours * DAY_MS / 24)),
        };
        assert_eq!(began(0).bytes_per_day(now), None);
        assert_eq!(began(2).bytes_per_day(now), Some(120 * MB));
        assert_eq!(History::default().bytes_per_day(now), None);
        assert_eq!(History::default().days_until_full(now, 0, &NONE), None);
    }

    #[test]
    fn a_disk_fills_by_what_arrives_less_what_goes() {
        let (history, now) = history(10);
        let days = |room: u64, rules: &Rules| history.days_until_full(now, room * MB, rules);
        assert_eq!(days(850, &NONE), Some(9));
        assert_eq!(days(0, &NONE), Some(1));
        assert_eq!(days(100_000, &NONE), None, "not within a year");
        let aged = |days: i64| Rules { age_ms_max: Some(days * DAY_MS), ..NONE };
        assert_eq!(days(850, &aged(90)), Some(9), "the disk is full before the first goes");
        assert_eq!(days(850, &aged(15)), None, "each day takes as much as it brings");
        let bytes = |max: u64| Rules { bytes_max: Some(max * MB), ..NONE };
        assert_eq!(days(850, &bytes(1_500)), None);
        assert_eq!(days(850, &bytes(5_000)), Some(9));
    }

    #[test]
    fn what_is_pinned_never_makes_room() {
        let (mut history, now) = history(10);
        history.pinned = history.bytes.clone();
        let rules = Rules { bytes_max: Some(1_100 * MB), ..NONE };
        assert_eq!(history.days_until_full(now, 60 * MB, &rules), None, "the rest of the bytes is taken by turns");
        assert_eq!(history.days_until_full(now, 40 * MB, &rules), Some(1));
    }

    #[test]
    fn the_forecast_is_a_sentence() {
        assert_eq!(sentence(Some(5), true, Some(9)), "disk full in 9 days");
        assert_eq!(sentence(Some(5), true, Some(1)), "disk full in a day");
        assert_eq!(sentence(Some(690 * MB), false, None), "690 MB a day, 21 GB a month");
        assert_eq!(sentence(None, true, None), "too early to tell");
        assert_eq!(
            ["0 B", "999 B", "1.0 kB", "9.9 kB", "10 kB", "1.0 MB", "1.5 GB"].map(String::from),
            [size(0), size(999), size(1_000), size(9_900), size(9_999), size(999_999), size(1_500 * MB),]
        );
    }
}
