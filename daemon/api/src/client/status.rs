//! Calls about the daemon itself.

use reqwest::{Method, StatusCode};

use super::{Client, Error};
use crate::status::{Readiness, Version};
use crate::storage::Storage;
use crate::{Time, paths};

/// A first answer of a daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    pub version: Version,
    /// What time it has, to the second; a proxy may keep that to itself.
    pub at: Option<Time>,
}

impl Client {
    /// Its version and its clock; anybody may ask.
    pub async fn probe(&self) -> Result<Probe, Error> {
        let (version, at) = self.call(Method::GET, paths::VERSION).fetch_dated().await?;
        Ok(Probe { version, at })
    }

    pub async fn version(&self) -> Result<Version, Error> {
        self.call(Method::GET, paths::VERSION).fetch().await
    }

    /// What the pictures of all lots take, and how long that goes well.
    pub async fn storage(&self) -> Result<Storage, Error> {
        self.call(Method::GET, paths::STORAGE).fetch().await
    }

    /// What the daemon says of itself, also when it is not ready.
    pub async fn ready(&self) -> Result<Readiness, Error> {
        self.call(Method::GET, paths::READY).fetch_also(StatusCode::SERVICE_UNAVAILABLE).await
    }
}
