//! `slot create`, `slot edit` and `slot delete`.

use parking_api::SlotCode;
use parking_api::client::Client;
use parking_api::ids::SlotRef;
use parking_api::slots::{NewSlot, Position, SlotKind, SlotPatch, SlotState};

use super::set;
use crate::app::{App, each, guarded, once};
use crate::args::{Consent, Trial};
use crate::error::Error;

pub const CREATE_EXAMPLES: &str = "\
Examples:
  parkctl slot create A-12 --zone North
  parkctl slot create E-01 --kind ev --level -1 --at 12.5,40";

pub const EDIT_EXAMPLES: &str = "\
Examples:
  parkctl slot edit A-12 --zone South --kind accessible
  parkctl slot edit A-12 --code A-12b
  parkctl slot edit A-12 --no-note";

pub const DELETE_EXAMPLES: &str = "\
Examples:
  parkctl slot delete A-12 --dry-run
  parkctl slot delete A-12 --if-match 4181 --yes
  parkctl slot delete A-12 A-13 --yes";

#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// What is painted on the ground
    code: SlotCode,
    /// Named part of the lot
    #[arg(long)]
    zone: Option<String>,
    /// Storey; 0 is the ground
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    level: i16,
    /// standard, accessible, ev, motorcycle, delivery or staff
    #[arg(long, default_value = "standard")]
    kind: SlotKind,
    /// free, occupied, reserved, closed or unknown
    #[arg(long, default_value = "free")]
    state: SlotState,
    /// Place on the plan, in metres to the right and down
    #[arg(long, value_name = "X,Y", value_parser = position, allow_hyphen_values = true)]
    at: Option<Position>,
    /// A note for whoever looks at the slot
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    trial: Trial,
}

#[derive(Debug, clap::Args)]
pub struct EditArgs {
    /// Code or id of the slot
    #[arg(value_name = "CODE")]
    slot: SlotRef,
    /// Only if the slot is still at this rev
    #[arg(long, value_name = "REV")]
    if_match: Option<u64>,
    /// A new code
    #[arg(long, value_name = "NEW")]
    code: Option<SlotCode>,
    /// Move it to this zone
    #[arg(long, conflicts_with = "no_zone")]
    zone: Option<String>,
    /// Take it out of its zone
    #[arg(long)]
    no_zone: bool,
    /// Storey; 0 is the ground
    #[arg(long, allow_negative_numbers = true)]
    level: Option<i16>,
    /// standard, accessible, ev, motorcycle, delivery or staff
    #[arg(long)]
    kind: Option<SlotKind>,
    /// Place on the plan, in metres to the right and down
    #[arg(long, value_name = "X,Y", value_parser = position, allow_hyphen_values = true, conflicts_with = "no_position")]
    at: Option<Position>,
    /// Take it off the plan
    #[arg(long)]
    no_position: bool,
    /// A note for whoever looks at the slot
    #[arg(long, value_name = "TEXT", conflicts_with = "no_note")]
    note: Option<String>,
    /// Remove the note
    #[arg(long)]
    no_note: bool,
    #[command(flatten)]
    trial: Trial,
}

#[derive(Debug, clap::Args)]
pub struct DeleteArgs {
    /// Codes or ids of the slots
    #[arg(value_name = "CODE", required = true)]
    slots: Vec<SlotRef>,
    /// Only if the slot is still at this rev
    #[arg(long, value_name = "REV")]
    if_match: Option<u64>,
    #[command(flatten)]
    consent: Consent,
}

pub async fn create(app: &mut App, args: CreateArgs) -> Result<(), Error> {
    let slot = NewSlot {
        code: args.code,
        zone: args.zone,
        level: args.level,
        kind: args.kind,
        state: Some(args.state),
        position: args.at,
        note: args.note,
    };
    let client = app.changer(args.trial)?;
    let slot = once(&client, async |client: &Client| client.slot_create(&slot).await).await?;
    app.out.result(&slot)?;
    app.done(&client, "")
}

pub async fn edit(app: &mut App, args: EditArgs) -> Result<(), Error> {
    let patch = SlotPatch {
        code: args.code,
        zone: set_or_remove(args.zone, args.no_zone),
        level: args.level,
        kind: args.kind,
        position: set_or_remove(args.at, args.no_position),
        note: set_or_remove(args.note, args.no_note),
    };
    if patch == SlotPatch::default() {
        return Err(Error::no_change("slot"));
    }
    let client = app.changer(args.trial)?;
    let slot = guarded(args.if_match, async |guard| client.slot_patch(&args.slot, &patch, guard).await).await?;
    app.out.result(&slot)?;
    app.done(&client, "")
}

pub async fn delete(app: &mut App, args: DeleteArgs) -> Result<(), Error> {
    set::check_rev(args.if_match, &args.slots)?;
    let client = app.changer(args.consent.trial)?;
    let names: Vec<String> = args.slots.iter().map(ToString::to_string).collect();
    app.consent(&format!("Delete {} of lot {}", names.join(", "), client.lot()), args.consent)?;
    let told = |slots| format!("deleted {} of lot {}", count(slots), client.lot());
    each(app, &client, &args.slots, told, async |slot: &SlotRef| {
        guarded(args.if_match, async |guard| client.slot_delete(slot, guard).await).await
    })
    .await
}

fn count(slots: usize) -> String {
    if slots == 1 { "1 slot".into() } else { format!("{slots} slots") }
}

fn set_or_remove<T>(value: Option<T>, is_removed: bool) -> Option<Option<T>> {
    if is_removed { Some(None) } else { value.map(Some) }
}

fn position(text: &str) -> Result<Position, String> {
    let parsed = text.split_once(',').and_then(|(x, y)| Some((x.trim().parse().ok()?, y.trim().parse().ok()?)));
    match parsed {
        Some((x, y)) if f64::is_finite(x) && f64::is_finite(y) => Ok(Position { x, y }),
        _ => Err(format!("{text:?} is not a place such as 12.5,40")),
    }
}
