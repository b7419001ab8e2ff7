//! What an action comes to. Every key, click, command and palette row ends here.

use std::collections::BTreeSet;

use parking_api::slots::SlotState;
use parking_api::{SlotCode, SlotId};

use super::moving::{follow, go_to, level, sheet, travel};
use super::{popups, viewing, visit};
use crate::actions::Action;
use crate::effect::{Effect, Fetch};
use crate::filter::{About, Filter};
use crate::lot;
use crate::model::{Model, Pane, Tab, Tone};
use crate::orders::Order;
use crate::popups::{Ask, Confirm, Picker, Popup, Prompt};
use crate::sights::Question;
use crate::work::{self, Change};

/// Does what a person wants.
pub fn perform(model: &mut Model, action: Action) -> Vec<Effect> {
    use Action::*;
    match action {
        Up | Down | Left | Right | PageUp | PageDown | First | Last | NextZone | PrevZone | Follow
            if model.tab().viewer.is_some() =>
        {
            return viewing::travel(model, action);
        }
        Up | Down | Left | Right | PageUp | PageDown | First | Last | NextZone | PrevZone => travel(model, action),
        Open => return open(model),
        Back => back(model),
        Toggle => return change(model, Change::Toggle),
        SetFree => return change(model, Change::Set(SlotState::Free)),
        SetOccupied => return change(model, Change::Set(SlotState::Occupied)),
        SetUnknown => return change(model, Change::Set(SlotState::Unknown)),
        Reserve => ask_note(model, Some(SlotState::Reserved)),
        Close => ask_note(model, Some(SlotState::Closed)),
        Note => ask_note(model, None),
        Undo => return work::undo(model),
        Mark => mark(model),
        MarkAll => {
            let shown = shown(model);
            model.tab_mut().slots.marks.extend(shown);
        }
        MarkNone => model.tab_mut().slots.marks.clear(),
        Layout => model.tab_mut().slots.mode = model.tab().slots.mode.next(),
        Filter => ask_filter(model),
        Preview => model.tab_mut().slots.is_preview_hidden ^= true,
        LevelUp => level(model, 1),
        LevelDown => level(model, -1),
        Picture => return viewing::enlarge(model),
        Older => return viewing::step(model, true),
        Newer => return viewing::step(model, false),
        Save => viewing::ask_save(model),
        Images => {
            let protocol = model.pictures.switch();
            model.say(Tone::Plain, format!("pictures: {protocol}"));
        }
        Why => return why(model),
        Away => popups::show_away(model),
        Follow => follow(model),
        Theme => {
            model.look.theme = model.look.theme.next();
            let theme = model.look.theme;
            model.say(Tone::Plain, format!("theme {}: {}", theme.name, theme.about));
        }
        Slots | Detail | Sessions | Cameras | Events | NextPane | PrevPane => return enter(model, pane(model, action)),
        NextLot | PrevLot => return switch_lot(model, action == NextLot),
        Command => model.popup = Some(Popup::Prompt(Prompt::new(Ask::Command, ""))),
        Palette => model.popup = Some(Popup::Picker(Picker::new(false, model.tab()))),
        Help => model.popup = Some(Popup::Picker(Picker::new(true, model.tab()))),
        Resync => {
            model.say(Tone::Plain, "connecting anew");
            return vec![Effect::Follow(model.tab().lot.id.clone()), Effect::Identify, Effect::ListLots];
        }
        Hud => model.hud = if model.hud.is_some() { None } else { Some(crate::hud::Hud::default()) },
        Redraw => return vec![Effect::Redraw],
        Suspend => return vec![Effect::Suspend],
        Quit => return super::quit(model),
    }
    Vec::new()
}

