//! Rows of where cameras see which slots.

use parking_api::regions::CameraRegions;
use serde::Serialize;

use super::tables::Table;
use super::{Error, Result};

#[derive(Debug, Serialize, sqlx::FromRow)]
pub(super) struct RegionsRow {
    /// Of the camera.
    id: String,
    mode: String,
    regions: String,
    rev: i64,
}

impl From<&CameraRegions> for RegionsRow {
    fn from(regions: &CameraRegions) -> Self {
        Self {
            id: regions.camera.to_string(),
            mode: regions.mode.to_string(),
            regions: serde_json::to_string(&regions.regions).expect("regions have only finite numbers"),
            rev: regions.rev as i64,
        }
    }
}

impl TryFrom<RegionsRow> for CameraRegions {
    type Error = Error;

    fn try_from(row: RegionsRow) -> Result<Self> {
        let bad = |what: String| Error::corrupt("camera_regions", format!("row {}: {what}", row.id));
        Ok(Self {
            camera: row.id.parse().map_err(bad)?,
            mode: row.mode.parse().map_err(bad)?,
            regions: serde_json::from_str(&row.regions).map_err(|e| bad(e.to_string()))?,
            rev: row.rev as u64,
        })
    }
}

pub(super) const TABLE: Table = Table {
    name: "camera_regions",
    columns: &[("id", "text"), ("mode", "text"), ("regions", "text"), ("rev", "bigint")],
    updated: &["mode", "regions", "rev"],
};
