//! Decisions about slots, and about the stays that follow from them. Pure.

use std::sync::Arc;

use parking_api::events::EventChange;
use parking_api::regions::Sighting;
use parking_api::sessions::{Session, SessionKind, SessionState, UNDO_MS};
use parking_api::slots::{NewSlot, Position, SLOTS_MAX, SetSlot, Slot, SlotPatch, SlotState, Source};
use parking_api::{Problem, ProblemCode, SessionId, SlotId, SlotRef};

use super::super::command::{Change, Context, Refusal, Reply, SlotNote};
use super::super::state::LotState;
use super::{guard, regions, text_or_none};

/// Farthest coordinate of a slot from the origin of the plan, in metres.
const COORDINATE_MAX: f64 = 100_000.0;

pub(super) fn create(state: &LotState, new: &NewSlot, context: &mut Context<'_>) -> Result<Change, Refusal> {
    if state.slots_len() >= SLOTS_MAX {
        return Err(full(state));
    }
    if state.slot_by_code(&new.code).is_some() {
        return Err(Problem::new(
            ProblemCode::AlreadyExists,
            format!("slot {} exists already in lot {}", new.code, state.lot().id),
        )
        .field("code"));
    }
    let (slot, session) = created(new, context.seq, context)?;
    Ok(Change { changes: vec![EventChange::SlotCreated { slot: slot.clone(), session }], reply: Reply::Slot(slot) })
}

pub(super) fn full(state: &LotState) -> Refusal {
    Problem::new(
        ProblemCode::LimitReached,
        format!("lot {} holds {SLOTS_MAX} slots, which is as many as a lot can", state.lot().id),
    )
}

/// The slot that `new` describes, and its stay when it begins occupied.
pub(super) fn created(new: &NewSlot, seq: u64, context: &mut Context<'_>) -> Result<(Slot, Option<Session>), Refusal> {
    let slot = Slot {
        id: SlotId((context.new_id)()),
        code: new.code.clone(),
        zone: text_or_none("zone", new.zone.as_deref())?,
        level: new.level,
        kind: new.kind,
        state: new.state.unwrap_or(SlotState::Free),
        source: Source::Manual,
        position: position(new.position)?,
        rev: seq,
        observed_at: context.now,
        changed_at: context.now,
        note: text_or_none("note", new.note.as_deref())?,
        stale_since: None,
        suggested: None,
    };
    let session = (slot.state == SlotState::Occupied).then(|| opened(&slot, context));
    Ok((slot, session))
}

pub(super) fn set(
    state: &LotState,
    slot: &SlotRef,
    set: &SetSlot,
    context: &mut Context<'_>,
) -> Result<Change, Refusal> {
    let before = found(state, slot)?;
    let note = match &set.note {
        Some(note) => text_or_none("note", note.as_deref())?,
        None => before.note.clone(),
    };
    Ok(changed(state, &before, set.state, set.source.unwrap_or(Source::Manual), note, context))
}

pub(super) fn toggle(state: &LotState, slot: &SlotRef, context: &mut Context<'_>) -> Result<Change, Refusal> {
    let before = found(state, slot)?;
    let to = match before.state {
        SlotState::Free | SlotState::Unknown => SlotState::Occupied,
        SlotState::Occupied => SlotState::Free,
        SlotState::Reserved | SlotState::Closed => {
            return Err(Problem::new(
                ProblemCode::ToggleRefused,
                format!("slot {} is {}: set a state instead of toggling it", before.code, before.state),
            ));
        }
    };
    Ok(changed(state, &before, to, Source::Manual, before.note.clone(), context))
}

/// A person says that a slot is free; `seq` is that of the change.
pub(super) fn freed(state: &LotState, before: &Slot, seq: u64, context: &mut Context<'_>) -> EventChange {
    let mut context = Context { seq, new_id: &mut *context.new_id, ..*context };
    let mut change = changed(state, before, SlotState::Free, Source::Manual, before.note.clone(), &mut context);
    change.changes.remove(0)
}

