//! Handlers for cameras.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use parking_api::cameras::{Camera, CameraCreated, CameraPatch, HEALTH_SAMPLES_MAX, Health, HealthSample, NewCamera};
use parking_api::orders::{Orders, Reported};
use parking_api::tokens::{Role, TokenCreated};
use parking_api::{CameraId, Committed, LotId, Problem, ProblemCode, Time, paths};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::aged::aged;
use super::extract::{ApiJson, ApiPath, ApiQuery, InLot, LotQuery, Mutation, Trial, TrialQuery};
use super::problem::{Fault, Result};
use super::slots::{answer, committed};
use super::tokens::{secret_for, token_created};
use crate::auth::Caller;
use crate::auth::secret::{Grant, record};
use crate::cameras::health;
use crate::ledger::{Command, LotHandle, LotState, Reply};

/// All cameras of a lot, with their last contact
#[utoipa::path(get, path = paths::CAMERAS, tag = "cameras", params(LotQuery),
    responses((status = 200, body = Vec<Camera>), (status = 404, body = Problem)))]
pub async fn list(State(app): State<App>, InLot(lot): InLot) -> Response {
    let cameras: Vec<Camera> = lot.read(|state| state.cameras().map(|camera| shown(state, camera)).collect());
    let joined: Vec<Camera> = cameras.into_iter().map(|camera| app.contacts.join(lot.id(), camera)).collect();
    aged(&lot, Json(joined))
}

/// One camera
#[utoipa::path(get, path = paths::CAMERA, tag = "cameras", params(("camera" = String, Path), LotQuery),
    responses((status = 200, body = Camera), (status = 404, body = Problem)))]
pub async fn get(State(app): State<App>, InLot(lot): InLot, ApiPath(id): ApiPath<CameraId>) -> Result<Response> {
    Ok(aged(&lot, Json(found(&app, &lot, &id)?)))
}

fn found(app: &App, lot: &LotHandle, id: &CameraId) -> Result<Camera> {
    match lot.read(|state| state.camera(id).map(|camera| shown(state, camera))) {
        Some(camera) => Ok(app.contacts.join(lot.id(), camera)),
        None => Err(Fault::new(ProblemCode::CameraNotFound, format!("there is no camera {id} in lot {}", lot.id()))),
    }
}

/// The camera, who is blind because of it, and what it may do about what it sees.
fn shown(state: &LotState, camera: &Camera) -> Camera {
    let occupancy = state.regions_of(&camera.id).map(|drawn| drawn.mode);
    Camera { blind_slots: state.blind_slots(camera), occupancy, ..camera.clone() }
}

/// What the daemon wants of the camera that calls; nobody else is told.
pub fn orders(app: &App, lot: &LotHandle, caller: &Caller) -> Option<Orders> {
    let camera = lot.read(|state| caller.token.camera.as_ref().and_then(|id| state.camera(id).cloned()))?;
    // The second in which it was wished for is another for another wish.
    let number = |at: Time| u32::try_from(at.ms() / 1_000).unwrap_or(u32::MAX);
    let capture = camera.capture_wanted_at.or_else(|| app.lookout.wants_another(lot.id(), &camera.id)).map(number);
    let firmware = app.firmwares.offer(lot, &camera.id);
    Some(Orders { server_time: app.clock.now(), interval_s: camera.interval_s, capture, firmware })
}

/// Ask a camera for a picture; it takes one when it is next in touch
#[utoipa::path(post, path = paths::CAMERA_CAPTURE, tag = "cameras", params(("camera" = String, Path), LotQuery),
    responses((status = 200, body = Committed<Camera>), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub async fn want_capture(mutation: Mutation, ApiPath(camera): ApiPath<CameraId>) -> Result<Response> {
    Ok(answer(mutation.submit(Command::WantCapture(camera), &[]).await?, StatusCode::OK))
}

/// Create a camera; the answer shows its token, this once
#[utoipa::path(post, path = paths::CAMERAS, tag = "cameras", params(LotQuery), request_body = NewCamera,
    responses((status = 201, body = Committed<CameraCreated>), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(State(app): State<App>, mutation: Mutation, body: ApiJson<NewCamera>) -> Result<Response> {
    let secret = secret_for(&app, &mutation, &body.raw)?;
    let token = Box::new(record(grant(&mutation, &body.value.id), &secret, app.clock.now()));
    let outcome = mutation.submit(Command::CreateCamera { camera: body.value, token }, &body.raw).await?;
    let Reply::Camera(camera) = outcome.reply else {
        return Err(Fault::new(ProblemCode::Internal, "a camera was created, but something else was answered"));
    };
    let created = CameraCreated { camera: *camera, token: mutation.shown(secret) };
    let mut response = committed(created, outcome.seq, outcome.replayed);
    *response.status_mut() = mutation.created();
    Ok(response)
}

fn grant(mutation: &Mutation, id: &CameraId) -> Grant {
    Grant {
        name: id.to_string(),
        role: Role::Camera,
        lot: mutation.lot.id().clone(),
        camera: Some(id.clone()),
        expires_at: None,
    }
}

/// Create one more token for a camera; the answer shows it, this once. Those from before stay valid until they are revoked, so
/// that a camera goes on working while it is handed the new one
#[utoipa::path(post, path = paths::CAMERA_TOKEN, tag = "cameras", params(("camera" = String, Path), LotQuery),
    responses((status = 201, body = Committed<TokenCreated>), (status = 404, body = Problem)))]
