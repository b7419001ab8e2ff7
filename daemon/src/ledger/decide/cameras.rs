//! Decisions about cameras. Pure.

use std::collections::BTreeSet;

use parking_api::cameras::{
    Camera, CameraPatch, CameraStatus, INTERVAL_S_DEFAULT, INTERVAL_S_MAX, INTERVAL_S_MIN, NewCamera,
};
use parking_api::events::EventChange;
use parking_api::{CameraId, Problem, ProblemCode, Time};

use super::super::command::{Change, Context, NewSecret, Refusal, Reply};
use super::super::state::LotState;
use super::{regions, text, text_or_none, tokens};

/// Most cameras in one lot.
const CAMERAS_MAX: usize = 1_000;

pub(super) fn create(
    state: &LotState,
    new: &NewCamera,
    secret: &NewSecret,
    context: &Context<'_>,
) -> Result<Change, Refusal> {
    if state.camera(&new.id).is_some() {
        return Err(Problem::new(
            ProblemCode::AlreadyExists,
            format!("camera {} exists already in lot {}", new.id, state.lot().id),
        )
        .field("id"));
    }
    if state.cameras().count() >= CAMERAS_MAX {
        return Err(Problem::new(
            ProblemCode::LimitReached,
            format!("lot {} holds {CAMERAS_MAX} cameras, which is as many as a lot can", state.lot().id),
        ));
    }
    let camera = Camera {
        name: text("name", new.name.as_deref().unwrap_or(new.id.as_str()))?,
        zone: text_or_none("zone", new.zone.as_deref())?,
        interval_s: interval(new.interval_s.unwrap_or(INTERVAL_S_DEFAULT))?,
        id: new.id.clone(),
        status: CameraStatus::Offline,
        status_at: context.now,
        created_at: context.now,
        rev: context.seq,
        capture_wanted_at: None,
        frozen_since: None,
        moved_since: None,
        blind_slots: Vec::new(),
        occupancy: None,
        contact: None,
    };
    let mut changes = vec![EventChange::CameraCreated { camera: camera.clone() }];
    changes.extend(tokens::add(state, secret, context.now)?.changes);
    Ok(Change { changes, reply: Reply::Camera(Box::new(camera)) })
}

pub(super) fn patch(
    state: &LotState,
    id: &CameraId,
    patch: &CameraPatch,
    context: &Context<'_>,
) -> Result<Change, Refusal> {
    let mut camera = found(state, id)?.clone();
    if let Some(name) = &patch.name {
        camera.name = text("name", name)?;
    }
    if let Some(zone) = &patch.zone {
        camera.zone = text_or_none("zone", zone.as_deref())?;
    }
    if let Some(seconds) = patch.interval_s {
        camera.interval_s = interval(seconds)?;
    }
    camera.rev = context.seq;
    Ok(Change {
        changes: vec![EventChange::CameraChanged { camera: camera.clone() }],
        reply: Reply::Camera(Box::new(camera)),
    })
}

/// Removes the camera and revokes its tokens; its captures stay. What it said of slots is old from now on.
pub(super) fn delete(state: &LotState, id: &CameraId, context: &Context<'_>) -> Result<Change, Refusal> {
    let camera = found(state, id)?.clone();
    let mut changes = vec![EventChange::CameraDeleted { camera: camera.clone() }];
    let of_camera = state.tokens().filter(|token| token.camera.as_ref() == Some(id) && token.revoked_at.is_none());
    changes.extend(of_camera.map(|token| tokens::revoked(token, context.now)));
    let seq = context.seq + changes.len() as u64;
    changes.extend(regions::unseen(state, id, &BTreeSet::new(), seq, context.now));
    Ok(Change { changes, reply: Reply::Camera(Box::new(camera)) })
}

pub(super) fn set_status(
    state: &LotState,
    id: &CameraId,
    status: CameraStatus,
    context: &Context<'_>,
) -> Result<Change, Refusal> {
    let camera = found(state, id)?;
    if camera.status == status {
        return Ok(Change { changes: vec![], reply: Reply::Camera(Box::new(camera.clone())) });
    }
    let change = with_status(state, camera, status, context.seq, context.now);
    let reply = Reply::Camera(Box::new(Camera { status, status_at: context.now, rev: context.seq, ..camera.clone() }));
    Ok(Change { changes: vec![change], reply })
}

pub(super) fn with_status(state: &LotState, camera: &Camera, status: CameraStatus, seq: u64, now: Time) -> EventChange {
    let mut camera = Camera { status, status_at: now, rev: seq, ..camera.clone() };
    camera.blind_slots = state.blind_slots(&camera);
    EventChange::CameraStatus { camera }
}

/// Whoever asks while somebody waits already waits for the same picture.
pub(super) fn want_capture(state: &LotState, id: &CameraId, context: &Context<'_>) -> Result<Change, Refusal> {
    let camera = found(state, id)?;
    if camera.capture_wanted_at.is_some() {
        return Ok(Change { changes: vec![], reply: Reply::Camera(Box::new(camera.clone())) });
    }
    let camera = Camera { capture_wanted_at: Some(context.now), rev: context.seq, ..camera.clone() };
    Ok(Change {
        changes: vec![EventChange::CameraChanged { camera: camera.clone() }],
        reply: Reply::Camera(Box::new(camera)),
    })
}

pub(super) fn set_frozen(
    state: &LotState,
    id: &CameraId,
    is_frozen: bool,
    context: &Context<'_>,
) -> Result<Change, Refusal> {
    let camera = found(state, id)?;
    if camera.frozen_since.is_some() == is_frozen {
        return Ok(Change { changes: vec![], reply: Reply::Camera(Box::new(camera.clone())) });
    }
    let mut camera = Camera { frozen_since: is_frozen.then_some(context.now), rev: context.seq, ..camera.clone() };
    camera.blind_slots = state.blind_slots(&camera);
    Ok(Change {
        changes: vec![EventChange::CameraFrozen { camera: camera.clone() }],
        reply: Reply::Camera(Box::new(camera)),
    })
}

/// Its pictures show something else than its regions were drawn on, or the same again.
pub(super) fn set_moved(
    state: &LotState,
    id: &CameraId,
    is_moved: bool,
    context: &Context<'_>,
) -> Result<Change, Refusal> {
    let camera = found(state, id)?;
    if camera.moved_since.is_some() == is_moved {
        return Ok(Change { changes: vec![], reply: Reply::Camera(Box::new(camera.clone())) });
    }
    let mut camera = Camera { moved_since: is_moved.then_some(context.now), rev: context.seq, ..camera.clone() };
    camera.blind_slots = state.blind_slots(&camera);
    Ok(Change {
        changes: vec![EventChange::CameraMoved { camera: camera.clone() }],
        reply: Reply::Camera(Box::new(camera)),
    })
}

pub(super) fn found<'a>(state: &'a LotState, id: &CameraId) -> Result<&'a Camera, Refusal> {
    state.camera(id).ok_or_else(|| {
        Problem::new(ProblemCode::CameraNotFound, format!("there is no camera {id} in lot {}", state.lot().id))
            .field("camera")
    })
}

fn interval(seconds: u32) -> Result<u32, Refusal> {
    if (INTERVAL_S_MIN..=INTERVAL_S_MAX).contains(&seconds) {
        return Ok(seconds);
    }
    Err(Problem::new(
        ProblemCode::InvalidField,
        format!("interval_s must be from {INTERVAL_S_MIN} to {INTERVAL_S_MAX} seconds"),
    )
    .field("interval_s"))
}
