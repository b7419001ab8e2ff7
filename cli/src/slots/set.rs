//! `slot set` and `slot toggle`: the two ways to change a state.

use parking_api::client::Client;
use parking_api::ids::SlotRef;
use parking_api::slots::{SetSlot, SlotState, Source};

use crate::app::{App, each, guarded};
use crate::args::Trial;
use crate::error::Error;
use crate::exit::Exit;

pub const SET_EXAMPLES: &str = "\
Examples:
  parkctl slot set A-12 --state occupied
  parkctl slot set A-01 A-02 A-03 --state closed --note 'resurfacing until Friday'
  parkctl slot set A-12 --state free --if-match 4181";

pub const TOGGLE_EXAMPLES: &str = "\
Examples:
  parkctl slot toggle A-12
  parkctl slot toggle A-12 --expect occupied";

#[derive(Debug, clap::Args)]
pub struct SetArgs {
    /// Codes or ids of the slots
    #[arg(value_name = "CODE", required = true)]
    slots: Vec<SlotRef>,
    /// The new state: free, occupied, reserved, closed or unknown
    #[arg(long)]
    state: SlotState,
    /// A note for whoever looks at the slot
    #[arg(long, value_name = "TEXT", conflicts_with = "no_note")]
    note: Option<String>,
    /// Remove the note
    #[arg(long)]
    no_note: bool,
    /// Where the state is known from: manual, camera, sensor or api [default: manual]
    #[arg(long)]
    source: Option<Source>,
    /// Only if the slot is still at this rev
    #[arg(long, value_name = "REV")]
    if_match: Option<u64>,
    #[command(flatten)]
    trial: Trial,
}

#[derive(Debug, clap::Args)]
pub struct ToggleArgs {
    /// Code or id of the slot
    #[arg(value_name = "CODE")]
    slot: SlotRef,
    /// Only if the slot is in this state now
    #[arg(long, value_name = "STATE")]
    expect: Option<SlotState>,
    #[command(flatten)]
    trial: Trial,
}

pub async fn set(app: &mut App, args: SetArgs) -> Result<(), Error> {
    check_rev(args.if_match, &args.slots)?;
    let client = app.changer(args.trial)?;
    let set = SetSlot {
        state: args.state,
        note: if args.no_note { Some(None) } else { args.note.map(Some) },
        source: args.source,
    };
    let quietly = |_| String::new();
    each(app, &client, &args.slots, quietly, async |slot: &SlotRef| {
        guarded(args.if_match, async |guard| client.slot_set(slot, &set, guard).await).await
    })
    .await
}

/// A rev is that of one slot.
pub fn check_rev(rev: Option<u64>, slots: &[SlotRef]) -> Result<(), Error> {
    match rev {
        Some(_) if slots.len() > 1 => {
            let what = "--if-match is the rev of one slot, and several slots are named";
            Err(Error::usage(what).hint("name them one by one"))
        }
        _ => Ok(()),
    }
}

pub async fn toggle(app: &mut App, args: ToggleArgs) -> Result<(), Error> {
    let client = app.changer(args.trial)?;
    let rev = match args.expect {
        Some(state) => Some(expect(&client, &args.slot, state).await?),
        None => None,
    };
    let slot = guarded(rev, async |guard| client.slot_toggle(&args.slot, guard).await).await?;
    app.out.result(&slot)?;
    app.done(&client, "")
}

/// The `rev` of the slot if it is in `state`, so that the toggle holds for what was seen and for nothing else.
async fn expect(client: &Client, slot: &SlotRef, state: SlotState) -> Result<u64, Error> {
    let now = client.slot(slot).await?;
    if now.state == state {
        return Ok(now.rev);
    }
    let what = format!("slot {} is {} and not {state}; it was not toggled", now.code, now.state);
    Err(Error::here(Exit::Conflict, "unexpected_state", what).hint("look at it again and decide anew"))
}
