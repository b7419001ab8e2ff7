//! Rows of slots.

use parking_api::slots::{Position, Slot};
use parking_api::{SlotId, Time};
use serde::Serialize;

use super::tables::Table;
use super::{Error, Result};

#[derive(Debug, Serialize, sqlx::FromRow)]
pub(super) struct SlotRow {
    id: String,
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    level: i64,
    kind: String,
    state: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<f64>,
    rev: i64,
    observed_at_ms: i64,
    changed_at_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stale_since_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggested: Option<String>,
}

impl From<&Slot> for SlotRow {
    fn from(slot: &Slot) -> Self {
        Self {
            id: slot.id.to_string(),
            code: slot.code.to_string(),
            zone: slot.zone.clone(),
            level: slot.level.into(),
            kind: slot.kind.to_string(),
            state: slot.state.to_string(),
            source: slot.source.to_string(),
            x: slot.position.map(|p| p.x),
            y: slot.position.map(|p| p.y),
            rev: slot.rev as i64,
            observed_at_ms: slot.observed_at.ms(),
            changed_at_ms: slot.changed_at.ms(),
            note: slot.note.clone(),
            stale_since_ms: slot.stale_since.map(Time::ms),
            suggested: slot.suggested.map(|state| state.to_string()),
        }
    }
}

impl TryFrom<SlotRow> for Slot {
    type Error = Error;

    fn try_from(row: SlotRow) -> Result<Self> {
        let bad = |what: String| Error::corrupt("slots", format!("row {}: {what}", row.id));
        Ok(Self {
            id: SlotId(row.id.parse().map_err(|_| bad("id is not a UUID".into()))?),
            code: row.code.parse().map_err(bad)?,
            level: row.level.try_into().map_err(|_| bad(format!("level {}", row.level)))?,
            kind: row.kind.parse().map_err(bad)?,
            state: row.state.parse().map_err(bad)?,
            source: row.source.parse().map_err(bad)?,
            position: row.x.zip(row.y).map(|(x, y)| Position { x, y }),
            rev: row.rev as u64,
            observed_at: Time::from_ms(row.observed_at_ms),
            changed_at: Time::from_ms(row.changed_at_ms),
            stale_since: row.stale_since_ms.map(Time::from_ms),
            suggested: row.suggested.as_deref().map(str::parse).transpose().map_err(bad)?,
            zone: row.zone,
            note: row.note,
        })
    }
}

pub(super) const TABLE: Table = Table {
    name: "slots",
    columns: &[
        ("id", "text"),
        ("code", "text"),
        ("zone", "text"),
        ("level", "bigint"),
        ("kind", "text"),
        ("state", "text"),
        ("source", "text"),
        ("x", "double precision"),
        ("y", "double precision"),
        ("rev", "bigint"),
        ("observed_at_ms", "bigint"),
        ("changed_at_ms", "bigint"),
        ("note", "text"),
        ("stale_since_ms", "bigint"),
        ("suggested", "text"),
    ],
    updated: &[
        "code",
        "zone",
        "level",
        "kind",
        "state",
        "source",
        "x",
        "y",
        "rev",
        "observed_at_ms",
        "changed_at_ms",
        "note",
        "stale_since_ms",
        "suggested",
    ],
};
