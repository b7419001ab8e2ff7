//! Keys and pasted text: to what stands over the screen, else through the keymap.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::actions::{begin, obey, perform, send, set_filter};
use super::moving::{go_to, step};
use crate::actions::Action;
use crate::effect::Effect;
use crate::filter::{Filter, last_word};
use crate::input::Input;
use crate::model::{HISTORY_MAX, Model, Tone};
use crate::orders;
use crate::popups::{Ask, Confirm, Picker, Popup, Prompt};
use crate::view;
use crate::work::Change;

/// Rows that a page key moves in a list over the screen.
const PAGE: usize = 10;

pub fn key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let action = model.keymap.action(key);
    let is_ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match model.popup.take() {
        None => action.map(|action| perform(model, action)).unwrap_or_default(),
        // What is no letter works everywhere.
        Some(popup) if key.code == KeyCode::Esc || is_ctrl && action == Some(Action::Quit) => {
            model.popup = Some(popup);
            leave(model);
            Vec::new()
        }
        Some(popup) if is_ctrl && action == Some(Action::Suspend) => {
            model.popup = Some(popup);
            vec![Effect::Suspend]
        }
        Some(Popup::Prompt(prompt)) => prompt_key(model, prompt, key),
        Some(Popup::Picker(picker)) => picker_key(model, picker, key),
        Some(Popup::Confirm(confirm)) => confirm_key(model, confirm, key),
        Some(Popup::Away(cursor)) => {
            away_key(model, cursor, action);
            Vec::new()
        }
        Some(Popup::Why(top)) => why_key(model, top, action),
    }
}

pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    match &mut model.popup {
        Some(Popup::Prompt(Prompt { input, .. }) | Popup::Picker(Picker { input, .. })) => input.insert(text),
        Some(Popup::Confirm(_) | Popup::Away(_) | Popup::Why(_)) | None => {}
    }
    Vec::new()
}

fn prompt_key(model: &mut Model, mut prompt: Prompt, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Enter => return submit(model, prompt),
        KeyCode::Tab | KeyCode::BackTab => complete(model, &mut prompt, key.code == KeyCode::Tab),
        KeyCode::Up | KeyCode::Down if prompt.ask == Ask::Command => {
            recall(model, &mut prompt, key.code == KeyCode::Up);
        }
        KeyCode::Backspace if prompt.input.is_empty() => return Vec::new(),
        _ => {
            if prompt.input.key(key) {
                (prompt.offer, prompt.fault) = (None, None);
                prompt.offers.clear();
            }
            preview_filter(model, &mut prompt);
        }
    }
    model.popup = Some(Popup::Prompt(prompt));
    Vec::new()
}

/// Away with what stands over the screen, and all is as it was before.
pub fn leave(model: &mut Model) {
    if let Some(Popup::Prompt(Prompt { ask: Ask::Filter { before, cursor }, .. })) = model.popup.take() {
        model.tab_mut().slots.cursor = cursor;
        *model.tab_mut().filter_mut() = before;
    }
}

/// The filter works while it is typed.
fn preview_filter(model: &mut Model, prompt: &mut Prompt) {
    let Ask::Filter { cursor, .. } = &prompt.ask else { return };
    match Filter::parse(&prompt.input.text(), model.tab().about()) {
        Ok(filter) => {
            model.tab_mut().slots.cursor = *cursor;
            set_filter(model, filter);
        }
        Err(fault) => prompt.fault = Some(fault),
    }
}

fn submit(model: &mut Model, mut prompt: Prompt) -> Vec<Effect> {
    let text = prompt.input.text();
    match &prompt.ask {
        Ask::Command => {
            if text.trim().is_empty() {
                return Vec::new();
            }
            if model.history.last() != Some(&text) {
                model.history.push(text.clone());
                let excess = model.history.len().saturating_sub(HISTORY_MAX);
                model.history.drain(..excess);
            }
            let kept = Effect::KeepHistory(model.history.clone());
            match orders::parse(&text).and_then(|order| obey(model, order)) {
                Ok(effects) => return std::iter::once(kept).chain(effects).collect(),
                Err(fault) => prompt.fault = Some(fault),
            }
        }
        Ask::Filter { .. } => {
            preview_filter(model, &mut prompt);
            if prompt.fault.is_none() {
                return Vec::new();
            }
        }
        Ask::Save { capture } => {
            let path = text.trim().to_string();
            if !path.is_empty() {
                return vec![Effect::SaveImage { lot: model.tab().lot.id.clone(), capture: *capture, path }];
            }
            prompt.fault = Some("type the name of a file".into());
        }
        Ask::Note { state, slots } => {
            let note = Some(text.trim().to_string());
            return match state {
                Some(state) => begin(model, Change::Set(*state), slots.clone(), note.filter(|note| !note.is_empty())),
                None => begin(model, Change::Note, slots.clone(), note),
            };
        }
    }
    model.popup = Some(Popup::Prompt(prompt));
    Vec::new()
}

