//! `camera monitor`: what a device logs, line by line, with the time of day.

use std::time::Duration;

use parking_api::Time;
use serde::Serialize;

use super::cable::PortArgs;
use crate::app::App;
use crate::clock;
use crate::error::Error;
use crate::output::{Column, Record, Show, Stream};
use crate::serial::{Link, Trouble};

/// How often it is looked whether a port is there again.
const LOOK: Duration = Duration::from_millis(250);

pub const EXAMPLES: &str = "\
Opening the port restarts most boards, so the log begins with the boot. A cable that is pulled is waited for until it is back. Colours \
of the log are taken off.

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
            Column::new("at", "/at", Show::Moment).table("TIME", 0),
            Column::new("line", "/line", Show::Text).table("LINE", 0).flexible(),
        ]
    }
}

pub async fn run(app: &mut App, args: &Args) -> Result<(), Error> {
    let path = args.port.pick(app)?;
    let trouble = |trouble: Trouble| trouble.at(&format!("listen on {path}"));
    let mut link = Link::open(&path, !args.port.no_reset).map_err(trouble)?;
    app.out.talk(&format!("listening on {path}; Ctrl-C ends it"))?;
    let mut stream = Stream::new::<Line>(&app.out, &[])?;
    stream.begin(&mut app.out)?;
    let mut count = 0;
    loop {
        let lines = match link.lines().await {
            Err(Trouble::Gone) => {
                drop(link);
                app.out.talk(&format!("{path} has vanished; waiting until it is back"))?;
                link = again(&path, !args.port.no_reset).await.map_err(trouble)?;
                app.out.talk(&format!("{path} is back"))?;
                continue;
            }
            lines => lines.map_err(trouble)?,
        };
        for line in lines {
            stream.push(&mut app.out, &Line { at: clock::now(), line })?;
            count += 1;
            if args.count.is_some_and(|most| count >= most) {
                return Ok(());
            }
        }
    }
}

/// Waits until the port can be opened once more, however long that takes: Ctrl-C ends it.
async fn again(path: &str, may_reset: bool) -> Result<Link, Trouble> {
    loop {
        tokio::time::sleep(LOOK).await;
        match Link::open(path, may_reset) {
            // A port is there a little before it is whole, and before one may open it.
            Err(Trouble::Missing | Trouble::Denied | Trouble::Gone | Trouble::Unusable(_)) => {}
            opened => return opened,
        }
    }
}
