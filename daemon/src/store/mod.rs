//! The database: transactions named after what they are for, and history by page. The only place that knows SQL.
//!
//! Nothing here decides; whoever calls has decided already.

mod cameras;
mod captures;
mod error;
mod events;
mod lots;
mod prune;
mod read;
mod sessions;
mod slots;
mod tokens;
mod write;

pub use cameras::ContactRow;
pub use captures::CaptureFilter;
pub use error::{Error, Result};
pub use events::{EventFilter, parse as parse_event};
pub use lots::Head;
pub use read::Read;
pub use sessions::{SessionFilter, Stays};
pub use tokens::Secret;
pub use write::{Answer, Batch, Write};

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::Connection;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

/// Connections that read history beside the one that writes.
const READERS: u32 = 3;
/// Longest wait for a connection or a lock.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Memory that the writer and each reader may use for pages, in KiB (SQLite's default is 2 MiB).
const WRITER_CACHE_KIB: u32 = 16 * 1024;
const READER_CACHE_KIB: u32 = 1024;
/// The write-ahead log is folded into the database when it has this many pages (4 KiB each): seldom enough that a page which changes
/// often is folded once for many changes.
const CHECKPOINT_PAGES: u32 = 10_000;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");

/// The database. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens the database that `url` (`sqlite://…`) names, creating it when it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// When the URL is not one of a database that is supported, the file cannot be opened, is damaged, or is newer than this `parkd`.
    pub async fn open(url: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|e| Error::Unavailable(format!("{url} does not name a SQLite database: {e}")))?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(WAIT_MAX)
            .foreign_keys(true)
            .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"))
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
            .pragma("temp_store", "memory");
        make_private(options.get_filename()).map_err(|e| Error::Unavailable(format!("cannot use {url}: {e}")))?;
        // The database is a file in this process: a connection to it does not go stale, so none is tested or renewed.
        let pool = |max: u32| {
            let options = SqlitePoolOptions::new().max_connections(max).acquire_timeout(WAIT_MAX);
            let options = options.test_before_acquire(false).idle_timeout(None).max_lifetime(None);
            // SQLite takes a transaction back by itself when the disk fails. Rolling it back then fails, and the connection believes for
            // ever to be in one.
            options.before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
        };
        let writer = pool(1).min_connections(1).connect_with(options.clone()).await?;
        MIGRATIONS.run(&writer).await.map_err(migration_error)?;
        let reading =
            options.read_only(true).create_if_missing(false).pragma("cache_size", format!("-{READER_CACHE_KIB}"));
        let readers = pool(READERS).connect_with(reading).await?;
        Ok(Self { writer, readers })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("select 1").execute(&self.readers).await?;
        Ok(())
    }

    /// The value of a fact about the database; `make` gives it when there is none yet.
    pub async fn meta(&self, key: &str, make: impl FnOnce() -> String) -> Result<String> {
        sqlx::query("insert into meta (key, value) values ($1, $2) on conflict (key) do nothing")
            .bind(key)
            .bind(make())
            .execute(&self.writer)
            .await?;
        Ok(sqlx::query_scalar("select value from meta where key = $1").bind(key).fetch_one(&self.writer).await?)
    }

    /// SQLite's own check of its file; `None` when it finds nothing wrong.
    pub async fn damage(&self) -> Result<Option<String>> {
        let lines: Vec<String> = sqlx::query_scalar("pragma quick_check(10)").fetch_all(&self.readers).await?;
        Ok((lines != ["ok"]).then(|| lines.join("; ")))
    }

    /// Folds the write-ahead log into the database and closes it.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// The database holds the key that signs logins, so only its owner may read it; SQLite gives the files beside it the same mode.
fn make_private(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    if file.as_os_str() == ":memory:" {
        return Ok(());
    }
    let file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        file.set_permissions(std::fs::Permissions::from_mode(mode & !0o077))?;
    }
    Ok(())
}

/// The URL of the embedded database in `data_dir`.
pub fn embedded_url(data_dir: &Path) -> String {
    format!("sqlite://{}", data_dir.join("parking.db").display())
}

fn migration_error(error: MigrateError) -> Error {
    match error {
        MigrateError::VersionMissing(version) => Error::Incompatible(format!(
            "the database has migration {version}, which this parkd does not know: it was written by a newer version; \
             run that version, or restore a backup from before the upgrade"
        )),
        MigrateError::VersionMismatch(version) => Error::Incompatible(format!(
            "migration {version} was applied to this database in another form than this parkd has"
        )),
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => e.into(),
        other => Error::Unavailable(format!("cannot bring the schema up to date: {other}")),
    }
}
