//! Proves that a backup can be restored: by restoring it into a scratch database.

use std::collections::BTreeMap;

use super::archive::{Reader, Result};
use super::{IMAGES, Manifest, PICTURED, Picture, restore, tables};
use crate::ledger::{self, Depth, Report};
use crate::objects::Objects;
use crate::progress::Progress;
use crate::store::{Store, embedded_url, key};

/// Pictures that are compared when they are not in the backup but in the object store.
const SAMPLE: usize = 32;
/// Problems that are listed.
const PROBLEMS_MAX: usize = 100;
/// A scratch database is no server.
const CONNECTIONS: u32 = 1;

/// What the check of a backup came to.
#[derive(Debug)]
pub struct Checked {
    pub manifest: Manifest,
    pub parts: u64,
    /// Pictures whose bytes were compared.
    pub images: u64,
    pub reports: Vec<Report>,
    /// What is wrong; nothing when the backup is good.
    pub problems: Vec<String>,
}

/// Checks every part, restores the tables into a scratch database, folds the log there, and compares pictures: those of the backup, or a
/// sample of those in `objects`.
///
/// # Errors
/// When the backup is so damaged that there is nothing to restore, or no scratch database can be made.
pub async fn check(backup: &Reader, objects: Option<&Objects>, progress: &Progress) -> Result<Checked> {
    let manifest = Manifest::read(backup)?;
    let mut checked = Checked { manifest, parts: 0, images: 0, reports: Vec::new(), problems: Vec::new() };
    let names: Vec<_> = backup.parts("").collect();
    progress.begin("parts", names.len() as u64);
    for (name, _) in names {
        checked.parts += 1;
        checked.images += u64::from(name.starts_with(IMAGES));
        if let Err(problem) = backup.get(name) {
            checked.add(problem);
        }
        progress.advance(1);
    }
    progress.end();
    if checked.problems.is_empty() {
        let scratch = tempfile::tempdir().map_err(|e| format!("cannot make a scratch folder: {e} (set TMPDIR)"))?;
        let url = embedded_url(scratch.path());
        let pictures = checked.restore(backup, &url, progress).await?;
        checked.fold(&url).await?;
        checked.compare(backup, &pictures, objects, progress).await;
    }
    checked.problems.truncate(PROBLEMS_MAX);
    Ok(checked)
}

impl Checked {
    fn add(&mut self, problem: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }

    /// Restores the tables; returns the pictures that they name.
    async fn restore(&mut self, backup: &Reader, url: &str, progress: &Progress) -> Result<Vec<Picture>> {
        let failed = |e: crate::store::Error| format!("cannot use a scratch database: {e}");
        let store = Store::open_to_fill(url, CONNECTIONS, self.manifest.schema).await.map_err(failed)?;
        let mut filling = store.fill("a check", &backup.id()).await.map_err(failed)?;
        if let Err(problem) = restore::fill(&mut filling, backup, &self.manifest, progress).await {
            self.add(problem);
        }
        let mut read = store.read_long().await.map_err(failed)?;
        let mut pictures = Vec::new();
        for table in read.shapes().await.map_err(failed)? {
            if !PICTURED.contains(&table.name.as_str()) {
                continue;
            }
            let mut after = None;
            loop {
                let rows = read.rows(&table, after.as_deref(), tables::PAGE).await.map_err(failed)?;
                for row in &rows {
                    pictures.push(serde_json::from_str(row).map_err(|e| format!("table {}: {e}", table.name))?);
                }
                let Some(last) = rows.last() else { break };
                after = Some(key(&table, last).map_err(failed)?);
            }
        }
        drop(read);
        filling.finish(&BTreeMap::new()).await.map_err(failed)?;
        store.close().await;
        Ok(pictures)
    }

    /// Brings the scratch database to the schema of this `parkd`, as a start after a restore does, and folds every log.
    async fn fold(&mut self, url: &str) -> Result<()> {
        let failed = |e: crate::store::Error| format!("the restored database cannot be used: {e}");
        let store = Store::open(url, CONNECTIONS).await.map_err(failed)?;
        if let Some(damage) = store.damage().await.map_err(failed)? {
            self.add(format!("the restored database is damaged: {damage}"));
        }
        for (lot, _) in store.lots().await.map_err(failed)? {
            match ledger::verify(&store, &lot.id, Depth::Whole).await {
                Ok(Some(report)) => {
                    for finding in &report.findings {
                        self.add(format!("lot {}: {} {}: {}", lot.id, finding.table, finding.row, finding.detail));
                    }
                    self.reports.push(report);
                }
                Ok(None) => {}
                Err(error) => self.add(format!("lot {}: its log cannot be folded: {error}", lot.id)),
            }
        }
        store.close().await;
        Ok(())
    }

    async fn compare(&mut self, backup: &Reader, pictures: &[Picture], objects: Option<&Objects>, progress: &Progress) {
        if self.manifest.images.are_included {
            let sums: BTreeMap<_, _> = backup.parts(IMAGES).collect();
            for picture in pictures {
                let found = sums.get(format!("{IMAGES}{}", picture.key).as_str());
                if found.is_none() && !self.manifest.images.missing.contains_key(&picture.key) {
                    self.add(format!("the picture {} is missing", picture.key));
                } else if found.is_some_and(|sum| **sum != picture.sha256) {
                    self.add(format!("the picture {} is another one than its entry says", picture.key));
                }
            }
        } else if let Some(objects) = objects {
            let sample = pictures.iter().step_by(pictures.len().div_ceil(SAMPLE).max(1));
            progress.begin("pictures", sample.len() as u64);
            for picture in sample {
                self.images += 1;
                if let Err(problem) = compare(objects, picture).await {
                    self.add(problem);
                }
                progress.advance(1);
            }
            progress.end();
        }
    }
}

/// Compares a picture in an object store with its entry.
///
/// # Errors
/// How it differs.
pub async fn compare(objects: &Objects, picture: &Picture) -> Result<()> {
    match objects.get(&picture.key).await {
        Ok(bytes) if picture.is(&bytes) => Ok(()),
        Ok(_) => Err(format!("the picture {} is damaged in the object store: its checksum differs", picture.key)),
        Err(error) => Err(format!("the picture {} cannot be read: {error}", picture.key)),
    }
}
