//! Calls about the daemon itself.

use reqwest::{Method, StatusCode};

use super::{Client, Error};
use crate::paths;
use crate::status::{Readiness, Version};
use crate::storage::Storage;

impl Client {
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
