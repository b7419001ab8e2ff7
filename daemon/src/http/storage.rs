//! The handler for what pictures take.

use axum::Json;
use axum::extract::State;
use parking_api::paths;
use parking_api::storage::Storage;

use super::App;
use super::problem::Result;

/// What the pictures of all lots take, how fast that grows, when the disk will be full, and what goes by itself
#[utoipa::path(get, path = paths::STORAGE, tag = "health", responses((status = 200, body = Storage)))]
pub async fn get(State(app): State<App>) -> Result<Json<Storage>> {
    Ok(Json(app.keeper.storage().await?))
}
