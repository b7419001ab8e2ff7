//! `camera views`: what a camera makes of each slot that it sees.

use parking_api::CameraId;
use parking_api::regions::CameraView;

use crate::app::App;
use crate::error::Error;
use crate::output::{Column, Look, Record, Show, Shown};
use crate::slots;

pub const EXAMPLES: &str = "\
`parkctl slot why CODE` says more about one slot, by every camera that sees it.

Examples:
  parkctl camera views cam-1
  parkctl camera views cam-1 -o json";

pub async fn run(app: &mut App, id: &CameraId) -> Result<(), Error> {
    let views = app.client()?.camera_views(id).await?;
    let when_empty = format!("camera {id} has no regions: draw some with `parkctl camera regions set {id} FILE`");
    app.out.list(&views, &when_empty)
}

fn trust(word: &str, _: &Look) -> Shown {
    Shown::plain(word.replace('_', " "))
}

impl Record for CameraView {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("slot_id", "/slot_id", Show::Text),
            Column::new("slot", "/slot", Show::Text).table("SLOT", 0),
            Column::new("state", "/state", Show::Word(slots::state)).table("STATE", 0),
            Column::new("opinion", "/view/opinion", Show::Word(slots::state)).table("SEES", 0),
            Column::new("score", "/view/score", Show::Percent).table("VEHICLE", 2),
            Column::new("trust", "/view/trust", Show::Word(trust)).table("TRUST", 3),
            Column::new("seen_at", "/view/seen_at", Show::Age).table("SEEN", 4),
            Column::new("outcome", "/view/outcome", Show::Text).table("SO", 1).flexible(),
        ]
    }
}
