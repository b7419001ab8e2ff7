//! What an action comes to. Every key, click, command and palette row ends here.

use parking_api::slots::SlotState;
use parking_api::{SlotCode, SlotId};

use super::{popups, viewing, visit};
use crate::actions::Action;
use crate::areas::Areas;
use crate::effect::{Effect, Fetch};
use crate::filter::Filter;
use crate::model::{Model, Pane, Tone};
use crate::orders::Order;
use crate::popups::{Ask, Confirm, Picker, Popup, Prompt};
use crate::sheet::{Mode, Paper, Sheet, Way};
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
        Filter => {
            let text = model.tab().slots.filter.to_string();
            model.popup = Some(Popup::Prompt(Prompt::new(Ask::Filter, &text)));
        }
        Preview => model.tab_mut().slots.is_preview_hidden ^= true,
        LevelUp => level(model, 1),
        LevelDown => level(model, -1),
        Picture => viewing::enlarge(model),
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
    let all =
        |model: &Model, codes: &[SlotCode]| codes.iter().map(|code| find(model, code)).collect::<Result<Vec<_>, _>>();
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
        Order::Filter(filter) => set_filter(model, filter),
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

/// Puts the cursor on a slot, whatever hides it.
pub fn go_to(model: &mut Model, id: SlotId) {
    let now = model.now;
    let tab = model.tab_mut();
    let Some(slot) = tab.lot.slot(id) else { return };
    let level = slot.level;
    tab.slots.level = tab.lot.plan.levels.iter().position(|known| known.level == level).unwrap_or_default();
    if tab.lot.slot(id).is_some_and(|slot| !tab.slots.filter.takes(slot, now)) {
        tab.slots.filter = Filter::default();
    }
    tab.slots.cursor = Some(id);
    (tab.pane, tab.viewer) = (Pane::Slots, None);
}

pub fn set_filter(model: &mut Model, filter: Filter) {
    model.tab_mut().slots.filter = filter;
}

/// Asks for the count when it is about many.
pub fn begin(model: &mut Model, change: Change, slots: Vec<SlotId>, note: Option<String>) -> Vec<Effect> {
    if slots.len() > 1 && model.hindrance().is_none() {
        model.popup = Some(Popup::Confirm(Confirm { change, slots, note, input: Default::default() }));
        return Vec::new();
    }
    work::begin(model, change, &slots, note)
}

/// The slots as they are laid out on this screen.
pub fn sheet(model: &Model) -> Sheet {
    let tab = model.tab();
    let grid = Areas::of(model).grid;
    let paper = Paper { width: grid.width, height: grid.height, mode: tab.slots.mode, level: tab.slots.level };
    Sheet::new(&tab.lot, paper, &|slot| tab.shows(slot, model.now))
}

