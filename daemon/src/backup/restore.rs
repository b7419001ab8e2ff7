//! Fills an empty database and object store from a backup.

use std::collections::BTreeMap;

use super::archive::{Reader, Result};
use super::{IMAGES, Manifest, tables};
use crate::clock::random_epoch;
use crate::objects::{self, Objects};
use crate::progress::Progress;
use crate::store::{Filling, Store};

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    pub rows: u64,
    /// Pictures that were written; the others were there already.
    pub images: u64,
    /// Whether it went on with what an interrupted restore had begun.
    pub is_resumed: bool,
}

/// Restores a backup into `store`, which was opened to be filled, and its pictures into `objects`. Every lot gets a new epoch, so that
/// whoever followed the log that was takes a fresh snapshot.
///
/// # Errors
/// When the target is not empty, a part is damaged, or something cannot be written. The database says then that it is not complete.
pub async fn restore(
    backup: &Reader,
    manifest: &Manifest,
    store: &Store,
    objects: Option<&Objects>,
    progress: &Progress,
) -> Result<Restored> {
    let mut filling = store
        .fill(&format!("a restore of {}", backup.path().display()), &backup.id())
        .await
        .map_err(|e| format!("cannot restore into this database: {e}"))?;
    let is_resumed = filling.is_resumed();
    // Object first, then row, as everywhere.
    let images = match objects {
        Some(objects) => restore_images(backup, objects, progress).await?,
        None => 0,
    };
    let rows = fill(&mut filling, backup, manifest, progress).await?;
    let mut epochs = BTreeMap::new();
    for lot in &manifest.lots {
        epochs.insert(lot.id.clone(), random_epoch().map_err(|e| format!("no randomness for an epoch: {e}"))?);
    }
    filling.finish(&epochs).await.map_err(|e| e.to_string())?;
    Ok(Restored { rows, images, is_resumed })
}

/// Writes the rows that are not there yet; returns how many there are in all.
pub(super) async fn fill(
    filling: &mut Filling,
    backup: &Reader,
    manifest: &Manifest,
    progress: &Progress,
) -> Result<u64> {
    let mut total = 0;
    for table in &manifest.tables {
        progress.begin(&format!("table {}", table.shape.name), table.rows);
        let done = filling.place(&table.shape.name).and_then(serde_json::Value::as_u64).unwrap_or(0);
        for (index, (name, _)) in backup.parts(&table.parts).enumerate().skip(done as usize) {
            let rows = tables::rows(backup, name)?;
            for page in rows.chunks(tables::PAGE) {
                progress.advance(page.len() as u64);
            }
            let put = filling.put(&table.shape, &rows, (index as u64 + 1).into()).await;
            put.map_err(|e| format!("cannot write the rows of {name}: {e}"))?;
        }
        let found = filling.count(&table.shape).await.map_err(|e| e.to_string())?;
        if found != table.rows {
            return Err(format!(
                "table {} has {found} rows now, and had {} when the backup was made",
                table.shape.name, table.rows
            ));
        }
        total += table.rows;
    }
    progress.end();
    Ok(total)
}

async fn restore_images(backup: &Reader, objects: &Objects, progress: &Progress) -> Result<u64> {
    let images: Vec<_> = backup.parts(IMAGES).map(|(name, _)| name).collect();
    progress.begin("pictures", images.len() as u64);
    let mut written = 0;
    for name in images {
        let key = name.trim_start_matches(IMAGES);
        let bytes = backup.get(name)?;
        let failed = |e: objects::Error| format!("cannot restore the picture {key}: {e}");
        let is_there = match objects.head(key).await {
            Ok(found) => found == bytes.len() as u64,
            Err(objects::Error::NotFound(_)) => false,
            Err(error) => return Err(failed(error)),
        };
        if !is_there {
            objects.put(key, bytes.into()).await.map_err(failed)?;
            written += 1;
        }
        progress.advance(1);
    }
    progress.end();
    Ok(written)
}
