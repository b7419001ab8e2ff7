//! `parkctl camera`: devices that upload pictures.

mod cable;
mod calibrate;
mod claim;
mod doctor;
mod health;
mod monitor;
mod outline;
mod provision;
mod regions;
mod trust;
mod views;
mod wifi;

pub use cable::PORT_VARIABLE;
pub use claim::URL_VARIABLE;
pub use wifi::PASSWORD_VARIABLE;

use std::path::PathBuf;

use clap::Subcommand;
use parking_api::CameraId;
use parking_api::cameras::{Camera, CameraCreated, CameraPatch, INTERVAL_S_MAX, INTERVAL_S_MIN, NewCamera};
use parking_api::client::Client;
use serde_json::Value;

use crate::app::{App, once};
use crate::args::{Consent, Trial};
use crate::error::Error;
use crate::output::{Column, Look, Record, Show, Shown, Tint};
use crate::tokens;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List cameras and how they are doing
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Show one camera with what it reported of itself
    #[command(after_help = GET_EXAMPLES)]
    Get {
        /// Id of the camera
        id: CameraId,
    },
    /// Create a camera and the token that it uploads with
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateArgs),
    /// Change name, zone or interval of a camera
    #[command(after_help = EDIT_EXAMPLES)]
    Edit(EditArgs),
    /// Delete a camera and revoke its token; its captures stay
    #[command(visible_alias = "retire", after_help = DELETE_EXAMPLES)]
    Delete {
        /// Id of the camera
        id: CameraId,
        #[command(flatten)]
        consent: Consent,
    },
    /// Ask a camera for a picture; it takes one when it is next in touch
    #[command(after_help = SHOOT_EXAMPLES)]
    Shoot {
        /// Id of the camera
        id: CameraId,
        #[command(flatten)]
        trial: Trial,
    },
    /// Show how a camera was doing, or report it in its place
    #[command(after_help = health::EXAMPLES)]
    Health(health::Args),
    /// Show what a camera makes of each slot that it sees
    #[command(after_help = views::EXAMPLES)]
    Views {
        /// Id of the camera
        id: CameraId,
    },
    /// Say what is wrong with a camera, and what to do about it
    #[command(after_help = doctor::EXAMPLES)]
    Doctor {
        /// Id of the camera
        id: CameraId,
    },
    /// Where a camera sees which slot
    #[command(subcommand)]
    Regions(regions::Command),
    /// Say what a camera may do about the slots that it sees
    #[command(after_help = regions::OCCUPANCY_EXAMPLES)]
    Occupancy(regions::OccupancyArgs),
    /// Show a camera slots that are free, for it to learn from
    #[command(after_help = calibrate::EXAMPLES)]
    Calibrate(calibrate::Args),
    #[command(flatten)]
    OnCable(OnCable),
}

/// What is done to a device on a serial cable.
#[derive(Debug, Subcommand)]
pub enum OnCable {
    /// Set up a camera on a serial cable, until its first picture has arrived
    #[command(after_help = provision::EXAMPLES)]
    Provision(provision::Args),
    /// Say what device is on the cable
    #[command(after_help = cable::IDENTIFY_EXAMPLES)]
    Identify(cable::PortArgs),
    /// List the networks that the device on the cable sees, the strongest first
    #[command(after_help = wifi::SCAN_EXAMPLES)]
    Scan(cable::PortArgs),
    /// Let the device on the cable join a network
    #[command(after_help = wifi::WIFI_EXAMPLES)]
    Wifi(wifi::JoinArgs),
    /// Hand the camera on the cable the daemon's address and a new token
    #[command(after_help = claim::CLAIM_EXAMPLES)]
    Claim(claim::ClaimArgs),
    /// Print what the device on the cable logs
    #[command(after_help = monitor::EXAMPLES)]
    Monitor(monitor::Args),
    /// Give a camera a new token and revoke the old one
    #[command(after_help = claim::ROTATE_EXAMPLES)]
    RotateToken(claim::RotateArgs),
}

