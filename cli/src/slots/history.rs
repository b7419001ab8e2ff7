//! `slot history`: how full the lot was, hour by hour or day by day.

use parking_api::client::HistoryQuery;
use parking_api::history::{BucketLength, HistoryBucket};
use serde_json::Value;

use crate::app::App;
use crate::error::Error;
use crate::output::{Column, Look, Record, Show, Shown};
use crate::times::{When, rough};

pub const EXAMPLES: &str = "\
Occupied is the share of the time that slots were occupied, of the time that they were free, occupied or reserved. What no daemon
watched is a gap, and counts for nothing.

Examples:
  parkctl slot history
  parkctl slot history --from 7d --bucket day
  parkctl slot history --from 2d -o csv > occupancy.csv";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Since then: a time, or a span back from now such as 2d
    #[arg(long, value_name = "WHEN")]
    from: Option<When>,
    /// Until then
    #[arg(long, value_name = "WHEN")]
    to: Option<When>,
    /// How long each line is: hour or day
    #[arg(long, value_name = "LENGTH")]
    bucket: Option<BucketLength>,
}

pub async fn run(app: &mut App, args: Args) -> Result<(), Error> {
    let client = app.client()?;
    let now = app.now();
    let query = HistoryQuery {
        from: args.from.map(|from| from.before(now)),
        to: args.to.map(|to| to.before(now)),
        bucket: args.bucket,
    };
    let buckets = client.slots_history(&query).await?;
    app.out.list(&buckets, &format!("nobody has watched lot {} in that time", client.lot()))
}

fn occupied(bucket: &Value, look: &Look) -> Shown {
    let seconds = |state: &str| bucket["slot_seconds"][state].as_f64().unwrap_or_default();
    let observable = seconds("free") + seconds("occupied") + seconds("reserved");
    match observable > 0.0 {
        true => Shown::plain(format!("{:.0} %", seconds("occupied") / observable * 100.0)),
        false => Shown::nothing(look),
    }
}

fn watched(bucket: &Value, look: &Look) -> Shown {
    bucket["watched_s"].as_u64().map_or(Shown::nothing(look), |seconds| Shown::plain(rough(seconds)))
}

impl Record for HistoryBucket {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("start", "/start", Show::Text).table("FROM", 0),
            Column::new("end", "/end", Show::Text).table("TO", 2),
            Column::new("rate", "", Show::Record(occupied)).table("OCCUPIED", 0).derived(),
            Column::new("watched", "", Show::Record(watched)).table("WATCHED", 1).derived(),
            Column::new("watched_s", "/watched_s", Show::Number),
            Column::new("free_s", "/slot_seconds/free", Show::Number),
            Column::new("occupied_s", "/slot_seconds/occupied", Show::Number),
            Column::new("reserved_s", "/slot_seconds/reserved", Show::Number),
            Column::new("closed_s", "/slot_seconds/closed", Show::Number),
            Column::new("unknown_s", "/slot_seconds/unknown", Show::Number),
        ]
    }
}
