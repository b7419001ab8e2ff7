//! The database: transactions named after what they are for, and history by page. The only place that knows SQL.
//!
//! One store over two databases: a text that both take is written once ([`sql`]); how they differ is in [`sqlite`], [`postgres`], [`tables`]
//! and [`append`]. Nothing here decides; whoever calls has decided already.

mod answers;
mod append;
mod batch;
mod bounds;
mod cameras;
mod captures;
mod copy;
mod error;
mod events;
mod expiry;
mod failures;
mod firmware;
mod former;
mod health;
mod history;
mod logouts;
mod lots;
mod memories;
mod parts;
mod postgres;
mod prune;
mod pulse;
mod read;
mod regions;
mod schema;
mod sessions;
mod slots;
mod sql;
mod sqlite;
mod tables;
mod tokens;
mod write;

pub use batch::{Answer, Batch};
pub use cameras::ContactRow;
pub use captures::CaptureFilter;
pub use copy::{Filling, key};
pub use error::{Error, Result};
pub use events::{EVENTS_LOOKED_THROUGH_MAX, EventFilter, EventRows, Place, parse as parse_event};
pub use expiry::{AgedCapture, CaptureSum};
pub use health::HealthRow;
pub use history::{HistoryRow, Span};
pub use lots::Head;
pub use memories::{Label, Remembered};
pub use parts::Parts;
pub use pulse::Listener;
pub use read::Read;
pub use schema::{Column, Shape, newest as schema_newest};
pub use sessions::{STAYS_MAX, SessionFilter, SessionRows, Stays};
pub use sqlite::embedded_url;
pub use tokens::Secret;
pub use write::Write;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_api::Time;

use pulse::Pulse;
use schema::Schema;
use sql::{Dialect, Pool, sql};

/// Longest wait for a connection or a lock.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Connections to a database on a server, unless told otherwise.
pub const CONNECTIONS: u32 = 16;

/// The database. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Store {
    writer: Pool,
    readers: Pool,
    /// Of its own, so that whoever asks whether the database answers does not wait for those who read much.
    probe: Pool,
    /// Of a database on a server.
    pulse: Option<Arc<Pulse>>,
}

/// Whether there is a database of this scheme.
pub fn is_supported(url: &str) -> bool {
    url.starts_with("sqlite:") || is_remote(url)
}

/// Whether it is one on a server.
pub fn is_remote(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// The file of an embedded database that is not there: opening it would create it.
///
/// # Errors
/// When the URL cannot be one of a database.
pub fn missing_file(url: &str) -> Result<Option<PathBuf>> {
    if is_remote(url) { Ok(None) } else { sqlite::missing_file(url) }
}

/// Waits for the server of the database at `url`, if it has one, to be there: at most for `wait`.
///
/// # Errors
/// When it is not there by then, or does not let this daemon in.
pub async fn reach(url: &str, wait: Duration) -> Result<()> {
    if is_remote(url) { postgres::reach(url, wait).await } else { Ok(()) }
}

impl Store {
    /// Opens the database that `url` names (`sqlite://…`, `postgres://…`) with at most so many `connections`, if it is on a server, and
    /// brings its schema up to date. A missing SQLite file is created.
    ///
    /// # Errors
    /// When the URL is not one of a database that is supported, it cannot be opened, is damaged, is newer than this `parkd`, or a copy into
    /// it was not finished.
    pub async fn open(url: &str, connections: u32) -> Result<Self> {
        Self::open_with(url, connections, Schema::Newest).await?.require_complete().await
    }

    /// Opens a database without touching its schema, which may be older than this `parkd`.
    ///
    /// # Errors
    /// As `open`; also when it is no database of `parkd`.
    pub async fn open_as_it_is(url: &str, connections: u32) -> Result<Self> {
        let store = Self::open_with(url, connections, Schema::AsItIs).await?;
        store.schema_version().await?;
        store.require_complete().await
    }

    /// Opens a database only to look at it: one whose schema is not that of this `parkd` stays as it is, and is not understood.
    ///
    /// # Errors
    /// As `open_as_it_is`; also when its schema is older.
    pub async fn open_to_look(url: &str, connections: u32) -> Result<Self> {
        let store = Self::open_as_it_is(url, connections).await?;
        match store.schema_version().await? {
            version if version == schema_newest() => Ok(store),
            version => Err(Error::Incompatible(format!(
                "the database has migration {version} and this parkd works with {}: start parkd serve once to bring it up to date, or look \
                 at it with the version that wrote it",
                schema_newest()
            ))),
        }
    }

    /// Opens a database that is to be filled, with the schema after migration `version`.
    ///
    /// # Errors
    /// When it cannot be opened or has a schema that this `parkd` does not know.
    pub async fn open_to_fill(url: &str, connections: u32, version: i64) -> Result<Self> {
        Self::open_with(url, connections, Schema::At(version)).await
    }

    async fn open_with(url: &str, connections: u32, schema: Schema) -> Result<Self> {
        if is_remote(url) { postgres::open(url, connections, schema).await } else { sqlite::open(url, schema).await }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sql("select 1").execute(&self.probe).await?;
        Ok(())
    }

    /// The value of a fact about the database; `make` gives it when there is none yet.
    pub async fn meta(&self, key: &str, make: impl FnOnce() -> String) -> Result<String> {
        let insert = sql("insert into meta (key, value) values ($1, $2) on conflict (key) do nothing");
        insert.bind(key).bind(make()).execute(&self.writer).await?;
        let (value,) = sql("select value from meta where key = $1").bind(key).one(&self.writer).await?;
        Ok(value)
    }

    /// The value of a fact about the database, if there is one.
    pub async fn fact(&self, key: &str) -> Result<Option<String>> {
        let row: Option<(String,)> =
            sql("select value from meta where key = $1").bind(key).optional(&self.readers).await?;
        Ok(row.map(|(value,)| value))
    }

    pub async fn put_fact(&self, key: &str, value: &str) -> Result<()> {
        let put =
            sql("insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value");
        put.bind(key).bind(value).execute(&self.writer).await?;
        Ok(())
    }

    /// Takes the turn for something that only one daemon should do: `true` unless somebody took it after `before`. `key` is a fact of its own.
    pub async fn take_turn(&self, key: &str, now: Time, before: Time) -> Result<bool> {
        let take = sql("insert into meta (key, value) values ($1, $2)
             on conflict (key) do update set value = excluded.value where cast(meta.value as bigint) <= $3");
        let taken = take.bind(key).bind(now.ms().to_string()).bind(before.ms()).execute(&self.writer).await?;
        Ok(taken > 0)
    }

    /// What the database itself finds wrong with its file. A server looks after its own.
    pub async fn damage(&self) -> Result<Option<String>> {
        match self.readers.dialect() {
            Dialect::Sqlite => sqlite::damage(&self.readers).await,
            Dialect::Postgres => Ok(None),
        }
    }

    /// Lets go of every connection; an embedded database folds its write-ahead log into its file.
    pub async fn close(&self) {
        self.probe.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }
}
