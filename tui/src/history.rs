//! Command lines that were typed before, kept for the next start. They may name people, so nobody else reads them.

use std::fs;
use std::io;
use std::path::PathBuf;

use parking_api::client::env::Env;

use crate::files::{self, Use};
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
        files::folder(env, Use::State).map(|folder| Self { file: folder.join("commands") })
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

    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, lines: &[String]) -> io::Result<()> {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        files::replace(&self.file, text.as_bytes())
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
