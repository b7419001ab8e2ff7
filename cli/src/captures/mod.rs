//! `parkctl capture`: stored pictures.

mod get;
mod pin;
mod upload;
mod watch;

use clap::Subcommand;
use parking_api::captures::Capture;
use parking_api::client::CaptureQuery;
use parking_api::{CameraId, CaptureId};
use serde_json::Value;

use crate::app::{App, each};
use crate::args::Consent;
use crate::error::Error;
use crate::output::{Column, Look, Record, Show, Shown};
use crate::pages::{Limit, collect};
use crate::times::When;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Upload pictures
    #[command(after_help = upload::EXAMPLES)]
    Upload(upload::Args),
    /// List captures, newest first
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Show one capture, and fetch its picture
    #[command(after_help = get::EXAMPLES)]
    Get(get::Args),
    /// Keep captures until they are deleted by hand
    #[command(after_help = pin::EXAMPLES)]
    Pin(pin::Args),
    /// Let captures go by the rules of retention again
    #[command(after_help = pin::EXAMPLES)]
    Unpin(pin::Args),
    /// Print each capture as it comes, and keep its picture
    #[command(after_help = watch::EXAMPLES)]
    Watch(watch::Args),
    /// Delete captures and their pictures
    #[command(after_help = DELETE_EXAMPLES)]
    Delete {
        /// Ids of the captures
        #[arg(required = true, value_name = "ID")]
        ids: Vec<CaptureId>,
        #[command(flatten)]
        consent: Consent,
    },
}

const LIST_EXAMPLES: &str = "\
Examples:
  parkctl capture list --camera cam-1 --from 2h
  parkctl capture list --all -o jsonl";

const DELETE_EXAMPLES: &str = "\
Examples:
  parkctl capture delete 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12 --yes";

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only those of this camera
    #[arg(long, value_name = "ID")]
    camera: Option<CameraId>,
    /// Only those taken since then: a time, or a span back from now such as 2h or 7d
    #[arg(long, value_name = "WHEN")]
    from: Option<When>,
    /// Only those taken before then
    #[arg(long, value_name = "WHEN")]
    to: Option<When>,
    #[command(flatten)]
    limit: Limit,
}

pub async fn run(app: &mut App, command: Command) -> Result<(), Error> {
    match command {
        Command::Upload(args) => upload::run(app, args).await,
        Command::List(args) => list(app, args).await,
        Command::Get(args) => get::run(app, args).await,
        Command::Pin(args) => pin::run(app, args, true).await,
        Command::Unpin(args) => pin::run(app, args, false).await,
        Command::Watch(args) => watch::run(app, args).await,
        Command::Delete { ids, consent } => delete(app, &ids, consent).await,
    }
}

async fn delete(app: &mut App, ids: &[CaptureId], consent: Consent) -> Result<(), Error> {
    let client = app.changer(consent.trial)?;
    let what = match ids {
        [id] => format!("capture {id} and its picture"),
        _ => format!("{} captures and their pictures", ids.len()),
    };
    app.consent(&format!("Delete {what}"), consent)?;
    let told = |captures| format!("deleted {} of lot {}", count(captures), client.lot());
    each(app, &client, ids, told, async |id: &CaptureId| Ok(client.capture_delete(*id).await?)).await
}

fn count(captures: usize) -> String {
    if captures == 1 { "1 capture".into() } else { format!("{captures} captures") }
}

async fn list(app: &mut App, args: ListArgs) -> Result<(), Error> {
    let client = app.client()?;
    let now = app.now();
    let query = CaptureQuery {
        camera: args.camera,
        from: args.from.map(|from| from.before(now)),
        to: args.to.map(|to| to.before(now)),
        ..CaptureQuery::default()
    };
    let captures = collect(&args.limit, async |cursor, limit| {
        client.captures(&CaptureQuery { cursor, limit: Some(limit), ..query.clone() }).await
    });
    let captures = captures.await?;
    let what = if query == CaptureQuery::default() { "no captures yet" } else { "no such capture" };
    app.out.list(&captures.items, &format!("lot {} has {what}", client.lot()))?;
    captures.say(&mut app.out)
}

fn pixels(capture: &Value, _: &Look) -> Shown {
    Shown::plain(format!("{}x{}", capture["width"], capture["height"]))
}

impl Record for Capture {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("id", "/id", Show::Text).table("ID", 0),
            Column::new("camera", "/camera", Show::Text).table("CAMERA", 2).flexible(),
            Column::new("key", "/key", Show::Text),
            Column::new("url", "/url", Show::Text),
            Column::new("content_type", "/content_type", Show::Text).table("TYPE", 5),
            Column::new("bytes", "/bytes", Show::Bytes).table("SIZE", 4),
            Column::new("width", "/width", Show::Number),
            Column::new("height", "/height", Show::Number),
            Column::new("pixels", "", Show::Record(pixels)).table("PIXELS", 3).derived(),
            Column::new("sha256", "/sha256", Show::Text),
            Column::new("captured_at", "/captured_at", Show::Age).table("TAKEN", 1),
            Column::new("received_at", "/received_at", Show::Age),
            Column::new("pinned", "/pinned", Show::Text),
            Column::new("rev", "/rev", Show::Number),
        ]
    }
}
