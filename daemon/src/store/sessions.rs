//! Rows of sessions, their pages and their figures.

use std::collections::HashMap;

use parking_api::sessions::{Session, SessionKind, SessionState};
use parking_api::slots::SLOTS_MAX;
use parking_api::{LotId, SessionId, SlotId, Time};
use serde::Serialize;

use super::sql::{Value, sql, sql_with};
use super::tables::Table;
use super::{Error, Result, Store};

#[derive(Debug, Serialize, sqlx::FromRow)]
pub(super) struct SessionRow {
    id: String,
    kind: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plate: Option<String>,
    opened_at_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at_ms: Option<i64>,
    opened_seq: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_seq: Option<i64>,
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            kind: session.kind.to_string(),
            state: session.state.to_string(),
            slot_id: session.slot_id.map(|id| id.to_string()),
            slot_code: session.slot_code.as_ref().map(ToString::to_string),
            zone: session.zone.clone(),
            ticket: session.ticket.clone(),
            plate: session.plate.clone(),
            opened_at_ms: session.opened_at.ms(),
            closed_at_ms: session.closed_at.map(Time::ms),
            opened_seq: session.opened_seq as i64,
            closed_seq: session.closed_seq.map(|seq| seq as i64),
        }
    }
}

impl TryFrom<SessionRow> for Session {
    type Error = Error;

    fn try_from(row: SessionRow) -> Result<Self> {
        let bad = |what: String| Error::corrupt("sessions", format!("row {}: {what}", row.id));
        Ok(Self {
            id: row.id.parse().map_err(bad)?,
            kind: row.kind.parse().map_err(bad)?,
            state: row.state.parse().map_err(bad)?,
            slot_id: row.slot_id.as_deref().map(str::parse).transpose().map_err(bad)?,
            slot_code: row.slot_code.as_deref().map(str::parse).transpose().map_err(bad)?,
            opened_at: Time::from_ms(row.opened_at_ms),
            closed_at: row.closed_at_ms.map(Time::from_ms),
            opened_seq: row.opened_seq as u64,
            closed_seq: row.closed_seq.map(|seq| seq as u64),
            zone: row.zone,
            ticket: row.ticket,
            plate: row.plate,
        })
    }
}

pub(super) const TABLE: Table = Table {
    name: "sessions",
    columns: &[
        ("id", "text"),
        ("kind", "text"),
        ("state", "text"),
        ("slot_id", "text"),
        ("slot_code", "text"),
        ("zone", "text"),
        ("ticket", "text"),
        ("plate", "text"),
        ("opened_at_ms", "bigint"),
        ("closed_at_ms", "bigint"),
        ("opened_seq", "bigint"),
        ("closed_seq", "bigint"),
    ],
    updated: &["state", "closed_at_ms", "closed_seq"],
};

pub(super) const OPEN: &str = "select * from sessions where lot = $1 and state = 'open' order by id";

/// Those from time `$2` on whose end was the last that happened to their slot.
pub(super) const ENDED: &str = "select s.* from sessions s
     join slots on slots.lot = s.lot and slots.id = s.slot_id and slots.rev = s.closed_seq
     where s.lot = $1 and s.state = 'closed' and s.closed_at_ms >= $2";

/// Which sessions to list. Newest first; `before` is where the last page ended.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    pub state: Option<SessionState>,
    pub kind: Option<SessionKind>,
    pub slot: Option<SlotId>,
    pub zone: Option<String>,
    /// Opened at or after.
    pub from: Option<Time>,
    /// Opened before.
    pub to: Option<Time>,
    pub before: Option<(i64, String)>,
    pub limit: usize,
}

/// Stays of one kind in a period.
#[derive(Debug, Clone, Default)]
pub struct Stays {
    /// Opened then, without the void ones.
    pub opened: u64,
    /// Length of each stay that closed then, in milliseconds, ascending.
    pub closed_ms: Vec<i64>,
}

/// Most slots that stays are counted for: as many as a lot may hold, and as many again that were deleted today.
const SLOTS_COUNTED_MAX: usize = 2 * SLOTS_MAX;

/// Most stays that figures are worked out from.
pub const STAYS_MAX: usize = 200_000;

/// Sessions that one page looks through for those that were asked for; the page after it goes on from there.
const SESSIONS_LOOKED_THROUGH_MAX: usize = 20_000;

/// A page of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRows {
    pub sessions: Vec<Session>,
    /// How far was looked, where there is more beyond it.
    pub looked_to: Option<(i64, String)>,
}

