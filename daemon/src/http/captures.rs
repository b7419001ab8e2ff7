//! Handlers for captures.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use parking_api::captures::{CAPTURE_BYTES_MAX, Capture, CapturePatch};
use parking_api::orders::Uploaded;
use parking_api::paths::{CAPTURED_AGE_HEADER, CAPTURED_AT_HEADER};
use parking_api::{CameraId, CaptureId, Committed, LotId, Problem, ProblemCode, Time, paths};
use serde::Deserialize;
use tokio::sync::SemaphorePermit;
use utoipa::IntoParams;

use super::App;
use super::cameras::{orders, own_lot};
use super::extract::{ApiJson, ApiPath, ApiQuery, InLot, LotQuery, Mutation, content_type, idempotency_key, read_body};
use super::form;
use super::page;
use super::problem::{Fault, Result};
use super::slots::{answer, committed};
use crate::auth::Caller;
use crate::captures::{AGE_MS_MAX, Upload};
use crate::ledger::{self, Command, Outcome, Reply};
use crate::store::CaptureFilter;

/// Uploads that are read and stored at once; each may hold 4 MiB.
pub const UPLOADS_MAX: usize = 32;
/// Longest wait for a place among them.
const UPLOAD_TURN_TIMEOUT: Duration = Duration::from_secs(10);
/// Room for the frame around the file of a form, in bytes.
const FORM_BYTES_EXTRA: usize = 64 * 1024;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    #[param(value_type = Option<String>)]
    lot: Option<LotId>,
    /// Taken from the token when a camera uploads.
    #[param(value_type = Option<String>)]
    camera: Option<CameraId>,
    #[serde(default)]
    #[param(ignore)]
    dry_run: bool,
}

/// Upload a picture: as the body itself, or as the first file of a form whatever its name
#[utoipa::path(post, path = paths::CAPTURE, tag = "captures", params(UploadQuery,
        ("X-Captured-At" = Option<String>, Header, description = "When it was taken, RFC 3339; from more than a minute ahead, and from a camera more than 31 days ago, when it arrives: such a clock is not set"),
        ("X-Captured-Age" = Option<u64>, Header, description = "The same from a camera without a clock: milliseconds since it was taken")),
    request_body(content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "multipart/form-data"))),
    responses((status = 201, body = Committed<Uploaded>), (status = 404, body = Problem), (status = 413, body = Problem),
    (status = 415, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem),
    (status = 507, body = Problem)))]
pub async fn upload(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<UploadQuery>,
    request: Request,
) -> Result<Response> {
    app.limits.upload(caller.token.id)?;
    let lot = own_lot(&app, &caller, app.lot(&query.lot.unwrap_or_default())?)?;
    let camera = match (&caller.token.camera, query.camera) {
        (Some(own), Some(named)) if *own != named => {
            return Err(Fault::new(ProblemCode::Forbidden, format!("this token is not of camera {named}")));
        }
        (Some(own), _) => Some(own.clone()),
        (None, named) => named,
    };
    let captured_at = captured_at(request.headers(), app.clock.now())?;
    let idempotency_key = idempotency_key(request.headers())?;
    let _turn = turn(&app).await?;
    let (bytes, content_type) = picture(request).await?;
    let upload = Upload {
        bytes,
        content_type,
        camera,
        captured_at,
        origin: caller.origin(),
        caller: caller.token.id.to_string(),
        idempotency_key,
        is_trial: query.dry_run,
    };
    // In a task of its own: a camera that hangs up must not leave a picture half entered.
    let captures = app.captures.clone();
    let of = lot.clone();
    let ingesting = app.tasks.spawn(async move { captures.ingest(&of, upload).await });
    let outcome = ingesting.await.map_err(|e| Fault::new(ProblemCode::Internal, format!("the upload failed: {e}")))?;
    let Outcome { reply: Reply::Capture(capture), seq, replayed } = outcome? else {
        return Err(Fault::new(ProblemCode::Internal, "a picture was stored, but something else was answered"));
    };
    let mut response = committed(Uploaded { capture, orders: orders(&app, &lot, &caller) }, seq, replayed);
    *response.status_mut() = if query.dry_run { StatusCode::OK } else { StatusCode::CREATED };
    Ok(response)
}

/// A place among the uploads, to be taken before the bytes: what waits here holds none in memory.
pub async fn turn(app: &App) -> Result<SemaphorePermit<'_>> {
    match tokio::time::timeout(UPLOAD_TURN_TIMEOUT, app.uploads.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(ledger::Error::Overloaded(format!("{UPLOADS_MAX} uploads are on their way already")).into()),
    }
}

fn captured_at(headers: &HeaderMap, now: Time) -> Result<Option<Time>> {
    if let Some(value) = headers.get(CAPTURED_AGE_HEADER) {
        let age_ms =
            value.to_str().ok().and_then(|age| age.parse::<i64>().ok()).filter(|age| (0..=AGE_MS_MAX).contains(age));
        let detail = || format!("X-Captured-Age: not a number of milliseconds up to {AGE_MS_MAX}");
        let age_ms = age_ms.ok_or_else(|| Fault::field(ProblemCode::InvalidField, "X-Captured-Age", detail()))?;
        return Ok(Some(now.plus_ms(-age_ms)));
    }
    let Some(value) = headers.get(CAPTURED_AT_HEADER) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    text.parse()
        .map(Some)
        .map_err(|e| Fault::field(ProblemCode::InvalidField, "X-Captured-At", format!("X-Captured-At: {e}")))
}

