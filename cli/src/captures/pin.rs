//! `capture pin` and `capture unpin`: what retention leaves alone.

use parking_api::CaptureId;

use crate::app::{App, each};
use crate::args::Trial;
use crate::error::Error;

pub const EXAMPLES: &str = "\
Examples:
  parkctl capture pin 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12
  parkctl capture unpin 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ids of the captures
    #[arg(required = true, value_name = "ID")]
    ids: Vec<CaptureId>,
    #[command(flatten)]
    trial: Trial,
}

pub async fn run(app: &mut App, args: Args, pinned: bool) -> Result<(), Error> {
    let client = app.changer(args.trial)?;
    let quietly = |_| String::new();
    each(app, &client, &args.ids, quietly, async |id: &CaptureId| Ok(client.capture_pin(*id, pinned).await?)).await
}
