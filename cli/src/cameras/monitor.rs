//! `camera monitor`: what a device logs, line by line, with the time of day.

use serde::Serialize;

use super::cable::PortArgs;
use crate::app::App;
use crate::clock;
use crate::error::Error;
use crate::output::{Column, Record, Show, Stream};
use crate::serial::{Link, Trouble};
use parking_api::Time;

pub const EXAMPLES: &str = "\
Opening the port restarts most boards, so the log begins with the boot; --no-reset leaves the board alone where it can be done.

Examples:
  parkctl camera monitor
  parkctl camera monitor --port /dev/ttyUSB1 -o jsonl";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    port: PortArgs,
    /// End after so many lines
    #[arg(long, value_name = "COUNT")]
    count: Option<u64>,
}

/// A line of a device's log.
#[derive(Debug, Serialize)]
struct Line {
    at: Time,
    line: String,
}

impl Record for Line {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("at", "/at", Show::Clock).table("TIME", 0),
            Column::new("line", "/line", Show::Text).table("LINE", 0).flexible(),
        ]
    }
}

pub async fn run(app: &mut App, args: &Args) -> Result<(), Error> {
    let path = args.port.pick()?;
    let trouble = |trouble: Trouble| trouble.at(&format!("listen on {path}"));
    let mut link = Link::open(&path, !args.port.no_reset).map_err(trouble)?;
    app.out.talk(&format!("listening on {path}; Ctrl-C ends it"))?;
    let mut stream = Stream::new::<Line>(&app.out, &[])?;
    stream.begin(&mut app.out)?;
    let mut count = 0;
    loop {
        for line in link.lines().await.map_err(trouble)? {
            stream.push(&mut app.out, &Line { at: clock::now(), line })?;
            count += 1;
            if args.count.is_some_and(|most| count >= most) {
                return Ok(());
            }
        }
    }
}
