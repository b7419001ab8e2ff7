//! Clicks and the wheel: what lies under the pointer is asked of the view, so that the mouse can do all that is seen.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use parking_api::CameraId;
use ratatui::layout::Position;

use super::actions::perform;
use super::moving::go_to;
use super::{popups, viewing, visit};
use crate::actions::Action;
use crate::effect::Effect;
use crate::model::{Model, Pane};
use crate::popups::Popup;
use crate::view::{self, Target};

/// Lines that one notch of the wheel moves.
const NOTCH: usize = 3;

pub fn event(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    let (target, is_marking) = match event.kind {
        MouseEventKind::ScrollUp => return wheel(model, Action::Up),
        MouseEventKind::ScrollDown => return wheel(model, Action::Down),
        MouseEventKind::Down(MouseButton::Left) => (view::target(model, Position::new(event.column, event.row)), false),
        MouseEventKind::Down(MouseButton::Right) => (view::target(model, Position::new(event.column, event.row)), true),
        _ => return Vec::new(),
    };
    match target {
        Some(Target::Slot(id)) if is_marking => {
            go_to(model, id);
            perform(model, Action::Mark)
        }
        // The second click on a slot opens it.
        Some(Target::Slot(id)) if model.tab().slots.cursor == Some(id) && model.tab().pane == Pane::Slots => {
            perform(model, Action::Open)
        }
        Some(Target::Slot(id)) => {
            go_to(model, id);
            Vec::new()
        }
        Some(Target::Do(action)) => {
            popups::leave(model);
            perform(model, action)
        }
        Some(Target::Lot(at)) => {
            model.active = at.min(model.tabs.len() - 1);
            visit(model)
        }
        Some(Target::Row(at)) => row(model, at),
        Some(Target::Camera(camera)) => {
            picture(model, camera);
            Vec::new()
        }
        Some(Target::Offer(at)) => {
            popups::take_offer(model, at);
            Vec::new()
        }
        Some(Target::Popup) => Vec::new(),
        // Beside a popup is out of it.
        None => {
            popups::leave(model);
            Vec::new()
        }
    }
}

/// The second click on a picture of the wall enlarges it; others are enlarged by the first.
fn picture(model: &mut Model, camera: CameraId) {
    let tab = model.tab_mut();
    let at = tab.lot.cameras.iter().position(|known| known.id == camera);
    let is_wall = tab.pane == Pane::Cameras;
    match at.filter(|at| is_wall && *at != tab.cameras.cursor) {
        Some(at) => tab.cameras.cursor = at,
        None => viewing::show(model, camera),
    }
}

fn row(model: &mut Model, at: usize) -> Vec<Effect> {
    if let Some(Popup::Away(cursor)) = model.popup {
        // The second click opens it, as in every list.
        model.popup = Some(Popup::Away(at));
        if cursor == at {
            popups::open_away(model, at);
        }
        return Vec::new();
    }
    let now = model.now;
    let tab = model.tab_mut();
    let cursor = match tab.pane {
        Pane::Slots => return Vec::new(),
        Pane::Slot => &mut tab.slot.rows.cursor,
        Pane::Sessions => {
            let before = tab.sessions.at;
            tab.sessions.at = tab.shown_sessions(now).get(at).map(|stay| stay.id);
            let is_second = tab.sessions.at == before;
            return if is_second { perform(model, Action::Open) } else { Vec::new() };
        }
        Pane::Cameras => &mut tab.cameras.cursor,
        Pane::Events => {
            let before = tab.events.at;
            tab.events.at = tab.shown_events(now).get(at).map(|event| event.seq);
            let is_second = tab.events.at == before;
            return if is_second { perform(model, Action::Open) } else { Vec::new() };
        }
    };
    if *cursor == at {
        return perform(model, Action::Open);
    }
    *cursor = at;
    Vec::new()
}

fn wheel(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(Popup::Picker(picker)) = &mut model.popup {
        let last = picker.rows(&model.keymap).len().saturating_sub(1);
        picker.cursor = match action {
            Action::Up => picker.cursor.saturating_sub(NOTCH),
            _ => (picker.cursor + NOTCH).min(last),
        };
        return Vec::new();
    }
    if let (Some(Popup::Away(cursor)), Some(away)) = (&mut model.popup, &model.tabs[model.active].lot.away) {
        let last = away.changes.len().saturating_sub(1);
        *cursor = if action == Action::Up { cursor.saturating_sub(NOTCH) } else { (*cursor + NOTCH).min(last) };
        return Vec::new();
    }
    if let Some(Popup::Why(top)) = model.popup {
        let last = view::why_overflow(model);
        let top = if action == Action::Up { top.saturating_sub(NOTCH) } else { (top + NOTCH).min(last) };
        model.popup = Some(Popup::Why(top));
    }
    if model.popup.is_some() {
        return Vec::new();
    }
    let is_single = model.tab().pane == Pane::Slots || model.tab().viewer.is_some();
    let steps = if is_single { 1 } else { NOTCH };
    (0..steps).flat_map(|_| perform(model, action)).collect()
}
