//! How much room the disk has below a folder.

use std::path::PathBuf;

use super::Result;
use super::fs::{blocking, failed};

/// A disk as somebody sees it who is not root, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    pub free: u64,
    pub total: u64,
}

pub(super) async fn space(folder: PathBuf) -> Result<Space> {
    blocking(move || match rustix::fs::statvfs(&folder) {
        Ok(disk) => Ok(Space {
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
            total: disk.f_blocks.saturating_mul(disk.f_frsize),
        }),
        Err(error) => Err(failed("ask for the room in", &folder, error.into())),
    })
    .await
}
