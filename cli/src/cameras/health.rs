//! `camera health`: reports for a device how it is doing, as its firmware would.

use parking_api::CameraId;
use parking_api::cameras::Health;

use crate::app::App;
use crate::args::Trial;
use crate::error::Error;

pub const EXAMPLES: &str = "\
For devices that cannot speak to the daemon themselves. A report is a sign of life: the camera is online again.
What it reported last is shown by `parkctl camera get`.

Examples:
  parkctl camera health cam-1
  parkctl camera health cam-1 --uptime 3600 --rssi -61 --firmware 1.4.0
  parkctl camera health cam-1 --board ai-thinker --mode gentle --dropped 2 --errors 1";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Id of the camera
    id: CameraId,
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
    #[command(flatten)]
    trial: Trial,
}

pub async fn run(app: &mut App, args: Args) -> Result<(), Error> {
    let client = app.changer(args.trial)?;
    let health = Health {
        uptime_s: args.uptime,
        rssi_dbm: args.rssi,
        free_heap_bytes: args.free_heap,
        firmware: args.firmware,
        reset_reason: args.reset_reason,
        queue_depth: args.queue_depth,
        dropped: args.dropped,
        errors: args.errors,
        board: args.board,
        mode: args.mode,
        update: args.update,
        update_of: args.update_of,
    };
    app.out.result(&client.camera_health(&args.id, &health).await?)?;
    app.done(&client, "")
}
