//! Where pictures are kept: named bytes that never change, as files or behind S3. Knows nothing of captures.

mod disk;
mod fs;
mod keys;
mod place;
mod s3;
mod spool;

use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use parking_api::Time;

pub use disk::Space;
pub use keys::SECRET_NAMES;
use place::Place;
pub use spool::{Settings as SpoolSettings, State, spooled};
use tokio_util::sync::CancellationToken;

/// Most objects that one page of a list has.
pub const PAGE_MAX: usize = 1_000;
/// Longest key, and longest part of one between slashes, in bytes: what S3 and common filesystems take.
const KEY_BYTES_MAX: usize = 1_024;
const PART_BYTES_MAX: usize = 255;
/// Folder below the root of a folder for files that are not complete yet; no key begins with it.
const PARTIAL: &str = ".partial";

/// Why the object store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no object {0}")]
    NotFound(String),
    #[error("the disk of the object store is full: {0}")]
    Full(String),
    /// It was reached, and does not know the keys or does not allow them to do this.
    #[error("the object store refuses the keys that parkd has: {0}")]
    Refused(String),
    #[error("the object store is not available: {0}")]
    Unavailable(String),
    /// S3 is away, and what waits for it takes all the room that it may.
    #[error("the spool is full: {0}")]
    SpoolFull(String),
    #[error("the object store has no such bucket: {0}")]
    NoBucket(String),
    #[error("{0}")]
    Config(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub bytes: u64,
    /// When it was last written, by the clock of the store.
    pub modified: Time,
}

/// Where an object is for somebody who moves bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// The file of its key below the folder of the store.
    File,
    /// Path and query at the host of S3, good for a while.
    Signed(String),
}

/// An object store. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Objects {
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    Fs(fs::Fs),
    S3(s3::S3),
    Spooled(spool::Spool),
}

impl Objects {
    /// Opens the store that `url` names (`file:///absolute/path` or `s3://bucket?endpoint=…&region=…`), creating it when it is missing
    /// and may be created. The keys of S3 come from `keys_file` or the environment, never from the URL.
    ///
    /// # Errors
    /// When the URL names no store that is supported, there are no keys, or the store cannot be used.
    pub async fn open(url: &str, keys_file: Option<&Path>) -> Result<Self> {
        let backend = match Place::parse(url)? {
            Place::Folder(root) => Backend::Fs(fs::Fs::open(root).await?),
            Place::Bucket(bucket) => {
                let s3 = s3::S3::new(&bucket, &keys::read(keys_file)?)?;
                s3.prepare().await?;
                Backend::S3(s3)
            }
        };
        Ok(Self { backend })
    }

    /// The same, with a spool in front of S3, so that it may be away. Only one process may use a spool at a time.
    ///
    /// # Errors
    /// As [`Self::open`]; not when S3 cannot be reached.
    pub async fn open_spooled(url: &str, keys_file: Option<&Path>, spool: SpoolSettings) -> Result<Self> {
        let backend = match Place::parse(url)? {
            Place::Folder(root) => Backend::Fs(fs::Fs::open(root).await?),
            Place::Bucket(bucket) => {
                let s3 = s3::S3::new(&bucket, &keys::read(keys_file)?)?;
                Backend::Spooled(spool::Spool::open(s3, spool).await?)
            }
        };
        Ok(Self { backend })
    }

    /// Opens a store that a daemon uses, beside it: creates and clears nothing.
    ///
    /// # Errors
    /// When the URL names no store that is supported, or there are no keys.
    pub async fn open_beside(url: &str, keys_file: Option<&Path>) -> Result<Self> {
        let backend = match Place::parse(url)? {
            Place::Folder(root) => Backend::Fs(fs::Fs::at(root)),
            Place::Bucket(bucket) => Backend::S3(s3::S3::new(&bucket, &keys::read(keys_file)?)?),
        };
        Ok(Self { backend })
    }

