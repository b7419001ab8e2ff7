//! Command lines that were typed before, kept for the next start. They may name people, so nobody else reads them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use etcetera::BaseStrategy;
use parking_api::client::env::Env;

use crate::model::HISTORY_MAX;

/// A larger file is none of ours, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Where they are kept.
#[derive(Debug, Clone)]
pub struct History {
    file: PathBuf,
}

impl History {
    /// In the state folder of this person.
    pub fn of_person(env: &Env) -> Option<Self> {
        let base = match env.get("XDG_STATE_HOME") {
            Some(folder) => PathBuf::from(folder),
            None => etcetera::choose_base_strategy().ok()?.state_dir()?,
        };
        Some(Self { file: base.join("parktui").join("commands") })
    }

    /// Oldest first; nothing where nothing can be read.
    pub fn load(&self) -> Vec<String> {
        if fs::metadata(&self.file).map_or(true, |known| known.len() > FILE_BYTES_MAX) {
            return Vec::new();
        }
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let lines: Vec<String> = text.lines().map(String::from).collect();
        lines[lines.len().saturating_sub(HISTORY_MAX)..].to_vec()
    }

    /// Writes beside and renames, so that a crash leaves the old or the new.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, lines: &[String]) -> io::Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let beside = self.file.with_extension(format!("{}.new", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        file.write_all(text.as_bytes())?;
        fs::rename(&beside, &self.file)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn lines_are_found_again_the_newest_of_them_and_by_nobody_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let env = Env::from_iter([("XDG_STATE_HOME", folder.path().to_str().expect("a name"))]);
        let history = History::of_person(&env).expect("a place");
        assert!(history.load().is_empty());
        let lines: Vec<String> = (0..HISTORY_MAX + 5).map(|n| format!("goto A-{n}")).collect();
        history.save(&lines).expect("saved");
        assert_eq!(history.load(), lines[5..]);
        let mode = fs::metadata(&history.file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
