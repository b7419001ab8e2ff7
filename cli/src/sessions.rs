//! `parkctl session`: stays of vehicles.

use clap::Subcommand;
use parking_api::client::SessionQuery;
use parking_api::ids::SlotRef;
use parking_api::sessions::{GateEntry, Session, SessionKind, SessionState, SessionStats};
use parking_api::{SessionId, Time};
use serde_json::Value;

use crate::app::{App, guarded};
use crate::args::Trial;
use crate::error::Error;
use crate::output::{Column, Export, Look, Record, Show, Shown, Tint};
use crate::pages::{Limit, collect, each};
use crate::times::{When, rough};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List stays, newest first
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Show one stay
    #[command(after_help = GET_EXAMPLES)]
    Get {
        /// Id of the session
        id: SessionId,
    },
    /// Write all stays of a time to a file, page by page
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Count a vehicle in at a gate
    #[command(after_help = ENTRY_EXAMPLES)]
    Entry(GateArgs),
    /// Count a vehicle out at a gate, by what it entered with
    #[command(after_help = EXIT_EXAMPLES)]
    Exit(GateArgs),
    /// Show how many stays there were, and how long they were
    #[command(after_help = STATS_EXAMPLES)]
    Stats(StatsArgs),
}

const LIST_EXAMPLES: &str = "\
Examples:
  parkctl session list --state open
  parkctl session list --slot A-12 --from 7d
  parkctl session list --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --all -o csv > november.csv";

const GET_EXAMPLES: &str = "\
Examples:
  parkctl session get 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12";

const EXPORT_EXAMPLES: &str = "\
CSV unless -o json or -o jsonl is given, newest first, however many there are. A text that a spreadsheet would take for a
formula is marked with ' in CSV.

Examples:
  parkctl session export --from 30d > sessions.csv
  parkctl session export --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z -o csv > november.csv
  parkctl session export --state closed -o jsonl";

const ENTRY_EXAMPLES: &str = "\
Examples:
  parkctl session entry --ticket T-4711
  parkctl session entry --plate 'B 1234 XYZ' --dry-run";

const EXIT_EXAMPLES: &str = "\
Examples:
  parkctl session exit --ticket T-4711";

const STATS_EXAMPLES: &str = "\
Examples:
  parkctl session stats
  parkctl session stats --from 7d
  parkctl session stats -o json";

#[derive(Debug, clap::Args)]
struct Filter {
    /// Only those that are open, closed or void
    #[arg(long)]
    state: Option<SessionState>,
    /// Only stays in a slot, or only visits counted at a gate: slot or gate
    #[arg(long)]
    kind: Option<SessionKind>,
    /// Only those in this slot
    #[arg(long, value_name = "CODE")]
    slot: Option<SlotRef>,
    /// Only those in this zone
    #[arg(long)]
    zone: Option<String>,
    /// Only those that opened since then: a time, or a span back from now such as 2h or 7d
    #[arg(long, value_name = "WHEN")]
    from: Option<When>,
    /// Only those that opened before then
    #[arg(long, value_name = "WHEN")]
    to: Option<When>,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    limit: Limit,
}

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    #[command(flatten)]
    filter: Filter,
}

#[derive(Debug, clap::Args)]
pub struct StatsArgs {
    /// Of stays since then: a time, or a span back from now such as 7d [default: midnight in the lot's time zone]
    #[arg(long, value_name = "WHEN")]
    from: Option<When>,
    /// Of stays before then
    #[arg(long, value_name = "WHEN")]
    to: Option<When>,
}

/// What a gate knows of a vehicle.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct GateKey {
    /// Number of its ticket
    #[arg(long)]
    ticket: Option<String>,
    /// Its number plate
    #[arg(long)]
    plate: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct GateArgs {
    #[command(flatten)]
    key: GateKey,
    #[command(flatten)]
    trial: Trial,
}

pub async fn run(app: &mut App, command: Command) -> Result<(), Error> {
    match command {
        Command::List(args) => list(app, args).await,
        Command::Export(args) => export(app, args).await,
        Command::Entry(args) => gate(app, args, true).await,
        Command::Exit(args) => gate(app, args, false).await,
        Command::Get { id } => {
            let session = app.client()?.session(id).await?;
            app.out.one(&session)
        }
        Command::Stats(StatsArgs { from, to }) => {
            let now = app.now();
            let (from, to) = (from.map(|from| from.before(now)), to.map(|to| to.before(now)));
            let stats = app.client()?.session_stats_between(from, to).await?;
            app.out.one(&stats)
        }
    }
}

impl Filter {
    fn query(self, now: Time) -> SessionQuery {
        SessionQuery {
            state: self.state,
            kind: self.kind,
            slot: self.slot,
            zone: self.zone,
            from: self.from.map(|from| from.before(now)),
            to: self.to.map(|to| to.before(now)),
            ..SessionQuery::default()
        }
    }
}

