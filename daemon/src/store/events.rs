//! Rows of the log.

use parking_api::events::Event;
use parking_api::{LotId, SlotId};

use super::{Error, Result, Store};

/// Binds: lot, time, and a JSON array of events as they go over the wire.
pub(super) const INSERT: &str = "
insert into events (lot, seq, at_ms, kind, actor_kind, actor_name, slot_id, body)
select $1, value->>'seq', $2, value->>'kind', value->>'$.actor.kind', value->>'$.actor.name', value->>'$.data.slot.id', json(value)
from jsonb_each($3)";

pub(super) const AFTER: &str = "select body from events where lot = $1 and seq > $2 order by seq limit $3";

/// Which events to list, oldest first.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Those after this `seq`; the newest ones when absent.
    pub after: Option<u64>,
    pub kind: Option<String>,
    pub slot: Option<SlotId>,
    /// Name of a token, or id of a camera.
    pub actor: Option<String>,
    pub limit: usize,
}

impl Store {
    /// Bodies of at most `limit` events after `after`, oldest first.
    pub async fn events_after(&self, lot: &LotId, after: u64, limit: usize) -> Result<Vec<String>> {
        let bodies = sqlx::query_scalar(AFTER).bind(lot.as_str()).bind(after as i64).bind(limit as i64);
        Ok(bodies.fetch_all(&self.readers).await?)
    }

    /// Bodies of the events that `filter` describes, oldest first.
    pub async fn events(&self, lot: &LotId, filter: &EventFilter) -> Result<Vec<String>> {
        const MATCH: &str = "select body from events
             where lot = $1 and seq > $2 and ($3 is null or kind = $3) and ($4 is null or actor_name = $4)
             order by seq limit $5";
        const MATCH_NEWEST: &str = "select body from (
               select seq, body from events
               where lot = $1 and seq > $2 and ($3 is null or kind = $3) and ($4 is null or actor_name = $4)
               order by seq desc limit $5) order by seq";
        const MATCH_SLOT: &str = "select body from events
             where lot = $1 and seq > $2 and ($3 is null or kind = $3) and ($4 is null or actor_name = $4) and slot_id = $6
             order by seq limit $5";
        const MATCH_SLOT_NEWEST: &str = "select body from (
               select seq, body from events
               where lot = $1 and seq > $2 and ($3 is null or kind = $3) and ($4 is null or actor_name = $4) and slot_id = $6
               order by seq desc limit $5) order by seq";
        let text = match (filter.slot.is_some(), filter.after.is_some()) {
            (false, true) => MATCH,
            (false, false) => MATCH_NEWEST,
            (true, true) => MATCH_SLOT,
            (true, false) => MATCH_SLOT_NEWEST,
        };
        let mut query = sqlx::query_scalar(text)
            .bind(lot.as_str())
            .bind(filter.after.unwrap_or(0) as i64)
            .bind(filter.kind.as_deref())
            .bind(filter.actor.as_deref())
            .bind(filter.limit as i64);
        if let Some(slot) = filter.slot {
            query = query.bind(slot.to_string());
        }
        Ok(query.fetch_all(&self.readers).await?)
    }
}

/// Reads an event as it was written.
///
/// # Errors
/// When it is not one that this version knows.
pub fn parse(body: &str) -> Result<Event> {
    serde_json::from_str(body).map_err(|e| Error::corrupt("events", format!("{e} in {body}")))
}
