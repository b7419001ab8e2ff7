//! Decisions about tokens. Pure: secrets never come here, only their hashes.

use parking_api::events::EventChange;
use parking_api::tokens::{Role, Token};
use parking_api::{Problem, ProblemCode, Time, TokenId};

use super::super::command::{Change, Context, NewSecret, Refusal, Reply};
use super::super::state::LotState;
use super::{cameras, text};

/// Most tokens of one lot that are neither expired nor revoked.
const TOKENS_MAX: usize = 5_000;

pub(super) fn create(state: &LotState, secret: &NewSecret, now: Time) -> Result<Change, Refusal> {
    if let Some(camera) = &secret.token.camera {
        cameras::found(state, camera)?;
    }
    add(state, secret, now)
}

/// The same where the camera that it is for is created in the same breath.
pub(super) fn add(state: &LotState, secret: &NewSecret, now: Time) -> Result<Change, Refusal> {
    let is_valid = |token: &&Token| token.revoked_at.is_none() && token.expires_at.is_none_or(|expires| expires > now);
    if state.tokens().filter(is_valid).count() >= TOKENS_MAX {
        return Err(Problem::new(
            ProblemCode::LimitReached,
            format!("{TOKENS_MAX} tokens are valid already: revoke some first"),
        ));
    }
    let token = Token { name: text("name", &secret.token.name)?, ..secret.token.clone() };
    Ok(Change { changes: vec![EventChange::TokenCreated { token: token.clone() }], reply: Reply::Token(token) })
}

/// Revokes once; a token that was revoked before stays as it is.
pub(super) fn revoke(state: &LotState, id: TokenId, context: &Context<'_>) -> Result<Change, Refusal> {
    let Some(token) = state.token(id) else {
        return Err(Problem::new(ProblemCode::TokenNotFound, format!("there is no token {id}")));
    };
    if token.revoked_at.is_some() {
        return Ok(Change { changes: vec![], reply: Reply::Token(token.clone()) });
    }
    let is_admin = |token: &&Token| {
        token.role == Role::Admin
            && token.revoked_at.is_none()
            && token.expires_at.is_none_or(|expires| expires > context.now)
    };
    if is_admin(&token) && state.tokens().filter(is_admin).count() == 1 {
        return Err(Problem::new(
            ProblemCode::LastAdmin,
            format!("token {} is the last valid admin token: create another first", token.name),
        ));
    }
    let revoked = Token { revoked_at: Some(context.now), ..token.clone() };
    Ok(Change { changes: vec![EventChange::TokenRevoked { token: revoked.clone() }], reply: Reply::Token(revoked) })
}

pub(super) fn revoked(token: &Token, now: Time) -> EventChange {
    EventChange::TokenRevoked { token: Token { revoked_at: Some(now), ..token.clone() } }
}
