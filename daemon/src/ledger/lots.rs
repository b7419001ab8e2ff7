//! Lots as a whole: how one begins and ends. What they are asked with an idempotency key is kept with lot `main`, which is always there.

use std::collections::HashMap;
use std::time::Duration;

use parking_api::events::{Audit, Event, EventChange};
use parking_api::lots::{Lot, NewLot};
use parking_api::{LotId, Problem, ProblemCode, Time};

use super::repeats::{answered, remember};
use super::{Error, Idempotency, Ledger, Origin, Outcome, Reply, decide};
use crate::clock::random_epoch;
use crate::store::{self, Answer, Batch};

/// Most lots of one daemon.
const LOTS_MAX: usize = 200;
/// Longest wait until the rows of a deleted lot are gone.
const PURGE_WAIT: Duration = Duration::from_secs(2);

fn taken(id: &LotId) -> Error {
    Problem::new(ProblemCode::AlreadyExists, format!("lot {id} exists already")).field("id").into()
}

/// An event that no committer decides, and its text in the log.
fn written(seq: u64, at: Time, origin: Origin, change: EventChange) -> store::Result<(Event, String)> {
    let Origin { actor, address } = origin;
    let audit = address.map(|address| Audit { address: Some(address), ..Audit::default() });
    let event = Event { seq, at, actor, change, audit };
    let body = serde_json::to_string(&event).map_err(|e| store::Error::Corrupt(format!("event {seq}: {e}")))?;
    Ok((event, body))
}

fn not_empty(detail: String) -> Error {
    Problem::new(ProblemCode::LotNotEmpty, detail).into()
}

impl Ledger {
    /// Creates a lot with the first event of its log.
    ///
    /// # Errors
    /// When the description is not valid, the id is taken, there are too many lots, or the database fails.
    pub async fn create_lot(
        &self,
        new: &NewLot,
        origin: impl Into<Origin>,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        if let Some(first) = self.answered(idempotency.as_ref()).await? {
            return Ok(first);
        }
        let now = self.inner.clock.now();
        let lot = self.lot_created(new, now)?;
        let (_, body) = written(1, now, origin.into(), EventChange::LotCreated { lot: lot.clone() })?;
        let epoch = random_epoch().map_err(|e| Error::Unavailable(format!("no randomness for an epoch: {e}")))?;
        let outcome = Outcome { reply: Reply::Lot(lot.clone()), seq: 1, replayed: false };
        let answer = idempotency.as_ref().map(|idempotency| remember(idempotency, &outcome)).transpose()?;
        let created = self.inner.store.create_lot(&lot, &epoch, &body, answer.as_ref()).await;
        if !self.is_done(created, idempotency.as_ref()).await? {
            return self.answered(idempotency.as_ref()).await?.ok_or_else(|| taken(&lot.id));
        }
        self.inner.news.of_all();
        self.refresh().await?;
        Ok(outcome)
    }

    /// What [`Self::create_lot`] would answer now; nothing is created.
    ///
    /// # Errors
    /// As when it is meant.
    pub fn rehearse_create_lot(&self, new: &NewLot) -> Result<Outcome, Error> {
        let lot = self.lot_created(new, self.inner.clock.now())?;
        if self.lot(&lot.id).is_some() {
            return Err(taken(&lot.id));
        }
        Ok(Outcome { reply: Reply::Lot(lot), seq: 0, replayed: false })
    }

    fn lot_created(&self, new: &NewLot, now: Time) -> Result<Lot, Error> {
        if self.lots_read().len() >= LOTS_MAX {
            let detail = format!("this daemon holds {LOTS_MAX} lots, which is as many as it can");
            return Err(Problem::new(ProblemCode::LimitReached, detail).into());
        }
        Ok(decide::lot_created(new, now)?)
    }

