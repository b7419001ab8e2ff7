//! Handlers for lots.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use parking_api::lots::{Lot, LotPatch, NewLot};
use parking_api::{Committed, LotId, Problem, paths};

use super::App;
use super::aged::{aged, aged_by};
use super::extract::{ApiJson, ApiPath, Mutation};
use super::problem::Result;
use super::slots::answer;
use crate::ledger::Command;

/// All lots
#[utoipa::path(get, path = paths::LOTS, tag = "lots", responses((status = 200, body = Vec<Lot>)))]
pub async fn list(State(app): State<App>) -> Response {
    let lots: Vec<Lot> = app.ledger.lots().iter().map(|lot| lot.read(|state| state.lot().clone())).collect();
    aged_by(app.ledger.age_s(), Json(lots))
}

/// One lot
#[utoipa::path(get, path = paths::LOT, tag = "lots", params(("lot" = String, Path)),
    responses((status = 200, body = Lot), (status = 404, body = Problem)))]
pub async fn get(State(app): State<App>, ApiPath(id): ApiPath<LotId>) -> Result<Response> {
    let lot = app.lot(&id)?;
    Ok(aged(&lot, Json(lot.read(|state| state.lot().clone()))))
}

/// Create a lot
#[utoipa::path(post, path = paths::LOTS, tag = "lots", request_body = NewLot,
    responses((status = 201, body = Committed<Lot>), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(State(app): State<App>, mutation: Mutation, body: ApiJson<NewLot>) -> Result<Response> {
    mutation.check_unconditional()?;
    if mutation.is_trial {
        return Ok(answer(app.ledger.rehearse_create_lot(&body.value)?, mutation.created()));
    }
    let (origin, idempotency) = (mutation.caller.origin(), mutation.idempotency(&body.raw));
    let outcome = app.ledger.create_lot(&body.value, origin, idempotency).await?;
    Ok(answer(outcome, StatusCode::CREATED))
}

/// Change a lot's name, time zone or currency
#[utoipa::path(patch, path = paths::LOT, tag = "lots", params(("lot" = String, Path)), request_body = LotPatch,
    responses((status = 200, body = Committed<Lot>), (status = 404, body = Problem), (status = 412, body = Problem),
    (status = 422, body = Problem)))]
pub async fn patch(
    State(app): State<App>,
    ApiPath(id): ApiPath<LotId>,
    mutation: Mutation,
    body: ApiJson<LotPatch>,
) -> Result<Response> {
    let mutation = mutation.in_lot(app.lot(&id)?);
    Ok(answer(mutation.submit(Command::PatchLot(body.value), &body.raw).await?, StatusCode::OK))
}

/// Delete a lot that has neither slots nor cameras, with its history
#[utoipa::path(delete, path = paths::LOT, tag = "lots", params(("lot" = String, Path)),
    responses((status = 200, body = Committed<Lot>), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 412, body = Problem)))]
pub async fn delete(State(app): State<App>, mutation: Mutation, ApiPath(id): ApiPath<LotId>) -> Result<Response> {
    if mutation.is_trial {
        return Ok(answer(app.ledger.rehearse_delete_lot(&id, mutation.if_match)?, StatusCode::OK));
    }
    let (origin, idempotency) = (mutation.caller.origin(), mutation.idempotency(&[]));
    Ok(answer(app.ledger.delete_lot(&id, mutation.if_match, origin, idempotency).await?, StatusCode::OK))
}
