//! `state:occupied zone:"North Wing" age>2h text !text ~fuzzy`: which rows are shown. Pure; all terms must hold.

use std::fmt;

use parking_api::Time;
use parking_api::events::{Event, EventChange};
use parking_api::sessions::{Session, SessionKind, SessionState};
use parking_api::slots::{Slot, SlotKind, SlotState, Source};

use crate::{spans, talk};

/// What the rows are that a filter is for: each has its own fields and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Slots,
    Stays,
    Events,
}

impl About {
    /// The names before a colon.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Slots => &["state:", "zone:", "kind:", "level:", "source:", "note:", "age>", "age<"],
            Self::Stays => &["state:", "zone:", "kind:", "age>", "age<"],
            Self::Events => &["kind:", "state:", "zone:", "level:", "source:", "note:", "age>", "age<"],
        }
    }

    /// The words that a field takes; none where it takes any.
    pub fn words(self, field: &str) -> Vec<&'static str> {
        match (self, field) {
            (Self::Stays, "state:") => SessionState::ALL.iter().map(|word| word.as_str()).collect(),
            (Self::Stays, "kind:") => SessionKind::ALL.iter().map(|word| word.as_str()).collect(),
            (_, "state:") => SlotState::ALL.iter().map(|word| word.as_str()).collect(),
            (Self::Slots, "kind:") => SlotKind::ALL.iter().map(|word| word.as_str()).collect(),
            (_, "source:") => Source::ALL.iter().map(|word| word.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    /// A line that says what can be typed.
    pub fn example(self) -> &'static str {
        match self {
            Self::Slots => "state:free zone:A kind:ev age>2h note:word word !word ~fuzzy",
            Self::Stays => "state:open zone:A kind:gate age>2h word !word ~fuzzy",
            Self::Events => "kind:slot state:free zone:A age<15m word !word ~fuzzy",
        }
    }
}

/// Which rows are shown; all of them by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    is_negated: bool,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    State(&'static str),
    /// How it begins: events have many.
    Kind(String),
    Source(&'static str),
    Zone(String),
    Level(i16),
    Older(i64),
    Younger(i64),
    Note(String),
    Text(String),
    Fuzzy(String),
}

/// What a filter asks of a row.
#[derive(Debug, Default)]
struct Facts<'a> {
    state: &'a str,
    kind: &'a str,
    source: &'a str,
    zone: Option<&'a str>,
    level: Option<i16>,
    note: Option<&'a str>,
    /// How long it has been so, lasted, or been over.
    age_ms: i64,
    /// What else stands in it.
    texts: [&'a str; 3],
}

impl<'a> Facts<'a> {
    fn of(slot: &'a Slot, now: Time) -> Self {
        Self {
            state: slot.state.as_str(),
            kind: slot.kind.as_str(),
            source: slot.source.as_str(),
            zone: slot.zone.as_deref(),
            level: Some(slot.level),
            note: slot.note.as_deref(),
            age_ms: now.ms_since(slot.changed_at),
            texts: [slot.code.as_str(), "", ""],
        }
    }
}

impl Filter {
    /// # Errors
    /// The first term that cannot be read, and why.
    pub fn parse(text: &str, about: About) -> Result<Self, String> {
        let terms = words(text).iter().map(|word| term(word, about)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.trim().into(), terms })
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn takes_slot(&self, slot: &Slot, now: Time) -> bool {
        self.is_empty() || self.takes(&Facts::of(slot, now))
    }

    pub fn takes_stay(&self, stay: &Session, now: Time) -> bool {
        self.takes(&Facts {
            state: stay.state.as_str(),
            kind: stay.kind.as_str(),
            zone: stay.zone.as_deref(),
            age_ms: stay.closed_at.unwrap_or(now).ms_since(stay.opened_at),
            texts: [
                stay.slot_code.as_ref().map_or("", |code| code.as_str()),
                stay.plate.as_deref().unwrap_or_default(),
                stay.ticket.as_deref().unwrap_or_default(),
            ],
            ..Facts::default()
        })
    }

    pub fn takes_event(&self, event: &Event, now: Time) -> bool {
        use EventChange::{SessionClosed, SessionOpened, SlotChanged, SlotCreated, SlotDeleted};
        if self.is_empty() {
            return true;
        }
        let line = talk::line(event);
        let facts = match &event.change {
            SlotCreated { slot, .. } | SlotChanged { slot, .. } | SlotDeleted { slot, .. } => Facts::of(slot, now),
            SessionOpened { session } | SessionClosed { session } => {
                Facts { zone: session.zone.as_deref(), ..Facts::default() }
            }
            _ => Facts::default(),
        };
        let age_ms = now.ms_since(event.at);
        self.takes(&Facts { kind: event.change.kind(), age_ms, texts: [&line, "", ""], ..facts })
    }

