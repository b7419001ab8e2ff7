//! How many colours a terminal has, and the nearest of them to any other. Pure; the environment is passed in.

use parking_api::client::env::Env;
use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};
use serde::{Deserialize, Serialize};

use super::{Rgb, Theme};

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    True,
    Ansi256,
    Ansi16,
    Mono,
}

/// How `TERM` begins in terminals that have all colours: at the other end of an ssh connection `COLORTERM` does not say so.
const TRUE: [&str; 8] = ["alacritty", "contour", "foot", "ghostty", "rio", "wezterm", "xterm-ghostty", "xterm-kitty"];

impl Depth {
    /// By what the environment says of the terminal.
    pub fn detect(env: &Env) -> Self {
        let term = env.get("TERM").unwrap_or_default();
        let is_told = matches!(env.get("COLORTERM"), Some("truecolor" | "24bit")) || term.ends_with("-direct");
        let is_true = is_told || TRUE.iter().any(|known| term.starts_with(known));
        match term {
            _ if env.get("NO_COLOR").is_some() => Self::Mono,
            "dumb" | "vt100" | "vt102" | "vt220" | "vt320" => Self::Mono,
            _ if is_true => Self::True,
            _ if term.contains("256color") => Self::Ansi256,
            _ => Self::Ansi16,
        }
    }
}

/// A ground this near to that of the theme is left to the terminal, as the square of the distance.
const NEAR: u32 = 60 * 60;
/// A ground that differs this much in lightness from that of the theme is shown reversed where there are no colours.
const REVERSE_FROM: u32 = 90;

pub(super) fn adapt(cell: &mut Cell, depth: Depth, theme: &Theme) {
    match depth {
        Depth::True => {}
        Depth::Ansi256 => {
            cell.fg = indexed(cell.fg);
            cell.bg = indexed(cell.bg);
        }
        Depth::Ansi16 => {
            let is_lit = is_far(cell.bg, theme.ground);
            cell.fg = if is_lit { contrasting(cell.bg) } else { named(cell.fg, theme) };
            cell.bg = if is_lit { named(cell.bg, theme) } else { Color::Reset };
        }
        Depth::Mono => {
            if let Color::Rgb(r, g, b) = cell.bg
                && lightness((r, g, b)).abs_diff(lightness(theme.ground)) >= REVERSE_FROM
            {
                cell.modifier.insert(Modifier::REVERSED);
            }
            cell.fg = Color::Reset;
            cell.bg = Color::Reset;
        }
    }
}

fn lightness((r, g, b): Rgb) -> u32 {
    (2 * u32::from(r) + 5 * u32::from(g) + u32::from(b)) / 8
}

fn is_far(color: Color, ground: Rgb) -> bool {
    matches!(color, Color::Rgb(r, g, b) if distance((r, g, b), ground) > NEAR)
}

/// Black or white, whichever is seen on `ground`.
fn contrasting(ground: Color) -> Color {
    match ground {
        Color::Rgb(r, g, b) if lightness((r, g, b)) > 110 => Color::Black,
        _ => Color::White,
    }
}

fn distance(a: Rgb, b: Rgb) -> u32 {
    let d = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    d(a.0, b.0) + d(a.1, b.1) + d(a.2, b.2)
}

/// Levels of the colour cube that xterm's 256 colours have.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn indexed(color: Color) -> Color {
    let Color::Rgb(r, g, b) = color else { return color };
    let nearest = |value: u8| (0..6).min_by_key(|&i| CUBE[i].abs_diff(value)).unwrap_or_default();
    let (i, j, k) = (nearest(r), nearest(g), nearest(b));
    let cube = (CUBE[i], CUBE[j], CUBE[k]);
    let grey_at = (lightness((r, g, b)).saturating_sub(3) / 10).min(23) as u8;
    let grey = 8 + 10 * grey_at;
    if distance((grey, grey, grey), (r, g, b)) < distance(cube, (r, g, b)) {
        Color::Indexed(232 + grey_at)
    } else {
        Color::Indexed((16 + 36 * i + 6 * j + k) as u8)
    }
}

/// The named colours, as most terminals show them.
const NAMED: [(Color, Rgb); 14] = [
    (Color::Red, (205, 60, 50)),
    (Color::Green, (40, 170, 80)),
    (Color::Yellow, (200, 160, 40)),
    (Color::Blue, (50, 90, 200)),
    (Color::Magenta, (170, 70, 180)),
    (Color::Cyan, (40, 160, 180)),
    (Color::DarkGray, (125, 130, 140)),
    (Color::LightRed, (245, 140, 125)),
    (Color::LightGreen, (90, 220, 130)),
    (Color::LightYellow, (240, 210, 100)),
    (Color::LightBlue, (120, 180, 255)),
    (Color::LightMagenta, (225, 160, 235)),
    (Color::LightCyan, (110, 225, 230)),
    (Color::Black, (0, 0, 0)),
];

fn named(color: Color, theme: &Theme) -> Color {
    let Color::Rgb(r, g, b) = color else { return color };
    // Text is left to the terminal, which knows its own ground.
    if [theme.text, theme.strong].contains(&(r, g, b)) {
        return Color::Reset;
    }
    // And what is quiet stays so.
    if [theme.dim, theme.line].contains(&(r, g, b)) {
        return Color::DarkGray;
    }
    let nearest = NAMED.iter().min_by_key(|(_, named)| distance(*named, (r, g, b)));
    nearest.map_or(Color::Reset, |(color, _)| *color)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vars: &[(&str, &str)]) -> Depth {
        Depth::detect(&vars.iter().copied().collect())
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        assert_eq!(of(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(of(&[("TERM", "screen-256color")]), Depth::Ansi256);
        assert_eq!(of(&[("TERM", "linux")]), Depth::Ansi16);
        for term in ["foot", "foot-extra", "xterm-ghostty", "wezterm", "xterm-kitty", "alacritty", "xterm-direct"] {
            assert_eq!(of(&[("TERM", term)]), Depth::True, "{term}");
        }
        assert_eq!(of(&[("TERM", "dumb")]), Depth::Mono);
        assert_eq!(of(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), Depth::Mono);
    }

    #[test]
    fn pure_colours_keep_their_place_in_the_cube() {
        assert_eq!(indexed(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(indexed(Color::Rgb(8, 8, 8)), Color::Indexed(232));
    }
}
