//! Compares the object store with the captures, both ways: what no capture names is removed once it is old enough, and a capture whose
//! picture is not there is told of.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use parking_api::storage::SweepRun;
use parking_api::{CaptureId, LotId};

use super::super::{Error, SPOOLED_MS_MAX};
use super::{Keeper, SWEPT};
use crate::firmware::object_key;
use crate::objects::{self, PAGE_MAX};

/// Orphans that one sweep removes at most, and that are removed at once.
const ORPHANS_MAX: usize = 100_000;
const REMOVALS_MAX: usize = 8;
/// More orphans than that, and more than this part of all objects, are no remains of crashes: a database was restored, or the store is
/// that of another. Then nobody but a person may remove them.
const REMAINS_MAX: u64 = 100;
const REMAINS_PART: u64 = 10;
/// Missing pictures that are asked for one by one, and that are named.
const MISSING_ASKED_MAX: u64 = 1_000;
const MISSING_NAMED_MAX: usize = 10;

/// Marks in the object store of the databases that use it, each with the epoch of the lot `main`.
const MARKS: &str = "_parkd/database-";

/// How far a sweep goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Removes nothing.
    Look,
    /// Removes what crashes leave behind.
    Remains,
    /// Removes whatever no capture names.
    Whole,
}

impl Keeper {
    /// # Errors
    /// When the database or the object store fails.
    pub async fn sweep(&self, depth: Depth) -> Result<SweepRun, Error> {
        let now = self.clock.now();
        let mut run = SweepRun {
            at: now,
            objects: 0,
            orphans: 0,
            orphan_bytes: 0,
            removed: 0,
            held_back: None,
            missing: 0,
            missing_keys: Vec::new(),
        };
        let others = if depth == Depth::Look { 0 } else { self.sign().await? };
        let (orphans, there) = self.look(&mut run).await?;
        self.find_missing(&there, &mut run).await?;
        let are_many = run.orphans > REMAINS_MAX && run.orphans * REMAINS_PART > run.objects;
        if others > 0 {
            run.held_back = Some(format!(
                "{others} other databases use this object store, and their pictures cannot be told from those of none: give each a store \
                 of its own, or delete the objects {MARKS}… of databases that are no more"
            ));
        } else if depth == Depth::Remains && are_many {
            run.held_back = Some(format!(
                "{} of {} pictures are of no capture, which is too many to be removed unasked (see parkd sweep --dry-run)",
                run.orphans, run.objects
            ));
        }
        if depth != Depth::Look && run.held_back.is_none() {
            for keys in orphans.chunks(REMOVALS_MAX) {
                let done = join_all(keys.iter().map(|key| self.objects.delete(key))).await;
                run.removed += done.iter().filter(|done| done.is_ok()).count() as u64;
            }
        }
        if depth != Depth::Look {
            self.keep_done(SWEPT, &run).await?;
        }
        Ok(run)
    }

    /// Leaves a mark of this database in the object store, and counts those of others.
    async fn sign(&self) -> Result<usize, Error> {
        let Some(main) = self.ledger.lot(&LotId::default()) else { return Ok(0) };
        // A database that was restored has another epoch: it may be there beside the first.
        let own = format!("{MARKS}{}", main.read(|state| Arc::clone(state.epoch())));
        let marks = self.objects.list(MARKS, None, PAGE_MAX).await?;
        if !marks.iter().any(|mark| mark.key == own) {
            self.objects.put(&own, Bytes::new()).await?;
        }
        Ok(marks.iter().filter(|mark| mark.key != own).count())
    }

    /// Walks through the objects. Returns the orphans, and marks of all that are there, in order.
    async fn look(&self, run: &mut SweepRun) -> Result<(Vec<String>, Vec<u64>), Error> {
        let before = run.at.plus_ms(-self.settings.orphan_age_ms);
        let (mut orphans, mut there) = (Vec::new(), Vec::new());
        let mut last: Option<String> = None;
        loop {
            let mut page = self.objects.list("", last.as_deref(), PAGE_MAX).await?;
            let is_last = page.len() < PAGE_MAX;
            last = page.last().map(|entry| entry.key.clone());
            page.retain(|entry| is_picture(&entry.key) || is_image(&entry.key));
            run.objects += page.len() as u64;
            there.extend(page.iter().map(|entry| mark(&entry.key)));
            page.retain(|entry| entry.modified < before);
            let keys: Vec<_> = page.iter().map(|entry| entry.key.clone()).collect();
            let known = self.ledger.store().known_pictures(&keys).await?;
            for entry in page.into_iter().filter(|entry| !known.contains(&entry.key)) {
                (run.orphans, run.orphan_bytes) = (run.orphans + 1, run.orphan_bytes + entry.bytes);
                if orphans.len() < ORPHANS_MAX {
                    orphans.push(entry.key);
                }
            }
            if is_last {
                there.sort_unstable();
                return Ok((orphans, there));
            }
        }
    }

