//! Calls about sessions and gates.

use reqwest::Method;
use serde::Serialize;

use super::{Client, Error, Mutation, Page};
use crate::ids::SlotRef;
use crate::sessions::{GateEntry, GateExit, Session, SessionKind, SessionState, SessionStats};
use crate::{Committed, SessionId, Time, paths};

/// Which sessions; the newest of all by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SessionQuery {
    pub state: Option<SessionState>,
    pub kind: Option<SessionKind>,
    pub slot: Option<SlotRef>,
    pub zone: Option<String>,
    pub from: Option<Time>,
    pub to: Option<Time>,
    pub cursor: Option<String>,
    pub limit: Option<usize>,
}

impl Client {
    /// Newest first. A page is short only where there are no more, or the next could not be had: the daemon looks through a part of them at
    /// once, and this asks for the next.
    pub async fn sessions(&self, query: &SessionQuery) -> Result<Page<Session>, Error> {
        let limit = query.limit.unwrap_or(paths::PAGE_DEFAULT);
        let mut page = Page { items: Vec::new(), next: query.cursor.clone() };
        loop {
            let rest = Some(limit - page.items.len()).filter(|_| !page.items.is_empty());
            let query = SessionQuery { limit: rest.or(query.limit), cursor: page.next.clone(), ..query.clone() };
            let more = self.call_lot(Method::GET, paths::SESSIONS).query(&query).page().await;
            let mut more: Page<Session> = match more {
                Ok(more) => more,
                Err(_) if !page.items.is_empty() => return Ok(page),
                Err(error) => return Err(error),
            };
            page.items.append(&mut more.items);
            page.next = more.next;
            if page.next.is_none() || page.items.len() >= limit {
                return Ok(page);
            }
        }
    }

    pub async fn session(&self, session: SessionId) -> Result<Session, Error> {
        self.call_lot(Method::GET, &paths::fill(paths::SESSION, session)).fetch().await
    }

    pub async fn session_stats(&self) -> Result<SessionStats, Error> {
        self.session_stats_between(None, None).await
    }

    /// From midnight in the lot's time zone, and until now, where nothing else is said.
    pub async fn session_stats_between(&self, from: Option<Time>, to: Option<Time>) -> Result<SessionStats, Error> {
        self.call_lot(Method::GET, paths::SESSIONS_STATS).query(&[("from", from), ("to", to)]).fetch().await
    }

    pub async fn gate_entry(&self, entry: &GateEntry, guard: &Mutation) -> Result<Committed<Session>, Error> {
        self.call_lot(Method::POST, paths::SESSIONS_ENTRY).guard(guard).json(entry).fetch().await
    }

    pub async fn gate_exit(&self, exit: &GateExit, guard: &Mutation) -> Result<Committed<Session>, Error> {
        self.call_lot(Method::POST, paths::SESSIONS_EXIT).guard(guard).json(exit).fetch().await
    }
}
