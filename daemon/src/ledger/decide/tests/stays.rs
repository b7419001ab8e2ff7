//! When a stay begins, ends, or never was.

use parking_api::sessions::{SessionKind, SessionState};

use super::*;

#[test]
fn a_stay_begins_when_a_slot_becomes_occupied_and_ends_when_it_stops_being_so() {
    for from in SlotState::ALL {
        for to in SlotState::ALL {
            let mut world = World::with_slot("A-1", *from);
            let open = world.stay("A-1");
            assert_eq!(open.is_some(), *from == SlotState::Occupied, "a slot that begins {from}");
            world.wait(UNDO_MS + 1);
            let session = world.run(set("A-1", *to)).session();
            match (*from == SlotState::Occupied, *to == SlotState::Occupied) {
                (false, true) => {
                    let session = session.expect("a stay begins");
                    assert_eq!((session.state, session.kind), (SessionState::Open, SessionKind::Slot));
                    assert_eq!((session.opened_at, session.opened_seq), (world.now, 3));
                    assert_eq!((session.closed_at, session.closed_seq), (None, None));
                    assert_eq!(world.stay("A-1"), Some(session));
                }
                (true, false) => {
                    let (session, open) = (session.expect("the stay ends"), open.expect("it was open"));
                    assert_eq!((session.id, session.state), (open.id, SessionState::Closed));
                    assert_eq!((session.closed_at, session.closed_seq), (Some(world.now), Some(3)));
                    assert_eq!((session.opened_at, session.opened_seq), (open.opened_at, open.opened_seq));
                    assert_eq!(world.stay("A-1"), None);
                }
                _ => {
                    assert_eq!(session, None, "{from} to {to}");
                    assert_eq!(world.stay("A-1"), open, "{from} to {to}");
                }
            }
        }
    }
}

#[test]
fn only_a_person_who_takes_back_a_persons_change_in_time_voids_the_stay() {
    use Source::{Api, Camera, Manual, Sensor};
    let (void, closed) = (SessionState::Void, SessionState::Closed);
    let cases = [
        (Manual, Manual, 0, void),
        (Manual, Manual, UNDO_MS, void),
        (Manual, Manual, UNDO_MS + 1, closed),
        (Manual, Api, 1_000, void),
        (Api, Manual, 1_000, void),
        (Api, Api, UNDO_MS, void),
        (Api, Api, UNDO_MS + 1, closed),
        (Sensor, Sensor, 1_000, closed),
        (Camera, Camera, 1_000, closed),
        (Sensor, Manual, 1_000, closed),
        (Camera, Manual, 1_000, closed),
        (Manual, Sensor, 1_000, closed),
        (Api, Camera, 1_000, closed),
    ];
    for (opened_by, ended_by, after_ms, state) in cases {
        for to in [SlotState::Free, SlotState::Unknown, SlotState::Closed, SlotState::Reserved] {
            let mut world = World::with_slot("A-1", SlotState::Free);
            world.run(set_by("A-1", SlotState::Occupied, opened_by));
            world.wait(after_ms);
            let session = world.run(set_by("A-1", to, ended_by)).session().expect("the stay ends");
            assert_eq!(session.state, state, "{opened_by} then {ended_by} after {after_ms} ms, to {to}");
            assert_eq!(session.closed_at, Some(world.now), "a void stay says when it was taken back");
        }
    }
}

#[test]
fn a_stay_that_a_camera_opened_is_not_voided_by_a_person_who_only_agreed_with_it() {
    let mut world = World::with_slot("A-1", SlotState::Free);
    world.run(set_by("A-1", SlotState::Occupied, Source::Camera));
    world.run(set_by("A-1", SlotState::Occupied, Source::Manual));
    world.wait(1_000);
    let session = world.run(toggle("A-1")).session().expect("the stay ends");
    assert_eq!(session.state, SessionState::Closed);
}

#[test]
fn a_toggle_taken_back_in_time_leaves_no_stay_and_a_later_one_does() {
    for (after_ms, state) in [(3_000, SessionState::Void), (UNDO_MS + 1, SessionState::Closed)] {
        let mut world = World::with_slot("A-1", SlotState::Free);
        world.run(toggle("A-1"));
        world.wait(after_ms);
        assert_eq!(world.run(toggle("A-1")).session().map(|session| session.state), Some(state));
    }
}

