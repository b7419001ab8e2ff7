//! `slot watch`: one line for each change, for ever. What changed while the line was down is caught up with, never lost.

use std::collections::HashMap;
use std::time::Duration;

use parking_api::client::SlotQuery;
use parking_api::events::{Actor, Event, EventChange};
use parking_api::ids::SlotRef;
use parking_api::live::{Lagged, Snapshot};
use parking_api::sessions::Session;
use parking_api::slots::{Slot, SlotState};
use parking_api::{SlotId, Time};
use serde::Serialize;
use serde_json::Value;

use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;
use crate::follow::{After, Follow, Step, Until};
use crate::output::{Column, Look, Record, Show, Shown, Stream, Tint, clean, raw};
use crate::{clock, events, times};

pub const EXAMPLES: &str = "\
It follows the lot until Ctrl-C, comes back by itself when the daemon was away, and says on stderr what happened.
With -o json or jsonl each change is one object a line.

Examples:
  parkctl slot watch
  parkctl slot watch A-01 A-02 --for 60
  parkctl slot watch --after 0
  parkctl slot watch A-12 --count 1 -o json";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these slots
    #[arg(value_name = "CODE")]
    slots: Vec<SlotRef>,
    /// Only the slots of this zone
    #[arg(long)]
    zone: Option<String>,
    /// Begin with every change after this event: a seq, or EPOCH.SEQ, with which a log that was replaced since is told
    #[arg(long, value_name = "CURSOR")]
    after: Option<After>,
    /// End after so many changes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after so long, counted from the first connection; before --count is reached that is exit code 7
    #[arg(long = "for", value_name = "SECONDS", value_parser = times::seconds)]
    limit: Option<Duration>,
}

/// One change of one slot.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Change {
    seq: u64,
    at: Time,
    kind: &'static str,
    /// Unknown for what was caught up with.
    actor: Option<Actor>,
    data: Data,
    /// The state before, as far as it was seen.
    was: Option<SlotState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<Via>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Data {
    slot: Slot,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Session>,
}

/// How a change was learnt of, when not by its own event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Via {
    Snapshot,
    Lagged,
}

pub async fn run(app: &mut App, args: Args) -> Result<(), Error> {
    let client = app.client()?;
    let (lot, server) = (client.lot().as_str(), client.server());
    let cursor = match &args.after {
        Some(after) => Some(after.cursor(&events::newest(&client).await?)),
        None => None,
    };
    let mut follow = Follow::new(&client, cursor);
    let mut watched = Watched { filter: Filter { slots: args.slots, zone: args.zone }, known: None };
    if args.after.is_some() {
        let slots = client.slots(&SlotQuery::default()).await?;
        watched.known = Some(slots.into_iter().map(|slot| (slot.id, slot)).collect());
    } else {
        watched.apply(follow.next(&mut app.out).await?, clock::now());
    }
    watched.filter.check(watched.known.get_or_insert_default(), lot)?;
    app.out.talk(&watched.greeting(lot, server))?;
    let mut stream = Stream::new(&app.out, &watched.samples(app.now()))?;
    stream.begin(&mut app.out)?;
    if args.after.is_some() {
        // How they were at that event nobody says.
        watched.known = None;
    }
    let mut until = Until::begin(args.count, args.limit);
    loop {
        let step = match until.within(follow.next(&mut app.out)).await {
            Some(step) => step?,
            None => return until.over(),
        };
        for change in watched.apply(step, clock::now()) {
            stream.push(&mut app.out, &change)?;
            if until.is_last() {
                return Ok(());
            }
        }
    }
}

#[derive(Debug)]
struct Filter {
    slots: Vec<SlotRef>,
    zone: Option<String>,
}

impl Filter {
    fn takes(&self, slot: &Slot) -> bool {
        let is_named = self.slots.is_empty() || self.slots.iter().any(|name| is(name, slot));
        is_named && (self.zone.is_none() || self.zone == slot.zone)
    }

    /// A name that nothing bears would be waited for in vain.
    fn check(&self, known: &HashMap<SlotId, Slot>, lot: &str) -> Result<(), Error> {
        let missing: Vec<String> = self
            .slots
            .iter()
            .filter(|name| !known.values().any(|slot| is(name, slot)))
            .map(ToString::to_string)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let what = format!("cannot watch {}: lot {lot} has no such slot", missing.join(", "));
        Err(Error::here(Exit::NotFound, "slot_not_found", what)
            .hint("see `parkctl slot list`, or name another lot with --lot"))
    }
}

fn is(name: &SlotRef, slot: &Slot) -> bool {
    match name {
        SlotRef::Id(id) => *id == slot.id,
        SlotRef::Code(code) => *code == slot.code,
    }
}

/// The slots as they were last seen.
#[derive(Debug)]
struct Watched {
    filter: Filter,
    /// None before the first snapshot.
    known: Option<HashMap<SlotId, Slot>>,
}

impl Watched {
    /// What changed for the slots that are watched.
    fn apply(&mut self, step: Step, now: Time) -> Vec<Change> {
        let changes = match step {
            Step::Snapshot(snapshot) => self.replace(*snapshot, now),
            Step::Lagged(lagged) => self.merge(*lagged, now),
            Step::Event(event) => self.event(*event).into_iter().collect(),
        };
        changes.into_iter().filter(|change| self.filter.takes(&change.data.slot)).collect()
    }