/// Does what a command line says.
pub fn obey(model: &mut Model, order: Order) -> Result<Vec<Effect>, String> {
    let find = |model: &Model, code: &SlotCode| -> Result<SlotId, String> {
        let slot = model.tab().lot.by_code(code);
        slot.map(|slot| slot.id).ok_or_else(|| format!("there is no slot {code} in this lot"))
    };
    // Whoever names one twice means it once.
    let all = |model: &Model, codes: &[SlotCode]| {
        let mut slots = codes.iter().map(|code| find(model, code)).collect::<Result<Vec<_>, _>>()?;
        let mut known = BTreeSet::new();
        slots.retain(|id| known.insert(*id));
        Ok::<_, String>(slots)
    };
    match order {
        Order::Do(action) => return Ok(perform(model, action)),
        Order::Set { codes, state, note } => {
            let slots = all(model, &codes)?;
            return Ok(begin(model, Change::Set(state), slots, note));
        }
        Order::Toggle(codes) => {
            let slots = all(model, &codes)?;
            return Ok(begin(model, Change::Toggle, slots, None));
        }
        Order::Goto(code) => {
            let id = find(model, &code)?;
            go_to(model, id);
        }
        Order::Filter(text) => set_filter(model, Filter::parse(&text, model.tab().about())?),
        Order::Lot(id) => {
            let at = model.tabs.iter().position(|tab| tab.lot.id == id);
            model.active = at.ok_or_else(|| format!("there is no lot {id}"))?;
            return Ok(visit(model));
        }
        Order::Layout(mode) => model.tab_mut().slots.mode = mode,
        Order::Level(number) => {
            let at = model.tab().lot.plan.levels.iter().position(|level| level.level == number);
            let at = at.ok_or_else(|| format!("there is no level {number}"))?;
            model.tab_mut().slots.level = at;
        }
        Order::Theme(theme) => model.look.theme = theme,
    }
    Ok(Vec::new())
}

/// What a filter hides when it is set is not selected any more; what changes later stays under the hand.
pub fn set_filter(model: &mut Model, filter: Filter) {
    let now = model.now;
    let tab = model.tab_mut();
    *tab.filter_mut() = filter;
    let selected = tab.slots.cursor.and_then(|id| tab.lot.slot(id));
    if selected.is_some_and(|slot| !tab.slots.filter.takes_slot(slot, now)) {
        tab.slots.cursor = None;
    }
}

/// Asks for the count when it is about many, or about one that is marked and not looked at.
pub fn begin(model: &mut Model, change: Change, slots: Vec<SlotId>, note: Option<String>) -> Vec<Effect> {
    let Tab { slots: pane, .. } = model.tab();
    let is_elsewhere = slots.iter().any(|id| pane.marks.contains(id) && pane.cursor != Some(*id));
    if (slots.len() > 1 || is_elsewhere) && model.hindrance().is_none() {
        model.popup = Some(Popup::Confirm(Confirm { change, slots, note, input: Default::default() }));
        return Vec::new();
    }
    send(model, change, &slots, note)
}

/// What was changed is not marked any more.
pub fn send(model: &mut Model, change: Change, slots: &[SlotId], note: Option<String>) -> Vec<Effect> {
    let effects = work::begin(model, change, slots, note);
    if !effects.is_empty() {
        model.tab_mut().slots.marks.retain(|id| !slots.contains(id));
    }
    effects
}

