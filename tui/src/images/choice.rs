//! Which protocol pictures are drawn in: what was asked for, what the terminal is known to be, and what it answered. Pure.

use clap::ValueEnum;
use parking_api::client::env::Env;
use serde::{Deserialize, Serialize};

use super::replies::Replies;
use super::{CELL_GUESS, Drawing, Protocol};
use crate::theme::Depth;

/// What was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Wish {
    /// What the terminal understands
    #[default]
    Auto,
    Kitty,
    Sixel,
    Iterm2,
    /// In cells, by their colours: works everywhere
    Half,
    Off,
}

impl Wish {
    fn protocol(self) -> Option<Protocol> {
        match self {
            Self::Auto => None,
            Self::Kitty => Some(Protocol::Kitty),
            Self::Sixel => Some(Protocol::Sixel),
            Self::Iterm2 => Some(Protocol::Iterm2),
            Self::Half => Some(Protocol::Half),
            Self::Off => Some(Protocol::Off),
        }
    }
}

/// All that is known of a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub term: String,
    /// `TERM_PROGRAM`, or another variable that a terminal sets to be known by.
    pub brand: String,
    /// tmux or screen stands between, as the environment says: at the other end of an ssh connection only by `TERM`.
    pub is_tmux: bool,
    /// It is at the other end of an ssh connection.
    pub is_remote: bool,
    pub has_colors: bool,
    /// Columns, rows, and the same in pixels, by the system; 0 where it does not know.
    pub window: (u16, u16, u16, u16),
    pub replies: Replies,
}

impl Facts {
    pub fn new(env: &Env, depth: Depth) -> Self {
        let brands = [("KITTY_WINDOW_ID", "kitty"), ("WEZTERM_PANE", "WezTerm"), ("KONSOLE_VERSION", "konsole")];
        let known = || brands.iter().find(|(name, _)| env.get(name).is_some()).map(|(_, brand)| (*brand).to_string());
        let named = env.get("TERM_PROGRAM").map(String::from);
        let term = env.get("TERM").unwrap_or_default();
        Self {
            term: term.into(),
            brand: named.or_else(known).unwrap_or_default(),
            is_tmux: env.get("TMUX").is_some() || term.starts_with("tmux") || term.starts_with("screen"),
            is_remote: ["SSH_CONNECTION", "SSH_TTY"].iter().any(|name| env.get(name).is_some()),
            has_colors: matches!(depth, Depth::True | Depth::Ansi256),
            ..Self::default()
        }
    }

    /// What it calls itself; an answer is truer than a variable that may be of the terminal before.
    pub fn name(&self) -> &str {
        self.replies.name.as_deref().unwrap_or(&self.brand)
    }

    /// The same, or by what it calls itself.
    pub fn is_in_tmux(&self) -> bool {
        self.is_tmux || self.replies.name.as_ref().is_some_and(|name| name.starts_with("tmux"))
    }

    fn is_one_of(&self, names: &[&str]) -> bool {
        let name = self.name().to_lowercase();
        names.iter().any(|known| name.contains(known))
    }

    /// Whether it is worth asking the terminal at all.
    pub fn is_worth_asking(&self, wish: Wish) -> bool {
        let is_plain = matches!(wish, Wish::Half | Wish::Off);
        !is_plain && !self.is_bare() && (wish != Wish::Auto || !self.is_tmux)
    }

    /// A terminal that shows text alone, or the console of a machine.
    fn is_bare(&self) -> bool {
        matches!(self.term.as_str(), "" | "dumb" | "linux" | "ansi" | "vt52" | "vt100" | "vt102" | "vt220")
    }

    /// The size of a cell in pixels, and who says so.
    pub fn cell(&self) -> Option<((u16, u16), &'static str)> {
        let (columns, rows, width, height) = self.window;
        let by_system = || {
            let cell = (width.checked_div(columns)?, height.checked_div(rows)?);
            Some((cell, "the system")).filter(|((w, h), _)| *w > 0 && *h > 0)
        };
        self.replies.cell.map(|cell| (cell, "the terminal")).or_else(by_system)
    }

    /// What it is known to show, best first.
    fn shows(&self) -> Vec<Protocol> {
        let mut all = Vec::new();
        let has_files = self.is_one_of(&["iterm2", "iterm.app", "wezterm", "mintty"]);
        if self.replies.has_kitty && !has_files {
            all.push(Protocol::Kitty);
        }
        if has_files {
            all.push(Protocol::Iterm2);
        }
        if self.replies.has_sixel() && self.cell().is_some() {
            all.push(Protocol::Sixel);
        }
        all
    }
}

