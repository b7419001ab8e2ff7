//! How full the lots were, by quarter of an hour and zone. Knows no clock and no time zone.

use parking_api::LotId;
use serde::Serialize;

use super::sql::sql;
use super::tables::{Columns, json_rows};
use super::{Result, Store};

const COLUMNS: &Columns = &[
    ("lot", "text"),
    ("start_ms", "bigint"),
    ("zone", "text"),
    ("watched_ms", "bigint"),
    ("free_ms", "bigint"),
    ("occupied_ms", "bigint"),
    ("reserved_ms", "bigint"),
    ("closed_ms", "bigint"),
    ("unknown_ms", "bigint"),
];
const SPANS: &Columns = &[("start_ms", "bigint"), ("end_ms", "bigint")];

/// Milliseconds that the slots of one zone spent in each state, from `start_ms` on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct HistoryRow {
    pub lot: String,
    pub start_ms: i64,
    /// Empty for slots without a zone. That row is there whenever the lot was watched.
    pub zone: String,
    pub watched_ms: i64,
    pub free_ms: i64,
    pub occupied_ms: i64,
    pub reserved_ms: i64,
    pub closed_ms: i64,
    pub unknown_ms: i64,
}

/// From `start_ms` to before `end_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    pub start_ms: i64,
    pub end_ms: i64,
}

impl Store {
    /// Adds to what is known of these quarters already.
    pub async fn add_history(&self, rows: &[HistoryRow]) -> Result<()> {
        let names = COLUMNS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let sums = COLUMNS[3..].iter().map(|(name, _)| format!("{name} = occupancy_history.{name} + excluded.{name}"));
        let (sums, from) = (sums.collect::<Vec<_>>().join(", "), self.writer.dialect().rows(1, COLUMNS));
        let add = sql(format!(
            "insert into occupancy_history ({names}) select {names} from {from} where true
             on conflict (lot, start_ms, zone) do update set {sums}"
        ));
        add.bind(json_rows(rows)?).execute(&self.writer).await?;
        Ok(())
    }

    /// The sums over each span, by its start and by zone; nothing of a span that nobody watched.
    pub async fn history(&self, lot: &LotId, spans: &[Span]) -> Result<Vec<HistoryRow>> {
        let sums = COLUMNS[3..].iter().map(|(name, _)| format!("cast(sum(h.{name}) as bigint) as {name}"));
        let (sums, spans_from) = (sums.collect::<Vec<_>>().join(", "), self.readers.dialect().rows(2, SPANS));
        let query = sql(format!(
            "select h.lot, r.start_ms, h.zone, {sums} from {spans_from}
             join occupancy_history h on h.lot = $1 and h.start_ms >= r.start_ms and h.start_ms < r.end_ms
             group by h.lot, r.start_ms, h.zone order by r.start_ms, h.zone"
        ));
        query.bind(lot.as_str()).bind(json_rows(spans)?).all(&self.readers).await
    }
}
