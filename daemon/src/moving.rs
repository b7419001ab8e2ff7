//! Moves all data from one database to another, and pictures from one object store to another. Can be interrupted and goes on where it
//! was; changes nothing where it takes from.

use std::collections::BTreeMap;

use crate::backup::{PICTURED, Picture, compare};
use crate::ledger::{self, Depth};
use crate::objects::{self, Objects};
use crate::progress::Progress;
use crate::store::{Filling, Read, Shape, Store, key};

/// Rows that are moved at once.
const PAGE: usize = 2_000;
/// Pictures that are compared at the end.
const SAMPLE: usize = 32;

/// Where pictures are moved from and to.
#[derive(Debug)]
pub struct Stores {
    pub from: Objects,
    pub to: Objects,
}

/// What was moved.
#[derive(Debug, Default)]
pub struct Moved {
    pub rows: u64,
    pub lots: u64,
    pub events: u64,
    /// Pictures that were copied now; the others were there already.
    pub pictures: u64,
    pub is_resumed: bool,
    /// Pictures that could not be moved, because they are missing or damaged where they were.
    pub without: Vec<String>,
}

/// Moves everything and proves it: as many rows, logs that fold to the tables, a sample of the pictures. Epochs stay as they are, so that
/// clients go on where they were.
///
/// # Errors
/// When the target holds other data, somebody writes to the source, something fails, or the result is not the same. The target says then
/// that it is not complete.
pub async fn run(from: &Store, to: &Store, stores: Option<&Stores>, progress: &Progress) -> Result<Moved, String> {
    let mut read = from.read().await.map_err(source)?;
    let heads = read.heads().await.map_err(source)?;
    let of = serde_json::to_string(&heads).map_err(|e| format!("cannot name the data: {e}"))?;
    let mut filling = to.fill("migrate-data", &of).await.map_err(target)?;
    let mut moved = Moved { is_resumed: filling.is_resumed(), ..Moved::default() };
    let shapes = read.shapes().await.map_err(source)?;
    for table in &shapes {
        move_table(&mut read, &mut filling, table, progress).await?;
        // A new moment shows what was written meanwhile; this one cannot.
        if from.read().await.map_err(source)?.heads().await.map_err(source)? != heads {
            return Err("a daemon writes to the source: stop every daemon that uses it, then run this again".into());
        }
    }
    for table in &shapes {
        let (expected, found) = (read.count(table).await.map_err(source)?, filling.count(table).await.map_err(target)?);
        if expected != found {
            return Err(format!(
                "table {} has {expected} rows in the source and {found} in the target: run this again",
                table.name
            ));
        }
        moved.rows += found;
    }
    drop(read);
    if let Some(stores) = stores {
        move_pictures(to, stores, progress, &mut moved).await?;
    }
    fold(to, &mut moved).await?;
    filling.finish(&BTreeMap::new()).await.map_err(target)?;
    Ok(moved)
}

fn source(error: crate::store::Error) -> String {
    format!("the source: {error}")
}

fn target(error: crate::store::Error) -> String {
    format!("the target: {error}")
}

async fn move_table(read: &mut Read, filling: &mut Filling, table: &Shape, progress: &Progress) -> Result<(), String> {
    progress.begin(&format!("table {}", table.name), read.count(table).await.map_err(source)?);
    progress.advance(if filling.is_resumed() { filling.count(table).await.map_err(target)? } else { 0 });
    let mut after = filling.place(&table.name).and_then(serde_json::Value::as_array).cloned();
    loop {
        let rows = read.rows(table, after.as_deref(), PAGE).await.map_err(source)?;
        let Some(last) = rows.last() else { break };
        let place = key(table, last).map_err(source)?;
        filling.put(table, &rows, place.clone().into()).await.map_err(target)?;
        after = Some(place);
        progress.advance(rows.len() as u64);
    }
    progress.end();
    Ok(())
}

async fn move_pictures(to: &Store, stores: &Stores, progress: &Progress, moved: &mut Moved) -> Result<(), String> {
    let mut read = to.read().await.map_err(target)?;
    let shapes = read.shapes().await.map_err(target)?;
    let tables: Vec<_> = shapes.iter().filter(|shape| PICTURED.contains(&shape.name.as_str())).collect();
    let mut count = 0;
    for table in &tables {
        count += read.count(table).await.map_err(target)?;
    }
    drop(read);
    progress.begin("pictures", count);
    let every = (count as usize).div_ceil(SAMPLE).max(1);
    let mut number = 0;
    for table in tables {
        let mut after = None;
        loop {
            // A read of its own for each page: pictures take long, and nobody writes here.
            let rows = to.read().await.map_err(target)?.rows(table, after.as_deref(), PAGE).await.map_err(target)?;
            let Some(last) = rows.last() else { break };
            after = Some(key(table, last).map_err(target)?);
            for row in &rows {
                let picture: Picture = serde_json::from_str(row).map_err(|e| format!("table {}: {e}", table.name))?;
                let is_moved = move_picture(stores, &picture, moved).await?;
                if is_moved && number % every == 0 {
                    compare(&stores.to, &picture).await?;
                }
                number += 1;
                progress.advance(1);
            }
        }
    }
    progress.end();
    Ok(())
}

/// Whether the picture is in the target now.
async fn move_picture(stores: &Stores, picture: &Picture, moved: &mut Moved) -> Result<bool, String> {
    let failed = |e: objects::Error| format!("cannot write the picture {}: {e}", picture.key);
    match stores.to.head(&picture.key).await {
        Ok(bytes) if bytes == picture.bytes => return Ok(true),
        Ok(_) | Err(objects::Error::NotFound(_)) => {}
        Err(error) => return Err(failed(error)),
    }
    match stores.from.get(&picture.key).await {
        Ok(bytes) if picture.is(&bytes) => {
            stores.to.put(&picture.key, bytes).await.map_err(failed)?;
            moved.pictures += 1;
            Ok(true)
        }
        Ok(_) => {
            moved.without.push(format!("{}: it is damaged where it was: its checksum differs", picture.key));
            Ok(false)
        }
        Err(objects::Error::NotFound(_)) => {
            moved.without.push(format!("{}: it is missing where it was", picture.key));
            Ok(false)
        }
        Err(error) => Err(format!("cannot read the picture {}: {error}", picture.key)),
    }
}

async fn fold(to: &Store, moved: &mut Moved) -> Result<(), String> {
    for (lot, _) in to.lots().await.map_err(target)? {
        let Some(report) = ledger::verify(to, &lot.id, Depth::Whole).await.map_err(target)? else { continue };
        if let Some(finding) = report.findings.first() {
            return Err(format!(
                "lot {} is not sound in the target: {} {}: {} (run parkd verify on the source)",
                lot.id, finding.table, finding.row, finding.detail
            ));
        }
        moved.lots += 1;
        moved.events += report.events;
    }
    Ok(())
}
