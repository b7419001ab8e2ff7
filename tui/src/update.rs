//! The one function that changes the model: a message in, wishes to the world out. Pure: no clock, no terminal, no network.

mod actions;
mod mouse;
mod moving;
mod popups;
mod replies;
mod viewing;

use parking_api::client::{LinkState, LiveMessage};
use parking_api::{LotId, Time};

use crate::effect::{Effect, Fetch};
use crate::model::{Model, Notice, Pane, REFRESH_MS, Tab};
use crate::msg::{Msg, Stamped};
use crate::popups::Popup;
use crate::{pictures, work};

pub use actions::perform;
pub use moving::sheet;

/// Most lots that are followed at a time.
pub const TABS_MAX: usize = 16;
/// Two clocks that differ by no more, in milliseconds, go alike.
const AHEAD_MS_MIN: u64 = 1_000;

/// What the console asks for before anything has happened.
pub fn start(model: &mut Model) -> Vec<Effect> {
    let mut effects = vec![Effect::Identify, Effect::ListLots];
    effects.extend(visit(model));
    effects
}

pub fn update(model: &mut Model, stamped: Stamped) -> Vec<Effect> {
    if let Msg::Live { message: LiveMessage::Greeted { at } | LiveMessage::Heartbeat { at, .. }, .. } = &stamped.msg {
        let ahead_ms = at.ms_since(stamped.at);
        // What is less is the time that the line takes.
        if ahead_ms.abs_diff(model.ahead_ms) > AHEAD_MS_MIN {
            model.ahead_ms = ahead_ms;
        }
    }
    let now = stamped.at.plus_ms(model.ahead_ms);
    let step_ms = now.ms_since(model.now);
    if step_ms < 0 {
        shift(model, step_ms);
    }
    model.now = now;
    let is_passing = is_passing(&stamped.msg);
    let mut effects = match stamped.msg {
        Msg::Key(key) => popups::key(model, key),
        Msg::Paste(text) => popups::paste(model, &text),
        Msg::Mouse(event) => mouse::event(model, event),
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            Vec::new()
        }
        Msg::Cell(width, height) => {
            model.pictures.chosen.drawing.cell = (width, height);
            Vec::new()
        }
        Msg::Tick => Vec::new(),
        Msg::Live { lot, message } => live(model, &lot, message),
        Msg::Remembered { lot, at, snapshot } => {
            if let Some(tab) = model.tab_of(&lot).filter(|tab| !tab.lot.is_known()) {
                tab.lot.remember(*snapshot, at);
            }
            Vec::new()
        }
        Msg::Who(result) => replies::who(model, result),
        Msg::Lots(result) => replies::lots(model, result),
        Msg::Written { op, slot, result } => work::written(model, op, slot, result),
        Msg::Fetched { lot, result } => replies::fetched(model, &lot, result),
        Msg::Terminal(chosen) => {
            model.pictures.chosen = *chosen;
            Vec::new()
        }
        Msg::Image { lot, spot, ask, result } => pictures::arrived(model, lot, spot, &ask, result),
        Msg::Saved(result) => {
            viewing::saved(model, result);
            Vec::new()
        }
        Msg::Stop => quit(model),
    };
    expire(model);
    effects.extend(refresh(model));
    if !is_passing || !model.tab().slots.filter.is_empty() || model.tab().slots.cursor.is_none() {
        moving::settle(model);
    }
    moving::settle_stays(model);
    effects.extend(pictures::settle(model));
    effects
}

/// Whether a message leaves every slot in its place, unless a filter says otherwise: hundreds of them may come in a second.
fn is_passing(msg: &Msg) -> bool {
    let Msg::Live { message, .. } = msg else { return matches!(msg, Msg::Tick | Msg::Written { .. }) };
    match message {
        LiveMessage::Event(event) => {
            use parking_api::events::EventChange::*;
            matches!(
                event.change,
                SlotChanged { .. } | CaptureAdded { .. } | SessionOpened { .. } | SessionClosed { .. }
            )
        }
        LiveMessage::Greeted { .. } | LiveMessage::Heartbeat { .. } | LiveMessage::Skipped { .. } => true,
        _ => false,
    }
}

/// The end, after what is known has been kept for the next start.
fn quit(model: &Model) -> Vec<Effect> {
    vec![Effect::Keep(model.tab().lot.id.clone()), Effect::Quit]
}

/// Follows the lot that is shown, if it is not followed already.
fn visit(model: &mut Model) -> Vec<Effect> {
    let tab = model.tab_mut();
    if tab.is_followed {
        return Vec::new();
    }
    tab.is_followed = true;
    vec![Effect::Follow(tab.lot.id.clone())]
}

