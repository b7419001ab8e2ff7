//! Orders on the wire: what the daemon wants of a camera, in its answer to whatever the camera sends.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Time;
use crate::cameras::Camera;
use crate::captures::Capture;
use crate::firmware::Offer;

/// What the daemon wants of a camera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Orders {
    /// The daemon's clock, for a camera that has none.
    pub server_time: Time,
    /// How often to take a picture, in seconds.
    pub interval_s: u32,
    /// Take a picture now. The same number is the same wish, repeated until the picture has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<u32>,
    /// Fetch this firmware, and run it. Repeated until the camera says that it does, or cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<Offer>,
}

/// The answer to a picture. Orders are for cameras alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Uploaded {
    #[serde(flatten)]
    pub capture: Capture,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<Orders>,
}

/// The answer to a report of health. Orders are for cameras alone, and come first: a camera looks at the beginning of an answer only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reported {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<Orders>,
    #[serde(flatten)]
    pub camera: Camera,
}
