//! Handlers for firmware.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use parking_api::firmware::{Firmware, FirmwareKey, FirmwareStatus, IMAGE_BYTES_MAX, NewRollOut};
use parking_api::{Committed, FirmwareId, LotId, Problem, ProblemCode, paths};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::cameras::own_lot;
use super::captures::turn;
use super::extract::{ApiJson, ApiPath, ApiQuery, InLot, LotQuery, Mutation, content_type, read_body};
use super::problem::{Fault, Result};
use super::slots::answer;
use crate::auth::Caller;
use crate::firmware::Upload;
use crate::ledger::Command;

const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// All firmware of a lot, by id
#[utoipa::path(get, path = paths::FIRMWARES, tag = "firmware", params(LotQuery),
    responses((status = 200, body = Vec<Firmware>), (status = 404, body = Problem)))]
pub async fn list(InLot(lot): InLot) -> Json<Vec<Firmware>> {
    Json(lot.read(|state| state.firmwares().cloned().collect()))
}

/// One firmware, and how far each camera is that shall run it
#[utoipa::path(get, path = paths::FIRMWARE, tag = "firmware", params(("firmware" = String, Path), LotQuery),
    responses((status = 200, body = FirmwareStatus), (status = 404, body = Problem)))]
pub async fn get(
    State(app): State<App>,
    InLot(lot): InLot,
    ApiPath(id): ApiPath<FirmwareId>,
) -> Result<Json<FirmwareStatus>> {
    Ok(Json(app.firmwares.status(&lot, id)?))
}

/// Whose signature new cameras are told to trust
#[utoipa::path(get, path = paths::FIRMWARE_KEY, tag = "firmware", responses((status = 200, body = FirmwareKey)))]
pub async fn key(State(app): State<App>) -> Json<FirmwareKey> {
    Json(FirmwareKey { key: app.firmwares.key().map(ToString::to_string) })
}

/// The image itself: for a camera of the lot, which checks what it got by itself
#[utoipa::path(get, path = paths::FIRMWARE_IMAGE, tag = "firmware", params(("firmware" = String, Path), LotQuery),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = Problem)))]
pub async fn image(
    State(app): State<App>,
    caller: Caller,
    InLot(lot): InLot,
    ApiPath(id): ApiPath<FirmwareId>,
) -> Result<Response> {
    let lot = own_lot(&app, &caller, lot)?;
    let bytes = app.firmwares.image(&lot, id).await?;
    Ok(([(header::CONTENT_TYPE, BYTES)], Body::from(bytes)).into_response())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AddQuery {
    /// The lot; `main` when absent.
    #[serde(default, rename = "lot")]
    #[param(value_type = Option<String>)]
    _lot: Option<LotId>,
    #[serde(default, rename = "dry_run")]
    #[param(ignore)]
    _dry_run: bool,
    /// Name of the board, as cameras report it.
    board: String,
    version: String,
    /// By `parkctl firmware sign`, in hexadecimal.
    signature: String,
}

/// Add a firmware image, signed; nobody is told of it until it is rolled out
#[utoipa::path(post, path = paths::FIRMWARES, tag = "firmware", params(AddQuery),
    request_body(content((Vec<u8> = "application/octet-stream"))),
    responses((status = 201, body = Committed<Firmware>), (status = 409, body = Problem), (status = 413, body = Problem),
    (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem), (status = 507, body = Problem)))]
pub async fn add(
    State(app): State<App>,
    mutation: Mutation,
    ApiQuery(query): ApiQuery<AddQuery>,
    request: Request,
) -> Result<Response> {
    mutation.check_unconditional()?;
    if let Some(other) = content_type(request.headers()).filter(|kind| *kind != BYTES) {
        let detail = format!("an image is application/octet-stream, not {other}");
        return Err(Fault::new(ProblemCode::UnsupportedMediaType, detail));
    }
    let _turn = turn(&app).await?;
    let image = read_body(request.into_body(), IMAGE_BYTES_MAX).await?;
    let upload = Upload {
        board: query.board,
        version: query.version,
        signature: query.signature,
        origin: mutation.caller.origin(),
        idempotency: mutation.idempotency(&image),
        is_trial: mutation.is_trial,
        image,
    };
    // In a task of its own: a caller who hangs up must not leave an image half entered.
    let (firmwares, lot, now) = (app.firmwares.clone(), mutation.lot.clone(), app.clock.now());
    let adding = app.tasks.spawn(async move { firmwares.add(&lot, upload, now).await });
    let outcome =
        adding.await.map_err(|e| Fault::new(ProblemCode::Internal, format!("the image was not added: {e}")))??;
    Ok(answer(outcome, mutation.created()))
}

/// Roll a firmware out to a part of the cameras of its board; takes the place of what was said of it before. 0 percent tell nobody any more
#[utoipa::path(post, path = paths::FIRMWARE_ROLL_OUT, tag = "firmware", params(("firmware" = String, Path), LotQuery),
    request_body = NewRollOut,
    responses((status = 200, body = Committed<Firmware>), (status = 404, body = Problem), (status = 412, body = Problem),
    (status = 422, body = Problem)))]
pub async fn roll_out(
    mutation: Mutation,
    ApiPath(firmware): ApiPath<FirmwareId>,
    body: ApiJson<NewRollOut>,
) -> Result<Response> {
    let outcome = mutation.submit(Command::RollOut { firmware, roll_out: body.value }, &body.raw).await?;
    Ok(answer(outcome, StatusCode::OK))
}

/// Withdraw a firmware, with its image; cameras that run it go on
#[utoipa::path(delete, path = paths::FIRMWARE, tag = "firmware", params(("firmware" = String, Path), LotQuery),
    responses((status = 200, body = Committed<Firmware>), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub async fn withdraw(
    State(app): State<App>,
    mutation: Mutation,
    ApiPath(id): ApiPath<FirmwareId>,
) -> Result<Response> {
    if mutation.is_trial {
        return Ok(answer(mutation.submit(Command::WithdrawFirmware(id), &[]).await?, StatusCode::OK));
    }
    let (origin, idempotency) = (mutation.caller.origin(), mutation.idempotency(&[]));
    Ok(answer(app.firmwares.withdraw(&mutation.lot, id, mutation.if_match, origin, idempotency).await?, StatusCode::OK))
}
