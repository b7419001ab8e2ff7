//! Moves all data from one database to another, and pictures from one object store to another. Can be interrupted and goes on where it
//! was; changes nothing where it takes from.

use std::collections::BTreeMap;

use futures_util::StreamExt;

use crate::backup::{PICTURED, Picture, compare};
use crate::ledger::{self, Depth};
use crate::objects::{self, Objects};
use crate::progress::Progress;
use crate::store::{Filling, Read, Shape, Store, key, schema_newest};
use crate::urls;

/// Who fills the target, in the words that it keeps.
const WHAT: &str = "migrate-data";
/// Rows that are moved at once.
const PAGE: usize = 2_000;
/// Pictures that are on their way at once.
const MOVED_AT_ONCE: usize = 8;
/// Pictures that are compared at the end.
const SAMPLE: usize = 32;

/// The database to fill.
#[derive(Debug)]
pub struct Target<'a> {
    pub url: &'a str,
    pub connections: u32,
}

impl Target<'_> {
    /// With the schema after migration `version`, if it has less.
    async fn open(&self, version: i64) -> Result<Store, String> {
        let opened = Store::open_to_fill(self.url, self.connections, version).await;
        opened.map_err(|e| format!("{}: {e}", urls::redacted(self.url)))
    }
}

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
pub async fn run(
    from: &Store,
    into: &Target<'_>,
    stores: Option<&Stores>,
    progress: &Progress,
) -> Result<Moved, String> {
    let mut read = from.read_long().await.map_err(source)?;
    let heads = read.heads().await.map_err(source)?;
    let of = serde_json::to_string(&heads).map_err(|e| format!("cannot name the data: {e}"))?;
    // The rows fit the schema that they have; it is brought up to date here, and stays as it is there.
    let to = into.open(from.schema_version().await.map_err(source)?).await?;
    let mut filling = to.fill(WHAT, &of).await.map_err(target)?;
    let mut moved = Moved { is_resumed: filling.is_resumed(), ..Moved::default() };
    let shapes = read.shapes().await.map_err(source)?;
    for table in &shapes {
        move_table(&mut read, &mut filling, table, progress).await?;
        require_rest(from, &heads).await?;
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
    drop((read, filling));
    to.close().await;
    let to = into.open(schema_newest()).await?;
    let filling = to.fill(WHAT, &of).await.map_err(target)?;
    if let Some(stores) = stores {
        move_pictures(&to, stores, progress, &mut moved).await?;
    }
    fold(&to, &mut moved).await?;
    // Pictures take long.
    require_rest(from, &heads).await?;
    filling.finish(&BTreeMap::new()).await.map_err(target)?;
    to.close().await;
    Ok(moved)
}

/// Refuses a source that is not where it was any more.
async fn require_rest(from: &Store, heads: &[(String, String, i64)]) -> Result<(), String> {
    // A new moment shows what was written meanwhile; an earlier one cannot.
    let now = from.read().await.map_err(source)?.heads().await.map_err(source)?;
    if now == heads {
        return Ok(());
    }
    Err("a daemon writes to the source: stop every daemon that uses it, then run this again".into())
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
            let parsed = rows.iter().map(|row| serde_json::from_str(row));
            let pictures: Vec<Picture> =
                parsed.collect::<Result<_, _>>().map_err(|e| format!("table {}: {e}", table.name))?;
            let mut moving = futures_util::stream::iter(&pictures)
                .map(|picture| move_picture(stores, picture))
                .buffered(MOVED_AT_ONCE)
                .zip(futures_util::stream::iter(&pictures));
            while let Some((way, picture)) = moving.next().await {
                let is_there = moved.note(picture, way?);
                if is_there && number % every == 0 {
                    compare(&stores.to, picture).await?;
                }
                number += 1;
                progress.advance(1);
            }
        }
    }
    progress.end();
    Ok(())
}

/// What became of a picture.
enum Way {
    /// It was there already.
    There,
    Copied,
    Lost(&'static str),
}

impl Moved {
    /// Whether the picture is in the target now.
    fn note(&mut self, picture: &Picture, way: Way) -> bool {
        match way {
            Way::There => return true,
            Way::Copied => self.pictures += 1,
            Way::Lost(why) => self.without.push(format!("{}: {why}", picture.key)),
        }
        matches!(way, Way::Copied)
    }
}

async fn move_picture(stores: &Stores, picture: &Picture) -> Result<Way, String> {
    let failed = |e: objects::Error| format!("cannot write the picture {}: {e}", picture.key);
    match stores.to.head(&picture.key).await {
        Ok(bytes) if bytes == picture.bytes => return Ok(Way::There),
        Ok(_) | Err(objects::Error::NotFound(_)) => {}
        Err(error) => return Err(failed(error)),
    }
    match stores.from.get(&picture.key).await {
        Ok(bytes) if picture.is(&bytes) => {
            stores.to.put(&picture.key, bytes).await.map_err(failed)?;
            Ok(Way::Copied)
        }
        Ok(_) => Ok(Way::Lost("it is damaged where it was: its checksum differs")),
        Err(objects::Error::NotFound(_)) => Ok(Way::Lost("it is missing where it was")),
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
