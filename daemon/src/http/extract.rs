//! What handlers take: each parses one part of a request, once, into a type that cannot be wrong.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::BytesMut;
use http_body_util::BodyExt;
use parking_api::digits::digits_of;
use parking_api::paths::{IDEMPOTENCY_HEADER, IDEMPOTENCY_KEY_MAX};
use parking_api::{LotId, Problem, ProblemCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use super::App;
use super::problem::{Fault, Result};
use crate::auth::Caller;
use crate::ledger::{Audience, Command, Idempotency, LotHandle, Outcome, unguarded};

/// Largest JSON body, in bytes.
pub const JSON_BYTES_MAX: usize = 64 * 1024;
/// Longest time that a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Of a body that is too large, this much more is taken and thrown away, for at most so long.
const DRAIN_BYTES_MAX: usize = 32 * 1024 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// `?lot=`, which everything below a lot takes.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LotQuery {
    /// The lot; `main` when absent.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub lot: Option<LotId>,
}

/// `?dry_run=`, which everything that changes something takes.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrialQuery {
    /// Check it and answer as if it were done, and change nothing
    #[serde(default)]
    dry_run: bool,
}

/// Whether a change is only tried: checked and answered, and not done.
#[derive(Debug)]
pub struct Trial(pub bool);

impl FromRequestParts<App> for Trial {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if parts.uri.query().is_none() {
            return Ok(Self(false));
        }
        let ApiQuery(query) = ApiQuery::<TrialQuery>::from_request_parts(parts, app).await?;
        Ok(Self(query.dry_run))
    }
}

/// The lot that a request is about.
#[derive(Debug)]
pub struct InLot(pub Arc<LotHandle>);

impl App {
    pub fn lot(&self, id: &LotId) -> Result<Arc<LotHandle>> {
        let lot = self.ledger.lot(id);
        lot.ok_or_else(|| Fault::field(ProblemCode::LotNotFound, "lot", format!("there is no lot {id}")))
    }
}

impl FromRequestParts<App> for InLot {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if parts.uri.query().is_none() {
            return Ok(Self(app.lot(&LotId::default())?));
        }
        let ApiQuery(query) = ApiQuery::<LotQuery>::from_request_parts(parts, app).await?;
        Ok(Self(app.lot(&query.lot.unwrap_or_default())?))
    }
}

/// A query string.
#[derive(Debug)]
pub struct ApiQuery<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for ApiQuery<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let detail = rejection.body_text();
                // "Failed to deserialize query string: field: reason"
                let rest = detail.split_once(": ").map_or(detail.as_str(), |(_, rest)| rest);
                let field = rest.split_once(": ").map(|(field, _)| field.to_string());
                let mut problem = Problem::new(ProblemCode::InvalidField, format!("the query is not valid: {rest}"));
                problem.field = field;
                Err(problem.into())
            }
        }
    }
}

/// The one parameter in a path.
#[derive(Debug)]
pub struct ApiPath<T>(pub T);

impl<T> FromRequestParts<App> for ApiPath<T>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Path(text) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|e| Fault::new(ProblemCode::BadRequest, e.body_text()))?;
        text.parse().map(Self).map_err(|e| Fault::new(ProblemCode::InvalidField, format!("in the path, {e}")))
    }
}

/// A caller that the guard has let through. Where anyone may call, there may be none.
impl FromRequestParts<App> for Caller {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Fault::new(ProblemCode::Unauthenticated, "a token is needed"))
    }
}

/// What the caller may see.
impl FromRequestParts<App> for Audience {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let role = parts.extensions.get::<Caller>().map(Caller::role);
        Self::of(role).ok_or_else(|| Fault::new(ProblemCode::Forbidden, "a camera's token may not read"))
    }
}

/// A JSON body, and its bytes as they came.
#[derive(Debug)]
pub struct ApiJson<T> {
    pub value: T,
    pub raw: Bytes,
}

impl<T: DeserializeOwned> FromRequest<App> for ApiJson<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, _: &App) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let content_type = content_type(&parts.headers);
        if content_type.as_deref().is_some_and(|t| t != "application/json" && !t.ends_with("+json")) {
            let detail = format!("the body is {}, not application/json", content_type.unwrap_or_default());
            return Err(Fault::new(ProblemCode::UnsupportedMediaType, detail));
        }
        let raw = read_body(body, JSON_BYTES_MAX).await?;
        // Fields without their names, by position, are nothing that the document knows.
        if raw.trim_ascii_start().starts_with(b"[") {
            return Err(Fault::new(ProblemCode::InvalidField, "the body is not valid: it is a list, not an object"));
        }
        Ok(Self { value: parse_json(&raw)?, raw })
    }
}

/// Reads JSON.
///
/// # Errors
/// What is wrong, and the field that is to blame.
pub fn parse_json<T: DeserializeOwned>(raw: &[u8]) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(raw);
    serde_path_to_error::deserialize(&mut deserializer)
        .and_then(|value| {
            deserializer
                .end()
                .map(|()| value)
                .map_err(|e| serde_path_to_error::Error::new(serde_path_to_error::Track::new().path(), e))
        })
        .map_err(|error| {
            let path = error.path().to_string();
            let inner = error.into_inner();
            if inner.is_data() {
                let mut problem = Problem::new(ProblemCode::InvalidField, format!("the body is not valid: {inner}"));
                problem.field = Some(path).filter(|path| path != ".");
                problem.into()
            } else {
                Fault::new(ProblemCode::BadRequest, format!("the body is not JSON: {inner}"))
            }
        })
}

