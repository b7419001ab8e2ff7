//! Where one is: the cursor over the slots and in the lists, and what has to be in sight for it.

use parking_api::SlotId;

use crate::actions::Action;
use crate::areas::Areas;
use crate::model::{Model, Pane};
use crate::sheet::{Mode, Paper, Sheet, Way};

/// Puts the cursor on a slot, whatever hides it.
pub fn go_to(model: &mut Model, id: SlotId) {
    let tab = model.tab_mut();
    let Some(slot) = tab.lot.slot(id) else { return };
    let level = slot.level;
    tab.slots.level = tab.lot.plan.levels.iter().position(|known| known.level == level).unwrap_or_default();
    tab.slots.cursor = Some(id);
    (tab.pane, tab.viewer) = (Pane::Slots, None);
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
    let at = tab.slots.cursor.and_then(|id| tab.lot.place_of(id));
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

/// A stay is selected as soon as there is one: those that come later come above it.
pub fn settle_stays(model: &mut Model) {
    let now = model.now;
    let tab = model.tab_mut();
    if tab.pane == Pane::Sessions {
        let shown = tab.shown_sessions(now);
        tab.sessions.at = shown.get(tab.session_row(&shown)).map(|stay| stay.id);
    }
}

/// Within the pane that is open.
pub fn travel(model: &mut Model, action: Action) {
    let page = usize::from(Areas::of(model).main.height.saturating_sub(2)).max(1);
    match model.tab().pane {
        Pane::Slots => roam(model, action, page),
        Pane::Slot => {
            let len = model.tab().slot.history.len();
            step(&mut model.tab_mut().slot.rows.cursor, action, len, page);
        }
        Pane::Sessions => {
            let tab = model.tab();
            let shown = tab.shown_sessions(model.now);
            let mut at = tab.session_row(&shown);
            step(&mut at, action, shown.len(), page);
            let at = shown.get(at).map(|stay| stay.id);
            model.tab_mut().sessions.at = at;
        }
        Pane::Cameras => {
            let len = model.tab().lot.cameras.len();
            step(&mut model.tab_mut().cameras.cursor, action, len, page);
        }
        Pane::Events => {
            let tab = model.tab();
            let shown: Vec<u64> = tab.shown_events(model.now).iter().map(|event| event.seq).collect();
            let mut at = tab.events.at.and_then(|seq| shown.iter().position(|shown| *shown <= seq)).unwrap_or_default();
            step(&mut at, action, shown.len(), page);
            // At the newest it follows.
            model.tab_mut().events.at = shown.get(at).copied().filter(|_| at > 0);
        }
    }
}

/// In a list of `len` rows.
pub fn step(cursor: &mut usize, action: Action, len: usize, page: usize) {
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
    let Some(at) = tab.slots.cursor.and_then(|id| tab.lot.place_of(id)) else { return };
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

/// To another level.
pub fn level(model: &mut Model, step: isize) {
    let tab = model.tab_mut();
    let last = tab.lot.plan.levels.len().saturating_sub(1);
    tab.slots.level = tab.slots.level.saturating_add_signed(step).min(last);
}

/// The newest event, or the one that is newest now.
pub fn follow(model: &mut Model) {
    let now = model.now;
    let tab = model.tab_mut();
    tab.events.at = match tab.events.at {
        Some(_) => None,
        None => tab.shown_events(now).first().map(|event| event.seq),
    };
}