    /// Finds captures whose picture is not among those `there`.
    async fn find_missing(&self, there: &[u64], run: &mut SweepRun) -> Result<(), Error> {
        // It may wait in the spool of another daemon.
        let age_ms = if self.objects.is_shared() { SPOOLED_MS_MAX } else { 0 };
        let before = run.at.plus_ms(-age_ms.max(self.settings.orphan_age_ms));
        let store = self.ledger.store();
        let mut last = String::new();
        loop {
            let page = store.pictures_by_key(&last, PAGE_MAX).await?;
            let Some((key, _)) = page.last() else { return Ok(()) };
            last.clone_from(key);
            let old = page.into_iter().filter(|(_, at)| *at < before).map(|(key, _)| key);
            for key in old.filter(|key| there.binary_search(&mark(key)).is_err()) {
                if run.missing < MISSING_ASKED_MAX && !self.is_missing(&key).await? {
                    continue;
                }
                run.missing += 1;
                if run.missing_keys.len() < MISSING_NAMED_MAX {
                    run.missing_keys.push(key);
                }
            }
        }
    }

    async fn is_missing(&self, key: &str) -> Result<bool, Error> {
        match self.objects.head(key).await {
            Ok(_) => Ok(false),
            // It may have been deleted in between.
            Err(objects::Error::NotFound(_)) => Ok(self.ledger.store().has_picture(key).await?),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the small versions of pictures that are gone, which another daemon or a command may have removed.
    pub(super) async fn sweep_thumbnails(&self) -> Result<usize, Error> {
        let Some(thumbnails) = &self.thumbnails else { return Ok(0) };
        let ids: Vec<CaptureId> = thumbnails.captures().await?;
        let lots: Vec<LotId> = self.ledger.lots().iter().map(|lot| lot.id().clone()).collect();
        let mut removed = 0;
        for page in ids.chunks(PAGE_MAX) {
            let mut gone: BTreeSet<CaptureId> = page.iter().copied().collect();
            for lot in &lots {
                for known in self.ledger.store().known_captures(lot, page).await? {
                    gone.remove(&known);
                }
            }
            removed += gone.len();
            for capture in gone {
                thumbnails.forget(capture).await;
            }
        }
        Ok(removed)
    }
}

/// What a sweep found that somebody should look after, in words.
pub(super) fn findings(run: &SweepRun) -> Vec<String> {
    let mut findings = Vec::new();
    if run.missing > 0 {
        findings.push(format!("{} captures have no picture (see parkd sweep --dry-run)", run.missing));
    }
    findings.extend(run.held_back.clone());
    findings
}

fn mark(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Whether a key is one that this daemon gives to pictures (`LOT/CAMERA/2026/11/23/ID-SHA256.jpg`): nothing else is touched.
fn is_picture(key: &str) -> bool {
    let parts: Vec<_> = key.split('/').collect();
    let [lot, camera, year, month, day, file] = parts[..] else { return false };
    let is_number = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
    let name = file.strip_suffix(".jpg").or_else(|| file.strip_suffix(".png"));
    let is_name = name.and_then(|name| name.rsplit_once('-')).is_some_and(|(id, sum)| {
        id.parse::<CaptureId>().is_ok() && sum.len() == 8 && sum.bytes().all(|b| b.is_ascii_hexdigit())
    });
    lot.parse::<LotId>().is_ok()
        && (camera == "_" || camera.parse::<parking_api::CameraId>().is_ok())
        && is_number(year, 4)
        && is_number(month, 2)
        && is_number(day, 2)
        && is_name
}

/// Whether a key is one that this daemon gives to firmware.
fn is_image(key: &str) -> bool {
    let parts: Vec<_> = key.split('/').collect();
    let [lot, _, file] = parts[..] else { return false };
    let id = file.strip_suffix(".bin").and_then(|id| id.parse().ok());
    lot.parse().ok().zip(id).is_some_and(|(lot, id)| object_key(&lot, id) == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_touched_that_is_not_named_like_a_picture() {
        let id = "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12";
        for key in [format!("main/cam-1/2026/11/23/{id}-0a1b2c3d.jpg"), format!("main/_/2026/11/23/{id}-0a1b2c3d.png")]
        {
            assert!(is_picture(&key), "{key}");
        }
        for key in [
            format!("main/cam-1/2026/11/23/{id}.jpg"),
            format!("main/cam-1/2026/11/23/{id}-0a1b2c3d.gif"),
            format!("main/cam-1/2026/11/{id}-0a1b2c3d.jpg"),
            format!("main/cam-1/2026/11/2x/{id}-0a1b2c3d.jpg"),
            format!("x/main/cam-1/2026/11/23/{id}-0a1b2c3d.jpg"),
            "main/cam-1/2026/11/23/holiday-0a1b2c3d.jpg".to_string(),
            "backup.tar".to_string(),
        ] {
            assert!(!is_picture(&key) && !is_image(&key), "{key}");
        }
        assert!(is_image(&format!("main/_firmware/{id}.bin")));
    }
}