/// Keeps the cursor on something that is there, and what it is on in sight.
pub fn settle(model: &mut Model) {
    let levels = model.tab().lot.plan.levels.len();
    let slots = &mut model.tab_mut().slots;
    slots.level = slots.level.min(levels.saturating_sub(1));
    if model.tab().pane != Pane::Slots {
        return;
    }
    let sheet = sheet(model);
    let view = u32::from(Areas::of(model).grid.height).max(1);
    let tab = model.tab_mut();
    let at = tab.slots.cursor.and_then(|id| tab.lot.slots.iter().position(|slot| slot.id == id));
    let at = at.filter(|&slot| sheet.tile(slot).is_some()).or_else(|| sheet.first());
    let Some(tile) = at.and_then(|slot| sheet.tile(slot)) else {
        tab.slots.scroll = 0;
        return;
    };
    tab.slots.cursor = Some(tab.lot.slots[tile.slot].id);
    // The border of a zone comes into sight with its first and last row.
    let margin = u32::from(tab.slots.mode != Mode::List);
    let (top, bottom) = (tile.at.y.saturating_sub(margin), tile.at.y + u32::from(tile.at.height) + margin);
    let scroll = tab.slots.scroll.min(top).max(bottom.saturating_sub(view));
    tab.slots.scroll = scroll.min(sheet.height.saturating_sub(view));
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

fn mark(model: &mut Model) {
    let tab = model.tab_mut();
    if let Some(id) = tab.slots.cursor.filter(|_| tab.pane == Pane::Slots)
        && !tab.slots.marks.remove(&id)
    {
        tab.slots.marks.insert(id);
    }
}

fn shown(model: &Model) -> Vec<SlotId> {
    let slots = &model.tab().lot.slots;
    sheet(model).tiles.iter().filter(|tile| !tile.is_hidden).map(|tile| slots[tile.slot].id).collect()
}

fn level(model: &mut Model, step: isize) {
    let tab = model.tab_mut();
    let last = tab.lot.plan.levels.len().saturating_sub(1);
    tab.slots.level = tab.slots.level.saturating_add_signed(step).min(last);
}

fn follow(model: &mut Model) {
    let tab = model.tab_mut();
    tab.events.at = match tab.events.at {
        Some(_) => None,
        None => tab.shown_events().first().map(|event| event.seq),
    };
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
    tab.why = Some(Question { slot, answer: None });
    let effect = Effect::Fetch { lot: tab.lot.id.clone(), what: Fetch::Why(slot) };
    model.popup = Some(Popup::Why);
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
        Pane::Slot | Pane::Cameras => {
            viewing::enlarge(model);
            return Vec::new();
        }
        Pane::Sessions => tab.shown_sessions().get(tab.sessions.rows.cursor).and_then(|session| session.slot_id),
        Pane::Events => {
            let shown = tab.shown_events();
            let event = tab.events.at.map_or(shown.first(), |seq| shown.iter().find(|event| event.seq == seq));
            event.and_then(|event| match &event.change {
                parking_api::events::EventChange::SlotChanged { slot, .. } => Some(slot.id),
                _ => None,
            })
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
    } else if tab.pane != Pane::Slots {
        tab.pane = Pane::Slots;
    } else if !tab.slots.marks.is_empty() {
        tab.slots.marks.clear();
    } else if !tab.slots.filter.is_empty() {
        tab.slots.filter = Filter::default();
    }
    model.notice = None;
}

fn travel(model: &mut Model, action: Action) {
    let page = usize::from(Areas::of(model).main.height.saturating_sub(2)).max(1);
    match model.tab().pane {
        Pane::Slots => roam(model, action, page),
        Pane::Slot => {
            let len = model.tab().slot.history.len();
            step(&mut model.tab_mut().slot.rows.cursor, action, len, page);
        }
        Pane::Sessions => {
            let len = model.tab().shown_sessions().len();
            step(&mut model.tab_mut().sessions.rows.cursor, action, len, page);
        }
        Pane::Cameras => {
            let len = model.tab().lot.cameras.len();
            step(&mut model.tab_mut().cameras.cursor, action, len, page);
        }
        Pane::Events => {
            let tab = model.tab();
            let shown: Vec<u64> = tab.shown_events().iter().map(|event| event.seq).collect();
            let mut at = tab.events.at.and_then(|seq| shown.iter().position(|shown| *shown <= seq)).unwrap_or_default();
            step(&mut at, action, shown.len(), page);
            // At the newest it follows.
            model.tab_mut().events.at = shown.get(at).copied().filter(|_| at > 0);
        }
    }
}

fn step(cursor: &mut usize, action: Action, len: usize, page: usize) {
    let last = len.saturating_sub(1);
    *cursor = match action {
        Action::Up => cursor.saturating_sub(1),
        Action::Down => *cursor + 1,
        Action::PageUp => cursor.saturating_sub(page),
        Action::PageDown => *cursor + page,
        Action::First => 0,
        Action::Last => last,
        _ => *cursor,
    }
    .min(last);
}

/// Over the grid.
fn roam(model: &mut Model, action: Action, page: usize) {
    let sheet = sheet(model);
    let tab = model.tab_mut();
    let Some(at) = tab.slots.cursor.and_then(|id| tab.lot.slots.iter().position(|slot| slot.id == id)) else { return };
    let paged = |way: Way| {
        let start = sheet.tile(at).map(|tile| tile.at.y)?;
        let mut slot = at;
        while let Some(next) = sheet.neighbour(slot, way) {
            slot = next;
            if sheet.tile(slot).is_some_and(|tile| tile.at.y.abs_diff(start) >= page as u32) {
                break;
            }
        }
        Some(slot)
    };
    let to = match action {
        Action::Up => sheet.neighbour(at, Way::Up),
        Action::Down => sheet.neighbour(at, Way::Down),
        Action::Left => sheet.neighbour(at, Way::Left),
        Action::Right => sheet.neighbour(at, Way::Right),
        Action::PageUp => paged(Way::Up),
        Action::PageDown => paged(Way::Down),
        Action::First => sheet.first(),
        Action::Last => sheet.last(),
        Action::NextZone => sheet.zone_beside(at, true),
        Action::PrevZone => sheet.zone_beside(at, false),
        _ => None,
    };
    if let Some(to) = to {
        tab.slots.cursor = Some(tab.lot.slots[to].id);
    }
}
