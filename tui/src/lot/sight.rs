//! What is to be thought of the pictures of a camera. Pure.

use parking_api::Time;
use parking_api::cameras::{Camera, CameraStatus};

/// What a camera's pictures are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    Good,
    /// It sends one and the same over and over.
    Frozen,
    Late,
    Offline,
}

impl Sight {
    /// A camera that is not in touch says nothing more of its pictures.
    pub fn of(camera: &Camera) -> Self {
        match (camera.status, camera.frozen_since) {
            (CameraStatus::Offline, _) => Self::Offline,
            (_, Some(_)) => Self::Frozen,
            (CameraStatus::Late, None) => Self::Late,
            (CameraStatus::Online, None) => Self::Good,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "online",
            Self::Frozen => "frozen",
            Self::Late => "late",
            Self::Offline => "offline",
        }
    }

    /// Since when it is so.
    pub fn since(self, camera: &Camera) -> Time {
        camera.frozen_since.filter(|_| self == Self::Frozen).unwrap_or(camera.status_at)
    }
}
