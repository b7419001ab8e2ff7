//! What is always on screen below the title: counts, alarms, and which pane is open.

use parking_api::slots::{Counts, SlotState};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, Part, width};
use super::{Target, title};
use crate::actions::Action;
use crate::areas::Areas;
use crate::lot::{self, Link, LotView, Sight};
use crate::model::{Model, Pane};
use crate::spans;
use crate::theme::{ALARM, BAR_FULL, BAR_REST, style};
use crate::trend::STEPS;

/// From this width on the counts have their long words.
const WORDS_FROM: u16 = 104;
/// From this width on they have words at all.
const SHORT_FROM: u16 = 58;
const BAR_WIDTH: u16 = 12;
/// From this width on the line of the panes has room for what is shown of them.
const SELECTION_FROM: u16 = 72;
/// Which line of the smallest screen says how the link is.
const LINK_AT: usize = 1;
/// Between two alarms.
const ALARM_GAP: &str = "   ";

pub fn draw(canvas: &mut Canvas<'_>, model: &Model, areas: &Areas) {
    title::draw(canvas, model, areas.title);
    counts(canvas, model, areas.counts);
    if areas.alarm.height > 0 {
        alarm(canvas, model, areas.alarm);
    }
    if areas.panes.height > 0 {
        panes(canvas, model, areas);
    }
}

/// For a terminal too small for anything else.
pub fn tiny(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let lot = &model.tab().lot;
    let look = canvas.look;
    let link = title::link(model);
    let mut lines: Vec<Vec<Part>> = vec![vec![(lot.name().to_string(), look.strong())], link.clone()];
    let states = if lot.is_known() { SlotState::ALL } else { &[] };
    for &state in states {
        let text = format!("{} {} {state}", look.sign(state), count(&lot.counts, state));
        lines.push(vec![(text, look.state_ink(state))]);
    }
    if area.height < lines.len() as u16 {
        let signs = states
            .iter()
            .map(|&state| (format!("{}{} ", look.sign(state), count(&lot.counts, state)), look.state_ink(state)));
        lines = vec![signs.collect(), link, vec![(lot.name().to_string(), look.strong())]];
    }
    for (at, line) in lines.iter().enumerate().take(usize::from(area.height)) {
        let row = Rect { y: area.y + at as u16, height: 1, ..area };
        canvas.line(row.x, row.y, row.width, line);
        // How the link is is known also when nothing else is.
        if at != LINK_AT && !lot.is_live() {
            look.fade(canvas.buf, row);
        }
    }
}

pub fn count(counts: &Counts, state: SlotState) -> usize {
    match state {
        SlotState::Free => counts.free,
        SlotState::Occupied => counts.occupied,
        SlotState::Reserved => counts.reserved,
        SlotState::Closed => counts.closed,
        SlotState::Unknown => counts.unknown,
    }
}

fn counts(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let (look, lot) = (canvas.look, &model.tab().lot);
    if !lot.is_known() {
        return;
    }
    let mut x = area.x + 1;
    // So many of them nobody confirms any more.
    let stale = Some(lot.counts.stale).filter(|stale| *stale > 0 && area.width >= SHORT_FROM);
    for &state in SlotState::ALL {
        let (sign, n) = (look.sign(state), count(&lot.counts, state));
        let text = match area.width {
            WORDS_FROM.. => format!("{sign} {n} {state}   "),
            SHORT_FROM.. => format!("{sign} {n} {}  ", lot::word(state, 4)),
            _ => format!("{sign} {n}  "),
        };
        let room = area.right().saturating_sub(x);
        x = canvas.text(x, area.y, room, &text, look.state_ink(state));
    }
    if let Some(stale) = stale {
        let room = area.right().saturating_sub(x);
        x = canvas.text(x, area.y, room, &format!("{stale} stale  "), look.ink(look.theme.warn));
    }
    let Some(rate) = lot.counts.with_rate().occupancy_rate else { return };
    let percent = format!("{:>3.0} %", rate * 100.0);
    let end = area.right() - 1;
    let room = end.saturating_sub(x);
    let steps = usize::from(room.saturating_sub(BAR_WIDTH + 7)).min(STEPS);
    if room < 8 {
        canvas.right(x, area.y, room, percent.trim(), look.strong());
        return;
    }
    let shown = if steps >= 8 { steps } else { 0 };
    let spark_from = end - shown as u16;
    spark(canvas, model, (spark_from, area.y), shown);
    let percent_from = spark_from.saturating_sub(u16::from(shown > 0) + 5);
    canvas.text(percent_from, area.y, 5, &percent, look.strong());
    let bar_width = percent_from.saturating_sub(x + 1).min(BAR_WIDTH);
    bar(canvas, (percent_from.saturating_sub(bar_width + 1), area.y), bar_width, rate);
}

fn bar(canvas: &mut Canvas<'_>, (x, y): (u16, u16), width: u16, rate: f64) {
    let look = canvas.look;
    let full = (rate * f64::from(width)).round() as usize;
    let rest = usize::from(width).saturating_sub(full);
    let ink = look.state_ink(SlotState::Occupied);
    let x = canvas.text(x, y, width, &look.glyph(BAR_FULL).repeat(full), ink);
    canvas.text(x, y, rest as u16, &look.glyph(BAR_REST).repeat(rest), look.ink(look.theme.line));
}

