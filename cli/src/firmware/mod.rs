//! `parkctl firmware`: images for cameras: signed, added, rolled out, watched, withdrawn.

mod sign;

use std::path::PathBuf;

use bytes::Bytes;
use clap::Subcommand;
use clap::builder::RangedU64ValueParser;
use parking_api::client::{Client, FirmwareMeta};
use parking_api::firmware::{CameraProgress, Firmware, FirmwareStatus, NewRollOut};
use parking_api::{CameraId, FirmwareId};

use crate::app::{App, once};
use crate::args::{Consent, Trial};
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Column, Format, Look, Record, Show, Shown, Tint};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a pair of keys for signing firmware
    #[command(after_help = sign::KEYGEN_EXAMPLES)]
    Keygen(sign::KeygenArgs),
    /// Sign an image
    #[command(after_help = sign::SIGN_EXAMPLES)]
    Sign(sign::SignArgs),
    /// Bring a signed image to the daemon; no camera is told of it yet
    #[command(after_help = ADD_EXAMPLES)]
    Add(AddArgs),
    /// List images
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Let cameras run an image: all of its board, a part of them, or some by name
    #[command(after_help = ROLL_OUT_EXAMPLES)]
    RollOut(RollOutArgs),
    /// Show how far each camera is
    #[command(after_help = STATUS_EXAMPLES)]
    Status {
        /// Version or id of the firmware
        firmware: String,
    },
    /// Remove an image; cameras that run it go on
    #[command(after_help = WITHDRAW_EXAMPLES)]
    Withdraw {
        /// Version or id of the firmware
        firmware: String,
        #[command(flatten)]
        consent: Consent,
    },
}

const ADD_EXAMPLES: &str = "\
Takes what `parkctl firmware sign` wrote beside the image. A daemon with a key (PARKD_FIRMWARE_KEY) refuses what that key did not sign.

Examples:
  parkctl firmware add camera.bin
  parkctl firmware add camera.bin --dry-run";

const LIST_EXAMPLES: &str = "\
Examples:
  parkctl firmware list
  parkctl firmware list -o json";

const ROLL_OUT_EXAMPLES: &str = "\
A camera is told when it is next in touch. It fetches the image, checks it, starts it, and keeps it once the daemon has a picture from it; \
else it goes back by itself. Which cameras a part of them are is always the same, and a larger part has the smaller one in it. When a fifth of \
them has gone back or is silent, no more are told; to roll it out again begins a new attempt, at which those that went back do not count, and \
with --force try again. --percent 0 tells nobody any more.

Examples:
  parkctl firmware roll-out 0.2.0 --percent 10
  parkctl firmware roll-out 0.2.0 --camera cam-1 --camera cam-3
  parkctl firmware roll-out 0.2.0 --dry-run";

const STATUS_EXAMPLES: &str = "\
waiting: not heard of since; told: was told, said nothing yet; fetching; trying: started it, no picture from it yet; running; went_back: \
started it, brought no picture, runs what it ran before; silent: started it and was not heard of for half an hour; failed: does not take it, \
and the word says why.

Examples:
  parkctl firmware status 0.2.0
  parkctl firmware status 0.2.0 -o json";

const WITHDRAW_EXAMPLES: &str = "\
Examples:
  parkctl firmware withdraw 0.2.0
  parkctl firmware withdraw 0.2.0 --yes";

#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// The image; IMAGE.json is beside it
    image: PathBuf,
    #[command(flatten)]
    trial: Trial,
}

#[derive(Debug, clap::Args)]
pub struct RollOutArgs {
    /// Version or id of the firmware
    firmware: String,
    /// To this part of the cameras
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = RangedU64ValueParser::<u8>::new().range(..=100))]
    percent: u8,
    /// Only to this camera; may be repeated
    #[arg(long, value_name = "ID")]
    camera: Vec<CameraId>,
    /// Also to cameras that run a newer version, or that went back from it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    trial: Trial,
}

pub async fn run(app: &mut App, command: Command) -> Result<(), Error> {
    match command {
        Command::Keygen(args) => sign::keygen(app, &args),
        Command::Sign(args) => sign::sign(app, &args),
        Command::Add(args) => add(app, &args).await,
        Command::List => {
            let firmwares = app.client()?.firmwares().await?;
            app.out.list(&firmwares, "there is no firmware")
        }
        Command::RollOut(args) => roll_out(app, args).await,
        Command::Status { firmware } => {
            let client = app.client()?;
            let id = find(&client, &firmware).await?;
            status(app, &client.firmware(id).await?)
        }
        Command::Withdraw { firmware, consent } => {
            let client = app.changer(consent.trial)?;
            let id = find(&client, &firmware).await?;
            app.consent(&format!("Withdraw firmware {firmware}"), consent)?;
            let gone = client.firmware_withdraw(id).await?;
            app.out.result(&gone)?;
            app.done(&client, &format!("withdrew firmware {}", gone.value.version))
        }
    }
}

