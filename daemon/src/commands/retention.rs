//! `parkd retention`.

use std::io::Write;

use parking_api::captures::ExpiryReason;
use parking_api::storage::{RetentionRules, Storage};
use serde_json::json;
use tokio_util::task::TaskTracker;

use super::verify::require_database;
use super::{Exit, unwritten};
use crate::captures::keeping::Gone;
use crate::captures::{Keeper, Thumbnails, size};
use crate::clock::SystemClock;
use crate::config::{Keeping, Places};
use crate::ledger::Ledger;
use crate::objects::Objects;
use crate::serve::{open_store, open_store_to_look};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object instead of sentences
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeping: Keeping,
}

pub(super) async fn run(args: &Args, places: &Places, out: &mut dyn Write) -> Result<Exit, String> {
    let opening = if args.dry_run { Opening::ToLook } else { Opening::ToWrite };
    let desk = Desk::open(places, &args.keeping, opening).await?;
    let done = act(args, &desk.keeper, out).await;
    desk.close().await;
    done
}

async fn act(args: &Args, keeper: &Keeper, out: &mut dyn Write) -> Result<Exit, String> {
    let gone = if args.dry_run { keeper.plan().await } else { keeper.retain().await };
    let gone = gone.map_err(|e| format!("cannot apply the rules of retention: {e}"))?;
    let storage = keeper.storage().await.map_err(|e| format!("cannot count the captures: {e}"))?;
    write(args, &gone, &storage, out).map_err(unwritten)?;
    Ok(Exit::Done)
}

fn write(args: &Args, gone: &Gone, storage: &Storage, out: &mut dyn Write) -> std::io::Result<()> {
    if args.json {
        let by_rule = gone
            .by_reason()
            .map(|(reason, captures, bytes)| (reason.to_string(), json!({"captures": captures, "bytes": bytes})));
        let by_rule: serde_json::Map<_, _> = by_rule.collect();
        let object = json!({
            "dry_run": args.dry_run, "captures": gone.captures(), "bytes": gone.bytes(), "by_rule": by_rule, "storage": storage,
        });
        return writeln!(out, "{object}");
    }
    writeln!(out, "{} captures with {}, {} of them pinned", storage.captures, size(storage.bytes), storage.pinned)?;
    let verb = if args.dry_run { "would go" } else { "went" };
    for (reason, captures, bytes) in gone.by_reason() {
        writeln!(out, "  {captures} {verb} ({}): {}", rule(reason, &storage.rules), size(bytes))?;
    }
    writeln!(out, "{} captures {verb}, {} in all", gone.captures(), size(gone.bytes()))?;
    if let Some(disk) = storage.disk {
        let (free, total, min) = (size(disk.free_bytes), size(disk.total_bytes), size(disk.free_bytes_min));
        writeln!(out, "disk: {free} of {total} free, {min} of it kept free")?;
    }
    writeln!(out, "forecast: {}", storage.forecast)
}

fn rule(reason: ExpiryReason, rules: &RetentionRules) -> String {
    const DAY_S: u64 = 24 * 60 * 60;
    match reason {
        ExpiryReason::Age => match rules.age_s_max.unwrap_or_default() {
            seconds if seconds >= DAY_S => format!("older than {} days", seconds / DAY_S),
            seconds => format!("older than {seconds} seconds"),
        },
        ExpiryReason::Count => format!("more than {} of one camera", rules.per_camera_max.unwrap_or_default()),
        ExpiryReason::Bytes => format!("more than {} in all", size(rules.bytes_max.unwrap_or_default())),
        ExpiryReason::Disk => "the disk is low".into(),
    }
}

/// What a command beside the daemons works with.
pub(super) struct Desk {
    pub keeper: Keeper,
    ledger: Ledger,
    tasks: TaskTracker,
}

/// What a database is opened for: only what writes to it may bring its schema up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    ToLook,
    ToWrite,
}

impl Desk {
    pub async fn open(places: &Places, keeping: &Keeping, opening: Opening) -> Result<Self, String> {
        require_database(&places.database_url)?;
        let store = match opening {
            Opening::ToLook => open_store_to_look(places).await?,
            Opening::ToWrite => open_store(places).await?,
        };
        let tasks = TaskTracker::new();
        let objects = Objects::open_beside(&places.objects_url, places.s3_keys_file.as_deref()).await;
        let objects = objects.map_err(|e| e.to_string())?;
        let ledger = Ledger::open(store, SystemClock::shared(), tasks.clone()).await;
        let ledger = ledger.map_err(|e| e.to_string())?;
        // Those of this machine's daemon, if one ever ran here.
        let thumbnails = Some(places.thumbnails()).filter(|folder| folder.is_dir()).map(Thumbnails::open);
        let thumbnails = thumbnails.transpose().map_err(|e| format!("cannot use the folder for thumbnails: {e}"))?;
        let keeper = Keeper::new(ledger.clone(), objects, thumbnails, SystemClock::shared(), keeping.settings());
        Ok(Self { keeper, ledger, tasks })
    }

    pub async fn close(self) {
        self.ledger.stop();
        self.tasks.close();
        self.tasks.wait().await;
        self.ledger.store().close().await;
    }
}
