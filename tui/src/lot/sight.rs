//! What is to be thought of the pictures of a camera. Pure.

use parking_api::Time;
use parking_api::cameras::{Camera, CameraStatus};

/// What a camera's pictures are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    Good,
    /// It sends one and the same over and over.
    Frozen,
    /// It shows something else than its regions were drawn on.
    Moved,
    Late,
    Offline,
}

impl Sight {
    /// A camera that is not in touch says nothing more of its pictures.
    pub fn of(camera: &Camera) -> Self {
        match camera.status {
            CameraStatus::Offline => Self::Offline,
            _ if camera.frozen_since.is_some() => Self::Frozen,
            _ if camera.moved_since.is_some() => Self::Moved,
            CameraStatus::Late => Self::Late,
            CameraStatus::Online => Self::Good,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "online",
            Self::Frozen => "frozen",
            Self::Moved => "moved",
            Self::Late => "late",
            Self::Offline => "offline",
        }
    }

    /// Since when it is so.
    pub fn since(self, camera: &Camera) -> Time {
        let since = match self {
            Self::Frozen => camera.frozen_since,
            Self::Moved => camera.moved_since,
            Self::Good | Self::Late | Self::Offline => None,
        };
        since.unwrap_or(camera.status_at)
    }
}
