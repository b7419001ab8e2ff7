//! Decisions about captures. Pure: the pictures themselves are elsewhere.

use parking_api::cameras::{Camera, CameraStatus};
use parking_api::captures::{Capture, CapturePatch, ExpiryReason};
use parking_api::events::EventChange;
use parking_api::{CaptureId, Problem, ProblemCode};

use super::super::command::{Change, Context, Expired, Refusal, Reply};
use super::super::state::LotState;
use super::cameras;

pub(super) fn add(state: &LotState, capture: &Capture, context: &mut Context<'_>) -> Result<Change, Refusal> {
    let mut changes = Vec::new();
    if let Some(id) = &capture.camera {
        let mut camera = cameras::found(state, id)?.clone();
        if camera.capture_wanted_at.is_some_and(|wanted_at| capture.captured_at >= wanted_at) {
            // This is what somebody waited for.
            camera = Camera { capture_wanted_at: None, rev: context.seq, ..camera };
            changes.push(EventChange::CameraChanged { camera: camera.clone() });
        }
        if camera.status != CameraStatus::Online {
            // A picture is proof of life, so the camera is back in the same commit.
            let seq = context.seq + changes.len() as u64;
            changes.push(cameras::with_status(state, &camera, CameraStatus::Online, seq, context.now));
        }
    }
    // The capture comes last: its `rev` is the number of the whole change, which a repeat is answered with again.
    let rev = context.seq + changes.len() as u64;
    let capture = Capture { rev, received_at: context.now, ..capture.clone() };
    changes.push(EventChange::CaptureAdded { capture: capture.clone() });
    Ok(Change { changes, reply: Reply::Capture(capture) })
}

pub(super) fn delete(id: CaptureId, context: &Context<'_>) -> Result<Change, Refusal> {
    let capture = found(id, context)?;
    Ok(Change {
        changes: vec![EventChange::CaptureDeleted { capture: capture.clone() }],
        reply: Reply::Capture(capture.clone()),
    })
}

pub(super) fn patch(id: CaptureId, patch: CapturePatch, context: &Context<'_>) -> Result<Change, Refusal> {
    let before = found(id, context)?;
    if before.pinned == patch.pinned {
        return Ok(Change { changes: vec![], reply: Reply::Capture(before.clone()) });
    }
    let capture = Capture { pinned: patch.pinned, rev: context.seq, ..before.clone() };
    Ok(Change {
        changes: vec![EventChange::CaptureChanged { capture: capture.clone() }],
        reply: Reply::Capture(capture),
    })
}

/// What was pinned or deleted since it was chosen is passed over.
pub(super) fn expire(reason: ExpiryReason, ids: &[CaptureId], context: &Context<'_>) -> Change {
    let there = ids.iter().filter_map(|id| context.facts.captures.get(id));
    let gone: Vec<Capture> = there.filter(|capture| !capture.pinned).cloned().collect();
    let captures = gone.iter().map(|capture| capture.id).collect();
    let bytes = gone.iter().map(|capture| capture.bytes).sum();
    let changes = match gone.is_empty() {
        true => vec![],
        false => vec![EventChange::CaptureExpired { reason, captures, bytes }],
    };
    Change { changes, reply: Reply::Expired(Expired { captures: gone }) }
}

pub(super) fn found<'a>(id: CaptureId, context: &'a Context<'_>) -> Result<&'a Capture, Refusal> {
    let capture = context.facts.captures.get(&id);
    capture.ok_or_else(|| Problem::new(ProblemCode::CaptureNotFound, format!("there is no capture {id}")))
}
