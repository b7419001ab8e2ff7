//! Calls about the daemon itself.

use reqwest::{Method, StatusCode};

use super::{Client, Error};
use crate::paths;
use crate::status::{Readiness, Version};

impl Client {
    pub async fn version(&self) -> Result<Version, Error> {
        self.call(Method::GET, paths::VERSION).fetch().await
    }

    /// What the daemon says of itself, also when it is not ready.
    pub async fn ready(&self) -> Result<Readiness, Error> {
        self.call(Method::GET, paths::READY).fetch_also(StatusCode::SERVICE_UNAVAILABLE).await
    }
}
