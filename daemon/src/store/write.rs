//! The writing end of one lot: lock its head or bet on it, read what others wrote, write a batch, commit.

use std::time::Duration;

use parking_api::captures::Capture;
use parking_api::events::Event;
use parking_api::{CaptureId, LotId, Time};
use tokio::time::Instant;

use super::append::Append;
use super::batch::{Answer, Batch};
use super::captures::CaptureRow;
use super::lots::HeadRow;
use super::sql::{Dialect, On, Pool, Tx, sql};
use super::tables::{Columns, json_ids, json_rows};
use super::{Error, Head, Result, Store, captures, events, lots};

const KEYS: &Columns = &[("actor", "text"), ("key", "text")];

/// Longest that a batch may take, from the first word with the database to the last; and what finding out what became of it may take after
/// that. Together they are the longest that a caller waits when the database is away: 4.5 s.
const WRITE_MAX: Duration = Duration::from_millis(3_500);
const FIND_OUT_MAX: Duration = Duration::from_secs(1);

/// A fact in the database: when it was last tried whether it takes a write.
const PROBED: &str = "probed_ms";

/// The writing end of one lot. Dropped without a commit, it has changed nothing.
#[derive(Debug)]
pub struct Write {
    pool: Pool,
    lot: LotId,
    tx: Option<Tx>,
    /// What is not done by then is given up.
    until: Instant,
    /// The last event of what was written: whether that is committed can be found out by it.
    last: Option<(u64, String)>,
}

impl Store {
    pub fn write(&self, lot: &LotId) -> Write {
        self.write_until(lot, Instant::now() + WRITE_MAX)
    }

    /// One that gives up at `until`.
    pub fn write_until(&self, lot: &LotId, until: Instant) -> Write {
        Write { pool: self.writer.clone(), lot: lot.clone(), tx: None, until, last: None }
    }
}

impl Write {
    /// Whether a lock costs nothing, because the writer is in this process. Elsewhere a batch is better decided first: that the head is
    /// still where it was is proven by the statement that writes.
    pub fn locks_for_free(&self) -> bool {
        self.pool.dialect() == Dialect::Sqlite
    }

    /// Locks the head of the log until the end, and says where it is; `None` when the lot is gone.
    ///
    /// # Errors
    /// When the database cannot be reached, somebody else holds the lock for too long, or nothing can be written.
    pub async fn lock(&mut self) -> Result<Option<Head>> {
        self.tx = Some(in_time(self.until, self.pool.begin_write()).await?);
        let text = match self.pool.dialect() {
            // Its one writer is locked already.
            Dialect::Sqlite => lots::HEAD.to_string(),
            Dialect::Postgres => format!("{} for update", lots::HEAD),
        };
        self.head_by(text).await
    }

    /// When it gives up.
    pub fn until(&self) -> Instant {
        self.until
    }

    pub fn is_locked(&self) -> bool {
        self.tx.is_some()
    }

    /// Where the log stands; `None` when the lot is gone.
    pub async fn head(&mut self) -> Result<Option<Head>> {
        self.head_by(lots::HEAD.to_string()).await
    }

    async fn head_by(&mut self, text: String) -> Result<Option<Head>> {
        let query = sql(text).bind(self.lot.as_str());
        let row: Option<HeadRow> = in_time(self.until, query.optional(self.on())).await?;
        Ok(row.map(Head::from))
    }

    pub async fn events_after(&mut self, after: u64, limit: usize) -> Result<Vec<Event>> {
        let (lot, until) = (self.lot.clone(), self.until);
        let bodies = in_time(until, events::after(self.on(), &lot, after, limit)).await?;
        bodies.iter().map(|body| events::parse(body)).collect()
    }

    /// First answers to these `(actor, key)`, as far as there are any.
    pub async fn answers(&mut self, keys: &[(&str, &str)]) -> Result<Vec<Answer>> {
        let rows = self.pool.dialect().rows(2, KEYS);
        let text = format!(
            "select actor, key, body_sha256, seq, answer from idempotency
             where lot = $1 and (actor, key) in (select actor, key from {rows})"
        );
        let keys = json_rows(keys.iter().map(|(actor, key)| serde_json::json!({"actor": actor, "key": key})))?;
        let query = sql(text).bind(self.lot.as_str()).bind(keys);
        in_time(self.until, query.all(self.on())).await
    }

    pub async fn captures(&mut self, ids: &[CaptureId]) -> Result<Vec<Capture>> {
        let rows = self.pool.dialect().rows(2, &captures::TABLE.columns[..1]);
        let text = format!("select * from captures where lot = $1 and id in (select id from {rows})");
        let query = sql(text).bind(self.lot.as_str()).bind(json_ids(ids)?);
        let rows: Vec<CaptureRow> = in_time(self.until, query.all(self.on())).await?;
        rows.into_iter().map(Capture::try_from).collect()
    }

