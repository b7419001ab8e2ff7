//! What the daemon says of itself: version and readiness.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /api/version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    pub name: String,
    pub version: String,
    /// Version of the live protocol.
    pub protocol: u32,
}

/// `GET /health/ready`, also when it is not (503).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    pub ready: bool,
    /// `ok`, or what is wrong.
    pub database: String,
    /// `ok`, what is wrong, or how much waits for a store that is away (`spooling (…)`, which is no reason not to be ready).
    pub objects: String,
    /// What the last check of the whole database found (`sound at …`, or what is wrong); absent before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
    /// What somebody should look after in the storage of pictures (`disk full in 9 days`, pictures that are missing); absent when all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
}