const LIST_EXAMPLES: &str = "\
MODE is what a camera may do about the slots that it sees: see `parkctl camera occupancy --help`.

Examples:
  parkctl camera list
  parkctl camera list -o json";

const GET_EXAMPLES: &str = "\
Examples:
  parkctl camera get cam-1";

const SHOOT_EXAMPLES: &str = "\
Examples:
  parkctl camera shoot cam-1
  parkctl camera shoot cam-1 --dry-run";

const CREATE_EXAMPLES: &str = "\
The token is printed this once and can never be read again. With --save it goes into a file instead.

Examples:
  parkctl camera create cam-1 --zone North --interval 30
  parkctl camera create cam-2 --save cam-2.token";

const EDIT_EXAMPLES: &str = "\
Examples:
  parkctl camera edit cam-1 --name 'Gate, north side' --interval 60
  parkctl camera edit cam-1 --no-zone";

const DELETE_EXAMPLES: &str = "\
Examples:
  parkctl camera delete cam-1
  parkctl camera delete cam-1 --yes";

#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// 1 to 48 of a-z 0-9 - _
    id: CameraId,
    /// What people call it [default: the id]
    #[arg(long)]
    name: Option<String>,
    /// The zone that it looks at
    #[arg(long)]
    zone: Option<String>,
    /// How often it uploads, in seconds [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = interval())]
    interval: Option<u32>,
    /// Write the token to this new file, readable by you alone, and do not print it
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    trial: Trial,
}

#[derive(Debug, clap::Args)]
pub struct EditArgs {
    /// Id of the camera
    id: CameraId,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// The zone that it looks at
    #[arg(long, conflicts_with = "no_zone")]
    zone: Option<String>,
    /// It looks at no zone in particular
    #[arg(long)]
    no_zone: bool,
    /// How often it uploads, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = interval())]
    interval: Option<u32>,
    #[command(flatten)]
    trial: Trial,
}

fn interval() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(i64::from(INTERVAL_S_MIN)..=i64::from(INTERVAL_S_MAX))
}

pub async fn run(app: &mut App, command: Command) -> Result<(), Error> {
    match command {
        Command::Doctor { id } => doctor::run(app, &id).await,
        Command::Health(args) => health::run(app, args).await,
        Command::Views { id } => views::run(app, &id).await,
        Command::Regions(command) => regions::run(app, command).await,
        Command::Occupancy(args) => regions::occupancy(app, &args).await,
        Command::Calibrate(args) => calibrate::run(app, args).await,
        Command::OnCable(command) => on_cable(app, command).await,
        Command::List => {
            let client = app.client()?;
            let when_empty = format!("lot {} has no cameras; add one with `parkctl camera create ID`", client.lot());
            app.out.list(&client.cameras().await?, &when_empty)
        }
        Command::Get { id } => {
            let camera = app.client()?.camera(&id).await?;
            app.out.one(&camera)
        }
        Command::Shoot { id, trial } => {
            let client = app.changer(trial)?;
            app.out.result(&client.camera_shoot(&id).await?)?;
            app.done(&client, &format!("camera {id} takes a picture when it is next in touch"))
        }
        Command::Create(args) => {
            tokens::check_free(args.save.as_deref())?;
            let CreateArgs { id, name, zone, interval: interval_s, save, trial } = args;
            let client = app.changer(trial)?;
            let new = NewCamera { id, name, zone, interval_s };
            let created = once(&client, async |client: &Client| client.camera_create(&new).await).await?;
            tokens::hand_over(app, &client, created, save.as_deref(), |created| &mut created.value.token)
        }
        Command::Edit(EditArgs { id, name, zone, no_zone, interval: interval_s, trial }) => {
            let zone = if no_zone { Some(None) } else { zone.map(Some) };
            let patch = CameraPatch { name, zone, interval_s };
            if patch == CameraPatch::default() {
                return Err(Error::no_change("camera"));
            }
            let client = app.changer(trial)?;
            app.out.result(&client.camera_patch(&id, &patch).await?)?;
            app.done(&client, "")
        }
        Command::Delete { id, consent } => {
            let client = app.changer(consent.trial)?;
            app.consent(&format!("Delete camera {id} of lot {} and revoke its token", client.lot()), consent)?;
            let camera = client.camera_delete(&id).await?;
            app.out.result(&camera)?;
            app.done(&client, &format!("deleted camera {id} of lot {}", client.lot()))
        }
    }
}

