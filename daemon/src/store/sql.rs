//! A query for either database: its text, its values, and where it is run. Knows no table.

use std::borrow::Cow;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{
    Arguments, AssertSqlSafe, FromRow, Postgres, SqlSafeStr, SqlStr, Sqlite, Transaction, query_as_with, query_with,
};

use super::Result;
use super::bounds::{Bounds, hold};

/// Which database it is, where a text must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// Connections to one database, shared by cloning.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool, Bounds),
}

impl Pool {
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(..) => Dialect::Postgres,
        }
    }

    /// Begins a transaction that writes. SQLite has one writer, so it takes that place at once.
    pub async fn begin_write(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite(pool) => Tx::Sqlite(pool.begin_with("begin immediate").await?),
            Self::Postgres(pool, bounds) => {
                Tx::Postgres(bounds.hold(async { Ok(pool.begin().await?) }).await?, bounds.clone())
            }
        })
    }

    /// Begins a transaction that reads one moment.
    pub async fn begin_read(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite(pool) => {
                let mut tx = pool.begin().await?;
                // Whoever reads one moment reads much, and may take its time.
                tx.lock_handle().await?.remove_progress_handler();
                Tx::Sqlite(tx)
            }
            Self::Postgres(pool, bounds) => {
                let begin = pool.begin_with("begin isolation level repeatable read, read only");
                Tx::Postgres(bounds.hold(async { Ok(begin.await?) }).await?, bounds.clone())
            }
        })
    }

    /// A connection of a server for one statement by itself: when there is none to be had, it is certain that nothing was sent.
    pub async fn take(&self) -> Result<Option<Taken>> {
        Ok(match self {
            Self::Sqlite(_) => None,
            Self::Postgres(pool, bounds) => {
                Some(Taken(bounds.hold(async { Ok(pool.acquire().await?) }).await?, bounds.clone()))
            }
        })
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool, _) => pool.close().await,
        }
    }
}

/// A transaction; dropped without a commit, it changes nothing.
#[derive(Debug)]
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>, Bounds),
}

/// A connection out of the pool of a server.
#[derive(Debug)]
pub(super) struct Taken(PoolConnection<Postgres>, Bounds);

impl Tx {
    /// Lifts the bounds of a server on how long a statement of this transaction may take, and how long it may rest between two.
    pub async fn take_time(&mut self) -> Result<()> {
        if let Self::Postgres(_, bounds) = self {
            *bounds = bounds.lifted();
            sql("select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)")
                .execute(self)
                .await?;
        }
        Ok(())
    }

    /// Has a server plan each statement of this transaction for the values that it comes with: how few rows it is about, say.
    pub async fn plan_by_values(&mut self) -> Result<()> {
        if matches!(self, Self::Postgres(..)) {
            sql("select set_config('plan_cache_mode', 'force_custom_plan', true)").execute(self).await?;
        }
        Ok(())
    }

    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx, bounds) => bounds.hold(async { Ok(tx.commit().await?) }).await?,
        }
        Ok(())
    }
}

/// Where a query is run: by any connection of a pool, or in a transaction.
#[derive(Debug)]
pub(super) enum On<'a> {
    SqlitePool(&'a SqlitePool),
    PostgresPool(&'a PgPool, &'a Bounds),
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection, Option<&'a Bounds>),
}

impl<'a> From<&'a Pool> for On<'a> {
    fn from(pool: &'a Pool) -> Self {
        match pool {
            Pool::Sqlite(pool) => Self::SqlitePool(pool),
            Pool::Postgres(pool, bounds) => Self::PostgresPool(pool, bounds),
        }
    }
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        match tx {
            Tx::Sqlite(tx) => Self::Sqlite(tx),
            Tx::Postgres(tx, bounds) => Self::Postgres(tx, Some(bounds)),
        }
    }
}

impl<'a> From<&'a mut Taken> for On<'a> {
    fn from(Taken(connection, bounds): &'a mut Taken) -> Self {
        Self::Postgres(connection, Some(bounds))
    }
}

/// A row of either database; `#[derive(FromRow)]` and tuples are.
pub(super) trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<R> Row for R where R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// What takes the place of a `$1`.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
}

macro_rules! value_from {
    ($($from:ty => |$value:ident| $to:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $to
            }
        })*
    };
}

value_from! {
    &str => |text| Self::Text(Some(text.to_owned()));
    &String => |text| Self::Text(Some(text.clone()));
    String => |text| Self::Text(Some(text));
    Option<&str> => |text| Self::Text(text.map(str::to_owned));
    Option<String> => |text| Self::Text(text);
    i64 => |number| Self::Int(Some(number));
    Option<i64> => |number| Self::Int(number);
    u64 => |number| Self::Int(Some(number as i64));
    usize => |number| Self::Int(Some(number as i64));
}

/// A query with its values.
#[derive(Debug, Clone)]
pub(super) struct Sql {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

/// A text of this program; never one with a value in it.
pub(super) fn sql(text: impl Into<Cow<'static, str>>) -> Sql {
    Sql { text: text.into(), values: Vec::new() }
}

pub(super) fn sql_with(text: impl Into<Cow<'static, str>>, values: Vec<Value>) -> Sql {
    Sql { text: text.into(), values }
}

/// One body for each of the four places where a query can run.
macro_rules! run {
    ($sql:ident, $on:ident, |$text:ident, $values:ident, $executor:ident| $done:expr) => {{
        let $text = $sql.text();
        match $on.into() {
            On::SqlitePool($executor) => {
                let $values = $sql.arguments::<SqliteArguments>()?;
                $done
            }
            On::Sqlite($executor) => {
                let $values = $sql.arguments::<SqliteArguments>()?;
                $done
            }
            On::PostgresPool($executor, bounds) => {
                let $values = $sql.arguments::<PgArguments>()?;
                bounds.hold(async { Ok($done) }).await?
            }
            On::Postgres($executor, bounds) => {
                let $values = $sql.arguments::<PgArguments>()?;
                hold(bounds, async { Ok($done) }).await?
            }
        }
    }};
}

impl Sql {
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub async fn all<R: Row>(self, on: impl Into<On<'_>>) -> Result<Vec<R>> {
        Ok(run!(self, on, |text, values, executor| query_as_with(text, values).fetch_all(executor).await?))
    }

    pub async fn optional<R: Row>(self, on: impl Into<On<'_>>) -> Result<Option<R>> {
        Ok(run!(self, on, |text, values, executor| query_as_with(text, values).fetch_optional(executor).await?))
    }

    pub async fn one<R: Row>(self, on: impl Into<On<'_>>) -> Result<R> {
        Ok(run!(self, on, |text, values, executor| query_as_with(text, values).fetch_one(executor).await?))
    }

    /// How many rows it changed.
    pub async fn execute(self, on: impl Into<On<'_>>) -> Result<u64> {
        Ok(run!(self, on, |text, values, executor| query_with(text, values).execute(executor).await?.rows_affected()))
    }

    fn text(&self) -> SqlStr {
        match &self.text {
            Cow::Borrowed(text) => text.into_sql_str(),
            Cow::Owned(text) => AssertSqlSafe(text.clone()).into_sql_str(),
        }
    }

    fn arguments<A>(self) -> Result<A>
    where
        A: Arguments,
        Option<String>: for<'t> sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
        Option<i64>: for<'t> sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    {
        let mut arguments = A::default();
        for value in self.values {
            let added = match value {
                Value::Text(text) => arguments.add(text),
                Value::Int(number) => arguments.add(number),
            };
            added.map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }
}
