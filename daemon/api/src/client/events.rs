//! Calls about the event log; [`super::follow`] is the way to keep up with it.

use std::time::Duration;

use reqwest::Method;
use serde::Serialize;

use super::{Client, Error};
use crate::Time;
use crate::events::EventPage;
use crate::ids::SlotRef;
use crate::paths;

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
    pub async fn events(&self, query: &EventQuery) -> Result<EventPage, Error> {
        let wait = Duration::from_secs(query.wait_s.unwrap_or_default());
        self.call_lot(Method::GET, paths::EVENTS).query(query).patient(wait).fetch().await
    }
}
