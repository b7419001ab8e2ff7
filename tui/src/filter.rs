//! `state:occupied zone:A age>2h text !text ~fuzzy`: which slots are shown. Pure; all terms must hold.

use std::fmt;

use parking_api::Time;
use parking_api::slots::{Slot, SlotKind, SlotState, Source};
use serde::{Deserialize, Serialize};

use crate::spans;

/// Which slots are shown; all of them by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Term {
    is_negated: bool,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Test {
    State(SlotState),
    Kind(SlotKind),
    Source(Source),
    Zone(String),
    Level(i16),
    Older(i64),
    Younger(i64),
    Note(String),
    Text(String),
    Fuzzy(String),
}

/// The names before a colon, for completion.
pub const FIELDS: [&str; 8] = ["state:", "zone:", "kind:", "level:", "source:", "note:", "age>", "age<"];

impl Filter {
    /// # Errors
    /// The first term that cannot be read, and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms = text.split_whitespace().map(term).collect::<Result<_, _>>()?;
        Ok(Self { text: text.split_whitespace().collect::<Vec<_>>().join(" "), terms })
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn takes(&self, slot: &Slot, now: Time) -> bool {
        self.terms.iter().all(|term| term.test.holds(slot, now) != term.is_negated)
    }

    /// Whether a line of text has all the plain words; the other terms are about slots.
    pub fn takes_text(&self, line: &str) -> bool {
        self.terms.iter().all(|term| {
            let holds = match &term.test {
                Test::Text(word) => contains(line, word),
                Test::Fuzzy(word) => score(line, word).is_some(),
                Test::State(state) => contains(line, state.as_str()),
                Test::Zone(zone) => contains(line, zone),
                _ => return true,
            };
            holds != term.is_negated
        })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn term(word: &str) -> Result<Term, String> {
    let (is_negated, word) = match word.strip_prefix('!') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, word),
    };
    let span = |text: &str| spans::parse(text).ok_or_else(|| format!("{text:?} is not a span such as 90s, 15m, 2h"));
    let test = if let Some(text) = word.strip_prefix("age>") {
        Test::Older(span(text)?)
    } else if let Some(text) = word.strip_prefix("age<") {
        Test::Younger(span(text)?)
    } else if let Some(text) = word.strip_prefix('~') {
        Test::Fuzzy(text.into())
    } else {
        match word.split_once(':') {
            Some(("state", text)) => Test::State(beginning(text, SlotState::ALL, SlotState::as_str, "state")?),
            Some(("kind", text)) => Test::Kind(beginning(text, SlotKind::ALL, SlotKind::as_str, "kind")?),
            Some(("source", text)) => Test::Source(beginning(text, Source::ALL, Source::as_str, "source")?),
            Some(("zone", text)) => Test::Zone(text.into()),
            Some(("note", text)) => Test::Note(text.into()),
            Some(("level", text)) => Test::Level(text.parse().map_err(|_| format!("{text:?} is not a level"))?),
            Some((field, _)) => return Err(format!("there is no {field:?}: use {}", FIELDS.join(" "))),
            None => Test::Text(word.into()),
        }
    };
    Ok(Term { is_negated, test })
}

/// The word that begins with `text`, so that `occ` is enough.
fn beginning<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str, what: &str) -> Result<T, String> {
    let found = all.iter().copied().find(|word| !text.is_empty() && name(*word).starts_with(&text.to_lowercase()));
    found.ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|word| name(*word)).collect();
        format!("{text:?} is not a {what}: use {}", names.join(", "))
    })
}

impl Test {
    fn holds(&self, slot: &Slot, now: Time) -> bool {
        match self {
            Self::State(state) => slot.state == *state,
            Self::Kind(kind) => slot.kind == *kind,
            Self::Source(source) => slot.source == *source,
            Self::Zone(zone) => slot.zone.as_deref().unwrap_or_default().eq_ignore_ascii_case(zone),
            Self::Level(level) => slot.level == *level,
            Self::Older(ms) => now.ms_since(slot.changed_at) > *ms,
            Self::Younger(ms) => now.ms_since(slot.changed_at) < *ms,
            Self::Note(text) => slot.note.as_deref().is_some_and(|note| contains(note, text)),
            Self::Text(text) => {
                contains(slot.code.as_str(), text)
                    || contains(slot.state.as_str(), text)
                    || slot.zone.as_deref().is_some_and(|zone| contains(zone, text))
                    || slot.note.as_deref().is_some_and(|note| contains(note, text))
            }
            Self::Fuzzy(text) => score(slot.code.as_str(), text).is_some(),
        }
    }
}

fn contains(line: &str, word: &str) -> bool {
    line.to_lowercase().contains(&word.to_lowercase())
}

/// How well `line` has the letters of `query` in their order; more is better, `None` is not at all.
pub fn score(line: &str, query: &str) -> Option<i32> {
    let mut total = 0;
    let mut before = ' ';
    let mut run = 0;
    let mut wanted = query.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).peekable();
    for c in line.chars().flat_map(char::to_lowercase) {
        if wanted.next_if_eq(&c).is_some() {
            run += 1;
            total += 2 * run + if before.is_alphanumeric() { 0 } else { 6 };
        } else {
            run = 0;
        }
        before = c;
    }
    wanted.peek().is_none().then(|| total - line.len() as i32 / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot() -> Slot {
        serde_json::from_value(serde_json::json!({
            "id": "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12", "code": "A-12", "zone": "A", "level": 1, "kind": "ev",
            "state": "occupied", "source": "camera", "position": null, "rev": 7, "observed_at": "2026-11-23T10:00:00Z",
            "changed_at": "2026-11-23T10:00:00Z", "note": "For the plumber"
        }))
        .expect("a slot")
    }

    fn takes(text: &str) -> bool {
        Filter::parse(text).expect(text).takes(&slot(), "2026-11-23T13:00:00Z".parse().expect("a time"))
    }

    #[test]
    fn every_term_must_hold() {
        for yes in ["", "state:occ", "zone:a age>2h", "!state:free", "12", "~a2", "plumb", "level:1 kind:ev source:cam"]
        {
            assert!(takes(yes), "{yes}");
        }
        for no in ["state:free", "zone:B", "age>4h", "age<1h", "!a-12", "~2a", "state:occupied zone:B", "level:0"] {
            assert!(!takes(no), "{no}");
        }
    }

    #[test]
    fn a_term_that_cannot_be_read_is_named() {
        for bad in ["state:full", "age>soon", "colour:red", "level:up", "kind:"] {
            assert!(Filter::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn letters_at_the_beginning_of_words_count_more() {
        assert!(score("Set free", "sf") > score("Suspend; fg", "sp"));
        assert!(score("toggle", "tgl").is_some() && score("toggle", "lgt").is_none());
    }
}
