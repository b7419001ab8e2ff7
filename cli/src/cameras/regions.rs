//! `parkctl camera regions` and `camera occupancy`: where a camera sees which slot, and what it may do about it.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use image::{ImageFormat, Rgb};
use parking_api::client::{Client, SlotQuery};
use parking_api::regions::{CameraRegions, NewRegion, Region, RegionsMode, SetRegions};
use parking_api::slots::SlotState;
use parking_api::{CameraId, SlotId, SlotRef};
use serde::Deserialize;
use serde_json::Value;

use super::outline::{self, Outline};
use crate::app::{App, guarded};
use crate::args::Trial;
use crate::error::Error;
use crate::output::{Column, Format, Look, Record, Show, Shown, Tint, bytes};
use crate::{files, picture, times};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the regions of a camera, or print them as a file for `set`
    #[command(after_help = GET_EXAMPLES)]
    Get {
        /// Id of the camera
        id: CameraId,
    },
    /// Draw all regions of a camera anew, from a file
    #[command(after_help = SET_EXAMPLES)]
    Set(SetArgs),
    /// Show the regions on the latest picture of a camera
    #[command(after_help = PREVIEW_EXAMPLES)]
    Preview(PreviewArgs),
}

const GET_EXAMPLES: &str = "\
Examples:
  parkctl camera regions get cam-1
  parkctl camera regions get cam-1 -o json > regions.json";

