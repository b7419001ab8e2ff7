//! Decisions about captures. Pure: the pictures themselves are elsewhere.

use parking_api::cameras::CameraStatus;
use parking_api::captures::Capture;
use parking_api::events::EventChange;
use parking_api::{CaptureId, Problem, ProblemCode};

use super::super::command::{Change, Context, Refusal, Reply};
use super::super::state::LotState;
use super::cameras;

pub(super) fn add(state: &LotState, capture: &Capture, context: &mut Context<'_>) -> Result<Change, Refusal> {
    let mut changes = Vec::new();
    if let Some(id) = &capture.camera {
        let camera = cameras::found(state, id)?;
        if camera.status != CameraStatus::Online {
            // A picture is proof of life, so the camera is back in the same commit.
            changes.push(cameras::with_status(camera, CameraStatus::Online, context.seq, context.now));
        }
    }
    // The capture comes last: its `rev` is the number of the whole change, which a repeat is answered with again.
    let rev = context.seq + changes.len() as u64;
    let capture = Capture { rev, received_at: context.now, ..capture.clone() };
    changes.push(EventChange::CaptureAdded { capture: capture.clone() });
    Ok(Change { changes, reply: Reply::Capture(capture) })
}

pub(super) fn delete(id: CaptureId, context: &Context<'_>) -> Result<Change, Refusal> {
    let Some(capture) = context.facts.captures.get(&id) else {
        return Err(Problem::new(ProblemCode::CaptureNotFound, format!("there is no capture {id}")));
    };
    Ok(Change {
        changes: vec![EventChange::CaptureDeleted { capture: capture.clone() }],
        reply: Reply::Capture(capture.clone()),
    })
}
