//! What cameras reported of themselves, by stretch of time. Knows no clock and not how long a stretch is.

use parking_api::{CameraId, LotId, Time};
use serde::Serialize;

use super::sql::sql;
use super::tables::{Columns, json_rows};
use super::{Result, Store};

/// The key, and what is replaced by what is newer.
const COLUMNS: &Columns = &[
    ("lot", "text"),
    ("camera", "text"),
    ("start_ms", "bigint"),
    ("at_ms", "bigint"),
    ("booted_at_ms", "bigint"),
    ("rssi_dbm", "bigint"),
    ("free_heap_bytes", "bigint"),
    ("queue_depth", "bigint"),
];
/// Of two values of a column the one that is kept, where both are known.
const KEPT: [(&str, &str); 5] =
    [("at_ms", ">"), ("booted_at_ms", ">"), ("rssi_dbm", "<"), ("free_heap_bytes", "<"), ("queue_depth", ">")];

/// The worst that one camera reported in the stretch of time that begins at `start_ms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct HealthRow {
    pub lot: String,
    pub camera: String,
    pub start_ms: i64,
    /// The last report.
    pub at_ms: i64,
    pub booted_at_ms: Option<i64>,
    pub rssi_dbm: Option<i64>,
    pub free_heap_bytes: Option<i64>,
    pub queue_depth: Option<i64>,
}

impl Store {
    /// Adds to what is known of these stretches already, also from other daemons.
    pub async fn add_health(&self, rows: &[HealthRow]) -> Result<()> {
        let names = COLUMNS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let kept = KEPT.iter().map(|(name, than)| {
            format!(
                "{name} = case when excluded.{name} is null or camera_health.{name} {than} excluded.{name}
                     then camera_health.{name} else excluded.{name} end"
            )
        });
        let (kept, from) = (kept.collect::<Vec<_>>().join(", "), self.writer.dialect().rows(1, COLUMNS));
        let add = sql(format!(
            "insert into camera_health ({names}) select {names} from {from} where true
             on conflict (lot, camera, start_ms) do update set {kept}"
        ));
        add.bind(json_rows(rows)?).execute(&self.writer).await?;
        Ok(())
    }

    /// The stretches of one camera whose last report was from `from` to before `to`, oldest first; the newest `limit` of them.
    pub async fn health(
        &self,
        lot: &LotId,
        camera: &CameraId,
        from: Time,
        to: Time,
        limit: usize,
    ) -> Result<Vec<HealthRow>> {
        let names = COLUMNS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let query = sql(format!(
            "select {names} from camera_health where lot = $1 and camera = $2 and at_ms >= $3 and at_ms < $4
             order by start_ms desc limit $5"
        ));
        let query = query.bind(lot.as_str()).bind(camera.as_str()).bind(from.ms()).bind(to.ms()).bind(limit);
        let mut rows: Vec<HealthRow> = query.all(&self.readers).await?;
        rows.reverse();
        Ok(rows)
    }
}
