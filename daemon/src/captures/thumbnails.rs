//! Small versions of pictures, made once and kept on disk up to a bound. Losing them loses nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use parking_api::CaptureId;
use parking_api::captures::Capture;
use tokio::sync::{Mutex, Semaphore};

use super::{Error, failed, probe};
use crate::clock::new_id;
use crate::objects::Objects;

/// Widths that are made, in pixels. A wanted width is rounded up, so that few versions of a picture exist.
const WIDTHS: [u32; 6] = [160, 320, 480, 640, 960, 1280];
/// Disk that the small versions may take, in bytes.
const CACHE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// What is left after the oldest were removed.
const CACHE_BYTES_KEPT: u64 = CACHE_BYTES_MAX / 4 * 3;

/// Pictures that are fetched at once to be made smaller.
const FETCHES_MAX: usize = 4;
/// What every JPEG begins and ends with.
const JPEG_START: [u8; 2] = [0xff, 0xd8];
const JPEG_END: [u8; 2] = [0xff, 0xd9];

/// The small versions. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Thumbnails {
    folder: PathBuf,
    /// For those that are fetched to be made smaller: each may hold 4 MiB.
    places: Arc<Semaphore>,
    /// Bytes on disk; held while a new one is made, so that each is made once.
    used: Arc<Mutex<u64>>,
}

impl Thumbnails {
    /// Keeps small versions in `folder`, which is created when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: PathBuf) -> std::io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let used = files(&folder)?.iter().map(|file| file.bytes).sum();
        Ok(Self { folder, places: Arc::new(Semaphore::new(FETCHES_MAX)), used: Arc::new(Mutex::new(used)) })
    }

    /// The width that is made when `width` is wanted; `None` when the picture itself is not larger.
    pub fn step(width: u32, capture: &Capture) -> Option<u32> {
        WIDTHS.into_iter().find(|step| *step >= width).filter(|step| *step < capture.width)
    }

    /// The picture, `step` pixels wide; `None` of one that cannot be made smaller: most that can show pictures are more forgiving than what
    /// shrinks them here.
    pub(super) async fn get(&self, capture: &Capture, step: u32, objects: &Objects) -> Result<Option<Bytes>, Error> {
        let path = self.path(capture.id, step);
        if let Some(small) = kept(&path).await {
            return Ok(Some(small));
        }
        let _place = self.places.acquire().await.map_err(|e| failed("make a thumbnail", &e))?;
        // Before the turn is taken: a picture that is slow to come shall not hold up the others.
        let picture = objects.get(&capture.key).await?;
        let mut used = self.used.lock().await;
        if let Some(small) = kept(&path).await {
            return Ok(Some(small));
        }
        let (content_type, folder) = (capture.content_type.clone(), self.folder.clone());
        let had = *used;
        let made = tokio::task::spawn_blocking(move || match probe::thumbnail(&picture, &content_type, step) {
            Ok(small) => {
                let now_used = keep(&folder, &path, &small, had).map_err(|e| failed("keep a thumbnail", &e))?;
                Ok(Ok((small, now_used)))
            }
            Err(error) => Ok::<_, Error>(Err(error)),
        });
        match made.await.map_err(|e| failed("make a thumbnail", &e))?? {
            Ok((small, now_used)) => {
                *used = now_used;
                Ok(Some(small.into()))
            }
            Err(error) => {
                tracing::debug!(capture = %capture.id, %error, "a picture cannot be made smaller");
                Ok(None)
            }
        }
    }

    /// Removes the small versions of a picture that was deleted.
    pub(super) async fn forget(&self, capture: CaptureId) {
        for step in WIDTHS {
            // One that was never made is no error, and one that stays is removed by age.
            let _ = tokio::fs::remove_file(self.path(capture, step)).await;
        }
    }

    /// The captures that have small versions here.
    pub(super) async fn captures(&self) -> Result<Vec<CaptureId>, Error> {
        let files = self.blocking("list the thumbnails", |folder| files(&folder)).await?;
        let id = |file: &Kept| file.path.file_name()?.to_str()?.rsplit_once('-')?.0.parse().ok();
        let ids: BTreeSet<CaptureId> = files.iter().filter_map(id).collect();
        Ok(ids.into_iter().collect())
    }

    /// Removes all of them: they can be made again.
    pub(super) async fn clear(&self) {
        let mut used = self.used.lock().await;
        let cleared = self.blocking("clear the thumbnails", |folder| {
            files(&folder)?.iter().try_for_each(|file| fs::remove_file(&file.path))?;
            Ok(())
        });
        match cleared.await {
            Ok(()) => *used = 0,
            Err(error) => tracing::warn!(%error, "small versions of pictures stay on the disk"),
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(PathBuf) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let folder = self.folder.clone();
        let done = tokio::task::spawn_blocking(move || work(folder)).await.map_err(|e| failed(what, &e))?;
        done.map_err(|e| failed(what, &e))
    }

    fn path(&self, capture: CaptureId, step: u32) -> PathBuf {
        self.folder.join(format!("{capture}-{step}.jpg"))
    }
}

/// The small version in this file, if it is whole. It was not flushed when it was written, so that a power cut may have left a part of it.
async fn kept(path: &Path) -> Option<Bytes> {
    let bytes = tokio::fs::read(path).await.ok()?;
    (bytes.starts_with(&JPEG_START) && bytes.ends_with(&JPEG_END)).then(|| bytes.into())
}

struct Kept {
    path: PathBuf,
    bytes: u64,
    at: SystemTime,
}

fn files(folder: &Path) -> std::io::Result<Vec<Kept>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        files.push(Kept { path: entry.path(), bytes: meta.len(), at: meta.modified()? });
    }
    Ok(files)
}

/// Writes one file and removes the oldest when there are too many bytes. Returns the bytes that are used then.
fn keep(folder: &Path, path: &Path, bytes: &[u8], used: u64) -> std::io::Result<u64> {
    let partial = folder.join(format!("{}.partial", new_id()));
    fs::write(&partial, bytes)?;
    fs::rename(&partial, path)?;
    let used = used + bytes.len() as u64;
    if used <= CACHE_BYTES_MAX {
        return Ok(used);
    }
    let mut files = files(folder)?;
    files.sort_by_key(|file| file.at);
    let mut used: u64 = files.iter().map(|file| file.bytes).sum();
    for file in files {
        if used <= CACHE_BYTES_KEPT {
            break;
        }
        match fs::remove_file(&file.path) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
            _ => used -= file.bytes,
        }
    }
    Ok(used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::folder_url;

    #[tokio::test]
    async fn a_picture_that_cannot_be_made_smaller_is_shown_as_it_is() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let objects = Objects::open(&folder_url(&folder.path().join("objects")), None).await.expect("a store");
        let thumbnails = Thumbnails::open(folder.path().join("thumbnails")).expect("a folder");
        let mut capture: Capture =
            serde_json::from_str(include_str!("../../api/fixtures/capture.json")).expect("a capture");
        capture.content_type = probe::PNG.into();
        let odd = Bytes::from_static(b"what passes for a picture, and is none");
        objects.put(&capture.key, odd).await.expect("it is stored");
        let shown = thumbnails.get(&capture, 160, &objects).await.expect("no error");
        assert_eq!(shown, None);
        assert!(thumbnails.captures().await.expect("a list").is_empty());
    }
}
