//! What there is to see on the demo lot at this moment, whatever anybody believes of its slots. Knows no camera and no daemon.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::ToSpan;
use parking_api::SlotCode;
use parking_api::slots::SlotState;

use super::car::ParkedCar;
use super::plan::{View, bay};
use super::render::{Light, render};

/// The lot at one moment.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// What the clock on the lot's wall shows, in local milliseconds.
    pub local_ms: i64,
    pub cars: Vec<ParkedCar>,
    /// Slots that are reserved or closed, which is marked on the ground.
    pub blocked: Vec<(SlotCode, SlotState)>,
}

/// The scene that cameras are looking at. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Stage(Arc<Mutex<Scene>>);

impl Stage {
    pub fn show(&self, scene: Scene) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = scene;
    }

    /// A picture of it, as a JPEG; nothing when memory is short. Takes a moment of a processor.
    pub fn picture(&self, view: &View, shot: u32) -> Vec<u8> {
        let Scene { local_ms, cars, blocked } = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let light = Light::at_local_ms(local_ms);
        let seen = cars.iter().filter(|parked| bay(&parked.slot).is_some_and(|bay| view.contains((bay.x, bay.y))));
        render(view, &cars, &blocked, light, &caption(seen.count(), local_ms), shot).unwrap_or_default()
    }
}

/// How many cars there really are, for people, and the clock.
fn caption(cars: usize, local_ms: i64) -> String {
    let at = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(local_ms.milliseconds());
    let clock = at.map_or(String::new(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string());
    format!("{cars} CARS  {clock}")
}
