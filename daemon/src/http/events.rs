//! Handlers for the log: by page, by long poll, and as server-sent events. The same cursor as on the live socket.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use parking_api::events::{EVENTS_PAGE_MAX, EventPage, LogEntry, WAIT_S_MAX};
use parking_api::live::{Cursor, HEARTBEAT_S};
use parking_api::{LotId, Problem, ProblemCode, SlotRef, Time, paths};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::extract::ApiQuery;
use super::page;
use super::problem::{Fault, Result};
use super::slots::id_of;
use crate::auth::Caller;
use crate::follow::Follower;
use crate::ledger::{Audience, Hub, LotHandle};
use crate::store::{EventFilter, parse_event};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[param(value_type = Option<String>)]
    lot: Option<LotId>,
    /// Events after this `seq`; the newest ones when absent.
    after: Option<u64>,
    /// The epoch that `after` is of; another one answers 410.
    epoch: Option<String>,
    /// Longest wait for the first event, in seconds, at most 30.
    wait: Option<u64>,
    kind: Option<String>,
    /// Id or code.
    #[param(value_type = Option<String>)]
    slot: Option<SlotRef>,
    /// Name of a token or id of a camera.
    actor: Option<String>,
    /// Happened at or after.
    since: Option<Time>,
    /// Happened before.
    until: Option<Time>,
    /// 1 to 1,000; 100 when absent.
    limit: Option<usize>,
}

