//! How full the demo lot was in the week before it opened, so that a newcomer's charts show something. Drawn from the same day curve as
//! the cars; made up like everything in the demo, with a night without power and an hour in which a camera was blind.

use parking_api::slots::{NewSlot, SlotState};
use parking_api::{LotId, Time};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::curve::{self, DAY_MS};
use crate::history::QUARTER_MS;
use crate::store::HistoryRow;

/// How much of it there is.
const DAYS: i64 = 7;
const SEED: u64 = 20_261_116;
/// Cars that are there at a time are those that came within the mean stay before: exp(0.75² / 2) medians.
const STAY_MEAN_H: f64 = 50.0 / 60.0 * 1.325;
/// Days before the start, and local hours of that day, without power and without a view of zone C.
const POWER_CUT: (i64, std::ops::Range<f64>) = (3, 1.0..3.5);
const BLIND: (i64, std::ops::Range<f64>) = (1, 14.0..15.5);
const BLIND_ZONE: &str = "C";

/// The quarters before `now`, a row for each zone. `utc_offset_ms` is what local time is ahead of UTC.
pub fn rows(lot: &LotId, slots: &[NewSlot], now: Time, utc_offset_ms: i64) -> Vec<HistoryRow> {
    let mut rng = SmallRng::seed_from_u64(SEED);
    let mut zones: Vec<_> = slots.iter().filter_map(|slot| slot.zone.as_deref()).collect();
    zones.dedup();
    let first_ms = now.ms() - now.ms().rem_euclid(QUARTER_MS) - DAYS * DAY_MS;
    let mut rows = Vec::new();
    for start_ms in (0..DAYS * DAY_MS / QUARTER_MS).map(|quarter| first_ms + quarter * QUARTER_MS) {
        let local_ms = start_ms + utc_offset_ms;
        let days_ago = (now.ms() + utc_offset_ms).div_euclid(DAY_MS) - local_ms.div_euclid(DAY_MS);
        let hour = curve::hour(local_ms);
        let is_in = |(day, hours): &(i64, std::ops::Range<f64>)| days_ago == *day && hours.contains(&hour);
        if is_in(&POWER_CUT) {
            continue;
        }
        let cars = curve::arrivals_per_hour((hour - STAY_MEAN_H / 2.0).rem_euclid(24.0)) * STAY_MEAN_H;
        let mut cars = (cars * rng.random_range(0.85..1.15)) as usize;
        let row = |zone: &str| HistoryRow {
            lot: lot.to_string(),
            start_ms,
            zone: zone.into(),
            watched_ms: QUARTER_MS,
            ..HistoryRow::default()
        };
        rows.push(row(""));
        for zone in &zones {
            let mut row = row(zone);
            let of_state = |state: Option<SlotState>| {
                slots.iter().filter(|slot| slot.zone.as_deref() == Some(zone) && slot.state == state).count()
            };
            let (reserved, closed) = (of_state(Some(SlotState::Reserved)), of_state(Some(SlotState::Closed)));
            let all = slots.iter().filter(|slot| slot.zone.as_deref() == Some(zone)).count();
            let open = all - reserved - closed;
            // The zones nearest to the door fill first, but never wholly before the next one begins.
            let taken = (cars * 6 / 10).min(open);
            cars -= taken;
            let ms = |slots: usize| slots as i64 * QUARTER_MS;
            (row.reserved_ms, row.closed_ms) = (ms(reserved), ms(closed));
            match *zone == BLIND_ZONE && is_in(&BLIND) {
                true => row.unknown_ms = ms(open),
                false => (row.occupied_ms, row.free_ms) = (ms(taken), ms(open - taken)),
            }
            rows.push(row);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::plan;

    #[test]
    fn a_week_ends_where_the_demo_begins_and_every_slot_is_in_one_state_at_a_time() {
        let slots = plan::slots();
        let now: Time = "2026-11-23T02:07:00Z".parse().expect("a time");
        let rows = rows(&LotId::default(), &slots, now, 7 * 3_600_000);
        let last = rows.iter().map(|row| row.start_ms).max().expect("rows");
        assert_eq!(Time::from_ms(last + QUARTER_MS).to_string(), "2026-11-23T02:00:00.000Z");
        for quarter in rows.chunk_by(|a, b| a.start_ms == b.start_ms) {
            let sum =
                |row: &HistoryRow| row.free_ms + row.occupied_ms + row.reserved_ms + row.closed_ms + row.unknown_ms;
            assert_eq!(quarter.iter().map(sum).sum::<i64>(), slots.len() as i64 * QUARTER_MS);
        }
        let quarters = rows.iter().filter(|row| row.zone.is_empty()).count() as i64;
        assert_eq!(quarters, DAYS * DAY_MS / QUARTER_MS - 10, "two and a half hours are a gap");
        assert!(rows.iter().any(|row| row.unknown_ms > 0));
    }
}
