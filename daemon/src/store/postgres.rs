//! The database on a server: how it is reached, and what every connection promises. Knows no table.

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

use super::bounds::Bounds;
use super::pulse::Pulse;
use super::schema::Schema;
use super::sql::Pool;
use super::{Error, Result, Store, WAIT_MAX};
use crate::clock::random_epoch;
use crate::urls;

/// Longest that a write may take, and that it may wait for another's lock. A writer that stops in the middle of a transaction, as a
/// process that is paused does, loses it after this time.
const WRITE_MAX: &str = "4s";
/// Longest that a page of history may take, and that a check of the whole lot may rest between two pages.
const READ_MAX: &str = "30s";
/// The same for who waits for it, who learns a little later what the server has to say.
const WRITE_ANSWER_MAX: Duration = Duration::from_millis(4_500);
const READ_ANSWER_MAX: Duration = Duration::from_secs(31);
/// Longest wait for a connection, also when all that a server allows are taken.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// Between two attempts to reach a server that is not there yet.
const RETRY: Duration = Duration::from_millis(500);
/// A connection that was idle for longer is tested before it is used: the server may have gone away meanwhile.
const IDLE_TESTED: Duration = Duration::from_secs(1);

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/postgres");

fn options(url: &str) -> Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|e| Error::Unavailable(format!("{} does not name a PostgreSQL database: {e}", urls::redacted(url))))?;
    // What a statement costs must not depend on whether it is compiled first; and that something is there already is no news.
    Ok(options.application_name("parkd").options([("jit", "off"), ("client_min_messages", "warning")]))
}

/// Opens it with at most `connections`, half of which write.
pub(super) async fn open(url: &str, connections: u32, schema: Schema) -> Result<Store> {
    let options = options(url)?;
    migrate(&options, schema).await.map_err(|e| match e {
        Error::Unavailable(why) => Error::Unavailable(format!("{}: {why}", urls::redacted(url))),
        other => other,
    })?;
    let id = random_epoch().map_err(|e| Error::Unavailable(format!("no randomness for the name of a daemon: {e}")))?;
    let pulse = Pulse::new(&options, id);
    let writing = options.clone().options([
        ("statement_timeout", WRITE_MAX),
        ("lock_timeout", WRITE_MAX),
        ("idle_in_transaction_session_timeout", WRITE_MAX),
        // The rows of a batch are one value, which no plan looks into: to plan anew for each would take longer than to write it.
        ("plan_cache_mode", "force_generic_plan"),
    ]);
    let reading = options.options([
        ("statement_timeout", READ_MAX),
        ("lock_timeout", READ_MAX),
        ("idle_in_transaction_session_timeout", READ_MAX),
        ("default_transaction_read_only", "on"),
        // Filters that are not asked for are part of the texts; a plan that must serve all of them serves none.
        ("plan_cache_mode", "force_custom_plan"),
    ]);
    let writers = (connections / 2).max(1);
    let write_bounds = Bounds::new(WRITE_ANSWER_MAX, None);
    let read_bounds = Bounds::new(READ_ANSWER_MAX, Some(pulse.away()));
    let writer = pool(writers, writing, &write_bounds).await?;
    let readers = pool((connections - writers).max(1), reading, &read_bounds).await?;
    let (writer, readers) = (Pool::Postgres(writer, write_bounds), Pool::Postgres(readers, read_bounds));
    Ok(Store { probe: readers.clone(), writer, readers, pulse: Some(Arc::new(pulse)) })
}

/// Brings the schema up to date. Of several daemons that start at once one does it, and the others wait for its advisory lock; on a
/// connection of its own, because a large table may take long.
async fn migrate(options: &PgConnectOptions, schema: Schema) -> Result<()> {
    let connect = tokio::time::timeout(WAIT_MAX, options.connect());
    let connected = connect.await.map_err(|_| Error::Unavailable(format!("no answer within {WAIT_MAX:?}")))?;
    let mut connection: PgConnection = connected?;
    schema.bring(&MIGRATIONS, &mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Waits for a server that is starting, at most for `wait`, and says what it waits for.
///
/// # Errors
/// When it is not there by then, or it is but does not let this daemon in.
pub(super) async fn reach(url: &str, wait: Duration) -> Result<()> {
    let options = options(url)?;
    let named = urls::redacted(url);
    let since = Instant::now();
    loop {
        let connected =
            tokio::time::timeout(CONNECT_MAX, options.connect()).await.map_err(|_| sqlx::Error::PoolTimedOut);
        let error = match connected.and_then(|connected| connected) {
            Ok(connection) => return Ok(connection.close().await?),
            Err(error) => error,
        };
        if !is_starting(&error) || since.elapsed() >= wait {
            return Err(Error::Unavailable(format!("{named}: {error}")));
        }
        tracing::info!(database = %named, %error, waited = ?since.elapsed(), at_most = ?wait, "waiting for the database");
        tokio::time::sleep(RETRY).await;
    }
}

/// Whether a server may soon be there that answered like this, or not at all.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut => true,
        // By SQLSTATE: too_many_connections, and the class of servers that start, stop or recover.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code == "53300" || code.starts_with("57P")),
        _ => false,
    }
}

async fn pool(max: u32, options: PgConnectOptions, bounds: &Bounds) -> Result<PgPool> {
    let pool = PgPoolOptions::new().max_connections(max).acquire_timeout(CONNECT_MAX).test_before_acquire(false);
    let (before, after) = (bounds.clone(), bounds.clone());
    let pool = pool.after_release(move |connection, _| {
        let bounds = after.clone();
        Box::pin(async move { bounds.may_return(connection).await })
    });
    let pool = pool.before_acquire(move |connection, about| {
        let is_stale = before.is_stale(about.age);
        Box::pin(async move {
            if about.idle_for > IDLE_TESTED {
                connection.ping().await?;
            }
            Ok(!is_stale)
        })
    });
    Ok(pool.connect_with(options).await?)
}