/// The log: a page, a long poll (`wait`), or with `Accept: text/event-stream` a stream
#[utoipa::path(get, path = paths::EVENTS, tag = "events", params(ListQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "EPOCH.SEQ, for a stream")),
    responses((status = 200, body = EventPage), (status = 404, body = Problem), (status = 410, body = Problem), (status = 422, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    audience: Audience,
    caller: Option<axum::Extension<Caller>>,
    ApiQuery(query): ApiQuery<ListQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let lot = app.lot(&query.lot.clone().unwrap_or_default())?;
    let caller = caller.map(|axum::Extension(caller)| caller);
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("text/event-stream") {
        return stream_events(app, lot, audience, caller, &query, &headers).await;
    }
    let limit = page::limit(query.limit, EVENTS_PAGE_MAX)?;
    if query.wait.is_some_and(|wait| wait > WAIT_S_MAX) {
        return Err(Fault::field(
            ProblemCode::InvalidField,
            "wait",
            format!("wait must be at most {WAIT_S_MAX} seconds"),
        ));
    }
    if audience == Audience::Public && query.actor.is_some() {
        return Err(Fault::new(
            ProblemCode::Unauthenticated,
            "who did what is not public: asking for an actor needs a token",
        ));
    }
    // Of the log that the cursor is checked against.
    let hub = lot.hub();
    if let Some(after) = query.after {
        check_cursor(&app, &lot, after, query.epoch.as_deref()).await?;
    }
    let filter = EventFilter {
        after: query.after,
        kind: query.kind.clone(),
        slot: query.slot.as_ref().map(|slot| id_of(&lot, slot)).transpose()?,
        actor: query.actor.clone(),
        since: query.since,
        until: query.until,
        limit,
    };
    let events = read(&app, &lot, &hub, (audience, caller), filter, query.wait.unwrap_or(0)).await?;
    let (epoch, seq) = lot.read(|state| (state.epoch().to_string(), state.seq()));
    // What is committed can be read a moment before it is announced.
    let head = events.last().map_or(seq, |last| last.seq().max(seq));
    Ok(axum::Json(EventPage { epoch, head, floor: lot.floor(), events }).into_response())
}

/// The events that match, after waiting for the first one as long as the caller wants to.
async fn read(
    app: &App,
    lot: &LotHandle,
    hub: &Hub,
    (audience, caller): (Audience, Option<Caller>),
    mut filter: EventFilter,
    wait_s: u64,
) -> Result<Vec<LogEntry>> {
    let mut head = hub.head();
    let mut tokens = app.ledger.tokens_changed();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(wait_s);
    loop {
        let looked_up_to = *head.borrow_and_update();
        let bodies = app.ledger.store().events(lot.id(), &filter).await?;
        let views = bodies.iter().map(|body| Ok(audience.view(&parse_event(body)?)));
        let mut events = views.collect::<Result<Vec<_>>>()?;
        // That an event is withheld must not be undone by asking for its kind.
        events.retain(|entry| filter.kind.is_none() || entry.event().is_some());
        if !events.is_empty() || app.stop.is_cancelled() {
            return Ok(events);
        }
        let has_changed = tokio::select! {
            changed = tokio::time::timeout_at(deadline, head.changed()) => changed.is_ok(),
            Ok(()) = tokens.changed() => true,
            () = app.stop.cancelled() => false,
            () = hub.over().cancelled() => app.lot(lot.id()).map(|_| false)?,
        };
        if hub.over().is_cancelled() && !lot.closed().is_cancelled() {
            return Err(cursor_gone(&format!("the log of lot {} is another one now", lot.id())));
        }
        if !has_changed {
            return Ok(events);
        }
        // Nothing up to there matched, so it need not be looked through again.
        filter.after = filter.after.max(Some(looked_up_to));
        if caller.as_ref().is_some_and(|caller| !app.auth.is_valid(caller)) {
            return Err(Fault::new(ProblemCode::Unauthenticated, "the token is no longer valid"));
        }
    }
}

/// Refuses a cursor after which the log is not whole.
async fn check_cursor(app: &App, lot: &LotHandle, after: u64, epoch: Option<&str>) -> Result<()> {
    app.ledger.reach(lot, after).await?;
    let (current, head) = lot.read(|state| (state.epoch().clone(), state.seq()));
    let floor = lot.floor();
    let why = if epoch.is_some_and(|epoch| *epoch != *current) {
        format!("the log of lot {} is another one now (epoch {current})", lot.id())
    } else if after > head {
        format!("the log of lot {} ends at {head}, before {after}", lot.id())
    } else if after + 1 < floor {
        format!("the log of lot {} is kept from {floor} on", lot.id())
    } else {
        return Ok(());
    };
    Err(cursor_gone(&why))
}

fn cursor_gone(why: &str) -> Fault {
    Fault::new(ProblemCode::CursorTooOld, format!("{why}: read the slots again and go on from their seq"))
}

async fn stream_events(
    app: App,
    lot: Arc<LotHandle>,
    audience: Audience,
    caller: Option<Caller>,
    query: &ListQuery,
    headers: &HeaderMap,
) -> Result<Response> {
    let cursor = match headers.get("last-event-id") {
        Some(value) => Some(last_event_id(value)?),
        None => query.after.map(|seq| {
            let epoch = query.epoch.clone().unwrap_or_else(|| lot.read(|state| state.epoch().to_string()));
            Cursor { epoch, seq }
        }),
    };
    if let Some(cursor) = &cursor {
        check_cursor(&app, &lot, cursor.seq, Some(&cursor.epoch)).await?;
    }
    let (epoch, head) = lot.read(|state| (state.epoch().clone(), state.seq()));
    let at = cursor.map_or(head, |cursor| cursor.seq);
    let follower = Follower::new(app.ledger.store().clone(), lot, audience, at);
    let sse = Sse { app, follower, epoch, caller };
    let chunks = stream::unfold(sse, |mut sse| async move {
        let chunk = sse.next().await?;
        Some((Ok::<_, Infallible>(Frame::data(chunk)), sse))
    });
    let mut response = Response::new(Body::new(StreamBody::new(chunks)));
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // nginx would hold events back otherwise.
    answer.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn last_event_id(value: &HeaderValue) -> Result<Cursor> {
    let text = value.to_str().unwrap_or_default();
    let parsed =
        text.rsplit_once('.').and_then(|(epoch, seq)| Some(Cursor { epoch: epoch.into(), seq: seq.parse().ok()? }));
    parsed.ok_or_else(|| {
        Fault::field(ProblemCode::InvalidField, "Last-Event-ID", format!("Last-Event-ID {text:?} is not EPOCH.SEQ"))
    })
}

struct Sse {
    app: App,
    follower: Follower,
    epoch: Arc<str>,
    caller: Option<Caller>,
}

impl Sse {
    /// The next piece of the stream; `None` ends it.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let is_valid = self.caller.as_ref().is_none_or(|caller| self.app.auth.is_valid(caller));
            if !is_valid || self.app.stop.is_cancelled() {
                return None;
            }
            match self.follower.entries().await {
                Ok(entries) if entries.is_empty() => {}
                Ok(entries) => return Some(self.write(&entries)),
                Err(error) => {
                    tracing::warn!(%error, "a stream of events broke off");
                    return None;
                }
            }
            let mut tokens = self.app.ledger.tokens_changed();
            tokio::select! {
                is_there = self.follower.changed() => if !is_there { return None },
                _ = tokens.changed() => {}
                () = self.app.stop.cancelled() => return None,
                () = tokio::time::sleep(Duration::from_secs(HEARTBEAT_S)) => {
                    return Some(Bytes::from(format!(": head {}\n\n", self.follower.at())));
                }
            }
        }
    }

    fn write(&self, entries: &[(u64, Bytes)]) -> Bytes {
        let mut out = Vec::new();
        for (seq, body) in entries {
            out.extend_from_slice(format!("id: {}.{seq}\ndata: ", self.epoch).as_bytes());
            out.extend_from_slice(body);
            out.extend_from_slice(b"\n\n");
        }
        out.into()
    }
}