/// How full the lot was, as far back as there is room for.
fn spark(canvas: &mut Canvas<'_>, model: &Model, (x, y): (u16, u16), steps: usize) {
    let look = canvas.look;
    let levels = look.sparks();
    let highest = levels.len() - 1;
    let level = |share: f64| levels[((share * highest as f64).ceil() as usize).min(highest)];
    let shown = model.tab().lot.trend.steps(model.now).skip(STEPS - steps.min(STEPS));
    let text: String = shown.map(|share| share.map_or(" ", level)).collect();
    canvas.text(x, y, steps as u16, &text, look.state_ink(SlotState::Occupied));
}

fn alarm(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let look = canvas.look;
    let paint = look.theme.alarm;
    canvas.fill(area, style(paint.fg, paint.bg));
    let all = alarms(model, &model.tab().lot);
    let room = area.width.saturating_sub(2);
    let line = |shown: usize| {
        let left = all.len() - shown;
        let more = if left > 0 { format!("{ALARM_GAP}+{left} more") } else { String::new() };
        (format!("{} {}", look.glyph(ALARM), all[..shown].join(ALARM_GAP)), more)
    };
    // As many as fit, and how many do not.
    let fits = |(text, more): &(String, String)| text.width() + more.width() <= usize::from(room);
    let (text, more) = (1..=all.len()).rev().map(line).find(fits).unwrap_or_else(|| line(all.len().min(1)));
    let ink = style(paint.fg, paint.bg);
    let x = canvas.text(area.x + 1, area.y, room.saturating_sub(more.width() as u16), &text, ink);
    canvas.text(x, area.y, area.right().saturating_sub(x + 1), &more, ink);
    canvas.hit(area, Target::Do(Action::Cameras));
}

fn alarms(model: &Model, lot: &LotView) -> Vec<String> {
    let mut all = Vec::new();
    let retry = model.keymap.hint(Action::Resync).map(|key| format!(", {key} tries now")).unwrap_or_default();
    match &lot.link {
        Link::Offline { since, reason, .. } => {
            let since = spans::minute(*since, &lot.zone);
            all.push(format!("offline since {since}{retry}: {reason}"));
        }
        Link::Ended { reason } => all.push(format!("disconnected{retry}: {reason}")),
        _ => {}
    }
    if let Some(why) = &lot.degraded {
        all.push(format!("the daemon takes no changes: {why}"));
    }
    for camera in lot.alarms() {
        let sight = Sight::of(camera);
        let since = spans::age(sight.since(camera), model.now);
        let blind = match camera.blind_slots.len() {
            0 => String::new(),
            1 => ": 1 slot blind".into(),
            many => format!(": {many} slots blind"),
        };
        all.push(format!("{} {} {since}{blind}", camera.id, sight.word()));
    }
    all
}

fn panes(canvas: &mut Canvas<'_>, model: &Model, areas: &Areas) {
    let area = areas.panes;
    let look = canvas.look;
    let tab = model.tab();
    let names = [
        (Pane::Slots, Action::Slots, "Slots"),
        (Pane::Slot, Action::Detail, "Slot"),
        (Pane::Sessions, Action::Sessions, "Stays"),
        (Pane::Cameras, Action::Cameras, "Cameras"),
        (Pane::Events, Action::Events, "Events"),
    ];
    let mut x = area.x;
    for (pane, action, name) in names {
        let is_open = pane == tab.pane && tab.viewer.is_none();
        let key = model.keymap.hint(action).unwrap_or_default();
        let from = x;
        let (key_style, name_style) =
            if is_open { (look.accent(), look.accent()) } else { (look.dim(), look.ink(look.theme.text)) };
        x = canvas.text(x, area.y, 12, &format!(" {key} "), key_style);
        x = canvas.text(x, area.y, 12, name, name_style) + 1;
        canvas.hit(Rect::new(from, area.y, x - from, 1), Target::Do(action));
    }
    let mut parts = if has_selection(areas) { selection(model) } else { Vec::new() };
    parts.push((way(model).into(), look.dim()));
    let room = area.right().saturating_sub(x + 1);
    let needs = (width(&parts) + 1).min(room);
    canvas.line(area.right() - needs, area.y, needs.saturating_sub(1), &parts);
}

/// In which way the pane shows what it shows.
fn way(model: &Model) -> &'static str {
    let tab = model.tab();
    match (&tab.viewer, tab.pane) {
        (Some(viewer), _) if viewer.is_live() => "following",
        (Some(_), _) => "staying",
        (None, Pane::Slots) => tab.slots.mode.name(),
        (None, Pane::Events) if tab.events.at.is_some() => "staying",
        (None, Pane::Events) => "following",
        (None, Pane::Slot | Pane::Sessions | Pane::Cameras) => "",
    }
}

/// Whether the line of the panes has room for it; if not, the status has.
pub fn has_selection(areas: &Areas) -> bool {
    areas.panes.width >= SELECTION_FROM
}

/// Which of the slots are shown and marked, where that is not all and none.
pub fn selection(model: &Model) -> Vec<Part> {
    let (look, tab) = (&model.look, model.tab());
    let accent = look.ink(look.theme.accent);
    let mut parts = Vec::new();
    if tab.has_filter() {
        parts.push((format!("only {}  ", tab.filter()), accent));
    }
    if !tab.slots.marks.is_empty() {
        parts.push((format!("{} marked  ", tab.slots.marks.len()), accent));
    }
    let levels = &tab.lot.plan.levels;
    if let Some(level) = levels.get(tab.slots.level).filter(|_| levels.len() > 1 && tab.pane == Pane::Slots) {
        parts.push((format!("level {} of {}  ", level.level, levels.len()), look.dim()));
    }
    parts
}
