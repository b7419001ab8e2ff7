//! `parkctl event`: the log of a lot, as it was and as it grows.

mod tail;

use std::time::Duration;

use clap::Subcommand;
use parking_api::client::{Client, EventQuery};
use parking_api::events::{EVENTS_PAGE_MAX, Event, EventChange, LogEntry};
use parking_api::ids::SlotRef;
use parking_api::live::Cursor;
use serde_json::Value;

use crate::app::App;
use crate::error::Error;
use crate::follow::{After, Follow, Until};
use crate::output::{Column, Export, Look, Record, Show, Shown, Stream, Tint, bytes, clean, raw};
use crate::times::When;
use crate::{slots, times};
use tail::Tail;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the newest events, and each further one as it happens
    #[command(after_help = TAIL_EXAMPLES)]
    Tail(TailArgs),
    /// List events of the past, oldest first
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Write all events of a time to a file, page by page
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
}

const TAIL_EXAMPLES: &str = "\
It follows the log until Ctrl-C and comes back by itself when the daemon was away; no event that is still kept is skipped, and none is
shown twice. With -o json or jsonl each event is one object a line.

Examples:
  parkctl event tail
  parkctl event tail --after 0
  parkctl event tail --lines 0 --kind capture.added -o json
  parkctl event tail --slot A-12 --for 60";

const LIST_EXAMPLES: &str = "\
Examples:
  parkctl event list
  parkctl event list --after 4181 --limit 1000 -o jsonl
  parkctl event list --slot A-12 --since 2d
  parkctl event list --actor gate --since 2026-11-23T05:00:00Z --until 1h -o csv";

const EXPORT_EXAMPLES: &str = "\
CSV unless -o json or -o jsonl is given, oldest first, however many there are. A text that a spreadsheet would take for a
formula is marked with ' in CSV.

Examples:
  parkctl event export --since 30d -o jsonl > events.jsonl
  parkctl event export --slot A-12 > of-one-slot.csv";

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    #[command(flatten)]
    filter: Filter,
    /// Only those since then: a time, or a span back from now such as 2h or 7d
    #[arg(long, value_name = "WHEN", visible_alias = "from")]
    since: Option<When>,
    /// Only those before then
    #[arg(long, value_name = "WHEN", visible_alias = "to")]
    until: Option<When>,
}

#[derive(Debug, Clone, clap::Args)]
struct Filter {
    /// Only events of this kind, such as slot.changed
    #[arg(long)]
    kind: Option<String>,
    /// Only events of this slot
    #[arg(long, value_name = "CODE")]
    slot: Option<SlotRef>,
    /// Only events that this token, camera or duty caused
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct TailArgs {
    #[command(flatten)]
    filter: Filter,
    /// Begin with so many events of the past
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    lines: u64,
    /// Begin with every event after this one: a seq, or EPOCH.SEQ, with which a log that was replaced since is told
    #[arg(long, value_name = "CURSOR", conflicts_with = "lines")]
    after: Option<After>,
    /// End after so many further events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after so long, counted from the first connection; before --count is reached that is exit code 7
    #[arg(long = "for", value_name = "SECONDS", value_parser = times::seconds)]
    limit: Option<Duration>,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    filter: Filter,
    /// Begin after this seq; without it the newest events are listed
    #[arg(long, value_name = "SEQ")]
    after: Option<u64>,
    /// Only those since then: a time, or a span back from now such as 2h or 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<When>,
    /// Only those before then
    #[arg(long, value_name = "WHEN")]
    until: Option<When>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
}

pub async fn run(app: &mut App, command: Command) -> Result<(), Error> {
    match command {
        Command::Tail(args) => tail(app, args).await,
        Command::List(args) => list(app, args).await,
        Command::Export(args) => export(app, args).await,
    }
}

impl Filter {
    fn query(&self, limit: usize) -> EventQuery {
        let Self { kind, slot, actor } = self.clone();
        EventQuery { limit: Some(limit), kind, slot, actor, ..EventQuery::default() }
    }

