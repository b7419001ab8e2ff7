//! Records as CSV: every field of the API once, a header also where there is no row.

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
    line(fields(columns).map(|column| record.pointer(column.path).map(raw).unwrap_or_default()))
}

fn fields(columns: &[Column]) -> impl Iterator<Item = &Column> {
    columns.iter().filter(|column| !column.is_derived)
}

fn line(fields: impl Iterator<Item = String>) -> Result<Vec<u8>, Error> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(fields)?;
    writer.into_inner().map_err(|error| Error::from(error.into_error()))
}
