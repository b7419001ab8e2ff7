//! One lot as the rest of the daemon sees it: its state to read, its hub to follow, and a queue for commands.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use parking_api::events::{Actor, Event, EventChange};
use parking_api::{LotId, SlotRef};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::Error;
use super::audience::{Audience, Encoded};
use super::command::{Command, Outcome};
use super::hub::Hub;
use super::listing::{Listing, SlotList};
use super::state::LotState;
use crate::store::{Head, Parts};

/// Most commands that wait for one lot.
const INTAKE_MAX: usize = 4_096;

/// Who asks for a change, and from where.
#[derive(Debug, Clone)]
pub struct Origin {
    pub actor: Actor,
    /// Absent where the daemon itself asks.
    pub address: Option<IpAddr>,
}

impl From<Actor> for Origin {
    fn from(actor: Actor) -> Self {
        Self { actor, address: None }
    }
}

/// A request that must be done once, however often it is sent.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// Id of the token that sent it: keys of two callers never meet.
    pub caller: String,
    pub key: String,
    /// SHA-256 of what was sent, in hexadecimal.
    pub body_sha256: String,
}

/// A command on its way to the committer.
#[derive(Debug)]
pub(super) struct Envelope {
    pub command: Command,
    pub origin: Origin,
    pub idempotency: Option<Idempotency>,
    /// It is decided and answered, and nothing comes of it.
    pub is_trial: bool,
    pub answer: oneshot::Sender<Result<Outcome, Error>>,
}

/// What the committer reads its work from.
#[derive(Debug)]
pub(super) struct Intake {
    pub commands: mpsc::Receiver<Envelope>,
    pub wake: Arc<Notify>,
}

/// One lot.
#[derive(Debug)]
pub struct LotHandle {
    id: LotId,
    commands: mpsc::Sender<Envelope>,
    wake: Arc<Notify>,
    /// Batches that the committer has finished, empty ones too.
    rounds: watch::Sender<u64>,
    state: RwLock<LotState>,
    floor: AtomicU64,
    /// Of the log as it is now.
    hub: RwLock<Arc<Hub>>,
    staff_list: Listing,
    public_list: Listing,
    degraded: watch::Sender<Option<String>>,
    /// Whether the database does not even answer; then nothing is tried.
    is_away: AtomicBool,
    /// When the state was last known to be that of the database.
    confirmed: Mutex<Instant>,
    closed: CancellationToken,
}

impl LotHandle {
    pub(super) fn new(state: LotState, closed: CancellationToken) -> (Self, Intake) {
        let (commands, receiver) = mpsc::channel(INTAKE_MAX);
        let wake = Arc::new(Notify::new());
        let handle = Self {
            id: state.lot().id.clone(),
            commands,
            wake: Arc::clone(&wake),
            rounds: watch::Sender::new(0),
            hub: RwLock::new(Arc::new(Hub::new(state.seq(), closed.child_token()))),
            state: RwLock::new(state),
            floor: AtomicU64::new(1),
            staff_list: Listing::new(Audience::Staff),
            public_list: Listing::new(Audience::Public),
            degraded: watch::Sender::new(None),
            is_away: AtomicBool::new(false),
            confirmed: Mutex::new(Instant::now()),
            closed,
        };
        handle.rewind();
        (handle, Intake { commands: receiver, wake })
    }

    pub fn id(&self) -> &LotId {
        &self.id
    }

    /// Where the events of its log are announced. Another log has another one.
    pub fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.hub.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// `seq` of the oldest event that is kept.
    pub fn floor(&self) -> u64 {
        self.floor.load(Ordering::Relaxed)
    }

    /// Cancelled when the lot is deleted, or closed with the whole ledger: nothing happens here any more.
    pub fn closed(&self) -> &CancellationToken {
        &self.closed
    }

    /// Why writes fail at the moment, if they do.
    pub fn degraded(&self) -> watch::Receiver<Option<String>> {
        self.degraded.subscribe()
    }

    /// How long ago the state was last known to be that of the database, while something is wrong with it.
    pub fn age(&self) -> Option<Duration> {
        self.is_degraded().then(|| self.confirmed.lock().unwrap_or_else(PoisonError::into_inner).elapsed())
    }

