//! `camera calibrate`: a camera is shown slots that are free, so that it learns what they look like then.

use std::str::FromStr;

use parking_api::client::SlotQuery;
use parking_api::regions::{CALIBRATION_ASKED_FROM_S, Calibrate, Calibrating, Region};
use parking_api::slots::Slot;
use parking_api::{CameraId, SlotCode, SlotRef};

use crate::app::App;
use crate::args::Trial;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Column, Record, Show};
use crate::times;

pub const EXAMPLES: &str = "\
The slots that are named are set free, but for those that are reserved or closed. A range is all slots between two codes that the camera
has a region for, and all of them are `--free all`: for an empty lot, one command. A camera that sends pictures seldom is asked for them.

Examples:
  parkctl camera calibrate cam-1 --free A-01..A-03
  parkctl camera calibrate cam-1 --free all --dry-run";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Id of the camera
    id: CameraId,
    /// Slots that are free now: codes, ranges such as A-01..A-20, or all
    #[arg(long, value_name = "SLOTS", required = true, num_args = 1.., value_delimiter = ',')]
    free: Vec<Span>,
    #[command(flatten)]
    trial: Trial,
}

/// Some of the slots.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Span {
    All,
    One(SlotRef),
    Range(SlotCode, SlotCode),
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once("..") {
            Some((from, to)) => Ok(Self::Range(from.parse()?, to.parse()?)),
            None if text == "all" => Ok(Self::All),
            None => text.parse().map(Self::One),
        }
    }
}

pub async fn run(app: &mut App, args: Args) -> Result<(), Error> {
    let client = app.changer(args.trial)?;
    let slots = client.slots(&SlotQuery::default()).await?;
    let regions = client.camera_regions(&args.id).await?.regions;
    let free = args.free.iter().map(|span| within(span, &slots, &regions)).collect::<Result<Vec<_>, _>>()?.concat();
    if free.is_empty() {
        let message = format!("camera {} has no region for any of these slots", args.id);
        return Err(Error::usage(message).hint("`parkctl camera regions get` lists what it sees"));
    }
    let begun = client.camera_calibrate(&args.id, &Calibrate { free }).await?;
    app.out.result(&begun)?;
    let every = client.camera(&args.id).await?.interval_s;
    app.done(&client, &told(&args.id, &begun.value, every))
}

/// What will happen, to a camera that sends a picture every so many seconds.
fn told(camera: &CameraId, begun: &Calibrating, every: u32) -> String {
    let (count, pictures) = (begun.slots.len(), begun.pictures);
    let skipped: Vec<&str> = begun.skipped.iter().map(SlotCode::as_str).collect();
    let skipped = match skipped.is_empty() {
        true => String::new(),
        false => format!("; left out, because they are reserved or closed: {}", skipped.join(", ")),
    };
    let rough = times::rough(every.into());
    let when = match every < CALIBRATION_ASKED_FROM_S {
        true => format!("one comes every {rough}"),
        false => format!("it is asked for them now, and one comes every {rough} anyway"),
    };
    format!(
        "camera {camera} learns from its next {pictures} pictures: keep these {count} slots free until then; {when}, and `parkctl slot why` \
         says how far it is{skipped}"
    )
}

/// The slots of a span, in the order of `slots`. Pure.
fn within(span: &Span, slots: &[Slot], regions: &[Region]) -> Result<Vec<SlotRef>, Error> {
    let place = |code: &SlotCode| {
        let found = slots.iter().position(|slot| slot.code == *code);
        let refused = || Error::here(Exit::NotFound, "slot_not_found", format!("there is no slot {code}"));
        found.ok_or_else(|| refused().hint("see `parkctl slot list`"))
    };
    let among = match span {
        Span::One(slot) => return Ok(vec![slot.clone()]),
        Span::All => slots,
        Span::Range(from, to) => match (place(from)?, place(to)?) {
            (from, to) if from <= to => &slots[from..=to],
            _ => return Err(Error::usage(format!("{from}..{to}: {to} stands before {from}"))),
        },
    };
    let is_seen = |slot: &&Slot| regions.iter().any(|region| region.slot_id == slot.id);
    Ok(among.iter().filter(is_seen).map(|slot| SlotRef::Id(slot.id)).collect())
}

impl Record for Calibrating {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("slots", "/slots", Show::Text).table("LEARNS", 0).flexible(),
            Column::new("skipped", "/skipped", Show::Text).table("LEFT OUT", 2).flexible(),
            Column::new("pictures", "/pictures", Show::Number).table("PICTURES", 1),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_named_by_code_by_range_and_all_at_once() {
        let code = |text: &str| text.parse::<SlotCode>().expect("a code");
        assert_eq!("A-01..A-20".parse(), Ok(Span::Range(code("A-01"), code("A-20"))));
        assert_eq!("all".parse(), Ok(Span::All));
        assert!(matches!("A-12".parse(), Ok(Span::One(_))));
        for bad in ["..A-1", "A-1..", "A 1", ""] {
            assert!(bad.parse::<Span>().is_err(), "{bad:?}");
        }
    }
}
