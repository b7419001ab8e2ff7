//! Runs the demo: the simulated day moves the slots of the lot `demo`, and two cameras upload what they see, over HTTP and with their own
//! tokens, as devices would. Never touches a lot with real data.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use jiff::ToSpan;
use parking_api::cameras::NewCamera;
use parking_api::events::Actor;
use parking_api::lots::NewLot;
use parking_api::slots::{SetSlot, SlotState, Source};
use parking_api::tokens::Role;
use parking_api::{LotId, SlotRef, Time, paths};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::day::{Day, Movement};
use super::past;
use super::plan::{self, CAMERAS, DemoCamera};
use super::render::{Light, render};
use crate::auth::secret::{self, Grant, record};
use crate::captures::Captures;
use crate::clock::{Clock, SystemClock};
use crate::config::Places;
use crate::ledger::{Command, Ledger, LotHandle, LotState};
use crate::serve::{reachable, write_private};
use crate::store::CaptureFilter;

/// How often the day moves on.
const STEP: Duration = Duration::from_millis(250);
/// The day begins at this local hour: a lot in the morning shows the most.
const START_HOUR: i8 = 9;
/// Seed of the day's chances.
const SEED: u64 = 20_261_123;
/// Time zone and currency of the demo lot.
const TIME_ZONE: &str = "Asia/Jakarta";
const CURRENCY: &str = "IDR";
/// Captures of one camera that are kept, so that a demo left running fills no disk.
const CAPTURES_KEPT: usize = 240;
/// Longest time that one upload may take.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(20);

/// What the demo needs of the daemon.
#[derive(Debug)]
pub struct Demo {
    pub ledger: Ledger,
    pub captures: Captures,
    pub clock: Arc<dyn Clock>,
    pub places: Places,
    /// Where the daemon itself listens.
    pub address: SocketAddr,
}

/// Creates the lot `demo` with its slots and cameras, unless it is there.
///
/// # Errors
/// When the data folder holds real data, or the database fails.
pub async fn prepare(ledger: &Ledger, places: &Places, now: Time) -> Result<(), String> {
    let id: LotId = plan::LOT_ID.parse()?;
    let is_real = |lot: &Arc<LotHandle>| {
        *lot.id() != id && (*lot.id() != LotId::default() || lot.read(|s| s.slots_len() + s.cameras().count() > 0))
    };
    let marker = places.data_dir.join("demo");
    if let Some(lot) = ledger.lots().iter().find(|lot| is_real(lot) || (*lot.id() == id && !marker.exists())) {
        return Err(format!(
            "--demo never runs beside real data, and {} holds the lot {}: choose an empty folder with --data-dir",
            places.data_dir.display(),
            lot.id()
        ));
    }
    write_private(&marker, "This folder holds the demo lot. It may be deleted.\n")?;
    write_private(&places.default_lot(), &format!("{id}\n"))?;
    if ledger.lot(&id).is_none() {
        let lot = NewLot {
            id: id.clone(),
            name: Some(plan::LOT_NAME.into()),
            time_zone: Some(TIME_ZONE.into()),
            currency: Some(CURRENCY.into()),
        };
        ledger.create_lot(&lot, demo(), None).await.map_err(|e| e.to_string())?;
    }
    let lot = ledger.lot(&id).ok_or("the lot demo is missing")?;
    if lot.read(LotState::slots_len) == 0 {
        submit(&lot, Command::ImportSlots { rows: plan::slots(), dry_run: false }).await?;
        let zone = jiff::tz::TimeZone::get(TIME_ZONE).unwrap_or(jiff::tz::TimeZone::UTC);
        let ahead_ms = i64::from(zone.to_offset(now.timestamp()).seconds()) * 1_000;
        let past = past::rows(&id, &plan::slots(), now, ahead_ms);
        ledger.store().add_history(&past).await.map_err(|e| e.to_string())?;
    }
    for camera in &CAMERAS {
        if lot.read(|state| !state.cameras().any(|known| known.id.as_str() == camera.id)) {
            create_camera(&lot, camera, places).await?;
        }
    }
    Ok(())
}

fn demo() -> Actor {
    Actor::system("demo")
}

async fn submit(lot: &LotHandle, command: Command) -> Result<(), String> {
    lot.submit(command, demo(), None).await.map(|_| ()).map_err(|e| e.to_string())
}

fn token_file(camera: &DemoCamera, places: &Places) -> std::path::PathBuf {
    places.data_dir.join(format!("demo-{}.token", camera.id))
}

