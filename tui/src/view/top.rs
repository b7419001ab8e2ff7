//! What is always on screen: lot, link, who, counts, alarms, and which pane is open.

use jiff::tz::TimeZone;
use parking_api::slots::{Counts, SlotState};
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::Target;
use super::canvas::{Canvas, Part, width};
use crate::actions::Action;
use crate::areas::Areas;
use crate::lot::{self, Link, LotView, Sight};
use crate::model::{Model, Pane, Who};
use crate::spans;
use crate::theme::{ALARM, BAR_FULL, BAR_REST, DOT, LIVE, WAITING, style};
use crate::trend::STEPS;

/// From this width on the counts have their long words.
const WORDS_FROM: u16 = 104;
/// From this width on they have words at all.
const SHORT_FROM: u16 = 58;
const BAR_WIDTH: u16 = 12;

pub fn draw(canvas: &mut Canvas<'_>, model: &Model, areas: &Areas) {
    title(canvas, model, areas.title);
    counts(canvas, model, areas.counts);
    if areas.alarm.height > 0 {
        alarm(canvas, model, areas.alarm);
    }
    if areas.panes.height > 0 {
        panes(canvas, model, areas.panes);
    }
}

/// For a terminal too small for anything else.
pub fn tiny(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let lot = &model.tab().lot;
    let look = canvas.look;
    let mut lines: Vec<Vec<Part>> = vec![vec![(lot.name().to_string(), look.strong())], link(model)];
    for &state in SlotState::ALL {
        let text = format!("{} {} {state}", look.sign(state), count(&lot.counts, state));
        lines.push(vec![(text, look.state_ink(state))]);
    }
    if area.height < lines.len() as u16 {
        let signs = SlotState::ALL
            .iter()
            .map(|&state| (format!("{}{} ", look.sign(state), count(&lot.counts, state)), look.state_ink(state)));
        lines = vec![signs.collect(), link(model), vec![(lot.name().to_string(), look.strong())]];
    }
    for (y, line) in lines.iter().enumerate().take(usize::from(area.height)) {
        canvas.line(area.x, area.y + y as u16, area.width, line);
    }
}

fn title(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let look = canvas.look;
    canvas.fill(area, look.bar());
    let zone: &TimeZone = &model.tab().lot.zone;
    let mut right = link(model);
    let gap = || ("   ".to_string(), Style::new());
    if area.width >= 60 {
        right.push(gap());
        right.extend(who(model, area.width >= 76));
    }
    right.push(gap());
    right.push((spans::minute(model.now, zone), look.ink(look.theme.text)));
    right.push((" ".into(), Style::new()));
    let needs = width(&right);
    let end = area.right().saturating_sub(needs);
    canvas.line(end, area.y, needs, &right);
    let mut x = area.x + 1;
    for (at, tab) in model.tabs.iter().enumerate() {
        let room = end.saturating_sub(x + 1);
        let shown = if at == model.active { look.strong() } else { look.dim() };
        let name = if tab.lot.is_known() { tab.lot.name() } else { tab.lot.id.as_str() };
        if at > 0 {
            x = canvas.text(x, area.y, room.min(3), &format!(" {} ", look.glyph(DOT)), look.dim());
        }
        let from = x;
        x = canvas.text(x, area.y, end.saturating_sub(x + 1), name, shown);
        canvas.hit(Rect::new(from, area.y, x - from, 1), Target::Lot(at));
    }
}

