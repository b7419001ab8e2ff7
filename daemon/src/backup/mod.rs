//! Backups: all tables of one moment, the list of pictures, and the pictures if wanted, each part with its checksum. One form for both
//! databases, so that a backup of either can be restored into either.
//!
//! ```text
//! SHA256SUMS                          checksum of every part; written last
//! manifest.json                       what, when, by which version
//! tables/MOMENT/NAME/000001.jsonl.gz  rows of a table as JSON objects, in the order of its key
//! images/KEY                          a picture, under its key in the object store
//! ```

mod archive;
mod check;
mod create;
mod restore;
mod tables;

pub use archive::{Reader, is_file};
pub use check::{Checked, check, compare};
pub use create::{Made, create};
pub use restore::{Restored, restore};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::store::{Shape, schema_newest};
use archive::Result;

/// Form of backups that this `parkd` writes, and the newest that it reads.
const FORMAT: u32 = 1;
pub const MANIFEST: &str = "manifest.json";
/// Folder of the pictures.
const IMAGES: &str = "images/";

/// What a backup says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// Version of the `parkd` that made it.
    pub parkd: String,
    /// The last migration of its database.
    pub schema: i64,
    pub created_at: parking_api::Time,
    pub lots: Vec<LotMark>,
    pub tables: Vec<TableMark>,
    pub images: ImagesMark,
}

/// Where the log of a lot stood.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LotMark {
    pub id: String,
    pub epoch: String,
    pub head: i64,
}

/// A table in a backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TableMark {
    #[serde(flatten)]
    pub shape: Shape,
    pub rows: u64,
    /// Prefix of the names of its parts.
    pub parts: String,
}

/// The pictures of a backup, and the images of firmware. Their keys and checksums are in the tables `captures` and `firmware`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImagesMark {
    pub count: u64,
    pub bytes: u64,
    /// Whether the pictures themselves are in the backup.
    pub are_included: bool,
    /// Keys of pictures that could not be included, with the reason.
    pub missing: BTreeMap<String, String>,
}

impl Manifest {
    /// The manifest of a backup.
    ///
    /// # Errors
    /// When it is missing, damaged, or of a newer `parkd`.
    pub fn read(backup: &Reader) -> Result<Self> {
        let bytes = backup.get(MANIFEST)?;
        let damaged = |e| format!("{MANIFEST} cannot be understood: {e}");
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(damaged)?;
        let newer = |what: &str, found: i64, known: i64| {
            format!(
                "the backup is of {what} {found}, and this parkd knows none after {known}: use parkd {} or newer",
                value["parkd"].as_str().unwrap_or("of its own version")
            )
        };
        match value["format"].as_i64() {
            Some(format) if format > i64::from(FORMAT) => return Err(newer("format", format, FORMAT.into())),
            _ => {}
        }
        let manifest: Self = serde_json::from_value(value.clone()).map_err(damaged)?;
        if manifest.schema > schema_newest() {
            return Err(newer("schema", manifest.schema, schema_newest()));
        }
        Ok(manifest)
    }
}

/// Tables whose rows name an object each: its `key`, its length in `bytes`, and its `sha256`.
pub const PICTURED: [&str; 2] = ["captures", "firmware"];

/// A picture, or a firmware, as its table names it.
#[derive(Debug, Clone, Deserialize)]
pub struct Picture {
    pub key: String,
    pub bytes: u64,
    pub sha256: String,
}

impl Picture {
    /// Whether these bytes are it.
    pub fn is(&self, bytes: &[u8]) -> bool {
        archive::sha256(bytes) == self.sha256
    }
}
