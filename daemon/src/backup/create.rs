//! Makes a backup while daemons write. Changes nothing in the database or the object store.

use std::collections::BTreeMap;
use std::path::Path;

use parking_api::Time;

use super::archive::{Result, Writer};
use super::{FORMAT, IMAGES, ImagesMark, LotMark, MANIFEST, Manifest, PICTURED, Picture, tables};
use crate::objects::{self, Objects};
use crate::progress::Progress;
use crate::store::Store;

/// What was made.
#[derive(Debug)]
pub struct Made {
    pub manifest: Manifest,
    /// Pictures that were copied now; the others were in the folder already.
    pub copied: u64,
}

/// Makes a backup at `path`: every table in one read transaction, then the pictures of `objects`, if they are wanted.
///
/// # Errors
/// When something cannot be read or written. A folder keeps what was copied so far, and the backup that it held.
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
    let mut read = store.read().await.map_err(failed)?;
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
    let mut copied = 0;
    if let Some(objects) = objects {
        progress.begin("pictures", images.count);
        for picture in &pictures {
            match put_picture(store, objects, picture, &mut writer).await? {
                Put::Kept => {}
                Put::Copied => copied += 1,
                Put::Missing(why) => drop(images.missing.insert(picture.key.clone(), why)),
            }
            progress.advance(1);
        }
    }
    progress.end();
    let lots = heads.into_iter().map(|(id, epoch, head)| LotMark { id, epoch, head }).collect();
    let parkd = env!("CARGO_PKG_VERSION").to_string();
    let manifest = Manifest { format: FORMAT, parkd, schema, created_at: now, lots, tables: marks, images };
    let text = serde_json::to_string_pretty(&manifest).map_err(|e| format!("cannot write {MANIFEST}: {e}"))?;
    writer.put(MANIFEST, text.as_bytes())?;
    writer.finish()?;
    Ok(Made { manifest, copied })
}

enum Put {
    Kept,
    Copied,
    Missing(String),
}

async fn put_picture(store: &Store, objects: &Objects, picture: &Picture, writer: &mut Writer) -> Result<Put> {
    let name = format!("{IMAGES}{}", picture.key);
    if writer.keep(&name, picture.bytes, &picture.sha256) {
        return Ok(Put::Kept);
    }
    match objects.get(&picture.key).await {
        Ok(bytes) if picture.is(&bytes) => writer.put(&name, &bytes).map(|()| Put::Copied),
        Ok(_) => Ok(Put::Missing("it is damaged in the object store: its checksum differs".into())),
        Err(objects::Error::NotFound(_)) => {
            let is_wanted = store.has_picture(&picture.key).await.map_err(|e| e.to_string())?;
            let why = if is_wanted {
                "the object store does not have it (perhaps not yet: a spool may hold it)"
            } else {
                "it was deleted while the backup was made"
            };
            Ok(Put::Missing(why.into()))
        }
        Err(error) => Err(format!("cannot read the picture {}: {error}", picture.key)),
    }
}
