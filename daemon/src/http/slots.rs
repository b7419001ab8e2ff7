//! Handlers for slots, and the form of the answer to every mutation.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use parking_api::paths::{REPLAYED_HEADER, SEQ_HEADER};
use parking_api::slots::{Imported, NewSlot, SLOTS_MAX, SetSlot, Slot, SlotKind, SlotPatch, SlotState, SlotStats};
use parking_api::{Committed, LotId, Problem, ProblemCode, SlotId, SlotRef, paths};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::App;
use super::aged::aged;
use super::extract::{ApiJson, ApiPath, ApiQuery, InLot, LotQuery, Mutation, content_type, parse_json, read_body};
use super::problem::{Fault, Result};
use crate::ledger::{Audience, Command, LotHandle, LotState, Outcome, Reply};
use crate::plan;

/// Largest body of an import, in bytes.
const IMPORT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The answer to a mutation: the resource with its `seq`, and the same number in a header.
pub fn answer(outcome: Outcome, status: StatusCode) -> Response {
    let Outcome { reply, seq, replayed } = outcome;
    let rev = match &reply {
        Reply::Slot(slot) => Some(slot.rev),
        Reply::Lot(lot) => Some(lot.rev),
        Reply::Capture(capture) => Some(capture.rev),
        Reply::Camera(camera) => Some(camera.rev),
        Reply::Regions(regions) => Some(regions.rev),
        Reply::Firmware(firmware) => Some(firmware.rev),
        _ => None,
    };
    let mut response = match reply {
        Reply::Slot(slot) => committed(slot, seq, replayed),
        Reply::Lot(lot) => committed(lot, seq, replayed),
        Reply::Session(session) => committed(session, seq, replayed),
        Reply::Capture(capture) => committed(capture, seq, replayed),
        Reply::Expired(expired) => committed(expired, seq, replayed),
        Reply::Camera(camera) => committed(camera, seq, replayed),
        Reply::Regions(regions) => committed(regions, seq, replayed),
        Reply::Calibrating(calibrating) => committed(calibrating, seq, replayed),
        Reply::Firmware(firmware) => committed(firmware, seq, replayed),
        Reply::Token(token) => committed(token, seq, replayed),
        Reply::Imported(imported) => committed(imported, seq, replayed),
    };
    *response.status_mut() = status;
    if let Some(rev) = rev {
        response.headers_mut().insert(header::ETAG, etag(rev));
    }
    response
}

/// A resource with its `seq`, and whether this is an earlier answer again.
pub fn committed<T: Serialize>(value: T, seq: u64, replayed: bool) -> Response {
    let mut response = Json(Committed { value, seq }).into_response();
    response.headers_mut().insert(SEQ_HEADER, HeaderValue::from(seq));
    if replayed {
        response.headers_mut().insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
    }
    response
}

