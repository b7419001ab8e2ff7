//! What stands over the screen: help, palette, and how fast this console is.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::bottom::type_in;
use super::canvas::Canvas;
use super::{Target, away, why};
use crate::actions::Action;
use crate::hud::Hud;
use crate::model::Model;
use crate::popups::{Picker, Popup};

/// Largest size of a list of actions, in cells.
const PICKER_WIDTH: u16 = 72;
const PICKER_HEIGHT: u16 = 30;

pub fn draw(canvas: &mut Canvas<'_>, model: &Model) {
    if let Some(Popup::Picker(picker)) = &model.popup {
        draw_picker(canvas, model, picker);
    }
    if let (Some(Popup::Away(cursor)), Some(away)) = (&model.popup, &model.tab().lot.away) {
        away::draw(canvas, model, away, *cursor);
    }
    if let (Some(Popup::Why(top)), Some(question)) = (&model.popup, &model.tab().why) {
        why::draw(canvas, model, question, *top);
    }
    if let Some(hud) = &model.hud {
        draw_hud(canvas, hud);
    }
}

enum Line {
    Head(&'static str),
    Row(usize, Action),
}

fn draw_picker(canvas: &mut Canvas<'_>, model: &Model, picker: &Picker) {
    let look = canvas.look;
    let screen = canvas.buf.area;
    let width = PICKER_WIDTH.min(screen.width.saturating_sub(2));
    let rows = picker.rows(&model.keymap);
    let text = picker.input.text();
    let lines = lines(&rows, (picker.is_help && text.is_empty()).then_some(picker.here.len()));
    let height = (lines.len().max(1) as u16 + 3).min(PICKER_HEIGHT).min(screen.height.saturating_sub(2));
    let area = Rect::new(
        (screen.width - width) / 2,
        (screen.height - PICKER_HEIGHT.min(screen.height.saturating_sub(2)).max(height)) / 2,
        width,
        height,
    );
    canvas.fill(area, look.bar());
    canvas.hit(area, Target::Popup);
    canvas.cover(area);
    let title = if picker.is_help { " Help " } else { " Actions " };
    canvas.frame(area, &[(title.into(), look.accent())], look.ink(look.theme.line));
    let (x, room) = (area.x + 2, width.saturating_sub(4));
    type_in(canvas, (x, area.y + 1, room), &text, &picker.input.before());
    if text.is_empty() {
        canvas.text(x + 1, area.y + 1, room.saturating_sub(1), "type to search, enter runs it, esc leaves", look.dim());
    }
    let list = Rect::new(area.x + 1, area.y + 2, width.saturating_sub(2), height.saturating_sub(3));
    let at = lines.iter().position(|line| matches!(line, Line::Row(index, _) if *index == picker.cursor));
    let first = at.unwrap_or_default().saturating_sub(usize::from(list.height) / 2);
    let first = first.min(lines.len().saturating_sub(usize::from(list.height)));
    for (y, line) in lines.iter().skip(first).take(usize::from(list.height)).enumerate() {
        let line_area = Rect { y: list.y + y as u16, height: 1, ..list };
        picker_line(canvas, model, line, line_area, picker.cursor);
    }
    if rows.is_empty() {
        canvas.text(x, list.y, room, "Nothing is called that", look.dim());
    }
}

/// The rows; where there are heads, the first `here` of them below one of their own and the rest below their sections.
fn lines(rows: &[Action], here: Option<usize>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut section = "";
    for (index, &action) in rows.iter().enumerate() {
        let head = here.map_or("", |here| if index < here { "Here" } else { action.section().title() });
        if head != section {
            section = head;
            lines.push(Line::Head(head));
        }
        lines.push(Line::Row(index, action));
    }
    lines
}

fn picker_line(canvas: &mut Canvas<'_>, model: &Model, line: &Line, area: Rect, cursor: usize) {
    let look = canvas.look;
    let (x, right) = (area.x + 1, area.right().saturating_sub(1));
    let (index, action) = match line {
        Line::Head(title) => {
            canvas.text(x, area.y, area.width, title, look.dim());
            return;
        }
        Line::Row(index, action) => (*index, *action),
    };
    let is_selected = index == cursor;
    let (key_style, text_style, dim) = if is_selected {
        canvas.fill(area, look.selected());
        (look.selected(), look.selected(), look.selected())
    } else {
        (look.accent(), look.ink(look.theme.text), look.dim())
    };
    let keys: Vec<_> = model.keymap.keys(action).iter().map(ToString::to_string).collect();
    canvas.text(x + 1, area.y, 15, &keys.join(" "), key_style);
    let name = action.name();
    let about_room = right.saturating_sub(x + 17 + name.width() as u16 + 1);
    canvas.text(x + 17, area.y, about_room, action.about(), text_style);
    canvas.right(x, area.y, right.saturating_sub(x), name, dim);
    canvas.hit(area, Target::Do(action));
}

fn draw_hud(canvas: &mut Canvas<'_>, hud: &Hud) {
    let look = canvas.look;
    let ms = |us: u64| us as f64 / 1000.0;
    let lines = [
        format!("first   {:>7.2} ms", ms(hud.first_us)),
        format!("frame   {:>7.2} ms", ms(hud.frame_us)),
        format!("key p50 {:>7.2} ms", ms(hud.key_us(0.5))),
        format!("key p99 {:>7.2} ms", ms(hud.key_us(0.99))),
        format!("picture {:>7.2} ms", ms(hud.picture_us)),
        format!("bytes   {:>7}", hud.bytes),
        format!("in all {:>8}", hud.bytes_total),
        format!("frames  {:>7}", hud.frames),
        format!("messages{:>7}", hud.messages),
    ];
    let (width, height) = (22, lines.len() as u16 + 2);
    let screen = canvas.buf.area;
    if screen.width < width || screen.height < height + 4 {
        return;
    }
    let area = Rect::new(screen.width - width, screen.height - height - 2, width, height);
    canvas.fill(area, look.bar());
    canvas.cover(area);
    canvas.frame(area, &[(" speed ".into(), look.dim())], look.ink(look.theme.line));
    for (y, line) in lines.iter().enumerate() {
        canvas.text(area.x + 2, area.y + 1 + y as u16, width - 4, line, look.ink(look.theme.text));
    }
}