fn link(model: &Model) -> Vec<Part> {
    let (look, lot, now) = (&model.look, &model.tab().lot, model.now);
    let age = lot.heard_at.map(|at| spans::age(at, now));
    let part = |sign, text: String, color| vec![(format!("{} {text}", look.glyph(sign)), look.ink(color))];
    let is_old = |age: &&String| *age != "now" && model.size.0 >= SHORT_FROM;
    let stale =
        |age: &Option<String>| age.as_ref().filter(is_old).map(|age| format!(", data {age} old")).unwrap_or_default();
    let theme = look.theme;
    match &lot.link {
        Link::Live if lot.degraded.is_some() => part(ALARM, "live, no writes".into(), theme.warn),
        Link::Live => {
            let mut parts = part(LIVE, "live".into(), theme.good);
            let shown = age.map_or_else(String::new, |age| format!(" {} {age}", look.glyph(DOT)));
            parts.push((shown, look.dim()));
            parts
        }
        Link::CatchingUp => part(WAITING, "catching up".into(), theme.warn),
        Link::Connecting => part(WAITING, format!("connecting{}", stale(&age)), theme.warn),
        Link::Offline { retry_at, .. } => {
            let seconds = retry_at.map(|at| (at.ms_since(now).max(0) + 999) / 1000);
            let when = seconds.map(|seconds| format!(" in {seconds} s")).unwrap_or_default();
            part(WAITING, format!("reconnecting{when}{}", stale(&age)), theme.warn)
        }
        Link::Ended { .. } => part(ALARM, format!("disconnected{}", stale(&age)), theme.warn),
    }
}

fn who(model: &Model, has_role: bool) -> Vec<Part> {
    let look = &model.look;
    match &model.who {
        Who::Known(identity) => {
            let mut parts = vec![(identity.name.clone(), look.ink(look.theme.text))];
            if has_role && model.is_read_only {
                parts.push((" read-only".into(), look.ink(look.theme.warn)));
                return parts;
            }
            if has_role && identity.name != identity.role.as_str() {
                parts.push((format!(" {}", identity.role), look.dim()));
            }
            parts
        }
        Who::Asking => Vec::new(),
        Who::Refused(_) => vec![("no valid token".into(), look.ink(look.theme.warn))],
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
    let (look, lot) = (canvas.look, &model.tab().lot);
    let total = (lot.counts.free + lot.counts.occupied + lot.counts.reserved).max(1);
    let all: Vec<_> = lot.trend.steps(model.now).collect();
    let levels = look.sparks();
    let text: String = all[STEPS - steps.min(STEPS)..]
        .iter()
        .map(|step| match step {
            Some(occupied) => levels[(occupied * (levels.len() - 1)).div_ceil(total).min(levels.len() - 1)],
            None => " ",
        })
        .collect();
    canvas.text(x, y, steps as u16, &text, look.state_ink(SlotState::Occupied));
}

fn alarm(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let look = canvas.look;
    let paint = look.theme.alarm;
    canvas.fill(area, style(paint.fg, paint.bg));
    let text = format!("{} {}", look.glyph(ALARM), alarms(model, &model.tab().lot).join("   "));
    canvas.text(area.x + 1, area.y, area.width.saturating_sub(2), &text, style(paint.fg, paint.bg));
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

fn panes(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
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
    let text = situation(model);
    let needs = text.width() as u16 + 1;
    let room = area.right().saturating_sub(x + 1);
    let from = area.right().saturating_sub(needs.min(room));
    canvas.text(from, area.y, needs.min(room).saturating_sub(1), &text, look.dim());
}

/// How the slots are shown: level, filter, marks.
fn situation(model: &Model) -> String {
    let tab = model.tab();
    let mut parts = Vec::new();
    if !tab.slots.marks.is_empty() {
        parts.push(format!("{} marked", tab.slots.marks.len()));
    }
    if tab.has_filter() {
        parts.push(format!("only {}", tab.filter()));
    }
    if let Some(viewer) = &tab.viewer {
        parts.push(if viewer.at.is_some() { "staying" } else { "following" }.into());
        return parts.join("  ");
    }
    if tab.pane == Pane::Slots {
        if let Some(level) = tab.lot.plan.levels.get(tab.slots.level).filter(|_| tab.lot.plan.levels.len() > 1) {
            parts.push(format!("level {} of {}", level.level, tab.lot.plan.levels.len()));
        }
        parts.push(tab.slots.mode.name().into());
    }
    if tab.pane == Pane::Events {
        parts.push(if tab.events.at.is_some() { "staying" } else { "following" }.into());
    }
    parts.join("  ")
}