fn etag(rev: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{rev}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The slot whose history a query asks for, if it asks for that of one. What is gone has a history still, and so has a code that a slot has
/// no more.
pub async fn id_of(app: &App, lot: &LotHandle, slot: Option<&SlotRef>, audience: Audience) -> Result<Option<SlotId>> {
    let Some(slot) = slot else { return Ok(None) };
    let there = lot.read(|state| state.slot(slot).map(|slot| slot.id));
    let found = match (there, slot, audience) {
        (Some(id), ..) => Some(id),
        // Anybody could have the whole log looked through for nothing.
        (None, _, Audience::Public) => None,
        (None, SlotRef::Id(id), _) => Some(*id),
        (None, SlotRef::Code(code), _) => app.ledger.store().slot_once_called(lot.id(), code).await?,
    };
    match found {
        Some(id) => Ok(Some(id)),
        None => {
            let detail = format!("there is no slot {slot} in lot {}, nor was there one lately", lot.id());
            Err(Fault::field(ProblemCode::SlotNotFound, "slot", detail))
        }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[param(value_type = Option<String>)]
    lot: Option<LotId>,
    zone: Option<String>,
    state: Option<SlotState>,
    kind: Option<SlotKind>,
}

/// All slots of a lot, by code as people count; kept ready, plain and compressed
#[utoipa::path(get, path = paths::SLOTS, tag = "slots", params(ListQuery),
    responses((status = 200, body = Vec<Slot>), (status = 304), (status = 404, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    audience: Audience,
    ApiQuery(query): ApiQuery<ListQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let lot = app.lot(&query.lot.clone().unwrap_or_default())?;
    let (list, epoch) = lot.read_with_list(audience, |state, list| (list, state.epoch().clone()));
    let tag = format!("W/\"{epoch}-{}\"", list.rev);
    let mut response = if is_unchanged(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if query.zone.is_none() && query.state.is_none() && query.kind.is_none() {
        whole_list(&headers, &list)
    } else {
        Json(filtered(&lot, audience, &query)).into_response()
    };
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Authorization, Cookie"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    Ok(aged(&lot, response))
}

fn whole_list(headers: &HeaderMap, list: &crate::ledger::SlotList) -> Response {
    let is_gzip = accepts_gzip(headers);
    let body: Bytes = if is_gzip { list.gzip.clone() } else { list.plain.clone() };
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if is_gzip {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn filtered(lot: &LotHandle, audience: Audience, query: &ListQuery) -> Vec<Slot> {
    // An empty zone asks for the slots that have none.
    let zone = query.zone.as_deref().map(|zone| Some(zone).filter(|zone| !zone.is_empty()));
    lot.read(|state| {
        let wanted = state.slots().filter(|slot| {
            zone.is_none_or(|zone| slot.zone.as_deref() == zone)
                && query.state.is_none_or(|state| slot.state == state)
                && query.kind.is_none_or(|kind| slot.kind == kind)
        });
        wanted.map(|slot| audience.slot(slot)).collect()
    })
}

/// Whether the caller has this version already (`If-None-Match`, compared weakly as RFC 9110 says).
pub fn is_unchanged(headers: &HeaderMap, tag: &str) -> bool {
    let Some(known) = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) else { return false };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_string();
    known.trim() == "*" || known.split(',').any(|known| opaque(known) == opaque(tag))
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| {
        let (name, quality) = coding.split_once(";").map_or((coding, ""), |(name, quality)| (name, quality.trim()));
        let is_refused = quality.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
        matches!(name.trim(), "gzip" | "*") && !is_refused
    })
}

/// How many slots are in which state
#[utoipa::path(get, path = paths::SLOTS_STATS, tag = "slots", params(LotQuery),
    responses((status = 200, body = SlotStats), (status = 404, body = Problem)))]
pub async fn stats(InLot(lot): InLot) -> Response {
    aged(&lot, Json(lot.read(LotState::stats)))
}

/// One slot, by id or by code
#[utoipa::path(get, path = paths::SLOT, tag = "slots", params(("slot" = String, Path, description = "Id or code"), LotQuery),
    responses((status = 200, body = Slot), (status = 304), (status = 404, body = Problem)))]
pub async fn get(
    InLot(lot): InLot,
    audience: Audience,
    ApiPath(slot): ApiPath<SlotRef>,
    headers: HeaderMap,
) -> Result<Response> {
    let found = lot.read(|state| state.slot(&slot).cloned());
    let Some(found) = found else {
        let detail = format!("there is no slot {slot} in lot {}", lot.id());
        return Err(Fault::new(ProblemCode::SlotNotFound, detail));
    };
    let tag = format!("\"{}\"", found.rev);
    let mut response = if is_unchanged(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(audience.slot(&found)).into_response()
    };
    response.headers_mut().insert(header::ETAG, etag(found.rev));
    Ok(aged(&lot, response))
}

