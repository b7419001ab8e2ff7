//! Handlers for sessions.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::tz::TimeZone;
use parking_api::sessions::{GateEntry, Session, SessionKind, SessionState, SessionStats, SlotTurnover, StayStats};
use parking_api::slots::Slot;
use parking_api::{Committed, LotId, Problem, ProblemCode, SessionId, SlotRef, Time, paths};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::extract::{ApiJson, ApiPath, ApiQuery, InLot, LotQuery, Mutation};
use super::page;
use super::problem::{Fault, Result};
use super::slots::{answer, id_of};
use crate::ledger::{Audience, Command, LotHandle};
use crate::store::{STAYS_MAX, SessionFilter, SessionRows, Stays};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[param(value_type = Option<String>)]
    lot: Option<LotId>,
    state: Option<SessionState>,
    kind: Option<SessionKind>,
    /// Id or code, also of a slot that was deleted or renamed.
    #[param(value_type = Option<String>)]
    slot: Option<SlotRef>,
    zone: Option<String>,
    /// Opened at or after.
    from: Option<Time>,
    /// Opened before.
    to: Option<Time>,
    /// From the header `Next-Cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 1,000; 100 when absent.
    limit: Option<usize>,
}

/// Sessions, newest first; a page of few that lie far apart may be short, or empty, and go on all the same
#[utoipa::path(get, path = paths::SESSIONS, tag = "sessions", params(ListQuery),
    responses((status = 200, body = Vec<Session>, headers(("Next-Cursor" = String, description = "Cursor of the next page"))),
    (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    audience: Audience,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Response> {
    let lot = app.lot(&query.lot.unwrap_or_default())?;
    let limit = page::limit_of(query.limit)?;
    let slot = id_of(&app, &lot, query.slot.as_ref(), audience).await?;
    let filter = SessionFilter {
        state: query.state,
        kind: query.kind,
        slot,
        zone: query.zone,
        from: query.from,
        to: query.to,
        before: page::read_cursor(query.cursor.as_deref())?,
        limit: limit + 1,
    };
    let SessionRows { sessions, looked_to } = app.ledger.store().sessions(lot.id(), &filter).await?;
    Ok(page::page_until(sessions, limit, looked_to, |session| page::write_cursor(session.opened_at, session.id)))
}

/// One session
#[utoipa::path(get, path = paths::SESSION, tag = "sessions", params(("session" = String, Path), LotQuery),
    responses((status = 200, body = Session), (status = 404, body = Problem)))]