fn live(model: &mut Model, lot: &LotId, mut message: LiveMessage) -> Vec<Effect> {
    let now = model.now;
    if let LiveMessage::State(LinkState::Offline { since, .. }) = &mut message {
        // The only time in a message that is by the clock of this machine.
        *since = since.plus_ms(model.ahead_ms);
    }
    let is_asking = matches!(model.popup, Some(Popup::Why(_)));
    let Some(tab) = model.tab_of(lot) else { return Vec::new() };
    let is_live = matches!(message, LiveMessage::State(LinkState::Live));
    let is_snapshot = matches!(message, LiveMessage::Snapshot(_));
    let sessions = session_of(&message);
    let asked = asked_anew(tab, &message, is_asking);
    viewing::told(tab, &message);
    match &message {
        LiveMessage::Event(event) => tab.slot.add(event),
        LiveMessage::Snapshot(snapshot) if tab.lot.is_elsewhere(snapshot) => tab.slot.history.clear(),
        _ => {}
    }
    let before = tab.lot.away.as_ref().map(|away| away.to);
    tab.lot.apply(message, now);
    let is_back = tab.lot.away.as_ref().map(|away| away.to) != before;
    if let Some(session) = sessions {
        replies::put_session(tab, session);
    }
    drop_gone(tab);
    work::settle(model, lot);
    if is_back && model.tab().lot.id == *lot {
        popups::tell_away(model);
    }
    let fetch = |what| Effect::Fetch { lot: lot.clone(), what };
    if is_live {
        // What nobody here saw, the daemon wrote down.
        model.who_asked.hasten(now);
        model.lots_asked.hasten(now);
        return missed(model, lot).into_iter().chain([Fetch::Trend]).map(fetch).collect();
    }
    if is_snapshot {
        // A snapshot does not say when each camera was last heard of.
        return vec![fetch(Fetch::Log), fetch(Fetch::Cameras), Effect::Keep(lot.clone())];
    }
    asked.into_iter().map(fetch).collect()
}

/// What is looked at and was asked for in vain, or has gone on unseen.
fn missed(model: &mut Model, lot: &LotId) -> Vec<Fetch> {
    let is_asking = matches!(model.popup, Some(Popup::Why(_)));
    let Some(tab) = model.tab_of(lot) else { return Vec::new() };
    let history = tab.slot.slot.filter(|_| tab.pane == Pane::Slot).map(Fetch::History);
    let why = tab.why.as_ref().filter(|question| is_asking && question.answer.is_none());
    history.into_iter().chain(why.map(|question| Fetch::Why(question.slot))).collect()
}

/// What an event does not say of itself: which slots nobody sees now, and why the slot that is asked about is as it is now.
fn asked_anew(tab: &Tab, message: &LiveMessage, is_asking: bool) -> Option<Fetch> {
    use parking_api::events::EventChange::*;
    let LiveMessage::Event(event) = message else { return None };
    match &event.change {
        CameraStatus { .. }
        | CameraFrozen { .. }
        | CameraMoved { .. }
        | CameraRegions { .. }
        | CameraDeleted { .. } => {
            return Some(Fetch::Cameras);
        }
        SlotSeen { sighting } => Some(sighting.slot_id),
        SlotChanged { slot, .. } => Some(slot.id),
        _ => None,
    }
    .filter(|slot| is_asking && tab.why.as_ref().is_some_and(|question| question.slot == *slot))
    .map(Fetch::Why)
}

fn session_of(message: &LiveMessage) -> Option<parking_api::sessions::Session> {
    use parking_api::events::EventChange::*;
    let LiveMessage::Event(event) = message else { return None };
    match &event.change {
        SlotCreated { session, .. } | SlotChanged { session, .. } | SlotDeleted { session, .. } => session.clone(),
        SessionOpened { session } | SessionClosed { session } => Some(session.clone()),
        _ => None,
    }
}

/// What no longer exists is neither marked nor selected.
fn drop_gone(tab: &mut Tab) {
    let lot = &tab.lot;
    tab.slots.marks.retain(|id| lot.slot(*id).is_some());
    if tab.slots.cursor.is_some_and(|id| lot.slot(id).is_none()) {
        tab.slots.cursor = None;
    }
}

/// What waits does not wait longer when the clock is set back.
fn shift(model: &mut Model, step_ms: i64) {
    let shift = |at: &mut Option<Time>| *at = at.map(|at| at.plus_ms(step_ms));
    for tab in &mut model.tabs {
        tab.lot.shift(step_ms);
        [&mut tab.cameras_at, &mut tab.log_at, &mut tab.sessions.loaded_at].into_iter().for_each(shift);
    }
    model.who_asked.shift(step_ms);
    model.lots_asked.shift(step_ms);
    if let Some(notice) = &mut model.notice {
        notice.until = notice.until.plus_ms(step_ms);
    }
    model.pictures.shift(step_ms);
}

fn expire(model: &mut Model) {
    let now = model.now;
    for tab in &mut model.tabs {
        tab.lot.expire(now);
    }
    if model.notice.as_ref().is_some_and(|Notice { until, .. }| *until <= now) {
        model.notice = None;
    }
}

/// Asks for what is looked at and does not come by itself, and again for what was asked for in vain.
fn refresh(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let again = [(&mut model.who_asked, Effect::Identify), (&mut model.lots_asked, Effect::ListLots)];
    let again = again.into_iter().filter_map(|(asked, effect)| asked.is_due(now).then_some(effect));
    let mut effects: Vec<_> = again.collect();
    // It is asked for when it is due.
    let is_due = |at: &mut Option<Time>| {
        let is_due = at.is_none_or(|at| now.ms_since(at) >= REFRESH_MS);
        *at = if is_due { Some(now) } else { *at };
        is_due
    };
    if !model.tab().lot.is_live() {
        return effects;
    }
    let tab = model.tab_mut();
    let mut all = Vec::new();
    match tab.pane {
        Pane::Cameras if is_due(&mut tab.cameras_at) => all.push(Fetch::Cameras),
        Pane::Sessions if is_due(&mut tab.sessions.loaded_at) => all.push(Fetch::Sessions),
        _ => {}
    }
    if tab.lot.has_gap && is_due(&mut tab.log_at) {
        tab.lot.has_gap = false;
        all.push(Fetch::Log);
        all.extend(tab.slot.slot.filter(|_| tab.pane == Pane::Slot).map(Fetch::History));
    }
    effects.extend(all.into_iter().map(|what| Effect::Fetch { lot: tab.lot.id.clone(), what }));
    effects
}

#[cfg(test)]
mod tests;
