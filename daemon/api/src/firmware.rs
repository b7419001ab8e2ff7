//! Firmware on the wire: an image for cameras, to whom it is rolled out, and how far each of them is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::slots::words;
use crate::{CameraId, FirmwareId, Time};

/// Largest image, in bytes: the board's flash has two places of this size.
pub const IMAGE_BYTES_MAX: usize = 0x1e_0000;
/// Longest name of a board and longest version, in characters.
pub const BOARD_MAX: usize = 24;
pub const VERSION_MAX: usize = 32;
/// Length of a public key and of a signature (ed25519), in hexadecimal digits.
pub const KEY_DIGITS: usize = 64;
pub const SIGNATURE_DIGITS: usize = 128;
/// Images that a lot keeps.
pub const FIRMWARES_MAX: usize = 32;
/// When this part of the cameras that an image was rolled out to has gone back from it or is silent since, no more are told of it, in percent.
pub const WENT_BACK_PERCENT_MAX: usize = 20;
/// Silence of a camera that has started an image means that the image has killed it, after so many seconds: twice the time after which it
/// goes back by itself.
pub const SILENT_S: u32 = 1_800;

/// An image that cameras of one board can run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Firmware {
    pub id: FirmwareId,
    /// Name of the board, as cameras report it, such as `aithinker`.
    pub board: String,
    pub version: String,
    pub bytes: u64,
    /// Of the image, in hexadecimal.
    pub sha256: String,
    /// By whoever may sign firmware (ed25519), in hexadecimal; about board, version, length and SHA-256.
    pub signature: String,
    /// Its key in the object store.
    pub key: String,
    pub added_at: Time,
    /// `seq` of its last change.
    pub rev: u64,
    /// Absent until somebody is to run it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roll_out: Option<RollOut>,
}

/// Who is to run an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RollOut {
    /// This part of the cameras of its board, or of `cameras`. Which ones is always the same for the same cameras, and more percent only
    /// add to them.
    pub percent: u8,
    /// Empty for all of its board.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cameras: Vec<CameraId>,
    /// Cameras that run a newer version take it too.
    #[serde(default)]
    pub is_forced: bool,
    /// When this attempt began. Another part of the cameras goes on with it; after a stop, or by force, it begins anew.
    pub began_at: Time,
    /// Since when no more cameras are told of it, because too many went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Time>,
}

/// Who shall run an image from now on; takes the place of what was said before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRollOut {
    /// 0 to 100; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// All cameras of its board when empty or absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cameras: Vec<CameraId>,
    /// Also where a newer version runs, and where it failed at an earlier attempt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_forced: bool,
}

words!(
    /// How far a camera is with an image that it shall run.
    Progress {
        /// It was not in touch since the roll-out began.
        Waiting = "waiting",
        /// It was told, and has said nothing about it yet.
        Told = "told",
        Fetching = "fetching",
        /// It has started the image, and the daemon has no picture from it yet; or that was cut short and is tried again.
        Trying = "trying",
        Running = "running",
        /// It started the image, had no picture accepted, and runs what it ran before.
        WentBack = "went_back",
        /// It started the image, and was not heard of since.
        Silent = "silent",
        /// It does not take the image: `word` says why.
        Failed = "failed",
    }
);

/// How far one camera is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameraProgress {
    pub camera: CameraId,
    pub state: Progress,
    /// Version that it says it runs.
    pub version: Option<String>,
    /// What it says of the image, such as `bad_signature`, `wrong_board`, `older_version` or `no_key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    pub heard_at: Option<Time>,
}

/// An image, and how far each camera is that shall run it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FirmwareStatus {
    #[serde(flatten)]
    pub firmware: Firmware,
    /// Cameras of its board, whether they are to run it or not.
    pub of_board: usize,
    /// How many run it, and how many went back.
    pub running: usize,
    pub went_back: usize,
    pub cameras: Vec<CameraProgress>,
}

/// An image that a camera is to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Offer {
    pub id: FirmwareId,
    pub board: String,
    pub version: String,
    pub bytes: u64,
    pub sha256: String,
    pub signature: String,
    /// Take it also where a newer version runs, and where it failed at another attempt. This is the daemon's word, not the signer's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_forced: bool,
    /// Number of the attempt, for comparison alone.
    #[serde(default)]
    pub attempt: u32,
}

/// Whose signature new cameras are told to trust.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FirmwareKey {
    /// Public key (ed25519) in hexadecimal; null where the operator set none.
    pub key: Option<String>,
}

impl RollOut {
    /// Number of this attempt, by which cameras and the daemon tell it from others.
    pub fn attempt(&self) -> u32 {
        self.began_at.ms() as u32
    }
}

impl Firmware {
    pub fn offer(&self) -> Offer {
        Offer {
            id: self.id,
            board: self.board.clone(),
            version: self.version.clone(),
            bytes: self.bytes,
            sha256: self.sha256.clone(),
            signature: self.signature.clone(),
            is_forced: self.roll_out.as_ref().is_some_and(|roll_out| roll_out.is_forced),
            attempt: self.roll_out.as_ref().map_or(0, RollOut::attempt),
        }
    }
}

/// What the signature of an image is about. Cameras make the same text of what they are offered.
pub fn signed_text(board: &str, version: &str, bytes: u64, sha256: &str) -> String {
    format!("smart-parking firmware 1\n{board}\n{version}\n{bytes}\n{sha256}")
}

/// Whether a board can have this name: 1 to 24 of `a-z 0-9 - _`.
pub fn is_board(name: &str) -> bool {
    let is_in = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=BOARD_MAX).contains(&name.len()) && name.bytes().all(is_in)
}

/// Whether a firmware can have this version: numbers with points between them, and after them anything of `A-Z a-z 0-9 . + - _`.
pub fn is_version(version: &str) -> bool {
    let is_in = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_');
    version.len() <= VERSION_MAX
        && version.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
        && version.bytes().all(is_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_begins_with_a_number() {
        assert!(is_version("1") && is_version("0.2.0") && is_version("1.2.3-rc.1+build_7"));
        assert!(
            !is_version("") && !is_version("v1") && !is_version("1 2") && !is_version(&"1".repeat(VERSION_MAX + 1))
        );
        assert!(is_board("aithinker") && !is_board("") && !is_board("Wrover") && !is_board("a\nb"));
    }
}
