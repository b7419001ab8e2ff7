//! What each command makes of one slot, and what it refuses.

use parking_api::slots::{Position, SLOTS_MAX};

use super::*;

#[test]
fn a_new_slot_is_free_on_the_ground_and_for_everybody_unless_told_otherwise() {
    let mut world = World::new();
    let slot = world.run(Command::CreateSlot(new_slot("A-1"))).slot();
    assert_eq!(
        (slot.state, slot.source, slot.kind, slot.level),
        (SlotState::Free, Source::Manual, SlotKind::Standard, 0)
    );
    assert_eq!((slot.rev, slot.observed_at, slot.changed_at), (2, world.now, world.now));
    assert_eq!((slot.zone, slot.note, slot.position), (None, None, None));
}

#[test]
fn texts_are_trimmed_and_blank_ones_count_as_none() {
    let mut world = World::new();
    let new = NewSlot { zone: Some("  Roof ".into()), note: Some(" \t ".into()), ..new_slot("A-1") };
    let slot = world.run(Command::CreateSlot(new)).slot();
    assert_eq!((slot.zone.as_deref(), slot.note), (Some("Roof"), None));
}

#[test]
fn a_slot_that_cannot_be_is_refused_with_the_field_to_blame() {
    let mut world = World::with_slot("A-1", SlotState::Free);
    let at = |x, y| Some(Position { x, y });
    let cases = [
        (NewSlot { ..new_slot("A-1") }, ProblemCode::AlreadyExists, "code"),
        (NewSlot { zone: Some("z".repeat(201)), ..new_slot("B") }, ProblemCode::InvalidField, "zone"),
        (NewSlot { note: Some("a\nb".into()), ..new_slot("B") }, ProblemCode::InvalidField, "note"),
        (NewSlot { position: at(f64::NAN, 0.0), ..new_slot("B") }, ProblemCode::InvalidField, "position"),
        (NewSlot { position: at(0.0, f64::INFINITY), ..new_slot("B") }, ProblemCode::InvalidField, "position"),
        (NewSlot { position: at(-100_000.1, 0.0), ..new_slot("B") }, ProblemCode::InvalidField, "position"),
    ];
    for (new, code, field) in cases {
        let problem = world.refusal(Command::CreateSlot(new.clone()));
        assert_eq!(blame(&problem), (code, Some(field)), "{new:?}");
    }
    world.run(Command::CreateSlot(NewSlot {
        note: Some("ä".repeat(200)),
        position: at(-100_000.0, 1e5),
        ..new_slot("B")
    }));
}

#[test]
fn every_state_can_be_set_from_every_other() {
    for from in SlotState::ALL {
        for to in SlotState::ALL {
            let mut world = World::with_slot("A-1", *from);
            let before = world.slot("A-1");
            world.wait(5_000);
            let slot = world.run(set_by("A-1", *to, Source::Sensor)).slot();
            assert_eq!((slot.state, slot.source, slot.rev), (*to, Source::Sensor, 3), "{from} to {to}");
            assert_eq!(slot.observed_at, world.now, "it was seen again");
            let changed_at = if from == to { before.changed_at } else { world.now };
            assert_eq!(slot.changed_at, changed_at, "{from} to {to}");
            assert_eq!(slot, world.slot("A-1"), "the answer is what is stored");
        }
    }
}

#[test]
fn setting_a_state_keeps_replaces_or_removes_the_note() {
    let mut world = World::with_slot("A-1", SlotState::Free);
    let mut note_after = |note: Option<Option<&str>>| {
        let note = note.map(|note| note.map(str::to_string));
        let set = SetSlot { note, ..SetSlot::to(SlotState::Closed) };
        world.run(Command::SetSlot { slot: slot_ref("A-1"), set }).slot().note
    };
    assert_eq!(note_after(Some(Some(" wet "))).as_deref(), Some("wet"));
    assert_eq!(note_after(None).as_deref(), Some("wet"));
    assert_eq!(note_after(Some(None)), None);
    let set = SetSlot { note: Some(Some("n".repeat(201))), ..SetSlot::to(SlotState::Free) };
    let problem = world.refusal(Command::SetSlot { slot: slot_ref("A-1"), set });
    assert_eq!(blame(&problem), (ProblemCode::InvalidField, Some("note")));
}

#[test]
fn a_toggle_swaps_free_and_occupied_and_is_refused_from_reserved_and_closed() {
    let cases = [
        (SlotState::Free, Some(SlotState::Occupied)),
        (SlotState::Occupied, Some(SlotState::Free)),
        (SlotState::Unknown, Some(SlotState::Occupied)),
        (SlotState::Reserved, None),
        (SlotState::Closed, None),
    ];
    assert_eq!(cases.len(), SlotState::ALL.len());
    for (from, to) in cases {
        let mut world = World::with_slot("A-1", from);
        match to {
            Some(to) => {
                let slot = world.run(toggle("A-1")).slot();
                assert_eq!((slot.state, slot.source), (to, Source::Manual), "from {from}");
            }
            None => {
                let problem = world.refusal(toggle("A-1"));
                assert_eq!((problem.code, problem.status), (ProblemCode::ToggleRefused, 409), "from {from}");
                assert!(problem.detail.contains("A-1") && problem.detail.contains(from.as_str()), "{problem}");
            }
        }
    }
}

