//! Files that are this person's alone: where they are, and how one is written.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use parking_api::client::env::Env;

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Config,
    Cache,
    State,
}

/// The folder of this program; none where no home is known.
pub fn folder(env: &Env, of: Use) -> Option<PathBuf> {
    let variable = match of {
        Use::Config => "XDG_CONFIG_HOME",
        Use::Cache => "XDG_CACHE_HOME",
        Use::State => "XDG_STATE_HOME",
    };
    let by_system = || {
        let base = etcetera::choose_base_strategy().ok()?;
        match of {
            Use::Config => Some(base.config_dir()),
            Use::Cache => Some(base.cache_dir()),
            Use::State => base.state_dir(),
        }
    };
    let base = env.get(variable).map(PathBuf::from).or_else(by_system)?;
    Some(base.join("parktui"))
}

/// Writes beside and renames: a reader, and a crash, find the old or the new. Nobody else may read it.
///
/// # Errors
/// When it cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    fs::rename(&beside, path)
}
