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
use parking_api::{LotId, Problem, ProblemCode, SlotId, SlotRef, Time, paths};
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::IntoParams;

use super::App;
use super::extract::ApiQuery;
use super::page;
use super::problem::{Fault, Result};
use super::slots::id_of;
use crate::auth::Caller;
use crate::follow::Follower;
use crate::ledger::{Audience, Hub, LotHandle};
use crate::store::{EventFilter, Place, parse_event};

/// How long a browser waits before it asks again for a stream that broke off, in milliseconds.
const SSE_RETRY_MS: u64 = 2_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[param(value_type = Option<String>)]
    lot: Option<LotId>,
    /// Events after this `seq`, oldest first; the newest ones when absent.
    after: Option<u64>,
    /// From the header `Next-Cursor` of the page before; it comes before `after`.
    cursor: Option<String>,
    /// The epoch that `after` is of; another one answers 410.
    epoch: Option<String>,
    /// Longest wait for the first event, in seconds, at most 30.
    wait: Option<u64>,
    kind: Option<String>,
    /// Id or code, also of a slot that was deleted or renamed.
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

/// The log: a page, a long poll (`wait`), or with `Accept: text/event-stream` a stream. A page of few events that lie far apart may be
/// short, or empty, and go on all the same
#[utoipa::path(get, path = paths::EVENTS, tag = "events", params(ListQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "EPOCH.SEQ, for a stream")),
    responses((status = 200, body = EventPage, headers(("Next-Cursor" = String, description = "Cursor of the next page"))),
    (status = 404, body = Problem), (status = 410, body = Problem), (status = 422, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    audience: Audience,
    caller: Option<axum::Extension<Caller>>,
    ApiQuery(query): ApiQuery<ListQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let lot = app.lot(&query.lot.clone().unwrap_or_default())?;
    let caller = caller.map(|axum::Extension(caller)| caller);
    if audience == Audience::Public && query.actor.is_some() {
        return Err(Fault::new(
            ProblemCode::Unauthenticated,
            "who did what is not public: asking for an actor needs a token",
        ));
    }
    let slot = id_of(&app, &lot, query.slot.as_ref(), audience).await?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("text/event-stream") {
        let wanted = Wanted { kind: query.kind.clone(), slot, actor: query.actor.clone() };
        return stream_events(app, lot, (audience, caller), wanted, &query, &headers).await;
    }
    let limit = page::limit(query.limit, EVENTS_PAGE_MAX)?;
    if query.wait.is_some_and(|wait| wait > WAIT_S_MAX) {
        return Err(Fault::field(
            ProblemCode::InvalidField,
            "wait",
            format!("wait must be at most {WAIT_S_MAX} seconds"),
        ));
    }
    // Of the log that the cursor is checked against.
    let hub = lot.hub();
    let from = match query.cursor.as_deref() {
        Some(cursor) => Some(read_cursor(cursor)?),
        None => query.after.map(Place::After),
    };
    if let Some(Place::After(after)) = from {
        check_cursor(&app, &lot, after, query.epoch.as_deref()).await?;
    }
    let filter = EventFilter {
        from,
        kind: query.kind.clone(),
        slot,
        actor: query.actor.clone(),
        since: query.since,
        until: query.until,
        limit,
    };
    let (events, next) = read(&app, &lot, &hub, (audience, caller), filter, query.wait.unwrap_or(0)).await?;
    let (epoch, seq) = lot.read(|state| (state.epoch().to_string(), state.seq()));
    // What is committed can be read a moment before it is announced.
    let head = events.last().map_or(seq, |last| last.seq().max(seq));
    let page = axum::Json(EventPage { epoch, head, floor: lot.floor(), events }).into_response();
    Ok(page::continued(page, next.map(write_cursor)))
}

fn write_cursor(place: Place) -> String {
    match place {
        Place::After(seq) => format!("after.{seq}"),
        Place::Before(seq) => format!("before.{seq}"),
    }
}

/// Reads a cursor that [`write_cursor`] made.
fn read_cursor(text: &str) -> Result<Place> {
    let place = match text.split_once('.') {
        Some(("after", seq)) => seq.parse().ok().map(Place::After),
        Some(("before", seq)) => seq.parse().ok().map(Place::Before),
        _ => None,
    };
    let detail = "the cursor is not one that a page was answered with";
    place.ok_or_else(|| Fault::field(ProblemCode::InvalidField, "cursor", detail))
}

/// The events that match, after waiting for the first one as long as the caller wants to.
async fn read(
    app: &App,
    lot: &LotHandle,
    hub: &Hub,
    (audience, caller): (Audience, Option<Caller>),
    mut filter: EventFilter,
    wait_s: u64,
) -> Result<(Vec<LogEntry>, Option<Place>)> {
    let mut head = hub.head();
    let mut tokens = app.ledger.tokens_changed();
    let deadline = Instant::now() + Duration::from_secs(wait_s);
    loop {
        let looked_up_to = *head.borrow_and_update();
        let rows = app.ledger.store().events(lot.id(), &filter).await?;
        let views = rows.bodies.iter().map(|body| Ok(audience.view(&parse_event(body)?)));
        let mut events = views.collect::<Result<Vec<_>>>()?;
        // That an event is withheld must not be undone by asking for its kind.
        events.retain(|entry| filter.kind.is_none() || entry.event().is_some());
        if !events.is_empty() || rows.next.is_some() || app.stop.is_cancelled() {
            return Ok((events, rows.next));
        }
        let has_changed = tokio::select! {
            changed = tokio::time::timeout_at(deadline, head.changed()) => changed.is_ok(),
            Ok(()) = tokens.changed() => true,
            () = app.auth.over(caller.as_ref()) => true,
            () = app.stop.cancelled() => false,
            () = hub.over().cancelled() => app.lot(lot.id()).map(|_| false)?,
        };
        if hub.over().is_cancelled() && !lot.closed().is_cancelled() {
            return Err(cursor_gone(&format!("the log of lot {} is another one now", lot.id())));
        }
        if !has_changed {
            return Ok((events, None));
        }
        // Nothing up to there matched, so it need not be looked through again.
        filter.from = Some(match filter.from {
            Some(Place::After(after)) => Place::After(after.max(looked_up_to)),
            _ => Place::After(looked_up_to),
        });
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
    (audience, caller): (Audience, Option<Caller>),
    wanted: Wanted,
    query: &ListQuery,
    headers: &HeaderMap,
) -> Result<Response> {
    let of_pages = [
        ("cursor", query.cursor.is_some()),
        ("wait", query.wait.is_some()),
        ("since", query.since.is_some()),
        ("until", query.until.is_some()),
        ("limit", query.limit.is_some()),
    ];
    if let Some((field, _)) = of_pages.into_iter().find(|(_, is_asked_for)| *is_asked_for) {
        let detail = format!("{field} is for pages of the log: a stream goes on until it is closed");
        return Err(Fault::field(ProblemCode::InvalidField, field, detail));
    }
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
    let sse = Sse { app, follower, epoch, caller, wanted, told: None, spoke: Instant::now() };
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

/// Which events a stream is about: all, or those that fit whatever is said here.
struct Wanted {
    kind: Option<String>,
    slot: Option<SlotId>,
    actor: Option<String>,
}

impl Wanted {
    fn is_all(&self) -> bool {
        self.kind.is_none() && self.slot.is_none() && self.actor.is_none()
    }

    /// Whether this is one of them, by what its audience may see of it.
    fn has(&self, body: &[u8]) -> bool {
        if self.is_all() {
            return true;
        }
        let Ok(LogEntry::Event(event)) = serde_json::from_slice(body) else { return false };
        self.kind.as_deref().is_none_or(|kind| kind == event.change.kind())
            && self.slot.is_none_or(|slot| event.change.slot().is_some_and(|changed| changed.id == slot))
            && (self.actor.is_none() || self.actor == event.actor.name)
    }
}

struct Sse {
    app: App,
    follower: Follower,
    epoch: Arc<str>,
    caller: Option<Caller>,
    wanted: Wanted,
    /// The last id that was sent.
    told: Option<u64>,
    spoke: Instant,
}

impl Sse {
    /// The next piece of the stream; `None` ends it.
    async fn next(&mut self) -> Option<Bytes> {
        if self.told.is_none() {
            // A browser that comes back before the first event must have something to come back with.
            return Some(self.say(format!("retry: {SSE_RETRY_MS}\n").into()));
        }
        loop {
            let is_valid = self.caller.as_ref().is_none_or(|caller| self.app.auth.is_valid(caller));
            if !is_valid || self.app.stop.is_cancelled() {
                return None;
            }
            match self.follower.entries().await {
                Ok(entries) if entries.is_empty() => {}
                Ok(entries) => match self.write(&entries) {
                    Some(chunk) => return Some(chunk),
                    None => continue,
                },
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
                () = self.app.auth.over(self.caller.as_ref()) => {}
                () = tokio::time::sleep_until(self.spoke + Duration::from_secs(HEARTBEAT_S)) => {
                    return Some(self.say(format!(": head {}\n", self.follower.at()).into()));
                }
            }
        }
    }

    /// Whatever of these events is wanted; `None` when nothing is.
    fn write(&mut self, entries: &[(u64, Bytes)]) -> Option<Bytes> {
        let mut out = Vec::new();
        for (seq, body) in entries.iter().filter(|(_, body)| self.wanted.has(body)) {
            out.extend_from_slice(format!("id: {}.{seq}\ndata: ", self.epoch).as_bytes());
            out.extend_from_slice(body);
            out.extend_from_slice(b"\n\n");
            self.told = Some(*seq);
        }
        let is_silent = out.is_empty() && self.spoke.elapsed() < Duration::from_secs(HEARTBEAT_S);
        if is_silent {
            return None;
        }
        // Who returns need not have what was passed over looked through again.
        if self.told == Some(self.follower.at()) {
            self.spoke = Instant::now();
            return Some(out.into());
        }
        Some(self.say(out))
    }

    /// What is said, and how far the stream is with it.
    fn say(&mut self, mut out: Vec<u8>) -> Bytes {
        let at = self.follower.at();
        out.extend_from_slice(format!("id: {}.{at}\n\n", self.epoch).as_bytes());
        (self.told, self.spoke) = (Some(at), Instant::now());
        out.into()
    }
}