impl Store {
    pub async fn sessions(&self, lot: &LotId, filter: &SessionFilter) -> Result<SessionRows> {
        let to = filter.to.map_or(i64::MAX, Time::ms);
        // What is before the last page cannot be opened later than it, which the index by time can use.
        let to = filter.before.as_ref().map_or(to, |(ms, _)| to.min(ms.saturating_add(1)));
        let mut range = String::from("where lot = $1 and opened_at_ms >= $2 and opened_at_ms < $3");
        let mut values: Vec<Value> =
            vec![lot.as_str().into(), filter.from.map_or(i64::MIN, Time::ms).into(), to.into(), filter.limit.into()];
        if let Some((ms, id)) = &filter.before {
            values.extend([(*ms).into(), id.into()]);
            range += " and (opened_at_ms, id) < ($5, $6)";
        }
        let slot = filter.slot.map(|slot| slot.to_string());
        let conditions = [
            ("state", filter.state.map(SessionState::as_str)),
            ("kind", filter.kind.map(SessionKind::as_str)),
            ("slot_id", slot.as_deref()),
            ("zone", filter.zone.as_deref()),
        ];
        let is_narrow = conditions.iter().any(|(_, value)| value.is_some());
        let looked_to = if is_narrow { self.place(&range, &values).await? } else { None };
        let mut text = format!("select * from sessions {range}");
        if let Some((ms, id)) = &looked_to {
            values.extend([(*ms).into(), id.into()]);
            text += &format!(" and (opened_at_ms, id) >= (${}, ${})", values.len() - 1, values.len());
        }
        for (column, value) in conditions {
            if let Some(value) = value {
                values.push(value.into());
                text += &format!(" and {column} = ${}", values.len());
            }
        }
        text += " order by opened_at_ms desc, id desc limit $4";
        let rows: Vec<SessionRow> = sql_with(text, values).all(&self.readers).await?;
        let sessions = rows.into_iter().map(Session::try_from).collect::<Result<_>>()?;
        Ok(SessionRows { sessions, looked_to })
    }

    /// The last of as many sessions in `range` as one page looks through; `None` when there are fewer.
    async fn place(&self, range: &str, values: &[Value]) -> Result<Option<(i64, String)>> {
        let mut values = values.to_vec();
        values[3] = (SESSIONS_LOOKED_THROUGH_MAX - 1).into();
        let text = format!(
            "select opened_at_ms, id from sessions {range} order by opened_at_ms desc, id desc limit 1 offset $4"
        );
        sql_with(text, values).optional(&self.readers).await
    }

    pub async fn session(&self, lot: &LotId, id: SessionId) -> Result<Option<Session>> {
        let query = sql("select * from sessions where lot = $1 and id = $2").bind(lot.as_str()).bind(id.to_string());
        let row: Option<SessionRow> = query.optional(&self.readers).await?;
        row.map(Session::try_from).transpose()
    }

    /// How many stays, without the void ones, opened in each slot in a period.
    pub async fn stays_by_slot(&self, lot: &LotId, since: Time, until: Time) -> Result<HashMap<SlotId, u64>> {
        let query = sql("select slot_id, count(*) from sessions
             where lot = $1 and kind = 'slot' and state <> 'void' and opened_at_ms >= $2 and opened_at_ms < $3
               and slot_id is not null
             group by slot_id limit $4");
        let query = query.bind(lot.as_str()).bind(since.ms()).bind(until.ms()).bind(SLOTS_COUNTED_MAX);
        let rows: Vec<(String, i64)> = query.all(&self.readers).await?;
        rows.into_iter()
            .map(|(slot, stays)| Ok((slot.parse().map_err(|e| Error::corrupt("sessions", e))?, stays as u64)))
            .collect()
    }

    /// The stays of a period; `None` when there are more than [`STAYS_MAX`].
    pub async fn stays(&self, lot: &LotId, kind: SessionKind, since: Time, until: Time) -> Result<Option<Stays>> {
        let opened = sql("select count(*) from sessions
             where lot = $1 and kind = $2 and state <> 'void' and opened_at_ms >= $3 and opened_at_ms < $4");
        let opened = opened.bind(lot.as_str()).bind(kind.as_str()).bind(since.ms()).bind(until.ms());
        let (opened,): (i64,) = opened.one(&self.readers).await?;
        let closed = sql("select closed_at_ms - opened_at_ms from sessions
             where lot = $1 and kind = $2 and state = 'closed' and closed_at_ms >= $3 and closed_at_ms < $4 limit $5");
        let closed = closed.bind(lot.as_str()).bind(kind.as_str()).bind(since.ms()).bind(until.ms());
        let closed: Vec<(i64,)> = closed.bind(STAYS_MAX + 1).all(&self.readers).await?;
        if closed.len() > STAYS_MAX {
            return Ok(None);
        }
        let mut closed_ms: Vec<i64> = closed.into_iter().map(|(ms,)| ms).collect();
        closed_ms.sort_unstable();
        Ok(Some(Stays { opened: opened as u64, closed_ms }))
    }
}
