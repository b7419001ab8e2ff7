//! What writes are compared with: a plain loop on a fresh database, one transaction per change, as one would write it first.

use std::path::Path;
use std::time::{Duration, Instant};

use parkd::store::{CONNECTIONS, Store, embedded_url};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use uuid::Uuid;

use crate::load::Load;
use crate::samples::Samples;
use crate::{Result, lot};

/// As the daemon sets them (`daemon/src/store/sqlite.rs`).
const PAGE_CACHE: &str = "-16384";
const CHECKPOINT_PAGES: &str = "10000";

const LOT: &str = "main";

/// The database and where its log stands.
#[derive(Debug)]
pub struct Plain {
    connection: SqliteConnection,
    slots: Vec<Uuid>,
    seq: i64,
    /// An event as the daemon writes it.
    body: String,
}

impl Plain {
    /// A database with the daemon's schema and `slots` free slots in `folder`; each change logs `body`.
    pub async fn create(folder: &Path, slots: usize, body: String) -> Result<Self> {
        let url = embedded_url(folder);
        Store::open(&url, CONNECTIONS).await?.close().await;
        let options = url
            .parse::<SqliteConnectOptions>()?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("cache_size", PAGE_CACHE)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .pragma("temp_store", "memory");
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::query(
            "insert into lots (id, name, time_zone, currency, created_at_ms, rev, epoch, head, floor, head_at_ms)
             values ($1, 'Main', 'UTC', 'EUR', 0, 1, 'e', 1, 1, 0)",
        )
        .bind(LOT)
        .execute(&mut connection)
        .await?;
        let ids: Vec<_> = (0..slots).map(|index| Uuid::from_u128(index as u128)).collect();
        for (index, id) in ids.iter().enumerate() {
            sqlx::query(
                "insert into slots (lot, id, code, zone, level, kind, state, source, rev, observed_at_ms, changed_at_ms)
                 values ($1, $2, $3, 'Zone A', 0, 'standard', 'free', 'manual', 1, 0, 0)",
            )
            .bind(LOT)
            .bind(id.to_string())
            .bind(lot::code(index))
            .execute(&mut connection)
            .await?;
        }
        Ok(Self { connection, slots: ids, seq: 1, body })
    }

    /// Changes one slot after the other for `duration`.
    pub async fn run(&mut self, duration: Duration) -> Result<Load> {
        let started = Instant::now();
        let mut latencies = Samples::default();
        while started.elapsed() < duration {
            let sent = Instant::now();
            self.change().await?;
            latencies.push(sent.elapsed());
        }
        Ok(Load { latencies, elapsed: started.elapsed(), ..Load::default() })
    }

    /// One change: a slot becomes occupied and a stay begins, or it becomes free and the stay ends.
    async fn change(&mut self) -> Result<()> {
        self.seq += 1;
        let changes = self.seq as usize - 2;
        let (index, turn) = (changes % self.slots.len(), changes / self.slots.len());
        let slot = self.slots[index].to_string();
        let is_occupied = turn % 2 == 0;
        let (state, stay_state) = if is_occupied { ("occupied", "open") } else { ("free", "void") };
        // Ids of stays grow with time, as the daemon's do.
        let stay = Uuid::from_u128(((turn / 2 * self.slots.len() + index) as u128) << 64).to_string();
        let mut tx = self.connection.begin_with("begin immediate").await?;
        sqlx::query(
            "update slots set state = $3, rev = $4, observed_at_ms = $4, changed_at_ms = $4 where lot = $1 and id = $2",
        )
        .bind(LOT)
        .bind(&slot)
        .bind(state)
        .bind(self.seq)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "insert into sessions (lot, id, kind, state, slot_id, slot_code, zone, opened_at_ms, closed_at_ms, opened_seq, closed_seq)
             values ($1, $2, 'slot', $3, $4, $5, 'Zone A', $6, $7, $6, $7)
             on conflict (lot, id) do update set
                 state = excluded.state, closed_at_ms = excluded.closed_at_ms, closed_seq = excluded.closed_seq",
        )
        .bind(LOT)
        .bind(stay)
        .bind(stay_state)
        .bind(&slot)
        .bind(lot::code(index))
        .bind(self.seq)
        .bind((!is_occupied).then_some(self.seq))
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "insert into events (lot, seq, at_ms, kind, actor_kind, actor_name, slot_id, body)
             values ($1, $2, $2, 'slot.changed', 'token', 'admin', $3, $4)",
        )
        .bind(LOT)
        .bind(self.seq)
        .bind(&slot)
        .bind(&self.body)
        .execute(&mut *tx)
        .await?;
        sqlx::query("update lots set head = $2, head_at_ms = $2 where id = $1")
            .bind(LOT)
            .bind(self.seq)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }
}
