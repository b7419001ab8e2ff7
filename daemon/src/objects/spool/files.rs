//! The files of the spool: one for each object, numbered in the order of their arrival. Its first line is the key, the rest the object.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::super::fs::{blocking, failed, is_nothing, write};
use super::super::{Error, PARTIAL, Result};

/// Held as long as a daemon uses the folder.
const LOCK: &str = ".lock";

#[derive(Debug, Clone)]
pub(super) struct Files {
    folder: PathBuf,
    _lock: Arc<File>,
}

/// A file that was there already.
#[derive(Debug)]
pub(super) struct Found {
    pub number: u64,
    pub key: String,
    pub bytes: u64,
}

impl Files {
    /// Takes the folder for this process alone, and says what is in it, in order.
    pub async fn open(folder: PathBuf) -> Result<(Self, Vec<Found>)> {
        blocking(move || {
            let partial = folder.join(PARTIAL);
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&partial);
            made.map_err(|e| failed("create", &partial, e))?;
            let lock = lock(&folder)?;
            let read = clear(&partial).and_then(|()| find(&folder));
            let found = read.map_err(|e| failed("read the spool in", &folder, e))?;
            Ok((Self { folder, _lock: Arc::new(lock) }, found))
        })
        .await
    }

    /// When this returns the object is on disk. Blocks.
    pub fn write(&self, number: u64, key: &str, bytes: &[u8]) -> Result<()> {
        let (path, partial) = (self.path(number), self.folder.join(PARTIAL).join(number.to_string()));
        let written = write(&partial, &[key.as_bytes(), b"\n", bytes], &path, &self.folder);
        if written.is_err() {
            // The write has failed already; that its remains cannot be removed adds nothing.
            let _ = fs::remove_file(&partial);
        }
        written.map_err(|e| failed("write", &path, e))
    }

    /// The object in a file; `None` when there is none any more.
    pub async fn read(&self, number: u64) -> Result<Option<Bytes>> {
        let path = self.path(number);
        blocking(move || match fs::read(&path) {
            Ok(file) => {
                let start = file.iter().position(|byte| *byte == b'\n').map_or(file.len(), |end| end + 1);
                Ok(Some(Bytes::from(file).slice(start..)))
            }
            Err(e) if is_nothing(&e) => Ok(None),
            Err(e) => Err(failed("read", &path, e)),
        })
        .await
    }

    /// The bytes of an object that lie in `range`; `None` when there is none any more.
    pub async fn read_range(&self, number: u64, key: &str, range: Range<u64>) -> Result<Option<Bytes>> {
        let (path, start) = (self.path(number), key.len() as u64 + 1);
        let part = move |path: &Path| {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(start + range.start))?;
            let mut bytes = Vec::new();
            file.take(range.end - range.start).read_to_end(&mut bytes)?;
            Ok(bytes.into())
        };
        blocking(move || match part(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if is_nothing(&e) => Ok(None),
            Err(e) => Err(failed("read", &path, e)),
        })
        .await
    }

    /// Gives a file another number.
    pub fn rename(&self, from: u64, to: u64) -> Result<()> {
        let path = self.path(from);
        fs::rename(&path, self.path(to)).map_err(|e| failed("move", &path, e))
    }

    pub async fn remove(&self, number: u64) -> Result<()> {
        let path = self.path(number);
        blocking(move || match fs::remove_file(&path) {
            Err(e) if !is_nothing(&e) => Err(failed("remove", &path, e)),
            _ => Ok(()),
        })
        .await
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:016x}"))
    }
}

/// How many objects wait in a folder that no daemon uses; none where there is no such folder.
///
/// # Errors
/// When it cannot be read.
pub fn waiting(folder: &Path) -> io::Result<usize> {
    match fs::read_dir(folder) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(0),
        entries => entries?.try_fold(0, |count, entry| Ok(count + usize::from(number(&entry?).is_some()))),
    }
}

/// The number of a file of the spool; other files have none.
fn number(entry: &fs::DirEntry) -> Option<u64> {
    u64::from_str_radix(entry.file_name().to_str()?, 16).ok()
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(|e| failed("create", &path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::Config(format!(
            "another parkd uses the spool in {}: give each daemon a data folder of its own (--data-dir)",
            folder.display()
        ))),
        Err(fs::TryLockError::Error(e)) => Err(failed("lock", &path, e)),
    }
}

/// What a crash left unfinished was never acknowledged.
fn clear(partial: &Path) -> io::Result<()> {
    fs::read_dir(partial)?.try_for_each(|entry| fs::remove_file(entry?.path()))
}

fn find(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(number) = number(&entry) else { continue };
        let mut key = String::new();
        BufReader::new(File::open(entry.path())?).read_line(&mut key)?;
        let bytes = entry.metadata()?.len().saturating_sub(key.len() as u64);
        if key.pop() != Some('\n') {
            let detail = format!("{} is not a file of the spool: move it away", entry.path().display());
            return Err(io::Error::new(ErrorKind::InvalidData, detail));
        }
        found.push(Found { number, key, bytes });
    }
    found.sort_unstable_by_key(|file| file.number);
    Ok(found)
}
