//! Rows of firmware images.

use parking_api::Time;
use parking_api::firmware::{Firmware, RollOut};
use serde::Serialize;

use super::tables::Table;
use super::{Error, Result};

#[derive(Debug, Serialize, sqlx::FromRow)]
pub(super) struct FirmwareRow {
    id: String,
    board: String,
    version: String,
    bytes: i64,
    sha256: String,
    signature: String,
    key: String,
    added_at_ms: i64,
    rev: i64,
    percent: Option<i64>,
    /// A JSON list of ids.
    cameras: Option<String>,
    is_forced: i64,
    began_at_ms: Option<i64>,
    stopped_at_ms: Option<i64>,
}

impl From<&Firmware> for FirmwareRow {
    fn from(firmware: &Firmware) -> Self {
        let roll_out = firmware.roll_out.as_ref();
        Self {
            id: firmware.id.to_string(),
            board: firmware.board.clone(),
            version: firmware.version.clone(),
            bytes: firmware.bytes as i64,
            sha256: firmware.sha256.clone(),
            signature: firmware.signature.clone(),
            key: firmware.key.clone(),
            added_at_ms: firmware.added_at.ms(),
            rev: firmware.rev as i64,
            percent: roll_out.map(|roll_out| roll_out.percent.into()),
            cameras: roll_out.map(|roll_out| serde_json::json!(roll_out.cameras).to_string()),
            is_forced: roll_out.is_some_and(|roll_out| roll_out.is_forced).into(),
            began_at_ms: roll_out.map(|roll_out| roll_out.began_at.ms()),
            stopped_at_ms: roll_out.and_then(|roll_out| roll_out.stopped_at).map(Time::ms),
        }
    }
}

impl TryFrom<FirmwareRow> for Firmware {
    type Error = Error;

    fn try_from(row: FirmwareRow) -> Result<Self> {
        let bad = |what: String| Error::corrupt("firmware", format!("row {}: {what}", row.id));
        let cameras = |text: &String| serde_json::from_str(text).map_err(|e| bad(format!("cameras: {e}")));
        let roll_out = match (row.percent, row.began_at_ms) {
            (Some(percent), Some(began_at_ms)) => Some(RollOut {
                percent: percent.try_into().map_err(|_| bad(format!("percent {percent}")))?,
                cameras: row.cameras.as_ref().map(cameras).transpose()?.unwrap_or_default(),
                is_forced: row.is_forced != 0,
                began_at: Time::from_ms(began_at_ms),
                stopped_at: row.stopped_at_ms.map(Time::from_ms),
            }),
            _ => None,
        };
        Ok(Self {
            id: row.id.parse().map_err(bad)?,
            bytes: row.bytes as u64,
            added_at: Time::from_ms(row.added_at_ms),
            rev: row.rev as u64,
            board: row.board,
            version: row.version,
            sha256: row.sha256,
            signature: row.signature,
            key: row.key,
            roll_out,
        })
    }
}

pub(super) const TABLE: Table = Table {
    name: "firmware",
    columns: &[
        ("id", "text"),
        ("board", "text"),
        ("version", "text"),
        ("bytes", "bigint"),
        ("sha256", "text"),
        ("signature", "text"),
        ("key", "text"),
        ("added_at_ms", "bigint"),
        ("rev", "bigint"),
        ("percent", "bigint"),
        ("cameras", "text"),
        ("is_forced", "bigint"),
        ("began_at_ms", "bigint"),
        ("stopped_at_ms", "bigint"),
    ],
    updated: &["rev", "percent", "cameras", "is_forced", "began_at_ms", "stopped_at_ms"],
};
