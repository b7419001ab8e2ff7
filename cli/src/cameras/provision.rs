//! `camera provision`: from a device on a cable to its first picture at the daemon.

mod batch;
mod picture;
mod progress;
mod steps;

use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use parking_api::CameraId;
use parking_api::cameras::NewCamera;
use serde::Serialize;

use super::cable::{Device, PortArgs};
use super::trust::TrustArgs;
use super::wifi::{Passwords, WifiArgs};
use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Column, Look, Record, Show, Shown, Tint};
use steps::Wanted;

pub const EXAMPLES: &str = "\
Finds the camera on the cable, lets you pick its network, registers it at the daemon, hands over Wi-Fi, address and token, and is \
done when the daemon has accepted the camera's first picture. A camera that worked before keeps what it had until the new settings \
have worked; Ctrl-C leaves the port free at any time. The password is asked for, or read from a file, from standard input \
(--password-file -) or from PARKCTL_WIFI_PASSWORD; it is never an argument. --timeout is the longest wait for each answer, but for \
the join, to which a device is given half a minute at least.

With --csv a box of cameras is provisioned one after the other as they are plugged in. Its columns: id, name, zone, interval_s and \
ssid, of which only id is required. What comes of each device is printed at once, with -o json one object a line. A device that fails \
does not use up its row: it is unplugged, and it or another one is plugged in for the same row, until one has made it or the row is \
skipped. Whatever hangs on other ports and does not answer is left alone.

Examples:
  parkctl camera provision --id cam-3 --zone B --ssid 'Lot Wi-Fi'
  parkctl camera provision --id cam-3 --ssid 'Lot Wi-Fi' --password-file wifi.txt -o json
  parkctl camera provision --csv cameras.csv --ssid 'Lot Wi-Fi' --password-file wifi.txt
  parkctl camera provision --id cam-3 --ssid 'Lot Wi-Fi' --dry-run";

#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Id of the camera: 1 to 48 of a-z 0-9 - _
    #[arg(long, required_unless_present = "csv", conflicts_with = "csv")]
    id: Option<CameraId>,
    /// What people call it [default: the id]
    #[arg(long)]
    name: Option<String>,
    /// The zone that it looks at
    #[arg(long)]
    zone: Option<String>,
    /// How often it uploads, in seconds [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = interval())]
    interval: Option<u32>,
    /// Provision every camera of this file, one after the other
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Skip a row of the file after so many devices that failed; on a terminal you are asked instead
    #[arg(long, value_name = "N", default_value_t = 3, requires = "csv", value_parser = clap::value_parser!(u32).range(1..))]
    tries: u32,
    #[command(flatten)]
    wifi: WifiArgs,
    /// Address of the daemon as the camera reaches it [default: that of this command] [env: PARKCTL_CAMERA_URL]
    #[arg(long, value_name = "URL")]
    camera_url: Option<String>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    port: PortArgs,
    /// Take the place of a camera of that id that is at work
    #[arg(long)]
    replace: bool,
    /// Look at daemon, device and networks, and change nothing
    #[arg(long)]
    dry_run: bool,
}

fn interval() -> RangedI64ValueParser<u32> {
    super::interval()
}

/// What came of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provisioned {
    pub id: CameraId,
    /// `provisioned`, `dry_run` or `failed`.
    pub result: &'static str,
    pub zone: Option<String>,
    pub port: Option<String>,
    pub device: Option<String>,
    pub firmware: Option<String>,
    pub ssid: Option<String>,
    /// The camera's own address.
    pub address: Option<String>,
    pub rssi_dbm: Option<i64>,
    pub capture: Option<String>,
    /// Path of the picture at the daemon.
    pub picture: Option<String>,
    pub seconds: u64,
    /// Code of the failure.
    pub code: Option<String>,
    /// What failed.
    pub message: Option<String>,
}

impl Provisioned {
    fn new(new: &NewCamera) -> Self {
        Self {
            id: new.id.clone(),
            result: "failed",
            zone: new.zone.clone(),
            port: None,
            device: None,
            firmware: None,
            ssid: None,
            address: None,
            rssi_dbm: None,
            capture: None,
            picture: None,
            seconds: 0,
            code: None,
            message: None,
        }
    }
}

pub async fn run(app: &mut App, args: Args) -> Result<(), Error> {
    if let Some(csv) = &args.csv {
        return batch::run(app, &args, csv).await;
    }
    let Some(id) = args.id.clone() else {
        return Err(Error::usage("no camera was named").hint("name one with --id, or several with --csv FILE"));
    };
    let new = NewCamera { id, name: args.name.clone(), zone: args.zone.clone(), interval_s: args.interval };
    let mut passwords = Passwords::given(app, &args.wifi)?;
    let mut done = Provisioned::new(&new);
    let wanted = Wanted { new, ssid: args.wifi.ssid.clone(), port: None };
    steps::provision(app, &args, &mut passwords, &wanted, &mut done).await?;
    app.out.one(&done)
}

/// A device that can be given Wi-Fi and nothing else.
pub fn not_a_camera(device: &Device) -> Error {
    let message = format!(
        "{} on {} is not a camera of this system: it can be given Wi-Fi and nothing else",
        device.title(),
        device.port
    );
    Error::here(Exit::Device, "not_a_camera", message)
        .hint("flash the camera firmware to make it one, or give it Wi-Fi alone with `parkctl camera wifi`")
}

fn result(word: &str, look: &Look) -> Shown {
    let (glyph, ascii, tint) = match word {
        "provisioned" => ("✓", "ok", Tint::Green),
        "dry_run" => ("·", "-", Tint::Dim),
        _ => ("✗", "x", Tint::Red),
    };
    Shown::tinted(format!("{} {}", look.glyph(glyph, ascii), word.replace('_', " ")), tint)
}

impl Record for Provisioned {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("id", "/id", Show::Text).table("CAMERA", 0),
            Column::new("result", "/result", Show::Word(result)).table("RESULT", 0),
            Column::new("zone", "/zone", Show::Text),
            Column::new("port", "/port", Show::Text).table("PORT", 5),
            Column::new("device", "/device", Show::Text).table("DEVICE", 4),
            Column::new("firmware", "/firmware", Show::Text),
            Column::new("ssid", "/ssid", Show::Text).table("NETWORK", 6).flexible(),
            Column::new("address", "/address", Show::Text).table("ADDRESS", 3).flexible(),
            Column::new("rssi_dbm", "/rssi_dbm", Show::Number).table("DBM", 2),
            Column::new("capture", "/capture", Show::Text),
            Column::new("picture", "/picture", Show::Text),
            Column::new("seconds", "/seconds", Show::Seconds).table("TOOK", 7),
            Column::new("code", "/code", Show::Text).table("WHY", 1).flexible(),
            Column::new("message", "/message", Show::Text),
        ]
    }
}
