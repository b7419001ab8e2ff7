//! Decisions about captures. Pure: the pictures themselves are elsewhere.

use parking_api::cameras::CameraStatus;
use parking_api::captures::Capture;
use parking_api::events::EventChange;
use parking_api::{CaptureId, Problem, ProblemCode};

use super::super::command::{Change, Context, Refusal, Reply};
use super::super::state::LotState;
use super::cameras;

pub(super) fn add(state: &LotState, capture: &Capture, context: &mut Context<'_>) -> Result<Change, Refusal> {
    let capture = Capture { rev: context.seq, received_at: context.now, ..capture.clone() };
    let mut changes = vec![EventChange::CaptureAdded { capture: capture.clone() }];
    if let Some(id) = &capture.camera {
        let camera = cameras::found(state, id)?;
        if camera.status != CameraStatus::Online {
            // A picture is proof of life, so the camera is back in the same commit.
            changes.push(cameras::with_status(camera, CameraStatus::Online, context.seq + 1, context.now));
        }
    }
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
