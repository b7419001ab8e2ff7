//! Why a slot is in its state, over the screen: what each camera sees, what it remembers of the empty slot, and its reasons.

use parking_api::regions::SlotView;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::Target;
use super::canvas::Canvas;
use crate::images::Rendered;
use crate::model::Model;
use crate::sights::{CELLS, Explained, Looks, Question};
use crate::spans;
use crate::theme::{ABOVE, BELOW, Look};

/// Largest width, in cells; and the least that has room for pictures beside the reasons.
const WIDTH: u16 = 84;
const PICTURES_FROM: u16 = 72;
/// Two pictures with a gap behind each.
const PICTURES: u16 = 2 * (CELLS.0 + 2);
/// Most rows that are said: more nobody reads.
const ROWS_MAX: u16 = 400;
/// Cells of the names before the values.
const NAMES: u16 = 7;

/// A line: its name and what it says.
type Line = (&'static str, String, Style);

/// All that is said, and the panel that it stands in, of which it may be too high.
struct Panel<'a> {
    head: Vec<Line>,
    views: Vec<View<'a>>,
    area: Rect,
    rows: u16,
}

impl<'a> Panel<'a> {
    fn new(model: &'a Model, question: &'a Question, screen: Rect) -> Self {
        let width = WIDTH.min(screen.width.saturating_sub(2));
        let room = width.saturating_sub(4);
        let head = head(model, question, room);
        let views = question.answer.as_deref().map(|answer| views(model, answer, room)).unwrap_or_default();
        let rows = head.len() + views.iter().map(|view| view.rows() + 1).sum::<usize>();
        let rows = u16::try_from(rows).unwrap_or(u16::MAX).min(ROWS_MAX);
        let height = (rows + 2).min(screen.height.saturating_sub(2));
        let area = Rect::new((screen.width - width) / 2, (screen.height - height) / 2, width, height);
        Self { head, views, area, rows }
    }

    fn overflow(&self) -> u16 {
        self.rows.saturating_sub(self.area.height.saturating_sub(2))
    }

    /// All of it, on a page as high as it needs.
    fn page(&self, look: Look) -> Buffer {
        let area = Rect::new(0, 0, self.area.width.saturating_sub(4), self.rows);
        let mut page = Buffer::empty(area);
        page.set_style(area, look.bar());
        let canvas = &mut Canvas::new(&mut page, look);
        let mut y = lines(canvas, area, &self.head);
        for view in &self.views {
            y = (y + 1).min(area.bottom());
            y = view.draw(canvas, Rect { y, height: area.bottom() - y, ..area });
        }
        page
    }
}

/// Rows that do not fit the screen; none where nothing is asked.
pub fn overflow(model: &Model) -> usize {
    let (columns, rows) = model.size;
    let question = model.tab().why.as_ref();
    question.map_or(0, |question| Panel::new(model, question, Rect::new(0, 0, columns, rows)).overflow().into())
}

/// From row `top` on.
pub fn draw(canvas: &mut Canvas<'_>, model: &Model, question: &Question, top: usize) {
    let look = canvas.look;
    let panel = Panel::new(model, question, canvas.buf.area);
    let Panel { area, rows, .. } = panel;
    let top = u16::try_from(top).unwrap_or(u16::MAX).min(panel.overflow());
    canvas.fill(area, look.bar());
    canvas.cover(area);
    canvas.hit(area, Target::Popup);
    let code = model.tab().lot.slot(question.slot).map_or("", |slot| slot.code.as_str());
    canvas.frame(area, &[(format!(" Why {code} "), look.accent())], look.ink(look.theme.line));
    let page = panel.page(look);
    let shown = area.height.saturating_sub(2).min(rows - top);
    let sight = Rect { y: top, height: shown, ..page.area };
    for position in sight.positions() {
        let (x, y) = (area.x + 2 + position.x, area.y + 1 + position.y - top);
        if let Some(cell) = canvas.buf.cell_mut((x, y)) {
            *cell = page[position].clone();
        }
    }
    let more = |sign, count: u16| Some(format!(" {} {count} more ", look.glyph(sign))).filter(|_| count > 0);
    for (y, text) in
        [(area.top(), more(ABOVE, top)), (area.bottom().saturating_sub(1), more(BELOW, rows - top - shown))]
    {
        let room = area.width.saturating_sub(4);
        canvas.right(area.x + 2, y, room, text.as_deref().unwrap_or_default(), look.accent());
    }
    if !model.tab().lot.is_live() {
        look.fade(canvas.buf, area);
    }
}

