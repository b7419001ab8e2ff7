//! What a watch makes of the stream, without a stream.

use parking_api::live::SnapshotReason;
use parking_api::lots::Lot;
use parking_api::slots::{SlotKind, SlotStats, Source};

use super::*;

fn at(ms: i64) -> Time {
    Time::from_ms(ms)
}

fn slot(code: &str, state: SlotState, rev: u64) -> Slot {
    // The id follows from the code, so that the same code is the same slot.
    let id = code.bytes().fold(1_u128, |id, byte| id << 8 | u128::from(byte));
    let id = format!("{:08x}-0000-4000-8000-{:012x}", id & 0xffff_ffff, id & 0xffff_ffff_ffff);
    Slot {
        id: id.parse().expect("an id"),
        code: code.parse().expect("a code"),
        zone: Some("North".into()),
        level: 0,
        kind: SlotKind::Standard,
        state,
        source: Source::Manual,
        position: None,
        rev,
        observed_at: at(rev as i64),
        changed_at: at(rev as i64),
        note: None,
        stale_since: None,
        suggested: None,
    }
}

fn snapshot(seq: u64, slots: Vec<Slot>) -> Step {
    let lot = Lot {
        id: "main".parse().expect("an id"),
        name: "main".into(),
        time_zone: "UTC".into(),
        currency: "XXX".into(),
        created_at: at(0),
        rev: 1,
    };
    let stats = SlotStats { seq, counts: Default::default(), zones: Vec::new() };
    let reason = SnapshotReason::TooOld;
    Step::Snapshot(Box::new(Snapshot { seq, reason, lot, slots, cameras: Vec::new(), stats }))
}

fn changed(seq: u64, slot: Slot) -> Step {
    let change = EventChange::SlotChanged { slot, session: None };
    Step::Event(Box::new(Event { seq, at: at(0), actor: Actor::token("admin"), change, audit: None }))
}

fn watched(slots: &[&str]) -> Watched {
    let slots = slots.iter().map(|code| code.parse().expect("a code")).collect();
    Watched { filter: Filter { slots, zone: None }, known: None }
}

fn told(changes: &[Change]) -> Vec<(String, &'static str, Option<SlotState>, Option<Via>)> {
    changes.iter().map(|change| (change.data.slot.code.to_string(), change.kind, change.was, change.via)).collect()
}

use SlotState::{Free, Occupied};

#[test]
fn the_first_snapshot_is_where_watching_begins_and_no_change() {
    let mut watched = watched(&[]);
    assert_eq!(watched.apply(snapshot(3, vec![slot("A-1", Free, 2)]), at(0)), []);
    let changes = watched.apply(changed(4, slot("A-1", Occupied, 4)), at(0));
    assert_eq!(told(&changes), [("A-1".into(), "slot.changed", Some(Free), None)]);
}

#[test]
fn what_changed_while_away_is_told_in_order_and_marked() {
    let mut watched = watched(&[]);
    let begin = vec![slot("A-1", Free, 1), slot("A-2", Free, 2), slot("A-3", Free, 3), slot("A-4", Free, 4)];
    watched.apply(snapshot(4, begin), at(0));
    let later = vec![slot("A-1", Occupied, 9), slot("A-2", Free, 2), slot("A-3", Occupied, 7), slot("A-5", Free, 8)];
    let changes = watched.apply(snapshot(10, later), at(0));
    let via = Some(Via::Snapshot);
    assert_eq!(
        told(&changes),
        [
            ("A-3".into(), "slot.changed", Some(Free), via),
            ("A-5".into(), "slot.created", None, via),
            ("A-1".into(), "slot.changed", Some(Free), via),
            ("A-4".into(), "slot.deleted", Some(Free), via),
        ]
    );
}

#[test]
fn a_slot_of_an_older_log_counts_as_changed_too() {
    let mut watched = watched(&[]);
    watched.apply(snapshot(90, vec![slot("A-1", Occupied, 80)]), at(0));
    let changes = watched.apply(snapshot(5, vec![slot("A-1", Free, 2)]), at(0));
    assert_eq!(told(&changes), [("A-1".into(), "slot.changed", Some(Occupied), Some(Via::Snapshot))]);
}

#[test]
fn what_many_changes_came_to_is_one_line_each() {
    let mut watched = watched(&[]);
    watched.apply(snapshot(2, vec![slot("A-1", Free, 1), slot("A-2", Free, 2)]), at(0));
    let lagged = Lagged {
        from: 2,
        to: 50,
        slots: vec![slot("A-1", Occupied, 44)],
        deleted: vec![slot("A-2", Free, 2).id],
        cameras: Vec::new(),
        lot: None,
    };
    let via = Some(Via::Lagged);
    assert_eq!(
        told(&watched.apply(Step::Lagged(Box::new(lagged)), at(0))),
        [("A-1".into(), "slot.changed", Some(Free), via), ("A-2".into(), "slot.deleted", Some(Free), via),]
    );
}

#[test]
fn only_the_slots_that_were_named_are_told() {
    let mut watched = watched(&["A-2"]);
    watched.apply(snapshot(2, vec![slot("A-1", Free, 1), slot("A-2", Free, 2)]), at(0));
    assert_eq!(watched.apply(changed(3, slot("A-1", Occupied, 3)), at(0)), []);
    assert_eq!(watched.apply(changed(4, slot("A-2", Occupied, 4)), at(0)).len(), 1);
}

#[test]
fn a_name_that_no_slot_bears_is_refused() {
    let mut watched = watched(&["A-1", "Z-9"]);
    watched.apply(snapshot(2, vec![slot("A-1", Free, 1)]), at(0));
    let error = watched.filter.check(&watched.known.unwrap_or_default(), "main").expect_err("there is no Z-9");
    assert_eq!(error.exit(), Exit::NotFound);
    assert_eq!(error.to_string(), "cannot watch Z-9: lot main has no such slot");
}
