//! Whether somebody changed a resource since the caller saw it (`If-Match`). Pure.

use parking_api::{Problem, ProblemCode};

use super::super::command::{Command, Context, Refusal};
use super::super::state::LotState;
use super::{cameras, captures, firmware, slots};

/// Refuses a command about what is not at `rev` any more, or about what has none.
pub(super) fn check_target(
    state: &LotState,
    command: &Command,
    rev: u64,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    let (what, at) = match command {
        Command::SetSlot { slot, .. } | Command::ToggleSlot { slot } => {
            return slots::found_at(state, slot, rev).map(drop);
        }
        Command::PatchSlot { slot, .. } | Command::DeleteSlot { slot } => {
            return slots::found_at(state, slot, rev).map(drop);
        }
        Command::PatchLot(_) => (format!("lot {}", state.lot().id), state.lot().rev),
        Command::PatchCamera { camera, .. } | Command::DeleteCamera(camera) | Command::WantCapture(camera) => {
            (format!("camera {camera}"), cameras::found(state, camera)?.rev)
        }
        Command::SetRegions { camera, .. } => {
            (format!("what is drawn for camera {camera}"), state.regions_of(camera).map_or(0, |drawn| drawn.rev))
        }
        Command::PatchCapture { capture, .. } | Command::DeleteCapture(capture) => {
            (format!("capture {capture}"), captures::found(*capture, context)?.rev)
        }
        Command::RollOut { firmware: id, .. } | Command::WithdrawFirmware(id) => {
            (format!("firmware {id}"), firmware::found(state, *id)?.rev)
        }
        _ => return Err(unguarded()),
    };
    check(&what, at, rev)
}

/// # Errors
/// When `what`, being at rev `at`, is not at the `rev` that the caller saw.
pub fn check(what: &str, at: u64, rev: u64) -> Result<(), Refusal> {
    if at == rev {
        return Ok(());
    }
    let mut problem = Problem::new(ProblemCode::RevStale, format!("{what} is at rev {at}, not {rev}"));
    problem.rev = Some(at);
    Err(problem)
}

/// Why a change that has nothing to be compared with is refused under a condition, which the caller would take for granted otherwise.
pub fn unguarded() -> Refusal {
    let detail = "this change takes no If-Match: it is about nothing that has a rev; leave the header out";
    Problem::new(ProblemCode::InvalidField, detail).field("If-Match")
}
