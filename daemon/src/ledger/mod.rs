//! The ledger: one ordered, durable, gapless log of events per lot, and the state that is its fold.
//!
//! Decide (pure), commit (one task per lot), announce (the hub). Knows the store; knows nothing of HTTP, tokens' secrets or pictures.

mod audience;
mod audit;
mod command;
mod committer;
pub mod decide;
mod draft;
mod hub;
mod listing;
mod lot;
mod lots;
mod news;
mod order;
mod prune;
mod repeats;
mod secrets;
mod state;
mod tokens;
mod verify;

pub use audience::{Audience, Encoded};
pub use command::{Change, Command, Context, Expired, Facts, NewSecret, Outcome, Refusal, Reply, SlotNote};
pub use decide::unguarded;
pub use hub::{Backlog, FRAME_BYTES_MAX, FRAME_EVENTS_MAX, Hub, RING_EVENTS_MAX, Run, frame};
pub use listing::SlotList;
pub use lot::{Idempotency, LotHandle, Origin};
pub use state::LotState;
pub use verify::{Depth, Finding, Report, verify};

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use parking_api::events::Actor;
use parking_api::lots::NewLot;
use parking_api::tokens::Token;
use parking_api::{LotId, Problem, ProblemCode, TokenId};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::store::{self, Parts, Store};
use committer::Committer;
use news::News;
use secrets::Secrets;

/// How often the daemon looks for what other processes wrote to the same database.
const REFRESH: Duration = Duration::from_secs(1);
/// Longest wait for what is committed already to be applied here.
const APPLY_MAX: Duration = Duration::from_secs(2);

