//! Rows of lots, and where the log of each stands.

use parking_api::Time;
use parking_api::lots::Lot;

use super::events::EventRow;
use super::sql::{On, Value, sql, sql_with};
use super::{Answer, Error, Result, Store, answers, events};

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

impl Head {
    /// Whether the log of this `epoch` ends with event `seq`.
    pub fn is_at(&self, epoch: &str, seq: u64) -> bool {
        (self.epoch.as_str(), self.seq) == (epoch, seq)
    }
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

/// The columns of a head.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct HeadRow {
    epoch: String,
    head: i64,
    floor: i64,
    head_at_ms: i64,
}

impl From<HeadRow> for Head {
    fn from(row: HeadRow) -> Self {
        Self { epoch: row.epoch, seq: row.head as u64, floor: row.floor as u64, at: Time::from_ms(row.head_at_ms) }
    }
}

// A lot that is being deleted is there for nobody, until its rows are gone and its id is free.
pub(super) const HEAD: &str = "select epoch, head, floor, head_at_ms from lots where id = $1 and deleted_at_ms is null";
pub(super) const ONE: &str = "select * from lots where id = $1 and deleted_at_ms is null";
pub(super) const DELETE: &str =
    "update lots set deleted_at_ms = $3 where id = $1 and head = $2 and deleted_at_ms is null";
pub(super) const ADVANCE: &str = "update lots set head = $3, head_at_ms = $2
 where id = $1 and head = $4 and epoch = $5 and deleted_at_ms is null";
pub(super) const ADVANCE_AND_CHANGE: &str =
    "update lots set head = $3, head_at_ms = $2, name = $6, time_zone = $7, currency = $8, rev = $9
 where id = $1 and head = $4 and epoch = $5 and deleted_at_ms is null";

pub(super) async fn all(on: impl Into<On<'_>>) -> Result<Vec<(Lot, Head)>> {
    let rows: Vec<LotRow> = sql("select * from lots where deleted_at_ms is null order by id").all(on).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

impl Store {
    pub async fn lots(&self) -> Result<Vec<(Lot, Head)>> {
        all(&self.readers).await
    }

    /// Writes a new lot and its first event, and what was answered. `false` when the id is taken.
    pub async fn create_lot(&self, lot: &Lot, epoch: &str, event: &str, answer: Option<&Answer>) -> Result<bool> {
        let mut tx = self.writer.begin_write().await?;
        let insert =
            sql("insert into lots (id, name, time_zone, currency, created_at_ms, rev, epoch, head, floor, head_at_ms)
             values ($1, $2, $3, $4, $5, $6, $7, 1, 1, $5) on conflict (id) do nothing");
        let done = insert
            .bind(lot.id.as_str())
            .bind(&lot.name)
            .bind(&lot.time_zone)
            .bind(&lot.currency)
            .bind(lot.created_at.ms())
            .bind(lot.rev)
            .bind(epoch)
            .execute(&mut tx)
            .await?;
        if done == 0 {
            return Ok(false);
        }
        let first_event = EventRow::new(&events::parse(event)?, event.to_string());
        let dialect = self.writer.dialect();
        let mut values: Vec<Value> = vec![lot.id.as_str().into(), lot.created_at.ms().into()];
        values.extend(events::values(dialect, &[first_event])?);
        sql_with(events::insert(dialect, 3, "true"), values).execute(&mut tx).await?;
        if let Some(answer) = answer {
            answers::keep(&mut tx, answer, lot.created_at).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}
