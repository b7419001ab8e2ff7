//! Looks at the database every day: whether it is damaged, and whether every lot is still the fold of its log. Repairs nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, interval_at};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::ledger::{Depth, verify};
use crate::store::{Result, Store};

/// How often it is looked whether a check is due; what it found may be as old as that at another daemon.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);
/// Facts in the database: when the last check began, and what it found.
const BEGUN: &str = "integrity_begun_ms";
pub const FOUND: &str = "integrity";

/// Checks the database each time that `every` has gone by since any daemon on it did so, until `stop`.
pub async fn watch(store: Store, clock: Arc<dyn Clock>, every: Duration, stop: CancellationToken) {
    let period = every.min(LOOK_EVERY);
    // Not at a start: then the machine has other things to do, and an embedded database is looked at anyway.
    let mut tick = interval_at(Instant::now() + period, period);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        if let Some(Err(error)) = stop.run_until_cancelled(look(&store, &*clock, every)).await {
            tracing::warn!(%error, "the database cannot be checked");
        }
    }
}

async fn look(store: &Store, clock: &dyn Clock, every: Duration) -> Result<()> {
    let (now, every_ms) = (clock.now(), i64::try_from(every.as_millis()).unwrap_or(i64::MAX));
    if !store.take_turn(BEGUN, now, now.plus_ms(-every_ms)).await? {
        return Ok(());
    }
    let mut wrong = Vec::new();
    if let Some(damage) = store.damage().await? {
        tracing::error!(damage, "the database is damaged: stop, and restore a backup");
        wrong.push("the database is damaged".to_string());
    }
    let (mut lots, mut events) = (0, 0);
    for (lot, _) in store.lots().await? {
        let Some(report) = verify(store, &lot.id, Depth::State).await? else { continue };
        (lots, events) = (lots + 1, events + report.events);
        for finding in &report.findings {
            let (table, row, detail) = (finding.table, &finding.row, &finding.detail);
            tracing::error!(lot = %lot.id, table, row, detail, "a table is not the fold of the log");
        }
        if !report.findings.is_empty() {
            wrong.push(format!("lot {} has {} differences", lot.id, report.findings.len()));
        }
    }
    let found = match wrong.is_empty() {
        true => format!("sound at {now}"),
        false => format!("{} (at {now}): run parkd verify", wrong.join(", ")),
    };
    tracing::info!(lots, events, found, "the database was checked");
    store.put_fact(FOUND, &found).await
}