/// Why a command was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// By the rules of the lot.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The database could not do it; nothing was changed, as far as is known.
    #[error("{0}")]
    Unavailable(String),
    /// The database went away in the middle: it may have been done. Whoever asked with an idempotency key can safely ask again.
    #[error("{0}")]
    Unknown(String),
    #[error("{0}")]
    Full(String),
    #[error("too much is waiting already: {0}")]
    Overloaded(String),
    #[error("the daemon is stopping")]
    Stopping,
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&store::Error> for Error {
    fn from(error: &store::Error) -> Self {
        match error {
            store::Error::Full(detail) => Self::Full(detail.clone()),
            store::Error::Unknown(_) => Self::Unknown(error.to_string()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// All lots of the daemon. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    lots: RwLock<BTreeMap<LotId, Arc<LotHandle>>>,
    /// Held while the lots of the database are compared with those above.
    refreshing: tokio::sync::Mutex<()>,
    secrets: Arc<Secrets>,
    news: Arc<News>,
    /// Asks for a look at the database before the next tick.
    look: tokio::sync::Notify,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Ledger {
    /// Opens every lot of the database, after creating `main` in an empty one.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn open(store: Store, clock: Arc<dyn Clock>, tasks: TaskTracker) -> Result<Self, Error> {
        let ledger = Self {
            inner: Arc::new(Inner {
                store,
                clock,
                lots: RwLock::default(),
                refreshing: tokio::sync::Mutex::default(),
                secrets: Arc::default(),
                news: Arc::default(),
                look: tokio::sync::Notify::new(),
                tasks,
                stop: CancellationToken::new(),
            }),
        };
        ledger.refresh().await?;
        if ledger.lot(&LotId::default()).is_none() {
            let main = NewLot { id: LotId::default(), name: None, time_zone: None, currency: None };
            match ledger.create_lot(&main, Actor::system("start"), None).await {
                // Another daemon that starts on the same empty database was quicker.
                Err(Error::Refused(problem)) if problem.code == ProblemCode::AlreadyExists => ledger.refresh().await?,
                done => _ = done?,
            }
        }
        ledger.inner.tasks.spawn(ledger.clone().tick());
        if ledger.inner.store.is_shared() {
            ledger.inner.tasks.spawn(ledger.clone().tell_news());
            ledger.inner.tasks.spawn(ledger.clone().hear_news());
        }
        Ok(ledger)
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    pub fn lot(&self, id: &LotId) -> Option<Arc<LotHandle>> {
        self.lots_read().get(id).cloned()
    }

    /// All lots, by id.
    pub fn lots(&self) -> Vec<Arc<LotHandle>> {
        self.lots_read().values().cloned().collect()
    }

    /// Seconds since all lots were last known to be as the database has them, while something is wrong with it.
    pub fn age_s(&self) -> Option<u64> {
        self.lots().iter().filter_map(|lot| lot.age()).max().map(|age| age.as_secs())
    }

    /// Brings the lot to `seq`, if its log goes that far: what this or another process has committed can be known to a client before it is
    /// applied here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn reach(&self, lot: &LotHandle, seq: u64) -> Result<(), Error> {
        if lot.read(|state| state.seq() >= seq) {
            return Ok(());
        }
        let Some((_, head)) = self.inner.store.read().await?.lot(lot.id()).await? else { return Ok(()) };
        if head.seq >= seq {
            lot.note_head(&head);
            // Whoever asked sees for itself how far the lot is now.
            let _ = tokio::time::timeout(APPLY_MAX, lot.hub().head().wait_for(|head| *head >= seq)).await;
        }
        Ok(())
    }

    /// The token whose secret has this hash, valid or not.
    pub fn token_by_hash(&self, hash: &[u8; 32]) -> Option<Token> {
        let (lot, id) = self.inner.secrets.get(hash)?;
        self.token(&lot, id)
    }

    pub fn token(&self, lot: &LotId, id: TokenId) -> Option<Token> {
        self.lot(lot)?.read(|state| state.token(id).cloned())
    }

    /// Tells everybody who holds a connection to look again whether its caller would still be let in.
    pub fn announce_tokens(&self) {
        self.inner.secrets.announce();
    }

    /// Changes whenever a token is created or revoked anywhere, or a login ends.
    pub fn tokens_changed(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.secrets.changed()
    }

    /// Takes no more commands and waits until those that wait are committed. The store stays open.
    pub fn stop(&self) {
        self.inner.stop.cancel();
    }

    async fn tick(self) {
        let mut away_since: Option<Instant> = None;
        let mut tick = tokio::time::interval(REFRESH);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.inner.look.notified() => {}
                () = self.inner.stop.cancelled() => return,
            }
            match self.refresh().await {
                Ok(()) => {
                    if let Some(since) = away_since.take() {
                        let seconds = since.elapsed().as_secs_f64();
                        tracing::info!(seconds, "the database is back");
                    }
                }
                Err(error) => {
                    if away_since.is_none() {
                        tracing::error!(%error, "the database is away: the lots are shown as they were last known");
                    }
                    away_since.get_or_insert_with(Instant::now);
                    self.lots().iter().for_each(|lot| lot.set_away(&error));
                }
            }
        }
    }

    /// Opens the lots that appeared, closes those that are gone, and wakes the ones that another process wrote to.
    async fn refresh(&self) -> Result<(), Error> {
        // A list that was read before another call opened a new lot would take that lot for one that is gone.
        let _turn = self.inner.refreshing.lock().await;
        let stored = self.inner.store.beat().await?;
        let gone: Vec<LotId> = {
            let lots = self.lots_read();
            lots.keys().filter(|id| !stored.iter().any(|(lot, _)| lot.id == **id)).cloned().collect()
        };
        for id in gone {
            let removed = self.inner.lots.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
            removed.iter().for_each(|lot| lot.closed().cancel());
            // Its tokens open nothing any more, wherever they were used.
            self.inner.secrets.announce();
        }
        for (lot, head) in stored {
            if self.lot(&lot.id).is_none() {
                self.open_lot(&lot.id).await?;
            }
            if let Some(handle) = self.lot(&lot.id) {
                handle.note_head(&head);
            }
        }
        Ok(())
    }

    async fn open_lot(&self, id: &LotId) -> Result<(), Error> {
        let Some(parts) = self.inner.store.parts(id).await? else { return Ok(()) };
        let state = LotState::from_parts(parts);
        self.inner.secrets.load(id, self.inner.store.secrets(id).await?);
        let (handle, intake) = LotHandle::new(state, self.inner.stop.child_token());
        let handle = Arc::new(handle);
        self.inner.lots.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), Arc::clone(&handle));
        let closed = handle.closed().clone();
        let committer = Committer::new(
            handle,
            intake,
            self.inner.store.clone(),
            Arc::clone(&self.inner.clock),
            Arc::clone(&self.inner.secrets),
            Arc::clone(&self.inner.news),
        );
        self.inner.tasks.spawn(committer.run(closed));
        Ok(())
    }

    fn lots_read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<LotId, Arc<LotHandle>>> {
        self.inner.lots.read().unwrap_or_else(PoisonError::into_inner)
    }
}