fn targets(model: &Model) -> Vec<SlotId> {
    let tab = model.tab();
    if tab.viewer.is_some() {
        return Vec::new();
    }
    if tab.pane == Pane::Slots && !tab.slots.marks.is_empty() {
        return tab.slots.marks.iter().copied().collect();
    }
    match tab.pane {
        Pane::Slots | Pane::Slot => tab.selected().map(|slot| slot.id).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn change(model: &mut Model, change: Change) -> Vec<Effect> {
    let slots = targets(model);
    if slots.is_empty() {
        model.say(Tone::Plain, "select a slot first");
        return Vec::new();
    }
    begin(model, change, slots, None)
}

fn ask_note(model: &mut Model, state: Option<SlotState>) {
    if let Some(why) = model.hindrance() {
        model.say(Tone::Bad, why);
        return;
    }
    let slots = targets(model);
    if slots.is_empty() {
        model.say(Tone::Plain, "select a slot first");
        return;
    }
    let note = match (state, slots.as_slice()) {
        (None, [one]) => model.tab().lot.slot(*one).and_then(|slot| slot.note.clone()),
        _ => None,
    };
    model.popup = Some(Popup::Prompt(Prompt::new(Ask::Note { state, slots }, &note.unwrap_or_default())));
}

/// Where there is nothing to filter, one looks for slots.
fn ask_filter(model: &mut Model) {
    let tab = model.tab_mut();
    tab.viewer = None;
    if tab.about() == About::Slots {
        tab.pane = Pane::Slots;
    }
    let (before, cursor) = (tab.filter().clone(), tab.slots.cursor);
    let text = before.to_string();
    model.popup = Some(Popup::Prompt(Prompt::new(Ask::Filter { before, cursor }, &text)));
}

fn mark(model: &mut Model) {
    let tab = model.tab_mut();
    if let Some(id) = tab.slots.cursor.filter(|_| tab.pane == Pane::Slots)
        && !tab.slots.marks.remove(&id)
    {
        tab.slots.marks.insert(id);
    }
}

/// What passes the filter where one is looking.
fn shown(model: &Model) -> Vec<SlotId> {
    let tab = model.tab();
    let slots = sheet(model).tiles.into_iter().map(|tile| &tab.lot.slots[tile.slot]);
    slots.filter(|slot| tab.slots.filter.takes_slot(slot, model.now)).map(|slot| slot.id).collect()
}

fn pane(model: &Model, action: Action) -> Pane {
    let now = model.tab().pane;
    let at = Pane::ALL.iter().position(|pane| *pane == now).unwrap_or_default();
    let len = Pane::ALL.len();
    match action {
        Action::Detail => Pane::Slot,
        Action::Sessions => Pane::Sessions,
        Action::Cameras => Pane::Cameras,
        Action::Events => Pane::Events,
        Action::NextPane => Pane::ALL[(at + 1) % len],
        Action::PrevPane => Pane::ALL[(at + len - 1) % len],
        _ => Pane::Slots,
    }
}

fn enter(model: &mut Model, pane: Pane) -> Vec<Effect> {
    let tab = model.tab_mut();
    tab.viewer = None;
    if pane != Pane::Slot {
        tab.pane = pane;
        return Vec::new();
    }
    let Some(id) = tab.slots.cursor else { return Vec::new() };
    tab.pane = pane;
    if tab.slot.slot != Some(id) {
        tab.slot = crate::model::SlotPane { slot: Some(id), is_loading: true, ..Default::default() };
    }
    vec![Effect::Fetch { lot: tab.lot.id.clone(), what: Fetch::History(id) }]
}

/// Asks why the slot that is selected is in its state.
fn why(model: &mut Model) -> Vec<Effect> {
    let Some(slot) = model.tab().selected().map(|slot| slot.id) else {
        model.say(Tone::Plain, "select a slot first");
        return Vec::new();
    };
    let tab = model.tab_mut();
    tab.why = Some(Question { slot, answer: None, failed: None });
    let effect = Effect::Fetch { lot: tab.lot.id.clone(), what: Fetch::Why(slot) };
    model.popup = Some(Popup::Why(0));
    vec![effect]
}

fn switch_lot(model: &mut Model, is_next: bool) -> Vec<Effect> {
    let len = model.tabs.len();
    model.active = if is_next { (model.active + 1) % len } else { (model.active + len - 1) % len };
    visit(model)
}

/// From a line to what it is about.
fn open(model: &mut Model) -> Vec<Effect> {
    let tab = model.tab();
    let slot = match tab.pane {
        _ if tab.viewer.is_some() => None,
        Pane::Slots => return enter(model, Pane::Slot),
        Pane::Slot | Pane::Cameras => return viewing::enlarge(model),
        Pane::Sessions => {
            let shown = tab.shown_sessions(model.now);
            shown.get(tab.session_row(&shown)).and_then(|session| session.slot_id)
        }
        Pane::Events => {
            let shown = tab.shown_events(model.now);
            let event = tab.events.at.map_or(shown.first(), |seq| shown.iter().find(|event| event.seq == seq));
            event.and_then(|event| lot::slot_of(&event.change)).filter(|id| tab.lot.slot(*id).is_some())
        }
    };
    if let Some(id) = slot {
        go_to(model, id);
        return enter(model, Pane::Slot);
    }
    Vec::new()
}

/// One step back: marks, then the filter, then to the slots.
fn back(model: &mut Model) {
    let tab = model.tab_mut();
    if tab.viewer.is_some() {
        tab.viewer = None;
    } else if tab.pane == Pane::Slots && !tab.slots.marks.is_empty() {
        tab.slots.marks.clear();
    } else if tab.has_filter() {
        *tab.filter_mut() = Filter::default();
    } else {
        tab.pane = Pane::Slots;
    }
    model.notice = None;
}