    fn confirm(&self) {
        *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Looks at the committed state. `look` must be quick: it holds up the next commit.
    pub fn read<T>(&self, look: impl FnOnce(&LotState) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The list of all slots, ready to be sent.
    pub fn slot_list(&self, audience: Audience) -> SlotList {
        self.read_with_list(audience, |_, list| list)
    }

    /// Looks at the committed state together with its list of slots, both of one moment.
    pub fn read_with_list<T>(&self, audience: Audience, look: impl FnOnce(&LotState, SlotList) -> T) -> T {
        let listing = if audience == Audience::Public { &self.public_list } else { &self.staff_list };
        self.read(|state| look(state, listing.get(state)))
    }

    /// Hands a command to the committer and waits until it is committed or refused.
    ///
    /// # Errors
    /// When it is refused, the queue is full, the database fails or the daemon stops.
    pub async fn submit(
        &self,
        command: Command,
        origin: impl Into<Origin>,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        self.queue(|answer| Envelope { command, origin: origin.into(), idempotency, is_trial: false, answer }).await
    }

    /// What [`Self::submit`] would answer now; nothing is changed, and nothing is remembered.
    ///
    /// # Errors
    /// As for a command that is meant.
    pub async fn rehearse(&self, command: Command, origin: impl Into<Origin>) -> Result<Outcome, Error> {
        self.queue(|answer| Envelope { command, origin: origin.into(), idempotency: None, is_trial: true, answer })
            .await
    }

    async fn queue(
        &self,
        envelope: impl FnOnce(oneshot::Sender<Result<Outcome, Error>>) -> Envelope,
    ) -> Result<Outcome, Error> {
        let (answer, outcome) = oneshot::channel();
        let envelope = envelope(answer);
        self.commands.try_send(envelope).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                Error::Overloaded(format!("{INTAKE_MAX} commands for lot {}", self.id))
            }
            mpsc::error::TrySendError::Closed(_) => Error::Stopping,
        })?;
        outcome.await.unwrap_or(Err(Error::Stopping))
    }

    /// Wakes the committer when the database is not where this lot is, or when it may work again.
    pub(super) fn note_head(&self, head: &Head) {
        self.floor.store(head.floor, Ordering::Relaxed);
        let is_behind = self.read(|state| state.seq() < head.seq || **state.epoch() != *head.epoch);
        self.is_away.store(false, Ordering::Relaxed);
        if !is_behind {
            self.confirm();
        }
        if is_behind || self.is_degraded() {
            self.wake();
        }
    }

    /// Notes that the database does not answer.
    pub(super) fn set_away(&self, error: &Error) {
        self.is_away.store(true, Ordering::Relaxed);
        self.set_degraded(Some(error.to_string()));
    }

    pub(super) fn is_away(&self) -> bool {
        self.is_away.load(Ordering::Relaxed)
    }

    /// Has the committer look whether another process wrote.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Wakes the committer and waits until it has finished what it is at; for ever, when it hangs.
    pub async fn come_round(&self) {
        let mut rounds = self.rounds.subscribe();
        self.wake.notify_one();
        // A lot that is closed has nothing left to do.
        let _ = self.closed.run_until_cancelled(rounds.changed()).await;
    }

    pub(super) fn note_round(&self) {
        self.rounds.send_modify(|rounds| *rounds = rounds.wrapping_add(1));
    }

    /// # Errors
    /// Why, when writes fail at the moment: so that nothing is prepared for one that would be refused.
    pub fn require_writable(&self) -> Result<(), Error> {
        self.degraded.borrow().clone().map_or(Ok(()), |why| Err(Error::Unavailable(why)))
    }

    pub fn is_degraded(&self) -> bool {
        self.degraded.borrow().is_some()
    }

    pub(super) fn set_degraded(&self, why: Option<String>) {
        self.degraded.send_if_modified(|current| {
            let is_new = current.is_some() != why.is_some();
            *current = why;
            is_new
        });
    }

    /// Makes committed events visible in the state. They are announced next, after their callers were answered.
    pub(super) fn apply(&self, events: &[(Event, String)]) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut is_reordered = false;
        for (event, _) in events {
            if let EventChange::SlotChanged { slot, .. } = &event.change {
                let before = state.slot(&SlotRef::Id(slot.id));
                is_reordered |= before.is_none_or(|before| before.code != slot.code);
            }
            state.apply(event);
            self.staff_list.apply(event);
            self.public_list.apply(event);
        }
        if is_reordered {
            self.staff_list.reset(state.seq());
            self.public_list.reset(state.seq());
        }
        self.confirm();
    }

    /// Hands events that were applied to everybody who follows.
    pub(super) fn announce(&self, events: Vec<(Event, String)>) {
        if !events.is_empty() {
            self.hub().push(events.into_iter().map(|(event, body)| Encoded::new(event, body)));
        }
    }

    /// Replaces everything, when the log itself is another one.
    pub(super) fn replace(&self, parts: Parts) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = LotState::from_parts(parts);
        self.rewind();
        let hub = Arc::new(Hub::new(self.read(LotState::seq), self.closed.child_token()));
        let replaced = std::mem::replace(&mut *self.hub.write().unwrap_or_else(PoisonError::into_inner), hub);
        // Who follows the log that was has nothing to go on from.
        replaced.over().cancel();
    }

    fn rewind(&self) {
        let seq = self.read(LotState::seq);
        self.staff_list.reset(seq);
        self.public_list.reset(seq);
    }
}
