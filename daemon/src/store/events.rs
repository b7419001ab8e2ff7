//! Rows of the log.

use parking_api::events::{Event, EventChange};
use parking_api::{LotId, SlotId, Time};
use serde::Serialize;

use super::sql::{Dialect, On, Value, sql, sql_with};
use super::tables::{Columns, json_rows};
use super::{Error, Result, Store};

const COLUMNS: &Columns =
    &[("seq", "bigint"), ("kind", "text"), ("actor_kind", "text"), ("actor_name", "text"), ("slot_id", "text")];
const BODY: (&str, &str) = ("body", "text");

/// An event and what it is found by. Neither database has to look into the body for it, which would cost more than writing it.
#[derive(Debug, Serialize)]
pub(super) struct EventRow {
    seq: u64,
    kind: &'static str,
    actor_kind: &'static str,
    actor_name: Option<String>,
    slot_id: Option<SlotId>,
    /// As it goes over the wire.
    #[serde(skip)]
    pub body: String,
}

/// The same with its body as a text within the JSON.
#[derive(Serialize)]
struct WithBody<'a> {
    #[serde(flatten)]
    row: &'a EventRow,
    body: &'a str,
}

impl EventRow {
    pub fn new(event: &Event, body: String) -> Self {
        let slot_id = match &event.change {
            EventChange::SlotCreated { slot, .. }
            | EventChange::SlotChanged { slot, .. }
            | EventChange::SlotDeleted { slot, .. } => Some(slot.id),
            _ => None,
        };
        let actor = &event.actor;
        let (kind, actor_kind) = (event.change.kind(), actor.kind.as_str());
        Self { seq: event.seq, kind, actor_kind, actor_name: actor.name.clone(), slot_id, body }
    }
}

/// Writes the events in the parameters from `$n` on, which are `values`, to the lot in `$1` with the time in `$2`: that of the batch, which
/// is decided in an instant.
pub(super) fn insert(dialect: Dialect, n: usize, condition: &str) -> String {
    let rows = match dialect {
        Dialect::Sqlite => dialect.rows(n, &[COLUMNS, &[BODY]].concat()),
        Dialect::Postgres => dialect.rows_and_lines(n, COLUMNS, BODY.0),
    };
    format!(
        "insert into events (lot, seq, at_ms, kind, actor_kind, actor_name, slot_id, body)
         select $1, seq, $2, kind, actor_kind, actor_name, slot_id, body from {rows} where {condition}"
    )
}

/// What `insert` takes. A body is one line, because JSON has no line break within a text; so PostgreSQL need not read it twice, character
/// by character, as a text within JSON, which would cost it more than all the rest of the row.
pub(super) fn values(dialect: Dialect, rows: &[EventRow]) -> Result<Vec<Value>> {
    Ok(match dialect {
        Dialect::Sqlite => {
            vec![json_rows(rows.iter().map(|row| WithBody { row, body: &row.body }))?.into()]
        }
        Dialect::Postgres => {
            let bodies: Vec<_> = rows.iter().map(|row| row.body.as_str()).collect();
            vec![json_rows(rows)?.into(), bodies.join("\n").into()]
        }
    })
}

/// Bodies of at most `limit` events after `after`, oldest first.
pub(super) async fn after(on: impl Into<On<'_>>, lot: &LotId, after: u64, limit: usize) -> Result<Vec<String>> {
    let query = sql("select body from events where lot = $1 and seq > $2 order by seq limit $3");
    let bodies = query.bind(lot.as_str()).bind(after).bind(limit).all(on).await?;
    Ok(bodies.into_iter().map(|(body,)| body).collect())
}

/// Which events to list, oldest first.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Those after this `seq`; the newest ones when absent.
    pub after: Option<u64>,
    pub kind: Option<String>,
    pub slot: Option<SlotId>,
    /// Name of a token, or id of a camera.
    pub actor: Option<String>,
    /// At or after.
    pub since: Option<Time>,
    /// Before.
    pub until: Option<Time>,
    pub limit: usize,
}

impl Store {
    /// Bodies of at most `limit` events after `after`, oldest first.
    pub async fn events_after(&self, lot: &LotId, after: u64, limit: usize) -> Result<Vec<String>> {
        self::after(&self.readers, lot, after, limit).await
    }

    /// Bodies of the events that `filter` describes, oldest first.
    pub async fn events(&self, lot: &LotId, filter: &EventFilter) -> Result<Vec<String>> {
        let mut after = filter.after.unwrap_or(0);
        if let Some(since) = filter.since {
            after = after.max(self.first_at(lot, since).await? - 1);
        }
        let mut text = String::from("select body from events where lot = $1 and seq > $2");
        let mut values: Vec<Value> = vec![lot.as_str().into(), after.into(), filter.limit.into()];
        // Only what is asked for stands in the text, so that an index can serve it.
        if let Some(until) = filter.until {
            values.push(self.first_at(lot, until).await?.into());
            text += &format!(" and seq < ${}", values.len());
        }
        let slot = filter.slot.map(|slot| slot.to_string());
        for (column, value) in [("kind", &filter.kind), ("actor_name", &filter.actor), ("slot_id", &slot)] {
            if let Some(value) = value {
                values.push(value.into());
                text += &format!(" and {column} = ${}", values.len());
            }
        }
        if filter.kind.as_ref().is_some_and(|kind| kind != COMMON) {
            text += RARE;
        }
        text += if filter.after.is_some() { " order by seq limit $3" } else { " order by seq desc limit $3" };
        let bodies = sql_with(text, values).all(&self.readers).await?;
        let mut bodies: Vec<String> = bodies.into_iter().map(|(body,)| body).collect();
        if filter.after.is_none() {
            bodies.reverse();
        }
        Ok(bodies)
    }

    /// `seq` of the first event at or after `time`, one beyond the newest when there is none. No index is needed for it: an event's time
    /// is never before that of the one before, so halving finds the place.
    async fn first_at(&self, lot: &LotId, time: Time) -> Result<u64> {
        let extent = sql("select floor, head from lots where id = $1").bind(lot.as_str());
        let Some((mut low, head)) = extent.optional::<(i64, i64)>(&self.readers).await? else { return Ok(1) };
        let mut high = head + 1;
        while low < high {
            let middle = low + (high - low) / 2;
            let at = sql("select at_ms from events where lot = $1 and seq = $2").bind(lot.as_str()).bind(middle);
            // One that is not there was forgotten meanwhile, being old.
            match at.optional::<(i64,)>(&self.readers).await? {
                Some((at,)) if at >= time.ms() => high = middle,
                _ => low = middle + 1,
            }
        }
        Ok(low as u64)
    }
}

/// The kind that most events are of, and the condition of the index on the others.
const COMMON: &str = "slot.changed";
const RARE: &str = " and kind <> 'slot.changed'";

/// Reads an event as it was written.
///
/// # Errors
/// When it is not one that this version knows.
pub fn parse(body: &str) -> Result<Event> {
    serde_json::from_str(body).map_err(|e| Error::corrupt("events", format!("{e} in {body}")))
}
