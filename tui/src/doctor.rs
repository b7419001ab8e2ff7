//! `--doctor`: what this terminal is, what it answered, how pictures are drawn on it and why, and a test card for each protocol.
//!
//! What it prints can be shown to anybody: no server, no token, no name of a person or a machine.

use std::io::{self, IsTerminal, Write};
use std::process::Command;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use image::{Rgb, RgbImage};
use parking_api::client::env::Env;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use crate::images::choice::{Facts, Wish, choose};
use crate::images::probe::{Asking, Probe, probe};
use crate::images::{Drawing, Protocol, paint, place};
use crate::theme::Look;

/// Room for a test card, in columns and rows.
const CARD: (u16, u16) = (32, 8);
/// Columns between two of them.
const GAP: u16 = 4;
const CARD_PIXELS: (u32, u32) = (320, 160);
/// Test cards are numbered from here on.
const CARD_ID: u32 = 0x7062_0000;
/// Options of tmux that matter to colours, keys and pictures.
const TMUX_OPTIONS: [&str; 5] =
    ["allow-passthrough", "default-terminal", "terminal-features", "terminal-overrides", "escape-time"];

/// Prints everything.
///
/// # Errors
/// When the terminal fails.
pub fn run(wish: Wish, env: &Env, look: Look) -> io::Result<()> {
    let mut out = io::stdout();
    if !out.is_terminal() || !io::stdin().is_terminal() {
        let facts = Facts::new(env, look.depth);
        let probe = Probe { chosen: choose(wish, &facts), facts, ..Probe::default() };
        out.write_all(report(&probe, env, look).as_bytes())?;
        return out.write_all(b"\ninput and output are not a terminal: nothing was asked and no test card is shown\n");
    }
    enable_raw_mode()?;
    let probe = probe(wish, env, look.depth, Asking::Always);
    disable_raw_mode()?;
    let probe = probe?;
    out.write_all(report(&probe, env, look).as_bytes())?;
    out.write_all(b"\ntest cards: red and green above blue and yellow, and below them from black to white\n")?;
    for pair in [Protocol::Half, Protocol::Kitty, Protocol::Sixel, Protocol::Iterm2].chunks(2) {
        cards(&mut out, pair, &probe, look)?;
    }
    out.flush()
}

fn report(probe: &Probe, env: &Env, look: Look) -> String {
    let facts = &probe.facts;
    let var = |name: &str| env.get(name).unwrap_or("-").to_string();
    let known = |text: &str| if text.is_empty() { "-".to_string() } else { text.to_string() };
    let (columns, rows, width, height) = facts.window;
    let cell = facts.cell().map_or("nobody says".into(), |((w, h), who)| format!("{w} x {h} pixels, says {who}"));
    let others: Vec<_> = probe.chosen.others.iter().map(|protocol| protocol.name()).collect();
    let latency = match probe.latency {
        Some(latency) => format!("{:.1} ms", latency.as_secs_f64() * 1000.0),
        None if probe.was_asked => "never".into(),
        None => "not asked".into(),
    };
    let mut lines = vec![
        ("parktui", env!("CARGO_PKG_VERSION").to_string()),
        ("terminal", known(facts.name())),
        ("TERM", var("TERM")),
        ("TERM_PROGRAM", var("TERM_PROGRAM")),
        ("COLORTERM", var("COLORTERM")),
        ("colours", format!("{:?}{}", look.depth, if env.get("NO_COLOR").is_some() { ", by NO_COLOR" } else { "" })),
        ("glyphs", if env.is_utf8() { "UTF-8" } else { "ASCII" }.into()),
        ("size", format!("{columns} x {rows} cells, {width} x {height} pixels")),
        ("cell", cell),
        ("ssh", if facts.is_remote { "yes" } else { "no" }.into()),
        ("tmux", tmux(facts, env)),
        ("answered in", latency),
        ("answers", known(&probe.raw.join("  "))),
        ("pictures", format!("{}: {}", probe.chosen.drawing.protocol, probe.chosen.why)),
        ("or", others.join(", ")),
    ];
    if env.get("TMUX").is_some() {
        lines.extend(TMUX_OPTIONS.map(|name| (name, known(&tmux_option(name)))));
    }
    lines.iter().map(|(name, value)| format!("{name:<19}{value}\n")).collect()
}

fn tmux(facts: &Facts, env: &Env) -> String {
    match env.get("TMUX") {
        Some(_) => ask_tmux(&["-V"]).trim_start_matches("tmux ").to_string(),
        None if facts.is_in_tmux() => "yes, or screen, at the other end of the line".into(),
        None => "no".into(),
    }
}

fn tmux_option(name: &str) -> String {
    let of_pane = ask_tmux(&["show-options", "-Apqv", name]);
    let value = if of_pane.is_empty() { ask_tmux(&["show-options", "-sqv", name]) } else { of_pane };
    value.lines().collect::<Vec<_>>().join(" ")
}

