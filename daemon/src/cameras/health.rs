//! What cameras report of themselves over time, gathered by stretches until it is written down. Pure: knows no clock and no database.

use std::collections::BTreeMap;

use parking_api::cameras::{HEALTH_SAMPLE_S, Health, HealthSample};
use parking_api::{CameraId, LotId, Time};

use crate::store::HealthRow;

const SAMPLE_MS: i64 = HEALTH_SAMPLE_S as i64 * 1_000;
/// Stretches that wait at most for a database that is away. Beyond them the oldest are forgotten.
const WAITING_MAX: usize = 10_000;

/// What was not written yet, by when its stretch began.
#[derive(Debug, Default)]
pub struct Waiting(BTreeMap<(i64, LotId, CameraId), HealthSample>);

impl Waiting {
    pub fn add(&mut self, lot: &LotId, camera: &CameraId, health: &Health, now: Time) {
        let uptime_ms = health.uptime_s.map(|s| i64::try_from(s.saturating_mul(1_000)).unwrap_or(i64::MAX));
        let sample = HealthSample {
            at: now,
            booted_at: uptime_ms.map(|ms| now.plus_ms(-ms)),
            rssi_dbm: health.rssi_dbm,
            free_heap_bytes: health.free_heap_bytes,
            queue_depth: health.queue_depth,
        };
        self.put(now.ms() - now.ms().rem_euclid(SAMPLE_MS), lot, camera, sample);
    }

    fn put(&mut self, start_ms: i64, lot: &LotId, camera: &CameraId, sample: HealthSample) {
        let key = (start_ms, lot.clone(), camera.clone());
        let worst = self.0.remove(&key).map_or(sample.clone(), |known| worst(&known, &sample));
        self.0.insert(key, worst);
        if self.0.len() > WAITING_MAX {
            self.0.pop_first();
        }
    }

    /// Takes everything out, as rows.
    pub fn take(&mut self) -> Vec<HealthRow> {
        std::mem::take(&mut self.0)
            .into_iter()
            .map(|((start_ms, lot, camera), sample)| row(start_ms, &lot, &camera, &sample))
            .collect()
    }

    /// Takes rows back that could not be written.
    pub fn put_back(&mut self, rows: Vec<HealthRow>) {
        for row in rows {
            if let (Ok(lot), Ok(camera)) = (row.lot.parse(), row.camera.parse()) {
                self.put(row.start_ms, &lot, &camera, shown(row));
            }
        }
    }
}

/// Both in one: the worst of each, and the last boot.
fn worst(a: &HealthSample, b: &HealthSample) -> HealthSample {
    fn least<T: Ord + Copy>(a: Option<T>, b: Option<T>) -> Option<T> {
        [a, b].into_iter().flatten().min()
    }
    HealthSample {
        at: a.at.max(b.at),
        booted_at: a.booted_at.max(b.booted_at),
        rssi_dbm: least(a.rssi_dbm, b.rssi_dbm),
        free_heap_bytes: least(a.free_heap_bytes, b.free_heap_bytes),
        queue_depth: a.queue_depth.max(b.queue_depth),
    }
}

fn row(start_ms: i64, lot: &LotId, camera: &CameraId, sample: &HealthSample) -> HealthRow {
    HealthRow {
        lot: lot.to_string(),
        camera: camera.to_string(),
        start_ms,
        at_ms: sample.at.ms(),
        booted_at_ms: sample.booted_at.map(Time::ms),
        rssi_dbm: sample.rssi_dbm.map(i64::from),
        free_heap_bytes: sample.free_heap_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        queue_depth: sample.queue_depth.map(i64::from),
    }
}

/// A row as it is told. What fits into no field was never written.
pub fn shown(row: HealthRow) -> HealthSample {
    HealthSample {
        at: Time::from_ms(row.at_ms),
        booted_at: row.booted_at_ms.map(Time::from_ms),
        rssi_dbm: row.rssi_dbm.and_then(|dbm| dbm.try_into().ok()),
        free_heap_bytes: row.free_heap_bytes.and_then(|bytes| bytes.try_into().ok()),
        queue_depth: row.queue_depth.and_then(|depth| depth.try_into().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(waiting: &mut Waiting, s: i64, uptime_s: u64, rssi_dbm: Option<i16>, queue_depth: Option<u32>) {
        let health = Health { uptime_s: Some(uptime_s), rssi_dbm, queue_depth, ..Health::default() };
        waiting.add(&LotId::default(), &"cam-1".parse().expect("an id"), &health, Time::from_ms(s * 1_000));
    }

    #[test]
    fn a_stretch_keeps_the_worst_of_each_and_the_last_boot() {
        let mut waiting = Waiting::default();
        report(&mut waiting, 10, 5, Some(-60), Some(1));
        report(&mut waiting, 70, 65, Some(-80), None);
        report(&mut waiting, 100, 2, Some(-70), Some(4));
        report(&mut waiting, 600, 502, None, None);
        let rows = waiting.take();
        let seen: Vec<_> =
            rows.iter().map(|row| (row.start_ms, row.at_ms, row.booted_at_ms, row.rssi_dbm, row.queue_depth)).collect();
        assert_eq!(
            seen,
            [(0, 100_000, Some(98_000), Some(-80), Some(4)), (600_000, 600_000, Some(98_000), None, None)]
        );
        assert_eq!(waiting.take(), [], "what was taken is gone");
    }

    #[test]
    fn what_could_not_be_written_waits_with_what_came_meanwhile_and_only_so_much_of_it() {
        let mut waiting = Waiting::default();
        report(&mut waiting, 10, 5, Some(-80), None);
        let unwritten = waiting.take();
        report(&mut waiting, 20, 15, Some(-60), None);
        waiting.put_back(unwritten);
        let [row] = waiting.take().try_into().expect("one stretch");
        assert_eq!((row.at_ms, row.rssi_dbm), (20_000, Some(-80)));
        for stretch in 0..=WAITING_MAX as i64 {
            report(&mut waiting, stretch * i64::from(HEALTH_SAMPLE_S), 1, None, None);
        }
        let rows = waiting.take();
        assert_eq!((rows.len(), rows[0].start_ms), (WAITING_MAX, SAMPLE_MS), "the oldest gave way");
    }
}