    /// Stores `bytes` under `key`; when this returns they are kept, and what was there is replaced.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        match self.backend_of(key)? {
            Backend::Fs(fs) => fs.put(key, bytes).await,
            Backend::S3(s3) => s3.put(key, bytes).await,
            Backend::Spooled(spool) => spool.put(key, bytes).await,
        }
    }

    pub async fn get(&self, key: &str) -> Result<Bytes> {
        match self.backend_of(key)? {
            Backend::Fs(fs) => fs.get(key).await,
            Backend::S3(s3) => s3.get(key).await,
            Backend::Spooled(spool) => spool.get(key).await,
        }
    }

    /// The bytes of the object that lie in `range`: fewer, or none, when it ends before.
    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        match self.backend_of(key)? {
            _ if range.is_empty() => Ok(Bytes::new()),
            Backend::Fs(fs) => fs.get_range(key, range).await,
            Backend::S3(s3) => s3.get_range(key, range).await,
            Backend::Spooled(spool) => spool.get_range(key, range).await,
        }
    }

    /// Where a proxy that is trusted fetches the object by itself; `None` when only this daemon can. Whether it is there is not asked.
    pub async fn address(&self, key: &str) -> Result<Option<Address>> {
        match self.backend_of(key)? {
            Backend::Fs(_) => Ok(Some(Address::File)),
            Backend::S3(s3) => s3.signed(key).await.map(Address::Signed).map(Some),
            Backend::Spooled(spool) => Ok(spool.signed(key).await?.map(Address::Signed)),
        }
    }

    /// How many bytes the object has.
    pub async fn head(&self, key: &str) -> Result<u64> {
        match self.backend_of(key)? {
            Backend::Fs(fs) => fs.head(key).await,
            Backend::S3(s3) => s3.head(key).await,
            Backend::Spooled(spool) => spool.head(key).await,
        }
    }

    /// Removes an object; one that is gone already is no error.
    pub async fn delete(&self, key: &str) -> Result<()> {
        match self.backend_of(key)? {
            Backend::Fs(fs) => fs.delete(key).await,
            Backend::S3(s3) => s3.delete(key).await,
            Backend::Spooled(spool) => spool.delete(key).await,
        }
    }

    /// The first `limit` (at most [`PAGE_MAX`]) objects whose key begins with `prefix` and comes after `after`. The last key of a page is
    /// `after` of the next; a page that is not full is the last. The order is that of the keys' bytes, except in a SeaweedFS, which lists
    /// each folder as a whole; it is always the same, so that a walk by pages meets each object once.
    /// What waits in a spool is not in it.
    pub async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Entry>> {
        let limit = limit.clamp(1, PAGE_MAX);
        match &self.backend {
            Backend::Fs(fs) => fs.list(prefix, after, limit).await,
            Backend::S3(s3) => s3.list(prefix, after, limit).await,
            Backend::Spooled(spool) => spool.s3().list(prefix, after, limit).await,
        }
    }

    /// Whether the store can be used, or what happens meanwhile.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn state(&self) -> Result<State> {
        match &self.backend {
            Backend::Fs(fs) => fs.ping().await.map(|()| State::Ok),
            Backend::S3(s3) => s3.ping().await.map(|()| State::Ok),
            Backend::Spooled(spool) => Ok(spool.state().await),
        }
    }

    /// Brings what waits in the spool to S3, until `stop`.
    pub async fn drain(self, stop: CancellationToken) {
        if let Backend::Spooled(spool) = self.backend {
            spool.drain(stop).await;
        }
    }

    /// The disk that the objects are on; `None` where they are elsewhere.
    pub async fn space(&self) -> Result<Option<Space>> {
        match &self.backend {
            Backend::Fs(fs) => disk::space(fs.root().to_path_buf()).await.map(Some),
            Backend::S3(_) | Backend::Spooled(_) => Ok(None),
        }
    }

    /// Whether several daemons may have it, so that an object which is missing may be on its way from another.
    pub fn is_shared(&self) -> bool {
        !matches!(self.backend, Backend::Fs(_))
    }

    /// A key that no store could take, or that could leave the root of a folder, names no object.
    fn backend_of(&self, key: &str) -> Result<&Backend> {
        if is_key(key) { Ok(&self.backend) } else { Err(Error::NotFound(key.to_string())) }
    }
}

/// Whether both kinds of store can hold an object under this name and give it back under the same.
fn is_key(key: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= PART_BYTES_MAX;
    key.len() <= KEY_BYTES_MAX
        // SeaweedFS would make a slash of a backslash.
        && !key.contains(|c: char| c.is_control() || c == '\\')
        && key.split('/').all(is_part)
        && key.split('/').next() != Some(PARTIAL)
}

/// Whether `url` names a store that is supported.
///
/// # Errors
/// What is wrong with it, without any secret that stands in it.
pub fn check_url(url: &str) -> Result<(), String> {
    Place::parse(url).map(drop).map_err(|e| e.to_string())
}

/// The URL of the object store in a folder.
pub fn folder_url(folder: &Path) -> String {
    format!("file://{}", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_every_store_can_hold() {
        let long = "a".repeat(PART_BYTES_MAX);
        for key in ["a", "main/cam-1/a.jpg", "a b+ü%2F..jpg", ".a", "a/.partial", "...", &long] {
            assert!(is_key(key), "{key}");
        }
        let (longer, deep) = (format!("{long}a"), vec!["abc"; 257].join("/"));
        let bad = [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../x",
            "a/../x",
            "a/./x",
            ".partial/x",
            ".partial",
            "a\nb",
            "a\0",
            "a\\b",
        ];
        for key in bad.into_iter().chain([longer.as_str(), deep.as_str()]) {
            assert!(!is_key(key), "{key}");
        }
    }
}
