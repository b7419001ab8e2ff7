//! The two lines at the bottom: what was just said, or the selected slot; and what can be done, or the line that is typed.

use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, Part, width};
use super::{Target, top};
use crate::actions::Action;
use crate::areas::Areas;
use crate::model::{Model, Pane, Tone};
use crate::popups::{Ask, Confirm, Popup, Prompt, offers};
use crate::spans;
use crate::work::Change;

pub fn draw(canvas: &mut Canvas<'_>, model: &Model, areas: &Areas) {
    canvas.fill(areas.hints, canvas.look.bar());
    if matches!(model.popup, Some(Popup::Prompt(_) | Popup::Confirm(_))) {
        canvas.hit(areas.hints, Target::Popup);
        canvas.hit(areas.status, Target::Popup);
    }
    match &model.popup {
        Some(Popup::Prompt(prompt)) => {
            prompt_line(canvas, areas.hints, prompt);
            prompt_help(canvas, model, areas.status, prompt);
        }
        Some(Popup::Confirm(confirm)) => confirm_lines(canvas, model, areas, confirm),
        Some(Popup::Picker(_) | Popup::Away(_) | Popup::Why(_)) | None => {
            hints(canvas, model, areas.hints);
            status(canvas, model, areas);
        }
    }
}

fn status(canvas: &mut Canvas<'_>, model: &Model, areas: &Areas) {
    let look = canvas.look;
    let mut area = areas.status;
    if !top::has_selection(areas) {
        // Which slots are shown has no other line.
        let selection = top::selection(model);
        let needs = width(&selection).min(area.width / 2);
        area.width -= needs;
        canvas.line(area.right(), area.y, needs, &selection);
    }
    let room = area.width.saturating_sub(2);
    if let Some(notice) = &model.notice {
        let ink = match notice.tone {
            Tone::Plain => look.theme.text,
            Tone::Good => look.theme.good,
            Tone::Bad => look.theme.warn,
        };
        canvas.text(area.x + 1, area.y, room, &notice.text, look.ink(ink));
        return;
    }
    let tab = model.tab();
    let Some(slot) = tab.selected().filter(|_| tab.pane == Pane::Slots) else { return };
    let since = spans::lasting(slot.changed_at, model.now);
    let mut parts: Vec<Part> = vec![
        (format!("{} ", slot.code), look.strong()),
        (format!("{} {}", look.sign(slot.state), slot.state), look.state_ink(slot.state)),
        (format!(" for {since}, by {}", slot.source), look.dim()),
    ];
    if let Some(note) = &slot.note {
        parts.push((format!("   {note}"), look.ink(look.theme.accent)));
    }
    canvas.line(area.x + 1, area.y, room, &parts);
    if !tab.lot.is_live() {
        look.fade(canvas.buf, area);
    }
}

fn hints(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    use Action::*;
    let offered = offers(model.tab());
    let is_hindered = model.hindrance().is_some();
    let always = [(Command, "command"), (Help, "help"), (Quit, "quit")];
    let needs = |(action, name): &(Action, &'static str)| {
        model.keymap.hint(*action).map_or(0, |key| (key.width() + 3 + name.width()) as u16)
    };
    // What leads everywhere else has its place on the narrowest screen.
    let last = always.iter().map(needs).sum::<u16>().min(area.width);
    let last = if area.width < ALWAYS_FROM { needs(&always[1]) } else { last };
    let mut x = area.x + 1;
    let end = area.right().saturating_sub(last);
    for offer in offered.iter().filter(|(action, _)| !(model.is_read_only && action.is_write())) {
        if x + needs(offer) > end {
            break;
        }
        // What cannot be done now looks so.
        x = hint(canvas, model, (x, area.y), *offer, is_hindered && offer.0.is_write());
    }
    let mut x = end;
    for offer in always.iter().filter(|offer| area.width >= ALWAYS_FROM || offer.0 == Help) {
        x = hint(canvas, model, (x, area.y), *offer, false);
    }
}

/// From this width on command and quit are hinted at beside help.
const ALWAYS_FROM: u16 = 60;

/// A key and what it does; where the next one begins.
fn hint(
    canvas: &mut Canvas<'_>,
    model: &Model,
    (x, y): (u16, u16),
    (action, name): (Action, &str),
    is_off: bool,
) -> u16 {
    let look = canvas.look;
    let Some(key) = model.keymap.hint(action) else { return x };
    let (key_style, name_style) =
        if is_off { (look.dim(), look.dim()) } else { (look.accent(), look.ink(look.theme.text)) };
    let room = canvas.buf.area.right().saturating_sub(x);
    let end = canvas.text(x, y, room, &key, key_style);
    let end = canvas.text(end + 1, y, room.saturating_sub(end + 1 - x), name, name_style);
    canvas.hit(Rect::new(x, y, end.saturating_sub(x), 1), Target::Do(action));
    end + 2
}

