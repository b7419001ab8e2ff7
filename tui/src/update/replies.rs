//! Answers of the daemon to what was asked.

use parking_api::LotId;
use parking_api::client::Error;
use parking_api::lots::Lot;
use parking_api::sessions::Session;
use parking_api::tokens::Identity;

use super::{TABS_MAX, viewing};
use crate::effect::Effect;
use crate::model::{Model, Tab, Tone, Who};
use crate::msg::Fetched;

/// Most stays that are kept to be looked at.
pub const SESSIONS_MAX: usize = 1_000;

pub fn who(model: &mut Model, result: Result<Identity, Error>) -> Vec<Effect> {
    model.who = match result {
        Ok(identity) => Who::Known(identity),
        // Asked again when the connection is back.
        Err(Error::Unreachable { .. } | Error::TimedOut { .. }) => Who::Asking,
        Err(error) => Who::Refused(error.to_string()),
    };
    Vec::new()
}

/// A tab for each lot; those that are open stay where they are.
pub fn lots(model: &mut Model, result: Result<Vec<Lot>, Error>) -> Vec<Effect> {
    let Ok(lots) = result else { return Vec::new() };
    for lot in lots {
        if model.tab_of(&lot.id).is_none() && model.tabs.len() < TABS_MAX {
            model.tabs.push(Tab::new(lot.id));
        }
    }
    Vec::new()
}

pub fn fetched(model: &mut Model, lot: &LotId, result: Result<Fetched, Error>) -> Vec<Effect> {
    let fetched = match result {
        Ok(fetched) => fetched,
        // What is missing is seen where it is missing; an outage is on the screen already.
        Err(Error::Unreachable { .. } | Error::TimedOut { .. }) => return Vec::new(),
        Err(error) => {
            model.say(Tone::Bad, error.to_string());
            return Vec::new();
        }
    };
    let Some(tab) = model.tab_of(lot) else { return Vec::new() };
    match fetched {
        Fetched::Log(page) => tab.lot.history(page.events),
        Fetched::History { slot, events, stay } => {
            if tab.slot.slot == Some(slot) {
                tab.slot.history = events;
                tab.slot.stay = stay;
                tab.slot.is_loading = false;
            }
        }
        Fetched::Why(found) => {
            if let Some(question) = tab.why.as_mut().filter(|question| question.slot == found.why.slot_id) {
                question.answer = Some(found);
            }
        }
        Fetched::Sessions(sessions) => tab.sessions.sessions = sessions,
        Fetched::Cameras(cameras) => tab.lot.put_cameras(cameras),
        Fetched::Captures { camera, captures, next, is_first } => {
            return viewing::listed(model, lot, &camera, captures, next, is_first);
        }
    }
    Vec::new()
}

/// A stay that an event has opened, closed or voided.
pub fn put_session(tab: &mut Tab, session: Session) {
    if tab.slot.slot.is_some() && tab.slot.slot == session.slot_id {
        tab.slot.stay = Some(session.clone()).filter(|session| session.closed_at.is_none());
    }
    let sessions = &mut tab.sessions.sessions;
    match sessions.iter_mut().find(|known| known.id == session.id) {
        Some(known) => *known = session,
        None => {
            sessions.insert(0, session);
            sessions.truncate(SESSIONS_MAX);
        }
    }
}
