//! How things look: colours by meaning, how many of them the terminal has, and glyphs. Does not know what is drawn where.
//!
//! Everything is drawn in full colour; `Look::adapt` then turns a finished screen into what this terminal can show.

mod depth;
mod palettes;

use parking_api::slots::SlotState;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};

pub use depth::Depth;
pub use palettes::{THEMES, Theme};

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// A colour on a ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    pub fg: Rgb,
    pub bg: Rgb,
}

/// Share of a colour that is left of it when what it shows is stale, in percent.
const FADE_PERCENT: u16 = 42;

/// What this terminal is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    #[serde(with = "palettes::by_name")]
    pub theme: &'static Theme,
    pub depth: Depth,
    /// Nothing beyond ASCII.
    pub is_ascii: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { theme: &THEMES[0], depth: Depth::True, is_ascii: false }
    }
}

/// One of two texts: for terminals with glyphs, and for those without.
#[derive(Debug, Clone, Copy)]
pub struct Glyph(pub &'static str, pub &'static str);

pub const SELECTED: Glyph = Glyph("▌", ">");
pub const MARKED: Glyph = Glyph("✓", "*");
pub const PENDING: Glyph = Glyph("…", "~");
pub const ALARM: Glyph = Glyph("▲", "!");
pub const LIVE: Glyph = Glyph("●", "*");
pub const WAITING: Glyph = Glyph("○", "o");
pub const DOT: Glyph = Glyph("·", "-");
pub const ARROW: Glyph = Glyph("→", "->");
pub const ABOVE: Glyph = Glyph("↑", "^");
pub const BELOW: Glyph = Glyph("↓", "v");
pub const ELLIPSIS: Glyph = Glyph("…", "~");
pub const BAR_FULL: Glyph = Glyph("━", "#");
pub const BAR_REST: Glyph = Glyph("─", "-");
pub const LANE: Glyph = Glyph("╌", "-");

impl Look {
    pub fn glyph(&self, glyph: Glyph) -> &'static str {
        if self.is_ascii { glyph.1 } else { glyph.0 }
    }

    /// The sign of a state.
    pub fn sign(&self, state: SlotState) -> &'static str {
        self.glyph(match state {
            SlotState::Free => Glyph("○", "."),
            SlotState::Occupied => Glyph("●", "#"),
            SlotState::Reserved => Glyph("◆", "R"),
            SlotState::Closed => Glyph("✕", "X"),
            SlotState::Unknown => Glyph("?", "?"),
        })
    }

    /// Eighths of a bar that grows upwards.
    pub fn sparks(&self) -> [&'static str; 8] {
        if self.is_ascii {
            ["_", ".", ".", ":", ":", "|", "|", "#"]
        } else {
            ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
        }
    }

    /// Horizontal, vertical, and the four corners from the top left, clockwise.
    pub fn frame(&self) -> [&'static str; 6] {
        if self.is_ascii { ["-", "|", "+", "+", "+", "+"] } else { ["─", "│", "╭", "╮", "╯", "╰"] }
    }

    pub fn base(&self) -> Style {
        style(self.theme.text, self.theme.ground)
    }

    /// A plain text in a colour of the theme, on whatever ground is there.
    pub fn ink(&self, color: Rgb) -> Style {
        Style::new().fg(rgb(color))
    }

    pub fn dim(&self) -> Style {
        self.ink(self.theme.dim)
    }

    pub fn strong(&self) -> Style {
        self.ink(self.theme.strong).add_modifier(Modifier::BOLD)
    }

    pub fn accent(&self) -> Style {
        self.ink(self.theme.accent).add_modifier(Modifier::BOLD)
    }

    pub fn paint(&self, state: SlotState) -> Paint {
        self.theme.states[state_index(state)]
    }

    /// A state as text on the ground of the screen.
    pub fn state_ink(&self, state: SlotState) -> Style {
        self.ink(self.paint(state).fg)
    }

    /// What the cursor stands on.
    pub fn selected(&self) -> Style {
        style(self.theme.cursor.fg, self.theme.cursor.bg).add_modifier(Modifier::BOLD)
    }

    pub fn bar(&self) -> Style {
        style(self.theme.text, self.theme.panel)
    }

    /// Takes the strength out of an area whose data is no longer fresh.
    pub fn fade(&self, buf: &mut Buffer, area: Rect) {
        let ground = self.theme.ground;
        for position in area.intersection(buf.area).positions() {
            let cell = &mut buf[position];
            if let Color::Rgb(r, g, b) = cell.fg {
                cell.fg = rgb(blend((r, g, b), ground));
            }
            if let Color::Rgb(r, g, b) = cell.bg {
                cell.bg = rgb(blend((r, g, b), ground));
            }
            cell.modifier.remove(Modifier::BOLD);
            if !matches!(self.depth, Depth::True | Depth::Ansi256) {
                cell.modifier.insert(Modifier::DIM);
            }
        }
    }

    /// Turns a finished screen into the colours that the terminal has.
    pub fn adapt(&self, buf: &mut Buffer) {
        if self.depth == Depth::True {
            return;
        }
        for cell in &mut buf.content {
            depth::adapt(cell, self.depth, self.theme);
        }
    }
}

fn blend(color: Rgb, ground: Rgb) -> Rgb {
    let mix = |a: u8, b: u8| ((u16::from(a) * FADE_PERCENT + u16::from(b) * (100 - FADE_PERCENT)) / 100) as u8;
    (mix(color.0, ground.0), mix(color.1, ground.1), mix(color.2, ground.2))
}

pub fn rgb((r, g, b): Rgb) -> Color {
    Color::Rgb(r, g, b)
}

pub fn style(fg: Rgb, bg: Rgb) -> Style {
    Style::new().fg(rgb(fg)).bg(rgb(bg))
}

pub fn state_index(state: SlotState) -> usize {
    match state {
        SlotState::Free => 0,
        SlotState::Occupied => 1,
        SlotState::Reserved => 2,
        SlotState::Closed => 3,
        SlotState::Unknown => 4,
    }
}
