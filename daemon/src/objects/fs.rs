//! Objects as files: written under a temporary name, flushed, renamed; so a key either has all its bytes or does not exist.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use parking_api::Time;

use super::{Entry, Error, PARTIAL, Result};
use crate::clock::new_id;

#[derive(Debug, Clone)]
pub(super) struct Fs {
    root: PathBuf,
}

impl Fs {
    /// The folder as it is.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    pub async fn open(root: PathBuf) -> Result<Self> {
        let store = Self { root };
        let partial = store.root.join(PARTIAL);
        blocking(move || {
            // What a crash left unfinished belongs to nobody.
            match fs::remove_dir_all(&partial) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(failed("clear", &partial, e)),
                _ => {}
            }
            fs::create_dir_all(&partial).map_err(|e| failed("create", &partial, e))
        })
        .await?;
        Ok(store)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let path = self.path(key);
        let partial = self.root.join(PARTIAL).join(new_id().to_string());
        let root = self.root.clone();
        blocking(move || {
            let written = write(&partial, &[&bytes], &path, &root);
            if written.is_err() {
                // The write has failed already; that its remains cannot be removed adds nothing.
                let _ = fs::remove_file(&partial);
            }
            written.map_err(|e| failed("write", &path, e))
        })
        .await
    }

    pub async fn get(&self, key: &str) -> Result<Bytes> {
        self.read(key, |path| fs::read(path).map(Bytes::from)).await
    }

    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let part = move |path: &Path| {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(range.start))?;
            let mut bytes = Vec::new();
            file.take(range.end - range.start).read_to_end(&mut bytes)?;
            Ok(bytes.into())
        };
        self.read(key, part).await
    }

    pub async fn head(&self, key: &str) -> Result<u64> {
        let size = |path: &Path| match fs::metadata(path)? {
            meta if meta.is_file() => Ok(meta.len()),
            _ => Err(ErrorKind::NotFound.into()),
        };
        self.read(key, size).await
    }

    async fn read<T: Send + 'static>(
        &self,
        key: &str,
        read: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (path, key) = (self.path(key), key.to_string());
        blocking(move || match read(&path) {
            Ok(read) => Ok(read),
            Err(e) if is_nothing(&e) => Err(Error::NotFound(key)),
            Err(e) => Err(failed("read", &path, e)),
        })
        .await
    }

    pub async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Entry>> {
        let root = self.root.clone();
        let (prefix, after) = (prefix.to_string(), after.unwrap_or_default().to_string());
        blocking(move || {
            let mut listing = Listing { root: &root, prefix: &prefix, after: &after, limit, found: Vec::new() };
            listing.walk("").map_err(|e| failed("list", &root, e))?;
            Ok(listing.found)
        })
        .await
    }

    pub async fn delete(&self, key: &str) -> Result<()> {
        let path = self.path(key);
        blocking(move || match fs::remove_file(&path) {
            Err(e) if !is_nothing(&e) => Err(failed("delete", &path, e)),
            _ => Ok(()),
        })
        .await
    }

    pub async fn ping(&self) -> Result<()> {
        let probe = self.root.join(PARTIAL).join(new_id().to_string());
        blocking(move || {
            let written = File::create(&probe).and_then(|mut file| file.write_all(b"ping"));
            let removed = fs::remove_file(&probe);
            written.and(removed).map_err(|e| failed("write", &probe, e))
        })
        .await
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }
}

/// Where a key has a folder, or a part of it is a file, there is no object.
pub(super) fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

/// A walk in the order of the keys, which is not that of folders: `a-b/x` comes before `a/x`.
struct Listing<'a> {
    root: &'a Path,
    prefix: &'a str,
    after: &'a str,
    limit: usize,
    found: Vec<Entry>,
}

impl Listing<'_> {
    /// `folder` is empty or ends with a slash.
    fn walk(&mut self, folder: &str) -> io::Result<()> {
        let mut names = match names(&self.root.join(folder)) {
            // Somebody else may have removed it since.
            Err(e) if is_nothing(&e) => return Ok(()),
            names => names?,
        };
        names.sort_unstable();
        for name in names {
            let key = format!("{folder}{name}");
            if self.found.len() == self.limit {
                break;
            }
            if key.ends_with('/') {
                let may_match = key.starts_with(self.prefix) || self.prefix.starts_with(&key);
                let is_before = key.as_str() < self.after && !self.after.starts_with(&key);
                if may_match && !is_before && key.trim_end_matches('/') != PARTIAL {
                    self.walk(&key)?;
                }
            } else if key.starts_with(self.prefix) && key.as_str() > self.after {
                match fs::metadata(self.root.join(&key)) {
                    Err(e) if is_nothing(&e) => {}
                    meta => self.found.push(entry(key, &meta?)?),
                }
            }
        }
        Ok(())
    }
}

/// Names of files and, with a slash, of folders.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        // What has no name that is text was not put here by anybody who knows keys.
        if let Ok(name) = entry.file_name().into_string() {
            if kind.is_dir() {
                names.push(format!("{name}/"));
            } else if kind.is_file() {
                names.push(name);
            }
        }
    }
    Ok(names)
}

fn entry(key: String, meta: &fs::Metadata) -> io::Result<Entry> {
    let since = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Entry { key, bytes: meta.len(), modified: Time::from_ms(since.as_millis() as i64) })
}

/// Writes `parts`, one after the other, to `partial` and names it `path`, which is below `root`; when this returns all of it is on disk.
pub(super) fn write(partial: &Path, parts: &[&[u8]], path: &Path, root: &Path) -> io::Result<()> {
    let mut file = File::create(partial)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_all()?;
    let folder = path.parent().unwrap_or(root);
    let is_new_folder = !folder.exists();
    fs::create_dir_all(folder)?;
    fs::rename(partial, path)?;
    // The name is in the folder, so the folder must reach the disk as well, and so must a new folder's own name.
    File::open(folder)?.sync_all()?;
    if is_new_folder {
        for parent in folder.ancestors().skip(1).take_while(|parent| parent.starts_with(root)) {
            File::open(parent)?.sync_all()?;
        }
    }
    Ok(())
}

pub(super) fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let detail = format!("cannot {what} {}: {error}", path.display());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::Full(detail),
        _ => Error::Unavailable(detail),
    }
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|e| Err(Error::Unavailable(format!("the disk task failed: {e}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_crash_left_is_cleared() {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(root.path().join(PARTIAL)).expect("a folder");
        fs::write(root.path().join(PARTIAL).join("half"), b"half").expect("a file");
        Fs::open(root.path().to_path_buf()).await.expect("opens");
        assert_eq!(fs::read_dir(root.path().join(PARTIAL)).expect("a folder").count(), 0);
    }
}
