//! Where pictures are kept: named bytes that never change. Knows nothing of captures.

mod fs;

use std::path::PathBuf;

use bytes::Bytes;

/// Why the object store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no object {0}")]
    NotFound(String),
    #[error("the disk of the object store is full: {0}")]
    Full(String),
    #[error("the object store is not available: {0}")]
    Unavailable(String),
    #[error("{0}")]
    Config(String),
}

pub type Result<T> = std::result::Result<T, Error>;

/// An object store. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Objects {
    fs: fs::Fs,
}

impl Objects {
    /// Opens the store that `url` (`file:///absolute/path`) names, creating it when it is missing.
    ///
    /// # Errors
    /// When the URL names no store that is supported, or the store cannot be written.
    pub async fn open(url: &str) -> Result<Self> {
        let path = url
            .strip_prefix("file://")
            .filter(|path| path.starts_with('/'))
            .ok_or_else(|| Error::Config(format!("OBJECTS_URL {url:?} is not supported: use file:///absolute/path")))?;
        Ok(Self { fs: fs::Fs::open(PathBuf::from(path)).await? })
    }

    /// Stores `bytes` under `key`; when this returns they are on disk.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.fs.put(key, bytes).await
    }

    pub async fn get(&self, key: &str) -> Result<Bytes> {
        self.fs.get(key).await
    }

    /// Removes an object; one that is gone already is no error.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.fs.delete(key).await
    }

    /// Whether the store can be written.
    pub async fn ping(&self) -> Result<()> {
        self.fs.ping().await
    }
}

/// The URL of the object store in a folder.
pub fn folder_url(folder: &std::path::Path) -> String {
    format!("file://{}", folder.display())
}
