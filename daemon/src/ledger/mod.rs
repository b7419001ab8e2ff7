//! The ledger: one ordered, durable, gapless log of events per lot, and the state that is its fold.
//!
//! Decide (pure), commit (one task per lot), announce (the hub). Knows the store; knows nothing of HTTP, tokens' secrets or pictures.

mod audience;
mod command;
mod committer;
pub mod decide;
mod hub;
mod listing;
mod lot;
mod order;
mod prune;
mod secrets;
mod state;
mod verify;

pub use audience::{Audience, Encoded};
pub use command::{Change, Command, Context, Facts, NewSecret, Outcome, Refusal, Reply};
pub use decide::UNDO_MS;
pub use hub::{Backlog, FRAME_BYTES_MAX, FRAME_EVENTS_MAX, Hub, RING_EVENTS_MAX, Run, frame};
pub use listing::SlotList;
pub use lot::{Idempotency, LotHandle};
pub use state::LotState;
pub use verify::{Finding, Report, verify};

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use parking_api::events::{Actor, Event, EventChange};
use parking_api::lots::{Lot, NewLot};
use parking_api::tokens::Token;
use parking_api::{LotId, Problem, ProblemCode, TokenId};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, random_256};
use crate::store::{self, Parts, Store};
use committer::Committer;
use secrets::Secrets;

/// How often the daemon looks for what other processes wrote to the same database.
const REFRESH: Duration = Duration::from_secs(1);
/// Longest wait for what is committed already to be applied here.
const APPLY_MAX: Duration = Duration::from_secs(2);
/// Longest wait until the rows of a deleted lot are gone.
const PURGE_WAIT: Duration = Duration::from_secs(2);
/// Most lots of one daemon.
const LOTS_MAX: usize = 200;

/// Why a command was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// By the rules of the lot.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The database could not do it; nothing was changed, as far as is known.
    #[error("{0}")]
    Unavailable(String),
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
        match error {
            store::Error::Full(detail) => Self::Full(detail),
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
                tasks,
                stop: CancellationToken::new(),
            }),
        };
        ledger.refresh().await?;
        if ledger.lot(&LotId::default()).is_none() {
            let main = NewLot { id: LotId::default(), name: None, time_zone: None, currency: None };
            match ledger.create_lot(&main, Actor::system("start")).await {
                // Another daemon that starts on the same empty database was quicker.
                Err(Error::Refused(problem)) if problem.code == ProblemCode::AlreadyExists => ledger.refresh().await?,
                done => _ = done?,
            }
        }
        let ticking = ledger.clone();
        ledger.inner.tasks.spawn(async move { ticking.tick().await });
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

    /// Changes whenever a token is created or revoked anywhere.
    pub fn tokens_changed(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.secrets.changed()
    }

    /// Creates a lot with the first event of its log.
    ///
    /// # Errors
    /// When the description is not valid, the id is taken, there are too many lots, or the database fails.
    pub async fn create_lot(&self, new: &NewLot, actor: Actor) -> Result<Lot, Error> {
        if self.lots_read().len() >= LOTS_MAX {
            let detail = format!("this daemon holds {LOTS_MAX} lots, which is as many as it can");
            return Err(Problem::new(ProblemCode::LimitReached, detail).into());
        }
        let now = self.inner.clock.now();
        let lot = decide::lot_created(new, now)?;
        let event = Event { seq: 1, at: now, actor, change: EventChange::LotCreated { lot: lot.clone() } };
        let body = serde_json::to_string(&event).map_err(|e| Error::Unavailable(e.to_string()))?;
        let epoch = random_256().map_err(|e| Error::Unavailable(format!("no randomness for an epoch: {e}")))?;
        let epoch: String = epoch[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        if !self.inner.store.create_lot(&lot, &epoch, &body).await? {
            return Err(Problem::new(ProblemCode::AlreadyExists, format!("lot {} exists already", lot.id))
                .field("id")
                .into());
        }
        self.refresh().await?;
        Ok(lot)
    }

    /// Removes a lot that has neither slots nor cameras, with its history.
    ///
    /// # Errors
    /// When it is `main`, is not empty or not there, or the database fails.
    pub async fn delete_lot(&self, id: &LotId) -> Result<Lot, Error> {
        let Some(lot) = self.lot(id) else {
            return Err(Problem::new(ProblemCode::LotNotFound, format!("there is no lot {id}")).into());
        };
        if *id == LotId::default() {
            return Err(Problem::new(ProblemCode::LotProtected, "lot main is always there").into());
        }
        let (slots, cameras, seq) = lot.read(|state| (state.slots_len(), state.cameras().count(), state.seq()));
        let not_empty =
            |detail: String| -> Result<Lot, Error> { Err(Problem::new(ProblemCode::LotNotEmpty, detail).into()) };
        if slots + cameras > 0 {
            return not_empty(format!("lot {id} still has {slots} slots and {cameras} cameras: delete them first"));
        }
        if !self.inner.store.delete_lot(id, seq, self.inner.clock.now()).await? {
            return not_empty(format!("lot {id} was changed at the same moment: try again"));
        }
        self.refresh().await?;
        let store = self.inner.store.clone();
        // It goes on even if the caller does not wait, and the next `purge_lots` does what is left after a stop.
        let purged = self.inner.tasks.spawn(async move {
            if let Err(error) = store.purge_lots().await {
                tracing::warn!(%error, "the rows of a deleted lot cannot be removed");
            }
        });
        // Then its id is free when the caller hears of it, unless its history is long.
        let _ = tokio::time::timeout(PURGE_WAIT, purged).await;
        Ok(lot.read(|state| state.lot().clone()))
    }

    /// Takes no more commands and waits until those that wait are committed. The store stays open.
    pub fn stop(&self) {
        self.inner.stop.cancel();
    }

    async fn tick(&self) {
        let mut tick = tokio::time::interval(REFRESH);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while self.inner.stop.run_until_cancelled(tick.tick()).await.is_some() {
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "cannot look for changes of other processes");
            }
        }
    }

    /// Opens the lots that appeared, closes those that are gone, and wakes the ones that another process wrote to.
    async fn refresh(&self) -> Result<(), Error> {
        // A list that was read before another call opened a new lot would take that lot for one that is gone.
        let _turn = self.inner.refreshing.lock().await;
        let stored = self.inner.store.lots().await?;
        let gone: Vec<LotId> = {
            let lots = self.lots_read();
            lots.keys().filter(|id| !stored.iter().any(|(lot, _)| lot.id == **id)).cloned().collect()
        };
        for id in gone {
            let removed = self.inner.lots.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
            removed.iter().for_each(|lot| lot.closed().cancel());
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
        );
        self.inner.tasks.spawn(committer.run(closed));
        Ok(())
    }

    fn lots_read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<LotId, Arc<LotHandle>>> {
        self.inner.lots.read().unwrap_or_else(PoisonError::into_inner)
    }
}
