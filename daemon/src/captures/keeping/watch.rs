//! When what is done: the disk is looked at often, the rules are applied by one of the daemons that share a database, the object store is
//! compared every day.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::super::Error;
use super::sweep::findings;
use super::{Depth, Keeper};
use crate::objects::State;

/// How often the disk is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// After something was removed it is not looked at for so many times: some filesystems give room back late.
const LOOKS_SKIPPED: u32 = 2;
/// How often it is looked whether something is due.
const DUE_EVERY: Duration = Duration::from_secs(600);
/// Facts in the database: when each was begun last.
const RETAIN_BEGUN: &str = "retention_begun_ms";
const SWEEP_BEGUN: &str = "sweep_begun_ms";

impl Keeper {
    /// Does it all, until `stop`.
    pub async fn watch(self, stop: CancellationToken) {
        let work = async { tokio::join!(self.watch_disk(), self.watch_rules(), self.watch_objects()) };
        stop.run_until_cancelled(work).await;
    }

    async fn watch_disk(&self) {
        let mut tick = interval_at(Instant::now(), LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            match self.relieve().await {
                Ok(false) => {}
                Ok(true) => tokio::time::sleep(LOOK_EVERY * LOOKS_SKIPPED).await,
                Err(error) => tracing::warn!(%error, "no room can be made on the disk of the pictures"),
            }
        }
    }

    async fn watch_rules(&self) {
        let every = self.settings.retain_every;
        let mut tick = due(every);
        loop {
            tick.tick().await;
            if let Err(error) = self.retain_in_turn(every).await {
                tracing::warn!(%error, "old pictures cannot be removed");
            }
            // The forecast stands on it, at every daemon.
            if let Err(error) = self.stock().await {
                tracing::warn!(%error, "the pictures cannot be counted");
            }
        }
    }

    async fn retain_in_turn(&self, every: Duration) -> Result<(), Error> {
        // While it is away, bytes would stay that nothing names.
        let is_there = self.objects.state().await? == State::Ok;
        if !is_there || !self.takes_turn(RETAIN_BEGUN, every).await? {
            return Ok(());
        }
        let gone = self.retain().await?;
        for (reason, captures, bytes) in gone.by_reason() {
            tracing::info!(%reason, captures, bytes, "old pictures were removed");
        }
        Ok(())
    }

    async fn watch_objects(&self) {
        let every = self.settings.sweep_every;
        let mut tick = due(every);
        let mut thumbnails_at: Option<Instant> = None;
        loop {
            tick.tick().await;
            if let Err(error) = self.sweep_in_turn(every).await {
                tracing::warn!(%error, "the object store cannot be compared with the captures");
            }
            if thumbnails_at.is_none_or(|at| at.elapsed() >= every) {
                thumbnails_at = Some(Instant::now());
                match self.sweep_thumbnails().await {
                    Ok(0) => {}
                    Ok(captures) => tracing::info!(captures, "small versions of pictures that are gone were removed"),
                    Err(error) => tracing::warn!(%error, "small versions of pictures cannot be compared"),
                }
            }
        }
    }

    async fn sweep_in_turn(&self, every: Duration) -> Result<(), Error> {
        if !self.takes_turn(SWEEP_BEGUN, every).await? {
            return Ok(());
        }
        let run = match self.sweep(Depth::Remains).await {
            Ok(run) => run,
            Err(error) => {
                // Somebody tries again when it is looked next time.
                self.ledger.store().put_fact(SWEEP_BEGUN, "0").await?;
                return Err(error);
            }
        };
        for finding in findings(&run) {
            tracing::error!(finding, keys = ?run.missing_keys, "the object store and the captures do not agree");
        }
        let (objects, orphans, removed) = (run.objects, run.orphans, run.removed);
        tracing::info!(objects, orphans, removed, missing = run.missing, "the object store was compared");
        Ok(())
    }

    async fn takes_turn(&self, fact: &str, every: Duration) -> Result<bool, Error> {
        let (now, every_ms) = (self.clock.now(), i64::try_from(every.as_millis()).unwrap_or(i64::MAX));
        Ok(self.ledger.store().take_turn(fact, now, now.plus_ms(-every_ms)).await?)
    }
}

/// Not at a start: then the machine has other things to do.
fn due(every: Duration) -> tokio::time::Interval {
    let period = every.min(DUE_EVERY);
    let mut tick = interval_at(Instant::now() + period, period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}
