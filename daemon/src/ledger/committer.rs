//! The one task per lot that writes: it drains the commands that wait, decides each against the state that the ones before it left,
//! commits all in one transaction, and only then answers and announces. One disk flush serves a whole batch, and what comes while the
//! database is at it is decided already for the next.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_api::events::Event;
use parking_api::{Problem, ProblemCode};
use tokio_util::sync::CancellationToken;

use super::Error;
use super::command::{Facts, Outcome};
use super::draft::{Decided, Draft, encode};
use super::lot::{Envelope, Intake, LotHandle};
use super::news::News;
use super::secrets::Secrets;
use super::state::LotState;
use crate::clock::Clock;
use crate::store::{self, Batch, Parts, Store, Write};

/// Most commands of one transaction.
const BATCH_MAX: usize = 256;
/// Events of other daemons that are read at once.
const CATCH_UP_PAGE: usize = 1_000;
/// How long after another process wrote first the head is locked before anything is decided.
const CONTENDED_FOR: Duration = Duration::from_millis(500);

pub(super) struct Committer {
    lot: Arc<LotHandle>,
    intake: Intake,
    store: Store,
    clock: Arc<dyn Clock>,
    secrets: Arc<Secrets>,
    news: Arc<News>,
    /// What commands are decided against; its state is ahead of the published one only while something is on its way.
    draft: Draft,
    /// Commands that came while a batch was written. The first of them are decided in the draft.
    ahead: Vec<Envelope>,
    /// Why the last batch was not committed. Until one is, or the lock can be had, nothing is tried but that.
    trouble: Option<Error>,
    /// Whether the last look at what others wrote came to nothing. Once is no trouble: this process may just have been paused.
    has_missed: bool,
    /// When another process was last found to have written first.
    lost_at: Option<Instant>,
}

/// What one transaction came to.
enum Done {
    Committed {
        events: Vec<(Event, String)>,
        batch: Box<Batch>,
        answers: Vec<Result<Outcome, Error>>,
    },
    /// Other processes have written so much, up to this event, that nobody should wait with a lock while it is read.
    Behind(u64),
    /// The log is another one now (a backup was restored), or is not kept back to where this one stands: start from this.
    Replaced(Box<Parts>),
    /// The lot was deleted.
    Gone,
}

impl Committer {
    pub fn new(
        lot: Arc<LotHandle>,
        intake: Intake,
        store: Store,
        clock: Arc<dyn Clock>,
        secrets: Arc<Secrets>,
        news: Arc<News>,
    ) -> Self {
        let draft = Draft::new(lot.read(LotState::clone));
        Self {
            lot,
            intake,
            store,
            clock,
            secrets,
            news,
            draft,
            ahead: Vec::new(),
            trouble: None,
            has_missed: false,
            lost_at: None,
        }
    }