pub async fn get(State(app): State<App>, InLot(lot): InLot, ApiPath(id): ApiPath<SessionId>) -> Result<Json<Session>> {
    match app.ledger.store().session(lot.id(), id).await? {
        Some(session) => Ok(Json(session)),
        None => Err(Fault::new(ProblemCode::SessionNotFound, format!("there is no session {id} in lot {}", lot.id()))),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatsQuery {
    #[param(value_type = Option<String>)]
    lot: Option<LotId>,
    /// Stays that opened or closed at or after; the last midnight in the lot's time zone when absent.
    from: Option<Time>,
    /// Before; now when absent.
    to: Option<Time>,
}

/// Figures of today in the lot's time zone, or of another period
#[utoipa::path(get, path = paths::SESSIONS_STATS, tag = "sessions", params(StatsQuery),
    responses((status = 200, body = SessionStats), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn stats(State(app): State<App>, ApiQuery(query): ApiQuery<StatsQuery>) -> Result<Json<SessionStats>> {
    let lot = app.lot(&query.lot.unwrap_or_default())?;
    let (zone, slots, stays, visits) =
        lot.read(|state| (state.lot().time_zone.clone(), state.slots_len(), state.stays_open(), state.visits_open()));
    let since = query.from.unwrap_or_else(|| midnight(app.clock.now(), &zone_of(&zone)));
    let until = query.to.unwrap_or(Time::from_ms(i64::MAX));
    let store = app.ledger.store();
    let of_slots = stays_of(&app, &lot, SessionKind::Slot, since, until).await?;
    let of_gates = stays_of(&app, &lot, SessionKind::Gate, since, until).await?;
    let by_slot = store.stays_by_slot(lot.id(), since, until).await?;
    let turnover = |slot: &Arc<Slot>| {
        let stays = *by_slot.get(&slot.id)?;
        Some(SlotTurnover { code: slot.code.clone(), zone: slot.zone.clone(), stays })
    };
    let turnover_by_slot = lot.read(|state| state.slots().filter_map(turnover).collect());
    let turnover_per_slot = (slots > 0).then(|| of_slots.opened as f64 / slots as f64);
    Ok(Json(SessionStats {
        since,
        stays: figures(stays, &of_slots),
        turnover_per_slot,
        slots: turnover_by_slot,
        gate: figures(visits, &of_gates),
    }))
}

async fn stays_of(app: &App, lot: &LotHandle, kind: SessionKind, since: Time, until: Time) -> Result<Stays> {
    app.ledger.store().stays(lot.id(), kind, since, until).await?.ok_or_else(|| {
        let detail =
            format!("more than {STAYS_MAX} stays ended since {since}: ask for a shorter period, with from and to");
        Fault::field(ProblemCode::InvalidField, "from", detail)
    })
}

fn figures(open: usize, stays: &Stays) -> StayStats {
    let lengths = &stays.closed_ms;
    let count = lengths.len();
    let median = |lengths: &[i64]| (lengths[(count - 1) / 2] + lengths[count / 2]) as f64 / 2.0;
    StayStats {
        open: open as u64,
        today: stays.opened,
        stay_mean_s: (count > 0).then(|| lengths.iter().sum::<i64>() as f64 / count as f64 / 1000.0),
        stay_median_s: (count > 0).then(|| median(lengths) / 1000.0),
        // The nearest rank: the shortest stay that nine of ten are not longer than.
        stay_p90_s: (count > 0).then(|| lengths[(count * 9).div_ceil(10) - 1] as f64 / 1000.0),
    }
}

/// The time zone of this name; UTC when the system does not know it any more.
pub(super) fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// The last midnight in `zone`.
pub(super) fn midnight(now: Time, zone: &TimeZone) -> Time {
    let start = now.timestamp().to_zoned(zone.clone()).start_of_day();
    start.map_or(now, |start| Time::from(start.timestamp()))
}

/// Count a vehicle in at a gate, by ticket or plate
#[utoipa::path(post, path = paths::SESSIONS_ENTRY, tag = "sessions", params(LotQuery), request_body = GateEntry,
    responses((status = 201, body = Committed<Session>), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn enter(mutation: Mutation, body: ApiJson<GateEntry>) -> Result<Response> {
    let outcome = mutation.submit(Command::EnterGate(body.value), &body.raw).await?;
    Ok(answer(outcome, mutation.created()))
}

/// Count a vehicle out at a gate, by the ticket or plate that it entered with
#[utoipa::path(post, path = paths::SESSIONS_EXIT, tag = "sessions", params(LotQuery), request_body = GateEntry,
    responses((status = 200, body = Committed<Session>), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn exit(mutation: Mutation, body: ApiJson<GateEntry>) -> Result<Response> {
    let outcome = mutation.submit(Command::ExitGate(body.value), &body.raw).await?;
    Ok(answer(outcome, StatusCode::OK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_begins_at_midnight_where_the_lot_is() {
        let now: Time = "2026-11-23T18:30:00Z".parse().expect("a time");
        assert_eq!(midnight(now, &zone_of("Asia/Jakarta")).to_string(), "2026-11-23T17:00:00.000Z");
        assert_eq!(midnight(now, &zone_of("UTC")).to_string(), "2026-11-23T00:00:00.000Z");
    }

    #[test]
    fn the_median_of_an_even_number_of_stays_lies_between_the_two_in_the_middle() {
        let stats = figures(1, &Stays { opened: 4, closed_ms: vec![1_000, 2_000, 4_000, 9_000] });
        assert_eq!((stats.stay_median_s, stats.stay_mean_s), (Some(3.0), Some(4.0)));
        let p90 =
            |count| figures(0, &Stays { opened: 0, closed_ms: (1..=count).map(|s| s * 1_000).collect() }).stay_p90_s;
        assert_eq!((p90(1), p90(10), p90(20)), (Some(1.0), Some(9.0), Some(18.0)));
        assert_eq!(figures(0, &Stays::default()).stay_median_s, None);
    }
}
