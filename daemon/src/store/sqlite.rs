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
    let readers = limited(pool(READERS), READ_MAX).connect_with(reading).await?;
    Ok(Store { writer: Pool::Sqlite(writer), readers: Pool::Sqlite(readers), probe, pulse: None })
}

/// A pool where whoever takes a connection has so long with it.
fn limited(pool: SqlitePoolOptions, max: Duration) -> SqlitePoolOptions {
    pool.after_connect(move |connection, _| Box::pin(limit(connection, max))).before_acquire(move |connection, _| {
        Box::pin(async move {
            limit(connection, max).await?;
            Ok(!connection.is_in_transaction())
        })
    })
}

/// From now on, whatever this connection does is broken off after `max`.
async fn limit(connection: &mut SqliteConnection, max: Duration) -> sqlx::Result<()> {
    let until = Instant::now() + max;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reading_that_takes_too_long_is_broken_off_and_what_may_take_its_time_is_not() {
        const LONG: &str =
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000) select count(*) from n";
        let pool = limited(SqlitePoolOptions::new().max_connections(1), Duration::from_millis(1));
        let options = options("sqlite::memory:").expect("a database in memory");
        let readers = Pool::Sqlite(pool.connect_with(options).await.expect("a connection"));
        for _ in 0..2 {
            let broken = sql(LONG).one::<(i64,)>(&readers).await;
            assert!(matches!(&broken, Err(Error::Unavailable(why)) if why.contains("takes too long")), "{broken:?}");
            let (one,): (i64,) = sql("select 1").one(&readers).await.expect("the connection is as good as before");
            assert_eq!(one, 1);
            let mut tx = readers.begin_read().await.expect("a transaction");
            let (count,): (i64,) = sql(LONG).one(&mut tx).await.expect("it is read to its end");
            assert_eq!(count, 1_000_000);
        }
    }
}
