//! Records that come one by one: one line each, and each handed on at once.

use super::show::{Column, Record};
use super::{Format, Out, csv, table};
use crate::error::Error;

/// A run of records of one kind.
#[derive(Debug)]
pub struct Stream {
    columns: Vec<Column>,
    /// Of each column in the table; grows with what was seen and never shrinks, so that lines stay aligned.
    widths: Vec<u16>,
    has_begun: bool,
}

impl Stream {
    /// `samples` are records as wide as what will come.
    pub fn new<R: Record>(out: &Out, samples: &[R]) -> Result<Self, Error> {
        let mut columns = R::columns();
        if out.format == Format::Table {
            columns = table::in_table(&columns);
        }
        let widths = columns.iter().map(|column| column.title.len() as u16).collect();
        let mut stream = Self { columns, widths, has_begun: false };
        for sample in samples {
            let sample = serde_json::to_value(sample)?;
            stream.widen(&stream.columns.iter().map(|column| column.shown(&sample, &out.look)).collect::<Vec<_>>());
        }
        Ok(stream)
    }

    pub fn push<R: Record>(&mut self, out: &mut Out, record: &R) -> Result<(), Error> {
        match out.format {
            Format::Json | Format::Jsonl => out.json_line(record)?,
            Format::Csv => {
                self.begin(out)?;
                let line = csv::row(&self.columns, &serde_json::to_value(record)?)?;
                out.data(&line)?;
            }
            Format::Table => {
                let record = serde_json::to_value(record)?;
                let row: Vec<_> = self.columns.iter().map(|column| column.shown(&record, &out.look)).collect();
                self.widen(&row);
                self.begin(out)?;
                let line = table::line(&self.columns, &row, &self.widths, &out.look);
                out.data(line.as_bytes())?;
            }
        }
        out.flush()
    }

    /// Writes the header, once; a stream that ends before its first record has one too.
    pub fn begin(&mut self, out: &mut Out) -> Result<(), Error> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        let header = match out.format {
            Format::Json | Format::Jsonl => return Ok(()),
            Format::Csv => csv::header(&self.columns)?,
            Format::Table => table::header_line(&self.columns, &self.widths, &out.look).into_bytes(),
        };
        out.data(&header)?;
        out.flush()
    }

    fn widen(&mut self, row: &[super::Shown]) {
        for (width, needed) in self.widths.iter_mut().zip(table::measure(row)) {
            *width = needed.max(*width);
        }
    }
}

#[cfg(test)]
mod tests;
