//! Records as CSV (RFC 4180): every field of the API once, a header also where there is no row.
//!
//! A spreadsheet takes a text that begins like a formula for one, and anybody can write one into a plate or a note: such a text is given
//! the `'` with which a person would mark it as text, and loses it again when it is read in.

use ::csv::WriterBuilder;
use serde_json::Value;

use super::show::{Column, raw};
use crate::error::Error;

pub fn list(columns: &[Column], records: &[Value]) -> Result<Vec<u8>, Error> {
    let mut bytes = header(columns)?;
    for record in records {
        bytes.extend(row(columns, record)?);
    }
    Ok(bytes)
}

pub fn header(columns: &[Column]) -> Result<Vec<u8>, Error> {
    line(fields(columns).map(|column| column.name.to_string()))
}

pub fn row(columns: &[Column], record: &Value) -> Result<Vec<u8>, Error> {
    line(fields(columns).map(|column| match record.pointer(column.path) {
        Some(Value::String(text)) if is_formula(text) => format!("{GUARD}{text}"),
        value => value.map(raw).unwrap_or_default(),
    }))
}

const GUARD: char = '\'';

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A cell as it was before it was guarded.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix(GUARD).filter(|text| is_formula(text)).unwrap_or(cell)
}

fn fields(columns: &[Column]) -> impl Iterator<Item = &Column> {
    columns.iter().filter(|column| !column.is_derived)
}

fn line(fields: impl Iterator<Item = String>) -> Result<Vec<u8>, Error> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(fields)?;
    writer.into_inner().map_err(|error| Error::from(error.into_error()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::Show;

    #[test]
    fn a_text_that_a_spreadsheet_would_run_is_guarded_and_a_number_is_not() {
        let columns = [Column::new("note", "/note", Show::Text), Column::new("level", "/level", Show::Number)];
        let told = |note: &str| {
            let line = row(&columns, &json!({"note": note, "level": -1})).expect("a line");
            String::from_utf8(line).expect("text")
        };
        assert_eq!(told("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0,-1\n");
        assert_eq!(told("@SUM(1,\"2\")"), "\"'@SUM(1,\"\"2\"\")\",-1\n");
        assert_eq!((told("wet"), told("'quoted")), ("wet,-1\n".into(), "'quoted,-1\n".into()));
        for text in ["=1", "+1", "-1", "@a", "\ta", "'=1", "'a", "a=1", ""] {
            let guarded = if is_formula(text) { format!("'{text}") } else { text.into() };
            // A text that was typed with the mark itself cannot be told from one that was given it.
            assert!(unguarded(&guarded) == text || text == "'=1", "{text:?}");
        }
    }
}
