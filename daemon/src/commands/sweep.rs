//! `parkd sweep`.

use std::io::Write;

use parking_api::storage::SweepRun;

use super::retention::{Desk, Opening};
use super::{Exit, unwritten};
use crate::captures::keeping::Depth;
use crate::captures::size;
use crate::config::{Keeping, Places};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only say what there is
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
    let depth = if args.dry_run { Depth::Look } else { Depth::Whole };
    let swept = desk.keeper.sweep(depth).await;
    desk.close().await;
    let run = swept.map_err(|e| format!("cannot compare the object store with the captures: {e}"))?;
    write(&run, args, out).map_err(unwritten)?;
    Ok(if run.missing == 0 { Exit::Done } else { Exit::Failed })
}

fn write(run: &SweepRun, args: &Args, out: &mut dyn Write) -> std::io::Result<()> {
    if args.json {
        return writeln!(out, "{}", serde_json::to_string(run)?);
    }
    writeln!(out, "{} pictures found", run.objects)?;
    let done = if args.dry_run { "nothing was removed".into() } else { format!("{} removed", run.removed) };
    writeln!(out, "{} of no capture, with {}: {done}", run.orphans, size(run.orphan_bytes))?;
    if let Some(why) = &run.held_back {
        writeln!(out, "  {why}")?;
    }
    write_missing(run, false, out)
}

/// The captures whose picture is not there.
pub(super) fn write_missing(run: &SweepRun, as_json: bool, out: &mut dyn Write) -> std::io::Result<()> {
    if as_json {
        return writeln!(out, "{}", serde_json::json!({"missing": run.missing, "missing_keys": run.missing_keys}));
    }
    writeln!(out, "{} captures without their picture", run.missing)?;
    for key in &run.missing_keys {
        writeln!(out, "  {key}")?;
    }
    if run.missing > run.missing_keys.len() as u64 {
        writeln!(out, "  …")?;
    }
    Ok(())
}
