//! Everything of one lot that belongs into memory, in its parts.

use parking_api::Time;
use parking_api::cameras::Camera;
use parking_api::firmware::Firmware;
use parking_api::lots::Lot;
use parking_api::regions::CameraRegions;
use parking_api::sessions::Session;
use parking_api::slots::Slot;
use parking_api::tokens::Token;
use serde::{Deserialize, Serialize};

/// One lot as the tables hold it and as a checkpoint keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Parts {
    pub lot: Lot,
    pub epoch: String,
    pub seq: u64,
    pub at: Time,
    pub slots: Vec<Slot>,
    /// Open sessions of both kinds.
    pub sessions: Vec<Session>,
    /// Sessions of slots that were ended by the last change of their slot, and may be taken up again. Not kept: they are history.
    #[serde(skip)]
    pub ended: Vec<Session>,
    pub cameras: Vec<Camera>,
    /// Absent in checkpoints from before there were any.
    #[serde(default)]
    pub regions: Vec<CameraRegions>,
    /// A checkpoint from before there was any has none.
    #[serde(default)]
    pub firmwares: Vec<Firmware>,
    pub tokens: Vec<Token>,
}
