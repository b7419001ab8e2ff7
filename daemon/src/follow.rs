//! One follower's place in the log of a lot, whatever it is connected by. Knows nothing of sockets.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use crate::ledger::{Audience, Backlog, Encoded, FRAME_EVENTS_MAX, LotHandle, Run, frame};
use crate::store::{self, Store, parse_event};

/// A place in the log, and the way on from there.
#[derive(Debug)]
pub struct Follower {
    store: Store,
    lot: Arc<LotHandle>,
    audience: Audience,
    at: u64,
    head: watch::Receiver<u64>,
}

impl Follower {
    /// A follower that has everything up to `at`.
    pub fn new(store: Store, lot: Arc<LotHandle>, audience: Audience, at: u64) -> Self {
        let head = lot.hub().head();
        Self { store, lot, audience, at, head }
    }

    /// The last `seq` that it has.
    pub fn at(&self) -> u64 {
        self.at
    }

    pub fn lot(&self) -> &LotHandle {
        &self.lot
    }

    pub fn audience(&self) -> Audience {
        self.audience
    }

    /// Moves on to `to` without the events between.
    pub fn skip_to(&mut self, to: u64) {
        self.at = to;
    }

    /// What waits for it.
    pub fn backlog(&self) -> Backlog {
        self.lot.hub().backlog(self.at)
    }

    /// Waits until the log may have gone on; `false` when the lot is gone.
    pub async fn changed(&mut self) -> bool {
        let closed = self.lot.closed();
        tokio::select! {
            changed = self.head.changed() => changed.is_ok(),
            () = closed.cancelled() => false,
        }
    }

    /// Waits until `seq` is announced.
    pub async fn announced(&self, seq: u64) {
        // An error means that nobody will announce anything any more.
        let _ = self.head.clone().wait_for(|head| *head >= seq).await;
    }

    /// The next events in one frame, if there are any: from memory, or else from the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(&mut self) -> store::Result<Option<Run>> {
        let mut run = self.lot.hub().run(self.at, self.audience);
        if run.is_none() && self.backlog() == Backlog::Gone {
            let entries = self.stored().await?;
            run = entries.last().map(|(to, _)| Run { to: *to, frame: frame(entries.iter().map(|(_, entry)| entry)) });
        }
        self.at = run.as_ref().map_or(self.at, |run| run.to);
        Ok(run)
    }

    /// The next events, each with its `seq`: from memory, or else from the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries(&mut self) -> store::Result<Vec<(u64, Bytes)>> {
        let mut entries = self.lot.hub().entries(self.at, self.audience);
        if entries.is_empty() && self.backlog() == Backlog::Gone {
            entries = self.stored().await?;
        }
        self.at = entries.last().map_or(self.at, |(to, _)| *to);
        Ok(entries)
    }

    async fn stored(&self) -> store::Result<Vec<(u64, Bytes)>> {
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