#[test]
fn a_stay_that_a_person_ended_by_mistake_goes_on_when_that_is_taken_back_in_time() {
    use Source::{Api, Camera, Manual, Sensor};
    let cases = [
        (Manual, Manual, 1_000, true),
        (Manual, Api, UNDO_MS, true),
        (Manual, Manual, UNDO_MS + 1, false),
        (Camera, Manual, 1_000, false),
        (Manual, Sensor, 1_000, false),
    ];
    for (ended_by, taken_back_by, after_ms, goes_on) in cases {
        for to in [SlotState::Free, SlotState::Unknown, SlotState::Closed] {
            let mut world = World::with_slot("A-1", SlotState::Occupied);
            let stay = world.stay("A-1").expect("it is occupied");
            world.wait(2 * 3_600_000);
            world.run(set_by("A-1", to, ended_by));
            world.wait(after_ms);
            let session =
                world.run(set_by("A-1", SlotState::Occupied, taken_back_by)).session().expect("a stay is open");
            let what = format!("{ended_by} to {to}, then {taken_back_by} after {after_ms} ms");
            assert_eq!(session == stay, goes_on, "{what}");
            assert_eq!(world.stay("A-1"), Some(session), "{what}");
        }
    }
}

#[test]
fn the_end_of_a_stay_is_final_once_anything_else_happened_to_its_slot() {
    let mut world = World::with_slot("A-1", SlotState::Occupied);
    let stay = world.stay("A-1").expect("it is occupied");
    world.wait(UNDO_MS + 1);
    world.run(toggle("A-1"));
    world.run(set("A-1", SlotState::Free));
    let next = world.run(toggle("A-1")).session().expect("a stay begins");
    assert_ne!(next.id, stay.id);
    world.run(toggle("A-1"));
    let void = world.log.last().expect("an event").clone();
    assert!(matches!(void.change, EventChange::SlotChanged { session: Some(s), .. } if s.state == SessionState::Void));
    let third = world.run(toggle("A-1")).session().expect("a stay begins");
    assert!(third.id != next.id && third.id != stay.id, "what never was does not go on");
}

#[test]
fn what_a_camera_has_confirmed_is_no_mistake_any_more() {
    let mut world = World::with_slot("A-1", SlotState::Free);
    world.run(toggle("A-1"));
    world.run(set_by("A-1", SlotState::Occupied, Source::Camera));
    assert_eq!(world.run(toggle("A-1")).session().map(|session| session.state), Some(SessionState::Closed));
}

#[test]
fn deleting_an_occupied_slot_closes_its_stay_even_right_away() {
    let mut world = World::with_slot("A-1", SlotState::Occupied);
    let open = world.stay("A-1").expect("it is occupied");
    let session = world.run(delete("A-1")).session().expect("the stay ends with its slot");
    assert_eq!((session.id, session.state, session.closed_seq), (open.id, SessionState::Closed, Some(3)));
    assert_eq!((world.state.slots_len(), world.state.stays_open()), (0, 0));
    let mut world = World::with_slot("A-1", SlotState::Free);
    assert_eq!(world.run(delete("A-1")).session(), None);
}

#[test]
fn a_stay_keeps_the_code_and_zone_that_its_slot_had_when_it_began() {
    let mut world = World::new();
    let new = NewSlot { zone: Some("Roof".into()), state: Some(SlotState::Occupied), ..new_slot("A-1") };
    world.run(Command::CreateSlot(new));
    let renamed = SlotPatch {
        code: Some("B-1".parse().expect("a code")),
        zone: Some(Some("Cellar".into())),
        ..SlotPatch::default()
    };
    world.run(patch("A-1", renamed));
    let session = world.run(set("B-1", SlotState::Free)).session().expect("the stay ends");
    assert_eq!(session.slot_code.map(|code| code.to_string()).as_deref(), Some("A-1"));
    assert_eq!(session.zone.as_deref(), Some("Roof"));
}
