//! The handshake of a live socket (design §5): who may open one, and on which lot. What is said on it is [`crate::socket`]'s.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use parking_api::{LotId, Problem, ProblemCode, paths};
use serde::Deserialize;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use utoipa::IntoParams;

use super::App;
use super::extract::ApiQuery;
use super::guard::Client;
use super::patient::Patient;
use super::problem::{Fault, Result};
use super::server::Place;
use crate::auth::Caller;
use crate::ledger::{Audience, LotHandle};
use crate::socket::{Session, Socket};

/// Longest wait for the connection after the handshake was answered.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SocketQuery {
    #[param(value_type = Option<String>)]
    lot: Option<LotId>,
    /// The epoch that `after` is of.
    epoch: Option<String>,
    /// The last `seq` that the client has.
    after: Option<u64>,
}

/// Follow a lot live over a WebSocket
#[utoipa::path(get, path = paths::WS, tag = "events", params(SocketQuery),
    responses((status = 101), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn socket(
    State(app): State<App>,
    audience: Audience,
    Extension(client): Extension<Client>,
    caller: Option<Extension<Caller>>,
    ApiQuery(query): ApiQuery<SocketQuery>,
    mut request: Request,
) -> Result<Response> {
    check_origin(request.headers(), client, &app.policy.allowed_origins)?;
    let lot = app.lot(&query.lot.unwrap_or_default())?;
    let cursor = match (query.epoch, query.after) {
        (Some(epoch), Some(after)) => Some((epoch, after)),
        (None, None) => None,
        _ => {
            let detail = "a cursor is both epoch and after, or neither";
            return Err(Fault::field(ProblemCode::InvalidField, "after", detail));
        }
    };
    if let Some((_, after)) = &cursor {
        app.ledger.reach(&lot, *after).await?;
    }
    let accept = accept_key(request.headers())?;
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return Err(Fault::new(ProblemCode::BadRequest, "this connection cannot become a WebSocket"));
    };
    let caller = caller.map(|Extension(caller)| caller);
    // The socket keeps the place of the connection that it was.
    let place = request.extensions_mut().remove::<Place>();
    app.tasks.spawn(run(app.clone(), lot, audience, caller, cursor, (upgrade, place)));
    let mut response = (StatusCode::SWITCHING_PROTOCOLS, Body::empty()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

async fn run(
    app: App,
    lot: Arc<LotHandle>,
    audience: Audience,
    caller: Option<Caller>,
    cursor: Option<(String, u64)>,
    (upgrade, _place): (OnUpgrade, Option<Place>),
) {
    let upgraded: Upgraded = match tokio::time::timeout(UPGRADE_TIMEOUT, upgrade).await {
        Ok(Ok(upgraded)) => upgraded,
        Ok(Err(error)) => return tracing::debug!(%error, "a socket was lost before it opened"),
        Err(_) => return,
    };
    let Ok(connection) = upgraded.downcast::<TokioIo<Patient>>() else {
        return tracing::error!("a socket is not a connection of this server");
    };
    let session = Session {
        store: app.ledger.store().clone(),
        tokens_changed: app.ledger.tokens_changed(),
        auth: app.auth.clone(),
        clock: Arc::clone(&app.clock),
        stop: app.stop.clone(),
        caller,
        lot,
        audience,
    };
    let stream = connection.io.into_inner().into_inner();
    Socket::new(stream, connection.read_buf, session, &app.fans, &app.tasks).run(cursor).await;
}

/// What answers the client's key (RFC 6455), if this is a handshake.
fn accept_key(headers: &HeaderMap) -> Result<HeaderValue> {
    let has = |name: header::HeaderName, word: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    let is_handshake = has(header::CONNECTION, "upgrade") && has(header::UPGRADE, "websocket");
    match key {
        Some(key) if is_handshake && has(header::SEC_WEBSOCKET_VERSION, "13") => {
            let accept = derive_accept_key(key.as_bytes());
            HeaderValue::from_str(&accept).map_err(|e| Fault::new(ProblemCode::Internal, e.to_string()))
        }
        _ => Err(Fault::new(
            ProblemCode::BadRequest,
            "this address is for WebSockets: connect with ws:// or wss://, version 13",
        )),
    }
}

/// A browser says which site a socket is for. Only this daemon's own, and those the operator allowed, may open one.
fn check_origin(headers: &HeaderMap, client: Client, allowed: &[String]) -> Result<()> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let own_scheme = if client.is_tls { "https" } else { "http" };
    // Whoever owns a name may let it lead to this machine, and then a page of that name is of the same host as the daemon. So a browser
    // on this machine, which no proxy asks for, must have asked for it by a name that only this machine can have.
    let is_rebindable = client.address.is_loopback() && !client.is_proxied && !is_loopback(&host);
    let is_own = !host.is_empty() && !is_rebindable && origin == format!("{own_scheme}://{host}");
    if is_own || allowed.contains(&origin) {
        return Ok(());
    }
    let detail = format!("a page of {origin} may not open a socket here: add it to PARKD_ALLOWED_ORIGINS if it should");
    Err(Fault::new(ProblemCode::OriginRefused, detail))
}

/// Whether a `Host` names this machine and can name no other.
fn is_loopback(host: &str) -> bool {
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let is_local_name = name == "localhost" || name.ends_with(".localhost");
    is_local_name || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: &str) -> HeaderMap {
        headers_to("lot.example:8080", origin)
    }

    fn headers_to(host: &str, origin: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).expect("a header"));
        headers.insert(header::ORIGIN, HeaderValue::from_str(origin).expect("a header"));
        headers
    }

    #[test]
    fn only_own_and_allowed_origins_open_sockets() {
        let client = |is_tls| Client { address: IpAddr::from([10, 0, 0, 7]), is_tls, is_proxied: false };
        let allowed = ["https://wall.example".to_string()];
        let is_let_in = |origin: &str, is_tls| check_origin(&headers(origin), client(is_tls), &allowed).is_ok();
        assert!(is_let_in("http://lot.example:8080", false));
        assert!(is_let_in("HTTPS://lot.example:8080", true));
        assert!(is_let_in("https://wall.example", false));
        assert!(!is_let_in("https://lot.example:8080", false));
        assert!(!is_let_in("http://evil.example", false));
        assert!(!is_let_in("null", false));
        assert!(check_origin(&HeaderMap::new(), client(false), &allowed).is_ok(), "programs name no origin");
    }
    #[test]
    fn a_name_that_somebody_made_lead_to_this_machine_is_not_its_own() {
        let here = |is_proxied| Client { address: IpAddr::from([127, 0, 0, 1]), is_tls: false, is_proxied };
        let is_let_in = |host: &str, client, allowed: &[String]| {
            let origin = format!("http://{host}");
            check_origin(&headers_to(host, &origin), client, allowed).is_ok()
        };
        for own in
            ["localhost", "localhost:8080", "lot.localhost:8080", "127.0.0.1:8080", "127.9.9.9", "[::1]:8080", "[::1]"]
        {
            assert!(is_let_in(own, here(false), &[]), "{own}");
        }
        for strange in
            ["evil.example:8080", "evil.example", "localhost.evil.example:8080", "127.0.0.1.evil.example", "10.0.0.7"]
        {
            assert!(!is_let_in(strange, here(false), &[]), "{strange}");
        }
        assert!(is_let_in("lot.example", here(true), &[]), "a proxy knows its names");
        assert!(is_let_in("lot.example", here(false), &["http://lot.example".to_string()]), "the operator said so");
    }
}
