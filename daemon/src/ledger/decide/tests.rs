//! Tests of the decisions: tables for every command, and what holds after any sequence of them.

mod cameras;
mod gates;
mod import;
mod property;
mod slots;
mod stays;
mod tokens;

use parking_api::events::{Actor, Event, EventChange};
use parking_api::lots::NewLot;
use parking_api::sessions::{GateEntry, Session, UNDO_MS};
use parking_api::slots::{NewSlot, SetSlot, Slot, SlotKind, SlotPatch, SlotState, Source};
use parking_api::{ProblemCode, SlotRef, Time};
use uuid::Uuid;

use super::super::command::{Command, Context, Facts, Reply};
use super::super::state::LotState;
use super::*;

const EPOCH: &str = "e";

/// A lot, its clock and its ids: what the committer is to a lot in earnest.
struct World {
    state: LotState,
    facts: Facts,
    now: Time,
    ids: u128,
    log: Vec<Event>,
}

/// What a command came to.
struct Done {
    reply: Reply,
    changes: Vec<EventChange>,
}

impl World {
    fn new() -> Self {
        let now = Time::from_ms(1_000_000);
        let new = NewLot { id: "main".parse().expect("a lot id"), name: None, time_zone: None, currency: None };
        let lot = lot_created(&new, now).expect("a valid lot");
        let mut world =
            Self { state: LotState::new(lot.clone(), EPOCH), facts: Facts::default(), now, ids: 0, log: Vec::new() };
        world.commit(EventChange::LotCreated { lot });
        world
    }

    fn with_slot(code: &str, state: SlotState) -> Self {
        let mut world = Self::new();
        world.run(Command::CreateSlot(NewSlot { state: Some(state), ..new_slot(code) }));
        world
    }

    fn wait(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
    }

    fn decide(&mut self, command: &Command) -> Result<Change, Refusal> {
        let Self { state, facts, now, ids, .. } = self;
        let mut new_id = || {
            *ids += 1;
            Uuid::from_u128(*ids)
        };
        let actor = Actor::token("test");
        let mut context = Context { now: *now, actor: &actor, facts, seq: state.seq() + 1, new_id: &mut new_id };
        decide(state, command, &mut context)
    }

    fn commit(&mut self, change: EventChange) {
        let event = Event { seq: self.state.seq() + 1, at: self.now, actor: Actor::token("test"), change, audit: None };
        self.state.apply(&event);
        self.facts.apply(&event);
        self.log.push(event);
    }

    fn try_run(&mut self, command: Command) -> Result<Done, Refusal> {
        let Change { changes, reply } = self.decide(&command)?;
        changes.iter().cloned().for_each(|change| self.commit(change));
        Ok(Done { reply, changes })
    }

    fn run(&mut self, command: Command) -> Done {
        self.try_run(command.clone()).unwrap_or_else(|problem| panic!("{command:?} is refused: {problem}"))
    }

    fn refusal(&mut self, command: Command) -> Refusal {
        match self.decide(&command) {
            Err(problem) => problem,
            Ok(change) => panic!("{command:?} comes to {change:?}"),
        }
    }

    fn slot(&self, code: &str) -> Slot {
        Slot::clone(self.state.slot(&slot_ref(code)).expect("the slot is there"))
    }

    fn stay(&self, code: &str) -> Option<Session> {
        self.state.stay(self.slot(code).id).map(|stay| Session::clone(stay))
    }
}

impl Done {
    fn slot(&self) -> Slot {
        match &self.reply {
            Reply::Slot(slot) => slot.clone(),
            other => panic!("a slot was expected, not {other:?}"),
        }
    }

    /// The session of the only change.
    fn session(&self) -> Option<Session> {
        match self.changes.as_slice() {
            [
                EventChange::SlotCreated { session, .. }
                | EventChange::SlotChanged { session, .. }
                | EventChange::SlotDeleted { session, .. },
            ] => session.clone(),
            other => panic!("one change of a slot was expected, not {other:?}"),
        }
    }
}

fn slot_ref(code: &str) -> SlotRef {
    code.parse().expect("a slot code")
}

fn new_slot(code: &str) -> NewSlot {
    NewSlot {
        code: code.parse().expect("a slot code"),
        zone: None,
        level: 0,
        kind: SlotKind::Standard,
        state: None,
        position: None,
        note: None,
    }
}

fn set(code: &str, state: SlotState) -> Command {
    Command::SetSlot { slot: slot_ref(code), set: SetSlot::to(state) }
}

fn set_by(code: &str, state: SlotState, source: Source) -> Command {
    let set = SetSlot { source: Some(source), ..SetSlot::to(state) };
    Command::SetSlot { slot: slot_ref(code), set }
}

fn toggle(code: &str) -> Command {
    Command::ToggleSlot { slot: slot_ref(code) }
}

fn patch(code: &str, patch: SlotPatch) -> Command {
    Command::PatchSlot { slot: slot_ref(code), patch }
}

fn delete(code: &str) -> Command {
    Command::DeleteSlot { slot: slot_ref(code) }
}

/// A refusal's code and the field that it blames.
fn blame(problem: &Refusal) -> (ProblemCode, Option<&str>) {
    (problem.code, problem.field.as_deref())
}

fn gate(ticket: Option<&str>, plate: Option<&str>) -> GateEntry {
    GateEntry { ticket: ticket.map(str::to_string), plate: plate.map(str::to_string) }
}
