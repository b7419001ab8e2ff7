//! Handlers for tokens.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use parking_api::tokens::{NewToken, Role, Token, TokenCreated};
use parking_api::{Committed, LotId, Problem, ProblemCode, paths};

use super::App;
use super::extract::{ApiJson, ApiPath, Mutation};
use super::problem::{Fault, Result};
use super::slots::{answer, committed};
use crate::auth::secret::{self, Grant, record};
use crate::ledger::{Command, Outcome, Reply};

/// A secret for a new token; the same again when the same request comes again.
pub fn secret_for(app: &App, mutation: &Mutation, raw: &[u8]) -> Result<String> {
    match mutation.identity(raw) {
        Some(request) => Ok(app.auth.derived_secret(&request)),
        None => {
            secret::new().map_err(|e| Fault::new(ProblemCode::Unavailable, format!("no randomness for a secret: {e}")))
        }
    }
}

/// All tokens of all lots, without their secrets
#[utoipa::path(get, path = paths::TOKENS, tag = "tokens", responses((status = 200, body = Vec<Token>)))]
pub async fn list(State(app): State<App>) -> Json<Vec<Token>> {
    Json(app.ledger.tokens().into_iter().map(|token| app.auth.join(token)).collect())
}

/// Create a token; the answer shows its secret, this once
#[utoipa::path(post, path = paths::TOKENS, tag = "tokens", request_body = NewToken,
    responses((status = 201, body = Committed<TokenCreated>), (status = 422, body = Problem)))]
pub async fn create(State(app): State<App>, mutation: Mutation, body: ApiJson<NewToken>) -> Result<Response> {
    if body.value.role == Role::Camera {
        let detail = "a camera's token is made together with the camera: POST /api/cameras";
        return Err(Fault::field(ProblemCode::InvalidField, "role", detail));
    }
    let now = app.clock.now();
    if body.value.expires_at.is_some_and(|expires| expires <= now) {
        return Err(Fault::field(ProblemCode::InvalidField, "expires_at", "expires_at lies in the past"));
    }
    let mutation = mutation.in_lot(app.lot(&LotId::default())?);
    let secret = secret_for(&app, &mutation, &body.raw)?;
    let grant = Grant {
        name: body.value.name,
        role: body.value.role,
        lot: LotId::default(),
        camera: None,
        expires_at: body.value.expires_at,
    };
    let command = Command::CreateToken(Box::new(record(grant, &secret, now)));
    let outcome = mutation.submit(command, &body.raw).await?;
    token_created(&mutation, outcome, secret)
}

/// The answer that shows a new token's secret.
pub fn token_created(mutation: &Mutation, outcome: Outcome, secret: String) -> Result<Response> {
    let Reply::Token(info) = outcome.reply else {
        return Err(Fault::new(ProblemCode::Internal, "a token was created, but something else was answered"));
    };
    let mut response = committed(TokenCreated { info, token: mutation.shown(secret) }, outcome.seq, outcome.replayed);
    *response.status_mut() = mutation.created();
    Ok(response)
}

/// Revoke a token, by id or prefix; open sockets that use it are closed
#[utoipa::path(delete, path = paths::TOKEN, tag = "tokens", params(("token" = String, Path, description = "Id or prefix")),
    responses((status = 200, body = Committed<Token>), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn revoke(State(app): State<App>, mutation: Mutation, ApiPath(name): ApiPath<String>) -> Result<Response> {
    let (lot, id) = app.ledger.token_named(&name)?;
    Ok(answer(mutation.in_lot(lot).submit(Command::RevokeToken(id), &[]).await?, StatusCode::OK))
}