async fn add(app: &mut App, args: &AddArgs) -> Result<(), Error> {
    let client = app.changer(args.trial)?;
    let image = sign::read_image(&args.image)?;
    let sign::Manifest { board, version, signature, .. } = sign::read_manifest(&args.image, &image)?;
    let (image, meta) = (Bytes::from(image), FirmwareMeta { board, version, signature });
    let added = once(&client, async |client: &Client| client.firmware_add(image.clone(), &meta).await).await?;
    app.out.result(&added)?;
    let next = format!("no camera is told of it yet: `parkctl firmware roll-out {}`", added.value.version);
    app.done(&client, &next)
}

async fn roll_out(app: &mut App, args: RollOutArgs) -> Result<(), Error> {
    let client = app.changer(args.trial)?;
    let id = find(&client, &args.firmware).await?;
    let new = NewRollOut { percent: Some(args.percent), cameras: args.camera, is_forced: args.force };
    let rolled = once(&client, async |client: &Client| client.firmware_roll_out(id, &new).await).await?;
    app.out.result(&rolled)?;
    app.done(&client, &format!("`parkctl firmware status {}` shows how far they are", rolled.value.version))
}

/// By id or, where only one board has it, by version.
async fn find(client: &Client, name: &str) -> Result<FirmwareId, Error> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let all = client.firmwares().await?;
    let named: Vec<_> = all.iter().filter(|firmware| firmware.version == name).collect();
    match named[..] {
        [one] => Ok(one.id),
        [] => Err(Error::here(Exit::NotFound, "firmware_not_found", format!("there is no firmware {name}"))
            .hint("`parkctl firmware list` shows which there are")),
        _ => {
            let boards: Vec<_> = named.iter().map(|one| format!("{} for {}", one.id, one.board)).collect();
            Err(Error::usage(format!("firmware {name} is there for several boards"))
                .hint(format!("name one by its id: {}", boards.join(", "))))
        }
    }
}

/// A table of cameras for people, the whole answer for programs.
fn status(app: &mut App, status: &FirmwareStatus) -> Result<(), Error> {
    if app.out.format.is_json() {
        return app.out.one(status);
    }
    if app.out.format == Format::Csv {
        return app.out.list(&status.cameras, "");
    }
    let Firmware { version, board, roll_out, .. } = &status.firmware;
    let told = match roll_out {
        None => "is not rolled out".to_string(),
        Some(roll_out) => {
            let percent = format!(
                "is rolled out to {} of {} cameras ({} %)",
                status.cameras.len(),
                status.of_board,
                roll_out.percent
            );
            let stopped =
                if roll_out.stopped_at.is_some() { "; that was stopped because cameras went back" } else { "" };
            format!("{percent}{stopped}")
        }
    };
    app.out.talk(&format!("firmware {version} for {board} {told}"))?;
    app.out.list(&status.cameras, "no camera is to run it")
}

fn rolled(firmware: &serde_json::Value, _: &Look) -> Shown {
    let roll_out = &firmware["roll_out"];
    match roll_out["percent"].as_u64() {
        None => Shown::tinted("no", Tint::Dim),
        Some(_) if roll_out["stopped_at"].is_string() => Shown::tinted("stopped", Tint::Red),
        Some(0) => Shown::tinted("ended", Tint::Dim),
        Some(percent) => Shown::tinted(format!("{percent} %"), Tint::Green),
    }
}

fn state(word: &str, look: &Look) -> Shown {
    let (glyph, ascii, tint) = match word {
        "running" => ("✓", "ok", Tint::Green),
        "went_back" | "silent" | "failed" => ("✗", "x", Tint::Red),
        "fetching" | "trying" => ("…", "~", Tint::Yellow),
        _ => ("·", "-", Tint::Dim),
    };
    Shown::tinted(format!("{} {}", look.glyph(glyph, ascii), word.replace('_', " ")), tint)
}

impl Record for Firmware {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("id", "/id", Show::Text).table("ID", 3),
            Column::new("board", "/board", Show::Text).table("BOARD", 0),
            Column::new("version", "/version", Show::Text).table("VERSION", 0),
            Column::new("bytes", "/bytes", Show::Number).table("BYTES", 2),
            Column::new("rolled_out", "", Show::Record(rolled)).table("ROLLED OUT", 0).derived(),
            Column::new("sha256", "/sha256", Show::Text),
            Column::new("signature", "/signature", Show::Text),
            Column::new("key", "/key", Show::Text),
            Column::new("added_at", "/added_at", Show::Age).table("ADDED", 1),
            Column::new("percent", "/roll_out/percent", Show::Number),
            Column::new("began_at", "/roll_out/began_at", Show::Age),
            Column::new("stopped_at", "/roll_out/stopped_at", Show::Age),
            Column::new("rev", "/rev", Show::Number),
        ]
    }
}

impl Record for FirmwareStatus {
    fn columns() -> Vec<Column> {
        Firmware::columns()
    }
}

impl Record for CameraProgress {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("camera", "/camera", Show::Text).table("CAMERA", 0),
            Column::new("state", "/state", Show::Word(state)).table("STATE", 0),
            Column::new("version", "/version", Show::Text).table("RUNS", 1),
            Column::new("word", "/word", Show::Text).table("SAYS", 2),
            Column::new("heard_at", "/heard_at", Show::Age).table("HEARD", 3),
        ]
    }
}
