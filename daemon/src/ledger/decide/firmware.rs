//! Decisions about firmware. Pure: the images themselves are elsewhere.

use parking_api::digits::bytes_of;
use parking_api::events::EventChange;
use parking_api::firmware::{FIRMWARES_MAX, Firmware, NewRollOut, RollOut, SIGNATURE_DIGITS, is_board, is_version};
use parking_api::{FirmwareId, Problem, ProblemCode};

use super::super::command::{Change, Context, Refusal, Reply};
use super::super::state::LotState;
use super::cameras;

pub(super) fn add(state: &LotState, firmware: &Firmware, context: &Context<'_>) -> Result<Change, Refusal> {
    let wrong =
        |field: &str, why: &str| Err(Problem::new(ProblemCode::InvalidField, format!("{field} {why}")).field(field));
    if !is_board(&firmware.board) {
        return wrong("board", "must be 1 to 24 of a-z 0-9 - _");
    }
    if !is_version(&firmware.version) {
        return wrong("version", "must begin with a digit and have at most 32 of A-Z a-z 0-9 . + - _");
    }
    if bytes_of::<{ SIGNATURE_DIGITS / 2 }>(&firmware.signature).is_none() {
        return wrong(
            "signature",
            &format!("must be {SIGNATURE_DIGITS} hexadecimal digits (see parkctl firmware sign)"),
        );
    }
    let is_same = |known: &&Firmware| {
        (&known.board, &known.version) == (&firmware.board, &firmware.version)
            || (&known.board, &known.sha256) == (&firmware.board, &firmware.sha256)
    };
    if let Some(known) = state.firmwares().find(is_same) {
        let detail = format!("firmware {} for {} is there already ({})", known.version, known.board, known.id);
        return Err(Problem::new(ProblemCode::AlreadyExists, detail).field("version"));
    }
    if state.firmwares().count() >= FIRMWARES_MAX {
        let detail =
            format!("lot {} holds {FIRMWARES_MAX} firmwares: withdraw one that no camera needs", state.lot().id);
        return Err(Problem::new(ProblemCode::LimitReached, detail));
    }
    let firmware = Firmware { added_at: context.now, rev: context.seq, roll_out: None, ..firmware.clone() };
    Ok(change(firmware, |firmware| EventChange::FirmwareAdded { firmware }))
}

pub(super) fn roll_out(
    state: &LotState,
    id: FirmwareId,
    new: &NewRollOut,
    context: &Context<'_>,
) -> Result<Change, Refusal> {
    let firmware = found(state, id)?;
    let percent = new.percent.unwrap_or(100);
    if percent > 100 {
        return Err(Problem::new(ProblemCode::InvalidField, "percent must be from 0 to 100").field("percent"));
    }
    let mut named = new.cameras.clone();
    named.sort();
    named.dedup();
    for camera in &named {
        cameras::found(state, camera).map_err(|problem| problem.field("cameras"))?;
    }
    let is_under_way = |before: &&RollOut| before.percent > 0 && before.stopped_at.is_none() && !new.is_forced;
    let began_at = firmware.roll_out.as_ref().filter(is_under_way).map_or(context.now, |before| before.began_at);
    let roll_out = RollOut { percent, cameras: named, is_forced: new.is_forced, began_at, stopped_at: None };
    let firmware = Firmware { roll_out: Some(roll_out), rev: context.seq, ..firmware.clone() };
    Ok(change(firmware, |firmware| EventChange::FirmwareChanged { firmware }))
}

/// Too many cameras went back. Nothing is left to do where somebody else has stopped it.
pub(super) fn stop(state: &LotState, id: FirmwareId, context: &Context<'_>) -> Result<Change, Refusal> {
    let mut firmware = found(state, id)?.clone();
    match &mut firmware.roll_out {
        Some(roll_out) if roll_out.stopped_at.is_none() => roll_out.stopped_at = Some(context.now),
        _ => return Ok(Change { changes: vec![], reply: Reply::Firmware(Box::new(firmware)) }),
    }
    firmware.rev = context.seq;
    Ok(change(firmware, |firmware| EventChange::FirmwareChanged { firmware }))
}

pub(super) fn withdraw(state: &LotState, id: FirmwareId) -> Result<Change, Refusal> {
    Ok(change(found(state, id)?.clone(), |firmware| EventChange::FirmwareWithdrawn { firmware }))
}

fn change(firmware: Firmware, event: fn(Firmware) -> EventChange) -> Change {
    Change { changes: vec![event(firmware.clone())], reply: Reply::Firmware(Box::new(firmware)) }
}

pub(super) fn found(state: &LotState, id: FirmwareId) -> Result<&Firmware, Refusal> {
    state.firmware(id).ok_or_else(|| {
        Problem::new(ProblemCode::FirmwareNotFound, format!("there is no firmware {id} in lot {}", state.lot().id))
    })
}
