//! Handlers for where cameras see which slots, and for what they make of them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use parking_api::regions::{Calibrate, Calibrating, CameraRegions, CameraView, RegionsMode, SetRegions, Why};
use parking_api::slots::Slot;
use parking_api::{CameraId, Committed, Problem, ProblemCode, SlotRef, paths};

use super::App;
use super::extract::{ApiJson, ApiPath, InLot, LotQuery, Mutation};
use super::problem::{Fault, Result};
use super::slots::answer;
use crate::ledger::{Command, LotHandle, Reply};

/// Where a camera sees which slot; none, and `off`, before it was drawn
#[utoipa::path(get, path = paths::CAMERA_REGIONS, tag = "cameras", params(("camera" = String, Path), LotQuery),
    responses((status = 200, body = CameraRegions), (status = 404, body = Problem)))]
pub async fn regions(InLot(lot): InLot, ApiPath(camera): ApiPath<CameraId>) -> Result<Json<CameraRegions>> {
    drawn(&lot, &camera).map(Json)
}

fn drawn(lot: &LotHandle, camera: &CameraId) -> Result<CameraRegions> {
    let found = lot.read(|state| {
        state.camera(camera)?;
        let none = || CameraRegions { camera: camera.clone(), mode: RegionsMode::Off, regions: Vec::new(), rev: 0 };
        let mut drawn = state.regions_of(camera).cloned().unwrap_or_else(none);
        // Slots were renamed since, or are gone.
        drawn.regions.retain_mut(|region| {
            let slot = state.slot(&SlotRef::Id(region.slot_id));
            slot.map(|slot| region.slot = slot.code.clone()).is_some()
        });
        Some(drawn)
    });
    found.ok_or_else(|| {
        Fault::new(ProblemCode::CameraNotFound, format!("there is no camera {camera} in lot {}", lot.id()))
    })
}

/// What a camera makes of each slot that it sees: how far it is trusted, what it saw last, and what came of that
#[utoipa::path(get, path = paths::CAMERA_VIEWS, tag = "cameras", params(("camera" = String, Path), LotQuery),
    responses((status = 200, body = Vec<CameraView>), (status = 404, body = Problem)))]
pub async fn views(
    State(app): State<App>,
    InLot(lot): InLot,
    ApiPath(camera): ApiPath<CameraId>,
) -> Result<Json<Vec<CameraView>>> {
    let regions = drawn(&lot, &camera)?;
    let views = app.lookout.views(&lot, &regions).await;
    views.map(Json).map_err(|detail| Fault::new(ProblemCode::Unavailable, detail))
}

/// Draw all regions of a camera anew, and say what it may do about the slots in them
#[utoipa::path(put, path = paths::CAMERA_REGIONS, tag = "cameras", params(("camera" = String, Path), LotQuery),
    request_body = SetRegions,
    responses((status = 200, body = Committed<CameraRegions>), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem)))]
pub async fn set_regions(
    State(app): State<App>,
    mutation: Mutation,
    ApiPath(camera): ApiPath<CameraId>,
    body: ApiJson<SetRegions>,
) -> Result<Response> {
    let anchor = body.value.anchor;
    let command = Command::SetRegions { camera: camera.clone(), set: body.value };
    let outcome = mutation.submit(command, &body.raw).await?;
    if let (Some(anchor), false, false) = (anchor, mutation.is_trial, outcome.replayed) {
        app.lookout.anchor(&mutation.lot, &camera, anchor).await;
    }
    Ok(answer(outcome, StatusCode::OK))
}

/// Say that slots are free now, and let a camera learn from their next three pictures what they look like then
///
/// A camera that sends one seldom is asked for them. Slots that are reserved or closed are skipped.
#[utoipa::path(post, path = paths::CAMERA_CALIBRATE, tag = "cameras", params(("camera" = String, Path), LotQuery),
    request_body = Calibrate,
    responses((status = 200, body = Committed<Calibrating>), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn calibrate(
    State(app): State<App>,
    mutation: Mutation,
    ApiPath(camera): ApiPath<CameraId>,
    body: ApiJson<Calibrate>,
) -> Result<Response> {
    let command = Command::Calibrate { camera: camera.clone(), free: body.value.free };
    let outcome = mutation.submit(command, &body.raw).await?;
    if let (Reply::Calibrating(begun), false, false) = (&outcome.reply, mutation.is_trial, outcome.replayed) {
        let ids = mutation.lot.read(|state| {
            let slots = begun.slots.iter().filter_map(|code| state.slot_by_code(code));
            slots.map(|slot| slot.id).collect::<Vec<_>>()
        });
        let noted = app.lookout.calibrate(&mutation.lot, &camera, &ids).await;
        noted.map_err(|detail| Fault::new(ProblemCode::Unavailable, detail))?;
    }
    Ok(answer(outcome, StatusCode::OK))
}

fn found(lot: &LotHandle, slot: &SlotRef) -> Result<Slot> {
    lot.read(|state| state.slot(slot).map(|slot| Slot::clone(slot)))
        .ok_or_else(|| Fault::new(ProblemCode::SlotNotFound, format!("there is no slot {slot} in lot {}", lot.id())))
}

/// Why a slot is in its state, by every camera that sees it
#[utoipa::path(get, path = paths::SLOT_WHY, tag = "slots", params(("slot" = String, Path), LotQuery),
    responses((status = 200, body = Why), (status = 404, body = Problem)))]
pub async fn why(State(app): State<App>, InLot(lot): InLot, ApiPath(slot): ApiPath<SlotRef>) -> Result<Json<Why>> {
    let slot = found(&lot, &slot)?;
    let why = app.lookout.why(&lot, &slot).await;
    why.map(Json).map_err(|detail| Fault::new(ProblemCode::Unavailable, detail))
}
