//! Decisions about the lot itself. Pure.

use parking_api::events::EventChange;
use parking_api::lots::{Lot, LotPatch, NewLot};
use parking_api::{Problem, ProblemCode, Time};

use super::super::command::{Change, Context, Refusal, Reply};
use super::super::state::LotState;
use super::text;

/// The lot that `new` describes, at its first event.
///
/// # Errors
/// When its name, time zone or currency is not valid.
pub fn created(new: &NewLot, now: Time) -> Result<Lot, Refusal> {
    Ok(Lot {
        name: text("name", new.name.as_deref().unwrap_or(new.id.as_str()))?,
        time_zone: time_zone(new.time_zone.as_deref().unwrap_or("UTC"))?,
        currency: currency(new.currency.as_deref().unwrap_or("XXX"))?,
        id: new.id.clone(),
        created_at: now,
        rev: 1,
    })
}

pub(super) fn patch(state: &LotState, patch: &LotPatch, context: &Context<'_>) -> Result<Change, Refusal> {
    let mut lot = state.lot().clone();
    if let Some(name) = &patch.name {
        lot.name = text("name", name)?;
    }
    if let Some(zone) = &patch.time_zone {
        lot.time_zone = time_zone(zone)?;
    }
    if let Some(code) = &patch.currency {
        lot.currency = currency(code)?;
    }
    lot.rev = context.seq;
    Ok(Change { changes: vec![EventChange::LotChanged { lot: lot.clone() }], reply: Reply::Lot(lot) })
}

fn time_zone(name: &str) -> Result<String, Refusal> {
    match jiff::tz::TimeZone::get(name) {
        Ok(zone) => Ok(zone.iana_name().unwrap_or(name).to_string()),
        Err(_) => Err(Problem::new(
            ProblemCode::InvalidField,
            format!("time_zone {name:?} is not an IANA time zone such as Asia/Jakarta or UTC"),
        )
        .field("time_zone")),
    }
}

fn currency(code: &str) -> Result<String, Refusal> {
    if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(code.to_string());
    }
    Err(Problem::new(
        ProblemCode::InvalidField,
        format!("currency {code:?} is not an ISO 4217 code of three capital letters such as IDR"),
    )
    .field("currency"))
}