    /// The same question that the daemon answers for the past.
    fn takes(&self, event: &Event) -> bool {
        let is_kind = self.kind.as_deref().is_none_or(|kind| kind == event.change.kind());
        let is_actor = self.actor.is_none() || self.actor == event.actor.name;
        is_kind && is_actor && self.slot.as_ref().is_none_or(|slot| is_about(event, slot))
    }
}

async fn list(app: &mut App, args: ListArgs) -> Result<(), Error> {
    let client = app.client()?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let now = app.now();
    let (since, until) = (args.since.map(|since| since.before(now)), args.until.map(|until| until.before(now)));
    let query = EventQuery { after: args.after, since, until, ..args.filter.query(limit.min(EVENTS_PAGE_MAX)) };
    let events = match args.after {
        Some(_) => read_from(&client, query, limit).await?,
        None => client.events(&query).await?.events,
    };
    let events: Vec<_> = events.into_iter().map(Audited).collect();
    app.out.list(&events, &format!("lot {} has no such event", client.lot()))?;
    if args.after.is_none() && limit > EVENTS_PAGE_MAX && events.len() == EVENTS_PAGE_MAX {
        app.out.talk(&format!("these are the newest {EVENTS_PAGE_MAX}; begin earlier with --after SEQ"))?;
    }
    Ok(())
}

async fn export(app: &mut App, args: ExportArgs) -> Result<(), Error> {
    let client = app.client()?;
    let now = app.now();
    let (since, until) = (args.since.map(|since| since.before(now)), args.until.map(|until| until.before(now)));
    let newest = client.events(&EventQuery { limit: Some(1), ..EventQuery::default() }).await?;
    let after = Some(newest.floor.saturating_sub(1));
    let mut query = EventQuery { after, since, until, ..args.filter.query(EVENTS_PAGE_MAX) };
    let mut export = Export::begin::<Audited>(&mut app.out, app.global.output)?;
    loop {
        let page = client.events(&query).await?;
        let Some(last) = page.events.last() else { break };
        query.after = Some(last.seq());
        page.events.into_iter().try_for_each(|event| export.push(&mut app.out, &Audited(event)))?;
    }
    let count = export.end(&mut app.out)?;
    app.out.talk(&format!("exported {count} events of lot {}", client.lot()))
}

/// Up to `limit` events that `query` describes, page by page.
async fn read_from(client: &Client, mut query: EventQuery, limit: usize) -> Result<Vec<LogEntry>, Error> {
    let mut events = Vec::new();
    while events.len() < limit {
        let wanted = (limit - events.len()).min(EVENTS_PAGE_MAX);
        query.limit = Some(wanted);
        let page = client.events(&query).await?;
        let is_last = page.events.len() < wanted;
        query.after = page.events.last().map(LogEntry::seq).or(query.after);
        events.extend(page.events);
        if is_last {
            break;
        }
    }
    Ok(events)
}

async fn tail(app: &mut App, args: TailArgs) -> Result<(), Error> {
    let client = app.client()?;
    // The cursor is taken before the past is read, so that an event in between comes twice rather than never.
    let newest = newest(&client).await?;
    let (cursor, past) = match &args.after {
        Some(after) => (after.cursor(&newest), Vec::new()),
        None => (newest, past(&client, &args).await?),
    };
    let shown = past.last().map_or(cursor.seq, LogEntry::seq).max(cursor.seq);
    let mut stream = Stream::new::<LogEntry>(&app.out, &past)?;
    stream.begin(&mut app.out)?;
    for event in &past {
        stream.push(&mut app.out, event)?;
    }
    let (lot, server) = (client.lot(), client.server());
    app.out.talk(&format!("following lot {lot} at {server} after seq {}; Ctrl-C ends it", cursor.seq))?;
    let mut follow = Follow::new(&client, Some(cursor.clone()));
    let mut tail = Tail::new(args.filter, cursor, shown);
    let mut until = Until::begin(args.count, args.limit);
    loop {
        let step = match until.within(follow.next(&mut app.out)).await {
            Some(step) => step?,
            None => return until.over(),
        };
        let mut events = tail.take(&client, step).await?;
        loop {
            for event in events {
                stream.push(&mut app.out, &event)?;
                if until.is_last() {
                    return Ok(());
                }
            }
            match tail.page(&client).await? {
                Some(page) => events = page,
                None => break,
            }
        }
    }
}

/// Where the log of a lot is now.
pub async fn newest(client: &Client) -> Result<Cursor, Error> {
    let page = client.events(&EventQuery { limit: Some(1), ..EventQuery::default() }).await?;
    let seq = page.events.last().map_or(page.head, LogEntry::seq);
    Ok(Cursor { epoch: page.epoch, seq })
}

async fn past(client: &Client, args: &TailArgs) -> Result<Vec<LogEntry>, Error> {
    if args.lines == 0 {
        return Ok(Vec::new());
    }
    let limit = usize::try_from(args.lines).unwrap_or(usize::MAX).min(EVENTS_PAGE_MAX);
    Ok(client.events(&args.filter.query(limit)).await?.events)
}

/// Whether `slot` is what the event is about.
fn is_about(event: &Event, slot: &SlotRef) -> bool {
    match &event.change {
        EventChange::SlotCreated { slot: about, .. }
        | EventChange::SlotChanged { slot: about, .. }
        | EventChange::SlotDeleted { slot: about, .. } => match slot {
            SlotRef::Id(id) => *id == about.id,
            SlotRef::Code(code) => *code == about.code,
        },
        _ => false,
    }
}

impl Record for LogEntry {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("seq", "/seq", Show::Number).table("SEQ", 1),
            Column::new("at", "/at", Show::Clock).table("TIME", 0),
            Column::new("kind", "/kind", Show::Text).table("KIND", 0),
            Column::new("actor_kind", "/actor/kind", Show::Text),
            Column::new("actor_name", "/actor/name", Show::Text),
            Column::new("by", "", Show::Record(by)).table("BY", 2).flexible().derived(),
            Column::new("what", "", Show::Record(what)).table("WHAT", 0).flexible().derived(),
            Column::new("data", "/data", Show::Text),
        ]
    }
}

