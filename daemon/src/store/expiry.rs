//! What retention asks of the captures of all lots, and the sweep of the object store. Reads only.

use std::collections::BTreeSet;

use parking_api::{CameraId, CaptureId, LotId, Time};

use super::sql::sql;
use super::tables::{Columns, json_rows};
use super::{Error, Result, Store};

/// What arrived in a day from one camera, or from people, and is there still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureSum {
    pub lot: LotId,
    pub camera: Option<CameraId>,
    /// Since 1970, UTC.
    pub day: i64,
    pub captures: u64,
    pub bytes: u64,
    pub pinned: u64,
    pub pinned_bytes: u64,
    /// When the first of them arrived.
    pub first: Time,
}

/// One capture as retention sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgedCapture {
    pub lot: LotId,
    pub camera: Option<CameraId>,
    pub id: CaptureId,
    pub at: Time,
    pub bytes: u64,
    pub pinned: bool,
}

// Both are answered from the index captures_by_age alone; without its condition SQLite would take another index for the first, and read
// every row, which takes five times as long.
const SUMS: &str = "select lot, camera, received_at_ms / 86400000, count(*), cast(sum(bytes) as bigint),
   cast(sum(pinned) as bigint), cast(sum(pinned * bytes) as bigint), min(received_at_ms)
 from captures where received_at_ms >= 0 group by received_at_ms / 86400000, lot, camera";
const BY_AGE: &str = "select lot, camera, id, received_at_ms, bytes, pinned from captures
 where (received_at_ms, lot, id) > ($1, $2, $3) order by received_at_ms, lot, id limit $4";

const BY_KEY: &str = "select key, received_at_ms from captures where key > $1 order by key limit $2";

const KEYS: &Columns = &[("key", "text")];
const IDS: &Columns = &[("id", "text")];

type SumRow = (String, Option<String>, i64, i64, i64, i64, i64, i64);
type AgedRow = (String, Option<String>, String, i64, i64, i64);

impl Store {
    /// How much there is of the captures of each camera and day, in no order.
    pub async fn capture_sums(&self) -> Result<Vec<CaptureSum>> {
        let rows: Vec<SumRow> = sql(SUMS).all(&self.readers).await?;
        let sum = |(lot, camera, day, captures, bytes, pinned, pinned_bytes, first): SumRow| {
            Ok(CaptureSum {
                lot: lot.parse().map_err(bad)?,
                camera: camera.as_deref().map(str::parse).transpose().map_err(bad)?,
                day,
                captures: captures as u64,
                bytes: bytes as u64,
                pinned: pinned as u64,
                pinned_bytes: pinned_bytes as u64,
                first: Time::from_ms(first),
            })
        };
        rows.into_iter().map(sum).collect()
    }

    /// The captures of all lots that arrived after `after`, in the order of their arrival, a page of them.
    pub async fn captures_by_age(&self, after: Option<&AgedCapture>, limit: usize) -> Result<Vec<AgedCapture>> {
        let query = match after {
            Some(last) => sql(BY_AGE).bind(last.at.ms()).bind(last.lot.as_str()).bind(last.id.to_string()),
            None => sql(BY_AGE).bind(i64::MIN).bind("").bind(""),
        };
        let rows: Vec<AgedRow> = query.bind(limit).all(&self.readers).await?;
        let aged = |(lot, camera, id, at, bytes, pinned): AgedRow| {
            Ok(AgedCapture {
                lot: lot.parse().map_err(bad)?,
                camera: camera.as_deref().map(str::parse).transpose().map_err(bad)?,
                id: id.parse().map_err(bad)?,
                at: Time::from_ms(at),
                bytes: bytes as u64,
                pinned: pinned != 0,
            })
        };
        rows.into_iter().map(aged).collect()
    }

    /// Keys of pictures after `after`, and when each arrived, a page of them.
    pub async fn pictures_by_key(&self, after: &str, limit: usize) -> Result<Vec<(String, Time)>> {
        let rows: Vec<(String, i64)> = sql(BY_KEY).bind(after).bind(limit).all(&self.readers).await?;
        Ok(rows.into_iter().map(|(key, at)| (key, Time::from_ms(at))).collect())
    }

    /// Those of `keys` that are the picture of a capture, or a firmware.
    pub async fn known_pictures(&self, keys: &[String]) -> Result<BTreeSet<String>> {
        let rows = self.readers.dialect().rows(1, KEYS);
        let query = sql(format!(
            "select key from captures where key in (select key from {rows})
             union all select key from firmware where key in (select key from {rows})"
        ));
        let keys = json_rows(keys.iter().map(|key| serde_json::json!({"key": key})))?;
        let found: Vec<(String,)> = query.bind(keys).all(&self.readers).await?;
        Ok(found.into_iter().map(|(key,)| key).collect())
    }

    /// Those of `ids` that are captures of `lot`.
    pub async fn known_captures(&self, lot: &LotId, ids: &[CaptureId]) -> Result<BTreeSet<CaptureId>> {
        let rows = self.readers.dialect().rows(2, IDS);
        let query = sql(format!("select id from captures where lot = $1 and id in (select id from {rows})"));
        let query = query.bind(lot.as_str()).bind(super::tables::json_ids(ids)?);
        let found: Vec<(String,)> = query.all(&self.readers).await?;
        found.into_iter().map(|(id,)| id.parse().map_err(bad)).collect()
    }
}

fn bad(what: impl std::fmt::Display) -> Error {
    Error::corrupt("captures", what)
}
