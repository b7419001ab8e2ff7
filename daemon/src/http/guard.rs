//! Who is let through, and what is noted of every request. The rules themselves are [`Access`].

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parking_api::ProblemCode;
use parking_api::paths::{CSRF_HEADER, REQUEST_ID_HEADER};

use super::problem::{Fault, Refused, Result};
use super::{Access, App, Policy};
use crate::auth::secret::redacted;
use crate::auth::{COOKIE, Caller};

/// Longest request id that is taken over from a proxy.
const REQUEST_ID_MAX: usize = 64;
/// A zero byte in an address. Nothing has one in its name, and PostgreSQL does not even look for it.
const ZERO_BYTE: &str = "%00";

/// The other end of the connection; put into every request by the server.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Where a request really came from, through proxies that are trusted.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    pub address: IpAddr,
    /// Whether the browser's side of the connection is encrypted.
    pub is_tls: bool,
    /// Whether a proxy that is trusted asks for somebody.
    pub is_proxied: bool,
}

/// Gives every request an id and writes it to the log, and to the problem when there is one.
pub async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    let id = taken_over(request.headers())
        .unwrap_or_else(|| format!("{:x}-{:x}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
    let client = client(&request, &app.policy);
    request.extensions_mut().insert(client);
    let method = request.method().clone();
    let path = request.uri().path().to_string();
    let started = Instant::now();
    let mut response = next.run(request).await;
    let status = response.status();
    let ms = started.elapsed().as_secs_f64() * 1e3;
    if let Some(Refused(mut problem)) = response.extensions_mut().remove::<Refused>() {
        let (code, path, detail) = (problem.code.as_str(), &*redacted(&path), &*redacted(&problem.detail));
        if status.is_server_error() {
            tracing::error!(request = id, %method, path, status = status.as_u16(), code, detail, ms, "request failed");
        } else {
            tracing::info!(request = id, %method, path, status = status.as_u16(), code, detail, ms, "request refused");
        }
        problem.request_id = Some(id.clone());
        let headers = std::mem::take(response.headers_mut());
        response = Fault(problem).into_response();
        response.headers_mut().extend(headers);
        response.extensions_mut().remove::<Refused>();
        response.headers_mut().remove(header::CONTENT_LENGTH);
    } else {
        tracing::debug!(request = id, %method, path = redacted(&path), status = status.as_u16(), ms, "request done");
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    response
}

/// Lets a request through when its route's access allows that, and tells the handler who is calling.
pub async fn check(State((app, access)): State<(App, Access)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(&app, access, &parts).await {
        Err(fault) => fault.into_response(),
        Ok(caller) => {
            if let Some(caller) = caller {
                parts.extensions.insert(caller);
            }
            next.run(Request::from_parts(parts, body)).await
        }
    }
}

async fn admit(app: &App, access: Access, request: &Parts) -> Result<Option<Caller>> {
    if access == Access::Open {
        return Ok(None);
    }
    if request.uri.path_and_query().is_some_and(|address| address.as_str().contains(ZERO_BYTE)) {
        return Err(Fault::new(
            ProblemCode::BadRequest,
            "the address holds a zero byte, which nothing has in its name",
        ));
    }
    let address = request.extensions.get::<Client>().map_or(IpAddr::from([0, 0, 0, 0]), |client| client.address);
    let caller = identify(app, &request.headers, address).await?.map(|caller| caller.at(address));
    let role = caller.as_ref().map(Caller::role);
    if !access.allows(role, app.policy.public_read) {
        let route = request.extensions.get::<MatchedPath>().map_or(request.uri.path(), MatchedPath::as_str);
        let what = format!("{} {route}", request.method);
        return Err(match role {
            None => Fault::new(ProblemCode::Unauthenticated, format!("{what} needs a token of {access}")),
            Some(role) => {
                Fault::new(ProblemCode::Forbidden, format!("{what} needs a token of {access}; this one is of a {role}"))
            }
        });
    }
    if is_mutation(&request.method)
        && let Some(caller) = &caller
    {
        if let Some(expected) = &caller.csrf_token {
            let given = &request.headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if !app.auth.cookies().is_csrf_token(expected, given) {
                let detail = format!("a change by cookie needs the header {CSRF_HEADER} with the token from the login");
                return Err(Fault::new(ProblemCode::CsrfMismatch, detail));
            }
        }
        app.limits.write(caller.token.id, address)?;
    }
    Ok(caller)
}

/// The caller by header, else by cookie, else nobody.
async fn identify(app: &App, headers: &HeaderMap, address: IpAddr) -> Result<Option<Caller>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        // A cookie that says nothing any more is no cookie: there is nothing to guess in it, and its browser may need to log in again.
        return Ok(cookie(headers).and_then(|cookie| app.auth.by_cookie(cookie).ok()));
    };
    let secret = match value.to_str().ok().and_then(|value| value.split_once(' ')) {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => secret.trim(),
        _ => return Err(Fault::new(ProblemCode::Unauthenticated, "the header Authorization must be: Bearer TOKEN")),
    };
    match app.auth.by_secret(secret) {
        Ok(caller) => Ok(Some(caller)),
        Err(problem) => {
            app.auth.count_failure(&app.limits, secret, address).await?;
            Err(problem.into())
        }
    }
}

/// The login cookie.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

fn is_mutation(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn taken_over(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID_HEADER)?.to_str().ok()?;
    let is_plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    (!id.is_empty() && id.len() <= REQUEST_ID_MAX && is_plain).then(|| id.to_string())
}

fn client(request: &Request, policy: &Policy) -> Client {
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0);
    if !policy.trusted_proxies.contains(&peer) {
        return Client { address: peer, is_tls: false, is_proxied: false };
    }
    let last = |name: &str| request.headers().get_all(name).iter().next_back().and_then(|value| value.to_str().ok());
    // From the right, the first that is not a proxy of ours: what stands before it, the client may have written itself.
    let list: Vec<&str> = request.headers().get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
    let hops = list.iter().rev().flat_map(|line| line.rsplit(',')).map(|hop| hop.trim().parse::<IpAddr>());
    let forwarded = hops.into_iter().find(|hop| !hop.as_ref().is_ok_and(|hop| policy.trusted_proxies.contains(hop)));
    let forwarded = forwarded.and_then(Result::ok);
    let is_tls = last("x-forwarded-proto") == Some("https");
    Client { address: forwarded.unwrap_or(peer), is_tls, is_proxied: !list.is_empty() }
}