#[test]
fn a_stale_rev_is_refused_by_every_command_on_a_slot_and_a_current_one_is_not() {
    let commands = |if_match: Option<u64>| {
        let slot = || slot_ref("A-1");
        [
            Command::SetSlot { slot: slot(), set: SetSlot::to(SlotState::Occupied) },
            Command::ToggleSlot { slot: slot() },
            Command::PatchSlot { slot: slot(), patch: SlotPatch { level: Some(1), ..SlotPatch::default() } },
            Command::DeleteSlot { slot: slot() },
        ]
        .map(|command| command.only_at(if_match))
    };
    for index in 0..commands(None).len() {
        let mut world = World::with_slot("A-1", SlotState::Free);
        for stale in [0, 1, 3] {
            let problem = world.refusal(commands(Some(stale))[index].clone());
            assert_eq!((problem.code, problem.status, problem.rev), (ProblemCode::RevStale, 412, Some(2)));
        }
        world.run(commands(Some(2))[index].clone());
    }
}

#[test]
fn a_slot_that_is_not_there_is_named_in_the_refusal_of_every_command() {
    let mut world = World::with_slot("A-1", SlotState::Free);
    let by_id = SlotRef::Id(parking_api::SlotId(Uuid::from_u128(999)));
    let commands = [
        set("B-1", SlotState::Free),
        toggle("B-1"),
        patch("B-1", SlotPatch::default()),
        delete("B-1"),
        Command::ToggleSlot { slot: by_id },
    ];
    for command in commands {
        assert_eq!(world.refusal(command).code, ProblemCode::SlotNotFound);
    }
    assert!(world.refusal(toggle("B-1")).detail.contains("B-1"));
}

#[test]
fn a_slot_answers_to_its_id_and_to_its_new_code_but_not_to_its_old_one() {
    let mut world = World::with_slot("A-1", SlotState::Free);
    let id = world.slot("A-1").id;
    world.run(patch("A-1", SlotPatch { code: Some("B-1".parse().expect("a code")), ..SlotPatch::default() }));
    assert_eq!(world.run(Command::ToggleSlot { slot: SlotRef::Id(id) }).slot().id, id);
    assert_eq!(world.run(toggle("B-1")).slot().id, id);
    assert_eq!(world.refusal(toggle("A-1")).code, ProblemCode::SlotNotFound);
}

#[test]
fn a_patch_changes_what_it_names_and_never_the_state() {
    let mut world = World::with_slot("A-1", SlotState::Occupied);
    world.run(Command::CreateSlot(new_slot("A-2")));
    let before = world.slot("A-1");
    world.wait(1_000);
    let full = SlotPatch {
        code: Some("A-1".parse().expect("its own code")),
        zone: Some(Some("Roof".into())),
        level: Some(-2),
        kind: Some(SlotKind::Ev),
        position: Some(Some(Position { x: 1.0, y: 2.0 })),
        note: Some(Some("charger".into())),
    };
    let done = world.run(patch("A-1", full));
    assert_eq!(done.session(), None, "the stay goes on");
    let slot = done.slot();
    assert_eq!((slot.zone.as_deref(), slot.level, slot.kind), (Some("Roof"), -2, SlotKind::Ev));
    assert_eq!((slot.state, slot.observed_at, slot.changed_at), (before.state, before.observed_at, before.changed_at));
    let cleared = SlotPatch { zone: Some(None), position: Some(None), note: Some(None), ..SlotPatch::default() };
    let slot = world.run(patch("A-1", cleared)).slot();
    assert_eq!((slot.zone, slot.position, slot.note, slot.kind), (None, None, None, SlotKind::Ev));
    let taken = SlotPatch { code: Some("A-2".parse().expect("a code")), ..SlotPatch::default() };
    assert_eq!(blame(&world.refusal(patch("A-1", taken))), (ProblemCode::AlreadyExists, Some("code")));
    let nowhere = SlotPatch { position: Some(Some(Position { x: f64::NAN, y: 0.0 })), ..SlotPatch::default() };
    assert_eq!(blame(&world.refusal(patch("A-1", nowhere))), (ProblemCode::InvalidField, Some("position")));
}

#[test]
fn a_full_lot_takes_no_slot_more_but_changes_those_that_it_has() {
    let mut world = World::new();
    let rows: Vec<_> = (0..SLOTS_MAX).map(|n| new_slot(&format!("S-{n}"))).collect();
    world.run(Command::ImportSlots { rows, dry_run: false });
    assert_eq!(world.state.slots_len(), SLOTS_MAX);
    assert_eq!(world.refusal(Command::CreateSlot(new_slot("T-1"))).code, ProblemCode::LimitReached);
    let import = |row: NewSlot| Command::ImportSlots { rows: vec![row], dry_run: false };
    assert_eq!(world.refusal(import(new_slot("T-1"))).code, ProblemCode::LimitReached);
    world.run(import(NewSlot { level: 1, ..new_slot("S-0") }));
    world.run(delete("S-0"));
    world.run(Command::CreateSlot(new_slot("T-1")));
}
