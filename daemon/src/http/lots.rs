//! Handlers for lots.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use parking_api::lots::{Lot, LotPatch, NewLot};
use parking_api::{Committed, LotId, Problem, paths};

use super::App;
use super::extract::{ApiJson, ApiPath};
use super::problem::Result;
use super::slots::answer;
use crate::auth::Caller;
use crate::ledger::{Command, LotState, Outcome, Reply};

/// All lots
#[utoipa::path(get, path = paths::LOTS, tag = "lots", responses((status = 200, body = Vec<Lot>)))]
pub async fn list(State(app): State<App>) -> Json<Vec<Lot>> {
    Json(app.ledger.lots().iter().map(|lot| lot.read(|state| state.lot().clone())).collect())
}

/// One lot
#[utoipa::path(get, path = paths::LOT, tag = "lots", params(("lot" = String, Path)),
    responses((status = 200, body = Lot), (status = 404, body = Problem)))]
pub async fn get(State(app): State<App>, ApiPath(id): ApiPath<LotId>) -> Result<Json<Lot>> {
    Ok(Json(app.lot(&id)?.read(|state| state.lot().clone())))
}

/// Create a lot
#[utoipa::path(post, path = paths::LOTS, tag = "lots", request_body = NewLot,
    responses((status = 201, body = Committed<Lot>), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(State(app): State<App>, caller: Caller, body: ApiJson<NewLot>) -> Result<Response> {
    let lot = app.ledger.create_lot(&body.value, caller.actor()).await?;
    Ok(answer(Outcome { seq: lot.rev, reply: Reply::Lot(lot), replayed: false }, StatusCode::CREATED))
}

/// Change a lot's name, time zone or currency
#[utoipa::path(patch, path = paths::LOT, tag = "lots", params(("lot" = String, Path)), request_body = LotPatch,
    responses((status = 200, body = Committed<Lot>), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn patch(
    State(app): State<App>,
    ApiPath(id): ApiPath<LotId>,
    caller: Caller,
    body: ApiJson<LotPatch>,
) -> Result<Response> {
    let outcome = app.lot(&id)?.submit(Command::PatchLot(body.value), caller.actor(), None).await?;
    Ok(answer(outcome, StatusCode::OK))
}

/// Delete a lot that has neither slots nor cameras, with its history
#[utoipa::path(delete, path = paths::LOT, tag = "lots", params(("lot" = String, Path)),
    responses((status = 200, body = Committed<Lot>), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn delete(State(app): State<App>, ApiPath(id): ApiPath<LotId>) -> Result<Response> {
    let seq = app.lot(&id)?.read(LotState::seq);
    let lot = app.ledger.delete_lot(&id).await?;
    Ok(answer(Outcome { reply: Reply::Lot(lot), seq, replayed: false }, StatusCode::OK))
}
