//! Whole simulated days, by what an attendant would notice.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const HOUR_MS: i64 = 3_600_000;
/// Midnight of some day.
const START_MS: i64 = 20_000 * DAY_MS;

fn code(text: &str) -> SlotCode {
    text.parse().expect("a valid code")
}

/// Cars on the lot at each full hour, as a mean over `days`.
fn occupancy(days: i64) -> [f64; 24] {
    let mut day = Day::new(11, START_MS);
    let mut sums = [0.0; 24];
    for hour in 0..24 * days {
        sums[(hour % 24) as usize] += day.parked().len() as f64 / days as f64;
        day.advance(START_MS + (hour + 1) * HOUR_MS);
    }
    sums
}

#[test]
fn occupancy_follows_the_day_curve() {
    let at = occupancy(20);
    assert!(at[4] < 8.0, "the night is quiet: {at:?}");
    assert!(at[12] > 28.0 && at[19] > 28.0, "the rushes fill the lot: {at:?}");
    assert!(at[15] < at[12] - 4.0 && at[15] < at[19] - 4.0, "the afternoon is calmer: {at:?}");
    assert!(at[15] > 3.0 * at[4], "but not a night: {at:?}");
}

#[test]
fn no_slot_ever_holds_two_cars_and_time_never_goes_back() {
    let mut day = Day::new(3, START_MS);
    let mut taken: BTreeSet<SlotCode> = day.parked().into_iter().map(|parked| parked.slot).collect();
    let blocked: BTreeSet<SlotCode> = day.blocked().into_iter().map(|(code, _)| code).collect();
    assert_eq!(blocked.len(), 3);
    let mut last_ms = START_MS;
    for hour in 1..=24 * 7 {
        let to_ms = START_MS + hour * HOUR_MS;
        for action in day.advance(to_ms) {
            assert!(action.at_ms >= last_ms && action.at_ms <= to_ms);
            last_ms = action.at_ms;
            match action.movement {
                Movement::Arrive(_) => assert!(taken.insert(action.slot.clone()), "{} was taken", action.slot),
                Movement::Leave => assert!(taken.remove(&action.slot), "{} was free", action.slot),
            }
            assert!(!blocked.contains(&action.slot), "{}", action.slot);
        }
        assert!(day.next_at_ms() > to_ms);
        assert_eq!(day.parked().into_iter().map(|parked| parked.slot).collect::<BTreeSet<_>>(), taken);
    }
}

#[test]
fn the_median_stay_is_near_fifty_minutes() {
    let mut day = Day::resume(4, START_MS, []);
    let (mut since, mut stays) = (BTreeMap::new(), Vec::new());
    for action in (1..=30).flat_map(|days| day.advance(START_MS + days * DAY_MS)).collect::<Vec<_>>() {
        match action.movement {
            Movement::Arrive(_) => {
                since.insert(action.slot, action.at_ms);
            }
            Movement::Leave => stays.push(action.at_ms - since.remove(&action.slot).expect("it arrived")),
        }
    }
    stays.sort_unstable();
    let median_min = stays[stays.len() / 2] / 60_000;
    assert!(stays.len() > 5_000 && (45..=55).contains(&median_min), "{median_min} of {}", stays.len());
}

#[test]
fn the_same_seed_gives_the_same_day_however_it_is_cut() {
    let whole = Day::new(9, START_MS).advance(START_MS + DAY_MS);
    let mut day = Day::new(9, START_MS);
    let pieces: Vec<_> = (1..=24 * 60).flat_map(|minute| day.advance(START_MS + minute * 60_000)).collect();
    assert_eq!(whole, pieces);
    assert_ne!(whole, Day::new(10, START_MS).advance(START_MS + DAY_MS));
}

#[test]
fn a_new_day_begins_as_full_as_its_hour() {
    let mean = |hour: i64| {
        let cars = |seed| Day::new(seed, START_MS + hour * HOUR_MS).parked().len() as f64;
        (0..20).map(cars).sum::<f64>() / 20.0
    };
    let (night, noon) = (mean(4), mean(12));
    assert!((0.5..8.0).contains(&night), "{night}");
    assert!((28.0..46.0).contains(&noon), "{noon}");
}

