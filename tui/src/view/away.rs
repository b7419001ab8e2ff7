//! The list of what changed while nobody could look, over the screen.

use ratatui::layout::Rect;

use super::Target;
use super::canvas::{Canvas, Part};
use crate::lot::{Away, Changed};
use crate::model::Model;
use crate::spans;
use crate::theme::ARROW;

/// Largest size of the list, in cells.
const WIDTH: u16 = 48;
const HEIGHT: u16 = 24;

pub fn draw(canvas: &mut Canvas<'_>, model: &Model, away: &Away, cursor: usize) {
    let look = canvas.look;
    let screen = canvas.buf.area;
    let width = WIDTH.min(screen.width.saturating_sub(2));
    let height = (away.changes.len() as u16).saturating_add(4).min(HEIGHT).min(screen.height.saturating_sub(2));
    let area = Rect::new((screen.width - width) / 2, (screen.height - height) / 2, width, height);
    canvas.fill(area, look.bar());
    canvas.cover(area);
    canvas.hit(area, Target::Popup);
    let title = format!(" While you were away: {} ", away.changes.len());
    canvas.frame(area, &[(title, look.accent())], look.ink(look.theme.line));
    let zone = &model.tab().lot.zone;
    let since = format!(
        "{} to {}, {}",
        spans::second(away.from, model.now, zone),
        spans::second(away.to, model.now, zone),
        spans::long(away.from, away.to)
    );
    let (x, room) = (area.x + 2, width.saturating_sub(4));
    canvas.text(x, area.y + 1, room, &since, look.dim());
    let list = Rect::new(area.x + 1, area.y + 2, width.saturating_sub(2), height.saturating_sub(3));
    let rows = usize::from(list.height);
    let first = cursor.saturating_sub(rows / 2).min(away.changes.len().saturating_sub(rows));
    for (y, (index, change)) in away.changes.iter().enumerate().skip(first).take(rows).enumerate() {
        let line = Rect { y: list.y + y as u16, height: 1, ..list };
        row(canvas, change, line, index == cursor);
        canvas.hit(line, Target::Row(index));
    }
}

fn row(canvas: &mut Canvas<'_>, change: &Changed, line: Rect, is_selected: bool) {
    let look = canvas.look;
    if is_selected {
        canvas.fill(line, look.selected());
    }
    let state = |state: Option<parking_api::slots::SlotState>| -> Part {
        let (text, ink) = match state {
            Some(state) => (format!("{} {state}", look.sign(state)), look.state_ink(state)),
            None => ("no slot".into(), look.dim()),
        };
        (text, if is_selected { look.selected() } else { ink })
    };
    let plain = if is_selected { look.selected() } else { look.ink(look.theme.text) };
    let (x, y) = (line.x + 1, line.y);
    canvas.text(x, y, 13, change.code.as_str(), plain);
    let (before, style) = state(change.before);
    canvas.text(x + 14, y, 11, &before, style);
    canvas.text(x + 26, y, 2, look.glyph(ARROW), plain);
    let (after, style) = state(change.after);
    canvas.text(x + 29, y, line.right().saturating_sub(x + 30), &after, style);
}
