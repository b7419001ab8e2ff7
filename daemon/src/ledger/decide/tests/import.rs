//! An import does everything or nothing, and says which rows are to blame.

use parking_api::problem::ROW_PROBLEMS_MAX;
use parking_api::slots::{Imported, Position};

use super::*;

fn import(rows: Vec<NewSlot>) -> Command {
    Command::ImportSlots { rows, dry_run: false }
}

fn imported(done: &Done) -> Imported {
    match &done.reply {
        Reply::Imported(imported) => imported.clone(),
        other => panic!("an import was expected, not {other:?}"),
    }
}

fn codes(codes: &[parking_api::SlotCode]) -> Vec<String> {
    codes.iter().map(ToString::to_string).collect()
}

#[test]
fn new_codes_are_created_known_ones_redescribed_and_the_rest_left_alone() {
    let mut world = World::new();
    world.run(import(vec![new_slot("A-1"), new_slot("A-2")]));
    world.run(set("A-2", SlotState::Occupied));
    let before = world.slot("A-2");
    let rows = vec![
        new_slot("A-3"),
        NewSlot { level: 3, state: Some(SlotState::Closed), ..new_slot("A-2") },
        new_slot("A-1"),
        NewSlot { state: Some(SlotState::Occupied), ..new_slot("A-4") },
    ];
    let done = world.run(import(rows));
    let report = imported(&done);
    assert_eq!((report.created, report.updated, report.unchanged, report.dry_run), (2, 1, 1, false));
    assert_eq!(
        (codes(&report.created_codes), codes(&report.updated_codes)),
        (vec!["A-3".into(), "A-4".into()], vec!["A-2".into()])
    );
    let kinds: Vec<_> = done.changes.iter().map(EventChange::kind).collect();
    assert_eq!(kinds, ["slot.created", "slot.changed", "slot.created"]);
    let after = world.slot("A-2");
    assert_eq!((after.state, after.level, after.changed_at), (SlotState::Occupied, 3, before.changed_at));
    assert!(world.stay("A-2").is_some() && world.stay("A-4").is_some(), "occupied slots have their stay");
    let revs: Vec<_> = ["A-3", "A-2", "A-4"].iter().map(|code| world.slot(code).rev).collect();
    assert_eq!(revs, [5, 6, 7], "each slot carries the number of its own event");
}

#[test]
fn the_same_import_twice_changes_nothing_the_second_time() {
    let row = NewSlot {
        zone: Some(String::new()),
        note: Some("  ".into()),
        position: Some(Position { x: 0.5, y: 2.0 }),
        ..new_slot("A-1")
    };
    let named = NewSlot { zone: Some(" Roof ".into()), note: Some(" wet ".into()), ..new_slot("A-2") };
    let mut world = World::new();
    world.run(import(vec![row.clone(), named.clone()]));
    let again = world.run(import(vec![row, named]));
    assert_eq!((again.changes.len(), imported(&again).unchanged), (0, 2));
}

#[test]
fn one_bad_row_refuses_them_all_and_every_bad_row_is_listed() {
    let mut world = World::with_slot("A-1", SlotState::Free);
    let rows = vec![
        new_slot("B-1"),
        NewSlot { zone: Some("z".repeat(201)), ..new_slot("B-2") },
        new_slot("B-1"),
        NewSlot { position: Some(Position { x: f64::NAN, y: 0.0 }), ..new_slot("A-1") },
    ];
    let problem = world.refusal(import(rows));
    assert_eq!((problem.code, problem.status), (ProblemCode::ImportRefused, 422));
    let blamed: Vec<_> = problem.rows.iter().map(|row| (row.row, row.field.as_deref())).collect();
    assert_eq!(blamed, [(2, Some("zone")), (3, Some("code")), (4, Some("position"))]);
    assert!(problem.detail.contains("3 of 4 rows"), "{problem}");
    assert_eq!(world.state.slots_len(), 1);
}

#[test]
fn a_hopeless_import_lists_no_more_rows_than_there_is_room_for() {
    let rows = vec![new_slot("A-1"); ROW_PROBLEMS_MAX + 50];
    let problem = World::new().refusal(import(rows));
    assert_eq!(problem.rows.len(), ROW_PROBLEMS_MAX);
    assert!(problem.detail.contains("149 of 150 rows"), "{problem}");
}

#[test]
fn a_dry_run_says_the_same_and_does_nothing() {
    let mut world = World::with_slot("A-1", SlotState::Free);
    let rows = vec![new_slot("B-1"), NewSlot { level: 1, ..new_slot("A-1") }];
    let dry = world.run(Command::ImportSlots { rows: rows.clone(), dry_run: true });
    assert!(dry.changes.is_empty() && imported(&dry).dry_run);
    let real = imported(&world.run(import(rows)));
    assert_eq!(Imported { dry_run: false, ..imported(&dry) }, real);
    let duplicate = Command::ImportSlots { rows: vec![new_slot("C-1"); 2], dry_run: true };
    assert_eq!(world.refusal(duplicate).code, ProblemCode::ImportRefused);
}

#[test]
fn an_empty_import_is_no_mistake() {
    let done = World::new().run(import(vec![]));
    assert_eq!((done.changes.len(), imported(&done).created), (0, 0));
}
