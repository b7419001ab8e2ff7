//! The contract of the Smart Parking System: every wire type, path and problem code, once.
//!
//! Knows nothing of databases, sockets or screens. With the feature `client` it also holds the typed HTTP client and the live
//! client, so that every program that talks to `parkd` does so in the same way.

pub mod cameras;
pub mod captures;
#[cfg(feature = "client")]
pub mod client;
pub mod digits;
pub mod events;
pub mod firmware;
pub mod history;
pub mod ids;
pub mod live;
pub mod lots;
pub mod orders;
pub mod paths;
pub mod problem;
pub mod regions;
pub mod sessions;
pub mod slots;
pub mod status;
pub mod storage;
pub mod time;
pub mod tokens;

pub use ids::{CameraId, CaptureId, FirmwareId, LotId, SessionId, SlotCode, SlotId, SlotRef, TokenId};
pub use problem::{Problem, ProblemCode};
pub use time::Time;

use serde::{Deserialize, Deserializer, Serialize};

/// Version of the live protocol that `hello` announces (design §5).
pub const PROTOCOL: u32 = 1;

/// The lot that exists from the start and that is meant where no `?lot=` is given.
pub const LOT_DEFAULT: &str = "main";

/// Longest free text that a person may attach (a note, a name), in characters.
pub const TEXT_MAX: usize = 200;

/// A committed answer: the resource, and the number of the event that made it so.
///
/// On the wire it is the resource itself with one more field, `seq`; the same number stands in the header `Seq`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Committed<T> {
    #[serde(flatten)]
    pub value: T,
    /// `seq` of the last event of this change; wait for it on the live stream to see one's own write.
    pub seq: u64,
}

/// Reads a field that may be absent (`None`), null (`Some(None)`) or set (`Some(Some(_))`).
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
