//! The database on a server: how it is reached, and what every connection promises. Knows no table.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

use super::pulse::Pulse;
use super::schema::Schema;
use super::sql::Pool;
use super::{Error, Result, Store, WAIT_MAX};
use crate::clock::random_epoch;
use crate::urls;

/// Longest that a write may take, and that it may wait for another's lock. A writer that stops in the middle of a transaction, as a
/// process that is paused does, loses it after this time.
const WRITE_MAX: &str = "5s";
/// Longest that a page of history may take, and that a check of the whole lot may rest between two pages.
const READ_MAX: &str = "30s";
/// A connection that was idle for longer is tested before it is used: the server may have gone away meanwhile.
const IDLE_TESTED: Duration = Duration::from_secs(1);

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/postgres");

/// Opens it with at most `connections`, half of which write.
pub(super) async fn open(url: &str, connections: u32, schema: Schema) -> Result<Store> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|e| Error::Unavailable(format!("{} does not name a PostgreSQL database: {e}", urls::redacted(url))))?
        .application_name("parkd")
        // What a statement costs must not depend on whether it is compiled first; and that something is there already is no news.
        .options([("jit", "off"), ("client_min_messages", "warning")]);
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
    let writer = pool(writers, writing).await?;
    let readers = pool((connections - writers).max(1), reading).await?;
    Ok(Store { writer: Pool::Postgres(writer), readers: Pool::Postgres(readers), pulse: Some(Arc::new(pulse)) })
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

async fn pool(max: u32, options: PgConnectOptions) -> Result<PgPool> {
    let pool = PgPoolOptions::new().max_connections(max).acquire_timeout(WAIT_MAX).test_before_acquire(false);
    let pool = pool.before_acquire(|connection, about| {
        Box::pin(async move {
            if about.idle_for > IDLE_TESTED {
                connection.ping().await?;
            }
            Ok(true)
        })
    });
    Ok(pool.connect_with(options).await?)
}