fn ask_tmux(args: &[&str]) -> String {
    let output = Command::new("tmux").args(args).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string()).unwrap_or_default()
}

/// Two cards beside each other. Room is made first, so that nothing scrolls under the pictures.
fn cards(out: &mut impl Write, pair: &[Protocol], probe: &Probe, look: Look) -> io::Result<()> {
    let chosen = &probe.chosen;
    let is_known = |protocol: Protocol| protocol == chosen.drawing.protocol || chosen.others.contains(&protocol);
    out.write_all(b"\n")?;
    for &protocol in pair {
        let title = if is_known(protocol) { protocol.to_string() } else { format!("{protocol} (not claimed)") };
        write!(out, "{title:<width$}", width = usize::from(CARD.0 + GAP))?;
    }
    let rows = CARD.1;
    write!(out, "\n{}\x1b[{rows}A", "\n".repeat(usize::from(rows)))?;
    for (at, &protocol) in pair.iter().enumerate() {
        // tmux takes for a title what others take for a picture of kitty.
        if protocol == Protocol::Kitty && probe.facts.is_in_tmux() {
            continue;
        }
        let drawing = Drawing { protocol, ..chosen.drawing };
        let rendered = paint::render(&test_card(), CARD, drawing).map_err(io::Error::other)?;
        out.write_all(b"\x1b7")?;
        if at > 0 {
            write!(out, "\x1b[{}C", CARD.0 + GAP)?;
        }
        match &rendered.pixels {
            None => in_cells(out, &rendered, look)?,
            Some(pixels) => place::send(out, pixels, CARD_ID + protocol as u32)?,
        }
        out.write_all(b"\x1b8")?;
    }
    write!(out, "\x1b[{rows}B\r")
}

fn in_cells(out: &mut impl Write, rendered: &paint::Rendered, look: Look) -> io::Result<()> {
    let (columns, rows) = rendered.cells;
    let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
    for position in buf.area.positions() {
        if let Some(block) = rendered.block_at(position.x, position.y) {
            block.draw(&mut buf[position], look);
        }
    }
    look.adapt(&mut buf);
    for y in 0..rows {
        for x in 0..columns {
            let cell = &buf[(x, y)];
            write!(out, "{}{}{}", sgr(3, cell.fg), sgr(4, cell.bg), cell.symbol())?;
        }
        write!(out, "\x1b[0m\x1b[{columns}D\x1b[B")?;
    }
    Ok(())
}

/// A colour of letters (3) or of the ground (4).
fn sgr(of: u8, color: Color) -> String {
    match color {
        Color::Rgb(r, g, b) => format!("\x1b[{of}8;2;{r};{g};{b}m"),
        Color::Indexed(index) => format!("\x1b[{of}8;5;{index}m"),
        _ => format!("\x1b[{of}9m"),
    }
}

fn test_card() -> RgbImage {
    let (width, height) = CARD_PIXELS;
    let fields = [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]];
    let ramp_from = height * 3 / 4;
    RgbImage::from_fn(width, height, |x, y| {
        if y >= ramp_from {
            return Rgb([(x * 255 / (width - 1)) as u8; 3]);
        }
        Rgb(fields[(y * 2 / ramp_from) as usize][(x * 2 / width) as usize])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Depth;

    #[test]
    fn the_report_names_neither_server_nor_person_nor_machine() {
        let secrets = ["pk_secret", "parking.example", "ayu", "gatehouse"];
        let env = Env::from_iter([
            ("TERM", "xterm-256color"),
            ("PARKCTL_TOKEN", secrets[0]),
            ("PARKCTL_SERVER", secrets[1]),
            ("USER", secrets[2]),
            ("HOSTNAME", secrets[3]),
            ("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22"),
        ]);
        let facts = Facts::new(&env, Depth::Ansi256);
        let probe = Probe { chosen: choose(Wish::Auto, &facts), facts, ..Probe::default() };
        let text = report(&probe, &env, Look::default());
        assert!(text.contains("half: the terminal did not answer"), "{text}");
        assert!(text.contains("ssh                yes"), "{text}");
        assert!(secrets.iter().chain(&["192.0.2"]).all(|secret| !text.contains(secret)), "{text}");
    }

    #[test]
    fn each_protocol_has_its_card() {
        let probe = Probe::default();
        for (protocol, sign) in [
            (Protocol::Half, "▀"),
            (Protocol::Kitty, "\x1b_G"),
            (Protocol::Sixel, "\x1bP"),
            (Protocol::Iterm2, "]1337"),
        ] {
            let mut out = Vec::new();
            cards(&mut out, &[protocol], &probe, Look::default()).expect("written");
            assert!(String::from_utf8_lossy(&out).contains(sign), "{protocol}");
        }
    }
}
