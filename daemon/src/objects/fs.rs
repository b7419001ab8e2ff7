//! Objects as files: written under a temporary name, flushed, renamed; so a key either has all its bytes or does not exist.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;

use super::{Error, Result};
use crate::clock::new_id;

/// Folder below the root for files that are not complete yet.
const PARTIAL: &str = ".partial";

#[derive(Debug, Clone)]
pub(super) struct Fs {
    root: PathBuf,
}

impl Fs {
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

    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let path = self.path(key)?;
        let partial = self.root.join(PARTIAL).join(new_id().to_string());
        let root = self.root.clone();
        blocking(move || {
            let written = write(&partial, &bytes, &path, &root);
            if written.is_err() {
                // The write has failed already; that its remains cannot be removed adds nothing.
                let _ = fs::remove_file(&partial);
            }
            written.map_err(|e| failed("write", &path, e))
        })
        .await
    }

    pub async fn get(&self, key: &str) -> Result<Bytes> {
        let path = self.path(key)?;
        let key = key.to_string();
        blocking(move || match fs::read(&path) {
            Ok(bytes) => Ok(bytes.into()),
            Err(e) if e.kind() == ErrorKind::NotFound => Err(Error::NotFound(key)),
            Err(e) => Err(failed("read", &path, e)),
        })
        .await
    }

    pub async fn delete(&self, key: &str) -> Result<()> {
        let path = self.path(key)?;
        blocking(move || match fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(failed("delete", &path, e)),
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

    /// The file of `key`. A key that could leave the root names no object.
    fn path(&self, key: &str) -> Result<PathBuf> {
        let relative = Path::new(key);
        let is_plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
        if key.is_empty() || !is_plain || key.starts_with(PARTIAL) {
            return Err(Error::NotFound(key.to_string()));
        }
        Ok(self.root.join(relative))
    }
}

fn write(partial: &Path, bytes: &[u8], path: &Path, root: &Path) -> io::Result<()> {
    let mut file = File::create(partial)?;
    file.write_all(bytes)?;
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

fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let detail = format!("cannot {what} {}: {error}", path.display());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::Full(detail),
        _ => Error::Unavailable(detail),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|e| Err(Error::Unavailable(format!("the disk task failed: {e}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_put_is_got_and_deleted_twice() {
        let root = tempfile::tempdir().expect("a folder");
        let store = Fs::open(root.path().join("objects")).await.expect("opens");
        store.put("main/cam-1/a.jpg", Bytes::from_static(b"one")).await.expect("puts");
        store.put("main/cam-1/a.jpg", Bytes::from_static(b"two")).await.expect("puts again");
        assert_eq!(store.get("main/cam-1/a.jpg").await.expect("gets"), "two");
        store.delete("main/cam-1/a.jpg").await.expect("deletes");
        store.delete("main/cam-1/a.jpg").await.expect("deletes twice");
        assert!(matches!(store.get("main/cam-1/a.jpg").await, Err(Error::NotFound(_))));
        store.ping().await.expect("is writable");
    }

    #[tokio::test]
    async fn a_key_never_leaves_the_root() {
        let root = tempfile::tempdir().expect("a folder");
        let store = Fs::open(root.path().join("objects")).await.expect("opens");
        for key in ["", "../x", "/etc/passwd", "a/../../x", ".partial/x", "a/./../x"] {
            assert!(matches!(store.get(key).await, Err(Error::NotFound(_))), "{key}");
            assert!(store.put(key, Bytes::new()).await.is_err(), "{key}");
        }
    }

    #[tokio::test]
    async fn what_a_crash_left_is_cleared() {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(root.path().join(PARTIAL)).expect("a folder");
        fs::write(root.path().join(PARTIAL).join("half"), b"half").expect("a file");
        Fs::open(root.path().to_path_buf()).await.expect("opens");
        assert_eq!(fs::read_dir(root.path().join(PARTIAL)).expect("a folder").count(), 0);
    }
}