    /// Writes something that means nothing, under the lock.
    ///
    /// # Errors
    /// When nothing can be written.
    pub async fn probe(&mut self, now: Time) -> Result<()> {
        let put = sql("insert into meta (key, value) values ($1, $2)
             on conflict (key) do update set value = excluded.value");
        let put = put.bind(PROBED).bind(now.ms().to_string());
        in_time(self.until, put.execute(self.on())).await.map(drop)
    }

    /// Marks a lot, which may be another one, as deleted if its log still ends at `seq`: nobody sees it any more, and `purge_lots` removes
    /// it. `false` when its log goes on. Under a lock it is committed by `commit`, and else at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_lot(&mut self, lot: &LotId, seq: u64, now: Time) -> Result<bool> {
        let delete = sql(lots::DELETE).bind(lot.as_str()).bind(seq).bind(now.ms());
        Ok(in_time(self.until, delete.execute(self.on())).await? > 0)
    }

    /// Writes everything that the batch came to, and advances the head, if the log still ends with event `head` of this `epoch`.
    /// `false` when it does not, and nothing was written. It is committed by `commit`; without a lock it may be so at once.
    ///
    /// # Errors
    /// When the database fails and the batch is, as far as can be found out, not committed.
    pub async fn append(&mut self, batch: &Batch, epoch: &str, head: u64) -> Result<bool> {
        self.last = Some((batch.seq, batch.events.last().map(|event| event.body.clone()).unwrap_or_default()));
        let append = Append::new(self.pool.dialect(), &self.lot, batch, epoch, head)?;
        match self.pool.dialect() {
            Dialect::Sqlite => {
                if self.tx.is_none() {
                    self.tx = Some(self.pool.begin_write().await?);
                }
                if append.advance().execute(self.on()).await? == 0 {
                    return Ok(false);
                }
                append.rows().execute(self.on()).await?;
                Ok(true)
            }
            Dialect::Postgres => self.append_at_once(append).await,
        }
    }

    async fn append_at_once(&mut self, append: Append) -> Result<bool> {
        let until = self.until;
        if self.tx.is_some() {
            // In a transaction nothing is committed yet.
            let (count,): (i64,) = in_time(until, append.all_at_once().one(self.on())).await?;
            return Ok(count == 1);
        }
        let Some(mut taken) = in_time(until, self.pool.take()).await? else { return Ok(false) };
        match in_time(until, append.all_at_once().one::<(i64,)>(&mut taken)).await {
            Ok((count,)) => Ok(count == 1),
            Err(error) => self.find_out(error).await.map(|()| true),
        }
    }

    /// # Errors
    /// When the database fails and the batch is, as far as can be found out, not committed.
    pub async fn commit(mut self) -> Result<()> {
        let Some(tx) = self.tx.take() else { return Ok(()) };
        match in_time(self.until, tx.commit()).await {
            Ok(()) => Ok(()),
            Err(error) => self.find_out(error).await,
        }
    }

    /// Finds out what became of a commit that failed with `error`: the connection may have broken after it.
    async fn find_out(&self, error: Error) -> Result<()> {
        let (Error::Unavailable(why), Some((seq, body))) = (&error, &self.last) else { return Err(error) };
        let until = Instant::now() + FIND_OUT_MAX;
        let mut write = Self { pool: self.pool.clone(), lot: self.lot.clone(), tx: None, until, last: None };
        // What was given up because it took too long may be on its way still, and be done later.
        let is_late = Instant::now() >= self.until;
        match write.holds(*seq, body).await {
            Ok(true) => Ok(()),
            Ok(false) if !is_late => Err(error),
            Ok(false) | Err(_) => Err(Error::Unknown(why.clone())),
        }
    }

    /// Whether the log has `body` at `seq`. Waits for a writer that is still at work.
    ///
    /// # Errors
    /// When the database cannot say.
    pub async fn holds(&mut self, seq: u64, body: &str) -> Result<bool> {
        if self.lock().await?.is_none() {
            return Ok(false);
        }
        let lot = self.lot.clone();
        let query = sql("select body from events where lot = $1 and seq = $2").bind(lot.as_str()).bind(seq);
        let found: Option<(String,)> = in_time(self.until, query.optional(self.on())).await?;
        Ok(found.is_some_and(|(found,)| found == body))
    }

    fn on(&mut self) -> On<'_> {
        match &mut self.tx {
            Some(tx) => tx.into(),
            None => (&self.pool).into(),
        }
    }
}

async fn in_time<T>(until: Instant, work: impl Future<Output = Result<T>>) -> Result<T> {
    let done = tokio::time::timeout_at(until, work).await;
    done.unwrap_or_else(|_| Err(Error::Unavailable("it does not answer in time".into())))
}
