//! Which captures go by themselves, and by which rule. Pure: given what there is and the captures one after the other, oldest first.

use std::collections::BTreeMap;

use parking_api::captures::ExpiryReason;
use parking_api::{CameraId, LotId, Time};

/// Captures that are counted together: those of one camera, or those of a lot that people uploaded.
pub type Group = (LotId, Option<CameraId>);

/// What is kept. A capture goes as soon as one rule says so, unless it is pinned or among the last of its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub age_ms_max: Option<i64>,
    /// Of all captures together.
    pub bytes_max: Option<u64>,
    pub per_camera_max: Option<u64>,
    /// The last so many of each group stay whatever the other rules say.
    pub keep_last: u64,
    /// Bytes that have to go because the disk is low.
    pub free: u64,
}

/// What is there of one group before anything goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub captures: u64,
    pub bytes: u64,
    /// What of it must stay: [`Rules::keep_last`], or less where nobody needs the last ones any more.
    pub keep: u64,
}

/// One capture, as far as the rules care.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    pub group: &'a Group,
    /// When it arrived. What a camera says of its own time is not believed here: a wrong clock must not cost pictures.
    pub at: Time,
    pub bytes: u64,
    pub pinned: bool,
}

/// A walk over all captures, oldest first.
#[derive(Debug)]
pub struct Walk {
    rules: Rules,
    /// What arrived before is too old.
    since: Option<Time>,
    groups: BTreeMap<Group, Place>,
    bytes: u64,
    to_free: u64,
}

#[derive(Debug, Default)]
struct Place {
    /// Captures that the walk has not met yet.
    ahead: u64,
    /// Captures that stay so far, ahead or met.
    stored: u64,
    keep: u64,
}

impl Walk {
    pub fn new(rules: Rules, now: Time, tallies: impl IntoIterator<Item = (Group, Tally)>) -> Self {
        let (mut groups, mut bytes) = (BTreeMap::new(), 0);
        for (group, tally) in tallies {
            bytes += tally.bytes;
            groups.insert(group, Place { ahead: tally.captures, stored: tally.captures, keep: tally.keep });
        }
        let since = rules.age_ms_max.map(|age_ms| now.plus_ms(-age_ms));
        Self { since, groups, bytes, to_free: rules.free, rules }
    }

    /// Whether this capture goes, and why. Each is asked about once, in the order of arrival.
    pub fn judge(&mut self, picture: Picture<'_>) -> Option<ExpiryReason> {
        // One of a group that was not counted came since, and is new.
        let place = self.groups.get_mut(picture.group)?;
        let is_last = place.ahead <= place.keep;
        place.ahead = place.ahead.saturating_sub(1);
        if picture.pinned || is_last {
            return None;
        }
        let reason = if self.since.is_some_and(|since| picture.at < since) {
            ExpiryReason::Age
        } else if self.rules.per_camera_max.is_some_and(|max| place.stored > max) {
            ExpiryReason::Count
        } else if self.rules.bytes_max.is_some_and(|max| self.bytes > max) {
            ExpiryReason::Bytes
        } else if self.to_free > 0 {
            ExpiryReason::Disk
        } else {
            return None;
        };
        place.stored -= 1;
        self.bytes = self.bytes.saturating_sub(picture.bytes);
        self.to_free = self.to_free.saturating_sub(picture.bytes);
        Some(reason)
    }

