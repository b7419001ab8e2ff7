//! Visits that gates count: bound to a ticket or a plate, never to "the oldest".

use parking_api::sessions::{SessionKind, SessionState};

use super::*;

fn visit(done: &Done) -> Session {
    match (&done.reply, done.changes.as_slice()) {
        (Reply::Session(reply), [EventChange::SessionOpened { session } | EventChange::SessionClosed { session }]) => {
            assert_eq!(reply, session, "the answer is what is stored");
            session.clone()
        }
        other => panic!("one session was expected, not {other:?}"),
    }
}

#[test]
fn a_visit_begins_at_the_entry_and_ends_at_the_exit() {
    let mut world = World::new();
    let opened = visit(&world.run(Command::EnterGate(gate(Some(" T-1 "), Some("B 1234 XY")))));
    assert_eq!((opened.kind, opened.state, opened.opened_seq), (SessionKind::Gate, SessionState::Open, 2));
    assert_eq!((opened.ticket.as_deref(), opened.plate.as_deref()), (Some("T-1"), Some("B 1234 XY")));
    assert_eq!((world.state.visits_open(), world.state.stays_open()), (1, 0));
    world.wait(5_000);
    let closed = visit(&world.run(Command::ExitGate(gate(Some("T-1"), None))));
    assert_eq!((closed.id, closed.state), (opened.id, SessionState::Closed));
    assert_eq!((closed.closed_at, closed.closed_seq), (Some(world.now), Some(3)));
    assert_eq!(world.state.visits_open(), 0, "the plate is free again as well");
    world.run(Command::EnterGate(gate(None, Some("B 1234 XY"))));
}

#[test]
fn an_exit_takes_either_of_what_was_given_at_the_entry() {
    for exit in [gate(Some("T-1"), None), gate(None, Some("P-1")), gate(Some("T-1"), Some("P-1"))] {
        let mut world = World::new();
        world.run(Command::EnterGate(gate(Some("T-1"), Some("P-1"))));
        world.run(Command::EnterGate(gate(Some("T-2"), None)));
        let closed = visit(&world.run(Command::ExitGate(exit)));
        assert_eq!(closed.ticket.as_deref(), Some("T-1"));
        assert_eq!(world.state.visits_open(), 1, "the other vehicle is inside still");
    }
}

#[test]
fn nobody_enters_twice_and_nobody_leaves_who_is_not_inside() {
    let mut world = World::new();
    world.run(Command::EnterGate(gate(Some("T-1"), Some("P-1"))));
    let cases = [
        (Command::EnterGate(gate(Some("T-1"), None)), ProblemCode::AlreadyInside, Some("ticket")),
        (Command::EnterGate(gate(None, Some("P-1"))), ProblemCode::AlreadyInside, Some("plate")),
        (Command::EnterGate(gate(Some("T-2"), Some("P-1"))), ProblemCode::AlreadyInside, Some("plate")),
        (Command::ExitGate(gate(Some("T-2"), None)), ProblemCode::TicketUnknown, None),
        // A known plate does not make up for a ticket that is another's, nor the other way round.
        (Command::ExitGate(gate(Some("T-9"), Some("P-1"))), ProblemCode::TicketUnknown, None),
        (Command::ExitGate(gate(Some("T-1"), Some("P-9"))), ProblemCode::TicketUnknown, None),
        // A ticket that reads like somebody's plate is not that plate.
        (Command::ExitGate(gate(Some("P-1"), None)), ProblemCode::TicketUnknown, None),
        (Command::ExitGate(gate(None, Some("T-1"))), ProblemCode::TicketUnknown, None),
    ];
    for (command, code, field) in cases {
        assert_eq!(blame(&world.refusal(command.clone())), (code, field), "{command:?}");
    }
    world.run(Command::ExitGate(gate(Some("T-1"), None)));
    assert_eq!(world.refusal(Command::ExitGate(gate(Some("T-1"), None))).code, ProblemCode::TicketUnknown);
}

#[test]
fn a_gate_must_say_who_passed() {
    let mut world = World::new();
    for nobody in [gate(None, None), gate(Some(""), None), gate(Some("  "), Some("\t"))] {
        let problem = world.refusal(Command::EnterGate(nobody.clone()));
        assert_eq!(blame(&problem), (ProblemCode::InvalidField, Some("ticket")));
        assert_eq!(world.refusal(Command::ExitGate(nobody)).code, ProblemCode::InvalidField);
    }
    let long = gate(None, Some(&"P".repeat(201)));
    assert_eq!(blame(&world.refusal(Command::EnterGate(long))), (ProblemCode::InvalidField, Some("plate")));
}