/// Create a slot
#[utoipa::path(post, path = paths::SLOTS, tag = "slots", params(LotQuery), request_body = NewSlot,
    responses((status = 201, body = Committed<Slot>), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(mutation: Mutation, body: ApiJson<NewSlot>) -> Result<Response> {
    let outcome = mutation.submit(Command::CreateSlot(body.value), &body.raw).await?;
    Ok(answer(outcome, mutation.created()))
}

/// Set a slot's state, absolutely
#[utoipa::path(put, path = paths::SLOT, tag = "slots", params(("slot" = String, Path, description = "Id or code"), LotQuery),
    request_body = SetSlot, responses((status = 200, body = Committed<Slot>), (status = 404, body = Problem),
    (status = 412, body = Problem), (status = 422, body = Problem)))]
pub async fn set(mutation: Mutation, ApiPath(slot): ApiPath<SlotRef>, body: ApiJson<SetSlot>) -> Result<Response> {
    let command = Command::SetSlot { slot, set: body.value };
    Ok(answer(mutation.submit(command, &body.raw).await?, StatusCode::OK))
}

/// Swap free and occupied; unknown becomes occupied; reserved and closed are refused
#[utoipa::path(post, path = paths::SLOT_TOGGLE, tag = "slots",
    params(("slot" = String, Path, description = "Id or code"), LotQuery),
    responses((status = 200, body = Committed<Slot>), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 412, body = Problem)))]
pub async fn toggle(mutation: Mutation, ApiPath(slot): ApiPath<SlotRef>) -> Result<Response> {
    let command = Command::ToggleSlot { slot };
    Ok(answer(mutation.submit(command, &[]).await?, StatusCode::OK))
}

/// Change what a slot is: code, zone, level, kind, position, note
#[utoipa::path(patch, path = paths::SLOT, tag = "slots", params(("slot" = String, Path, description = "Id or code"), LotQuery),
    request_body = SlotPatch, responses((status = 200, body = Committed<Slot>), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
pub async fn patch(mutation: Mutation, ApiPath(slot): ApiPath<SlotRef>, body: ApiJson<SlotPatch>) -> Result<Response> {
    let command = Command::PatchSlot { slot, patch: body.value };
    Ok(answer(mutation.submit(command, &body.raw).await?, StatusCode::OK))
}

/// Delete a slot; an open stay in it is closed
#[utoipa::path(delete, path = paths::SLOT, tag = "slots", params(("slot" = String, Path, description = "Id or code"), LotQuery),
    responses((status = 200, body = Committed<Slot>), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub async fn delete(mutation: Mutation, ApiPath(slot): ApiPath<SlotRef>) -> Result<Response> {
    let command = Command::DeleteSlot { slot };
    Ok(answer(mutation.submit(command, &[]).await?, StatusCode::OK))
}

/// Create and redescribe many slots, all or none, from a JSON array or CSV
#[utoipa::path(post, path = paths::SLOTS_IMPORT, tag = "slots", params(LotQuery),
    request_body(content((Vec<NewSlot> = "application/json"), (String = "text/csv"))),
    responses((status = 200, body = Committed<Imported>), (status = 413, body = Problem), (status = 415, body = Problem),
    (status = 422, body = Problem)))]
pub async fn import(mutation: Mutation, request: Request) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let content_type = content_type(&parts.headers);
    let raw = read_body(body, IMPORT_BYTES_MAX).await?;
    let rows = match content_type.as_deref() {
        Some("application/json") => parse_json::<Vec<NewSlot>>(&raw)?,
        Some("text/csv") => plan::read_csv(&raw)?,
        other => {
            let detail =
                format!("an import is application/json or text/csv, not {}", other.unwrap_or("without a type"));
            return Err(Fault::new(ProblemCode::UnsupportedMediaType, detail));
        }
    };
    if rows.len() > SLOTS_MAX {
        let detail = format!("the import has {} rows; a lot holds at most {SLOTS_MAX} slots", rows.len());
        return Err(Fault::new(ProblemCode::LimitReached, detail));
    }
    let command = Command::ImportSlots { rows, dry_run: mutation.is_trial };
    let outcome = mutation.submit(command, &raw).await?;
    Ok(answer(outcome, StatusCode::OK))
}
