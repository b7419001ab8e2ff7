//! Handlers for browsers: a token for a cookie.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use parking_api::tokens::{Identity, Login, Role};
use parking_api::{Problem, ProblemCode, paths};

use super::App;
use super::extract::ApiJson;
use super::guard::{Client, cookie};
use super::problem::{Fault, Result};
use crate::auth::{COOKIE, Caller};

fn identity(caller: &Caller) -> Identity {
    Identity {
        name: caller.token.name.clone(),
        role: caller.token.role,
        expires_at: caller.token.expires_at,
        csrf_token: caller.csrf_token.clone(),
    }
}

/// Exchange a token for an HttpOnly cookie
#[utoipa::path(post, path = paths::LOGIN, tag = "login", request_body = Login,
    responses((status = 200, body = Identity), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub async fn login(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    body: ApiJson<Login>,
) -> Result<Response> {
    let secret = body.value.token.trim();
    let caller = match app.auth.by_secret(secret) {
        Ok(caller) => caller,
        Err(problem) => {
            app.auth.count_failure(&app.limits, secret, client.address).await?;
            return Err(problem.into());
        }
    };
    if caller.role() == Role::Camera {
        return Err(Fault::new(ProblemCode::Forbidden, "a camera's token cannot log in to the dashboard"));
    }
    with_cookie(&app, client, &caller)
}

/// Who the caller is. A cookie that is in use is renewed by this
#[utoipa::path(get, path = paths::LOGIN, tag = "login", responses((status = 200, body = Identity), (status = 401, body = Problem)))]
pub async fn whoami(State(app): State<App>, Extension(client): Extension<Client>, caller: Caller) -> Result<Response> {
    if app.auth.is_due(&caller) {
        return with_cookie(&app, client, &caller);
    }
    Ok(Json(identity(&caller)).into_response())
}

/// The identity that a browser has by the cookie which it is given with it.
fn with_cookie(app: &App, client: Client, caller: &Caller) -> Result<Response> {
    let (cookie, max_age_s) = app.auth.login(caller);
    let caller = app.auth.by_cookie(&cookie)?;
    let secure = if client.is_tls { "; Secure" } else { "" };
    let set = format!("{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}");
    let mut response = Json(identity(&caller)).into_response();
    let value = HeaderValue::from_str(&set).map_err(|e| Fault::new(ProblemCode::Internal, e.to_string()))?;
    response.headers_mut().insert(header::SET_COOKIE, value);
    Ok(response)
}

/// End the login of the cookie, wherever that was copied to, and take it back
#[utoipa::path(post, path = paths::LOGOUT, tag = "login", responses((status = 204), (status = 429, body = Problem), (status = 503, body = Problem)))]
pub async fn logout(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
) -> Result<Response> {
    // A cookie that lets nobody in any more has no login to end.
    if let Some(Ok(caller)) = cookie(&headers).map(|cookie| app.auth.by_cookie(cookie)) {
        app.limits.write(caller.token.id, client.address)?;
        app.auth.log_out(&caller).await?;
    }
    let clear = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(value) = HeaderValue::from_str(&clear) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}