    /// Removes a lot that has neither slots nor cameras, with its history; where `if_match` is given, only while the lot is at that `rev`.
    ///
    /// # Errors
    /// When it is `main`, is not empty, not there or changed since, or the database fails.
    pub async fn delete_lot(
        &self,
        id: &LotId,
        if_match: Option<u64>,
        origin: impl Into<Origin>,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        if let Some(first) = self.answered(idempotency.as_ref()).await? {
            return Ok(first);
        }
        let outcome = self.rehearse_delete_lot(id, if_match)?;
        let answer = idempotency.as_ref().map(|idempotency| remember(idempotency, &outcome)).transpose()?;
        let deleted = self.commit_deletion(&outcome, origin.into(), answer).await;
        if !self.is_done(deleted, idempotency.as_ref()).await? {
            let changed = || not_empty(format!("lot {id} was changed at the same moment: try again"));
            return self.answered(idempotency.as_ref()).await?.ok_or_else(changed);
        }
        self.inner.news.of_all();
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
        Ok(outcome)
    }

    /// Deletes a lot and writes into the log of `main` who did, for its own log goes with it: both, or neither. `false` when the lot was
    /// changed meanwhile.
    async fn commit_deletion(&self, outcome: &Outcome, origin: Origin, answer: Option<Answer>) -> store::Result<bool> {
        let Reply::Lot(lot) = &outcome.reply else { return Ok(false) };
        let mut write = self.inner.store.write(&LotId::default());
        let Some(main) = write.lock().await? else { return Ok(false) };
        let now = self.inner.clock.now().max(main.at);
        let (event, body) = written(main.seq + 1, now, origin, EventChange::LotDeleted { lot: lot.clone() })?;
        let mut batch = Batch::default();
        batch.push(&event, body);
        batch.answers.extend(answer);
        let is_done =
            write.delete_lot(&lot.id, outcome.seq, now).await? && write.append(&batch, &main.epoch, main.seq).await?;
        if is_done {
            write.commit().await?;
            tracing::info!(lot = %lot.id, by = event.actor.name, "lot deleted");
        }
        Ok(is_done)
    }

    /// What [`Self::delete_lot`] would answer now; nothing is removed.
    ///
    /// # Errors
    /// As when it is meant.
    pub fn rehearse_delete_lot(&self, id: &LotId, if_match: Option<u64>) -> Result<Outcome, Error> {
        let Some(lot) = self.lot(id) else {
            return Err(Problem::new(ProblemCode::LotNotFound, format!("there is no lot {id}")).into());
        };
        if *id == LotId::default() {
            return Err(Problem::new(ProblemCode::LotProtected, "lot main is always there").into());
        }
        let (last, slots, cameras, seq) =
            lot.read(|state| (state.lot().clone(), state.slots_len(), state.cameras().count(), state.seq()));
        if let Some(rev) = if_match {
            decide::check_rev(&format!("lot {id}"), last.rev, rev)?;
        }
        if slots + cameras > 0 {
            let detail = format!("lot {id} still has {slots} slots and {cameras} cameras: delete them first");
            return Err(not_empty(detail));
        }
        Ok(Outcome { reply: Reply::Lot(last), seq, replayed: false })
    }

    /// The first answer to this request, if it came before.
    async fn answered(&self, idempotency: Option<&Idempotency>) -> Result<Option<Outcome>, Error> {
        let Some(idempotency) = idempotency else { return Ok(None) };
        let main = LotId::default();
        let Some(answer) = self.inner.store.answer(&main, &idempotency.caller, &idempotency.key).await? else {
            return Ok(None);
        };
        let first = HashMap::from([((answer.actor.clone(), answer.key.clone()), answer)]);
        Ok(answered(idempotency, &first).transpose()?)
    }

    /// Whether it was done by this request; not, when the same key came twice at once and the other was quicker.
    async fn is_done(&self, done: store::Result<bool>, idempotency: Option<&Idempotency>) -> Result<bool, Error> {
        match done {
            Err(store::Error::Constraint(_)) if self.answered(idempotency).await?.is_some() => Ok(false),
            done => Ok(done?),
        }
    }
}
