//! Forgets what is no longer needed, in small transactions that hold nobody up for long.

use parking_api::{LotId, Time};

use super::sql::{Sql, sql};
use super::tables::json;
use super::{Parts, Result, Store};

/// Rows that one transaction deletes at most.
const DELETE_MAX: u64 = 2_000;

/// Pieces of a deleted lot: `$1` lot, `$2` how many rows. The tokens first, which open doors.
const OF_LOT: [&str; 15] = [
    "delete from tokens where id in (select id from tokens where lot = $1 limit $2)",
    "delete from cameras where lot = $1 and id in (select id from cameras where lot = $1 limit $2)",
    "delete from firmware where lot = $1 and id in (select id from firmware where lot = $1 limit $2)",
    "delete from camera_contacts where lot = $1 and camera in (select camera from camera_contacts where lot = $1 limit $2)",
    "delete from camera_regions where lot = $1 and id in (select id from camera_regions where lot = $1 limit $2)",
    "delete from camera_memories where lot = $1 and camera in (select camera from camera_memories where lot = $1 limit $2)",
    "delete from slot_labels where lot = $1 and id in (select id from slot_labels where lot = $1 limit $2)",
    "delete from camera_health where lot = $1 and (camera, start_ms) in (select camera, start_ms from camera_health where lot = $1 limit $2)",
    "delete from captures where lot = $1 and id in (select id from captures where lot = $1 limit $2)",
    "delete from slots where lot = $1 and id in (select id from slots where lot = $1 limit $2)",
    "delete from sessions where lot = $1 and id in (select id from sessions where lot = $1 limit $2)",
    "delete from occupancy_history where lot = $1 and (start_ms, zone) in (select start_ms, zone from occupancy_history where lot = $1 limit $2)",
    "delete from idempotency where lot = $1 and (actor, key) in (select actor, key from idempotency where lot = $1 limit $2)",
    "delete from checkpoints where lot in (select lot from checkpoints where lot = $1 limit $2)",
    "delete from events where lot = $1 and seq in (select seq from events where lot = $1 order by seq limit $2)",
];

impl Store {
    /// Keeps `checkpoint`, the fold of the log up to its own `seq`, instead of the events up to there.
    ///
    /// The floor and the checkpoint move in one transaction; the events below the floor are deleted afterwards, so that a crash
    /// in between leaves nothing but rows that the next call deletes.
    pub async fn prune_events(&self, lot: &LotId, checkpoint: &Parts) -> Result<u64> {
        let mut tx = self.writer.begin_write().await?;
        let put = sql(
            "insert into checkpoints (lot, seq, state) values ($1, $2, $3)
             on conflict (lot) do update set seq = excluded.seq, state = excluded.state where excluded.seq > checkpoints.seq",
        );
        put.bind(lot.as_str()).bind(checkpoint.seq).bind(json(checkpoint)?).execute(&mut tx).await?;
        let floor = sql("update lots set floor = $2 where id = $1 and floor < $2");
        floor.bind(lot.as_str()).bind(checkpoint.seq + 1).execute(&mut tx).await?;
        tx.commit().await?;
        self.delete_in_pieces(
            sql("delete from events where lot = $1 and seq in (
                     select e.seq from events e join lots l on l.id = e.lot where e.lot = $1 and e.seq < l.floor order by e.seq limit $2)")
            .bind(lot.as_str()),
        )
        .await
    }

    /// Forgets first answers given before `before`.
    pub async fn prune_answers(&self, before: Time) -> Result<u64> {
        self.delete_in_pieces(
            sql("delete from idempotency where (lot, actor, key) in (
                     select lot, actor, key from idempotency where created_at_ms < $1 limit $2)")
            .bind(before.ms()),
        )
        .await
    }

    /// Forgets how full the lots were before `before`.
    pub async fn prune_history(&self, before: Time) -> Result<u64> {
        self.delete_in_pieces(
            sql("delete from occupancy_history where (lot, start_ms, zone) in (
                     select lot, start_ms, zone from occupancy_history where start_ms < $1 limit $2)")
            .bind(before.ms()),
        )
        .await
    }

    /// Forgets how cameras were doing before `before`.
    pub async fn prune_health(&self, before: Time) -> Result<u64> {
        self.delete_in_pieces(
            sql("delete from camera_health where (lot, camera, start_ms) in (
                     select lot, camera, start_ms from camera_health where start_ms < $1 limit $2)")
            .bind(before.ms()),
        )
        .await
    }

    /// Removes the lots that are marked as deleted, with all their rows; their ids are free then. The objects of their captures are left
    /// behind. What a crash interrupts, the next call goes on with.
    pub async fn purge_lots(&self) -> Result<()> {
        let marked: Vec<(String,)> =
            sql("select id from lots where deleted_at_ms is not null order by id").all(&self.writer).await?;
        for (lot,) in marked {
            for piece in OF_LOT {
                self.delete_in_pieces(sql(piece).bind(&lot)).await?;
            }
            let last = sql("delete from lots where id = $1 and deleted_at_ms is not null");
            last.bind(lot).execute(&self.writer).await?;
        }
        Ok(())
    }

    /// Runs a deletion whose last value says how many rows it may delete, until it finds fewer.
    async fn delete_in_pieces(&self, piece: Sql) -> Result<u64> {
        let piece = piece.bind(DELETE_MAX);
        let mut deleted = 0;
        loop {
            let mut tx = self.writer.begin_write().await?;
            tx.plan_by_values().await?;
            let done = piece.clone().execute(&mut tx).await?;
            tx.commit().await?;
            deleted += done;
            if done < DELETE_MAX {
                return Ok(deleted);
            }
        }
    }
}
