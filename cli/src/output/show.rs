//! How one value of the API looks in a cell: its text and its tint. Knows values, not nouns.

use parking_api::Time;
use serde::Serialize;
use serde_json::Value;

use crate::times;

/// What the output can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub has_color: bool,
    pub is_utf8: bool,
    /// Somebody looks at it now: ages instead of times, and nothing wider than the terminal.
    pub is_tty: bool,
    pub width: Option<u16>,
    pub now: Time,
}

impl Look {
    /// What stands for a value that is not there.
    pub fn nothing(&self) -> &'static str {
        if self.is_utf8 { "–" } else { "-" }
    }

    pub fn ellipsis(&self) -> &'static str {
        if self.is_utf8 { "…" } else { "~" }
    }

    /// `glyph` where the terminal has it, else its ASCII stand-in.
    pub fn glyph(&self, glyph: &'static str, ascii: &'static str) -> &'static str {
        if self.is_utf8 { glyph } else { ascii }
    }
}

/// The colour of a cell. It never says anything that the text does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tint {
    #[default]
    Plain,
    Green,
    Red,
    Yellow,
    Magenta,
    Dim,
}

/// A cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    pub text: String,
    pub tint: Tint,
}

impl Shown {
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tint: Tint::Plain }
    }

    pub fn tinted(text: impl Into<String>, tint: Tint) -> Self {
        Self { text: text.into(), tint }
    }

    pub fn nothing(look: &Look) -> Self {
        Self::tinted(look.nothing(), Tint::Dim)
    }
}

/// What kind of value a column holds.
#[derive(Debug, Clone, Copy)]
pub enum Show {
    Text,
    Number,
    /// An instant: an age on a terminal.
    Age,
    /// An instant: the time of day on a terminal, for what lies close together.
    Clock,
    /// The same to the millisecond.
    Moment,
    /// A size in bytes.
    Bytes,
    /// A span in seconds.
    Seconds,
    /// A share of 1.
    Percent,
    /// A number of which two decimals say enough.
    Decimal,
    /// A word with its own glyph and colour.
    Word(fn(&str, &Look) -> Shown),
    /// Worked out from the whole record.
    Record(fn(&Value, &Look) -> Shown),
}

/// One column: a field of the API, and how a table shows it.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// As in the API; nested fields by their last name.
    pub name: &'static str,
    /// JSON pointer to it.
    pub path: &'static str,
    pub show: Show,
    /// Head of the column in a table.
    pub title: &'static str,
    /// Where the terminal is narrow the highest rank goes first; none: never in a table, only in details.
    pub rank: Option<u8>,
    /// May be cut to fit.
    pub is_flexible: bool,
    /// For tables only: it is no field of the API.
    pub is_derived: bool,
}

impl Column {
    pub const fn new(name: &'static str, path: &'static str, show: Show) -> Self {
        Self { name, path, show, title: "", rank: None, is_flexible: false, is_derived: false }
    }

    /// Shows it in tables; `rank` 0 always.
    #[must_use]
    pub const fn table(mut self, title: &'static str, rank: u8) -> Self {
        self.title = title;
        self.rank = Some(rank);
        self
    }

    #[must_use]
    pub const fn flexible(mut self) -> Self {
        self.is_flexible = true;
        self
    }

    #[must_use]
    pub const fn derived(mut self) -> Self {
        self.is_derived = true;
        self
    }

    pub fn is_right_aligned(&self) -> bool {
        matches!(self.show, Show::Number | Show::Bytes | Show::Percent | Show::Decimal)
    }

    pub fn has_value(&self, record: &Value) -> bool {
        self.is_derived || record.pointer(self.path).is_some_and(|value| !value.is_null())
    }

    /// This column of `record` in a table or in details.
    pub fn shown(&self, record: &Value, look: &Look) -> Shown {
        if let Show::Record(show) = self.show {
            return show(record, look);
        }
        let Some(value) = record.pointer(self.path).filter(|value| !value.is_null()) else {
            return Shown::nothing(look);
        };
        let text = raw(value);
        match self.show {
            Show::Word(show) => show(&text, look),
            Show::Age if look.is_tty => at(&text, |at| times::relative(at, look.now)),
            Show::Clock if look.is_tty => at(&text, |at| times::clock(at, look.now)),
            Show::Moment if look.is_tty => at(&text, times::moment),
            Show::Bytes => Shown::plain(value.as_u64().map_or(text, bytes)),
            Show::Seconds => Shown::plain(value.as_f64().map_or(text, |s| times::rough(s.max(0.0).round() as u64))),
            Show::Percent => Shown::plain(value.as_f64().map_or(text, |share| format!("{:.0} %", share * 100.0))),
            Show::Decimal => Shown::plain(value.as_f64().map_or(text, |number| format!("{number:.2}"))),
            _ => Shown::plain(clean(&text)),
        }
    }

    /// This column where there is room for more than in a table: a time with its age, a size to the byte.
    pub fn shown_fully(&self, record: &Value, look: &Look) -> Shown {
        let value = record.pointer(self.path);
        let time = || value.and_then(Value::as_str).and_then(|text| text.parse::<Time>().ok());
        match (self.show, value.and_then(Value::as_u64)) {
            (Show::Bytes, Some(count)) if count >= 1_000 => Shown::plain(format!("{count} ({})", bytes(count))),
            (Show::Age | Show::Clock | Show::Moment, _) if look.is_tty => match time() {
                Some(at) => Shown::plain(format!("{} ({})", times::date(at), times::relative(at, look.now))),
                None => self.shown(record, look),
            },
            _ => self.shown(record, look),
        }
    }
}

fn at(text: &str, show: impl Fn(Time) -> String) -> Shown {
    Shown::plain(text.parse().map_or_else(|_| text.to_string(), show))
}

/// Something that the CLI prints: JSON as it is, and columns of it.
pub trait Record: Serialize {
    /// In the order of the table and of the CSV.
    fn columns() -> Vec<Column>;
}

/// A JSON value without quotes around it; of a list, one after the other.
pub fn raw(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(raw).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// `text` without characters that could steer a terminal: it may come from anybody.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `34 kB`: decimal, as disks count.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", (count + 500) / 1_000),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}
