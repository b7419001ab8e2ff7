//! Rows of cameras, and what was last heard of them.

use parking_api::cameras::{Camera, Contact};
use parking_api::{CameraId, LotId, Time};
use serde::Serialize;

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
            contact: None,
        })
    }
}

pub(super) const UPSERT: &str = "
insert into cameras (lot, id, name, zone, interval_s, status, status_at_ms, created_at_ms, rev)
select $1, value->>'id', value->>'name', value->>'zone', value->>'interval_s', value->>'status', value->>'status_at_ms',
       value->>'created_at_ms', value->>'rev'
from json_each($11) where true
on conflict (lot, id) do update set
    name = excluded.name, zone = excluded.zone, interval_s = excluded.interval_s, status = excluded.status,
    status_at_ms = excluded.status_at_ms, created_at_ms = excluded.created_at_ms, rev = excluded.rev";

pub(super) const DELETE: &str = "delete from cameras where lot = $1 and id in (select value from json_each($10))";

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
        let rows: Vec<ContactColumns> =
            sqlx::query_as("select lot, camera, seen_at_ms, capture_id, health_at_ms, health from camera_contacts")
                .fetch_all(&self.readers)
                .await?;
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

    /// Writes what was heard of cameras lately.
    pub async fn put_contacts(&self, contacts: &[ContactRow]) -> Result<()> {
        let rows: Vec<_> = contacts
            .iter()
            .map(|row| {
                serde_json::json!({
                    "lot": row.lot, "camera": row.camera, "seen_at_ms": row.contact.seen_at.ms(),
                    "capture_id": row.contact.capture_id, "health_at_ms": row.contact.health_at.map(Time::ms),
                    "health": row.contact.health.as_ref().and_then(|health| serde_json::to_string(health).ok()),
                })
            })
            .collect();
        sqlx::query(
            "insert into camera_contacts (lot, camera, seen_at_ms, capture_id, health_at_ms, health)
             select value->>'lot', value->>'camera', value->>'seen_at_ms', value->>'capture_id', value->>'health_at_ms', value->>'health'
             from json_each($1) where true
             on conflict (lot, camera) do update set
                 seen_at_ms = excluded.seen_at_ms, capture_id = excluded.capture_id,
                 health_at_ms = excluded.health_at_ms, health = excluded.health",
        )
        .bind(serde_json::Value::Array(rows).to_string())
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}