async fn gate(app: &mut App, args: GateArgs, is_entry: bool) -> Result<(), Error> {
    let client = app.changer(args.trial)?;
    let passed = GateEntry { ticket: args.key.ticket, plate: args.key.plate };
    let session = guarded(None, async |guard| match is_entry {
        true => client.gate_entry(&passed, guard).await,
        false => client.gate_exit(&passed, guard).await,
    });
    app.out.result(&session.await?)?;
    app.done(&client, "")
}

async fn export(app: &mut App, args: ExportArgs) -> Result<(), Error> {
    let client = app.client()?;
    let query = args.filter.query(app.now());
    let mut export = Export::begin::<Session>(&mut app.out, app.global.output)?;
    let pages = each(
        async |cursor, limit| client.sessions(&SessionQuery { cursor, limit: Some(limit), ..query.clone() }).await,
        |page| page.iter().try_for_each(|session| export.push(&mut app.out, session)),
    );
    pages.await?;
    let count = export.end(&mut app.out)?;
    app.out.talk(&format!("exported {count} sessions of lot {}", client.lot()))
}

async fn list(app: &mut App, args: ListArgs) -> Result<(), Error> {
    let client = app.client()?;
    let query = args.filter.query(app.now());
    let sessions = collect(&args.limit, async |cursor, limit| {
        client.sessions(&SessionQuery { cursor, limit: Some(limit), ..query.clone() }).await
    });
    let sessions = sessions.await?;
    let what = if query == SessionQuery::default() { "no sessions yet" } else { "no such session" };
    app.out.list(&sessions.items, &format!("lot {} has {what}", client.lot()))?;
    sessions.say(&mut app.out)
}

fn state(word: &str, look: &Look) -> Shown {
    let (glyph, ascii, tint) = match word {
        "open" => ("●", "#", Tint::Green),
        "closed" => ("○", "o", Tint::Plain),
        _ => ("✕", "x", Tint::Dim),
    };
    Shown::tinted(format!("{} {word}", look.glyph(glyph, ascii)), tint)
}

/// How long it lasted, or has lasted so far.
fn stay(session: &Value, look: &Look) -> Shown {
    let at = |field: &str| session[field].as_str().and_then(|at| at.parse::<Time>().ok());
    match (at("opened_at"), at("closed_at")) {
        (Some(opened), Some(closed)) => Shown::plain(span(opened, closed)),
        // Outside a terminal nothing is printed that depends on when it was asked.
        (Some(opened), None) if look.is_tty => Shown::plain(format!("{} so far", span(opened, look.now))),
        _ => Shown::nothing(look),
    }
}

fn span(from: Time, to: Time) -> String {
    rough(to.ms_since(from).max(0) as u64 / 1000)
}

impl Record for Session {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("id", "/id", Show::Text).table("ID", 4),
            Column::new("kind", "/kind", Show::Text).table("KIND", 6),
            Column::new("state", "/state", Show::Word(state)).table("STATE", 0),
            Column::new("slot_id", "/slot_id", Show::Text),
            Column::new("slot_code", "/slot_code", Show::Text).table("SLOT", 0),
            Column::new("zone", "/zone", Show::Text).table("ZONE", 5).flexible(),
            Column::new("ticket", "/ticket", Show::Text).table("TICKET", 3).flexible(),
            Column::new("plate", "/plate", Show::Text).table("PLATE", 2).flexible(),
            Column::new("opened_at", "/opened_at", Show::Age).table("OPENED", 1),
            Column::new("closed_at", "/closed_at", Show::Age),
            Column::new("stay", "", Show::Record(stay)).table("STAY", 0).derived(),
            Column::new("opened_seq", "/opened_seq", Show::Number),
            Column::new("closed_seq", "/closed_seq", Show::Number),
        ]
    }
}

impl Record for SessionStats {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("since", "/since", Show::Age),
            Column::new("open", "/open", Show::Number),
            Column::new("today", "/today", Show::Number),
            Column::new("stay_mean_s", "/stay_mean_s", Show::Seconds),
            Column::new("stay_median_s", "/stay_median_s", Show::Seconds),
            Column::new("stay_p90_s", "/stay_p90_s", Show::Seconds),
            Column::new("turnover_per_slot", "/turnover_per_slot", Show::Decimal),
            Column::new("gate_open", "/gate/open", Show::Number),
            Column::new("gate_today", "/gate/today", Show::Number),
            Column::new("gate_stay_mean_s", "/gate/stay_mean_s", Show::Seconds),
            Column::new("gate_stay_median_s", "/gate/stay_median_s", Show::Seconds),
            Column::new("gate_stay_p90_s", "/gate/stay_p90_s", Show::Seconds),
        ]
    }
}
