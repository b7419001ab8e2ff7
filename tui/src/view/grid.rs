//! The slots: tiles in the frames of their zones, or rows of a table.

use parking_api::Time;
use parking_api::slots::{Slot, SlotKind, SlotState};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::Target;
use super::canvas::{Canvas, Part};
use crate::lot;
use crate::model::{Model, Tab};
use crate::sheet::{Box, Frame, Mode, Sheet, Tile};
use crate::spans;
use crate::theme::{LANE, Look, MARKED, PENDING, SELECTED, rgb, style};
use crate::update;

pub fn draw(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let tab = model.tab();
    let look = canvas.look;
    if tab.lot.slots.is_empty() {
        let text = if tab.lot.is_known() {
            "This lot has no slots yet: parkctl slot import plan.csv"
        } else {
            "Waiting for the daemon"
        };
        let y = area.y + area.height / 2;
        canvas.text(area.x + 2, y, area.width.saturating_sub(4), text, look.dim());
        return;
    }
    let sheet = update::sheet(model);
    let window = Window { area, scroll: tab.slots.scroll };
    if tab.slots.mode == Mode::List {
        list(canvas, model, &sheet, &window);
        return;
    }
    for frame in &sheet.frames {
        zone(canvas, frame, &window);
    }
    for lane in &sheet.lanes {
        if let Some(at) = window.part(*lane) {
            let text = look.glyph(LANE).repeat(usize::from(at.width));
            canvas.text(at.x, at.y, at.width, &text, look.ink(look.theme.line));
        }
    }
    for tile in &sheet.tiles {
        if let Some(at) = window.part(tile.at) {
            draw_tile(canvas, model, tile, at, window.skipped(tile.at));
        }
    }
}

/// The part of the sheet that is in sight.
struct Window {
    area: Rect,
    scroll: u32,
}

impl Window {
    fn part(&self, at: Box) -> Option<Rect> {
        let (top, bottom) = (at.y.max(self.scroll), at.y + u32::from(at.height));
        let end = bottom.min(self.scroll + u32::from(self.area.height));
        if top >= end {
            return None;
        }
        let y = self.area.y + (top - self.scroll) as u16;
        Some(Rect::new(self.area.x + at.x, y, at.width, (end - top) as u16).intersection(self.area))
    }

    /// Rows of a box above the window.
    fn skipped(&self, at: Box) -> u16 {
        self.scroll.saturating_sub(at.y).min(u32::from(u16::MAX)) as u16
    }
}

fn zone(canvas: &mut Canvas<'_>, frame: &Frame, window: &Window) {
    let Some(part) = window.part(frame.at) else { return };
    let look = canvas.look;
    let line = look.ink(look.theme.line);
    let [h, v, top_left, top_right, bottom_right, bottom_left] = look.frame();
    let has_top = frame.at.y >= window.scroll;
    let has_bottom = frame.at.y + u32::from(frame.at.height) <= window.scroll + u32::from(window.area.height);
    let right = part.right().saturating_sub(1);
    for y in part.top()..part.bottom() {
        canvas.text(part.x, y, 1, v, line);
        canvas.text(right, y, 1, v, line);
    }
    let middle = h.repeat(usize::from(part.width.saturating_sub(2)));
    if has_top {
        canvas.text(part.x, part.y, part.width, &format!("{top_left}{middle}{top_right}"), line);
        let name = frame.zone.as_deref().unwrap_or("without zone");
        let counts = &frame.counts;
        let free = format!("{} free", counts.free);
        let title: [Part; 4] = [
            (format!(" {name} "), look.strong()),
            (free, look.state_ink(SlotState::Free)),
            (format!(" of {}", counts.total), look.dim()),
            (" ".into(), line),
        ];
        canvas.line(part.x + 2, part.y, part.width.saturating_sub(4), &title);
    }
    if has_bottom {
        let y = part.bottom().saturating_sub(1);
        canvas.text(part.x, y, part.width, &format!("{bottom_left}{middle}{bottom_right}"), line);
    }
}

/// What a tile shows besides its state.
struct Marks {
    is_selected: bool,
    is_marked: bool,
    is_pending: bool,
    is_flashing: bool,
    /// Nobody confirms its state any more.
    is_stale: bool,
    /// What a camera would rather have.
    suggested: Option<SlotState>,
}