fn changed(
    state: &LotState,
    before: &Slot,
    to: SlotState,
    source: Source,
    note: Option<String>,
    context: &mut Context<'_>,
) -> Change {
    let slot = Slot {
        state: to,
        source,
        note,
        rev: context.seq,
        observed_at: context.now,
        changed_at: if to == before.state { before.changed_at } else { context.now },
        // Whoever says how it is now answers whatever was asked.
        stale_since: None,
        suggested: None,
        ..before.clone()
    };
    let session = match (before.state == SlotState::Occupied, to == SlotState::Occupied) {
        (false, true) => {
            let is_by_people = is_by_person(before.source) && is_by_person(source);
            let ended = state.ended(before.id).filter(|stay| is_by_people && stay.closed_seq == Some(before.rev));
            Some(ended.and_then(|stay| reopened(stay, context)).unwrap_or_else(|| opened(&slot, context)))
        }
        (true, false) => {
            // Only whoever took the slot can have been mistaken about it: a stay that something else was said about since is no mistake.
            let is_undo =
                |stay: &Session| stay.opened_seq == before.rev && is_by_person(before.source) && is_by_person(source);
            state.stay(before.id).map(|stay| ended(stay, is_undo(stay), context))
        }
        _ => None,
    };
    Change { changes: vec![EventChange::SlotChanged { slot: slot.clone(), session }], reply: Reply::Slot(slot) }
}

/// Notes whether a slot is stale, or what a camera suggests, unless somebody changed it meanwhile. Its state stays.
pub(super) fn note(
    state: &LotState,
    slot: &SlotRef,
    rev: u64,
    note: SlotNote,
    context: &Context<'_>,
) -> Result<Change, Refusal> {
    let before = found_at(state, slot, rev)?;
    let mut slot = Slot::clone(&before);
    match note {
        SlotNote::Stale(is_stale) => slot.stale_since = is_stale.then(|| slot.stale_since.unwrap_or(context.now)),
        SlotNote::Suggested(suggested) => slot.suggested = suggested,
    }
    if slot == *before {
        return Ok(Change { changes: vec![], reply: Reply::Slot(slot) });
    }
    slot.rev = context.seq;
    let change = EventChange::SlotChanged { slot: slot.clone(), session: None };
    Ok(Change { changes: vec![change], reply: Reply::Slot(slot) })
}

/// A camera sets a slot, and says why. Whoever changed the slot meanwhile knows better.
pub(super) fn see(
    state: &LotState,
    sighting: &Sighting,
    rev: u64,
    context: &mut Context<'_>,
) -> Result<Change, Refusal> {
    let before = found_at(state, &SlotRef::Id(sighting.slot_id), rev)?;
    let mut change = changed(state, &before, sighting.state, Source::Camera, before.note.clone(), context);
    change.changes.push(EventChange::SlotSeen { sighting: sighting.clone() });
    Ok(change)
}

pub(super) fn patch(
    state: &LotState,
    slot: &SlotRef,
    patch: &SlotPatch,
    context: &mut Context<'_>,
) -> Result<Change, Refusal> {
    let before = found(state, slot)?;
    let mut slot = Slot::clone(&before);
    if let Some(code) = &patch.code {
        if state.slot_by_code(code).is_some_and(|other| other.id != before.id) {
            return Err(Problem::new(
                ProblemCode::AlreadyExists,
                format!("slot {} cannot be called {code}: another slot is", before.code),
            )
            .field("code"));
        }
        slot.code = code.clone();
    }
    if let Some(zone) = &patch.zone {
        slot.zone = text_or_none("zone", zone.as_deref())?;
    }
    if let Some(at) = patch.position {
        slot.position = position(at)?;
    }
    if let Some(note) = &patch.note {
        slot.note = text_or_none("note", note.as_deref())?;
    }
    slot.level = patch.level.unwrap_or(slot.level);
    slot.kind = patch.kind.unwrap_or(slot.kind);
    slot.rev = context.seq;
    Ok(Change {
        changes: vec![EventChange::SlotChanged { slot: slot.clone(), session: None }],
        reply: Reply::Slot(slot),
    })
}