async fn on_cable(app: &mut App, command: OnCable) -> Result<(), Error> {
    match command {
        OnCable::Provision(args) => provision::run(app, args).await,
        OnCable::Identify(port) => cable::identify(app, &port).await,
        OnCable::Scan(port) => wifi::scan(app, &port).await,
        OnCable::Wifi(args) => wifi::run(app, &args).await,
        OnCable::Claim(args) => claim::run(app, &args).await,
        OnCable::Monitor(args) => monitor::run(app, &args).await,
        OnCable::RotateToken(args) => claim::rotate(app, &args).await,
    }
}

/// Its status, unless it says less than what its pictures say.
fn status(camera: &Value, look: &Look) -> Shown {
    let word = match camera["status"].as_str().unwrap_or_default() {
        "offline" => "offline",
        _ if !camera["frozen_since"].is_null() => "frozen",
        _ if !camera["moved_since"].is_null() => "moved",
        word => word,
    };
    let (glyph, ascii, tint) = match word {
        "online" => ("●", "#", Tint::Green),
        "frozen" | "moved" => ("◌", "=", Tint::Red),
        "late" => ("◐", "!", Tint::Yellow),
        _ => ("○", "o", Tint::Red),
    };
    Shown::tinted(format!("{} {word}", look.glyph(glyph, ascii)), tint)
}

impl Record for Camera {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("id", "/id", Show::Text).table("CAMERA", 0),
            Column::new("status", "/status", Show::Record(status)).table("STATUS", 0),
            Column::new("name", "/name", Show::Text).table("NAME", 5).flexible(),
            Column::new("zone", "/zone", Show::Text).table("ZONE", 2).flexible(),
            Column::new("interval_s", "/interval_s", Show::Seconds).table("EVERY", 6),
            Column::new("occupancy", "/occupancy", Show::Text).table("MODE", 3),
            Column::new("status_at", "/status_at", Show::Age),
            Column::new("created_at", "/created_at", Show::Age),
            Column::new("rev", "/rev", Show::Number),
            Column::new("capture_wanted_at", "/capture_wanted_at", Show::Age),
            Column::new("frozen_since", "/frozen_since", Show::Age),
            Column::new("moved_since", "/moved_since", Show::Age),
            Column::new("blind_slots", "/blind_slots", Show::Text).table("BLIND SLOTS", 2).flexible(),
            Column::new("seen_at", "/contact/seen_at", Show::Age).table("SEEN", 1),
            Column::new("capture_id", "/contact/capture_id", Show::Text),
            Column::new("health_at", "/contact/health_at", Show::Age),
            Column::new("uptime_s", "/contact/health/uptime_s", Show::Seconds),
            Column::new("rssi_dbm", "/contact/health/rssi_dbm", Show::Number).table("DBM", 7),
            Column::new("free_heap_bytes", "/contact/health/free_heap_bytes", Show::Bytes),
            Column::new("firmware", "/contact/health/firmware", Show::Text).table("FIRMWARE", 4).flexible(),
            Column::new("reset_reason", "/contact/health/reset_reason", Show::Text),
            Column::new("queue_depth", "/contact/health/queue_depth", Show::Number),
            Column::new("dropped", "/contact/health/dropped", Show::Number),
            Column::new("errors", "/contact/health/errors", Show::Number),
            Column::new("board", "/contact/health/board", Show::Text),
            Column::new("mode", "/contact/health/mode", Show::Text),
            Column::new("update", "/contact/health/update", Show::Text),
        ]
    }
}

impl Record for CameraCreated {
    fn columns() -> Vec<Column> {
        let mut columns = Camera::columns();
        columns.push(Column::new("token", "/token", Show::Text));
        columns
    }
}
