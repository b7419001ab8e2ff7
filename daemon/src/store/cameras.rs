//! Rows of cameras, and what was last heard of them.

use parking_api::cameras::{Camera, Contact};
use parking_api::{CameraId, LotId, Time};
use serde::Serialize;

use super::sql::sql;
use super::tables::{Columns, Table, json_rows};
use super::{Error, Result, Store};

#[derive(Debug, Serialize, sqlx::FromRow)]
pub(super) struct CameraRow {
    id: String,
    name: String,
    zone: Option<String>,
    interval_s: i64,
    status: String,
    status_at_ms: i64,
    created_at_ms: i64,
    rev: i64,
    capture_wanted_at_ms: Option<i64>,
    frozen_since_ms: Option<i64>,
    moved_since_ms: Option<i64>,
}

impl From<&Camera> for CameraRow {
    fn from(camera: &Camera) -> Self {
        Self {
            id: camera.id.to_string(),
            name: camera.name.clone(),
            zone: camera.zone.clone(),
            interval_s: camera.interval_s.into(),
            status: camera.status.to_string(),
            status_at_ms: camera.status_at.ms(),
            created_at_ms: camera.created_at.ms(),
            rev: camera.rev as i64,
            capture_wanted_at_ms: camera.capture_wanted_at.map(Time::ms),
            frozen_since_ms: camera.frozen_since.map(Time::ms),
            moved_since_ms: camera.moved_since.map(Time::ms),
        }
    }
}

impl TryFrom<CameraRow> for Camera {
    type Error = Error;

    fn try_from(row: CameraRow) -> Result<Self> {
        let bad = |what: String| Error::corrupt("cameras", format!("row {}: {what}", row.id));
        Ok(Self {
            id: row.id.parse().map_err(bad)?,
            interval_s: row.interval_s.try_into().map_err(|_| bad(format!("interval_s {}", row.interval_s)))?,
            status: row.status.parse().map_err(bad)?,
            status_at: Time::from_ms(row.status_at_ms),
            created_at: Time::from_ms(row.created_at_ms),
            rev: row.rev as u64,
            name: row.name,
            zone: row.zone,
            capture_wanted_at: row.capture_wanted_at_ms.map(Time::from_ms),
            frozen_since: row.frozen_since_ms.map(Time::from_ms),
            moved_since: row.moved_since_ms.map(Time::from_ms),
            blind_slots: Vec::new(),
            occupancy: None,
            contact: None,
        })
    }
}

pub(super) const TABLE: Table = Table {
    name: "cameras",
    columns: &[
        ("id", "text"),
        ("name", "text"),
        ("zone", "text"),
        ("interval_s", "bigint"),
        ("status", "text"),
        ("status_at_ms", "bigint"),
        ("created_at_ms", "bigint"),
        ("rev", "bigint"),
        ("capture_wanted_at_ms", "bigint"),
        ("frozen_since_ms", "bigint"),
        ("moved_since_ms", "bigint"),
    ],
    updated: &[
        "name",
        "zone",
        "interval_s",
        "status",
        "status_at_ms",
        "created_at_ms",
        "rev",
        "capture_wanted_at_ms",
        "frozen_since_ms",
        "moved_since_ms",
    ],
};

const CONTACTS: &Columns = &[
    ("lot", "text"),
    ("camera", "text"),
    ("seen_at_ms", "bigint"),
    ("capture_id", "text"),
    ("health_at_ms", "bigint"),
    ("health", "text"),
];

// Several daemons hear of one camera. What each writes is merged, the newer of each.
const SEEN_LATER: &str = "excluded.seen_at_ms >= camera_contacts.seen_at_ms";
const HEALTH_LATER: &str = "coalesce(excluded.health_at_ms, -1) >= coalesce(camera_contacts.health_at_ms, -1)";

/// What was last heard of a camera.
#[derive(Debug, Clone)]
pub struct ContactRow {
    pub lot: LotId,
    pub camera: CameraId,
    pub contact: Contact,
}

type ContactColumns = (String, String, i64, Option<String>, Option<i64>, Option<String>);

impl Store {
    pub async fn contacts(&self) -> Result<Vec<ContactRow>> {
        let query = sql("select lot, camera, seen_at_ms, capture_id, health_at_ms, health from camera_contacts");
        let rows: Vec<ContactColumns> = query.all(&self.readers).await?;
        let bad = |what: String| Error::corrupt("camera_contacts", what);
        rows.into_iter()
            .map(|(lot, camera, seen_at_ms, capture_id, health_at_ms, health)| {
                Ok(ContactRow {
                    lot: lot.parse().map_err(bad)?,
                    camera: camera.parse().map_err(bad)?,
                    contact: Contact {
                        seen_at: Time::from_ms(seen_at_ms),
                        capture_id: capture_id.as_deref().map(str::parse).transpose().map_err(bad)?,
                        health_at: health_at_ms.map(Time::from_ms),
                        health: health.as_deref().and_then(|health| serde_json::from_str(health).ok()),
                    },
                })
            })
            .collect()
    }

    /// Writes what was heard of cameras lately, as far as nobody heard anything newer.
    pub async fn put_contacts(&self, contacts: &[ContactRow]) -> Result<()> {
        let rows = contacts.iter().map(|row| {
            serde_json::json!({
                "lot": row.lot, "camera": row.camera, "seen_at_ms": row.contact.seen_at.ms(),
                "capture_id": row.contact.capture_id, "health_at_ms": row.contact.health_at.map(Time::ms),
                "health": row.contact.health.as_ref().and_then(|health| serde_json::to_string(health).ok()),
            })
        });
        let source = self.writer.dialect().rows(1, CONTACTS);
        let query = sql(format!(
            "insert into camera_contacts (lot, camera, seen_at_ms, capture_id, health_at_ms, health)
             select lot, camera, seen_at_ms, capture_id, health_at_ms, health from {source} where true
             on conflict (lot, camera) do update set
                 seen_at_ms = case when {SEEN_LATER} then excluded.seen_at_ms else camera_contacts.seen_at_ms end,
                 capture_id = case when {SEEN_LATER} then coalesce(excluded.capture_id, camera_contacts.capture_id)
                     else coalesce(camera_contacts.capture_id, excluded.capture_id) end,
                 health = case when {HEALTH_LATER} then excluded.health else camera_contacts.health end,
                 health_at_ms = case when {HEALTH_LATER} then excluded.health_at_ms else camera_contacts.health_at_ms end"
        ));
        query.bind(json_rows(rows)?).execute(&self.writer).await?;
        Ok(())
    }
}
