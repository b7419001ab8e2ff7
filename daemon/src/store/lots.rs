//! Rows of lots, and where the log of each stands.

use parking_api::lots::Lot;
use parking_api::{LotId, Time};

use super::{Error, Result, Store};

#[derive(Debug, sqlx::FromRow)]
pub(super) struct LotRow {
    id: String,
    name: String,
    time_zone: String,
    currency: String,
    created_at_ms: i64,
    rev: i64,
    epoch: String,
    head: i64,
    floor: i64,
    head_at_ms: i64,
}

/// Where the log of a lot stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub epoch: String,
    /// `seq` of the newest event.
    pub seq: u64,
    /// `seq` of the oldest event that is kept.
    pub floor: u64,
    /// Time of the newest event.
    pub at: Time,
}

impl TryFrom<LotRow> for (Lot, Head) {
    type Error = Error;

    fn try_from(row: LotRow) -> Result<Self> {
        let lot = Lot {
            id: row.id.parse().map_err(|e| Error::corrupt("lots", e))?,
            name: row.name,
            time_zone: row.time_zone,
            currency: row.currency,
            created_at: Time::from_ms(row.created_at_ms),
            rev: row.rev as u64,
        };
        let head =
            Head { epoch: row.epoch, seq: row.head as u64, floor: row.floor as u64, at: Time::from_ms(row.head_at_ms) };
        Ok((lot, head))
    }
}

pub(super) const HEAD: &str = "select epoch, head, floor, head_at_ms from lots where id = $1";
pub(super) const SET_HEAD: &str = "update lots set head = $4, head_at_ms = $2 where id = $1";
pub(super) const UPDATE: &str = "update lots set name = $2, time_zone = $3, currency = $4, rev = $5 where id = $1";

impl Store {
    pub async fn lots(&self) -> Result<Vec<(Lot, Head)>> {
        let rows: Vec<LotRow> = sqlx::query_as("select * from lots order by id").fetch_all(&self.readers).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Writes a new lot and its first event. `false` when the id is taken.
    pub async fn create_lot(&self, lot: &Lot, epoch: &str, event: &str) -> Result<bool> {
        let mut tx = self.writer.begin_with("begin immediate").await?;
        let done = sqlx::query(
            "insert into lots (id, name, time_zone, currency, created_at_ms, rev, epoch, head, floor, head_at_ms)
             values ($1, $2, $3, $4, $5, $6, $7, 1, 1, $5) on conflict (id) do nothing",
        )
        .bind(lot.id.as_str())
        .bind(&lot.name)
        .bind(&lot.time_zone)
        .bind(&lot.currency)
        .bind(lot.created_at.ms())
        .bind(lot.rev as i64)
        .bind(epoch)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(super::events::INSERT)
            .bind(lot.id.as_str())
            .bind(lot.created_at.ms())
            .bind(format!("[{event}]"))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes a lot with all its rows, if its log still ends at `seq`. The objects of its captures are left behind.
    pub async fn delete_lot(&self, lot: &LotId, seq: u64) -> Result<bool> {
        const OF_LOT: [&str; 9] = [
            "delete from events where lot = $1",
            "delete from checkpoints where lot = $1",
            "delete from idempotency where lot = $1",
            "delete from slots where lot = $1",
            "delete from sessions where lot = $1",
            "delete from cameras where lot = $1",
            "delete from camera_contacts where lot = $1",
            "delete from captures where lot = $1",
            "delete from tokens where lot = $1",
        ];
        let mut tx = self.writer.begin_with("begin immediate").await?;
        let deleted = sqlx::query("delete from lots where id = $1 and head = $2")
            .bind(lot.as_str())
            .bind(seq as i64)
            .execute(&mut *tx)
            .await?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        for statement in OF_LOT {
            sqlx::query(statement).bind(lot.as_str()).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}
