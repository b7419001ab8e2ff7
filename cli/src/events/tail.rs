//! Which events `event tail` has not shown yet: those that come on the line, and those of the log that the line left out.

use parking_api::ProblemCode;
use parking_api::client::{self, Client, EventQuery};
use parking_api::events::{EVENTS_PAGE_MAX, LogEntry};
use parking_api::live::{Cursor, SnapshotReason};

use super::Filter;
use crate::error::Error;
use crate::follow::Step;

/// What was shown of the log so far.
pub(super) struct Tail {
    filter: Filter,
    epoch: String,
    shown: u64,
    /// Those up to this one are still to be read from the log.
    missed_to: Option<u64>,
}

impl Tail {
    /// Goes on after `cursor`, up to `shown` without a word.
    pub(super) fn new(filter: Filter, cursor: Cursor, shown: u64) -> Self {
        Self { filter, epoch: cursor.epoch, shown, missed_to: None }
    }

    /// The events that are new. Where the line told only what several came to, they are to be read from the log, by [`Self::page`].
    pub(super) async fn take(&mut self, client: &Client, step: Step) -> Result<Vec<LogEntry>, Error> {
        let to = match step {
            Step::Event(event) => {
                let is_new = event.seq > self.shown;
                self.shown = self.shown.max(event.seq);
                return Ok(Some(event)
                    .filter(|event| is_new && self.filter.takes(event))
                    .map(LogEntry::Event)
                    .into_iter()
                    .collect());
            }
            Step::Lagged(lagged) => lagged.to,
            Step::Snapshot(snapshot) if snapshot.reason == SnapshotReason::Ahead => {
                self.shown = snapshot.seq;
                return Ok(Vec::new());
            }
            Step::Snapshot(snapshot) => snapshot.seq,
        };
        self.missed(client, to).await?;
        Ok(Vec::new())
    }

    /// Nothing up to `to` came on the line.
    async fn missed(&mut self, client: &Client, to: u64) -> Result<(), Error> {
        let newest = client.events(&EventQuery { limit: Some(1), ..EventQuery::default() }).await?;
        if newest.epoch == self.epoch {
            self.shown = self.shown.max(newest.floor.saturating_sub(1));
            self.missed_to = Some(to);
        } else {
            // Another log: that it was replaced was said on stderr.
            (self.epoch, self.shown) = (newest.epoch, to);
        }
        Ok(())
    }

    /// The next of those that were missed and are still kept; None when there are no more.
    pub(super) async fn page(&mut self, client: &Client) -> Result<Option<Vec<LogEntry>>, Error> {
        let Some(to) = self.missed_to else { return Ok(None) };
        let query = EventQuery { after: Some(self.shown), ..self.filter.query(EVENTS_PAGE_MAX) };
        let mut events = match client.events(&query).await {
            // Pruned just now.
            Err(client::Error::Refused(problem)) if problem.code == ProblemCode::CursorTooOld => Vec::new(),
            page => page?.events,
        };
        let last = events.last().map(LogEntry::seq).filter(|last| *last < to && events.len() == EVENTS_PAGE_MAX);
        match last {
            Some(last) => self.shown = last,
            None => (self.shown, self.missed_to) = (to, None),
        }
        // What came since comes on the line too.
        events.retain(|event| event.seq() <= to);
        Ok(Some(events))
    }
}
