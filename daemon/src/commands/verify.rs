//! `parkd verify`.

use std::io::Write;

use parking_api::LotId;
use serde_json::json;

use super::retention::{Desk, Opening};
use super::{Exit, sweep, unwritten};
use crate::captures::keeping::Depth as Sweep;
use crate::config::{Keeping, Places};
use crate::ledger::{Depth, Report, verify};
use crate::serve::open_store_to_look;
use crate::store::missing_file;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Check only this lot
    #[arg(long)]
    lot: Option<LotId>,
    /// Also look whether the picture of every capture is there
    #[arg(long)]
    pictures: bool,
    /// Print one JSON object per lot instead of sentences
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeping: Keeping,
}

pub(super) async fn run(args: &Args, places: &Places, out: &mut dyn Write) -> Result<Exit, String> {
    require_database(&places.database_url)?;
    let store = open_store_to_look(places).await?;
    let lots = store.lots().await.map_err(|e| e.to_string())?;
    if let Some(lot) = args.lot.as_ref().filter(|id| !lots.iter().any(|(lot, _)| lot.id == **id)) {
        return Err(format!("there is no lot {lot} in this database"));
    }
    let mut exit = Exit::Done;
    for (lot, _) in lots.iter().filter(|(lot, _)| args.lot.as_ref().is_none_or(|id| lot.id == *id)) {
        let Some(report) = verify(&store, &lot.id, Depth::Whole).await.map_err(|e| e.to_string())? else { continue };
        if !report.findings.is_empty() {
            exit = Exit::Failed;
        }
        write_report(&report, args.json, out).map_err(unwritten)?;
    }
    store.close().await;
    if args.pictures {
        let desk = Desk::open(places, &args.keeping, Opening::ToLook).await?;
        let swept = desk.keeper.sweep(Sweep::Look).await;
        desk.close().await;
        let run = swept.map_err(|e| format!("cannot look for the pictures: {e}"))?;
        if run.missing > 0 {
            exit = Exit::Failed;
        }
        sweep::write_missing(&run, args.json, out).map_err(unwritten)?;
    }
    Ok(exit)
}

/// Opening an embedded database creates it; checking one that is not there must not.
pub(super) fn require_database(url: &str) -> Result<(), String> {
    match missing_file(url).map_err(|e| e.to_string())? {
        None => Ok(()),
        Some(path) => Err(format!("there is no database at {}: name its folder with --data-dir", path.display())),
    }
}

pub(super) fn write_report(report: &Report, as_json: bool, out: &mut dyn Write) -> std::io::Result<()> {
    if as_json {
        let findings: Vec<_> =
            report.findings.iter().map(|f| json!({"table": f.table, "row": f.row, "detail": f.detail})).collect();
        let object = json!({"lot": report.lot, "events": report.events, "rows": report.rows, "findings": findings});
        return writeln!(out, "{object}");
    }
    let verdict = match report.findings.len() {
        0 => "sound".to_string(),
        count => format!("{count} differences"),
    };
    writeln!(out, "{}: {} events folded, {} rows compared: {verdict}", report.lot, report.events, report.rows)?;
    for finding in &report.findings {
        writeln!(out, "  {} {}: {}", finding.table, finding.row, finding.detail)?;
    }
    Ok(())
}
