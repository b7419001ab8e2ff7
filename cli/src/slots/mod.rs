//! `parkctl slot`: parking places. One command a function; `set`, `watch` and `import` have a file each.

mod diff;
mod edit;
mod history;
mod import;
mod set;
mod watch;
mod why;

use clap::Subcommand;
use parking_api::Committed;
use parking_api::client::SlotQuery;
use parking_api::ids::SlotRef;
use parking_api::slots::{Counts, Slot, SlotKind, SlotState};

use crate::app::App;
use crate::error::Error;
use crate::output::{Column, Export, Format, Look, Record, Show, Shown, Tint};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List slots with their state
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Show one slot with all its fields
    #[command(after_help = GET_EXAMPLES)]
    Get {
        /// Code or id of the slot
        #[arg(value_name = "CODE")]
        slot: SlotRef,
    },
    /// Set the state of slots
    #[command(after_help = set::SET_EXAMPLES)]
    Set(set::SetArgs),
    /// Swap free and occupied, and print the result
    #[command(after_help = set::TOGGLE_EXAMPLES)]
    Toggle(set::ToggleArgs),
    /// Print each change as it happens
    #[command(after_help = watch::EXAMPLES)]
    Watch(watch::Args),
    /// Create and update many slots from a CSV or JSON file, all or nothing
    #[command(after_help = import::EXAMPLES)]
    Import(import::Args),
    /// Write all slots to a file that `slot import` reads
    #[command(after_help = EXPORT_EXAMPLES)]
    Export,
    /// Show how full the lot was, hour by hour or day by day
    #[command(after_help = history::EXAMPLES)]
    History(history::Args),
    /// Say why a slot is in its state, by every camera that sees it
    #[command(after_help = why::EXAMPLES)]
    Why {
        /// Code or id of the slot
        #[arg(value_name = "CODE")]
        slot: SlotRef,
    },
    /// Create one slot
    #[command(after_help = edit::CREATE_EXAMPLES)]
    Create(edit::CreateArgs),
    /// Change anything of a slot but its state
    #[command(after_help = edit::EDIT_EXAMPLES)]
    Edit(edit::EditArgs),
    /// Delete slots
    #[command(after_help = edit::DELETE_EXAMPLES)]
    Delete(edit::DeleteArgs),
}

const LIST_EXAMPLES: &str = "\
Examples:
  parkctl slot list --state free --zone North
  parkctl slot list -o csv > slots.csv";

const EXPORT_EXAMPLES: &str = "\
CSV unless -o json or -o jsonl is given. A note that a spreadsheet would take for a formula is marked with ' in CSV;
`slot import` takes the mark off again.

Examples:
  parkctl slot export > slots.csv
  parkctl slot export -o json > slots.json";

const GET_EXAMPLES: &str = "\
Examples:
  parkctl slot get A-12
  parkctl slot get A-12 -o json";

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only those of this zone
    #[arg(long)]
    zone: Option<String>,
    /// Only those in this state: free, occupied, reserved, closed or unknown
    #[arg(long)]
    state: Option<SlotState>,
    /// Only those of this kind: standard, accessible, ev, motorcycle, delivery or staff
    #[arg(long)]
    kind: Option<SlotKind>,
}

pub async fn run(app: &mut App, command: Command) -> Result<(), Error> {
    match command {
        Command::List(args) => list(app, args).await,
        Command::Get { slot } => {
            let slot = app.client()?.slot(&slot).await?;
            app.out.one(&slot)
        }
        Command::Set(args) => set::set(app, args).await,
        Command::Toggle(args) => set::toggle(app, args).await,
        Command::Watch(args) => watch::run(app, args).await,
        Command::Import(args) => import::run(app, args).await,
        Command::Export => export(app).await,
        Command::History(args) => history::run(app, args).await,
        Command::Why { slot } => why::run(app, &slot).await,
        Command::Create(args) => edit::create(app, args).await,
        Command::Edit(args) => edit::edit(app, args).await,
        Command::Delete(args) => edit::delete(app, args).await,
    }
}