#[test]
fn a_resumed_day_keeps_the_cars_that_were_there_until_they_leave() {
    let states = ["A-05", "B-01", "C-16"].map(|text| (code(text), SlotState::Occupied));
    let closed = [(code("A-06"), SlotState::Closed), (code("Z-99"), SlotState::Occupied)];
    let mut day = Day::resume(1, START_MS, states.into_iter().chain(closed));
    let there: Vec<_> = day.parked().into_iter().map(|parked| parked.slot.to_string()).collect();
    assert_eq!(there, ["A-05", "B-01", "C-16"]);
    assert_eq!(day.blocked(), [(code("A-06"), SlotState::Closed)]);
    let left: BTreeSet<_> = day
        .advance(START_MS + DAY_MS)
        .into_iter()
        .filter(|action| action.movement == Movement::Leave)
        .map(|action| action.slot.to_string())
        .collect();
    assert!(there.iter().all(|slot| left.contains(slot)), "{left:?}");
}

#[test]
fn what_people_do_by_hand_is_respected() {
    let mut day = Day::resume(2, START_MS, []);
    day.observe(&code("A-05"), SlotState::Occupied);
    let car = day.parked()[0].car;
    day.observe(&code("A-05"), SlotState::Occupied);
    assert_eq!(day.parked()[0].car, car, "the same car is still there");
    day.observe(&code("A-05"), SlotState::Free);
    assert!(day.parked().is_empty());
    for bay in plan::bays() {
        day.observe(&bay.code, SlotState::Closed);
    }
    assert!(day.advance(START_MS + DAY_MS).is_empty());
    assert!(day.turned_away() > 100);
}

#[test]
fn drivers_take_the_bays_meant_for_them_and_those_near_the_door() {
    let mut day = Day::new(8, START_MS);
    let mut arrivals: BTreeMap<SlotCode, u32> = BTreeMap::new();
    for days in 1..=20 {
        for action in day.advance(START_MS + days * DAY_MS) {
            if action.movement != Movement::Leave {
                *arrivals.entry(action.slot).or_default() += 1;
            }
        }
    }
    let mean = |wanted: &dyn Fn(&Bay) -> bool| {
        let bays: Vec<_> = plan::bays().iter().filter(|bay| bay.state == SlotState::Free && wanted(bay)).collect();
        let sum: u32 = bays.iter().map(|bay| arrivals.get(&bay.code).copied().unwrap_or_default()).sum();
        f64::from(sum) / bays.len() as f64
    };
    let standard = |zone: &'static str| mean(&move |bay| bay.kind == SlotKind::Standard && bay.zone == zone);
    assert!(standard("A") > standard("B") && standard("B") > standard("C"));
    assert!(mean(&|bay| bay.kind == SlotKind::Accessible) < standard("A"));
    assert!(mean(&|bay| bay.kind == SlotKind::Ev) > 20.0);
}

#[test]
fn a_clock_that_jumps_ahead_or_back_costs_at_most_a_day() {
    let mut day = Day::new(5, START_MS);
    let far_ms = START_MS + 1_000 * DAY_MS;
    let actions = day.advance(far_ms);
    assert!(actions.len() < 2_000 && actions.iter().all(|action| action.at_ms > far_ms - DAY_MS - 1));
    assert!(day.advance(START_MS).is_empty());
    assert!(day.next_at_ms() > far_ms);
}

#[test]
fn a_lot_that_was_filled_is_as_usual_again_in_time() {
    let mut day = Day::new(7, 9 * HOUR_MS);
    let usual = day.parked().len();
    day.fill(600_000);
    assert_eq!(day.parked().len() + day.blocked().len(), plan::bays().len());
    let left = day.advance(9 * HOUR_MS + 600_000).iter().filter(|action| action.movement == Movement::Leave).count();
    assert!(left >= plan::bays().len() - day.blocked().len() - usual, "{left} of those who came for a moment left");
}
