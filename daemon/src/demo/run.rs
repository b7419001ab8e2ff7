//! Runs the demo: the simulated day moves cars, the cameras show them to the daemon, and what the daemon makes of that is compared with how
//! it is. Never touches a lot with real data.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_api::lots::LotPatch;
use parking_api::slots::SlotState;
use parking_api::{SlotCode, SlotId};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::attendant::Attendant;
use super::cameras;
use super::day::Day;
use super::lot::{TIME_ZONE, submit, token};
use super::opening::Opening;
use super::plan::{self, CAMERAS, DemoCamera};
use super::stage::{Scene, Stage};
use super::truth::Agreement;
use crate::clock::Clock;
use crate::config::Places;
use crate::ledger::{Command, Ledger, LotHandle};
use crate::lookout::Lookout;

/// How often the day moves on.
const STEP: Duration = Duration::from_millis(250);
/// How often it is said how far what is known is how it is.
const SAY: Duration = Duration::from_secs(30);
/// The day begins at this local hour: a lot in the morning shows the most.
const START_HOUR: i8 = 9;
const HOUR_MS: i64 = 3_600_000;
/// The lot is full when it opens. Within so much of its time it empties to what is usual at that hour.
const OPENING_MS: i64 = 12 * 60_000;
/// Seed of the day's chances.
const SEED: u64 = 20_261_123;

/// What the demo needs of the daemon.
#[derive(Debug)]
pub struct Demo {
    pub ledger: Ledger,
    pub lookout: Lookout,
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
    fn now_ms(&self) -> i64 {
        self.start_ms + (self.started.elapsed().as_secs_f64() * 1000.0 * self.speed) as i64
    }
}

/// Today, when the demo's day begins, in local milliseconds.
fn start_ms(clock: &dyn Clock) -> i64 {
    let zone = jiff::tz::TimeZone::get(TIME_ZONE).unwrap_or(jiff::tz::TimeZone::UTC);
    let today = clock.now().timestamp().to_zoned(zone).date();
    let start = today.at(START_HOUR, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
    start.map_or(0, |start| start.timestamp().as_millisecond())
}

impl Demo {
    /// Goes on until `stop`.
    pub async fn run(self, speed: f64, stop: CancellationToken) {
        let Some(lot) = plan::LOT_ID.parse().ok().and_then(|id| self.ledger.lot(&id)) else { return };
        let start_ms = start_ms(&*self.clock);
        let stage = Stage::default();
        let day = Day::resume(SEED, start_ms, states(&lot));
        stage.show(scene(&day, start_ms));
        let cameras: Vec<_> =
            CAMERAS.iter().zip(1..).filter_map(|(camera, number)| self.start(camera, number, &stage, &stop)).collect();
        if let Some(day) = stop.run_until_cancelled(self.opened(&lot, &stage, day, start_ms)).await {
            let wall = Wall { start_ms, started: Instant::now(), speed };
            stop.run_until_cancelled(self.go_on(&lot, &stage, day, &wall)).await;
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

    /// The day, once cameras know what the lot looks like; `day` itself, if they learned that before.
    async fn opened(&self, lot: &LotHandle, stage: &Stage, day: Day, start_ms: i64) -> Day {
        if !self.followed(lot).await.is_empty() {
            return day;
        }
        let mut full = Day::new(SEED, start_ms);
        for (code, state) in day.blocked() {
            full.observe(&code, state);
        }
        full.fill(OPENING_MS);
        tracing::info!("an attendant shows the cameras the lot, empty and full: that takes them a minute at most");
        announce(lot, "cameras are shown the empty lot, then the full one").await;
        let opening = Opening { lot, lookout: &self.lookout, clock: &*self.clock, stage };
        if let Err(error) = opening.hold(&full, start_ms - i64::from(START_HOUR) * HOUR_MS).await {
            tracing::warn!(error, "the cameras of the demo could not be shown the lot");
        }
        let (slots, of) = (self.followed(lot).await.len(), plan::bays().len());
        tracing::info!("from now on {slots} of {of} slots follow what their cameras see");
        announce(lot, &format!("{slots} of {of} slots follow their cameras")).await;
        full
    }

    async fn followed(&self, lot: &LotHandle) -> BTreeSet<SlotId> {
        self.lookout.automatic(lot).await.unwrap_or_else(|error| {
            tracing::warn!(error, "it is not known what the cameras of the demo have learned");
            BTreeSet::new()
        })
    }

    async fn go_on(&self, lot: &LotHandle, stage: &Stage, mut day: Day, wall: &Wall) {
        let (mut attendant, mut moved) = (Attendant::default(), BTreeMap::new());
        let (mut step, mut say) = (tokio::time::interval(STEP), tokio::time::interval(SAY));
        step.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Nothing has moved yet.
        say.tick().await;
        loop {
            tokio::select! {
                _ = step.tick() => {
                    follow_blocks(lot, &mut day);
                    let now = Instant::now();
                    for action in day.advance(wall.now_ms()) {
                        moved.insert(action.slot.clone(), now);
                        attendant.sees(action.slot, now);
                    }
                    stage.show(scene(&day, wall.now_ms()));
                    let parked = parked(&day);
                    if let Err(error) = attendant.walk(lot, &self.lookout, now, |slot| parked.contains(slot)).await {
                        tracing::warn!(error, "the attendant of the demo was not heard");
                    }
                }
                _ = say.tick() => {
                    let parked = parked(&day);
                    let now = Instant::now();
                    let said = lot.read(|state| Agreement::of(state.slots().map(Arc::as_ref), &parked, &moved, now));
                    tracing::info!("{said}");
                    announce(lot, &said.short()).await;
                }
            }
        }
    }
}

/// Says something beside the name of the lot, where everybody reads it, whatever they look at the lot with.
async fn announce(lot: &LotHandle, what: &str) {
    let name = format!("{} · {what}", plan::LOT_NAME);
    if lot.read(|state| state.lot().name == name) {
        return;
    }
    let patch = LotPatch { name: Some(name), ..LotPatch::default() };
    if let Err(error) = submit(lot, Command::PatchLot(patch)).await {
        tracing::warn!(error, "what is to be said of the demo lot was not noted");
    }
}

fn scene(day: &Day, local_ms: i64) -> Scene {
    Scene { local_ms, cars: day.parked(), blocked: day.blocked() }
}

fn parked(day: &Day) -> Vec<SlotCode> {
    day.parked().into_iter().map(|parked| parked.slot).collect()
}

fn states(lot: &LotHandle) -> Vec<(SlotCode, SlotState)> {
    lot.read(|state| state.slots().map(|slot| (slot.code.clone(), slot.state)).collect())
}

/// People reserve and close slots, and open them again: that is how it is then. What else is believed of a slot changes nothing on the lot.
fn follow_blocks(lot: &LotHandle, day: &mut Day) {
    let was_blocked = day.blocked();
    for (code, state) in states(lot) {
        let is_blocked = matches!(state, SlotState::Reserved | SlotState::Closed);
        if is_blocked || was_blocked.iter().any(|(blocked, _)| *blocked == code) {
            day.observe(&code, state);
        }
    }
}
