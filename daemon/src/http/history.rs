//! How full a lot was, by bucket of time.

use axum::Json;
use axum::extract::State;
use parking_api::history::{BucketLength, HistoryBucket, SlotSeconds, ZoneSeconds};
use parking_api::{LotId, Problem, ProblemCode, Time, paths};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::extract::ApiQuery;
use super::problem::{Fault, Result};
use crate::history::QUARTER_MS;
use crate::store::{HistoryRow, Span};

const HOUR_MS: i64 = 4 * QUARTER_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    #[param(value_type = Option<String>)]
    lot: Option<LotId>,
    /// The first bucket is the one that this is in; a day before `to` when absent.
    from: Option<Time>,
    /// Before; now when absent.
    to: Option<Time>,
    /// `hour` when absent.
    #[param(inline)]
    bucket: Option<BucketLength>,
}

/// How full a lot was: every bucket from `from` to `to`, oldest first; one that nobody watched has `watched_s` 0
#[utoipa::path(get, path = paths::SLOTS_HISTORY, tag = "slots", params(HistoryQuery),
    responses((status = 200, body = Vec<HistoryBucket>), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn history(
    State(app): State<App>,
    ApiQuery(query): ApiQuery<HistoryQuery>,
) -> Result<Json<Vec<HistoryBucket>>> {
    let lot = app.lot(&query.lot.unwrap_or_default())?;
    let to = query.to.unwrap_or_else(|| app.clock.now());
    let from = query.from.unwrap_or_else(|| to.plus_ms(-DAY_MS));
    let zone = lot.read(|state| super::sessions::zone_of(&state.lot().time_zone));
    let spans = spans(from, to, query.bucket.unwrap_or(BucketLength::Hour), &zone)?;
    let rows = app.ledger.store().history(lot.id(), &spans).await?;
    Ok(Json(buckets(&spans, rows)))
}

/// The buckets that cover `from` to `to`.
fn spans(from: Time, to: Time, length: BucketLength, zone: &jiff::tz::TimeZone) -> Result<Vec<Span>> {
    let refuse = |detail: String| Fault::field(ProblemCode::InvalidField, "from", detail);
    if from >= to {
        return Err(refuse(format!("from {from} is not before to {to}")));
    }
    let floor = |at: Time, ms: i64| Time::from_ms(at.ms() - at.ms().rem_euclid(ms));
    let next = |start: Time| match length {
        BucketLength::Quarter => start.plus_ms(QUARTER_MS),
        BucketLength::Hour => start.plus_ms(HOUR_MS),
        // Past the longest day, and back to its midnight.
        BucketLength::Day => super::sessions::midnight(start.plus_ms(DAY_MS + 2 * HOUR_MS), zone),
    };
    let mut start = match length {
        BucketLength::Quarter => floor(from, QUARTER_MS),
        BucketLength::Hour => floor(from, HOUR_MS),
        BucketLength::Day => super::sessions::midnight(from, zone),
    };
    let mut spans = Vec::new();
    while start < to {
        let end = next(start);
        if spans.len() == paths::HISTORY_BUCKETS_MAX || end <= start {
            let most = paths::HISTORY_BUCKETS_MAX;
            return Err(refuse(format!(
                "from {from} to {to} are more than {most} buckets: ask for a shorter time or longer buckets"
            )));
        }
        spans.push(Span { start_ms: start.ms(), end_ms: end.ms() });
        start = end;
    }
    Ok(spans)
}

fn buckets(spans: &[Span], rows: Vec<HistoryRow>) -> Vec<HistoryBucket> {
    let mut rows = rows.into_iter().peekable();
    let mut bucket = |span: &Span| {
        let mut bucket = HistoryBucket {
            start: Time::from_ms(span.start_ms),
            end: Time::from_ms(span.end_ms),
            watched_s: 0,
            slot_seconds: SlotSeconds::default(),
            zones: Vec::new(),
        };
        while let Some(row) = rows.next_if(|row| row.start_ms == span.start_ms) {
            take(&mut bucket, row);
        }
        bucket
    };
    spans.iter().map(&mut bucket).collect()
}

/// Adds a row of a zone to its bucket.
fn take(bucket: &mut HistoryBucket, row: HistoryRow) {
    let seconds = |ms: i64| ms.unsigned_abs() / 1_000;
    let slot_seconds = SlotSeconds {
        free: seconds(row.free_ms),
        occupied: seconds(row.occupied_ms),
        reserved: seconds(row.reserved_ms),
        closed: seconds(row.closed_ms),
        unknown: seconds(row.unknown_ms),
    };
    let all = &mut bucket.slot_seconds;
    all.free += slot_seconds.free;
    all.occupied += slot_seconds.occupied;
    all.reserved += slot_seconds.reserved;
    all.closed += slot_seconds.closed;
    all.unknown += slot_seconds.unknown;
    if row.zone.is_empty() {
        bucket.watched_s = seconds(row.watched_ms);
    }
    if !row.zone.is_empty() || slot_seconds != SlotSeconds::default() {
        bucket.zones.push(ZoneSeconds { zone: Some(row.zone).filter(|zone| !zone.is_empty()), slot_seconds });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().expect("a time")
    }

    #[test]
    fn a_day_is_from_midnight_to_midnight_where_the_lot_is_also_when_the_clocks_change() {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
        let days = spans(at("2026-10-24T12:00:00Z"), at("2026-10-26T12:00:00Z"), BucketLength::Day, &zone);
        let days = days.expect("few buckets");
        assert_eq!(days.iter().map(|day| (day.end_ms - day.start_ms) / HOUR_MS).collect::<Vec<_>>(), [24, 25, 24]);
        assert_eq!(Time::from_ms(days[0].start_ms), at("2026-10-23T22:00:00Z"));
        let spring = spans(at("2026-03-28T23:00:00Z"), at("2026-03-30T00:00:00Z"), BucketLength::Day, &zone);
        let hours: Vec<_> =
            spring.expect("few buckets").iter().map(|day| (day.end_ms - day.start_ms) / HOUR_MS).collect();
        assert_eq!(hours, [23, 24]);
    }

    #[test]
    fn more_buckets_than_one_answer_has_are_refused_and_so_is_a_time_that_runs_backwards() {
        let zone = jiff::tz::TimeZone::UTC;
        let now = at("2026-11-23T00:00:00Z");
        let most = paths::HISTORY_BUCKETS_MAX as i64;
        assert_eq!(
            spans(now, now.plus_ms(most * HOUR_MS), BucketLength::Hour, &zone).expect("as many as may be").len() as i64,
            most
        );
        for (from, to) in [(now, now.plus_ms(most * HOUR_MS + 1)), (now, now), (now, now.plus_ms(-1))] {
            assert!(spans(from, to, BucketLength::Hour, &zone).is_err(), "{from} to {to}");
        }
        assert!(spans(Time::from_ms(i64::MIN), Time::from_ms(i64::MAX), BucketLength::Day, &zone).is_err());
    }

    #[test]
    fn a_bucket_that_nobody_watched_is_a_gap_and_zones_add_up() {
        let spans = [Span { start_ms: 0, end_ms: HOUR_MS }, Span { start_ms: HOUR_MS, end_ms: 2 * HOUR_MS }];
        let row = |zone: &str, free_ms| HistoryRow {
            start_ms: HOUR_MS,
            zone: zone.into(),
            watched_ms: 60_000,
            free_ms,
            ..HistoryRow::default()
        };
        let [gap, known] =
            buckets(&spans, vec![row("", 0), row("A", 120_000), row("B", 60_000)]).try_into().expect("two");
        assert_eq!((gap.watched_s, gap.zones.len()), (0, 0));
        assert_eq!((known.watched_s, known.slot_seconds.free), (60, 180));
        assert_eq!(known.zones.iter().map(|zone| zone.zone.as_deref()).collect::<Vec<_>>(), [Some("A"), Some("B")]);
    }
}
