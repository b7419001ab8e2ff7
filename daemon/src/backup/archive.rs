//! The container of a backup: named parts in a folder or in one tar file, and a list of their checksums that is written last.
//! Knows nothing of what the parts hold.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use parking_api::digits::digits_of;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// The list of checksums, in the form of `sha256sum`. A backup without it is not complete.
pub const SUMS: &str = "SHA256SUMS";
/// A backup with this ending is one file; any other name is a folder.
const TAR: &str = "tar";
/// Held by whoever writes into a folder.
const LOCK: &str = ".lock";
/// Most bytes of one part; a larger one is damaged for sure.
const PART_BYTES_MAX: u64 = 1 << 30;

pub type Result<T, E = String> = std::result::Result<T, E>;

/// Whether a backup at this place is one file.
pub fn is_file(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == TAR)
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    digits_of(&Sha256::digest(bytes))
}

fn failed(what: &str, path: &Path) -> impl FnOnce(io::Error) -> String {
    move |error| format!("cannot {what} {}: {error}", path.display())
}

/// A backup that is being made. Dropped before the end, it leaves the place as it was, or a folder to go on with.
pub(super) struct Writer {
    path: PathBuf,
    sums: BTreeMap<String, String>,
    container: Container,
}

enum Container {
    /// With the file that keeps everybody else out.
    Folder(File),
    Tar(Box<tar::Builder<BufWriter<NamedTempFile>>>),
}

impl Writer {
    /// Begins at `path`: in a new file, in a new folder, or in a folder that holds a backup already.
    ///
    /// # Errors
    /// When the place is taken by something else or cannot be written.
    pub fn begin(path: &Path) -> Result<Self> {
        let container = if is_file(path) {
            if path.exists() {
                return Err(format!("{} is there already: name another file", path.display()));
            }
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            // Its owner's alone, as everything that holds the key of logins.
            let file =
                NamedTempFile::with_prefix_in(".parkd-backup-", folder).map_err(failed("create a file in", folder))?;
            Container::Tar(Box::new(tar::Builder::new(BufWriter::new(file))))
        } else {
            Container::Folder(take_folder(path)?)
        };
        Ok(Self { path: path.to_path_buf(), sums: BTreeMap::new(), container })
    }

    /// Adds a part.
    pub fn put(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.write(name, bytes)?;
        self.sums.insert(name.to_string(), sha256(bytes));
        Ok(())
    }

    /// Takes over a part that an earlier backup left in the same folder, if it has this many bytes. They are compared when the backup is verified.
    pub fn keep(&mut self, name: &str, bytes: u64, sha256: &str) -> bool {
        let is_folder = matches!(self.container, Container::Folder(_));
        let is_there =
            is_folder && fs::metadata(self.path.join(name)).is_ok_and(|found| found.is_file() && found.len() == bytes);
        if is_there {
            self.sums.insert(name.to_string(), sha256.to_string());
        }
        is_there
    }

    /// Makes it a whole backup, on disk.
    pub fn finish(mut self) -> Result<()> {
        let sums: String = self.sums.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
        self.write(SUMS, sums.as_bytes())?;
        let path = self.path;
        match self.container {
            Container::Folder(_lock) => remove_unnamed(&path, "", &self.sums).map_err(failed("clear", &path)),
            Container::Tar(builder) => {
                let file =
                    builder.into_inner().and_then(|buffer| buffer.into_inner().map_err(io::IntoInnerError::into_error));
                let file = file.map_err(failed("write", &path))?;
                file.as_file().sync_all().map_err(failed("write", &path))?;
                file.persist_noclobber(&path).map_err(|e| failed("write", &path)(e.error))?;
                sync_folder_of(&path).map_err(failed("write", &path))
            }
        }
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        match &mut self.container {
            Container::Folder(_) => {
                let path = self.path.join(name);
                write_file(&path, bytes).map_err(failed("write", &path))
            }
            Container::Tar(builder) => {
                let mut header = tar::Header::new_gnu();
                header.set_size(bytes.len() as u64);
                header.set_mode(0o600);
                builder.append_data(&mut header, name, bytes).map_err(failed("write", &self.path))
            }
        }
    }
}

