//! Rows of slots.

use parking_api::slots::{Position, Slot};
use parking_api::{SlotId, Time};
use serde::Serialize;

use super::{Error, Result};

#[derive(Debug, Serialize, sqlx::FromRow)]
pub(super) struct SlotRow {
    id: String,
    code: String,
    zone: Option<String>,
    level: i64,
    kind: String,
    state: String,
    source: String,
    x: Option<f64>,
    y: Option<f64>,
    rev: i64,
    observed_at_ms: i64,
    changed_at_ms: i64,
    note: Option<String>,
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
            zone: row.zone,
            note: row.note,
        })
    }
}

/// One JSON array of rows in, so that a batch is one statement whatever its size; `jsonb_each`, because each column would parse the row
/// again otherwise.
pub(super) const UPSERT: &str = "
insert into slots (lot, id, code, zone, level, kind, state, source, x, y, rev, observed_at_ms, changed_at_ms, note)
select $1, value->>'id', value->>'code', value->>'zone', value->>'level', value->>'kind', value->>'state', value->>'source',
       value->>'x', value->>'y', value->>'rev', value->>'observed_at_ms', value->>'changed_at_ms', value->>'note'
from jsonb_each($6) where true
on conflict (lot, id) do update set
    code = excluded.code, zone = excluded.zone, level = excluded.level, kind = excluded.kind, state = excluded.state,
    source = excluded.source, x = excluded.x, y = excluded.y, rev = excluded.rev,
    observed_at_ms = excluded.observed_at_ms, changed_at_ms = excluded.changed_at_ms, note = excluded.note";

pub(super) const DELETE: &str = "delete from slots where lot = $1 and id in (select value from json_each($5))";
