//! Decisions about visits that gates count in and out. Pure.

use parking_api::events::EventChange;
use parking_api::sessions::{GateEntry, Session, SessionKind, SessionState};
use parking_api::{Problem, ProblemCode, SessionId};

use super::super::command::{Change, Context, Refusal, Reply};
use super::super::state::LotState;
use super::text_or_none;

/// Most visits that may be open in one lot.
const VISITS_MAX: usize = 50_000;

pub(super) fn enter(state: &LotState, entry: &GateEntry, context: &mut Context<'_>) -> Result<Change, Refusal> {
    let (ticket, plate) = credentials(entry)?;
    // Either credential alone names a visit, so both must be new.
    for (ticket, plate) in [(ticket.as_deref(), None), (None, plate.as_deref())] {
        if let Some(open) = state.visit(ticket, plate) {
            return Err(Problem::new(
                ProblemCode::AlreadyInside,
                format!("{} entered at {} and has not left", named(ticket, plate), open.opened_at),
            )
            .field(if ticket.is_some() { "ticket" } else { "plate" }));
        }
    }
    if state.visits_open() >= VISITS_MAX {
        return Err(Problem::new(ProblemCode::LimitReached, format!("{VISITS_MAX} visits are open already")));
    }
    let session = Session {
        id: SessionId((context.new_id)()),
        kind: SessionKind::Gate,
        state: SessionState::Open,
        slot_id: None,
        slot_code: None,
        zone: None,
        ticket,
        plate,
        opened_at: context.now,
        closed_at: None,
        opened_seq: context.seq,
        closed_seq: None,
    };
    Ok(Change {
        changes: vec![EventChange::SessionOpened { session: session.clone() }],
        reply: Reply::Session(session),
    })
}

pub(super) fn exit(state: &LotState, exit: &GateEntry, context: &Context<'_>) -> Result<Change, Refusal> {
    let (ticket, plate) = credentials(exit)?;
    let Some(open) = state.visit(ticket.as_deref(), plate.as_deref()) else {
        return Err(Problem::new(
            ProblemCode::TicketUnknown,
            format!("{} is not inside lot {}", named(ticket.as_deref(), plate.as_deref()), state.lot().id),
        ));
    };
    let session = Session {
        state: SessionState::Closed,
        closed_at: Some(context.now),
        closed_seq: Some(context.seq),
        ..Session::clone(open)
    };
    Ok(Change {
        changes: vec![EventChange::SessionClosed { session: session.clone() }],
        reply: Reply::Session(session),
    })
}

fn credentials(entry: &GateEntry) -> Result<(Option<String>, Option<String>), Refusal> {
    let ticket = text_or_none("ticket", entry.ticket.as_deref())?;
    let plate = text_or_none("plate", entry.plate.as_deref())?;
    if ticket.is_none() && plate.is_none() {
        return Err(Problem::new(ProblemCode::InvalidField, "a ticket or a plate is needed").field("ticket"));
    }
    Ok((ticket, plate))
}

fn named(ticket: Option<&str>, plate: Option<&str>) -> String {
    match (ticket, plate) {
        (Some(ticket), Some(plate)) => format!("ticket {ticket:?} or plate {plate:?}"),
        (Some(ticket), None) => format!("ticket {ticket:?}"),
        (None, plate) => format!("plate {:?}", plate.unwrap_or_default()),
    }
}
