//! Makes a backup while daemons write. Changes nothing in the database or the object store.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use futures_util::StreamExt;
use parking_api::Time;

use super::archive::{Result, Writer};
use super::{FORMAT, IMAGES, ImagesMark, LotMark, MANIFEST, Manifest, PICTURED, Picture, tables};
use crate::objects::{self, Objects};
use crate::progress::Progress;
use crate::store::Store;

/// Pictures that are fetched at once.
const FETCHED_AT_ONCE: usize = 8;
/// After so many pictures in a row that cannot be fetched the object store is away, and the others are not even asked for.
const FAILURES_MAX: u32 = 2 * FETCHED_AT_ONCE as u32;

/// What was made.
#[derive(Debug)]
pub struct Made {
    pub manifest: Manifest,
    /// Pictures that were copied now; the others were in the folder already.
    pub copied: u64,
    /// Pictures that are missing because the object store could not give them: the next backup may have them.
    pub unread: u64,
}

/// Makes a backup at `path`: every table in one read transaction, then the pictures of `objects`, if they are wanted.
///
/// A picture that cannot be read is listed as missing: without the object store the tables are worth as much.
///
/// # Errors
/// When the database cannot be read or something cannot be written. A folder keeps what was copied so far, and the backup that it held.
pub async fn create(
    store: &Store,
    objects: Option<&Objects>,
    path: &Path,
    now: Time,
    progress: &Progress,
) -> Result<Made> {
    let failed = |e: crate::store::Error| e.to_string();
    let schema = store.schema_version().await.map_err(failed)?;
    let mut writer = Writer::begin(path)?;
    let mut read = store.read_long().await.map_err(failed)?;
    let moment: String = now.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let shapes = read.shapes().await.map_err(failed)?;
    let heads = read.heads().await.map_err(failed)?;
    let (mut marks, mut pictures) = (Vec::new(), Vec::new());
    for shape in shapes {
        progress.begin(&format!("table {}", shape.name), read.count(&shape).await.map_err(failed)?);
        let see = |shape: &crate::store::Shape, rows: &[String]| {
            progress.advance(rows.len() as u64);
            if PICTURED.contains(&shape.name.as_str()) {
                for row in rows {
                    pictures
                        .push(serde_json::from_str::<Picture>(row).map_err(|e| format!("table {}: {e}", shape.name))?);
                }
            }
            Ok(())
        };
        marks.push(tables::write(&mut read, shape, &format!("tables/{moment}/"), &mut writer, see).await?);
    }
    // The pictures take long, and nothing more is read from this moment.
    drop(read);
    let mut images = ImagesMark {
        count: pictures.len() as u64,
        bytes: pictures.iter().map(|picture| picture.bytes).sum(),
        are_included: objects.is_some(),
        missing: BTreeMap::new(),
    };
    let (mut copied, mut unread) = (0, 0);
    if let Some(objects) = objects {
        progress.begin("pictures", images.count);
        (copied, unread) = put_pictures(store, objects, &pictures, &mut writer, &mut images.missing, progress).await?;
    }
    progress.end();
    let lots = heads.into_iter().map(|(id, epoch, head)| LotMark { id, epoch, head }).collect();
    let parkd = env!("CARGO_PKG_VERSION").to_string();
    let manifest = Manifest { format: FORMAT, parkd, schema, created_at: now, lots, tables: marks, images };
    let text = serde_json::to_string_pretty(&manifest).map_err(|e| format!("cannot write {MANIFEST}: {e}"))?;
    writer.put(MANIFEST, text.as_bytes())?;
    writer.finish()?;
    Ok(Made { manifest, copied, unread })
}

/// Puts every picture that is not there yet, and notes what is `missing`. How many were put, and how many could not be read.
async fn put_pictures(
    store: &Store,
    objects: &Objects,
    pictures: &[Picture],
    writer: &mut Writer,
    missing: &mut BTreeMap<String, String>,
    progress: &Progress,
) -> Result<(u64, u64)> {
    let name = |picture: &Picture| format!("{IMAGES}{}", picture.key);
    let wanted: Vec<_> =
        pictures.iter().filter(|picture| !writer.keep(&name(picture), picture.bytes, &picture.sha256)).collect();
    progress.advance((pictures.len() - wanted.len()) as u64);
    let (mut copied, mut unread, mut failures) = (0, 0, 0);
    for batch in wanted.chunks(FETCHED_AT_ONCE) {
        let is_away = failures >= FAILURES_MAX;
        let mut fetched = futures_util::stream::iter(batch)
            .map(async |picture| (picture, if is_away { Err(away()) } else { objects.get(&picture.key).await }))
            .buffered(FETCHED_AT_ONCE);
        while let Some((picture, fetched)) = fetched.next().await {
            progress.advance(1);
            failures = if matches!(fetched, Ok(_) | Err(objects::Error::NotFound(_))) { 0 } else { failures + 1 };
            unread += u64::from(failures > 0);
            match whole(store, picture, fetched).await? {
                Ok(bytes) => {
                    writer.put(&name(picture), &bytes)?;
                    copied += 1;
                }
                Err(why) => drop(missing.insert(picture.key.clone(), why)),
            }
        }
    }
    Ok((copied, unread))
}

fn away() -> objects::Error {
    objects::Error::Unavailable(format!("{FAILURES_MAX} pictures in a row could not be fetched"))
}

/// The picture that was fetched, or why there is none.
async fn whole(store: &Store, picture: &Picture, fetched: objects::Result<Bytes>) -> Result<Result<Bytes>> {
    Ok(Err(match fetched {
        Ok(bytes) if picture.is(&bytes) => return Ok(Ok(bytes)),
        Ok(_) => "it is damaged in the object store: its checksum differs".into(),
        Err(objects::Error::NotFound(_)) => {
            let is_wanted = store.has_picture(&picture.key).await.map_err(|e| e.to_string())?;
            if is_wanted {
                "the object store does not have it (perhaps not yet: a spool may hold it)".into()
            } else {
                "it was deleted while the backup was made".into()
            }
        }
        Err(error) => format!("it cannot be read: {error}"),
    }))
}
