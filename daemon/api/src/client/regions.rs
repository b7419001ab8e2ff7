//! Calls about where cameras see which slots, and what they make of them.

use reqwest::Method;

use super::{Client, Error, Mutation};
use crate::regions::{Calibrate, Calibrating, CameraRegions, CameraView, SetRegions, Why};
use crate::{CameraId, Committed, SlotRef, paths};

impl Client {
    /// None, and `off`, before they were drawn.
    pub async fn camera_regions(&self, camera: &CameraId) -> Result<CameraRegions, Error> {
        self.call_lot(Method::GET, &paths::fill(paths::CAMERA_REGIONS, camera)).fetch().await
    }

    /// All of them are replaced.
    pub async fn camera_regions_set(
        &self,
        camera: &CameraId,
        set: &SetRegions,
        guard: &Mutation,
    ) -> Result<Committed<CameraRegions>, Error> {
        self.call_lot(Method::PUT, &paths::fill(paths::CAMERA_REGIONS, camera)).guard(guard).json(set).fetch().await
    }

    /// Says that slots are free now; the camera learns from its next pictures of them.
    pub async fn camera_calibrate(
        &self,
        camera: &CameraId,
        calibrate: &Calibrate,
    ) -> Result<Committed<Calibrating>, Error> {
        self.call_lot(Method::POST, &paths::fill(paths::CAMERA_CALIBRATE, camera)).json(calibrate).fetch().await
    }

    /// What a camera makes of each slot that it sees.
    pub async fn camera_views(&self, camera: &CameraId) -> Result<Vec<CameraView>, Error> {
        self.call_lot(Method::GET, &paths::fill(paths::CAMERA_VIEWS, camera)).fetch().await
    }

    /// Why a slot is in its state.
    pub async fn slot_why(&self, slot: &SlotRef) -> Result<Why, Error> {
        self.call_lot(Method::GET, &paths::fill(paths::SLOT_WHY, slot)).fetch().await
    }
}