pub(super) fn delete(state: &LotState, slot: &SlotRef, context: &mut Context<'_>) -> Result<Change, Refusal> {
    let before = found(state, slot)?;
    let session = state.stay(before.id).map(|stay| ended(stay, false, context));
    let slot = Slot::clone(&before);
    let mut changes = vec![EventChange::SlotDeleted { slot: slot.clone(), session }];
    changes.extend(regions::without(state, slot.id, context.seq + 1));
    Ok(Change { changes, reply: Reply::Slot(slot) })
}

pub(super) fn found(state: &LotState, slot: &SlotRef) -> Result<Arc<Slot>, Refusal> {
    let missing =
        || Problem::new(ProblemCode::SlotNotFound, format!("there is no slot {slot} in lot {}", state.lot().id));
    state.slot(slot).cloned().ok_or_else(missing)
}

/// The slot, if it is still at the `rev` that the caller saw.
pub(super) fn found_at(state: &LotState, slot: &SlotRef, rev: u64) -> Result<Arc<Slot>, Refusal> {
    let found = found(state, slot)?;
    guard::check(&format!("slot {}", found.code), found.rev, rev).map_err(|mut stale| {
        stale.detail += &format!(": it is {} now", found.state);
        stale
    })?;
    Ok(found)
}

fn opened(slot: &Slot, context: &mut Context<'_>) -> Session {
    Session {
        id: SessionId((context.new_id)()),
        kind: SessionKind::Slot,
        state: SessionState::Open,
        slot_id: Some(slot.id),
        slot_code: Some(slot.code.clone()),
        zone: slot.zone.clone(),
        ticket: None,
        plate: None,
        opened_at: context.now,
        closed_at: None,
        opened_seq: slot.rev,
        closed_seq: None,
    }
}

/// The stay, as if it had not been ended by the change before this one; `None` when that is too long ago, or there was none.
fn reopened(stay: &Session, context: &Context<'_>) -> Option<Session> {
    let is_recent = stay.closed_at.is_some_and(|at| context.now.ms_since(at) <= UNDO_MS);
    (stay.state == SessionState::Closed && is_recent).then(|| Session {
        state: SessionState::Open,
        closed_at: None,
        closed_seq: None,
        ..stay.clone()
    })
}

fn ended(stay: &Session, is_undo: bool, context: &Context<'_>) -> Session {
    let is_void = is_undo && context.now.ms_since(stay.opened_at) <= UNDO_MS;
    Session {
        state: if is_void { SessionState::Void } else { SessionState::Closed },
        closed_at: Some(context.now),
        closed_seq: Some(context.seq),
        ..stay.clone()
    }
}

/// A person or a person's script can be mistaken and take it back; what a camera or a sensor saw, it saw.
fn is_by_person(source: Source) -> bool {
    matches!(source, Source::Manual | Source::Api)
}

pub(super) fn position(position: Option<Position>) -> Result<Option<Position>, Refusal> {
    let is_sane = |v: f64| v.is_finite() && v.abs() <= COORDINATE_MAX;
    match position {
        Some(at) if !(is_sane(at.x) && is_sane(at.y)) => Err(Problem::new(
            ProblemCode::InvalidField,
            format!("position must be within {COORDINATE_MAX} m of the origin"),
        )
        .field("position")),
        at => Ok(at),
    }
}

/// The same slot with the attributes of `new`, or `None` when nothing would differ. Its state stays.
pub(super) fn redescribed(before: &Slot, new: &NewSlot, seq: u64) -> Result<Option<Slot>, Refusal> {
    let mut slot = before.clone();
    slot.zone = text_or_none("zone", new.zone.as_deref())?;
    slot.level = new.level;
    slot.kind = new.kind;
    slot.position = position(new.position)?;
    slot.note = text_or_none("note", new.note.as_deref())?;
    if slot == *before {
        return Ok(None);
    }
    slot.rev = seq;
    Ok(Some(slot))
}
