//! A lot without a database: decides commands as the committer does, and holds every event to what the log asks of it.

use parkd::ledger::decide::{decide, lot_created};
use parkd::ledger::{Audience, Command, Context, Facts, LotState};
use parkd::store::{Parts, parse_event};
use parking_api::events::{Actor, Event, EventChange, LogEntry};
use parking_api::lots::NewLot;
use parking_api::{Problem, Time};
use uuid::Uuid;

const EPOCH: &str = "e";
/// Time that goes by with each command, in milliseconds.
const STEP_MS: i64 = 60_000;
/// Longest sentence that a refusal may say, in bytes: it may quote what was sent, but not echo a whole body.
const DETAIL_BYTES_MAX: usize = 4 * 1024;

/// A lot that lives for one input.
pub struct World {
    state: LotState,
    /// The same, folded from the log as it is read back.
    told: LotState,
    facts: Facts,
    now: Time,
    ids: u128,
}

impl World {
    pub fn new() -> Self {
        let now = Time::from_ms(1_000_000);
        let new = NewLot { id: "main".parse().expect("a lot id"), name: None, time_zone: None, currency: None };
        let lot = lot_created(&new, now).expect("a valid lot");
        let state = LotState::new(lot.clone(), EPOCH);
        let mut world = Self { told: state.clone(), state, facts: Facts::default(), now, ids: 0 };
        world.commit(EventChange::LotCreated { lot });
        world
    }

    /// Carries a command out, or finds that its refusal is one that a caller can be given.
    pub fn run(&mut self, command: &Command) {
        self.now = self.now.plus_ms(STEP_MS);
        let actor = Actor::token("fuzz");
        let mut ids = self.ids;
        let mut new_id = || {
            ids += 1;
            Uuid::from_u128(ids)
        };
        let mut context = Context {
            now: self.now,
            actor: &actor,
            facts: &self.facts,
            seq: self.state.seq() + 1,
            new_id: &mut new_id,
        };
        let decided = decide(&self.state, command, &mut context);
        self.ids = ids;
        match decided {
            Ok(change) => {
                serde_json::to_string(&change.reply).expect("a reply is JSON");
                for change in change.changes {
                    self.commit(change);
                }
            }
            Err(problem) => check_refusal(&problem),
        }
    }

    fn commit(&mut self, change: EventChange) {
        let event = Event { seq: self.state.seq() + 1, at: self.now, actor: Actor::token("fuzz"), change, audit: None };
        let body = serde_json::to_string(&event).expect("an event is JSON");
        let read = parse_event(&body).expect("what is logged can be read");
        assert_eq!(read, event, "an event is read back as it was logged");
        for audience in Audience::ALL {
            let seen = serde_json::to_string(&audience.view(&event)).expect("an entry is JSON");
            let seen: LogEntry = serde_json::from_str(&seen).expect("a client can read what it is sent");
            assert_eq!(seen.seq(), event.seq, "the chain stays whole");
        }
        self.facts.apply(&event);
        self.state.apply(&event);
        self.told.apply(&read);
    }

    /// The lot is the fold of its log, and a checkpoint of it comes back whole.
    pub fn check(&self) {
        let parts = |state: &LotState| serde_json::to_string(&state.to_parts()).expect("parts are JSON");
        let whole = parts(&self.state);
        assert_eq!(parts(&self.told), whole, "the log tells the same lot");
        let checkpoint: Parts = serde_json::from_str(&whole).expect("a checkpoint can be read");
        assert_eq!(parts(&LotState::from_parts(checkpoint)), whole, "a checkpoint comes back whole");
    }
}

/// A refusal is the caller's fault, and says why in bounds.
pub fn check_refusal(problem: &Problem) {
    assert!((400..500).contains(&problem.status), "{problem:?}");
    assert!(!problem.detail.is_empty() && problem.detail.len() <= DETAIL_BYTES_MAX, "{problem:?}");
    serde_json::to_string(problem).expect("a problem is JSON");
}
