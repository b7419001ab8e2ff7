//! What the terminal can show, found out once at the start. Does not know what is shown.

use std::io::IsTerminal;

use clap::ValueEnum;

use parking_api::client::env::Env;

/// `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is `dumb`
    #[default]
    Auto,
    Always,
    Never,
}

/// Both ends of the talk with a person, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    pub stdin_is_tty: bool,
    pub stdout_is_tty: bool,
    pub stderr_is_tty: bool,
    /// Of the terminal behind stdout, in cells; none when there is none.
    pub width: Option<u16>,
    pub stdout_has_color: bool,
    pub stderr_has_color: bool,
    /// Whether glyphs beyond ASCII arrive as such.
    pub is_utf8: bool,
}

impl Terminal {
    pub fn detect(color: Color, env: &Env) -> Self {
        let stdout_is_tty = std::io::stdout().is_terminal();
        let stderr_is_tty = std::io::stderr().is_terminal();
        Self {
            stdin_is_tty: std::io::stdin().is_terminal(),
            stdout_is_tty,
            stderr_is_tty,
            width: stdout_is_tty.then(|| comfy_table::Table::new().width()).flatten(),
            stdout_has_color: has_color(color, stdout_is_tty, env),
            stderr_has_color: has_color(color, stderr_is_tty, env),
            is_utf8: env.is_utf8(),
        }
    }

    /// Somebody sees what is said, and in colours.
    pub fn shows_pictures(&self) -> bool {
        self.stderr_is_tty && self.stderr_has_color && self.is_utf8
    }

    /// Somebody is there to be asked.
    pub fn can_ask(&self) -> bool {
        self.stdin_is_tty && self.stderr_is_tty
    }
}

fn has_color(color: Color, is_tty: bool, env: &Env) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_tty && env.get("NO_COLOR").is_none() && env.get("TERM") != Some("dumb"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn color_is_for_terminals_that_want_it() {
        let plain = Env::default();
        assert!(has_color(Color::Auto, true, &plain));
        assert!(!has_color(Color::Auto, false, &plain));
        assert!(!has_color(Color::Auto, true, &Env::from_iter([("NO_COLOR", "1")])));
        assert!(has_color(Color::Auto, true, &Env::from_iter([("NO_COLOR", "")])));
        assert!(!has_color(Color::Auto, true, &Env::from_iter([("TERM", "dumb")])));
        assert!(has_color(Color::Always, false, &Env::from_iter([("NO_COLOR", "1")])));
        assert!(!has_color(Color::Never, true, &plain));
    }
}