/// The bytes of the picture, and what the sender says that they are.
async fn picture(request: Request) -> Result<(Bytes, Option<String>)> {
    match content_type(request.headers()) {
        Some(form) if form == "multipart/form-data" => from_form(request).await,
        Some(text) if !form::is_picture_or_bytes(&text) => {
            let detail = format!("an upload is image/jpeg, image/png or multipart/form-data, not {text}");
            Err(Fault::new(ProblemCode::UnsupportedMediaType, detail))
        }
        declared => Ok((read_body(request.into_body(), CAPTURE_BYTES_MAX).await?, declared)),
    }
}

async fn from_form(request: Request) -> Result<(Bytes, Option<String>)> {
    let (parts, body) = request.into_parts();
    let whole = read_body(body, CAPTURE_BYTES_MAX + FORM_BYTES_EXTRA).await?;
    Ok(form::file(&parts.headers, whole).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[param(value_type = Option<String>)]
    lot: Option<LotId>,
    #[param(value_type = Option<String>)]
    camera: Option<CameraId>,
    /// Taken at or after.
    from: Option<Time>,
    /// Taken before.
    to: Option<Time>,
    /// From the header `Next-Cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 1,000; 100 when absent.
    limit: Option<usize>,
}

/// Captures, newest first
#[utoipa::path(get, path = paths::CAPTURES, tag = "captures", params(ListQuery),
    responses((status = 200, body = Vec<Capture>, headers(("Next-Cursor" = String, description = "Cursor of the next page"))),
    (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn list(State(app): State<App>, ApiQuery(query): ApiQuery<ListQuery>) -> Result<Response> {
    let lot = app.lot(&query.lot.unwrap_or_default())?;
    let limit = page::limit_of(query.limit)?;
    let filter = CaptureFilter {
        camera: query.camera,
        from: query.from,
        to: query.to,
        before: page::read_cursor(query.cursor.as_deref())?,
        limit: limit + 1,
    };
    let rows = app.ledger.store().captures(lot.id(), &filter).await?;
    Ok(page::page(rows, limit, |capture| page::write_cursor(capture.captured_at, capture.id)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LatestQuery {
    #[param(value_type = Option<String>)]
    lot: Option<LotId>,
    /// Of any camera when absent.
    #[param(value_type = Option<String>)]
    camera: Option<CameraId>,
}

/// The newest capture
#[utoipa::path(get, path = paths::CAPTURE_LATEST, tag = "captures", params(LatestQuery),
    responses((status = 200, body = Capture), (status = 404, body = Problem)))]
pub async fn latest(State(app): State<App>, ApiQuery(query): ApiQuery<LatestQuery>) -> Result<Json<Capture>> {
    let lot = app.lot(&query.lot.unwrap_or_default())?;
    if let Some(camera) = query.camera.as_ref().filter(|id| lot.read(|state| state.camera(id).is_none())) {
        let detail = format!("there is no camera {camera} in lot {}", lot.id());
        return Err(Fault::field(ProblemCode::CameraNotFound, "camera", detail));
    }
    let filter = CaptureFilter { camera: query.camera, limit: 1, ..CaptureFilter::default() };
    match app.ledger.store().captures(lot.id(), &filter).await?.pop() {
        Some(capture) => Ok(Json(capture)),
        None => Err(Fault::new(ProblemCode::CaptureNotFound, format!("lot {} has no such capture yet", lot.id()))),
    }
}

/// One capture
#[utoipa::path(get, path = paths::CAPTURE_ID, tag = "captures", params(("capture" = String, Path), LotQuery),
    responses((status = 200, body = Capture), (status = 404, body = Problem)))]
pub async fn get(State(app): State<App>, InLot(lot): InLot, ApiPath(id): ApiPath<CaptureId>) -> Result<Json<Capture>> {
    match app.ledger.store().capture(lot.id(), id).await? {
        Some(capture) => Ok(Json(capture)),
        None => Err(Fault::new(ProblemCode::CaptureNotFound, format!("there is no capture {id} in lot {}", lot.id()))),
    }
}

/// Pin a capture, so that it is kept until it is deleted by hand, or unpin it
#[utoipa::path(patch, path = paths::CAPTURE_ID, tag = "captures", params(("capture" = String, Path), LotQuery),
    request_body = CapturePatch,
    responses((status = 200, body = Committed<Capture>), (status = 404, body = Problem), (status = 412, body = Problem),
    (status = 422, body = Problem)))]
pub async fn patch(
    mutation: Mutation,
    ApiPath(capture): ApiPath<CaptureId>,
    body: ApiJson<CapturePatch>,
) -> Result<Response> {
    let outcome = mutation.submit(Command::PatchCapture { capture, patch: body.value }, &body.raw).await?;
    Ok(answer(outcome, StatusCode::OK))
}

/// Delete a capture and its picture
#[utoipa::path(delete, path = paths::CAPTURE_ID, tag = "captures", params(("capture" = String, Path), LotQuery),
    responses((status = 200, body = Committed<Capture>), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub async fn delete(State(app): State<App>, mutation: Mutation, ApiPath(id): ApiPath<CaptureId>) -> Result<Response> {
    if mutation.is_trial {
        return Ok(answer(mutation.submit(Command::DeleteCapture(id), &[]).await?, StatusCode::OK));
    }
    let (origin, idempotency) = (mutation.caller.origin(), mutation.idempotency(&[]));
    let deleting = app.captures.delete(&mutation.lot, id, mutation.if_match, origin, idempotency);
    Ok(answer(deleting.await?, StatusCode::OK))
}
