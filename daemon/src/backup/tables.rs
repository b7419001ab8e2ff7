//! Tables as parts of a backup. Knows nothing of pictures.

use std::io::{Read as _, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::TableMark;
use super::archive::{Reader, Result, Writer};
use crate::store::{Read, Shape, key};

/// Rows that are read at once.
pub(super) const PAGE: usize = 2_000;
/// A part ends after this many bytes of rows, before they are compressed.
const PART_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes that one part may have once it is unpacked.
const UNPACKED_BYTES_MAX: u64 = 1 << 30;

/// Writes a table to parts whose names begin with `folder`, and shows every page of rows to `see`.
pub(super) async fn write(
    read: &mut Read,
    shape: Shape,
    folder: &str,
    writer: &mut Writer,
    mut see: impl FnMut(&Shape, &[String]) -> Result<()>,
) -> Result<TableMark> {
    let mut table = TableMark { parts: format!("{folder}{}/", shape.name), shape, rows: 0 };
    let (mut after, mut number, mut lines) = (None, 0, String::new());
    loop {
        let rows = read.rows(&table.shape, after.as_deref(), PAGE).await.map_err(|e| e.to_string())?;
        see(&table.shape, &rows)?;
        for row in &rows {
            lines += row;
            lines.push('\n');
        }
        table.rows += rows.len() as u64;
        let is_last = rows.len() < PAGE;
        if lines.len() >= PART_BYTES || (is_last && !lines.is_empty()) {
            number += 1;
            writer.put(&format!("{}{number:06}.jsonl.gz", table.parts), &packed(&lines)?)?;
            lines.clear();
        }
        match rows.last() {
            Some(row) if !is_last => after = Some(key(&table.shape, row).map_err(|e| e.to_string())?),
            _ => return Ok(table),
        }
    }
}

fn packed(lines: &str) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(lines.as_bytes())
        .and_then(|()| encoder.finish())
        .map_err(|e| format!("cannot compress rows: {e}"))
}

/// The rows of a part.
pub(super) fn rows(backup: &Reader, name: &str) -> Result<Vec<String>> {
    let bytes = backup.get(name)?;
    let mut text = String::new();
    let unpacked = GzDecoder::new(bytes.as_slice()).take(UNPACKED_BYTES_MAX).read_to_string(&mut text);
    unpacked.map_err(|e| format!("the part {name} cannot be unpacked: {e}"))?;
    Ok(text.lines().map(String::from).collect())
}
