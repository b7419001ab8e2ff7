//! Rows of captures and their pages.

use parking_api::captures::Capture;
use parking_api::{CameraId, CaptureId, LotId, Time, paths};
use serde::Serialize;

use super::sql::{Dialect, sql};
use super::tables::{Columns, Table};
use super::{Error, Result, Store};

#[derive(Debug, Serialize, sqlx::FromRow)]
pub(super) struct CaptureRow {
    id: String,
    camera: Option<String>,
    key: String,
    content_type: String,
    bytes: i64,
    width: i64,
    height: i64,
    sha256: String,
    captured_at_ms: i64,
    received_at_ms: i64,
    pinned: i64,
    rev: i64,
}

impl From<&Capture> for CaptureRow {
    fn from(capture: &Capture) -> Self {
        Self {
            id: capture.id.to_string(),
            camera: capture.camera.as_ref().map(ToString::to_string),
            key: capture.key.clone(),
            content_type: capture.content_type.clone(),
            bytes: capture.bytes as i64,
            width: capture.width.into(),
            height: capture.height.into(),
            sha256: capture.sha256.clone(),
            captured_at_ms: capture.captured_at.ms(),
            received_at_ms: capture.received_at.ms(),
            pinned: capture.pinned.into(),
            rev: capture.rev as i64,
        }
    }
}

impl TryFrom<CaptureRow> for Capture {
    type Error = Error;

    fn try_from(row: CaptureRow) -> Result<Self> {
        let bad = |what: String| Error::corrupt("captures", format!("row {}: {what}", row.id));
        Ok(Self {
            id: row.id.parse().map_err(bad)?,
            camera: row.camera.as_deref().map(str::parse).transpose().map_err(bad)?,
            url: paths::image(&row.key),
            bytes: row.bytes as u64,
            width: row.width.try_into().map_err(|_| bad(format!("width {}", row.width)))?,
            height: row.height.try_into().map_err(|_| bad(format!("height {}", row.height)))?,
            captured_at: Time::from_ms(row.captured_at_ms),
            received_at: Time::from_ms(row.received_at_ms),
            pinned: row.pinned != 0,
            rev: row.rev as u64,
            key: row.key,
            content_type: row.content_type,
            sha256: row.sha256,
        })
    }
}

pub(super) const TABLE: Table = Table {
    name: "captures",
    columns: &[
        ("id", "text"),
        ("camera", "text"),
        ("key", "text"),
        ("content_type", "text"),
        ("bytes", "bigint"),
        ("width", "bigint"),
        ("height", "bigint"),
        ("sha256", "text"),
        ("captured_at_ms", "bigint"),
        ("received_at_ms", "bigint"),
        ("pinned", "bigint"),
        ("rev", "bigint"),
    ],
    updated: &[],
};

const PINNED: &Columns = &[("id", "text"), ("pinned", "bigint"), ("rev", "bigint")];

pub(super) fn pin(dialect: Dialect, n: usize, condition: &str) -> String {
    let rows = dialect.rows(n, PINNED);
    format!(
        "update captures set pinned = r.pinned, rev = r.rev from {rows}
         where captures.lot = $1 and captures.id = r.id and {condition}"
    )
}

/// Which captures to list. Newest first; `before` is where the last page ended.
#[derive(Debug, Clone, Default)]
pub struct CaptureFilter {
    pub camera: Option<CameraId>,
    /// Taken at or after.
    pub from: Option<Time>,
    /// Taken before.
    pub to: Option<Time>,
    pub before: Option<(i64, String)>,
    pub limit: usize,
}

// Two texts instead of `$2 is null or camera = $2`, which no index serves.
const PAGE: &str = "select * from captures
 where lot = $1 and captured_at_ms >= $2 and captured_at_ms < $3
   and ($4 is null or (captured_at_ms, id) < ($4, $5))
 order by captured_at_ms desc, id desc limit $6";
const PAGE_OF_CAMERA: &str = "select * from captures
 where lot = $1 and captured_at_ms >= $2 and captured_at_ms < $3
   and ($4 is null or (captured_at_ms, id) < ($4, $5)) and camera = $7
 order by captured_at_ms desc, id desc limit $6";

impl Store {
    pub async fn captures(&self, lot: &LotId, filter: &CaptureFilter) -> Result<Vec<Capture>> {
        let (before_ms, before_id) = filter.before.clone().unzip();
        let mut query = sql(if filter.camera.is_some() { PAGE_OF_CAMERA } else { PAGE })
            .bind(lot.as_str())
            .bind(filter.from.map_or(i64::MIN, Time::ms))
            .bind(filter.to.map_or(i64::MAX, Time::ms))
            .bind(before_ms)
            .bind(before_id)
            .bind(filter.limit);
        if let Some(camera) = &filter.camera {
            query = query.bind(camera.as_str());
        }
        let rows: Vec<CaptureRow> = query.all(&self.readers).await?;
        rows.into_iter().map(Capture::try_from).collect()
    }

    pub async fn capture(&self, lot: &LotId, id: CaptureId) -> Result<Option<Capture>> {
        let query = sql("select * from captures where lot = $1 and id = $2").bind(lot.as_str()).bind(id.to_string());
        let row: Option<CaptureRow> = query.optional(&self.readers).await?;
        row.map(Capture::try_from).transpose()
    }

    /// Whether there is a capture whose object is `key`, whatever the schema.
    pub async fn has_picture(&self, key: &str) -> Result<bool> {
        let found: Option<(String,)> =
            sql("select id from captures where key = $1").bind(key).optional(&self.readers).await?;
        Ok(found.is_some())
    }

    /// The capture whose object is `key`, whatever its lot.
    pub async fn capture_by_key(&self, key: &str) -> Result<Option<Capture>> {
        let query = sql("select * from captures where key = $1").bind(key);
        let row: Option<CaptureRow> = query.optional(&self.readers).await?;
        row.map(Capture::try_from).transpose()
    }
}