async fn create_camera(lot: &LotHandle, camera: &DemoCamera, places: &Places) -> Result<(), String> {
    let id = camera.id.parse()?;
    let secret = secret::new().map_err(|e| format!("no randomness for a token: {e}"))?;
    // The token first: a camera without one could never upload.
    write_private(&token_file(camera, places), &secret)?;
    let new = NewCamera {
        id,
        name: Some(camera.name.into()),
        zone: Some(camera.zone.into()),
        interval_s: Some(camera.interval_s),
    };
    let grant = Grant {
        name: camera.id.into(),
        role: Role::Camera,
        lot: lot.id().clone(),
        camera: Some(new.id.clone()),
        expires_at: None,
    };
    let token = Box::new(record(grant, &secret, SystemClock.now()));
    submit(lot, Command::CreateCamera { camera: new, token }).await
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

fn caption(local_ms: i64) -> String {
    let at = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(local_ms.milliseconds());
    at.map_or(String::new(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

impl Demo {
    /// Goes on until `stop`.
    pub async fn run(self, speed: f64, stop: CancellationToken) {
        let Some(lot) = plan::LOT_ID.parse().ok().and_then(|id| self.ledger.lot(&id)) else { return };
        let wall = Wall::new(&*self.clock, speed);
        let states = lot.read(|state| state.slots().map(|slot| (slot.code.clone(), slot.state)).collect::<Vec<_>>());
        let is_first = !states.iter().any(|(_, state)| *state == SlotState::Occupied);
        let mut day = if is_first { Day::new(SEED, wall.start_ms) } else { Day::resume(SEED, wall.start_ms, states) };
        if is_first {
            for parked in day.parked() {
                self.set(&lot, parked.slot, SlotState::Occupied).await;
            }
        }
        let mut step = tokio::time::interval(STEP);
        step.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // The cameras take turns, so that they never render at the same moment.
        let turn = Duration::from_secs(u64::from(CAMERAS[0].interval_s)) / CAMERAS.len() as u32;
        let mut shot = tokio::time::interval(turn);
        shot.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut shots = 0;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = step.tick() => self.step(&lot, &mut day, wall.now_ms()).await,
                _ = shot.tick() => {
                    // Both at once at the start, so that the first look shows pictures.
                    let cameras = if shots == 0 { &CAMERAS[..] } else { std::slice::from_ref(&CAMERAS[shots % CAMERAS.len()]) };
                    for camera in cameras {
                        if let Err(error) = self.shoot(&lot, camera, &day, wall.now_ms()).await {
                            tracing::warn!(camera = camera.id, error, "a demo camera could not upload");
                        }
                    }
                    shots += 1;
                }
            }
        }
    }

    async fn step(&self, lot: &LotHandle, day: &mut Day, now_ms: i64) {
        // People may have changed slots: the day goes on from what is.
        let states = lot.read(|state| state.slots().map(|slot| (slot.code.clone(), slot.state)).collect::<Vec<_>>());
        for (code, state) in &states {
            day.observe(code, *state);
        }
        for action in day.advance(now_ms) {
            let state = match action.movement {
                Movement::Arrive(_) => SlotState::Occupied,
                Movement::Leave => SlotState::Free,
            };
            self.set(lot, action.slot, state).await;
        }
    }

    async fn set(&self, lot: &LotHandle, code: parking_api::SlotCode, state: SlotState) {
        let set = SetSlot { state, note: None, source: Some(Source::Sensor) };
        let command = Command::SetSlot { slot: SlotRef::Code(code.clone()), set, if_match: None };
        if let Err(error) = submit(lot, command).await {
            tracing::warn!(slot = %code, error, "the demo could not move a car");
        }
    }

    async fn shoot(&self, lot: &LotHandle, camera: &'static DemoCamera, day: &Day, now_ms: i64) -> Result<(), String> {
        let (cars, blocked) = (day.parked(), day.blocked());
        let drawing = tokio::task::spawn_blocking(move || {
            render(&camera.view, &cars, &blocked, Light::at_local_ms(now_ms), &caption(now_ms))
        });
        let picture = drawing.await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
        let token = std::fs::read_to_string(token_file(camera, &self.places)).map_err(|e| e.to_string())?;
        tokio::time::timeout(UPLOAD_TIMEOUT, upload(self.address, &token, picture))
            .await
            .map_err(|_| "the upload took too long".to_string())??;
        self.forget_old(lot, camera).await
    }

    async fn forget_old(&self, lot: &LotHandle, camera: &DemoCamera) -> Result<(), String> {
        let filter =
            CaptureFilter { camera: Some(camera.id.parse()?), limit: CAPTURES_KEPT + 10, ..CaptureFilter::default() };
        let captures = self.ledger.store().captures(lot.id(), &filter).await.map_err(|e| e.to_string())?;
        for old in captures.iter().skip(CAPTURES_KEPT) {
            self.captures.delete(lot, old.id, demo().into(), None).await.map_err(|e| e.to_string())?;
        }
        Ok(())
    }
}

/// One upload over a connection of its own, as a camera does it.
async fn upload(address: SocketAddr, token: &str, picture: Vec<u8>) -> Result<(), String> {
    let address = reachable(address);
    let stream = TcpStream::connect(address).await.map_err(|e| format!("cannot reach {address}: {e}"))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    let request = Request::post(paths::CAPTURE)
        .header(header::HOST, address.to_string())
        .header(header::AUTHORIZATION, format!("Bearer {}", token.trim()))
        .header(header::CONTENT_TYPE, "image/jpeg")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(picture)))
        .map_err(|e| e.to_string())?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(|e| e.to_string())?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes();
        if status.is_success() { Ok(()) } else { Err(format!("{status}: {}", String::from_utf8_lossy(&body))) }
    };
    let (done, _) = tokio::join!(exchange, connection);
    done
}