/// An event as the log keeps it, with more than is sent live.
#[derive(Debug, serde::Serialize)]
#[serde(transparent)]
struct Audited(LogEntry);

impl Record for Audited {
    fn columns() -> Vec<Column> {
        let mut columns = LogEntry::columns();
        let data = columns.pop();
        columns.push(Column::new("before", "/audit/before", Show::Record(was)).table("WAS", 1).flexible());
        columns.push(Column::new("address", "/audit/address", Show::Text).table("FROM", 3));
        columns.extend(data);
        columns
    }
}

/// What a change replaced: a state by itself, anything else with its name.
fn was(event: &Value, look: &Look) -> Shown {
    let Some(before) = event["audit"]["before"].as_object() else { return Shown::nothing(look) };
    let has_state = before.contains_key("state");
    let told = before.iter().filter(|(field, _)| !(has_state && *field == "source"));
    let told: Vec<_> = told
        .map(|(field, value)| match (field.as_str(), value) {
            ("state" | "status", value) => raw(value),
            (field, Value::Null) => format!("no {field}"),
            (field, value) => format!("{field} {}", raw(value)),
        })
        .collect();
    Shown::plain(clean(&told.join(", ")))
}

/// Who caused an event: `admin`, `camera cam-1`, `system demo`.
pub fn by(event: &Value, look: &Look) -> Shown {
    let actor = &event["actor"];
    match (actor["kind"].as_str(), actor["name"].as_str()) {
        (Some("token"), Some(name)) => Shown::plain(clean(name)),
        (Some(kind), Some(name)) => Shown::plain(clean(&format!("{kind} {name}"))),
        (Some(kind), None) => Shown::plain(clean(kind)),
        _ => Shown::nothing(look),
    }
}

/// What an event did, in a few words.
fn what(event: &Value, look: &Look) -> Shown {
    let data = &event["data"];
    let kind = event["kind"].as_str().unwrap_or_default();
    let (noun, verb) = kind.split_once('.').unwrap_or((kind, ""));
    let it = &data[noun];
    let name = |field: &str| clean(&raw(&it[field]));
    match (noun, verb) {
        ("slot", "deleted") => Shown::tinted(name("code"), Tint::Dim),
        ("slot", _) => {
            let state = slots::state(it["state"].as_str().unwrap_or_default(), look);
            Shown::tinted(format!("{} {}", name("code"), state.text), state.tint)
        }
        ("session", _) => Shown::plain(match it["plate"].as_str().or(it["ticket"].as_str()) {
            Some(vehicle) => clean(vehicle),
            None => name("id"),
        }),
        ("capture", _) => {
            let size = bytes(it["bytes"].as_u64().unwrap_or_default());
            let camera = it["camera"].as_str().map(|camera| format!(" of {camera}")).unwrap_or_default();
            Shown::plain(format!("{}x{}{camera}, {size}", name("width"), name("height")))
        }
        ("camera", "status") => Shown::plain(format!("{} {}", name("id"), name("status"))),
        ("camera" | "lot", _) => Shown::plain(name("id")),
        ("token", _) => Shown::plain(format!("{} ({})", name("name"), name("role"))),
        _ => Shown::nothing(look),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(event: &str) -> (String, String) {
        let look =
            Look { has_color: false, is_utf8: true, is_tty: false, width: None, now: parking_api::Time::default() };
        let event = serde_json::from_str(event).expect("JSON");
        (by(&event, &look).text, what(&event, &look).text)
    }

    #[test]
    fn an_event_is_told_in_a_few_words() {
        for (event, who, did) in [
            (
                r#"{"kind":"slot.changed","actor":{"kind":"token","name":"admin"},"data":{"slot":{"code":"A-1","state":"free"}}}"#,
                "admin",
                "A-1 ○ free",
            ),
            (
                r#"{"kind":"camera.status","actor":{"kind":"system","name":"monitor"},"data":{"camera":{"id":"cam-1","status":"late"}}}"#,
                "system monitor",
                "cam-1 late",
            ),
            (
                r#"{"kind":"capture.added","actor":{"kind":"camera","name":"cam-1"},"data":{"capture":{"width":640,"height":480,"bytes":34000,"camera":"cam-1"}}}"#,
                "camera cam-1",
                "640x480 of cam-1, 34 kB",
            ),
            (r#"{"kind":"withheld","seq":3}"#, "–", "–"),
        ] {
            assert_eq!(told(event), (who.to_string(), did.to_string()));
        }
    }
}
