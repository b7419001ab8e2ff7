//! The first line: the lots, the link to the daemon, who one is, and the time. The narrower the screen, the shorter each, but none goes.

use std::ops::Range;

use jiff::tz::TimeZone;
use parking_api::tokens::Role;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::Target;
use super::canvas::{Canvas, Part, width};
use crate::areas;
use crate::lot::Link;
use crate::model::{Model, Tab, Who};
use crate::spans;
use crate::theme::{ALARM, DOT, ELLIPSIS, LIVE, Look, WAITING};

/// From this width on there is a clock, and room for more than the shortest words.
const WIDE_FROM: u16 = 60;
/// Cells of the name of the lot, and of the one who looks at it, that stay on the narrowest screen.
const LOT_MIN: u16 = 8;
const NAME_MIN: u16 = 4;

pub fn draw(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let look = canvas.look;
    canvas.fill(area, look.bar());
    let gap = || (" ".repeat(if area.width >= WIDE_FROM { 3 } else { 2 }), Style::new());
    let zone: &TimeZone = &model.tab().lot.zone;
    let clock = match area.width {
        WIDE_FROM.. => vec![gap(), (spans::minute(model.now, zone), look.ink(look.theme.text))],
        _ => Vec::new(),
    };
    let mut right = link(model);
    let taken = width(&right) + width(&clock) + 2 * width(&[gap()]) + 2;
    let lot = name(&look, model.tab(), false).width() as u16;
    let who = who(canvas, model, area.width.saturating_sub(taken), lot);
    if !who.is_empty() {
        right.push(gap());
        right.extend(who);
    }
    right.extend(clock);
    right.push((" ".into(), Style::new()));
    let end = area.right().saturating_sub(width(&right));
    canvas.line(end, area.y, width(&right), &right);
    let room = end.saturating_sub(area.x + 2);
    lots(canvas, model, Rect { x: area.x + 1, width: room, ..area });
}

/// The lots, from one on so that the active one is in sight. Where there are more, on either side, that is seen.
fn lots(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let look = canvas.look;
    let names: Vec<String> =
        model.tabs.iter().enumerate().map(|(at, tab)| name(&look, tab, at != model.active)).collect();
    let separator = format!(" {} ", look.glyph(DOT));
    let mut first = model.active;
    let mut needs = names[first].width();
    while first > 0 {
        needs += names[first - 1].width() + separator.width();
        if needs > usize::from(area.width.saturating_sub(2 * MORE)) {
            break;
        }
        first -= 1;
    }
    let mut x = area.x;
    if first > 0 {
        x = more(canvas, model, (x, area), 0..first, first - 1) + 1;
    }
    for (at, name) in names.iter().enumerate().skip(first) {
        let ink = match at {
            _ if at == model.active => look.strong(),
            _ if areas::is_alarming(&model.tabs[at].lot) => look.ink(look.theme.warn),
            _ => look.dim(),
        };
        let kept = if at + 1 < names.len() { MORE } else { 0 };
        let mut room = area.right().saturating_sub(x + kept);
        if at > first {
            if separator.width() + name.width() > usize::from(room) {
                more(canvas, model, (x + 1, area), at..names.len(), at);
                return;
            }
            x = canvas.text(x, area.y, room, &separator, look.dim());
            room -= separator.width() as u16;
        }
        let from = x;
        x = canvas.text(x, area.y, room, name, ink);
        canvas.hit(Rect::new(from, area.y, x - from, 1), Target::Lot(at));
    }
}

/// Cells of the sign that there are more, with what is wrong among them and a gap.
const MORE: u16 = 3;

/// Stands for the lots `hidden`; a click goes to the one at `to`.
fn more(canvas: &mut Canvas<'_>, model: &Model, (x, area): (u16, Rect), hidden: Range<usize>, to: usize) -> u16 {
    let look = canvas.look;
    let is_alarming = model.tabs[hidden].iter().any(|tab| areas::is_alarming(&tab.lot));
    let (sign, ink) = if is_alarming { (look.glyph(ALARM), look.ink(look.theme.warn)) } else { ("", look.dim()) };
    let text = format!("{sign}{}", look.glyph(ELLIPSIS));
    let end = canvas.text(x, area.y, area.right().saturating_sub(x), &text, ink);
    canvas.hit(Rect::new(x, area.y, end - x, 1), Target::Lot(to));
    end
}

/// The name of a lot; a sign before it where something is wrong that is not said below.
fn name(look: &Look, tab: &Tab, is_signed: bool) -> String {
    let name = if tab.lot.is_known() { tab.lot.name() } else { tab.lot.id.as_str() };
    let sign = if is_signed && areas::is_alarming(&tab.lot) { look.glyph(ALARM) } else { "" };
    format!("{sign}{name}")
}

pub fn link(model: &Model) -> Vec<Part> {
    let (look, lot, now) = (&model.look, &model.tab().lot, model.now);
    let is_narrow = model.size.0 < WIDE_FROM;
    let age = lot.heard_at.map(|at| spans::age(at, now));
    let part = |sign, text: String, color| vec![(format!("{} {text}", look.glyph(sign)), look.ink(color))];
    let is_old = |age: &&String| *age != "now" && !is_narrow;
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
            let verb = if is_narrow { "retry" } else { "reconnecting" };
            part(WAITING, format!("{verb}{when}{}", stale(&age)), theme.warn)
        }
        Link::Ended { .. } => part(ALARM, format!("disconnected{}", stale(&age)), theme.warn),
    }
}

/// Who one is and may do, in `room` cells beside the name of the lot, which has `lot`.
fn who(canvas: &Canvas<'_>, model: &Model, room: u16, lot: u16) -> Vec<Part> {
    let look = canvas.look;
    let identity = match &model.who {
        Who::Known(identity) => identity,
        Who::Asking => return Vec::new(),
        Who::Refused(_) => return vec![("no valid token".into(), look.ink(look.theme.warn))],
    };
    let (name, text) = (identity.name.as_str(), look.ink(look.theme.text));
    let (long, short, ink) = match (model.is_read_only, identity.role) {
        (true, _) => ("read-only", "r/o", look.ink(look.theme.warn)),
        // It says itself what it may do.
        (false, role) if name == role.as_str() => ("", "", text),
        (false, role) => (role.as_str(), short(role), look.dim()),
    };
    let role = |word: &str| if word.is_empty() { String::new() } else { format!(" {word}") };
    let fits = |word: &str| name.width() + role(word).width() + usize::from(lot) <= usize::from(room);
    let role = role(if fits(long) { long } else { short });
    let left = room.saturating_sub(lot.min(LOT_MIN) + role.width() as u16).max(NAME_MIN);
    vec![(canvas.fit(name, usize::from(left)).into_owned(), text), (role, ink)]
}

fn short(role: Role) -> &'static str {
    match role {
        Role::Camera => "cam",
        Role::Viewer => "view",
        Role::Attendant => "att",
        Role::Admin => "adm",
    }
}