fn complete(model: &mut Model, prompt: &mut Prompt, is_next: bool) {
    if prompt.offer.is_none() {
        let lots: Vec<_> = model.tabs.iter().map(|tab| tab.lot.id.clone()).collect();
        prompt.offers = match prompt.ask {
            Ask::Command => orders::offers(&prompt.input.before(), model.tab(), &lots),
            Ask::Filter { .. } => orders::filter_offers(&prompt.input.before(), model.tab()),
            Ask::Note { .. } | Ask::Save { .. } => Vec::new(),
        };
    }
    let len = prompt.offers.len();
    if len == 0 {
        return;
    }
    let at = match prompt.offer {
        None => 0,
        Some(at) if is_next => (at + 1) % len,
        Some(at) => (at + len - 1) % len,
    };
    take(prompt, at);
    preview_filter(model, prompt);
}

/// Puts one of the offers in the place of the word that the cursor is at the end of.
fn take(prompt: &mut Prompt, at: usize) {
    let Some(offer) = prompt.offers.get(at) else { return };
    prompt.input.complete(last_word(&prompt.input.before()), offer);
    (prompt.offer, prompt.fault) = (Some(at), None);
}

/// The same by a click.
pub fn take_offer(model: &mut Model, at: usize) {
    let Some(Popup::Prompt(mut prompt)) = model.popup.take() else { return };
    take(&mut prompt, at);
    preview_filter(model, &mut prompt);
    model.popup = Some(Popup::Prompt(prompt));
}

fn recall(model: &Model, prompt: &mut Prompt, is_older: bool) {
    let len = model.history.len();
    let at = match (prompt.recalled, is_older) {
        (None, true) => len.checked_sub(1),
        (None, false) => None,
        (Some(at), true) => Some(at.saturating_sub(1)),
        (Some(at), false) => Some(at + 1).filter(|at| *at < len),
    };
    prompt.recalled = at;
    prompt.input = Input::new(at.map(|at| model.history[at].as_str()).unwrap_or_default());
}

fn picker_key(model: &mut Model, mut picker: Picker, key: KeyEvent) -> Vec<Effect> {
    let rows = picker.rows(&model.keymap);
    let last = rows.len().saturating_sub(1);
    match key.code {
        KeyCode::Enter => {
            let chosen = rows.get(picker.cursor).copied();
            return chosen.map(|action| perform(model, action)).unwrap_or_default();
        }
        KeyCode::Up | KeyCode::BackTab => picker.cursor = picker.cursor.saturating_sub(1),
        KeyCode::Down | KeyCode::Tab => picker.cursor = (picker.cursor + 1).min(last),
        KeyCode::PageUp => picker.cursor = picker.cursor.saturating_sub(PAGE),
        KeyCode::PageDown => picker.cursor = (picker.cursor + PAGE).min(last),
        _ => {
            if picker.input.key(key) {
                picker.cursor = 0;
            }
        }
    }
    model.popup = Some(Popup::Picker(picker));
    Vec::new()
}

/// Only the right number goes on; the keys of a count are digits.
fn confirm_key(model: &mut Model, mut confirm: Confirm, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Enter if confirm.input.text() == confirm.slots.len().to_string() => {
            return send(model, confirm.change, &confirm.slots, confirm.note);
        }
        KeyCode::Enter => {
            let (count, slots) = (confirm.slots.len(), confirm.subject(&model.tab().lot));
            model.say(Tone::Plain, format!("type {count} to change {slots}, or press esc to leave it"));
        }
        KeyCode::Char(c) if !c.is_ascii_digit() => {}
        _ => drop(confirm.input.key(key)),
    }
    model.popup = Some(Popup::Confirm(confirm));
    Vec::new()
}

/// Says that something changed, and how to see it.
pub fn tell_away(model: &mut Model) {
    let Some(away) = &model.tab().lot.away else { return };
    let count = away.changes.len();
    let slots = if count == 1 { "slot" } else { "slots" };
    let key = model.keymap.hint(Action::Away).map(|key| format!("; {key} lists them")).unwrap_or_default();
    model.say(Tone::Plain, format!("{count} {slots} changed while you were away{key}"));
}

pub fn show_away(model: &mut Model) {
    match &model.tab().lot.away {
        Some(_) => model.popup = Some(Popup::Away(0)),
        None => model.say(Tone::Plain, "nothing has changed while you were away"),
    }
}

/// Whoever has seen enough goes on: what is no way through it and no way back is done.
fn why_key(model: &mut Model, mut top: usize, action: Option<Action>) -> Vec<Effect> {
    use Action::*;
    match action {
        Some(Why | Back | Open | Quit) => return Vec::new(),
        Some(action @ (Up | Down | PageUp | PageDown | First | Last)) => {
            step(&mut top, action, view::why_overflow(model) + 1, PAGE);
        }
        Some(action) => return perform(model, action),
        None => {}
    }
    model.popup = Some(Popup::Why(top));
    Vec::new()
}

/// Goes to the slot of a row.
pub fn open_away(model: &mut Model, row: usize) {
    let change = model.tab().lot.away.as_ref().and_then(|away| away.changes.get(row));
    let slot = change.map(|change| change.slot);
    model.popup = None;
    if let Some(slot) = slot {
        go_to(model, slot);
    }
}

/// Enter goes to the slot.
fn away_key(model: &mut Model, mut cursor: usize, action: Option<Action>) {
    let Some(away) = &model.tab().lot.away else { return };
    match action {
        Some(Action::Open) => return open_away(model, cursor),
        Some(Action::Back | Action::Away | Action::Quit) => return,
        Some(action) => step(&mut cursor, action, away.changes.len(), PAGE),
        None => {}
    }
    model.popup = Some(Popup::Away(cursor));
}
