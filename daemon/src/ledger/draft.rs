//! What commands come to before any of it is written: they are decided one after the other against the state that the ones before them
//! left. Pure.

use std::collections::HashMap;

use parking_api::events::Event;
use parking_api::{Problem, ProblemCode, Time};

use super::Error;
use super::audit;
use super::command::{Command, Context, Facts, Outcome};
use super::decide::decide;
use super::lot::Envelope;
use super::repeats::{answered, remember};
use super::state::LotState;
use crate::clock::new_id;
use crate::store::{self, Answer, Batch};

/// The state as it will be, and how it came to be so.
pub(super) struct Draft {
    /// Ahead of what is committed by the events below, and by those that are just being written.
    state: LotState,
    facts: Facts,
    /// First answers, by caller and idempotency key.
    first: HashMap<(String, String), Answer>,
    decided: Decided,
}

/// What commands came to, to be written to the log behind event `head`.
#[derive(Default)]
pub(super) struct Decided {
    pub head: u64,
    /// When: all of them in the same instant, that of the first.
    at: Option<Time>,
    pub batch: Batch,
    /// With their bodies as they go over the wire.
    pub events: Vec<(Event, String)>,
    /// One for each command, in their order.
    pub answers: Vec<Result<Outcome, Error>>,
}

impl Draft {
    pub fn new(state: LotState) -> Self {
        let decided = Decided { head: state.seq(), ..Decided::default() };
        Self { state, facts: Facts::default(), first: HashMap::new(), decided }
    }

    pub fn state(&self) -> &LotState {
        &self.state
    }

    /// How many commands were decided, and wait to be written.
    pub fn len(&self) -> usize {
        self.decided.answers.len()
    }

    /// What was decided; what is decided from now on comes after it.
    pub fn take(&mut self) -> Decided {
        (self.facts, self.first) = (Facts::default(), HashMap::new());
        std::mem::replace(&mut self.decided, Decided { head: self.state.seq(), ..Decided::default() })
    }

    /// Takes in an event that another process committed.
    pub fn follow(&mut self, event: &Event) {
        self.state.apply(event);
        self.decided.head = self.state.seq();
    }

    /// Takes in what the history holds of the things that the next commands name.
    pub fn know(&mut self, facts: Facts, answers: Vec<Answer>) {
        self.facts.captures.extend(facts.captures);
        self.first.extend(answers.into_iter().map(|answer| ((answer.actor.clone(), answer.key.clone()), answer)));
    }

    pub fn decide(&mut self, envelope: &Envelope, now: Time) {
        let at = *self.decided.at.get_or_insert(now.max(self.state.at()));
        let answer = self.answer(envelope, at).map_err(Error::from);
        self.decided.answers.push(answer);
    }

    fn answer(&mut self, envelope: &Envelope, at: Time) -> Result<Outcome, Problem> {
        if let Some(again) = envelope.idempotency.as_ref().and_then(|idempotency| answered(idempotency, &self.first)) {
            return again;
        }
        let origin = &envelope.origin;
        let mut ids = new_id;
        let seq = self.state.seq() + 1;
        let mut context = Context { now: at, actor: &origin.actor, facts: &self.facts, seq, new_id: &mut ids };
        let change = decide(&self.state, &envelope.command, &mut context)?;
        if envelope.is_trial {
            return Ok(Outcome { reply: change.reply, seq: self.state.seq(), replayed: false });
        }
        if let Command::CreateCamera { token, .. } | Command::CreateToken(token) = &envelope.command {
            self.decided.batch.hashes.insert(token.token.id, token.hash.clone());
        }
        let has_changes = !change.changes.is_empty();
        for change in change.changes {
            let audit = audit::of(&self.state, &change, origin.address);
            let event = Event { seq: self.state.seq() + 1, at, actor: origin.actor.clone(), change, audit: None };
            let failed = |e: &dyn std::fmt::Display| Problem::new(ProblemCode::Internal, e.to_string());
            let live = encode(&event).map_err(|e| failed(&e))?;
            let body = audit::body(&live, audit.as_ref()).map_err(|e| failed(&e))?;
            self.state.apply(&event);
            self.facts.apply(&event);
            self.decided.batch.push(&event, body);
            self.decided.events.push((event, live));
        }
        let outcome = Outcome { reply: change.reply, seq: self.state.seq(), replayed: false };
        if let Some(idempotency) = envelope.idempotency.as_ref().filter(|_| has_changes) {
            let answer = remember(idempotency, &outcome)?;
            self.first.insert((answer.actor.clone(), answer.key.clone()), answer.clone());
            self.decided.batch.answers.push(answer);
        }
        Ok(outcome)
    }
}

/// An event as it goes over the wire.
pub(super) fn encode(event: &Event) -> store::Result<String> {
    serde_json::to_string(event).map_err(|e| store::Error::Corrupt(format!("event {}: {e}", event.seq)))
}