impl Marks {
    fn of(model: &Model, tab: &Tab, slot: &Slot) -> Self {
        Self {
            is_selected: tab.slots.cursor == Some(slot.id),
            is_marked: tab.slots.marks.contains(&slot.id),
            is_pending: model.work.pending.contains_key(&slot.id),
            is_flashing: tab.lot.flashes.contains_key(&slot.id),
            is_stale: slot.stale_since.is_some(),
            suggested: slot.suggested,
        }
    }
}

fn draw_tile(canvas: &mut Canvas<'_>, model: &Model, tile: &Tile, at: Rect, skipped: u16) {
    let look = canvas.look;
    let tab = model.tab();
    let slot = &tab.lot.slots[tile.slot];
    if tile.is_hidden {
        if skipped == 0 {
            canvas.text(at.x, at.y, at.width, slot.code.as_str(), look.ink(look.theme.line));
        }
        return;
    }
    let marks = Marks::of(model, tab, slot);
    let paint = look.paint(slot.state);
    let (code_style, state_style) = if marks.is_selected {
        (look.selected(), look.selected())
    } else if marks.is_flashing {
        let flash = style(look.theme.ground, paint.fg).add_modifier(Modifier::BOLD);
        (flash, flash)
    } else if marks.is_stale {
        (style(look.theme.text, paint.bg), style(look.theme.dim, paint.bg))
    } else {
        (style(look.theme.text, paint.bg), style(paint.fg, paint.bg))
    };
    canvas.fill(at, state_style);
    canvas.hit(at, Target::Slot(slot.id));
    let sign = look.sign(slot.state);
    if tile.at.height == 1 {
        let x = canvas.text(at.x, at.y, 1, sign, state_style);
        let x = canvas.text(x, at.y, at.width.saturating_sub(2), slot.code.as_str(), state_style);
        badge(canvas, &marks, None, (x, at.y, 1.min(at.right().saturating_sub(x))), state_style);
        let room = at.right().saturating_sub(x + 1);
        canvas.text(x + 1, at.y, room, &state_text(slot, model.now, usize::from(room)), state_style);
        return;
    }
    if skipped == 0 {
        let x = canvas.text(at.x, at.y, at.width, slot.code.as_str(), code_style);
        let kind = Some(slot.kind).filter(|_| tile.at.height == 2);
        badge(canvas, &marks, kind, (x, at.y, at.right().saturating_sub(x)), code_style);
    }
    // The rows of the tile that are in sight.
    let row = |n: u16| n.checked_sub(skipped).filter(|down| *down < at.height).map(|down| at.y + down);
    if let Some(y) = row(1) {
        let gap = u16::from(at.width >= SPACED_FROM);
        let x = canvas.text(at.x, y, 1, sign, state_style) + gap;
        let room = at.right().saturating_sub(x);
        canvas.text(x, y, room, &state_text(slot, model.now, usize::from(room)), state_style);
    }
    if let Some(y) = row(2) {
        let kind = if slot.kind == SlotKind::Standard { "" } else { slot.kind.as_str() };
        canvas.text(at.x, y, at.width, slot.note.as_deref().unwrap_or(kind), quiet(&look, &marks, code_style));
    }
}

/// For what stands on a tile besides its state.
fn quiet(look: &Look, marks: &Marks, on: Style) -> Style {
    if marks.is_selected || marks.is_flashing { on } else { on.fg(rgb(look.theme.dim)) }
}

/// A mark, an answer that is awaited, or who may park there, at the right end.
fn badge(canvas: &mut Canvas<'_>, marks: &Marks, kind: Option<SlotKind>, (x, y, room): (u16, u16, u16), on: Style) {
    let look = canvas.look;
    let accent = if marks.is_selected { on } else { on.fg(rgb(look.theme.accent)) };
    if marks.is_pending {
        canvas.right(x, y, room, look.glyph(PENDING), accent.add_modifier(Modifier::BOLD));
    } else if marks.is_marked {
        canvas.right(x, y, room, look.glyph(MARKED), accent.add_modifier(Modifier::BOLD));
    } else if let Some(state) = marks.suggested {
        let ink = if marks.is_selected { on } else { on.fg(rgb(look.paint(state).fg)) };
        canvas.right(x, y, room, &format!("?{}", look.sign(state)), ink.add_modifier(Modifier::BOLD));
    } else if let Some(tag) = kind.and_then(tag)
        && room > tag.len() as u16
    {
        canvas.right(x, y, room, tag, quiet(&look, marks, on));
    }
}

fn tag(kind: SlotKind) -> Option<&'static str> {
    match kind {
        SlotKind::Standard => None,
        SlotKind::Accessible => Some("acc"),
        SlotKind::Ev => Some("ev"),
        SlotKind::Motorcycle => Some("moto"),
        SlotKind::Delivery => Some("del"),
        SlotKind::Staff => Some("stf"),
    }
}