/// Terminals whose answer promises more than they draw.
const DENIED: [&str; 4] = ["konsole", "warp", "contour", "alacritty"];

/// What was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    pub drawing: Drawing,
    pub why: String,
    /// What else could be chosen.
    pub others: Vec<Protocol>,
    pub is_remote: bool,
}

/// Chooses, and says why.
pub fn choose(wish: Wish, facts: &Facts) -> Chosen {
    let shown = facts.shows();
    let (protocol, why) = match wish.protocol() {
        Some(Protocol::Kitty | Protocol::Iterm2) if facts.is_in_tmux() => {
            (Protocol::Half, "tmux does not pass that protocol on with its places; sixel may be asked for".into())
        }
        Some(Protocol::Sixel) if facts.is_in_tmux() && !facts.replies.has_sixel() => {
            (Protocol::Half, "sixel was asked for, but this tmux answers that it knows none".into())
        }
        Some(Protocol::Sixel) if facts.cell().is_none() => {
            (Protocol::Half, "sixel was asked for, but nobody says how large a cell is".to_string())
        }
        Some(protocol) => (protocol, "it was asked for".to_string()),
        None => by_itself(facts, &shown),
    };
    let cell = facts.cell().map_or(CELL_GUESS, |(cell, _)| cell);
    let mut others = shown;
    others.extend([Protocol::Half, Protocol::Off]);
    others.retain(|other| *other != protocol);
    Chosen { drawing: Drawing { protocol, cell }, why, others, is_remote: facts.is_remote }
}

