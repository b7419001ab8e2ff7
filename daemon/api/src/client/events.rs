//! Calls about the event log; [`super::follow`] is the way to keep up with it.

use std::time::Duration;

use reqwest::Method;
use serde::Serialize;

use super::{Client, Error};
use crate::Time;
use crate::events::{EventPage, LogEntry};
use crate::ids::SlotRef;
use crate::paths::{self, PAGE_DEFAULT};

/// Which events; the newest by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EventQuery {
    /// Those after this `seq`, oldest first.
    pub after: Option<u64>,
    /// Refuses the call when the log is another one by now.
    pub epoch: Option<String>,
    pub limit: Option<usize>,
    /// Waits for an event this long when there is none, in seconds.
    #[serde(rename = "wait")]
    pub wait_s: Option<u64>,
    pub kind: Option<String>,
    pub slot: Option<SlotRef>,
    pub actor: Option<String>,
    /// Happened at or after.
    pub since: Option<Time>,
    /// Happened before.
    pub until: Option<Time>,
}

impl Client {
    /// A page, which is short only where the log is over: the daemon looks through a part of it at once, and this asks for the next.
    pub async fn events(&self, query: &EventQuery) -> Result<EventPage, Error> {
        let wait = Duration::from_secs(query.wait_s.unwrap_or_default());
        let limit = query.limit.unwrap_or(PAGE_DEFAULT);
        let mut found: Vec<LogEntry> = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let rest = Some(limit - found.len()).filter(|_| !found.is_empty());
            let rest = EventQuery { limit: rest.or(query.limit), ..query.clone() };
            let call = self.call_lot(Method::GET, paths::EVENTS).query(&rest).query(&[("cursor", &cursor)]);
            let (mut page, next): (EventPage, _) = call.patient(wait).fetch_and_next().await?;
            // Without `after`, the next page is the one before.
            match query.after {
                Some(_) => found.append(&mut page.events),
                None => found = page.events.into_iter().chain(found).collect(),
            }
            let is_waited_for = query.wait_s.is_some() && !found.is_empty();
            if next.is_none() || found.len() >= limit || is_waited_for {
                return Ok(EventPage { events: found, ..page });
            }
            cursor = next;
        }
    }
}
