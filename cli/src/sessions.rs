//! `parkctl session`: stays of vehicles.

use clap::Subcommand;
use parking_api::client::{Client, SessionQuery};
use parking_api::ids::SlotRef;
use parking_api::sessions::{Session, SessionKind, SessionState, SessionStats};
use parking_api::{SessionId, Time};
use serde_json::Value;

use crate::app::App;
use crate::error::Error;
use crate::output::{Column, Look, Record, Show, Shown, Tint};
use crate::pages::{Limit, collect};
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
    /// Show how many stays there were today, and how long they were
    #[command(after_help = STATS_EXAMPLES)]
    Stats,
}

const LIST_EXAMPLES: &str = "\
Examples:
  parkctl session list --state open
  parkctl session list --slot A-12 --from 7d
  parkctl session list --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --all -o csv > november.csv";

const GET_EXAMPLES: &str = "\
Examples:
  parkctl session get 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12";

const STATS_EXAMPLES: &str = "\
Examples:
  parkctl session stats
  parkctl session stats -o json";

#[derive(Debug, clap::Args)]
pub struct ListArgs {
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
    #[command(flatten)]
    limit: Limit,
}

pub async fn run(app: &mut App, command: Command) -> Result<(), Error> {
    let client = app.client()?;
    match command {
        Command::List(args) => list(app, &client, args).await,
        Command::Get { id } => app.out.one(&client.session(id).await?),
        Command::Stats => app.out.one(&client.session_stats().await?),
    }
}

async fn list(app: &mut App, client: &Client, args: ListArgs) -> Result<(), Error> {
    let now = app.now();
    let query = SessionQuery {
        state: args.state,
        kind: args.kind,
        slot: args.slot,
        zone: args.zone,
        from: args.from.map(|from| from.before(now)),
        to: args.to.map(|to| to.before(now)),
        ..SessionQuery::default()
    };
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
