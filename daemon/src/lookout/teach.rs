//! What people do that a camera must know of before its next picture: they draw regions on one, and show it empty slots.

use parking_api::events::Actor;
use parking_api::regions::{CALIBRATION_ASKED_FROM_S, CALIBRATION_PICTURES, CameraRegions};
use parking_api::{CameraId, CaptureId, SlotId};

use super::memory::Known;
use super::{Key, Lookout, apart, current};
use crate::ledger::{Command, LotHandle};
use crate::occupancy::picture::{Picture, decode};

/// How often it is tried to write what another daemon writes, too.
const WRITES_MAX: usize = 5;

impl Lookout {
    /// Takes note of the picture that regions were drawn on. Without it they lie where the last one shows them: that it is not known is no
    /// reason to refuse them.
    pub async fn anchor(&self, lot: &LotHandle, camera: &CameraId, anchor: CaptureId) {
        let drawn = match self.picture(lot, camera, anchor).await {
            Ok(picture) => self.taught(lot, camera, Some(&picture), |_| ()).await,
            Err(error) => Err(error),
        };
        if let Err(error) = drawn {
            tracing::warn!(lot = %lot.id(), %camera, %anchor, error, "the picture that regions were drawn on is not known");
        }
    }

    /// Lets a camera learn from the next pictures of slots that a person has just said are free.
    ///
    /// # Errors
    /// When the database cannot say what is remembered, or not keep it.
    pub async fn calibrate(&self, lot: &LotHandle, camera: &CameraId, slots: &[SlotId]) -> Result<(), String> {
        let Some(interval_s) = lot.read(|state| state.camera(camera).map(|camera| camera.interval_s)) else {
            return Ok(());
        };
        let Some(regions) = lot.read(|state| state.regions_of(camera).cloned()) else { return Ok(()) };
        let slots: Vec<_> = current(lot, &regions).into_iter().filter(|slot| slots.contains(&slot.id)).collect();
        let teach = |known: &mut Known| {
            for slot in &slots {
                known.memory.slots.entry(slot.id).or_default().calibrate(slot, interval_s);
            }
        };
        self.taught(lot, camera, None, teach).await?;
        if interval_s < CALIBRATION_ASKED_FROM_S {
            return Ok(());
        }
        let key = (lot.id().clone(), camera.clone());
        self.wanted.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(key, CALIBRATION_PICTURES - 1);
        let ask = Command::WantCapture(camera.clone());
        if let Err(error) = lot.submit(ask, Actor::system("lookout"), None).await {
            tracing::warn!(lot = %lot.id(), %camera, %error, "a camera that is to learn cannot be asked for pictures");
        }
        Ok(())
    }

    async fn picture(&self, lot: &LotHandle, camera: &CameraId, capture: CaptureId) -> Result<Picture, String> {
        let found = self.ledger.store().capture(lot.id(), capture).await.map_err(|e| e.to_string())?;
        let found = found.filter(|capture| capture.camera.as_ref() == Some(camera));
        let found = found.ok_or("there is no such picture of the camera")?;
        let bytes = self.captures.picture(&found).await.map_err(|e| e.to_string())?;
        let picture = apart(move || decode(&bytes).and_then(Picture::judged)).await?;
        picture.map_err(|e| e.to_string())
    }

    /// Changes what a camera knows, and writes it: that is only said once.
    async fn taught(
        &self,
        lot: &LotHandle,
        camera: &CameraId,
        anchor: Option<&Picture>,
        teach: impl Fn(&mut Known),
    ) -> Result<(), String> {
        let key: Key = (lot.id().clone(), camera.clone());
        let known = self.known(&key).await?;
        let mut known = known.lock().await;
        // Not before: whoever held it last may have drawn other regions.
        let Some(regions): Option<CameraRegions> = lot.read(|state| state.regions_of(camera).cloned()) else {
            return Ok(());
        };
        let drawn = current(lot, &regions);
        for _ in 0..WRITES_MAX {
            self.catch_up(&key, &mut known).await?;
            let outdated = known.fit(&regions, anchor, |id| drawn.iter().find(|slot| slot.id == id).cloned());
            self.ledger.store().put_labels(&key.0, &key.1, &[], &outdated).await.map_err(|e| e.to_string())?;
            teach(&mut known);
            if self.save(&key, &mut known, false).await? {
                return Ok(());
            }
        }
        Err(format!("other daemons write all the time what camera {camera} remembers: try again"))
    }
}
