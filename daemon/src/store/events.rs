//! Rows of the log.

use parking_api::events::Event;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
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
        let slot_id = event.change.slot().map(|slot| slot.id);
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

/// Events that one page looks through for those that were asked for; the page after it goes on from there.
pub const EVENTS_LOOKED_THROUGH_MAX: u64 = 20_000;

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Oldest first, with the event after this `seq`.
    After(u64),
    /// Newest first, with the event before this `seq`.
    Before(u64),
}

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// The newest ones when absent.
    pub from: Option<Place>,
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

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRows {
    /// Oldest first.
    pub bodies: Vec<String>,
    /// Where to look on; none when there is nothing more.
    pub next: Option<Place>,
}

impl Store {
    /// Bodies of at most `limit` events after `after`, oldest first.
    pub async fn events_after(&self, lot: &LotId, after: u64, limit: usize) -> Result<Vec<String>> {
        self::after(&self.readers, lot, after, limit).await
    }

    /// The events that `filter` describes.
    pub async fn events(&self, lot: &LotId, filter: &EventFilter) -> Result<EventRows> {
        let is_ascending = matches!(filter.from, Some(Place::After(_)));
        let (mut first, mut end) = match filter.from {
            Some(Place::After(after)) => (after.saturating_add(1), u64::MAX),
            Some(Place::Before(before)) => (0, before),
            None => (0, u64::MAX),
        };
        let (floor, head) = self.extent(lot).await?;
        (first, end) = (first.max(floor), end.min(head + 1));
        if let Some(since) = filter.since {
            first = first.max(self.first_at(lot, since).await?);
        }
        if let Some(until) = filter.until {
            end = end.min(self.first_at(lot, until).await?);
        }
        first = first.min(end);
        // The range that is looked through now.
        let (low, high) = match is_ascending {
            _ if !filter.is_narrow() => (first, end),
            true => (first, end.min(first.saturating_add(EVENTS_LOOKED_THROUGH_MAX))),
            false => (first.max(end.saturating_sub(EVENTS_LOOKED_THROUGH_MAX)), end),
        };
        let mut text = String::from("select seq, body from events where lot = $1 and seq >= $2 and seq < $3");
        let mut values: Vec<Value> = vec![lot.as_str().into(), low.into(), high.into(), filter.limit.into()];
        let slot = filter.slot.map(|slot| slot.to_string());
        // Only what is asked for stands in the text, so that an index can serve it.
        for (column, value) in [("kind", &filter.kind), ("actor_name", &filter.actor), ("slot_id", &slot)] {
            if let Some(value) = value {
                values.push(value.into());
                text += &format!(" and {column} = ${}", values.len());
            }
        }
        if filter.kind.as_ref().is_some_and(|kind| kind != COMMON) {
            text += RARE;
        }
        text += if is_ascending { " order by seq limit $4" } else { " order by seq desc limit $4" };
        let rows: Vec<(i64, String)> = sql_with(text, values).all(&self.readers).await?;
        let last = rows.last().map(|(seq, _)| *seq as u64).filter(|_| rows.len() >= filter.limit);
        let next = match is_ascending {
            true => Some(last.unwrap_or(high.saturating_sub(1))).filter(|last| last + 1 < end).map(Place::After),
            false => Some(last.unwrap_or(low)).filter(|last| *last > first).map(Place::Before),
        };
        let mut bodies: Vec<String> = rows.into_iter().map(|(_, body)| body).collect();
        if !is_ascending {
            bodies.reverse();
        }
        Ok(EventRows { bodies, next })
    }

    /// The oldest event that is kept, and the newest.
    async fn extent(&self, lot: &LotId) -> Result<(u64, u64)> {
        let extent = sql("select floor, head from lots where id = $1").bind(lot.as_str());
        let extent: Option<(i64, i64)> = extent.optional(&self.readers).await?;
        Ok(extent.map_or((1, 0), |(floor, head)| (floor as u64, head as u64)))
    }

    /// `seq` of the first event at or after `time`, one beyond the newest when there is none. No index is needed for it: an event's time
    /// is never before that of the one before, so halving finds the place.
    async fn first_at(&self, lot: &LotId, time: Time) -> Result<u64> {
        let (mut low, head) = self.extent(lot).await?;
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
        Ok(low)
    }
}

impl EventFilter {
    /// Whether there may be far from one event that is asked for to the next, with no index that knows the way.
    fn is_narrow(&self) -> bool {
        self.slot.is_some() || self.actor.is_some() || self.kind.as_deref() == Some(COMMON)
    }
}

/// The kind that most events are of, and the condition of the index on the others.
const COMMON: &str = "slot.changed";
pub(super) const RARE: &str = " and kind <> 'slot.changed'";

/// Reads an event as it was written.
///
/// # Errors
/// When it is not one that this version knows.
pub fn parse(body: &str) -> Result<Event> {
    serde_json::from_str(body).map_err(|e| Error::corrupt("events", format!("{e} in {body}")))
}