    /// Works until `stop`, and then through the commands that are queued already.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let mut batch = std::mem::take(&mut self.ahead);
            if batch.is_empty() {
                tokio::select! {
                    count = self.intake.commands.recv_many(&mut batch, BATCH_MAX) => {
                        if count == 0 {
                            return;
                        }
                    }
                    () = self.intake.wake.notified() => {}
                    () = stop.cancelled() => {}
                }
            }
            if stop.is_cancelled() {
                self.intake.commands.close();
                while !batch.is_empty() || self.intake.commands.recv_many(&mut batch, BATCH_MAX).await > 0 {
                    self.process(batch, true).await;
                    batch = std::mem::take(&mut self.ahead);
                }
                return;
            }
            if !self.process(batch, true).await {
                return;
            }
            self.lot.note_round();
        }
    }

    /// Forgets what was decided and is not committed.
    fn rewind(&mut self) {
        self.draft = Draft::new(self.lot.read(LotState::clone));
    }

    /// Commits a batch, which `may_grow` until it is decided, and answers every caller. `false` when the lot is gone.
    async fn process(&mut self, mut batch: Vec<Envelope>, may_grow: bool) -> bool {
        if let Some(why) = self.refusal(batch.is_empty()) {
            if self.draft.len() > 0 {
                self.rewind();
            }
            answer_all(batch, &why);
            return true;
        }
        let started = Instant::now();
        let failed = match self.caught_up(&mut batch, may_grow).await {
            Ok(Done::Committed { events, batch: written, answers }) => {
                let ms = started.elapsed().as_secs_f64() * 1e3;
                tracing::debug!(lot = %self.lot.id(), commands = batch.len(), events = events.len(), ms, "committed");
                if !written.is_empty() {
                    self.news.of_lot(self.lot.id());
                }
                self.recover();
                self.apply(&events, &written).await;
                for (envelope, answer) in batch.into_iter().zip(answers) {
                    // A caller that has gone away needs no answer.
                    let _ = envelope.answer.send(answer);
                }
                self.lot.announce(events);
                return true;
            }
            Ok(Done::Replaced(parts)) => {
                // First, so that who returns at once is known already.
                self.load_secrets().await;
                self.lot.replace(*parts);
                self.rewind();
                answer_all(batch, &Error::Unavailable("the log of this lot was replaced: try again".into()));
                return true;
            }
            Ok(Done::Gone) => {
                let detail = format!("lot {} was deleted", self.lot.id());
                answer_all(batch, &Error::from(Problem::new(ProblemCode::LotNotFound, detail)));
                return false;
            }
            Ok(Done::Behind(_)) => unreachable!("it was followed"),
            Err(error) => error,
        };
        self.rewind();
        if batch.len() > 1 && !is_trouble(&failed) {
            // One command of the batch is the culprit; alone, the others go through.
            for envelope in batch {
                Box::pin(self.process(vec![envelope], false)).await;
            }
            return true;
        }
        if let store::Error::Constraint(why) = &failed {
            let detail =
                format!("something that must be unique is there already ({why}): repeat it with a new idempotency key");
            answer_all(batch, &Error::from(Problem::new(ProblemCode::AlreadyExists, detail)));
            return true;
        }
        if batch.is_empty() && !std::mem::replace(&mut self.has_missed, true) {
            self.lot.wake();
        } else {
            self.fail(batch, failed);
        }
        true
    }

    /// Why nothing is even tried. What comes while the database is in trouble is answered at once: whether it is better, an empty batch
    /// finds out at every tick.
    fn refusal(&self, is_empty: bool) -> Option<Error> {
        if self.lot.is_away() {
            return Some(Error::Unavailable(self.lot.degraded().borrow().clone().unwrap_or_default()));
        }
        self.trouble.clone().filter(|_| !is_empty)
    }

    /// Attempts a batch, after what there is of others' to follow.
    async fn caught_up(&mut self, batch: &mut Vec<Envelope>, may_grow: bool) -> store::Result<Done> {
        loop {
            match self.attempt(batch, may_grow).await {
                Ok(Done::Behind(head)) => self.follow(head).await?,
                done => return done,
            }
        }
    }

    /// Notes that the database does what it should.
    fn recover(&mut self) {
        self.has_missed = false;
        if self.trouble.take().is_some() {
            tracing::info!(lot = %self.lot.id(), "writes work again");
        }
        self.lot.set_degraded(None);
    }

    fn fail(&mut self, batch: Vec<Envelope>, failed: store::Error) {
        if self.trouble.is_none() {
            tracing::error!(lot = %self.lot.id(), commands = batch.len(), error = %failed, "a batch was not committed");
            // Often one connection is all that broke: whether the next one works is known at once.
            self.lot.wake();
        }
        self.lot.set_degraded(Some(failed.to_string()));
        if is_trouble(&failed) {
            self.trouble = Some(match &failed {
                // Who asks later was surely not served.
                store::Error::Unknown(why) => Error::Unavailable(why.clone()),
                _ => Error::from(&failed),
            });
        }
        answer_all(batch, &Error::from(&failed));
    }

    /// Makes committed events the state that everybody sees.
    async fn apply(&mut self, events: &[(Event, String)], written: &Batch) {
        let id = self.lot.id();
        let has_tokens = events.iter().any(|(event, _)| event.change.kind().starts_with("token."));
        if has_tokens {
            self.secrets.insert(id, &written.hashes);
            let are_ours = events.len() == written.len();
            if !are_ours {
                self.load_secrets().await;
            }
        }
        self.lot.apply(events);
        if has_tokens {
            self.secrets.announce();
        }
    }

    /// Reads the hashes of tokens that another process made, which are not in the log.
    async fn load_secrets(&self) {
        let id = self.lot.id();
        match self.store.secrets(id).await {
            Ok(secrets) => self.secrets.load(id, secrets),
            Err(error) => tracing::error!(lot = %id, %error, "cannot read tokens that another process made"),
        }
    }

    /// Decides against the memory and lets the statement that writes prove that nobody else wrote meanwhile; where somebody did, or did
    /// lately, locks the head first.
    async fn attempt(&mut self, envelopes: &mut Vec<Envelope>, may_grow: bool) -> store::Result<Done> {
        let write = self.store.write(self.lot.id());
        let until = write.until();
        let is_contended = self.lost_at.is_some_and(|at| at.elapsed() < CONTENDED_FOR);
        if !envelopes.is_empty() && !write.locks_for_free() && !is_contended && !self.lot.is_degraded() {
            if may_grow {
                self.grow(envelopes);
            }
            if let Some(done) = self.decide_all(write, envelopes, Vec::new(), may_grow).await? {
                return Ok(done);
            }
            tracing::debug!(lot = %self.lot.id(), "another process wrote at the same moment");
            self.lost_at = Some(Instant::now());
            self.rewind();
            // They were decided against what was not written.
            envelopes.append(&mut self.ahead);
        }
        let mut write = self.store.write_until(self.lot.id(), until);
        // Only what is to be written needs a lock, or whether anything can be written.
        let needs_lock = !envelopes.is_empty() || self.lot.is_degraded();
        let head = if needs_lock { write.lock().await? } else { write.head().await? };
        let Some(head) = head else { return Ok(Done::Gone) };
        let at = self.lot.read(LotState::seq);
        if *head.epoch != **self.draft.state().epoch() || head.seq < at || at + 1 < head.floor {
            drop(write);
            let parts = self.store.parts(self.lot.id()).await?;
            return Ok(parts.map_or(Done::Gone, |parts| Done::Replaced(Box::new(parts))));
        }
        if head.seq - at > CATCH_UP_PAGE as u64 {
            return Ok(Done::Behind(head.seq));
        }
        if head.seq > at {
            self.rewind();
        }
        let caught = self.catch_up(&mut write, head.seq).await?;
        // What came while the lock was taken goes along: one flush serves it as well.
        if may_grow && needs_lock {
            self.grow(envelopes);
        }
        self.decide_all(write, envelopes, caught, may_grow).await?.ok_or_else(|| {
            store::Error::Unavailable(format!("the log of lot {} moved although it was locked", self.lot.id()))
        })
    }

    fn grow(&mut self, envelopes: &mut Vec<Envelope>) {
        while envelopes.len() < BATCH_MAX
            && let Ok(envelope) = self.intake.commands.try_recv()
        {
            envelopes.push(envelope);
        }
    }

    /// Decides every command and commits what they come to, after `events` that were caught up with. `None` when the log is not where
    /// the memory is: then nothing was written, and what was decided means nothing.
    async fn decide_all(
        &mut self,
        mut write: Write,
        envelopes: &[Envelope],
        mut events: Vec<(Event, String)>,
        may_look_ahead: bool,
    ) -> store::Result<Option<Done>> {
        // The first of them may have been, while the batch before them was written.
        let undecided = &envelopes[self.draft.len()..];
        self.look_up(&mut write, undecided).await?;
        let now = self.clock.now();
        for envelope in undecided {
            self.draft.decide(envelope, now);
        }
        let decided = self.draft.take();
        let epoch = Arc::clone(self.draft.state().epoch());
        // Whether the database takes a write again, only a write can tell: a full disk gives every lock.
        let is_probe = envelopes.is_empty() && self.lot.is_degraded();
        let writing = async {
            let Decided { head, batch, .. } = &decided;
            let is_there = if is_probe {
                write.probe(now).await?;
                true
            } else if batch.is_empty() {
                // A refusal must be true as well.
                envelopes.is_empty() || write.is_locked() || write.head().await?.is_some_and(|h| h.is_at(&epoch, *head))
            } else {
                write.append(batch, &epoch, *head).await?
            };
            if is_there && (is_probe || !batch.is_empty()) {
                write.commit().await?;
            }
            Ok::<_, store::Error>(is_there)
        };
        let is_there = if may_look_ahead { self.look_ahead(writing).await? } else { writing.await? };
        if !is_there {
            return Ok(None);
        }
        let Decided { batch, events: own, answers, .. } = decided;
        events.extend(own);
        Ok(Some(Done::Committed { events, batch: Box::new(batch), answers }))
    }

    /// Decides what comes while the database is `writing`, up to a command that must know what the history holds.
    async fn look_ahead<T>(&mut self, writing: impl Future<Output = T>) -> T {
        let mut writing = pin!(writing);
        let mut may_take = true;
        loop {
            tokio::select! {
                biased;
                written = &mut writing => return written,
                envelope = self.intake.commands.recv(), if may_take && self.ahead.len() < BATCH_MAX => {
                    let Some(envelope) = envelope else {
                        may_take = false;
                        continue;
                    };
                    may_take = envelope.idempotency.is_none() && envelope.command.captures().is_empty();
                    if may_take {
                        self.draft.decide(&envelope, self.clock.now());
                    }
                    self.ahead.push(envelope);
                }
            }
        }
    }

    /// Takes in what other processes committed up to `head`, page by page, each of which everybody sees at once.
    async fn follow(&mut self, head: u64) -> store::Result<()> {
        self.rewind();
        while self.draft.state().seq() < head {
            let to = head.min(self.draft.state().seq() + CATCH_UP_PAGE as u64);
            let caught = self.catch_up(&mut self.store.write(self.lot.id()), to).await?;
            self.apply(&caught, &Batch::default()).await;
            self.lot.announce(caught);
        }
        Ok(())
    }

    /// Applies what other processes committed since.
    async fn catch_up(&mut self, write: &mut Write, head: u64) -> store::Result<Vec<(Event, String)>> {
        let mut caught = Vec::new();
        while self.draft.state().seq() < head {
            let page = write.events_after(self.draft.state().seq(), CATCH_UP_PAGE).await?;
            if page.first().is_none_or(|event| event.seq != self.draft.state().seq() + 1) {
                return Err(store::Error::Corrupt(format!(
                    "the log of lot {} ends at {head} but has no event {}",
                    self.lot.id(),
                    self.draft.state().seq() + 1
                )));
            }
            for event in page {
                self.draft.follow(&event);
                let event = Event { audit: None, ..event };
                let body = encode(&event)?;
                caught.push((event, body));
            }
        }
        Ok(caught)
    }

    /// Reads what the history holds of the things that these commands name.
    async fn look_up(&mut self, write: &mut Write, envelopes: &[Envelope]) -> store::Result<()> {
        let mut facts = Facts::default();
        let captures: Vec<_> = envelopes.iter().flat_map(|envelope| envelope.command.captures()).copied().collect();
        if !captures.is_empty() {
            facts.captures =
                write.captures(&captures).await?.into_iter().map(|capture| (capture.id, capture)).collect();
        }
        let keys: Vec<_> = envelopes
            .iter()
            .filter_map(|envelope| envelope.idempotency.as_ref())
            .map(|idempotency| (idempotency.caller.as_str(), idempotency.key.as_str()))
            .collect();
        let answers = if keys.is_empty() { Vec::new() } else { write.answers(&keys).await? };
        self.draft.know(facts, answers);
        Ok(())
    }
}

/// Whether it is the database that is at fault, so that no other batch would fare better.
fn is_trouble(error: &store::Error) -> bool {
    use store::Error::{Full, ReadOnly, Unavailable, Unknown};
    matches!(error, Unavailable(_) | ReadOnly(_) | Unknown(_) | Full(_))
}

fn answer_all(batch: Vec<Envelope>, error: &Error) {
    for envelope in batch {
        let _ = envelope.answer.send(Err(error.clone()));
    }
}
