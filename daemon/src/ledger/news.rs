//! News between daemons on one database: which lots were written to here, and which of them elsewhere. What is lost of it, the slow tick
//! makes good.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use parking_api::LotId;
use tokio::sync::Notify;

use super::Ledger;
use crate::store::Listener;

/// Most lots that are named at once; beyond that, everybody looks at all of them. PostgreSQL carries at most 8,000 bytes.
const NAMED_MAX: usize = 64;
/// Stands for all lots, and for lots that came or went.
const ALL: &str = "*";
/// Between two notifications at least: at any load, so many a second are all that it costs.
const GAP: Duration = Duration::from_millis(2);
/// Shortest and longest wait before a connection that hears news is made again.
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// What is to be told.
#[derive(Debug, Default)]
pub(super) struct News {
    words: Mutex<BTreeSet<String>>,
    waiting: Notify,
}

impl News {
    /// That something was committed to this lot.
    pub fn of_lot(&self, lot: &LotId) {
        self.add(lot.as_str());
    }

    /// That there are other lots than before.
    pub fn of_all(&self) {
        self.add(ALL);
    }

    fn add(&self, word: &str) {
        let is_new = {
            let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
            !words.contains(word) && words.insert(word.to_string())
        };
        if is_new {
            self.waiting.notify_one();
        }
    }

    /// Waits for news, and takes all of them.
    async fn take(&self) -> Vec<String> {
        self.waiting.notified().await;
        let words = std::mem::take(&mut *self.words.lock().unwrap_or_else(PoisonError::into_inner));
        if words.len() > NAMED_MAX { vec![ALL.into()] } else { words.into_iter().collect() }
    }
}

impl Ledger {
    /// Tells other daemons what was committed here, until the ledger stops. Apart from the commits, and many at once: a transaction that
    /// notifies would hold up every other one that does.
    pub(super) async fn tell_news(self) {
        while let Some(words) = self.inner.stop.run_until_cancelled(self.inner.news.take()).await {
            if let Err(error) = self.inner.store.tell(&words).await {
                tracing::debug!(%error, "other daemons were not told; they will look by themselves");
            }
            tokio::time::sleep(GAP).await;
        }
    }

    /// Hears what other daemons committed, until the ledger stops.
    pub(super) async fn hear_news(self) {
        let mut retry = RETRY_MIN;
        let stop = self.inner.stop.clone();
        let hearing = async {
            loop {
                match self.inner.store.listen().await {
                    Ok(Some(listener)) => {
                        retry = RETRY_MIN;
                        self.hear(listener).await;
                    }
                    Ok(None) => return,
                    Err(error) => tracing::debug!(%error, "cannot hear other daemons"),
                }
                tokio::time::sleep(retry).await;
                retry = (retry * 2).min(RETRY_MAX);
            }
        };
        stop.run_until_cancelled(hearing).await;
    }

    /// Hears until the connection is lost.
    async fn hear(&self, mut listener: Listener) {
        // What was told before this one listened, nobody heard.
        self.inner.look.notify_one();
        loop {
            match listener.next().await {
                Ok(words) => words.iter().for_each(|word| self.heed(word)),
                Err(error) => {
                    tracing::debug!(%error, "news of other daemons are not heard any more");
                    // Perhaps the database is away: then that should be known at once.
                    self.inner.look.notify_one();
                    return;
                }
            }
        }
    }

    fn heed(&self, word: &str) {
        match word.parse().ok().and_then(|lot| self.lot(&lot)) {
            Some(lot) => lot.wake(),
            None => self.inner.look.notify_one(),
        }
    }
}
