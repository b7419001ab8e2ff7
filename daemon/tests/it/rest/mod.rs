//! REST as its callers see it, resource by resource.

mod audit;
mod cameras;
mod captures;
mod events;
pub mod firmware;
mod import;
mod lists;
mod lots;
mod manners;
mod public;
mod repeats;
mod sessions;
mod slots;
mod stats;
pub mod streams;
mod trials;

use parking_api::client::{Client, Error};
use parking_api::slots::{NewSlot, SetSlot, Slot, SlotKind, SlotState};
use parking_api::{Committed, LotId, Problem, SlotRef};

use crate::harness::{Database, Parkd, on_both};

/// Why the daemon refused a call of the typed client.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Problem {
    match result {
        Err(Error::Refused(problem)) => *problem,
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

fn at(code: &str) -> SlotRef {
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

fn in_zone(code: &str, zone: &str, state: SlotState) -> NewSlot {
    NewSlot { zone: Some(zone.into()), state: Some(state), ..new_slot(code) }
}

async fn set(client: &Client, code: &str, state: SlotState) -> Committed<Slot> {
    client.slot_set(&at(code), &SetSlot::to(state), &Default::default()).await.expect("it is set")
}

async fn toggle(client: &Client, code: &str) -> Committed<Slot> {
    client.slot_toggle(&at(code), &Default::default()).await.expect("it is toggled")
}

/// A daemon with these slots.
async fn with_slots(slots: &[NewSlot]) -> Parkd {
    with_slots_on(Database::Sqlite, slots).await
}

async fn with_slots_on(database: Database, slots: &[NewSlot]) -> Parkd {
    let parkd = Parkd::start_on(database, &[]);
    parkd.admin().slots_import_json(slots, false).await.expect("they are imported");
    parkd
}

fn lot_id(id: &str) -> LotId {
    id.parse().expect("a lot id")
}

/// `seq` of the newest event of the lot.
async fn head(client: &Client) -> u64 {
    client.slot_stats().await.expect("figures").seq
}