/// What holds whatever cameras see.
fn head(model: &Model, question: &Question, room: u16) -> Vec<Line> {
    let (look, lot, now) = (&model.look, &model.tab().lot, model.now);
    let text = look.ink(look.theme.text);
    let mut all = Vec::new();
    if let Some(slot) = lot.slot(question.slot) {
        let since = spans::second(slot.changed_at, now, &lot.zone);
        let state = format!("{} {} since {since}, by {}", look.sign(slot.state), slot.state, slot.source);
        all.push(("state", state, look.state_ink(slot.state)));
    }
    match question.answer.as_deref() {
        None => match &question.failed {
            Some(why) => all.push(("", format!("the daemon did not say why: {why}"), look.ink(look.theme.warn))),
            None => all.push(("", "asking the daemon".into(), look.dim())),
        },
        Some(Explained { why, .. }) => {
            if let Some(until) = why.held_until {
                let until = spans::second(until, now, &lot.zone);
                all.push(("held", format!("a person's word holds until {until}"), look.ink(look.theme.accent)));
            }
            if why.views.is_empty() {
                all.push(("", "no camera has a region for it: people say how it is".into(), text));
            }
        }
    }
    wrapped(all, room)
}

struct View<'a> {
    looks: Option<&'a Looks>,
    lines: Vec<Line>,
}

fn views<'a>(model: &Model, answer: &'a Explained, room: u16) -> Vec<View<'a>> {
    let has_room = room + 4 >= PICTURES_FROM && !model.pictures.is_off();
    let shown = answer.why.views.iter().enumerate().map(|(at, view)| {
        let looks = answer.looks.get(at).filter(|looks| has_room && (looks.now.is_some() || looks.empty.is_some()));
        let room = if looks.is_some() { room - PICTURES } else { room };
        View { looks, lines: wrapped(reasons(model, view), room) }
    });
    shown.collect()
}

fn reasons(model: &Model, view: &SlotView) -> Vec<Line> {
    let look = &model.look;
    let text = look.ink(look.theme.text);
    let mut all = vec![("camera", format!("{}, occupancy {}", view.camera, view.mode), look.strong())];
    if let Some(opinion) = view.opinion {
        all.push(("sees", format!("{} {opinion}", look.sign(opinion)), look.state_ink(opinion)));
    }
    if let Some(score) = view.score {
        all.push(("vehicle", format!("{:.0} %", score * 100.0), text));
    }
    if let Some(parts) = view.parts {
        all.extend(parts.sentence().split(", ").map(|part| ("", part.to_string(), look.dim())));
    }
    all.push(("so", view.outcome.clone(), text));
    all.push(("trust", format!("{}: {}", view.trust.as_str().replace('_', " "), view.trust_reason), text));
    if let Some(at) = view.seen_at {
        all.push(("seen", format!("{} ago", spans::age(at, model.now)).replace("now ago", "now"), look.dim()));
    }
    all
}

impl View<'_> {
    fn rows(&self) -> usize {
        let pictures = if self.looks.is_some() { usize::from(CELLS.1) + 1 } else { 0 };
        self.lines.len().max(pictures)
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) -> u16 {
        let Some(looks) = self.looks else { return lines(canvas, area, &self.lines) };
        for (at, name, picture) in [(0, "now", &looks.now), (1, "when empty", &looks.empty)] {
            let place = Rect { x: area.x + at * (CELLS.0 + 2), width: CELLS.0, ..area }.intersection(area);
            let style = canvas.look.dim();
            canvas.text(place.x, place.y, place.width, name, style);
            if let Some(picture) = picture {
                cells(canvas, picture, Rect { y: place.y + 1, height: place.height.saturating_sub(1), ..place });
            }
        }
        let beside = Rect { x: area.x + PICTURES, width: area.width - PICTURES, ..area };
        lines(canvas, beside, &self.lines).max(area.y + (CELLS.1 + 1).min(area.height))
    }
}

fn cells(canvas: &mut Canvas<'_>, picture: &Rendered, area: Rect) {
    let look = canvas.look;
    for position in area.intersection(canvas.buf.area).positions() {
        if let Some(block) = picture.block_at(position.x - area.x, position.y - area.y) {
            block.draw(&mut canvas.buf[position], look);
        }
    }
}

/// As many as there is room for; where the next would stand.
fn lines(canvas: &mut Canvas<'_>, area: Rect, lines: &[Line]) -> u16 {
    let dim = canvas.look.dim();
    let mut y = area.y;
    for (name, text, style) in lines.iter().take(usize::from(area.height)) {
        canvas.text(area.x, y, NAMES, name, dim);
        canvas.text(area.x + NAMES + 1, y, area.width.saturating_sub(NAMES + 1), text, *style);
        y += 1;
    }
    y
}

/// Long texts on several lines, of which the first has the name.
fn wrapped(all: Vec<Line>, room: u16) -> Vec<Line> {
    let room = usize::from(room.saturating_sub(NAMES + 1)).max(1);
    let mut lines: Vec<Line> = Vec::new();
    for (name, text, style) in all {
        lines.push((name, String::new(), style));
        for word in text.split(' ') {
            let Some((_, line, _)) = lines.last_mut() else { continue };
            if line.is_empty() {
                line.push_str(word);
            } else if line.width() + 1 + word.width() <= room {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(("", word.into(), style));
            }
        }
    }
    lines
}
