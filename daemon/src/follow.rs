//! One follower's place in the log of a lot, whatever it is connected by. Knows nothing of sockets.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use crate::ledger::{Audience, Backlog, Encoded, FRAME_EVENTS_MAX, Hub, LotHandle};
use crate::store::{self, Store, parse_event};

/// A place in the log, and the way on from there.
#[derive(Debug)]
pub struct Follower {
    store: Store,
    lot: Arc<LotHandle>,
    /// Of the log that it began with.
    hub: Arc<Hub>,
    audience: Audience,
    at: u64,
    head: watch::Receiver<u64>,
}

impl Follower {
    /// A follower that has everything up to `at`.
    pub fn new(store: Store, lot: Arc<LotHandle>, audience: Audience, at: u64) -> Self {
        let hub = lot.hub();
        let head = hub.head();
        Self { store, lot, hub, audience, at, head }
    }

    /// The last `seq` that it has.
    pub fn at(&self) -> u64 {
        self.at
    }

    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Moves on to `to` without the events between.
    pub fn skip_to(&mut self, to: u64) {
        self.at = to;
    }

    /// What waits for it.
    pub fn backlog(&self) -> Backlog {
        self.hub.backlog(self.at)
    }

    /// Waits until the log may have gone on; `false` when it is over: the lot is gone, or its log is another one now.
    pub async fn changed(&mut self) -> bool {
        tokio::select! {
            changed = self.head.changed() => changed.is_ok(),
            () = self.hub.over().cancelled() => false,
        }
    }

    /// Waits until `seq` is announced.
    pub async fn announced(&self, seq: u64) {
        // An error means that nobody will announce anything any more.
        let _ = self.head.clone().wait_for(|head| *head >= seq).await;
    }

    /// The next events, each with its `seq`: from memory, or else from the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries(&mut self) -> store::Result<Vec<(u64, Bytes)>> {
        let mut entries = self.hub.entries(self.at, self.audience);
        if entries.is_empty() && self.backlog() == Backlog::Gone {
            entries = self.stored().await?;
        }
        self.at = entries.last().map_or(self.at, |(to, _)| *to);
        Ok(entries)
    }

    /// The next events from the database, as many as go into one frame.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stored(&self) -> store::Result<Vec<(u64, Bytes)>> {
        let bodies = self.store.events_after(self.lot.id(), self.at, FRAME_EVENTS_MAX).await?;
        bodies
            .into_iter()
            .map(|body| {
                let event = parse_event(&body)?;
                let encoded = Encoded::new(event, body);
                Ok((encoded.seq(), encoded.bytes(self.audience).clone()))
            })
            .collect()
    }
}