/// From this width of a tile on there is a space between the sign of a state and its word.
const SPACED_FROM: u16 = 10;

/// The word of a state, and how long it is occupied: the longest that fits so many cells.
fn state_text(slot: &Slot, now: Time, width: usize) -> String {
    let (long, short) = (slot.state.as_str(), lot::word(slot.state, 0));
    let fits = |text: String| Some(text).filter(|text| text.len() <= width);
    let found = if slot.stale_since.is_some() {
        let cut = short.get(..3).unwrap_or(short);
        fits(format!("{long} stale"))
            .or_else(|| fits(format!("{short} stale")))
            .or_else(|| fits(format!("{short}?")))
            .or_else(|| fits(format!("{cut}?")))
    } else if slot.state == SlotState::Occupied {
        let stay = spans::stay(slot.changed_at, now);
        let unit = stay.split_inclusive(char::is_alphabetic).next().unwrap_or_default();
        fits(format!("{long} {stay}"))
            .or_else(|| fits(format!("{short} {stay}")))
            .or_else(|| fits(format!("{short} {unit}")))
            .or_else(|| fits(format!("{short}{unit}")))
    } else {
        fits(long.into())
    };
    found.unwrap_or_else(|| short.into())
}

/// Cells of the columns of the list: mark, code, state, since, zone, kind, source; the rest is the note.
const COLUMNS: [(&str, u16); 6] = [("slot", 12), ("state", 11), ("for", 7), ("zone", 10), ("kind", 11), ("source", 8)];

fn list(canvas: &mut Canvas<'_>, model: &Model, sheet: &Sheet, window: &Window) {
    let tab = model.tab();
    let look = canvas.look;
    let area = window.area;
    for tile in &sheet.tiles {
        let Some(at) = window.part(tile.at) else { continue };
        let slot = &tab.lot.slots[tile.slot];
        let marks = Marks::of(model, tab, slot);
        let ink = look.state_ink(slot.state);
        let (plain, dim, ink) = if marks.is_selected {
            canvas.fill(at, look.selected());
            (look.selected(), look.selected(), look.selected())
        } else if marks.is_flashing {
            (look.ink(look.paint(slot.state).fg), ink, ink.add_modifier(Modifier::BOLD | Modifier::REVERSED))
        } else {
            (look.ink(look.theme.text), look.dim(), ink)
        };
        let lead = match (marks.is_pending, marks.is_marked, marks.is_selected) {
            (true, ..) => look.glyph(PENDING),
            (_, true, _) => look.glyph(MARKED),
            (.., true) => look.glyph(SELECTED),
            _ => " ",
        };
        canvas.text(at.x, at.y, 1, lead, plain);
        let texts: [Part; 6] = [
            (slot.code.to_string(), plain),
            (format!("{} {}{}", look.sign(slot.state), slot.state, if marks.is_stale { "?" } else { "" }), ink),
            (spans::stay(slot.changed_at, model.now), plain),
            (slot.zone.clone().unwrap_or_default(), plain),
            (if slot.kind == SlotKind::Standard { String::new() } else { slot.kind.to_string() }, dim),
            (slot.source.to_string(), dim),
        ];
        let x = columns(canvas, (at.x + 2, at.y, at.right()), &texts);
        let x = match slot.suggested {
            Some(state) => canvas.text(x, at.y, at.right().saturating_sub(x), &format!("a camera sees {state}  "), dim),
            None => x,
        };
        let note = slot.note.as_deref().unwrap_or_default();
        canvas.text(x, at.y, at.right().saturating_sub(x), note, plain);
        canvas.hit(at, Target::Slot(slot.id));
    }
    let head = Rect { height: 1, ..area };
    canvas.fill(head, look.base());
    let names = COLUMNS.map(|(name, _)| (name.to_string(), look.dim()));
    let x = columns(canvas, (area.x + 2, area.y, area.right()), &names);
    canvas.text(x, area.y, area.right().saturating_sub(x), "note", look.dim());
}

fn columns(canvas: &mut Canvas<'_>, (mut x, y, right): (u16, u16, u16), texts: &[Part; 6]) -> u16 {
    for ((text, style), (_, width)) in texts.iter().zip(COLUMNS) {
        canvas.text(x, y, (width - 1).min(right.saturating_sub(x)), text, *style);
        x = (x + width).min(right);
    }
    x
}
