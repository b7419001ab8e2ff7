//! Calls about cameras.

use reqwest::Method;

use super::{Client, Error};
use crate::cameras::{Camera, CameraCreated, CameraPatch, Health, HealthSample, NewCamera};
use crate::tokens::TokenCreated;
use crate::{CameraId, Committed, paths};

impl Client {
    pub async fn cameras(&self) -> Result<Vec<Camera>, Error> {
        self.call_lot(Method::GET, paths::CAMERAS).fetch().await
    }

    pub async fn camera(&self, camera: &CameraId) -> Result<Camera, Error> {
        self.call_lot(Method::GET, &paths::fill(paths::CAMERA, camera)).fetch().await
    }

    /// The answer holds the camera's token, this once.
    pub async fn camera_create(&self, camera: &NewCamera) -> Result<Committed<CameraCreated>, Error> {
        self.call_lot(Method::POST, paths::CAMERAS).json(camera).fetch().await
    }

    pub async fn camera_patch(&self, camera: &CameraId, patch: &CameraPatch) -> Result<Committed<Camera>, Error> {
        self.call_lot(Method::PATCH, &paths::fill(paths::CAMERA, camera)).json(patch).fetch().await
    }

    /// Answers the camera as it was.
    pub async fn camera_delete(&self, camera: &CameraId) -> Result<Committed<Camera>, Error> {
        self.call_lot(Method::DELETE, &paths::fill(paths::CAMERA, camera)).fetch().await
    }

    /// Asks for a picture, which is taken when the camera is next in touch.
    pub async fn camera_shoot(&self, camera: &CameraId) -> Result<Committed<Camera>, Error> {
        self.call_lot(Method::POST, &paths::fill(paths::CAMERA_CAPTURE, camera)).fetch().await
    }

    /// One more token for a camera. The answer holds the secret, this once.
    pub async fn camera_token(&self, camera: &CameraId) -> Result<Committed<TokenCreated>, Error> {
        self.call_lot(Method::POST, &paths::fill(paths::CAMERA_TOKEN, camera)).fetch().await
    }

    /// How it was doing on the last day.
    pub async fn camera_health_samples(&self, camera: &CameraId) -> Result<Vec<HealthSample>, Error> {
        self.call_lot(Method::GET, &paths::fill(paths::CAMERA_HEALTH, camera)).fetch().await
    }

    pub async fn camera_health(&self, camera: &CameraId, health: &Health) -> Result<Camera, Error> {
        self.call_lot(Method::POST, &paths::fill(paths::CAMERA_HEALTH, camera)).json(health).fetch().await
    }
}