/// Creates the folder, or takes one that holds nothing but a backup.
fn take_folder(path: &Path) -> Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("create the folder", path))?;
    let mut entries = fs::read_dir(path).map_err(failed("read", path))?;
    let is_ours = path.join(LOCK).exists() || path.join(SUMS).exists();
    if !is_ours && entries.next().is_some() {
        return Err(format!(
            "{} holds something else than a backup: name an empty folder, or a file that ends in .tar",
            path.display()
        ));
    }
    let lock = path.join(LOCK);
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&lock).map_err(failed("create", &lock))?;
    file.try_lock().map_err(|_| format!("another backup into {} is at work", path.display()))?;
    Ok(file)
}

/// All or nothing, and on disk.
fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = NamedTempFile::with_prefix_in(".partial-", folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    sync_folder_of(path)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Removes what an earlier backup in the same folder had and this one has not. `inner` is empty or ends with a slash.
fn remove_unnamed(root: &Path, inner: &str, sums: &BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(inner))? {
        let entry = entry?;
        let name = format!("{inner}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            remove_unnamed(root, &format!("{name}/"), sums)?;
            // One that is not empty stays.
            let _ = fs::remove_dir(entry.path());
        } else if !sums.contains_key(&name) && name != SUMS && name != LOCK {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A whole backup.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    sums: BTreeMap<String, String>,
    /// Where the parts of a file are: offset and length. `None` for a folder.
    index: Option<BTreeMap<String, (u64, u64)>>,
}

impl Reader {
    /// Opens the backup at `path`.
    ///
    /// # Errors
    /// When there is none, or it is not complete.
    pub fn open(path: &Path) -> Result<Self> {
        let is_folder =
            fs::metadata(path).map_err(|e| format!("there is no backup at {}: {e}", path.display()))?.is_dir();
        let index = if is_folder { None } else { Some(index(path)?) };
        let mut reader = Self { path: path.to_path_buf(), sums: BTreeMap::new(), index };
        let sums = reader.read(SUMS)?.ok_or_else(|| {
            format!(
                "the backup {} is not complete: it has no {SUMS}, which is written last (cut off, or never finished)",
                path.display()
            )
        })?;
        let text = String::from_utf8(sums).unwrap_or_default();
        for line in text.lines() {
            let (sum, name) = line.split_once("  ").filter(|(sum, _)| sum.len() == 64).ok_or_else(|| {
                format!("the list of checksums in {} is damaged: {line:?} is no line of it", path.display())
            })?;
            reader.sums.insert(name.to_string(), sum.to_string());
        }
        Ok(reader)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What identifies this backup: the checksum over all of it.
    pub fn id(&self) -> String {
        let sums: String = self.sums.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
        sha256(sums.as_bytes())
    }

    /// Names and checksums of the parts whose name begins with `prefix`, in order.
    pub fn parts<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let from = self.sums.range(prefix.to_string()..);
        from.take_while(move |(name, _)| name.starts_with(prefix)).map(|(name, sum)| (name.as_str(), sum.as_str()))
    }

    /// A part, compared with its checksum.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn get(&self, name: &str) -> Result<Vec<u8>> {
        let expected = self.sums.get(name).ok_or_else(|| format!("the backup has no part {name}"))?;
        let bytes = self.read(name)?.ok_or_else(|| format!("the part {name} is missing"))?;
        if sha256(&bytes) == *expected {
            Ok(bytes)
        } else {
            Err(format!("the part {name} is damaged: its checksum differs"))
        }
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(index) = &self.index else {
            let path = self.path.join(name);
            return match fs::read(&path) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(e) => Err(failed("read", &path)(e)),
            };
        };
        let Some((offset, len)) = index.get(name) else { return Ok(None) };
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(*offset))?;
            let mut bytes = Vec::new();
            file.take(*len).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        let bytes = read.map_err(failed("read", &self.path))?;
        if (bytes.len() as u64) < *len {
            return Err(format!("the backup {} is not complete: it is cut off in {name}", self.path.display()));
        }
        Ok(Some(bytes))
    }
}

/// Where each part of a tar file is.
fn index(path: &Path) -> Result<BTreeMap<String, (u64, u64)>> {
    let damaged = |e: io::Error| format!("the backup {} is damaged, or is none: {e}", path.display());
    let mut archive = tar::Archive::new(File::open(path).map_err(failed("read", path))?);
    let mut index = BTreeMap::new();
    for entry in archive.entries_with_seek().map_err(damaged)? {
        let entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if entry.size() > PART_BYTES_MAX {
            return Err(damaged(io::Error::other(format!("the part {name} is said to have {} bytes", entry.size()))));
        }
        index.insert(name, (entry.raw_file_position(), entry.size()));
    }
    Ok(index)
}
