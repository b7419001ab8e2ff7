//! Files that a person names: `-` is standard input or output. Knows nothing of what is in them.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Most bytes of a file that is read: far above what the daemon takes, far below what fills a machine.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Most files of one name, told apart by a number.
const SAME_NAME_MAX: u32 = 99;

pub fn is_std(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The path as messages name it.
pub fn name(path: &Path) -> String {
    if is_std(path) { "standard input".into() } else { path.display().to_string() }
}

pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed =
        |error: std::io::Error| Error::failed("file_unreadable", format!("cannot read {}: {error}", name(path)));
    let source: Box<dyn Read> = match is_std(path) {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(path).map_err(failed)?),
    };
    let mut bytes = Vec::new();
    source.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Error::failed("file_too_large", format!("{} is larger than {FILE_BYTES_MAX} bytes", name(path))));
    }
    Ok(bytes)
}

/// Writes the whole file or none of it: a reader never sees half of it.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_new(path, bytes, false)
}

/// The same, readable by its owner alone.
pub fn write_secret(path: &Path, secret: &str) -> Result<(), Error> {
    write_new(path, format!("{secret}\n").as_bytes(), true)
}

/// Under `stem` in `dir`, where nothing is overwritten: a file that is there with these bytes is left as it is, and beside one with others
/// this one gets a number. The path that it has now.
pub fn write_beside(dir: &Path, stem: &str, suffix: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
    for n in 1..=SAME_NAME_MAX {
        let path = match n {
            1 => dir.join(format!("{stem}.{suffix}")),
            n => dir.join(format!("{stem}-{n}.{suffix}")),
        };
        if std::fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(path);
        }
        if std::fs::symlink_metadata(&path).is_err() {
            write(&path, bytes)?;
            return Ok(path);
        }
    }
    Err(Error::failed(
        "file_unwritable",
        format!("{SAME_NAME_MAX} files in {} are called {stem} already", dir.display()),
    ))
}

fn write_new(path: &Path, bytes: &[u8], is_secret: bool) -> Result<(), Error> {
    let failed =
        |error: std::io::Error| Error::failed("file_unwritable", format!("cannot write {}: {error}", name(path)));
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        // A device or a pipe is written to; replacing it would be a disaster.
        return std::fs::write(path, bytes).map_err(failed);
    }
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = Path::new(&part);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    if is_secret {
        owner_only(&mut options);
    }
    let written = options.open(part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(part, path)).map_err(|error| {
        let _ = std::fs::remove_file(part);
        failed(error)
    })
}

#[cfg(unix)]
fn owner_only(options: &mut std::fs::OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut std::fs::OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_as_a_whole_or_as_before() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.jpg");
        write(&path, b"first").expect("written");
        write(&path, b"second").expect("replaced");
        assert_eq!(read(&path).expect("readable"), b"second");
        assert!(write(&dir.path().join("none/a.jpg"), b"x").is_err());
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_file_that_is_there_is_never_overwritten() {
        let dir = tempfile::tempdir().expect("a folder");
        let beside = |bytes: &[u8]| {
            let path = write_beside(dir.path(), "a", "jpg", bytes).expect("written");
            path.file_name().and_then(|name| name.to_str()).expect("a name").to_string()
        };
        assert_eq!(
            (beside(b"first"), beside(b"second"), beside(b"first")),
            ("a.jpg".into(), "a-2.jpg".into(), "a.jpg".into())
        );
        assert_eq!(read(&dir.path().join("a.jpg")).expect("readable"), b"first");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        use std::os::unix::fs::FileTypeExt;
        write(Path::new("/dev/null"), b"x").expect("written");
        assert!(std::fs::metadata("/dev/null").expect("there").file_type().is_char_device());
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_readable_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("token");
        write_secret(&path, "secret").expect("written");
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(read(&path).expect("readable"), b"secret\n");
    }
}