    /// Whether every capture that arrived at `at` or later stays.
    pub fn is_over(&self, at: Time) -> bool {
        let has_old = self.since.is_some_and(|since| at < since);
        let has_many = |max| self.groups.values().any(|place| place.stored > max && place.ahead > place.keep);
        !has_old
            && self.to_free == 0
            && self.rules.bytes_max.is_none_or(|max| self.bytes <= max)
            && !self.rules.per_camera_max.is_some_and(has_many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW_MS: i64 = 1_000_000;

    #[derive(Debug, Clone)]
    struct Shot {
        group: Group,
        at: Time,
        bytes: u64,
        pinned: bool,
    }

    fn group(camera: u8) -> Group {
        let camera = (camera > 0).then(|| format!("cam-{camera}").parse().expect("a camera id"));
        (LotId::default(), camera)
    }

    fn shot() -> impl Strategy<Value = Shot> {
        (0_u8..4, 0..NOW_MS, 1_u64..50, prop::bool::weighted(0.1)).prop_map(|(camera, ms, bytes, pinned)| Shot {
            group: group(camera),
            at: Time::from_ms(ms),
            bytes,
            pinned,
        })
    }

    fn rules() -> impl Strategy<Value = Rules> {
        let limits = (prop::option::of(0..NOW_MS), prop::option::of(0_u64..2_000), prop::option::of(0_u64..30));
        (limits, 0_u64..8, prop_oneof![Just(0), 0_u64..1_000]).prop_map(|((age, bytes, count), keep_last, free)| {
            Rules { age_ms_max: age, bytes_max: bytes, per_camera_max: count, keep_last, free }
        })
    }

    fn tallies(shots: &[Shot], keep: u64) -> BTreeMap<Group, Tally> {
        let mut tallies = BTreeMap::new();
        for shot in shots {
            let tally = tallies.entry(shot.group.clone()).or_insert(Tally { captures: 0, bytes: 0, keep });
            (tally.captures, tally.bytes) = (tally.captures + 1, tally.bytes + shot.bytes);
        }
        tallies
    }

    /// What stays, and what goes and why.
    fn walked(rules: &Rules, shots: &[Shot]) -> (Vec<Shot>, Vec<(Shot, ExpiryReason)>) {
        let mut walk = Walk::new(rules.clone(), Time::from_ms(NOW_MS), tallies(shots, rules.keep_last));
        let (mut stay, mut go) = (Vec::new(), Vec::new());
        for shot in shots {
            let is_over = walk.is_over(shot.at);
            let picture = Picture { group: &shot.group, at: shot.at, bytes: shot.bytes, pinned: shot.pinned };
            match walk.judge(picture) {
                None => stay.push(shot.clone()),
                Some(reason) => {
                    assert!(!is_over, "{shot:?} goes by {reason} although the walk was over");
                    go.push((shot.clone(), reason));
                }
            }
        }
        (stay, go)
    }

    proptest! {
        #[test]
        fn what_stays_obeys_every_rule_or_has_to_stay(rules in rules(), mut shots in prop::collection::vec(shot(), 0..120)) {
            shots.sort_by_key(|shot| shot.at);
            let (stay, go) = walked(&rules, &shots);
            let left = tallies(&stay, 0);
            for (group, before) in tallies(&shots, 0) {
                let after = left.get(&group).map_or(0, |tally| tally.captures);
                prop_assert!(after >= before.captures.min(rules.keep_last), "the last of {group:?} stay");
                let last: Vec<_> = shots.iter().rev().filter(|shot| shot.group == group).take(rules.keep_last as usize).collect();
                for shot in last {
                    prop_assert!(stay.iter().any(|kept| kept.at == shot.at && kept.bytes == shot.bytes));
                }
            }
            prop_assert!(go.iter().all(|(shot, _)| !shot.pinned), "what is pinned stays");
            let must_stay = |shot: &Shot| {
                let later = shots.iter().filter(|other| other.group == shot.group && other.at >= shot.at).count() as u64;
                shot.pinned || later <= rules.keep_last.max(1) * 2
            };
            let could_go: Vec<_> = stay.iter().filter(|shot| !must_stay(shot)).collect();
            if let Some(age) = rules.age_ms_max {
                prop_assert!(could_go.iter().all(|shot| NOW_MS - shot.at.ms() <= age));
            }
            if let Some(max) = rules.bytes_max.filter(|_| !could_go.is_empty()) {
                prop_assert!(stay.iter().map(|shot| shot.bytes).sum::<u64>() <= max);
            }
            if let Some(max) = rules.per_camera_max {
                for shot in &could_go {
                    prop_assert!(left[&shot.group].captures <= max);
                }
            }
            let freed: u64 = go.iter().map(|(shot, _)| shot.bytes).sum();
            prop_assert!(freed >= rules.free || could_go.is_empty());
        }

        #[test]
        fn what_stayed_once_stays_the_next_time(rules in rules(), mut shots in prop::collection::vec(shot(), 0..120)) {
            shots.sort_by_key(|shot| shot.at);
            let rules = Rules { free: 0, ..rules };
            let (stay, _) = walked(&rules, &shots);
            prop_assert!(walked(&rules, &stay).1.is_empty());
        }
    }

    fn shots(count: i64, bytes: u64) -> Vec<Shot> {
        (0..count).map(|n| Shot { group: group(1), at: Time::from_ms(n * 1_000), bytes, pinned: false }).collect()
    }

    #[test]
    fn each_rule_by_itself_takes_the_oldest_and_no_more_than_it_must() {
        let none = Rules { age_ms_max: None, bytes_max: None, per_camera_max: None, keep_last: 2, free: 0 };
        let gone = |rules: &Rules| walked(rules, &shots(10, 100)).1;
        assert!(gone(&none).is_empty());
        for (rules, reason) in [
            (Rules { age_ms_max: Some(NOW_MS - 3_000), ..none.clone() }, ExpiryReason::Age),
            (Rules { bytes_max: Some(799), ..none.clone() }, ExpiryReason::Bytes),
            (Rules { per_camera_max: Some(7), ..none.clone() }, ExpiryReason::Count),
            (Rules { free: 201, ..none.clone() }, ExpiryReason::Disk),
        ] {
            let gone: Vec<_> = gone(&rules).into_iter().map(|(shot, why)| (shot.at.ms(), why)).collect();
            assert_eq!(gone, [(0, reason), (1_000, reason), (2_000, reason)], "{rules:?}");
        }
        let all = gone(&Rules { free: u64::MAX, ..none });
        assert_eq!(all.len(), 8, "the last two stay whatever is wanted");
    }

    #[test]
    fn what_came_after_the_count_stays() {
        let rules = Rules { age_ms_max: None, bytes_max: Some(0), per_camera_max: None, keep_last: 0, free: 0 };
        let mut walk = Walk::new(rules, Time::from_ms(NOW_MS), tallies(&shots(1, 100), 0));
        let judge = |walk: &mut Walk, group: &Group| {
            walk.judge(Picture { group, at: Time::from_ms(NOW_MS), bytes: 100, pinned: false })
        };
        assert_eq!(judge(&mut walk, &group(1)), Some(ExpiryReason::Bytes));
        assert_eq!((judge(&mut walk, &group(1)), judge(&mut walk, &group(2))), (None, None));
    }
}