pub async fn create_token(
    State(app): State<App>,
    mutation: Mutation,
    ApiPath(id): ApiPath<CameraId>,
) -> Result<Response> {
    let secret = secret_for(&app, &mutation, &[])?;
    let token = Box::new(record(grant(&mutation, &id), &secret, app.clock.now()));
    let outcome = mutation.submit(Command::CreateToken(token), &[]).await?;
    token_created(&mutation, outcome, secret)
}

/// Change a camera's name, zone or interval
#[utoipa::path(patch, path = paths::CAMERA, tag = "cameras", params(("camera" = String, Path), LotQuery),
    request_body = CameraPatch,
    responses((status = 200, body = Committed<Camera>), (status = 404, body = Problem), (status = 412, body = Problem),
    (status = 422, body = Problem)))]
pub async fn patch(
    mutation: Mutation,
    ApiPath(camera): ApiPath<CameraId>,
    body: ApiJson<CameraPatch>,
) -> Result<Response> {
    let outcome = mutation.submit(Command::PatchCamera { camera, patch: body.value }, &body.raw).await?;
    Ok(answer(outcome, StatusCode::OK))
}

/// Delete a camera and revoke its tokens; its captures stay
#[utoipa::path(delete, path = paths::CAMERA, tag = "cameras", params(("camera" = String, Path), LotQuery),
    responses((status = 200, body = Committed<Camera>), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub async fn delete(mutation: Mutation, ApiPath(camera): ApiPath<CameraId>) -> Result<Response> {
    Ok(answer(mutation.submit(Command::DeleteCamera(camera), &[]).await?, StatusCode::OK))
}

/// Report how a camera is doing; proof of life at the same time
#[utoipa::path(post, path = paths::CAMERA_HEALTH, tag = "cameras", params(("camera" = String, Path), LotQuery, TrialQuery),
    request_body = Health, responses((status = 200, body = Reported), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn report_health(
    State(app): State<App>,
    caller: Caller,
    InLot(lot): InLot,
    Trial(is_trial): Trial,
    ApiPath(id): ApiPath<CameraId>,
    body: ApiJson<Health>,
) -> Result<Json<Reported>> {
    let lot = own_lot(&app, &caller, lot)?;
    if caller.token.camera.as_ref().is_some_and(|own| *own != id) {
        return Err(Fault::new(ProblemCode::Forbidden, format!("this token is not of camera {id}")));
    }
    let camera = found(&app, &lot, &id)?;
    if is_trial {
        return Ok(Json(Reported { orders: None, camera }));
    }
    app.contacts.reported(lot.id(), &id, bounded(body.value), app.clock.now());
    Ok(Json(Reported { orders: orders(&app, &lot, &caller), camera: found(&app, &lot, &id)? }))
}

const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HealthQuery {
    #[param(value_type = Option<String>)]
    lot: Option<LotId>,
    /// A day before `to` when absent. What was longer ago than eight days is forgotten.
    from: Option<Time>,
    /// Before; now when absent.
    to: Option<Time>,
}

/// How a camera was doing, oldest first: the worst that it reported in each stretch of ten minutes; none for one in which it was silent
#[utoipa::path(get, path = paths::CAMERA_HEALTH, tag = "cameras", params(("camera" = String, Path), HealthQuery),
    responses((status = 200, body = Vec<HealthSample>), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn health(
    State(app): State<App>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<HealthQuery>,
) -> Result<Json<Vec<HealthSample>>> {
    let lot = app.lot(&query.lot.unwrap_or_default())?;
    let camera = found(&app, &lot, &id)?;
    let to = query.to.unwrap_or_else(|| app.clock.now().plus_ms(1));
    let from = query.from.unwrap_or_else(|| to.plus_ms(-DAY_MS));
    if from >= to {
        let detail = format!("from {from} is not before to {to}");
        return Err(Fault::field(ProblemCode::InvalidField, "from", detail));
    }
    // Another camera may have had its id before.
    let from = from.max(camera.created_at);
    let rows = app.ledger.store().health(lot.id(), &id, from, to, HEALTH_SAMPLES_MAX).await?;
    Ok(Json(rows.into_iter().map(health::shown).collect()))
}

/// A camera's token belongs to one lot, so it need not be named.
pub fn own_lot(app: &App, caller: &Caller, named: std::sync::Arc<LotHandle>) -> Result<std::sync::Arc<LotHandle>> {
    if caller.token.camera.is_some() { app.lot(&caller.token.lot) } else { Ok(named) }
}

/// Longest text that a camera may report, in characters; what is longer is cut, since a camera cannot do anything about it.
const REPORTED_TEXT_MAX: usize = 64;

fn bounded(mut health: Health) -> Health {
    let Health { firmware, reset_reason, board, mode, update, update_of, .. } = &mut health;
    for text in [firmware, reset_reason, board, mode, update, update_of].into_iter().flatten() {
        *text = text.chars().filter(|c| !c.is_control()).take(REPORTED_TEXT_MAX).collect();
    }
    health
}
