//! The day on which the cameras of the demo were put up: an attendant says that the lot is empty, by day and by night, and then that it is
//! full, and the cameras learn from that as those of any lot do. Knows no pictures and no scores.

use std::sync::Arc;
use std::time::Duration;

use parking_api::cameras::CameraPatch;
use parking_api::regions::RegionsMode;
use parking_api::slots::{SetSlot, SlotState};
use parking_api::{CameraId, CaptureId, SlotCode, SlotId, SlotRef, Time};

use super::day::Day;
use super::lot::submit;
use super::plan::CAMERAS;
use super::stage::{Scene, Stage};
use crate::clock::Clock;
use crate::ledger::{Command, LotHandle};
use crate::lookout::Lookout;

/// Local hours at which the empty lot is shown, a line for each time that it is said to be empty; the last are what is remembered longest.
const EMPTY: [[f64; 3]; 4] = [[2.0, 9.0, 13.0], [17.0, 20.0, 7.5], [11.0, 15.0, 21.0], [8.5, 12.5, 16.5]];
/// And the full lot.
const FULL: [f64; 2] = [15.0, 10.0];
/// How often cameras take a picture meanwhile, in seconds.
pub const INTERVAL_S: u32 = 1;
/// Pictures that may have been on their way when the lot changed.
const ON_THEIR_WAY: usize = 2;
/// Longest wait for a picture to be looked at, and how often it is asked for.
const PATIENCE: Duration = Duration::from_secs(60);
const ASK: Duration = Duration::from_millis(100);
const HOUR_MS: f64 = 3_600_000.0;

/// What an opening needs.
#[derive(Debug)]
pub struct Opening<'a> {
    pub lot: &'a LotHandle,
    pub lookout: &'a Lookout,
    pub clock: &'a dyn Clock,
    pub stage: &'a Stage,
}

/// A camera, and the slots that it may set.
struct Eye {
    camera: CameraId,
    slots: Vec<(SlotId, SlotCode)>,
}

impl Opening<'_> {
    /// Takes about twenty pictures of each camera. `full` is the lot with a car in every open slot.
    ///
    /// # Errors
    /// When a camera shows nothing, or the daemon fails.
    pub async fn hold(&self, full: &Day, midnight_ms: i64) -> Result<(), String> {
        let eyes = eyes(self.lot);
        for eye in &eyes {
            self.order(&eye.camera, INTERVAL_S).await?;
        }
        let held = self.teach(&eyes, full, midnight_ms).await;
        for camera in &CAMERAS {
            self.order(&camera.id.parse()?, camera.interval_s).await?;
        }
        held
    }

    async fn teach(&self, eyes: &[Eye], full: &Day, midnight_ms: i64) -> Result<(), String> {
        let show = |cars: bool, hour: f64| {
            let cars = if cars { full.parked() } else { Vec::new() };
            let local_ms = midnight_ms + (hour * HOUR_MS) as i64;
            self.stage.show(Scene { local_ms, cars, blocked: full.blocked() });
        };
        for hours in EMPTY {
            for eye in eyes {
                let free = eye.slots.iter().map(|(id, _)| SlotRef::Id(*id)).collect();
                submit(self.lot, Command::Calibrate { camera: eye.camera.clone(), free }).await?;
                let ids: Vec<SlotId> = eye.slots.iter().map(|(id, _)| *id).collect();
                self.lookout.calibrate(self.lot, &eye.camera, &ids).await?;
            }
            self.pictures(eyes, &hours, |hour| show(false, hour)).await?;
        }
        self.pictures(eyes, &[FULL[0]; ON_THEIR_WAY], |hour| show(true, hour)).await?;
        for hour in FULL {
            for (_, code) in eyes.iter().flat_map(|eye| &eye.slots) {
                let set = SetSlot::to(SlotState::Occupied);
                submit(self.lot, Command::SetSlot { slot: SlotRef::Code(code.clone()), set }).await?;
            }
            self.pictures(eyes, &[hour], |hour| show(true, hour)).await?;
        }
        // A camera that has seen the lot as it was said to be may believe its eyes from then on.
        self.pictures(eyes, &FULL[FULL.len() - 1..], |hour| show(true, hour)).await
    }

    /// Waits until a picture of every camera was looked at for each of these hours.
    async fn pictures(&self, eyes: &[Eye], hours: &[f64], show: impl Fn(f64)) -> Result<(), String> {
        let since = self.clock.now();
        let mut last = vec![None; eyes.len()];
        for hour in hours {
            show(*hour);
            for (eye, last) in eyes.iter().zip(&mut last) {
                let looked = tokio::time::timeout(PATIENCE, self.looked_at(eye, since, *last)).await;
                *last = Some(looked.map_err(|_| format!("camera {} shows nothing", eye.camera))??);
            }
        }
        Ok(())
    }

    /// The next picture of a camera that came after `since` and is not `last`, once it was looked at.
    async fn looked_at(&self, eye: &Eye, since: Time, last: Option<CaptureId>) -> Result<CaptureId, String> {
        let slot = eye.slots.first().and_then(|(id, _)| self.lot.read(|state| state.slot(&SlotRef::Id(*id)).cloned()));
        let slot = slot.ok_or_else(|| format!("camera {} has lost its slots", eye.camera))?;
        loop {
            let why = self.lookout.why(self.lot, &slot).await?;
            let view = why.views.into_iter().find(|view| view.camera == eye.camera);
            let seen = view.filter(|view| view.seen_at.is_some_and(|at| at > since)).and_then(|view| view.capture);
            match seen {
                Some(capture) if Some(capture) != last => return Ok(capture),
                _ => tokio::time::sleep(ASK).await,
            }
        }
    }

    async fn order(&self, camera: &CameraId, interval_s: u32) -> Result<(), String> {
        let patch = CameraPatch { interval_s: Some(interval_s), ..CameraPatch::default() };
        submit(self.lot, Command::PatchCamera { camera: camera.clone(), patch }).await
    }
}

/// The cameras that may set slots, with those that are open.
fn eyes(lot: &LotHandle) -> Vec<Eye> {
    lot.read(|state| {
        let open = |id: SlotId| {
            let slot = state.slot(&SlotRef::Id(id)).map(Arc::as_ref)?;
            let is_open = !matches!(slot.state, SlotState::Reserved | SlotState::Closed);
            is_open.then(|| (id, slot.code.clone()))
        };
        let drawn = state.regions().filter(|regions| regions.mode == RegionsMode::Auto);
        let eyes = drawn.map(|drawn| Eye {
            camera: drawn.camera.clone(),
            slots: drawn.regions.iter().filter_map(|region| open(region.slot_id)).collect(),
        });
        eyes.filter(|eye| !eye.slots.is_empty()).collect()
    })
}