    fn takes(&self, facts: &Facts<'_>) -> bool {
        self.terms.iter().all(|term| term.test.holds(facts) != term.is_negated)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where the word begins that a line ends in, in bytes. Blanks between quotes are part of a word.
pub fn last_word(line: &str) -> usize {
    let (mut start, mut is_quoted) = (0, false);
    for (at, c) in line.char_indices() {
        is_quoted ^= c == '"';
        if c.is_whitespace() && !is_quoted {
            start = at + c.len_utf8();
        }
    }
    start
}

/// The words of a line, without the quotes around what has blanks.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut is_quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match (c, words.last_mut()) {
            ('"', _) => is_quoted = !is_quoted,
            (c, _) if c.is_whitespace() && !is_quoted => words.push(String::new()),
            (c, Some(word)) => word.push(c),
            (_, None) => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A value as it has to be typed.
pub fn quoted(value: &str) -> String {
    if value.contains(char::is_whitespace) { format!("\"{value}\"") } else { value.into() }
}

fn term(word: &str, about: About) -> Result<Term, String> {
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
    } else if let Some((field, text)) = word.split_once(':') {
        field_test(field, text, about)?
    } else {
        Test::Text(word.into())
    };
    Ok(Term { is_negated, test })
}

fn field_test(field: &str, text: &str, about: About) -> Result<Test, String> {
    let name = format!("{field}:");
    if !about.fields().contains(&name.as_str()) {
        return Err(format!("there is no {field:?} here: use {}", about.fields().join(" ")));
    }
    // `occ` is enough.
    let word = || {
        let all = about.words(&name);
        let found = all.iter().copied().find(|word| !text.is_empty() && word.starts_with(&text.to_lowercase()));
        found.ok_or_else(|| format!("{text:?} is not a {field}: use {}", all.join(", ")))
    };
    Ok(match field {
        "state" => Test::State(word()?),
        "source" => Test::Source(word()?),
        "kind" if about == About::Events => Test::Kind(text.to_lowercase()),
        "kind" => Test::Kind(word()?.into()),
        "zone" => Test::Zone(text.into()),
        "note" => Test::Note(text.into()),
        _ => Test::Level(text.parse().map_err(|_| format!("{text:?} is not a level"))?),
    })
}

impl Test {
    fn holds(&self, row: &Facts<'_>) -> bool {
        let has = |text: &Option<&str>, word: &str| text.is_some_and(|text| contains(text, word));
        match self {
            Self::State(state) => row.state == *state,
            Self::Kind(kind) => row.kind.starts_with(kind.as_str()),
            Self::Source(source) => row.source == *source,
            Self::Zone(zone) => row.zone.unwrap_or_default().to_lowercase() == zone.to_lowercase(),
            Self::Level(level) => row.level == Some(*level),
            Self::Older(ms) => row.age_ms > *ms,
            Self::Younger(ms) => row.age_ms < *ms,
            Self::Note(word) => has(&row.note, word),
            Self::Text(word) => {
                row.texts.iter().any(|text| contains(text, word)) || has(&row.zone, word) || has(&row.note, word)
            }
            Self::Fuzzy(word) => row.texts.iter().any(|text| score(text, word).is_some()),
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
        let now = "2026-11-23T13:00:00Z".parse().expect("a time");
        Filter::parse(text, About::Slots).expect(text).takes_slot(&slot(), now)
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
            assert!(Filter::parse(bad, About::Slots).is_err(), "{bad}");
        }
        let fault = Filter::parse("level:1", About::Stays).expect_err("stays have none");
        assert!(fault.contains("here: use state: zone:"), "{fault}");
    }

    #[test]
    fn blanks_between_quotes_are_part_of_a_word() {
        let mut slot = slot();
        slot.zone = Some("North Wing".into());
        let now = slot.changed_at;
        for (text, is_taken) in
            [(r#"zone:"north wing" a-"#, true), (r#"!zone:"North Wing""#, false), (r#"zone:"North W"#, false)]
        {
            let filter = Filter::parse(text, About::Slots).expect(text);
            assert_eq!(filter.takes_slot(&slot, now), is_taken, "{text}");
        }
        assert_eq!((last_word(r#"a zone:"North "#), last_word("a ")), (2, 2));
    }

    #[test]
    fn letters_at_the_beginning_of_words_count_more() {
        assert!(score("Set free", "sf") > score("Suspend; fg", "sp"));
        assert!(score("toggle", "tgl").is_some() && score("toggle", "lgt").is_none());
    }
}
