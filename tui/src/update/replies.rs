//! Answers of the daemon to what was asked.

use parking_api::client::Error;
use parking_api::lots::Lot;
use parking_api::sessions::Session;
use parking_api::tokens::Identity;
use parking_api::{LotId, Time};

use super::{TABS_MAX, viewing};
use crate::asking::Asking;
use crate::effect::{Effect, Fetch};
use crate::model::{Model, Tab, Tone, Who};
use crate::msg::{Fetched, NotFetched};

/// Answers that say something of the token; any other says that the daemon cannot answer now.
const REFUSED: [u16; 2] = [401, 403];
/// Most stays that are kept to be looked at.
pub const SESSIONS_MAX: usize = 1_000;

pub fn who(model: &mut Model, result: Result<Identity, Error>) -> Vec<Effect> {
    asked(&mut model.who_asked, &result, model.now);
    model.who = match result {
        Ok(identity) => Who::Known(identity),
        Err(error) if is_refusal(&error) => Who::Refused(error.to_string()),
        Err(_) => Who::Asking,
    };
    Vec::new()
}

/// A tab for each lot, which is followed; those that are open stay where they are.
pub fn lots(model: &mut Model, result: Result<Vec<Lot>, Error>) -> Vec<Effect> {
    asked(&mut model.lots_asked, &result, model.now);
    let Ok(lots) = result else { return Vec::new() };
    for lot in lots {
        if model.tab_of(&lot.id).is_none() && model.tabs.len() < TABS_MAX {
            model.tabs.push(Tab::new(lot.id));
        }
    }
    // All of them: what is wrong in another lot is to be seen, too.
    let follow = |tab: &mut Tab| {
        let was_followed = std::mem::replace(&mut tab.is_followed, true);
        (!was_followed).then(|| Effect::Follow(tab.lot.id.clone()))
    };
    model.tabs.iter_mut().filter_map(follow).collect()
}

/// What cannot be answered now is asked again; what is refused stays so.
fn asked<T>(asking: &mut Asking, result: &Result<T, Error>, now: Time) {
    match result {
        Err(error) if !is_refusal(error) => asking.failed(now),
        _ => asking.answered(),
    }
}

fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Refused(problem) if REFUSED.contains(&problem.status))
}

pub fn fetched(model: &mut Model, lot: &LotId, result: Result<Fetched, NotFetched>) -> Vec<Effect> {
    let fetched = match result {
        Ok(fetched) => fetched,
        Err(missing) => {
            not_fetched(model, lot, missing);
            return Vec::new();
        }
    };
    let now = model.now;
    let Some(tab) = model.tab_of(lot) else { return Vec::new() };
    match fetched {
        Fetched::Log(page) => tab.lot.history(page.events),
        Fetched::Trend(buckets) => tab.lot.trend.fill(&buckets, now),
        Fetched::History { slot, events, stay } => {
            if tab.slot.slot == Some(slot) {
                tab.slot.fill(events);
                tab.slot.stay = stay;
                (tab.slot.is_loading, tab.slot.failed) = (false, None);
            }
        }
        Fetched::Why(found) => {
            if let Some(question) = tab.why.as_mut().filter(|question| question.slot == found.why.slot_id) {
                (question.answer, question.failed) = (Some(found), None);
            }
        }
        Fetched::Sessions(sessions) => {
            let pane = &mut tab.sessions;
            // One begins at the newest, and not at what was heard of before the list came.
            pane.at = pane.at.filter(|_| pane.is_known);
            (pane.sessions, pane.is_known) = (sessions, true);
        }
        Fetched::Cameras(cameras) => tab.lot.put_cameras(cameras),
        Fetched::Captures { camera, captures, next, is_first } => {
            return viewing::listed(model, lot, &camera, captures, next, is_first);
        }
    }
    Vec::new()
}

/// Nothing waits any more for what does not come.
fn not_fetched(model: &mut Model, lot: &LotId, NotFetched { what, error }: NotFetched) {
    let Some(tab) = model.tab_of(lot) else { return };
    let what = match what {
        Fetch::Log => "the events".into(),
        Fetch::Trend => "how full the lot was".into(),
        Fetch::Sessions => "the stays".into(),
        Fetch::Cameras => "the cameras".into(),
        Fetch::History(slot) => {
            if tab.slot.slot == Some(slot) {
                (tab.slot.is_loading, tab.slot.failed) = (false, Some(error.to_string()));
            }
            "the history of the slot".into()
        }
        Fetch::Why(slot) => {
            if let Some(question) = tab.why.as_mut().filter(|question| question.slot == slot) {
                question.failed = Some(error.to_string());
            }
            "the reason".to_string()
        }
        Fetch::Captures { camera, .. } => {
            if let Some(viewer) = tab.viewer.as_mut().filter(|viewer| viewer.camera == camera) {
                (viewer.is_loading, viewer.owed) = (false, 0);
            }
            format!("what {camera} took before")
        }
    };
    // An outage is on the screen already.
    let is_outage = matches!(error, Error::Unreachable { .. } | Error::TimedOut { .. });
    if tab.lot.is_live() || !is_outage {
        model.say(Tone::Bad, format!("{what} did not come: {error}"));
    }
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
            // One that has ended may have begun before others that are there.
            let at = sessions.partition_point(|known| known.opened_at > session.opened_at);
            sessions.insert(at, session);
            sessions.truncate(SESSIONS_MAX);
        }
    }
}