fn prompt_line(canvas: &mut Canvas<'_>, area: Rect, prompt: &Prompt) {
    let look = canvas.look;
    let lead = match &prompt.ask {
        Ask::Command => ":".to_string(),
        Ask::Filter { .. } => "/".into(),
        Ask::Save { .. } => "save the picture as ".into(),
        Ask::Note { state: Some(state), slots } => format!("{state}{}, note: ", many(slots.len())),
        Ask::Note { state: None, slots } => format!("note{}: ", many(slots.len())),
    };
    let x = canvas.text(area.x + 1, area.y, area.width.saturating_sub(2), &lead, look.accent());
    type_in(canvas, (x, area.y, area.right().saturating_sub(x + 1)), &prompt.input.text(), &prompt.input.before());
}

fn many(count: usize) -> String {
    if count > 1 { format!(" for {count} slots") } else { String::new() }
}

/// A text that is typed, shifted so that its cursor is in sight.
pub fn type_in(canvas: &mut Canvas<'_>, (x, y, room): (u16, u16, u16), text: &str, before: &str) {
    if room == 0 {
        return;
    }
    let hidden = before.width().saturating_sub(usize::from(room) - 1);
    let mut cut = 0;
    let shown: String = text
        .chars()
        .skip_while(|c| {
            let is_hidden = cut < hidden;
            cut += c.to_string().width();
            is_hidden
        })
        .collect();
    let style = canvas.look.ink(canvas.look.theme.strong);
    let shown = canvas.clean(&shown);
    canvas.buf.set_stringn(x, y, &shown, usize::from(room), style);
    let at = x + (before.width() - hidden.min(before.width())) as u16;
    canvas.drawn.cursor = Some(Position::new(at.min(x + room - 1), y));
}

/// What is wrong with the line, or what it could become.
fn prompt_help(canvas: &mut Canvas<'_>, model: &Model, area: Rect, prompt: &Prompt) {
    let look = canvas.look;
    let room = area.width.saturating_sub(2);
    if let Some(fault) = &prompt.fault {
        canvas.text(area.x + 1, area.y, room, fault, look.ink(look.theme.warn));
        return;
    }
    if prompt.offers.is_empty() {
        let text: String = match prompt.ask {
            Ask::Command => "enter runs it, tab completes, up and down recall, esc leaves".into(),
            Ask::Filter { .. } => format!("{}   tab completes, esc leaves", model.tab().about().example()),
            Ask::Save { .. } => "enter saves it; a file that is there already is left as it is".into(),
            Ask::Note { .. } => "enter goes on, also without a note; esc leaves everything as it is".into(),
        };
        canvas.text(area.x + 1, area.y, room, &text, look.dim());
        return;
    }
    let at = prompt.offer.unwrap_or_default();
    let mut x = area.x + 1;
    for (index, offer) in prompt.offers.iter().enumerate().skip(at.saturating_sub(2)) {
        let left = area.right().saturating_sub(x + 1);
        let style: Style = if index == at { look.selected() } else { look.ink(look.theme.text) };
        if left < offer.width() as u16 {
            break;
        }
        let end = canvas.text(x, area.y, left, offer, style);
        canvas.hit(Rect::new(x, area.y, end - x, 1), Target::Offer(index));
        x = end + 2;
    }
}

fn confirm_lines(canvas: &mut Canvas<'_>, model: &Model, areas: &Areas, confirm: &Confirm) {
    let look = canvas.look;
    let count = confirm.slots.len();
    let lot = &model.tab().lot;
    let slots = confirm.subject(lot);
    let what = match confirm.change {
        Change::Toggle => format!("Toggle {slots}"),
        Change::Set(state) => format!("Set {slots} {state}"),
        Change::Note => format!("Write this note to {slots}"),
    };
    let codes: Vec<_> = confirm.slots.iter().filter_map(|id| lot.slot(*id)).map(|slot| slot.code.as_str()).collect();
    let text = model.notice.as_ref().map_or_else(|| codes.join(" "), |notice| notice.text.clone());
    canvas.text(areas.status.x + 1, areas.status.y, areas.status.width.saturating_sub(2), &text, look.dim());
    let area = areas.hints;
    let lead = format!("{what}? Type {count} and press enter: ");
    let x = canvas.text(area.x + 1, area.y, area.width.saturating_sub(2), &lead, look.ink(look.theme.warn));
    type_in(canvas, (x, area.y, area.right().saturating_sub(x + 1)), &confirm.input.text(), &confirm.input.before());
}
