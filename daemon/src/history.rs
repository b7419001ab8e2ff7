//! Writes down every minute how full each lot is. Knows nothing of who asks for it.

use std::sync::Arc;
use std::time::Duration;

use parking_api::slots::{Counts, SlotStats};
use parking_api::{LotId, Time};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::ledger::{Ledger, LotState};
use crate::store::{HistoryRow, Result};

/// What one look at a lot stands for, in milliseconds. A minute without a look is a gap.
const SAMPLE_MS: i64 = 60_000;
/// The finest bucket, in milliseconds.
pub const QUARTER_MS: i64 = 15 * SAMPLE_MS;
/// Which minute was looked at last, by any daemon on the database.
const TURN: &str = "history_ms";

/// Looks at every lot once in each minute, until `stop`.
pub async fn watch(ledger: Ledger, clock: Arc<dyn Clock>, stop: CancellationToken) {
    loop {
        if let Err(error) = look(&ledger, clock.now()).await {
            tracing::warn!(%error, "how full the lots are cannot be written down: this minute is a gap");
        }
        let rest = SAMPLE_MS - clock.now().ms().rem_euclid(SAMPLE_MS);
        let pause = tokio::time::sleep(Duration::from_millis(rest.unsigned_abs()));
        if stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

async fn look(ledger: &Ledger, now: Time) -> Result<()> {
    let minute = Time::from_ms(now.ms() - now.ms().rem_euclid(SAMPLE_MS));
    // Also where the clock was put back: a minute counts once.
    if !ledger.store().take_turn(TURN, minute, minute.plus_ms(-SAMPLE_MS)).await? {
        return Ok(());
    }
    let rows: Vec<_> =
        ledger.lots().iter().flat_map(|lot| sample(lot.id(), minute, &lot.read(LotState::stats))).collect();
    ledger.store().add_history(&rows).await
}

/// What a minute adds: a row for each zone, and always one for the slots without.
fn sample(lot: &LotId, minute: Time, stats: &SlotStats) -> Vec<HistoryRow> {
    let row = |zone: &str, counts: &Counts| {
        let ms = |slots: usize| slots as i64 * SAMPLE_MS;
        HistoryRow {
            lot: lot.to_string(),
            start_ms: minute.ms() - minute.ms().rem_euclid(QUARTER_MS),
            zone: zone.to_string(),
            watched_ms: SAMPLE_MS,
            free_ms: ms(counts.free),
            occupied_ms: ms(counts.occupied),
            reserved_ms: ms(counts.reserved),
            closed_ms: ms(counts.closed),
            unknown_ms: ms(counts.unknown),
        }
    };
    let mut rows: Vec<_> =
        stats.zones.iter().map(|zone| row(zone.zone.as_deref().unwrap_or_default(), &zone.counts)).collect();
    if stats.zones.iter().all(|zone| zone.zone.is_some()) {
        rows.push(row("", &Counts::default()));
    }
    rows
}

#[cfg(test)]
mod tests {
    use parking_api::slots::ZoneCounts;

    use super::*;

    #[test]
    fn a_minute_adds_to_its_quarter_what_each_zone_has_and_says_that_somebody_watched() {
        let counts = Counts { total: 3, free: 2, unknown: 1, ..Counts::default() };
        let zones = vec![ZoneCounts { zone: Some("A".into()), counts }];
        let minute: Time = "2026-11-23T10:29:00Z".parse().expect("a time");
        let rows = sample(&LotId::default(), minute, &SlotStats { seq: 1, counts, zones });
        let seen: Vec<_> =
            rows.iter().map(|row| (row.zone.as_str(), row.watched_ms, row.free_ms, row.unknown_ms)).collect();
        assert_eq!(seen, [("A", 60_000, 120_000, 60_000), ("", 60_000, 0, 0)]);
        assert!(rows.iter().all(|row| Time::from_ms(row.start_ms).to_string() == "2026-11-23T10:15:00.000Z"));
    }
}
