//! `camera health`: how a camera was doing lately, or reports for a device how it is doing, as its firmware would.

use parking_api::CameraId;
use parking_api::cameras::{Health, HealthSample};

use crate::app::App;
use crate::args::Trial;
use crate::error::Error;
use crate::output::{Column, Record, Show};

pub const EXAMPLES: &str = "\
Reports are for devices that cannot speak to the daemon themselves. A report is a sign of life: the camera is online again.
What it reported last is shown by `parkctl camera get`; --history shows the worst of each stretch of ten minutes, of the last days.

Examples:
  parkctl camera health cam-1 --history
  parkctl camera health cam-1
  parkctl camera health cam-1 --uptime 3600 --rssi -61 --firmware 1.4.0
  parkctl camera health cam-1 --board ai-thinker --mode gentle --dropped 2 --errors 1";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Id of the camera
    id: CameraId,
    /// Report nothing, and show what it reported before
    #[arg(long, conflicts_with = "report")]
    history: bool,
    #[command(flatten)]
    report: Report,
    #[command(flatten)]
    trial: Trial,
}

#[derive(Debug, clap::Args)]
#[group(id = "report", multiple = true)]
struct Report {
    /// Seconds since it booted
    #[arg(long, value_name = "SECONDS")]
    uptime: Option<u64>,
    /// Wi-Fi signal, in dBm
    #[arg(long, value_name = "DBM", allow_negative_numbers = true)]
    rssi: Option<i16>,
    /// Free memory, in bytes
    #[arg(long, value_name = "BYTES")]
    free_heap: Option<u64>,
    /// Version of its firmware
    #[arg(long, value_name = "VERSION")]
    firmware: Option<String>,
    /// Why it last booted
    #[arg(long, value_name = "TEXT")]
    reset_reason: Option<String>,
    /// Pictures that wait to be uploaded
    #[arg(long, value_name = "N")]
    queue_depth: Option<u32>,
    /// Pictures that gave way to newer ones since it booted
    #[arg(long, value_name = "N")]
    dropped: Option<u32>,
    /// Whatever went wrong since it booted, counted
    #[arg(long, value_name = "N")]
    errors: Option<u32>,
    /// Name of its board
    #[arg(long, value_name = "NAME")]
    board: Option<String>,
    /// normal, gentle (weak supply) or safe (it kept failing)
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// What became of the last firmware that it was offered, in a word
    #[arg(long, value_name = "WORD")]
    update: Option<String>,
    /// Which firmware that was: the first 16 digits of the SHA-256 of its image
    #[arg(long, value_name = "DIGITS")]
    update_of: Option<String>,
}

pub async fn run(app: &mut App, args: Args) -> Result<(), Error> {
    if args.history {
        let samples = app.client()?.camera_health_samples(&args.id).await?;
        return app.out.list(&samples, &format!("camera {} has reported nothing of itself lately", args.id));
    }
    let client = app.changer(args.trial)?;
    let report = args.report;
    let health = Health {
        uptime_s: report.uptime,
        rssi_dbm: report.rssi,
        free_heap_bytes: report.free_heap,
        firmware: report.firmware,
        reset_reason: report.reset_reason,
        queue_depth: report.queue_depth,
        dropped: report.dropped,
        errors: report.errors,
        board: report.board,
        mode: report.mode,
        update: report.update,
        update_of: report.update_of,
        ..Health::default()
    };
    app.out.result(&client.camera_health(&args.id, &health).await?)?;
    app.done(&client, "")
}

impl Record for HealthSample {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("at", "/at", Show::Clock).table("TIME", 0),
            Column::new("booted_at", "/booted_at", Show::Clock).table("BOOTED", 1),
            Column::new("rssi_dbm", "/rssi_dbm", Show::Number).table("DBM", 0),
            Column::new("free_heap_bytes", "/free_heap_bytes", Show::Bytes).table("FREE", 2),
            Column::new("queue_depth", "/queue_depth", Show::Number).table("WAITING", 3),
        ]
    }
}
