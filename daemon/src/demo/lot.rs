//! The lot `demo` as the daemon knows it: created with its slots, its cameras and a past, in a data folder without real data.

use std::sync::Arc;
use std::time::Duration;

use parking_api::cameras::{CameraPatch, NewCamera};
use parking_api::events::Actor;
use parking_api::lots::NewLot;
use parking_api::regions::{NewRegion, RegionsMode, SetRegions};
use parking_api::tokens::Role;
use parking_api::{CameraId, LotId, SlotCode, SlotRef, Time};

use super::plan::{self, CAMERAS, DemoCamera, View};
use super::{opening, past, render};
use crate::auth::secret::{self, Grant, record};
use crate::captures::keeping;
use crate::clock::{Clock, SystemClock};
use crate::config::Places;
use crate::ledger::{Command, Ledger, LotHandle, LotState};
use crate::serve::write_private;

/// Time zone and currency of the demo lot.
pub const TIME_ZONE: &str = "Asia/Jakarta";
const CURRENCY: &str = "IDR";
/// Captures of one camera that are kept unless something else is asked for, and how often the others go, so that a demo left running fills
/// no disk.
const CAPTURES_KEPT: u64 = 240;
const FORGET_EVERY: Duration = Duration::from_secs(300);

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
        let id = camera.id.parse()?;
        if lot.read(|state| state.camera(&id).is_some_and(|known| known.interval_s == opening::INTERVAL_S)) {
            // It was stopped while its cameras learned.
            let patch = CameraPatch { interval_s: Some(camera.interval_s), ..CameraPatch::default() };
            submit(&lot, Command::PatchCamera { camera: CameraId::clone(&id), patch }).await?;
        }
        if lot.read(|state| state.regions_of(&id).is_none()) {
            let command = Command::SetRegions { camera: id, set: regions(&camera.view) };
            submit(&lot, command).await?;
        }
    }
    Ok(())
}

/// Where a camera sees which slot. They were measured once, with the camera in its place.
fn regions(view: &View) -> SetRegions {
    let fraction = |pixels: f32, of: u32| (f64::from(pixels / of as f32) * 10_000.0).round() / 10_000.0;
    let corner = |[x, y]: [f32; 2]| [fraction(x, render::WIDTH), fraction(y, render::HEIGHT)];
    let region = |(code, corners): (SlotCode, [[f32; 2]; 4])| NewRegion {
        slot: SlotRef::Code(code),
        polygon: corners.map(corner).to_vec(),
    };
    let regions = render::regions(view).into_iter().map(region).collect();
    SetRegions { mode: RegionsMode::Auto, regions, anchor: None }
}

/// How long pictures are kept beside a demo.
#[must_use]
pub fn keeping(settings: keeping::Settings) -> keeping::Settings {
    keeping::Settings {
        per_camera_max: settings.per_camera_max.or(Some(CAPTURES_KEPT)),
        retain_every: settings.retain_every.min(FORGET_EVERY),
        ..settings
    }
}

/// The token of a camera.
///
/// # Errors
/// When there is none.
pub fn token(camera: &DemoCamera, places: &Places) -> Result<String, String> {
    let file = token_file(camera, places);
    let text = std::fs::read_to_string(&file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    Ok(text.trim().to_string())
}

fn demo() -> Actor {
    Actor::system("demo")
}

/// Has the demo change something.
///
/// # Errors
/// Why it was refused, or that it could not be stored.
pub async fn submit(lot: &LotHandle, command: Command) -> Result<(), String> {
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
