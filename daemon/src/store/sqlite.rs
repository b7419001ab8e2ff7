//! The database in one file: how it is opened, kept private and checked. Knows no table.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::Connection;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::schema::Schema;
use super::sql::{Pool, sql};
use super::{Error, Result, Store, WAIT_MAX};

/// Connections that read history beside the one that writes.
const READERS: u32 = 3;
/// Longest that one of them may be busy with a statement. What is meant to take longer is a transaction, which knows no such end.
const READ_MAX: Duration = Duration::from_secs(10);
/// Steps of SQLite between two looks at the clock: it takes millions in a second.
const READ_STEPS: i32 = 10_000;
/// Memory that the writer and each reader may use for pages, in KiB (SQLite's default is 2 MiB).
const WRITER_CACHE_KIB: u32 = 16 * 1024;
const READER_CACHE_KIB: u32 = 1024;
/// The write-ahead log is folded into the database when it has this many pages (4 KiB each): seldom enough that a page which changes
/// often is folded once for many changes.
const CHECKPOINT_PAGES: u32 = 10_000;

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");

fn options(url: &str) -> Result<SqliteConnectOptions> {
    SqliteConnectOptions::from_str(url)
        .map_err(|e| Error::Unavailable(format!("{url} does not name a SQLite database: {e}")))
}

pub(super) async fn open(url: &str, schema: Schema) -> Result<Store> {
    let options = options(url)?
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
        let options = options.test_before_acquire(false).idle_timeout(None).max_lifetime(None::<Duration>);
        // SQLite takes a transaction back by itself when the disk fails. Rolling it back then fails, and the connection believes for
        // ever to be in one.
        options.before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
    };
    let writer = pool(1).min_connections(1).connect_with(options.clone()).await?;
    schema.bring(&MIGRATIONS, &writer).await?;
    let reading = options.read_only(true).create_if_missing(false).pragma("cache_size", format!("-{READER_CACHE_KIB}"));
    let probe = Pool::Sqlite(pool(1).connect_lazy_with(reading.clone()));
    let readers = pool(READERS).after_connect(|connection, _| Box::pin(limit(connection)));
    let readers = readers.before_acquire(|connection, _| {
        Box::pin(async {
            limit(connection).await?;
            Ok(!connection.is_in_transaction())
        })
    });
    let readers = readers.connect_with(reading).await?;
    Ok(Store { writer: Pool::Sqlite(writer), readers: Pool::Sqlite(readers), probe, pulse: None })
}

/// From now on, whatever this connection does is broken off after [`READ_MAX`].
async fn limit(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let until = Instant::now() + READ_MAX;
    connection.lock_handle().await?.set_progress_handler(READ_STEPS, move || Instant::now() < until);
    Ok(())
}

/// SQLite's own check of its file; `None` when it finds nothing wrong.
pub(super) async fn damage(readers: &Pool) -> Result<Option<String>> {
    let mut tx = readers.begin_read().await?;
    let lines: Vec<(String,)> = sql("pragma quick_check(10)").all(&mut tx).await?;
    let lines: Vec<_> = lines.into_iter().map(|(line,)| line).collect();
    Ok((lines != ["ok"]).then(|| lines.join("; ")))
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
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let mut url = String::from("sqlite://");
    for byte in data_dir.join("parking.db").as_os_str().as_bytes() {
        // RFC 3986, 2.3: characters that mean themselves; and the slash, which separates here as well.
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => url.push(char::from(*byte)),
            other => write!(url, "%{other:02X}").expect("a string takes every write"),
        }
    }
    url
}

/// The file of the embedded database at `url`, when it is not there.
///
/// # Errors
/// When the URL names no file.
pub(super) fn missing_file(url: &str) -> Result<Option<PathBuf>> {
    let file = options(url)?.get_filename().to_path_buf();
    Ok((!url.contains(":memory:") && !file.is_file()).then_some(file))
}