fn by_itself(facts: &Facts, shown: &[Protocol]) -> (Protocol, String) {
    let name = facts.name();
    if facts.is_bare() {
        return (Protocol::Off, format!("the terminal is {:?}, which shows text alone", facts.term));
    }
    let floor = |why: String| match facts.has_colors {
        true => (Protocol::Half, why),
        false => (Protocol::Off, format!("{why}; and cells need more than 16 colours to show a picture")),
    };
    if facts.is_in_tmux() {
        return floor("tmux or screen stands between; --images sixel asks for more".into());
    }
    if facts.is_one_of(&DENIED) {
        return floor(format!("{name} is known to draw pictures wrongly"));
    }
    match shown.first() {
        Some(Protocol::Kitty) => (Protocol::Kitty, "the terminal answered that it knows the kitty protocol".into()),
        Some(Protocol::Iterm2) => (Protocol::Iterm2, format!("the terminal is {name}")),
        Some(protocol) => (*protocol, "the terminal names sixel among its attributes".into()),
        None if facts.replies.attributes.is_none() => floor("the terminal did not answer".into()),
        None if facts.replies.has_sixel() => {
            floor("the terminal knows sixel, but nobody says how large a cell is".into())
        }
        None => floor("the terminal names no protocol for pictures".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(vars: &[(&str, &str)], answer: &str) -> Facts {
        let env = Env::from_iter(vars.iter().copied());
        let mut reader = crate::images::replies::Reader::default();
        reader.feed(answer.as_bytes());
        Facts { replies: reader.replies, ..Facts::new(&env, Depth::detect(&env)) }
    }

    const DA_SIXEL: &str = "\x1b[?63;1;4c";
    const DA: &str = "\x1b[?62;22c";
    const CELL: &str = "\x1b[6;16;8t";
    const KITTY: &str = "\x1b_Gi=31;OK\x1b\\";

    /// Wish, variables, what the terminal answers; the choice, and a word of the reason.
    type Case<'a> = (Wish, Vec<(&'a str, &'a str)>, String, Protocol, &'a str);

    #[test]
    fn the_choice_follows_wish_variables_and_answers() {
        use Protocol::*;
        let xterm = ("TERM", "xterm-256color");
        let tmux = ("TMUX", "/tmp/tmux-0/default,1,0");
        let named = |name: &str, rest: &[&str]| format!("\x1bP>|{name}\x1b\\{}{CELL}{DA_SIXEL}", rest.concat());
        let kitty = named("kitty(0.26.5)", &[KITTY]);
        let cases: Vec<Case<'_>> = vec![
            (Wish::Auto, vec![xterm], kitty.clone(), Kitty, "kitty protocol"),
            (Wish::Auto, vec![xterm], format!("{CELL}{DA_SIXEL}"), Sixel, "sixel"),
            (Wish::Auto, vec![xterm], DA_SIXEL.into(), Half, "how large a cell"),
            (Wish::Auto, vec![xterm], format!("{CELL}{DA}"), Half, "names no protocol"),
            (Wish::Auto, vec![xterm], String::new(), Half, "did not answer"),
            (Wish::Auto, vec![("TERM", "xterm")], String::new(), Off, "16 colours"),
            (Wish::Auto, vec![xterm, ("NO_COLOR", "1")], String::new(), Off, "16 colours"),
            (Wish::Auto, vec![("TERM", "dumb")], kitty.clone(), Off, "text alone"),
            (Wish::Auto, vec![("TERM", "linux")], String::new(), Off, "text alone"),
            (Wish::Auto, vec![xterm, tmux], kitty.clone(), Half, "tmux"),
            (Wish::Auto, vec![("TERM", "tmux-256color"), ("SSH_TTY", "x")], kitty.clone(), Half, "tmux"),
            (Wish::Auto, vec![("TERM", "screen-256color"), ("SSH_TTY", "x")], String::new(), Half, "tmux"),
            (Wish::Auto, vec![xterm, ("SSH_TTY", "x")], named("tmux 3.4", &[]), Half, "tmux"),
            (Wish::Kitty, vec![xterm, ("SSH_TTY", "x")], named("tmux 3.4", &[]), Half, "does not pass"),
            (Wish::Sixel, vec![xterm, tmux], kitty.clone(), Sixel, "asked for"),
            (Wish::Sixel, vec![xterm, tmux], format!("{CELL}{DA}"), Half, "knows none"),
            (Wish::Kitty, vec![xterm, tmux], kitty.clone(), Half, "does not pass"),
            (Wish::Auto, vec![xterm, ("SSH_TTY", "/dev/pts/1")], kitty.clone(), Kitty, "kitty protocol"),
            (Wish::Auto, vec![xterm], named("WezTerm 20240203", &[KITTY]), Iterm2, "WezTerm"),
            (Wish::Auto, vec![xterm, ("TERM_PROGRAM", "iTerm.app")], DA.into(), Iterm2, "iTerm.app"),
            (Wish::Auto, vec![xterm, ("TERM_PROGRAM", "iTerm.app")], kitty.clone(), Kitty, "answered"),
            (Wish::Auto, vec![xterm], named("Konsole 22.12", &[KITTY]), Half, "wrongly"),
            (Wish::Auto, vec![xterm, ("KONSOLE_VERSION", "221203")], DA_SIXEL.into(), Half, "wrongly"),
            (Wish::Kitty, vec![xterm], String::new(), Kitty, "asked for"),
            (Wish::Sixel, vec![xterm], DA_SIXEL.into(), Half, "how large a cell"),
            (Wish::Off, vec![xterm], kitty.clone(), Off, "asked for"),
            (Wish::Half, vec![("TERM", "dumb")], String::new(), Half, "asked for"),
        ];
        for (wish, vars, answer, protocol, why) in cases {
            let chosen = choose(wish, &facts(&vars, &answer));
            assert_eq!(chosen.drawing.protocol, protocol, "{wish:?} {vars:?} {answer:?}");
            assert!(chosen.why.contains(why), "{} should say {why}", chosen.why);
            assert!(!chosen.others.contains(&protocol));
        }
    }

    #[test]
    fn the_size_of_a_cell_is_that_of_the_terminal_or_else_of_the_system() {
        let mut facts = Facts { window: (80, 24, 800, 480), ..Facts::default() };
        assert_eq!(facts.cell(), Some(((10, 20), "the system")));
        facts.replies.cell = Some((9, 19));
        assert_eq!(facts.cell(), Some(((9, 19), "the terminal")));
        assert_eq!(Facts::default().cell(), None);
        assert_eq!(choose(Wish::Kitty, &Facts::default()).drawing.cell, CELL_GUESS);
    }

    #[test]
    fn a_terminal_is_asked_only_where_the_answer_matters() {
        let xterm = facts(&[("TERM", "xterm")], "");
        assert!(xterm.is_worth_asking(Wish::Auto) && xterm.is_worth_asking(Wish::Kitty));
        assert!(!xterm.is_worth_asking(Wish::Half) && !xterm.is_worth_asking(Wish::Off));
        assert!(!facts(&[("TERM", "dumb")], "").is_worth_asking(Wish::Auto));
        let tmux = facts(&[("TERM", "tmux-256color"), ("SSH_TTY", "x")], "");
        assert!(!tmux.is_worth_asking(Wish::Auto) && tmux.is_worth_asking(Wish::Sixel));
    }
}
