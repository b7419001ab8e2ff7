//! One slot: what it is, who stands there, and what it went through.

use parking_api::events::{Event, EventChange};
use parking_api::slots::Slot;
use ratatui::layout::Rect;

use super::canvas::{Canvas, Part};
use super::panes::{EVENT_COLUMNS, event};
use super::table::Table;
use crate::actions::Action;
use crate::areas::Areas;
use crate::model::Model;
use crate::pictures::{self, Spot};
use crate::{spans, talk};

/// Cells of the names before the values.
const NAMES: u16 = 10;

/// Beside the grid.
pub fn side(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    if area.width < 4 || area.height < 3 {
        return;
    }
    let look = canvas.look;
    let tab = model.tab();
    let Some(slot) = tab.selected() else { return };
    canvas.frame(area, &[(format!(" {} ", slot.code), look.strong())], look.ink(look.theme.line));
    let inner = Rect::new(area.x + 2, area.y + 1, area.width - 4, area.height - 2);
    let used = fields(canvas, inner, &facts(model, slot));
    let top = inner.y + used + 1;
    let is_about =
        |event: &&Event| matches!(&event.change, EventChange::SlotChanged { slot: s, .. } if s.id == slot.id);
    // The picture has the lower end.
    let picture = pictures::places(model).into_iter().find(|place| place.spot == Spot::Side);
    let end = picture.filter(|_| !model.pictures.is_off()).map_or(inner.bottom(), |place| place.caption.y - 1);
    let rows = usize::from(end.saturating_sub(top + 1));
    let seen: Vec<_> = tab.lot.events.iter().rev().filter(is_about).take(rows).collect();
    if rows == 0 || seen.is_empty() {
        return;
    }
    canvas.text(inner.x, top, inner.width, "lately", look.dim());
    for (y, event) in seen.iter().enumerate() {
        let y = top + 1 + y as u16;
        let EventChange::SlotChanged { slot, .. } = &event.change else { continue };
        let parts = [
            (format!("{:<9}", spans::second(event.at, model.now, &tab.lot.zone)), look.dim()),
            (format!("{} {:<9}", look.sign(slot.state), slot.state), look.state_ink(slot.state)),
            (talk::who(&event.actor), look.ink(look.theme.text)),
        ];
        canvas.line(inner.x, y, inner.width, &parts);
    }
}

/// The whole pane.
pub fn pane(canvas: &mut Canvas<'_>, model: &Model, areas: &Areas) {
    let look = canvas.look;
    let area =
        Rect { width: areas.main.width - areas.picture.width - 2 * u16::from(areas.picture.width > 0), ..areas.main };
    let tab = model.tab();
    let Some(slot) = tab.selected() else {
        canvas.text(area.x + 2, area.y, area.width.saturating_sub(4), "Select a slot first", look.dim());
        return;
    };
    canvas.text(area.x + 2, area.y, area.width.saturating_sub(4), slot.code.as_str(), look.strong());
    let inner = Rect::new(area.x + 2, area.y + 1, area.width.saturating_sub(4), area.height.saturating_sub(1));
    let mut facts = facts(model, slot);
    if let Some(stay) = &tab.slot.stay {
        let since = spans::second(stay.opened_at, model.now, &tab.lot.zone);
        let text = format!("since {since}, {}", spans::lasting(stay.opened_at, model.now));
        facts.push(("stay", (text, look.ink(look.theme.text))));
    }
    let used = fields(canvas, inner, &facts);
    let rest =
        Rect { y: inner.y + used + 1, height: inner.height.saturating_sub(used + 1), x: area.x, width: area.width };
    let history = &tab.slot.history;
    let table = Table {
        columns: &EVENT_COLUMNS,
        rows: history.len(),
        cursor: Some(tab.slot.rows.cursor.min(history.len().saturating_sub(1))),
        empty: match tab.slot.failed {
            Some(_) => "Its history could not be looked up",
            None if tab.slot.is_loading => "Looking up its history",
            None => "Nothing has happened to it yet",
        },
    };
    table.draw(canvas, rest, |index| event(model, &history[history.len() - 1 - index]));
}

fn facts(model: &Model, slot: &Slot) -> Vec<(&'static str, Part)> {
    let (look, lot, now) = (&model.look, &model.tab().lot, model.now);
    let text = look.ink(look.theme.text);
    let since = spans::second(slot.changed_at, now, &lot.zone);
    let state = format!("{} {}", look.sign(slot.state), slot.state);
    let place = match &slot.zone {
        Some(zone) => format!("zone {zone}, level {}", slot.level),
        None => format!("level {}", slot.level),
    };
    let mut facts = vec![
        ("state", (state, look.state_ink(slot.state))),
        ("since", (format!("{since}, {}", spans::lasting(slot.changed_at, now)), text)),
        ("by", (by(model, slot), text)),
        ("seen", (format!("{} ago", spans::age(slot.observed_at, now)).replace("now ago", "now"), text)),
        ("place", (place, text)),
        ("kind", (slot.kind.to_string(), text)),
    ];
    if let Some(since) = slot.stale_since {
        let since = spans::second(since, now, &lot.zone);
        facts.push(("stale", (format!("since {since}: no camera confirms it"), look.ink(look.theme.warn))));
    }
    if let Some(state) = slot.suggested {
        let hint = model.keymap.hint(Action::Why).map(|key| format!("; {key}: why")).unwrap_or_default();
        facts.push(("camera", (format!("sees {} {state}{hint}", look.sign(state)), look.state_ink(state))));
    }
    if let Some(note) = &slot.note {
        facts.push(("note", (note.clone(), look.ink(look.theme.accent))));
    }
    facts
}

fn by(model: &Model, slot: &Slot) -> String {
    match model.tab().lot.actors.get(&slot.id) {
        Some(actor) => format!("{} ({})", talk::who(actor), slot.source),
        None => slot.source.to_string(),
    }
}

/// Names and values, a line each; how many lines that were.
fn fields(canvas: &mut Canvas<'_>, area: Rect, facts: &[(&str, Part)]) -> u16 {
    let look = canvas.look;
    let lines = facts.len().min(usize::from(area.height));
    for (y, (name, (value, style))) in facts.iter().take(lines).enumerate() {
        let y = area.y + y as u16;
        canvas.text(area.x, y, NAMES - 1, name, look.dim());
        canvas.text(area.x + NAMES, y, area.width.saturating_sub(NAMES), value, *style);
    }
    lines as u16
}
