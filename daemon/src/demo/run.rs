//! Runs the demo: the simulated day moves the cars of the lot `demo`, and its cameras show them to the daemon. Never touches a lot with
//! real data.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_api::slots::{SetSlot, SlotState, Source};
use parking_api::{SlotCode, SlotRef};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::cameras;
use super::day::{Day, Movement};
use super::lot::{TIME_ZONE, submit, token};
use super::plan::{self, CAMERAS, DemoCamera};
use super::stage::{Scene, Stage};
use crate::clock::Clock;
use crate::config::Places;
use crate::ledger::{Command, Ledger, LotHandle};

/// How often the day moves on.
const STEP: Duration = Duration::from_millis(250);
/// The day begins at this local hour: a lot in the morning shows the most.
const START_HOUR: i8 = 9;
/// Seed of the day's chances.
const SEED: u64 = 20_261_123;

/// What the demo needs of the daemon.
#[derive(Debug)]
pub struct Demo {
    pub ledger: Ledger,
    pub clock: Arc<dyn Clock>,
    pub places: Places,
    /// Where the daemon itself listens.
    pub address: SocketAddr,
}

/// The simulated clock of the lot's wall, as local milliseconds.
struct Wall {
    start_ms: i64,
    started: Instant,
    speed: f64,
}

impl Wall {
    fn new(clock: &dyn Clock, speed: f64) -> Self {
        let zone = jiff::tz::TimeZone::get(TIME_ZONE).unwrap_or(jiff::tz::TimeZone::UTC);
        let today = clock.now().timestamp().to_zoned(zone).date();
        let start = today.at(START_HOUR, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
        let start_ms = start.map_or(0, |start| start.timestamp().as_millisecond());
        Self { start_ms, started: Instant::now(), speed }
    }

    fn now_ms(&self) -> i64 {
        self.start_ms + (self.started.elapsed().as_secs_f64() * 1000.0 * self.speed) as i64
    }
}

impl Demo {
    /// Goes on until `stop`.
    pub async fn run(self, speed: f64, stop: CancellationToken) {
        let Some(lot) = plan::LOT_ID.parse().ok().and_then(|id| self.ledger.lot(&id)) else { return };
        let wall = Wall::new(&*self.clock, speed);
        let states = states(&lot);
        let is_first = !states.iter().any(|(_, state)| *state == SlotState::Occupied);
        let mut day = if is_first { Day::new(SEED, wall.start_ms) } else { Day::resume(SEED, wall.start_ms, states) };
        if is_first {
            for parked in day.parked() {
                set(&lot, parked.slot, SlotState::Occupied).await;
            }
        }
        let stage = Stage::default();
        stage.show(scene(&day, wall.now_ms()));
        let cameras: Vec<_> =
            CAMERAS.iter().zip(1..).filter_map(|(camera, number)| self.start(camera, number, &stage, &stop)).collect();
        let mut tick = tokio::time::interval(STEP);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(tick.tick()).await.is_some() {
            step(&lot, &mut day, wall.now_ms()).await;
            stage.show(scene(&day, wall.now_ms()));
        }
        for camera in cameras {
            if let Err(error) = camera.await {
                tracing::warn!(%error, "a demo camera did not end well");
            }
        }
    }

    /// Gives a camera its power, until `stop`.
    fn start(
        &self,
        camera: &'static DemoCamera,
        number: u32,
        stage: &Stage,
        stop: &CancellationToken,
    ) -> Option<JoinHandle<()>> {
        let made = token(camera, &self.places)
            .and_then(|token| cameras::new(camera, number, &token, self.address, stage.clone()));
        match made {
            Ok(cam) => {
                let stop = stop.clone();
                // A thread of its own: drawing is work, and the core waits for nobody.
                Some(tokio::task::spawn_blocking(move || cameras::run(cam, camera.id, &stop)))
            }
            Err(error) => {
                tracing::warn!(camera = camera.id, error, "a demo camera has no power");
                None
            }
        }
    }
}

fn scene(day: &Day, local_ms: i64) -> Scene {
    Scene { local_ms, cars: day.parked(), blocked: day.blocked() }
}

fn states(lot: &LotHandle) -> Vec<(SlotCode, SlotState)> {
    lot.read(|state| state.slots().map(|slot| (slot.code.clone(), slot.state)).collect())
}

async fn step(lot: &LotHandle, day: &mut Day, now_ms: i64) {
    // People may have changed slots: the day goes on from what is.
    for (code, state) in &states(lot) {
        day.observe(code, *state);
    }
    for action in day.advance(now_ms) {
        let state = match action.movement {
            Movement::Arrive(_) => SlotState::Occupied,
            Movement::Leave => SlotState::Free,
        };
        set(lot, action.slot, state).await;
    }
}

async fn set(lot: &LotHandle, code: SlotCode, state: SlotState) {
    let set = SetSlot { state, note: None, source: Some(Source::Sensor) };
    let command = Command::SetSlot { slot: SlotRef::Code(code.clone()), set, if_match: None };
    if let Err(error) = submit(lot, command).await {
        tracing::warn!(slot = %code, error, "the demo could not move a car");
    }
}
