//! Forgets what is no longer needed, in small transactions that hold nobody up for long.

use parking_api::{LotId, Time};

use super::{Error, Result, Store};
use crate::ledger::Parts;

/// Rows that one transaction deletes at most.
const DELETE_MAX: i64 = 2_000;

impl Store {
    /// Keeps `checkpoint`, the fold of the log up to its own `seq`, instead of the events up to there.
    ///
    /// The floor and the checkpoint move in one transaction; the events below the floor are deleted afterwards, so that a crash
    /// in between leaves nothing but rows that the next call deletes.
    pub async fn prune_events(&self, lot: &LotId, checkpoint: &Parts) -> Result<u64> {
        let state = serde_json::to_string(checkpoint).map_err(|e| Error::corrupt("checkpoints", e))?;
        let mut tx = self.writer.begin_with("begin immediate").await?;
        sqlx::query(
            "insert into checkpoints (lot, seq, state) values ($1, $2, $3)
             on conflict (lot) do update set seq = excluded.seq, state = excluded.state where excluded.seq > checkpoints.seq",
        )
        .bind(lot.as_str())
        .bind(checkpoint.seq as i64)
        .bind(state)
        .execute(&mut *tx)
        .await?;
        sqlx::query("update lots set floor = max(floor, $2 + 1) where id = $1")
            .bind(lot.as_str())
            .bind(checkpoint.seq as i64)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        self.delete_below_floor(lot).await
    }

    async fn delete_below_floor(&self, lot: &LotId) -> Result<u64> {
        let mut deleted = 0;
        loop {
            let done = sqlx::query(
                "delete from events where lot = $1 and seq in (
                     select e.seq from events e join lots l on l.id = e.lot where e.lot = $1 and e.seq < l.floor order by e.seq limit $2)",
            )
            .bind(lot.as_str())
            .bind(DELETE_MAX)
            .execute(&self.writer)
            .await?
            .rows_affected();
            deleted += done;
            if done < DELETE_MAX as u64 {
                return Ok(deleted);
            }
        }
    }

    /// Forgets first answers given before `before`.
    pub async fn prune_answers(&self, before: Time) -> Result<u64> {
        let mut deleted = 0;
        loop {
            let done = sqlx::query(
                "delete from idempotency where (lot, actor, key) in (
                     select lot, actor, key from idempotency where created_at_ms < $1 limit $2)",
            )
            .bind(before.ms())
            .bind(DELETE_MAX)
            .execute(&self.writer)
            .await?
            .rows_affected();
            deleted += done;
            if done < DELETE_MAX as u64 {
                return Ok(deleted);
            }
        }
    }
}
