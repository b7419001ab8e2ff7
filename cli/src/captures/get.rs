//! `capture get`: what is known of a picture, and the picture itself.

use std::path::PathBuf;

use parking_api::captures::Capture;
use parking_api::client::Client;
use parking_api::{CameraId, CaptureId};

use crate::app::App;
use crate::error::Error;
use crate::files;
use crate::output::{Format, bytes};

pub const EXAMPLES: &str = "\
Here -o names the file of the picture; how to print is said with --output, or with -o before the command.

Examples:
  parkctl capture get latest --camera cam-1 -o latest.jpg
  parkctl capture get 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12 --output json
  parkctl capture get latest --width 320 -o - > small.jpg";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Id of the capture, or latest
    #[arg(value_name = "ID|latest")]
    which: Which,
    /// The latest of this camera
    #[arg(long, value_name = "ID")]
    camera: Option<CameraId>,
    /// Save the picture to this file; - is standard output
    #[arg(short = 'o', long = "file", value_name = "FILE")]
    file: Option<PathBuf>,
    /// Fetch a smaller picture, at most so many pixels wide
    #[arg(long, value_name = "PIXELS", requires = "file", value_parser = clap::value_parser!(u32).range(1..))]
    width: Option<u32>,
    /// How to print: table, json, jsonl or csv
    // The same id as the global option, which gives its short form away here.
    #[arg(id = "output", long = "output", visible_alias = "format", value_name = "FORMAT", value_enum)]
    #[arg(hide_possible_values = true)]
    format: Option<Format>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Latest,
    Id(CaptureId),
}

impl std::str::FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "latest" => Ok(Self::Latest),
            _ => text.parse().map(Self::Id).map_err(|error| format!("{error}, nor is it `latest`")),
        }
    }
}

pub async fn run(app: &mut App, args: Args) -> Result<(), Error> {
    if args.camera.is_some() && args.which != Which::Latest {
        return Err(Error::usage("--camera goes with `latest`: a capture with an id is of one camera anyway"));
    }
    if args.file.as_deref().is_some_and(files::is_std) && app.terminal.stdout_is_tty {
        return Err(Error::usage("a picture is not for the eyes of a terminal")
            .hint("send it on, as in `-o - > a.jpg`, or name a file"));
    }
    let client = app.client()?;
    let capture = find(&client, &args).await?;
    let Some(file) = &args.file else { return app.out.one(&capture) };
    let picture = client.image(&capture.key, args.width).await?;
    if files::is_std(file) {
        return app.out.data(&picture);
    }
    files::write(file, &picture)?;
    app.out.one(&capture)?;
    app.out.talk(&format!("saved {} to {}", bytes(picture.len() as u64), file.display()))
}

async fn find(client: &Client, args: &Args) -> Result<Capture, Error> {
    Ok(match args.which {
        Which::Latest => client.capture_latest(args.camera.as_ref()).await?,
        Which::Id(id) => client.capture(id).await?,
    })
}
