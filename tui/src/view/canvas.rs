//! A screen to draw on: text that never leaves its place, frames, and what a click on it means.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Drawn, Target};
use crate::theme::{ELLIPSIS, Look};

pub struct Canvas<'a> {
    pub buf: &'a mut Buffer,
    pub look: Look,
    pub drawn: Drawn,
}

/// A text and how it looks.
pub type Part = (String, Style);

impl<'a> Canvas<'a> {
    pub fn new(buf: &'a mut Buffer, look: Look) -> Self {
        Self { buf, look, drawn: Drawn::default() }
    }

    /// Writes `text` into at most `width` cells and says where it ends. What does not fit is cut with an ellipsis.
    pub fn text(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let right = self.buf.area.right();
        if width == 0 || x >= right || y >= self.buf.area.bottom() {
            return x;
        }
        let width = width.min(right - x);
        let shown = self.fit(text, usize::from(width));
        self.buf.set_stringn(x, y, shown, usize::from(width), style).0
    }

    /// The same at the right end of its place.
    pub fn right(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) {
        let needs = (text.width() as u16).min(width);
        self.text(x + width - needs, y, needs, text, style);
    }

    /// Several texts one after another.
    pub fn line(&mut self, x: u16, y: u16, width: u16, parts: &[Part]) -> u16 {
        let end = x.saturating_add(width);
        parts.iter().fold(x, |x, (text, style)| self.text(x, y, end.saturating_sub(x), text, *style))
    }

    pub fn fill(&mut self, area: Rect, style: Style) {
        let area = area.intersection(self.buf.area);
        for position in area.positions() {
            self.buf[position].set_symbol(" ").set_style(style);
        }
    }

    pub fn hit(&mut self, area: Rect, target: Target) {
        self.drawn.hits.push((area, target));
    }

    /// Says that `area` stands over whatever was drawn there before.
    pub fn cover(&mut self, area: Rect) {
        self.drawn.covers.push(area);
    }

    /// A border with a title in it.
    pub fn frame(&mut self, area: Rect, title: &[Part], style: Style) {
        let area = area.intersection(self.buf.area);
        if area.width < 2 || area.height < 2 {
            return;
        }
        let [h, v, top_left, top_right, bottom_right, bottom_left] = self.look.frame();
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for x in area.left() + 1..right {
            self.buf[(x, area.top())].set_symbol(h).set_style(style);
            self.buf[(x, bottom)].set_symbol(h).set_style(style);
        }
        for y in area.top() + 1..bottom {
            self.buf[(area.left(), y)].set_symbol(v).set_style(style);
            self.buf[(right, y)].set_symbol(v).set_style(style);
        }
        let corners = [(area.left(), area.top(), top_left), (right, area.top(), top_right)];
        for (x, y, symbol) in
            corners.into_iter().chain([(right, bottom, bottom_right), (area.left(), bottom, bottom_left)])
        {
            self.buf[(x, y)].set_symbol(symbol).set_style(style);
        }
        self.line(area.left() + 2, area.top(), area.width.saturating_sub(4), title);
    }

    /// What of a text this terminal is to be given.
    pub fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let is_plain = |c: char| !c.is_control() && (c.is_ascii() || !self.look.is_ascii);
        if text.chars().all(is_plain) {
            return text.into();
        }
        let chars = text.chars().filter(|c| !c.is_control());
        if !self.look.is_ascii {
            return chars.collect();
        }
        // As wide as it would be.
        chars.map(|c| if c.is_ascii() { c.to_string() } else { "?".repeat(c.width().unwrap_or_default()) }).collect()
    }

    /// What of a text fits, with an ellipsis where that is not all.
    pub fn fit<'t>(&self, text: &'t str, width: usize) -> Cow<'t, str> {
        let shown = self.clean(text);
        if shown.width() <= width {
            return shown;
        }
        let dots = self.look.glyph(ELLIPSIS);
        let mut room = width.saturating_sub(dots.width());
        let keep = shown.chars().take_while(|c| {
            let needs = c.width().unwrap_or_default();
            let fits = needs <= room;
            room = room.saturating_sub(if fits { needs } else { room });
            fits
        });
        let len = keep.map(char::len_utf8).sum();
        (shown[..len].to_string() + dots).into()
    }
}

/// Cells that texts need one after another.
pub fn width(parts: &[Part]) -> u16 {
    parts.iter().map(|(text, _)| text.width() as u16).sum()
}