const SET_EXAMPLES: &str = "\
The file is JSON as `get -o json` prints it, or a list of regions alone. Corners are fractions of the picture's width and height from its \
top left, 3 to 16 of them:
  {\"mode\": \"suggest\", \"regions\": [{\"slot\": \"A-12\", \"polygon\": [[0, 0], [0.3, 0], [0.3, 0.5]]}]}
What was drawn since `get` wrote the file is not overwritten, unless `rev` is taken out of it.

Examples:
  parkctl camera regions set cam-1 regions.json
  parkctl camera regions set cam-1 regions.json --mode suggest --dry-run
  parkctl camera regions get cam-1 -o json | parkctl camera regions set cam-3 -";

const PREVIEW_EXAMPLES: &str = "\
Here -o names the file of the picture, a PNG; how to print is said with --output, or with -o before the command.
The colour of a region is that of its slot's state.

Examples:
  parkctl camera regions preview cam-1 -o regions.png";

pub const OCCUPANCY_EXAMPLES: &str = "\
What a camera may do about the slots that it has a region for:
  off      nothing
  suggest  it says what it would do
  auto     it sets the slots that it has proven itself on; a person's word holds all the same

Examples:
  parkctl camera occupancy cam-1 suggest
  parkctl camera occupancy cam-1 auto --dry-run";

#[derive(Debug, clap::Args)]
pub struct SetArgs {
    /// Id of the camera
    id: CameraId,
    /// The regions, as JSON; - is standard input
    file: PathBuf,
    /// off, suggest or auto [default: what the file says, else as it is]
    #[arg(long)]
    mode: Option<RegionsMode>,
    #[command(flatten)]
    trial: Trial,
}

#[derive(Debug, clap::Args)]
pub struct PreviewArgs {
    /// Id of the camera
    id: CameraId,
    /// Save the picture to this file; - is standard output [default: show it here]
    #[arg(short = 'o', long = "file", value_name = "FILE")]
    file: Option<PathBuf>,
    /// How to print: table, json, jsonl or csv
    // The same id as the global option, which gives its short form away here.
    #[arg(id = "output", long = "output", visible_alias = "format", value_name = "FORMAT", value_enum)]
    #[arg(hide_possible_values = true)]
    format: Option<Format>,
}

#[derive(Debug, clap::Args)]
pub struct OccupancyArgs {
    /// Id of the camera
    id: CameraId,
    /// off, suggest or auto
    mode: RegionsMode,
    #[command(flatten)]
    trial: Trial,
}

/// A file of regions, and which ones of which camera it was written from; what else stands in it is of no use.
#[derive(Debug, Deserialize)]
struct Plan {
    camera: Option<CameraId>,
    rev: Option<u64>,
    mode: Option<RegionsMode>,
    regions: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    slot: SlotRef,
    polygon: Vec<[f64; 2]>,
}

pub async fn run(app: &mut App, command: Command) -> Result<(), Error> {
    match command {
        Command::Get { id } => get(app, &id).await,
        Command::Set(args) => set(app, args).await,
        Command::Preview(args) => preview(app, args).await,
    }
}

async fn get(app: &mut App, id: &CameraId) -> Result<(), Error> {
    let regions = app.client()?.camera_regions(id).await?;
    if app.out.format.is_json() {
        return app.out.one(&regions);
    }
    app.out
        .list(&regions.regions, &format!("camera {id} has no regions yet; `parkctl camera regions set` draws them"))?;
    app.out.talk(&format!("occupancy by camera {id}: {}", regions.mode))
}

async fn set(app: &mut App, args: SetArgs) -> Result<(), Error> {
    let plan = read(&args.file)?;
    let client = app.changer(args.trial)?;
    let before = client.camera_regions(&args.id).await?;
    let mode = args.mode.or(plan.mode).unwrap_or(before.mode);
    let regions = plan.regions.into_iter().map(|Entry { slot, polygon }| NewRegion { slot, polygon }).collect();
    // What somebody drew since the file was written is not overwritten without a word.
    let rev = plan.rev.filter(|_| plan.camera.as_ref() == Some(&args.id)).unwrap_or(before.rev);
    let set = SetRegions { mode, regions, anchor: None };
    app.out.result(&guarded(Some(rev), async |guard| client.camera_regions_set(&args.id, &set, guard).await).await?)?;
    app.done(&client, "")
}

fn read(file: &Path) -> Result<Plan, Error> {
    let refuse = |error: serde_json::Error| {
        let hint = "`parkctl camera regions set --help` shows one";
        Error::failed("file_invalid", format!("{} holds no regions: {error}", files::name(file))).hint(hint)
    };
    let mut value: Value = serde_json::from_slice(&files::read(file)?).map_err(refuse)?;
    if value.is_array() {
        value = serde_json::json!({ "regions": value });
    }
    serde_json::from_value(value).map_err(refuse)
}

pub async fn occupancy(app: &mut App, args: &OccupancyArgs) -> Result<(), Error> {
    let client = app.changer(args.trial)?;
    let CameraRegions { regions: drawn, rev, .. } = client.camera_regions(&args.id).await?;
    let told = match drawn.len() {
        0 => "it has no regions yet: draw them in the dashboard, or with `parkctl camera regions set`",
        _ => "",
    };
    let regions =
        drawn.into_iter().map(|region| NewRegion { slot: SlotRef::Id(region.slot_id), polygon: region.polygon });
    let set = SetRegions { mode: args.mode, regions: regions.collect(), anchor: None };
    app.out.result(&guarded(Some(rev), async |guard| client.camera_regions_set(&args.id, &set, guard).await).await?)?;
    app.done(&client, told)
}

async fn preview(app: &mut App, args: PreviewArgs) -> Result<(), Error> {
    let is_shown = args.file.is_none();
    if is_shown && !app.terminal.shows_pictures() {
        return Err(Error::usage("nobody is there to see the picture").hint("save it with -o FILE"));
    }
    if args.file.as_deref().is_some_and(files::is_std) && app.terminal.stdout_is_tty {
        return Err(Error::usage("a picture is not for the eyes of a terminal")
            .hint("send it on, as in `-o - > a.png`, or name a file"));
    }
    let client = app.client()?;
    let regions = client.camera_regions(&args.id).await?;
    let outlines = outlines(&client, &regions.regions).await?;
    let capture = client.capture_latest(Some(&args.id)).await?;
    let taken = client.image(&capture.key, None).await?;
    let unreadable = || Error::failed("image_not_recognised", format!("the picture {} cannot be decoded", capture.id));
    let mut drawn = picture::decode(&taken).ok_or_else(unreadable)?;
    if is_shown {
        drawn = picture::shrink(&drawn, app.terminal.width.map_or(picture::CELLS_MAX, u32::from));
    }
    outlines.iter().for_each(|outline| outline::draw(&mut drawn, outline));
    let told = format!(
        "{} regions of camera {} ({}) on its picture of {}",
        regions.regions.len(),
        args.id,
        regions.mode,
        times::relative(capture.captured_at, app.now())
    );
    let Some(file) = &args.file else {
        app.out.picture(&picture::cells(&drawn))?;
        return app.out.talk(&told);
    };
    let mut png = Cursor::new(Vec::new());
    drawn.write_to(&mut png, ImageFormat::Png).map_err(|_| unreadable())?;
    if files::is_std(file) {
        return app.out.data(png.get_ref());
    }
    files::write(file, png.get_ref())?;
    app.out.one(&regions)?;
    app.out.talk(&format!("saved {} to {}: {told}", bytes(png.get_ref().len() as u64), file.display()))
}

async fn outlines(client: &Client, regions: &[Region]) -> Result<Vec<Outline>, Error> {
    let slots = client.slots(&SlotQuery::default()).await?;
    let states: HashMap<SlotId, SlotState> = slots.iter().map(|slot| (slot.id, slot.state)).collect();
    let outline = |region: &Region| Outline {
        label: region.slot.to_string(),
        corners: region.polygon.clone(),
        color: color(states.get(&region.slot_id).copied()),
    };
    Ok(regions.iter().map(outline).collect())
}

fn color(state: Option<SlotState>) -> Rgb<u8> {
    Rgb(match state {
        Some(SlotState::Free) => [80, 220, 100],
        Some(SlotState::Occupied) => [255, 90, 90],
        Some(SlotState::Reserved) => [255, 210, 60],
        Some(SlotState::Closed) => [170, 170, 170],
        Some(SlotState::Unknown) | None => [235, 120, 255],
    })
}

fn mode(word: &str, _: &Look) -> Shown {
    match word {
        "auto" => Shown::tinted(word, Tint::Green),
        "suggest" => Shown::tinted(word, Tint::Yellow),
        _ => Shown::tinted(word, Tint::Dim),
    }
}

fn slots(regions: &Value, look: &Look) -> Shown {
    let codes: Vec<&str> =
        regions["regions"].as_array().into_iter().flatten().filter_map(|r| r["slot"].as_str()).collect();
    if codes.is_empty() { Shown::nothing(look) } else { Shown::plain(codes.join(" ")) }
}

fn corners(region: &Value, _: &Look) -> Shown {
    let polygon = region["polygon"].as_array().into_iter().flatten();
    let of =
        |corner: &Value| format!("{:.3},{:.3}", corner[0].as_f64().unwrap_or(0.0), corner[1].as_f64().unwrap_or(0.0));
    Shown::plain(polygon.map(of).collect::<Vec<_>>().join(" "))
}

impl Record for CameraRegions {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("camera", "/camera", Show::Text).table("CAMERA", 0),
            Column::new("mode", "/mode", Show::Word(mode)).table("OCCUPANCY", 0),
            Column::new("slots", "/regions", Show::Record(slots)).table("SLOTS", 1).flexible(),
            Column::new("rev", "/rev", Show::Number).table("REV", 2),
        ]
    }
}

impl Record for Region {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("slot_id", "/slot_id", Show::Text),
            Column::new("slot", "/slot", Show::Text).table("SLOT", 0),
            Column::new("polygon", "/polygon", Show::Record(corners)).table("CORNERS", 1).flexible(),
        ]
    }
}
