//! How long anything asked of a server may take. A connection that did not answer in time is not used again: a network that swallows
//! everything would keep it for ever. Knows no table.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::sync::watch;

use super::{Error, Result};

/// For so long after something was given up, connections are tested before their pool has them again: one of them is that which it was
/// given up on.
const SUSPICION: Duration = Duration::from_secs(10);
/// Longest time of such a test.
const TEST_MAX: Duration = Duration::from_secs(1);

/// Longest that one statement of a copy of everything may take.
const LIFTED: Duration = Duration::from_hours(6);

/// Why the database is away, if it is.
pub(super) type Away = watch::Receiver<Option<String>>;

/// The bounds of one pool. Cloning shares them.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    answer_max: Duration,
    /// What needs no answer from a database that is away.
    away: Option<Away>,
    given_up: Arc<Mutex<Option<Instant>>>,
    /// When the server last refused to write.
    read_only: Arc<Mutex<Option<Instant>>>,
}

impl Bounds {
    pub fn new(answer_max: Duration, away: Option<Away>) -> Self {
        Self { answer_max, away, given_up: Arc::default(), read_only: Arc::default() }
    }

    /// The same for work of which nobody knows how long it takes.
    pub fn lifted(&self) -> Self {
        Self { answer_max: LIFTED, ..self.clone() }
    }

    /// The outcome of `work`, unless it takes too long or the database is away.
    pub async fn hold<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut work = pin!(work);
        // Dropped before the work is, also where nobody waits for it any more.
        let mut watched = Watched { bounds: self, is_done: false };
        tokio::select! {
            biased;
            why = self.is_away() => Err(Error::Unavailable(why)),
            done = &mut work => {
                watched.is_done = true;
                if matches!(done, Err(Error::ReadOnly(_))) {
                    *self.read_only.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                }
                done
            }
            () = tokio::time::sleep(self.answer_max) => {
                Err(Error::Unavailable(format!("no answer within {:?}", self.answer_max)))
            }
        }
    }

    /// Whether a connection of this age may be one that only reads for as long as it stands, although a new one could write.
    pub fn is_stale(&self, age: Duration) -> bool {
        let read_only = *self.read_only.lock().unwrap_or_else(PoisonError::into_inner);
        read_only.is_some_and(|at| at.elapsed() < age)
    }

    async fn is_away(&self) -> String {
        let Some(mut away) = self.away.clone() else { return std::future::pending().await };
        match away.wait_for(Option::is_some).await.map(|why| why.clone()) {
            Ok(Some(why)) => why,
            // Nobody watches any more: the store is closing.
            _ => std::future::pending().await,
        }
    }

    /// Whether this connection can go back to its pool.
    pub async fn may_return(&self, connection: &mut PgConnection) -> sqlx::Result<bool> {
        let given_up = *self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        if given_up.is_none_or(|at| at.elapsed() > SUSPICION) {
            return Ok(true);
        }
        tokio::time::timeout(TEST_MAX, connection.ping()).await.map_err(|_| sqlx::Error::PoolTimedOut)?.map(|()| true)
    }
}

/// Notes when work is given up.
struct Watched<'a> {
    bounds: &'a Bounds,
    is_done: bool,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            *self.bounds.given_up.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}

/// The same where there may be no bounds.
pub(super) async fn hold<T>(bounds: Option<&Bounds>, work: impl Future<Output = Result<T>>) -> Result<T> {
    match bounds {
        Some(bounds) => bounds.hold(work).await,
        None => work.await,
    }
}
