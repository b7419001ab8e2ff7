//! Everything that a command writes: data to stdout in the format that was asked for, talk to stderr. Knows no noun.

mod csv;
mod export;
mod show;
mod stream;
mod table;

use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use clap::builder::styling::{AnsiColor, Style};
use serde::Serialize;
use serde_json::Value;

pub use csv::unguarded;
pub use export::Export;
pub use show::{Column, Look, Record, Show, Shown, Tint, bytes, clean, raw};
pub use stream::Stream;

use crate::error::{Error, Report};
use crate::terminal::Terminal;
use parking_api::Time;

/// `-o`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: aligned columns that fit the terminal
    #[default]
    Table,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// A header and one line a row
    Csv,
}

impl Format {
    pub fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}

/// Where a command writes to.
pub struct Out {
    pub format: Format,
    pub look: Look,
    data: Box<dyn Write + Send>,
    talk: Box<dyn Write + Send>,
    has_colored_talk: bool,
}

impl std::fmt::Debug for Out {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Out").field("format", &self.format).field("look", &self.look).finish_non_exhaustive()
    }
}

impl Out {
    /// To stdout and stderr of this process.
    pub fn of_process(format: Format, terminal: &Terminal, now: Time) -> Self {
        let data = Box::new(BufWriter::new(io::stdout()));
        Self::new(format, terminal, now, data, Box::new(io::stderr()))
    }

    pub fn new(
        format: Format,
        terminal: &Terminal,
        now: Time,
        data: Box<dyn Write + Send>,
        talk: Box<dyn Write + Send>,
    ) -> Self {
        let look = Look {
            has_color: terminal.stdout_has_color,
            is_utf8: terminal.is_utf8,
            is_tty: terminal.stdout_is_tty,
            width: terminal.width,
            now,
        };
        Self { format, look, data, talk, has_colored_talk: terminal.stderr_has_color }
    }

    /// A list; `when_empty` is said where a table would have no row.
    pub fn list<R: Record>(&mut self, items: &[R], when_empty: &str) -> Result<(), Error> {
        match self.format {
            Format::Table if items.is_empty() => self.talk(when_empty),
            Format::Table => {
                let text = table::list(&R::columns(), &values(items)?, &self.look);
                self.data(text.as_bytes())
            }
            Format::Json => self.json(&items),
            Format::Jsonl => items.iter().try_for_each(|item| self.json_line(item)),
            Format::Csv => {
                let text = csv::list(&R::columns(), &values(items)?)?;
                self.data(&text)
            }
        }
    }

    /// One thing with all its fields.
    pub fn one<R: Record>(&mut self, item: &R) -> Result<(), Error> {
        match self.format {
            Format::Table => {
                let text = table::details(&R::columns(), &serde_json::to_value(item)?, &self.look);
                self.data(text.as_bytes())
            }
            Format::Json => self.json(item),
            Format::Jsonl => self.json_line(item),
            Format::Csv => self.list(std::slice::from_ref(item), ""),
        }
    }

    /// What a change came to: one line in a table, one object elsewhere.
    pub fn result<R: Record>(&mut self, item: &R) -> Result<(), Error> {
        match self.format {
            Format::Table => self.list(std::slice::from_ref(item), ""),
            _ => self.one(item),
        }
    }

    /// Names and values for people, one pair a line.
    pub fn pairs(&mut self, pairs: Vec<(String, Shown)>) -> Result<(), Error> {
        let text = table::pairs(pairs, &self.look);
        self.data(text.as_bytes())
    }

    /// Bytes as they are.
    pub fn data(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.data.write_all(bytes)?;
        Ok(())
    }

    /// Hands what was written to whoever reads it.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.data.flush()?;
        Ok(())
    }

    /// A line for the person at the terminal. That it cannot be said is no reason to fail.
    pub fn talk(&mut self, line: &str) -> Result<(), Error> {
        self.flush()?;
        let _ = writeln!(self.talk, "{}", show::clean(line));
        Ok(())
    }

    /// Lines of a picture, for the person at the terminal.
    pub fn picture(&mut self, lines: &[String]) -> Result<(), Error> {
        self.flush()?;
        for line in lines {
            let _ = writeln!(self.talk, "{line}");
        }
        Ok(())
    }

    /// A question; the answer is typed on the same line.
    pub fn ask(&mut self, question: &str) {
        let _ = write!(self.talk, "{} ", show::clean(question));
        let _ = self.talk.flush();
    }

    /// A failure: text for people, an object for programs.
    pub fn report(&mut self, report: &Report) {
        // What was written so far comes first; that it cannot be written any more does not hide the failure.
        let _ = self.data.flush();
        let _ = if self.format.is_json() { self.report_json(report) } else { self.report_text(report) };
    }

    fn report_json(&mut self, report: &Report) -> io::Result<()> {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'a Report,
        }
        let line = serde_json::to_string(&Body { error: report }).map_err(io::Error::from)?;
        writeln!(self.talk, "{line}")
    }

    fn report_text(&mut self, report: &Report) -> io::Result<()> {
        let (red, cyan) = (AnsiColor::Red.on_default().bold(), AnsiColor::Cyan.on_default());
        let error = paint("error:", red, self.has_colored_talk);
        writeln!(self.talk, "{error} {}", show::clean(&report.message))?;
        for row in &report.rows {
            let field = row.field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
            writeln!(self.talk, "  {}", show::clean(&format!("row {}{field}: {}", row.row, row.detail)))?;
        }
        match &report.hint {
            Some(hint) => writeln!(self.talk, "{} {}", paint("hint:", cyan, self.has_colored_talk), show::clean(hint)),
            None => Ok(()),
        }
    }

    fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        serde_json::to_writer_pretty(&mut self.data, value)?;
        self.data(b"\n")
    }

    fn json_line<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        serde_json::to_writer(&mut self.data, value)?;
        self.data(b"\n")
    }
}

fn values<R: Record>(items: &[R]) -> Result<Vec<Value>, Error> {
    items.iter().map(|item| serde_json::to_value(item).map_err(Error::from)).collect()
}

fn paint(text: &str, style: Style, is_on: bool) -> String {
    if is_on { format!("{style}{text}{style:#}") } else { text.into() }
}
