//! Many records, one page after the other: never more than a page in memory. CSV where no format was asked for.

use super::show::{Column, Record};
use super::{Format, Out, csv};
use crate::error::Error;

/// A document that is being written.
#[derive(Debug)]
pub struct Export {
    format: Format,
    columns: Vec<Column>,
    count: u64,
}

impl Export {
    /// `wanted` is what the command line says, if it says anything.
    pub fn begin<R: Record>(out: &mut Out, wanted: Option<Format>) -> Result<Self, Error> {
        Self::with_columns(out, wanted, R::columns())
    }

    /// The same with some columns only; JSON has all fields anyway.
    pub fn with_columns(out: &mut Out, wanted: Option<Format>, columns: Vec<Column>) -> Result<Self, Error> {
        let format = wanted.unwrap_or(Format::Csv);
        match format {
            Format::Csv => out.data(&csv::header(&columns)?)?,
            Format::Json => out.data(b"[")?,
            Format::Jsonl => {}
            Format::Table => {
                return Err(Error::usage("an export is a file, and no table").hint("take -o csv, -o json or -o jsonl"));
            }
        }
        Ok(Self { format, columns, count: 0 })
    }

    pub fn push<R: Record>(&mut self, out: &mut Out, record: &R) -> Result<(), Error> {
        match self.format {
            Format::Csv => out.data(&csv::row(&self.columns, &serde_json::to_value(record)?)?)?,
            Format::Json => {
                out.data(if self.count == 0 { b"\n" } else { b",\n" })?;
                out.data(serde_json::to_string(record)?.as_bytes())?;
            }
            Format::Jsonl | Format::Table => out.json_line(record)?,
        }
        self.count += 1;
        Ok(())
    }

    /// How many records it became.
    pub fn end(self, out: &mut Out) -> Result<u64, Error> {
        if self.format == Format::Json {
            out.data(b"\n]\n")?;
        }
        out.flush()?;
        Ok(self.count)
    }
}