    fn replace(&mut self, snapshot: Snapshot, now: Time) -> Vec<Change> {
        let new: HashMap<SlotId, Slot> = snapshot.slots.into_iter().map(|slot| (slot.id, slot)).collect();
        let Some(mut old) = self.known.replace(new.clone()) else { return Vec::new() };
        let mut changes: Vec<Change> = new
            .into_values()
            .filter_map(|slot| {
                let before = old.remove(&slot.id);
                let is_new = before.as_ref().is_none_or(|before| before.rev != slot.rev);
                is_new.then(|| caught_up(slot, before.as_ref(), Via::Snapshot))
            })
            .collect();
        changes.extend(old.into_values().map(|slot| gone(slot, snapshot.seq, now, Via::Snapshot)));
        changes.sort_by_key(|change| change.seq);
        changes
    }

    fn merge(&mut self, lagged: Lagged, now: Time) -> Vec<Change> {
        let known = self.known.get_or_insert_default();
        let mut changes = Vec::new();
        for slot in lagged.slots {
            let before = known.insert(slot.id, slot.clone());
            changes.push(caught_up(slot, before.as_ref(), Via::Lagged));
        }
        for id in lagged.deleted {
            changes.extend(known.remove(&id).map(|slot| gone(slot, lagged.to, now, Via::Lagged)));
        }
        changes.sort_by_key(|change| change.seq);
        changes
    }

    fn event(&mut self, event: Event) -> Option<Change> {
        let known = self.known.get_or_insert_default();
        let kind = event.change.kind();
        let (data, before) = match event.change {
            EventChange::SlotCreated { slot, session } | EventChange::SlotChanged { slot, session } => {
                let before = known.insert(slot.id, slot.clone());
                (Data { slot, session }, before)
            }
            EventChange::SlotDeleted { slot, session } => {
                let before = known.remove(&slot.id);
                (Data { slot, session }, before)
            }
            _ => return None,
        };
        let was = before.map(|slot| slot.state);
        Some(Change { seq: event.seq, at: event.at, kind, actor: Some(event.actor), data, was, via: None })
    }

    fn greeting(&self, lot: &str, server: &str) -> String {
        let count = self.known.iter().flat_map(HashMap::values).filter(|slot| self.filter.takes(slot)).count();
        let noun = if count == 1 { "slot" } else { "slots" };
        format!("watching {count} {noun} of lot {lot} at {server}; Ctrl-C ends it")
    }

    /// Changes as wide as any that may come, so that the first line is aligned with the last.
    fn samples(&self, now: Time) -> Vec<Change> {
        let slots = || self.known.iter().flat_map(HashMap::values).filter(|slot| self.filter.takes(slot));
        let code = slots().max_by_key(|slot| slot.code.as_str().len());
        let zone = slots().max_by_key(|slot| slot.zone.as_ref().map_or(0, String::len));
        let (widest, actor) = (SlotState::Occupied, Some(Actor::camera("cam-1")));
        [code, zone]
            .into_iter()
            .flatten()
            .map(|slot| {
                let data = Data { slot: Slot { state: widest, note: None, ..slot.clone() }, session: None };
                Change {
                    seq: 0,
                    at: now,
                    kind: "slot.changed",
                    actor: actor.clone(),
                    data,
                    was: Some(widest),
                    via: None,
                }
            })
            .collect()
    }
}

fn caught_up(slot: Slot, before: Option<&Slot>, via: Via) -> Change {
    let kind = if before.is_some() { "slot.changed" } else { "slot.created" };
    let was = before.map(|slot| slot.state);
    Change {
        seq: slot.rev,
        at: slot.changed_at,
        kind,
        actor: None,
        data: Data { slot, session: None },
        was,
        via: Some(via),
    }
}

/// When it was deleted nobody says; `at` is when that was found out.
fn gone(slot: Slot, seq: u64, at: Time, via: Via) -> Change {
    let was = Some(slot.state);
    Change { seq, at, kind: "slot.deleted", actor: None, data: Data { slot, session: None }, was, via: Some(via) }
}

impl Record for Change {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("seq", "/seq", Show::Number),
            Column::new("at", "/at", Show::Clock).table("TIME", 0),
            Column::new("kind", "/kind", Show::Text),
            Column::new("code", "/data/slot/code", Show::Text).table("SLOT", 0),
            Column::new("was", "/was", Show::Word(before)).table("WAS", 2),
            Column::new("state", "/data/slot/state", Show::Record(after)).table("STATE", 0),
            Column::new("zone", "/data/slot/zone", Show::Text).table("ZONE", 3).flexible(),
            Column::new("actor_kind", "/actor/kind", Show::Text),
            Column::new("actor_name", "/actor/name", Show::Text),
            Column::new("by", "", Show::Record(by)).table("BY", 1).flexible().derived(),
            Column::new("note", "/data/slot/note", Show::Record(note)).table("NOTE", 4).flexible(),
            Column::new("via", "/via", Show::Text),
        ]
    }
}

fn before(word: &str, look: &Look) -> Shown {
    Shown::tinted(super::state(word, look).text, Tint::Dim)
}

fn after(change: &Value, look: &Look) -> Shown {
    match change["kind"].as_str() {
        Some("slot.deleted") => Shown::tinted(format!("{} deleted", look.glyph("−", "-")), Tint::Dim),
        _ => super::state(change["data"]["slot"]["state"].as_str().unwrap_or_default(), look),
    }
}

fn by(change: &Value, look: &Look) -> Shown {
    match change["via"].as_str() {
        Some("snapshot") => Shown::tinted("(while away)", Tint::Yellow),
        Some(_) => Shown::tinted("(lagged)", Tint::Yellow),
        None => events::by(change, look),
    }
}

fn note(change: &Value, _: &Look) -> Shown {
    Shown::plain(clean(&raw(&change["data"]["slot"]["note"])))
}

#[cfg(test)]
mod tests;