/// Reads a whole body of at most `max` bytes.
///
/// # Errors
/// When it is larger, does not arrive in time or breaks off.
pub async fn read_body(mut body: Body, max: usize) -> Result<Bytes> {
    let mut read = BytesMut::new();
    let reading = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|e| Fault::new(ProblemCode::BadRequest, format!("the body broke off: {e}")))?;
            let Ok(data) = frame.into_data() else { continue };
            if read.len() + data.len() > max {
                return Err(Fault::new(ProblemCode::BodyTooLarge, format!("the body has more than {max} bytes")));
            }
            read.extend_from_slice(&data);
        }
        Ok(())
    };
    match tokio::time::timeout(BODY_TIMEOUT, reading).await {
        Ok(Ok(())) => Ok(read.freeze()),
        Ok(Err(fault)) => {
            if fault.0.code == ProblemCode::BodyTooLarge {
                drain(body).await;
            }
            Err(fault)
        }
        Err(_) => {
            let detail = format!("the body did not arrive within {} s", BODY_TIMEOUT.as_secs());
            Err(Fault::new(ProblemCode::RequestTimeout, detail))
        }
    }
}

/// Takes the rest of a body that is refused, within bounds: most clients read an answer only after they have sent everything.
async fn drain(mut body: Body) {
    let mut left = DRAIN_BYTES_MAX;
    let draining = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    // What has not come by then is not waited for.
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, draining).await;
}

/// The media type of the body, without parameters, in lower case.
pub fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// A change that somebody asks for: in which lot, by whom, and under which conditions.
#[derive(Debug)]
pub struct Mutation {
    pub lot: Arc<LotHandle>,
    pub caller: Caller,
    /// The `rev` that the caller saw.
    pub if_match: Option<u64>,
    /// It is only tried.
    pub is_trial: bool,
    key: Option<String>,
    /// Method and path, so that one key cannot mean two requests.
    what: String,
}

impl FromRequestParts<App> for Mutation {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let InLot(lot) = InLot::from_request_parts(parts, app).await?;
        let caller = Caller::from_request_parts(parts, app).await?;
        let Trial(is_trial) = Trial::from_request_parts(parts, app).await?;
        let (if_match, key) = (if_match(&parts.headers)?, idempotency_key(&parts.headers)?);
        let what = format!("{} {}", parts.method, parts.uri);
        Ok(Self { lot, caller, if_match, is_trial, key, what })
    }
}

impl Mutation {
    /// What answers a change that creates something: a trial has created nothing.
    pub fn created(&self) -> StatusCode {
        if self.is_trial { StatusCode::OK } else { StatusCode::CREATED }
    }

    /// A secret that was made for this request, where it is worth anything: that of a trial opens nothing.
    pub fn shown(&self, secret: String) -> String {
        if self.is_trial { String::new() } else { secret }
    }

    /// The same request, where it is not the query that names the lot.
    pub fn in_lot(self, lot: Arc<LotHandle>) -> Self {
        Self { lot, ..self }
    }

    /// Refuses a condition (`If-Match`) where there is nothing to compare it with.
    pub fn check_unconditional(&self) -> Result<()> {
        self.if_match.map_or(Ok(()), |_| Err(unguarded().into()))
    }

    /// Hands the command to the lot. `raw` is the body as it came.
    pub async fn submit(&self, command: Command, raw: &[u8]) -> Result<Outcome> {
        let command = command.only_at(self.if_match);
        if self.is_trial {
            return Ok(self.lot.rehearse(command, self.caller.origin()).await?);
        }
        Ok(self.lot.submit(command, self.caller.origin(), self.idempotency(raw)).await?)
    }

    /// What this request is known by when it comes again, where its sender wants that.
    pub fn idempotency(&self, raw: &[u8]) -> Option<Idempotency> {
        let key = self.key.clone()?;
        let mut hash = Sha256::new();
        hash.update(&self.what);
        hash.update([0]);
        hash.update(raw);
        let body_sha256 = digits_of(&hash.finalize());
        Some(Idempotency { caller: self.caller.token.id.to_string(), key, body_sha256 })
    }

    /// What makes this request this request: for secrets that a repetition must come to again.
    pub fn identity(&self, raw: &[u8]) -> Option<String> {
        let key = self.key.as_deref()?;
        Some(format!(
            "{}\n{}\n{key}\n{}\n{}",
            self.lot.id(),
            self.caller.token.id,
            self.what,
            String::from_utf8_lossy(raw)
        ))
    }
}

/// `Idempotency-Key`.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get(IDEMPOTENCY_HEADER) else { return Ok(None) };
    let is_good =
        |key: &str| !key.is_empty() && key.len() <= IDEMPOTENCY_KEY_MAX && key.bytes().all(|b| b.is_ascii_graphic());
    match value.to_str() {
        Ok(key) if is_good(key) => Ok(Some(key.to_string())),
        _ => Err(Fault::field(
            ProblemCode::InvalidField,
            "Idempotency-Key",
            format!("Idempotency-Key must be 1 to {IDEMPOTENCY_KEY_MAX} visible ASCII characters"),
        )),
    }
}

/// `If-Match: "<rev>"`, with or without quotes; `*` sets no condition.
fn if_match(headers: &HeaderMap) -> Result<Option<u64>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_matches('"').parse().map(Some).map_err(|_| {
        Fault::field(ProblemCode::InvalidField, "If-Match", format!("If-Match {text:?} is not a rev such as \"42\""))
    })
}
