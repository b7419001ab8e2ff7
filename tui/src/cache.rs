//! The last known state of each lot, kept on disk so that the next start shows something at once. Losing it costs nothing.

use std::fs;
use std::path::PathBuf;

use parking_api::client::env::Env;
use parking_api::live::Snapshot;
use parking_api::{LotId, Time};
use serde::{Deserialize, Serialize};

use crate::files::{self, Use};

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
        files::folder(env, Use::Cache).map(|folder| Self { folder })
    }

    pub fn load(&self, server: &str, lot: &LotId) -> Option<(Time, Snapshot)> {
        let path = self.path(server, lot);
        if fs::metadata(&path).ok()?.len() > FILE_BYTES_MAX {
            return None;
        }
        let kept: Kept = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (kept.server == server && kept.snapshot.lot.id == *lot).then_some((kept.at, kept.snapshot))
    }

    /// Notes are nobody else's business.
    pub fn save(&self, server: &str, at: Time, snapshot: Snapshot) -> std::io::Result<()> {
        let path = self.path(server, &snapshot.lot.id);
        files::replace(&path, &serde_json::to_vec(&Kept { server: server.into(), at, snapshot })?)
    }

    fn path(&self, server: &str, lot: &LotId) -> PathBuf {
        let plain: String = server.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        self.folder.join(format!("{plain}_{lot}.json"))
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
