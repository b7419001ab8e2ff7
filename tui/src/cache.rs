//! The last known state of each lot, kept on disk so that the next start shows something at once. Losing it costs nothing.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use parking_api::client::env::Env;
use parking_api::live::Snapshot;
use parking_api::{LotId, Time};
use serde::{Deserialize, Serialize};

/// A larger file is none of ours, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Where states are kept.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    server: String,
    at: Time,
    snapshot: Snapshot,
}

impl Cache {
    /// In the cache folder of this person.
    pub fn of_person(env: &Env) -> Option<Self> {
        let base = match env.get("XDG_CACHE_HOME") {
            Some(folder) => PathBuf::from(folder),
            None => etcetera::choose_base_strategy().ok()?.cache_dir(),
        };
        Some(Self { folder: base.join("parktui") })
    }

    pub fn load(&self, server: &str, lot: &LotId) -> Option<(Time, Snapshot)> {
        let path = self.path(server, lot);
        if fs::metadata(&path).ok()?.len() > FILE_BYTES_MAX {
            return None;
        }
        let kept: Kept = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (kept.server == server && kept.snapshot.lot.id == *lot).then_some((kept.at, kept.snapshot))
    }

    /// Writes beside and renames, so that a reader never sees half of it. Notes are nobody else's business.
    pub fn save(&self, server: &str, at: Time, snapshot: Snapshot) -> std::io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let path = self.path(server, &snapshot.lot.id);
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        let kept = Kept { server: server.into(), at, snapshot };
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&serde_json::to_vec(&kept)?)?;
        fs::rename(&beside, &path)
    }

    fn path(&self, server: &str, lot: &LotId) -> PathBuf {
        let plain: String = server.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        Path::new(&self.folder).join(format!("{plain}_{lot}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lot::LotView;

    #[test]
    fn what_was_kept_is_found_again_for_the_same_server_and_lot_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache { folder: folder.path().join("parktui") };
        let mut demo = crate::demo::lot::DemoLot::new(Time::from_ms(0), 1);
        let mut lot = LotView::new(demo.id());
        lot.remember(demo.snapshot(), Time::from_ms(5));
        let snapshot = lot.snapshot().expect("known");
        cache.save("http://a", Time::from_ms(5), snapshot.clone()).expect("saved");
        assert_eq!(cache.load("http://a", &demo.id()), Some((Time::from_ms(5), snapshot)));
        assert_eq!(cache.load("http://b", &demo.id()), None);
        assert_eq!(cache.load("http://a", &LotId::default()), None);
        drop(demo.step(Time::from_ms(9)));
    }
}