/// What a person decides of a slot, in the order of a plan.
const PLAN: [&str; 8] = ["code", "zone", "level", "kind", "state", "x", "y", "note"];

async fn export(app: &mut App) -> Result<(), Error> {
    let client = app.client()?;
    let slots = client.slots(&SlotQuery::default()).await?;
    let all = Slot::columns();
    let columns = PLAN.iter().filter_map(|name| all.iter().find(|column| column.name == *name).copied()).collect();
    let mut export = Export::with_columns(&mut app.out, app.global.output, columns)?;
    slots.iter().try_for_each(|slot| export.push(&mut app.out, slot))?;
    let count = export.end(&mut app.out)?;
    app.out.talk(&format!("exported {count} slots of lot {}", client.lot()))
}

async fn list(app: &mut App, args: ListArgs) -> Result<(), Error> {
    let client = app.client()?;
    let query = SlotQuery { zone: args.zone, state: args.state, kind: args.kind };
    let slots = client.slots(&query).await?;
    let when_empty = match query == SlotQuery::default() {
        true => format!("lot {} has no slots yet; add some with `parkctl slot import FILE`", client.lot()),
        false => format!("no slot of lot {} is like that", client.lot()),
    };
    app.out.list(&slots, &when_empty)?;
    if app.out.format == Format::Table && app.terminal.stdout_is_tty && !slots.is_empty() {
        let mut counts = Counts::default();
        slots.iter().for_each(|slot| counts.add(slot));
        app.out.talk(&summary(&counts, &app.out.look))?;
    }
    Ok(())
}

/// `48 slots: 31 free, 14 occupied, 3 reserved`; states that no slot is in are left out.
fn summary(counts: &Counts, look: &Look) -> String {
    let Counts { total, free, occupied, reserved, closed, unknown, .. } = *counts;
    let parts: Vec<_> = [
        (free, SlotState::Free),
        (occupied, SlotState::Occupied),
        (reserved, SlotState::Reserved),
        (closed, SlotState::Closed),
        (unknown, SlotState::Unknown),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, state)| format!("{count} {state}"))
    .collect();
    let noun = if total == 1 { "slot" } else { "slots" };
    format!("{total} {noun} {} {}", look.glyph("·", "-"), parts.join(", "))
}

/// Glyph, word and colour of a state: each of the three is enough to tell it.
pub fn state(word: &str, look: &Look) -> Shown {
    let (glyph, ascii, tint) = match word {
        "free" => ("○", "o", Tint::Green),
        "occupied" => ("●", "#", Tint::Red),
        "reserved" => ("◆", "+", Tint::Yellow),
        "closed" => ("✕", "x", Tint::Dim),
        _ => ("?", "?", Tint::Magenta),
    };
    Shown::tinted(format!("{} {word}", look.glyph(glyph, ascii)), tint)
}

impl Record for Slot {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("id", "/id", Show::Text),
            Column::new("code", "/code", Show::Text).table("SLOT", 0),
            Column::new("state", "/state", Show::Word(state)).table("STATE", 0),
            Column::new("zone", "/zone", Show::Text).table("ZONE", 2).flexible(),
            Column::new("level", "/level", Show::Number).table("LEVEL", 6),
            Column::new("kind", "/kind", Show::Text).table("KIND", 4),
            Column::new("source", "/source", Show::Text).table("SOURCE", 5),
            Column::new("x", "/position/x", Show::Number),
            Column::new("y", "/position/y", Show::Number),
            Column::new("rev", "/rev", Show::Number).table("REV", 7),
            Column::new("observed_at", "/observed_at", Show::Age),
            Column::new("changed_at", "/changed_at", Show::Age).table("CHANGED", 1),
            Column::new("note", "/note", Show::Text).table("NOTE", 3).flexible(),
            Column::new("stale_since", "/stale_since", Show::Age).table("STALE", 1),
            Column::new("suggested", "/suggested", Show::Word(state)).table("CAMERA SEES", 1),
        ]
    }
}

impl<T: Record> Record for Committed<T> {
    fn columns() -> Vec<Column> {
        let mut columns = T::columns();
        columns.push(Column::new("seq", "/seq", Show::Number));
        columns
    }
}
