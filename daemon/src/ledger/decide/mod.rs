//! Decides what a command comes to. Pure: no clock, no store, no chance; the same lot, command and context give the same change.

mod cameras;
mod captures;
mod firmware;
mod guard;
mod import;
mod lots;
mod regions;
mod sessions;
mod slots;
#[cfg(test)]
mod tests;
mod tokens;

pub use guard::{check as check_rev, unguarded};
pub use import::refused as import_refused;
pub use lots::created as lot_created;

use parking_api::{Problem, ProblemCode, TEXT_MAX};

use super::command::{Change, Command, Context, Refusal};
use super::state::LotState;

/// What `command` comes to in `state`.
///
/// # Errors
/// The reason, for the caller, why it is refused. A refused command changes nothing.
pub fn decide(state: &LotState, command: &Command, context: &mut Context<'_>) -> Result<Change, Refusal> {
    match command {
        Command::Guarded { rev, command } => {
            guard::check_target(state, command, *rev, context)?;
            decide(state, command, context)
        }
        Command::PatchLot(patch) => lots::patch(state, patch, context),
        Command::CreateSlot(slot) => slots::create(state, slot, context),
        Command::SetSlot { slot, set } => slots::set(state, slot, set, context),
        Command::ToggleSlot { slot } => slots::toggle(state, slot, context),
        Command::PatchSlot { slot, patch } => slots::patch(state, slot, patch, context),
        Command::DeleteSlot { slot } => slots::delete(state, slot, context),
        Command::ImportSlots { rows, dry_run } => import::import(state, rows, *dry_run, context),
        Command::EnterGate(entry) => sessions::enter(state, entry, context),
        Command::ExitGate(exit) => sessions::exit(state, exit, context),
        Command::AddCapture(capture) => captures::add(state, capture, context),
        Command::PatchCapture { capture, patch } => captures::patch(*capture, *patch, context),
        Command::DeleteCapture(capture) => captures::delete(*capture, context),
        Command::ExpireCaptures { reason, captures } => Ok(captures::expire(*reason, captures, context)),
        Command::CreateCamera { camera, token } => cameras::create(state, camera, token, context),
        Command::PatchCamera { camera, patch } => cameras::patch(state, camera, patch, context),
        Command::DeleteCamera(camera) => cameras::delete(state, camera, context),
        Command::SetCameraStatus { camera, status } => cameras::set_status(state, camera, *status, context),
        Command::WantCapture(camera) => cameras::want_capture(state, camera, context),
        Command::SetCameraFrozen { camera, is_frozen } => cameras::set_frozen(state, camera, *is_frozen, context),
        Command::SetCameraMoved { camera, is_moved } => cameras::set_moved(state, camera, *is_moved, context),
        Command::SetRegions { camera, set } => regions::set(state, camera, set, context),
        Command::Calibrate { camera, free } => regions::calibrate(state, camera, free, context),
        Command::SeeSlot { sighting, rev } => slots::see(state, sighting, *rev, context),
        Command::NoteSlot { slot, rev, note } => slots::note(state, slot, *rev, *note, context),
        Command::AddFirmware(firmware) => firmware::add(state, firmware, context),
        Command::RollOut { firmware, roll_out } => firmware::roll_out(state, *firmware, roll_out, context),
        Command::StopRollOut(firmware) => firmware::stop(state, *firmware, context),
        Command::WithdrawFirmware(firmware) => firmware::withdraw(state, *firmware),
        Command::CreateToken(secret) => tokens::create(state, secret, context.now),
        Command::RevokeToken(token) => tokens::revoke(state, *token, context),
    }
}

/// A text that a person wrote: trimmed, not empty, at most [`TEXT_MAX`] characters, none of them a control character.
fn text(field: &str, value: &str) -> Result<String, Refusal> {
    let trimmed = value.trim();
    let refusal = |why: &str| Problem::new(ProblemCode::InvalidField, format!("{field} {why}")).field(field);
    if trimmed.is_empty() {
        return Err(refusal("must not be empty"));
    }
    if trimmed.chars().count() > TEXT_MAX {
        return Err(refusal(&format!("must be at most {TEXT_MAX} characters")));
    }
    if trimmed.chars().any(char::is_control) {
        return Err(refusal("must not hold control characters"));
    }
    Ok(trimmed.to_string())
}

/// [`text`], where there is one; an empty one counts as none.
fn text_or_none(field: &str, value: Option<&str>) -> Result<Option<String>, Refusal> {
    value.filter(|value| !value.trim().is_empty()).map(|value| text(field, value)).transpose()
}
