//! Handlers for what the daemon says of itself.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use parking_api::status::{Readiness, Version};
use parking_api::{PROTOCOL, paths};
use std::time::Duration;

use super::App;
use super::aged::aged_by;
use crate::integrity::FOUND;

/// Longest wait for the database or the object store to answer.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the process runs
#[utoipa::path(get, path = paths::LIVE, tag = "health", responses((status = 200)))]
pub async fn live() -> Json<serde_json::Value> {
    Json(serde_json::json!({"live": true}))
}

/// Whether the daemon can do its work: the database answers, and pictures can be kept
#[utoipa::path(get, path = paths::READY, tag = "health", responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub async fn ready(State(app): State<App>) -> Response {
    let database = tokio::time::timeout(PING_TIMEOUT, app.ledger.store().ping());
    let objects = tokio::time::timeout(PING_TIMEOUT, app.captures.objects().state());
    let integrity = tokio::time::timeout(PING_TIMEOUT, app.ledger.store().fact(FOUND));
    let storage = tokio::time::timeout(PING_TIMEOUT, app.keeper.trouble());
    let (database, objects, integrity, storage) = tokio::join!(database, objects, integrity, storage);
    // What is not known is left out; that the database does not answer is said already.
    let integrity = integrity.ok().and_then(Result::ok).flatten();
    let storage = storage.ok().and_then(Result::ok).flatten();
    let database = database.map_or(Err("no answer".to_string()), |r| r.map_err(|e| e.to_string()));
    let objects = objects.map_or(Err("no answer".to_string()), |r| r.map_err(|e| e.to_string()));
    let ready = database.is_ok() && app.ledger.age_s().is_none() && objects.is_ok() && !app.stop.is_cancelled();
    let age_s = app.ledger.age_s();
    let database = match (database, age_s) {
        (Ok(()), None) => "ok".to_string(),
        (Ok(()), Some(age)) => format!("nothing can be written; what is shown was true {age} s ago"),
        (Err(error), age) => format!("{error}; what is shown was true {} s ago", age.unwrap_or_default()),
    };
    let objects = objects.map_or_else(|error| error, |state| state.to_string());
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    aged_by(age_s, (status, Json(Readiness { ready, database, objects, integrity, storage })))
}

/// Which version this is
#[utoipa::path(get, path = paths::VERSION, tag = "health", responses((status = 200, body = Version)))]
pub async fn version() -> Json<Version> {
    Json(Version { name: "parkd".into(), version: env!("CARGO_PKG_VERSION").into(), protocol: PROTOCOL })
}
