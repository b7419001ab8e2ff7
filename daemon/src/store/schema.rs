//! The schema of a database: brought up to date, left as it is, or described table by table. Knows no table by name.

use std::ops::Deref;

use serde::{Deserialize, Serialize};
use sqlx::Acquire;
use sqlx::migrate::{Migrate, MigrateError, Migrator};

use super::sql::{Dialect, On, sql};
use super::{Error, Result, Store};

/// Which schema a database has when it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    /// That of this `parkd`: what is missing is added.
    Newest,
    /// Whichever it has.
    AsItIs,
    /// That after this migration, if it has less.
    At(i64),
}

impl Schema {
    pub async fn bring<'a, A>(self, migrations: &Migrator, on: A) -> Result<()>
    where
        A: Acquire<'a>,
        <A::Connection as Deref>::Target: Migrate,
    {
        let done = match self {
            Self::Newest => migrations.run(on).await,
            Self::At(version) => migrations.run_to(version, on).await,
            Self::AsItIs => Ok(()),
        };
        done.map_err(migration_error)
    }
}

fn migration_error(error: MigrateError) -> Error {
    match error {
        MigrateError::VersionMissing(version) => newer(version),
        MigrateError::VersionMismatch(version) => Error::Incompatible(format!(
            "migration {version} was applied to this database in another form than this parkd has"
        )),
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => e.into(),
        other => Error::Unavailable(format!("cannot bring the schema up to date: {other}")),
    }
}

fn newer(version: i64) -> Error {
    Error::Incompatible(format!(
        "the database has migration {version}, which this parkd does not know: it was written by a newer version; \
         run that version, or restore a backup from before the upgrade"
    ))
}

/// The migration that this `parkd` ends with.
pub fn newest() -> i64 {
    super::sqlite::MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// A table, as its database describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    pub name: String,
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    /// As both databases name it.
    pub kind: String,
    /// Its place in the primary key, from 1; 0 when it is not of it.
    pub key: i64,
}

impl Shape {
    /// Names of the primary key, in its order.
    pub(super) fn key(&self) -> Vec<&str> {
        let mut key: Vec<_> = self.columns.iter().filter(|column| column.key > 0).collect();
        key.sort_by_key(|column| column.key);
        key.into_iter().map(|column| column.name.as_str()).collect()
    }

    /// Names and kinds of its columns.
    pub(super) fn kinds(&self) -> Vec<(&str, &str)> {
        self.columns.iter().map(|column| (column.name.as_str(), column.kind.as_str())).collect()
    }
}

/// What keeps count of migrations belongs to the schema, not to the data.
const SQLITE_COLUMNS: &str =
    "select t.name, c.name, lower(c.type), c.pk from sqlite_schema t join pragma_table_info(t.name) c
 where t.type = 'table' and t.name not glob 'sqlite_*' and t.name <> '_sqlx_migrations' order by t.name, c.cid";
const POSTGRES_COLUMNS: &str = "select t.relname::text, c.attname::text, format_type(c.atttypid, c.atttypmod),
   coalesce(array_position(k.indkey::int2[], c.attnum) + 1, 0)::bigint
 from pg_class t join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped
   left join pg_index k on k.indrelid = t.oid and k.indisprimary
 where t.relkind = 'r' and t.relnamespace = current_schema()::regnamespace and t.relname <> '_sqlx_migrations'
 order by t.relname collate \"C\", c.attnum";

/// Every table with data, by name.
pub(super) async fn shapes(dialect: Dialect, on: impl Into<On<'_>>) -> Result<Vec<Shape>> {
    let text = match dialect {
        Dialect::Sqlite => SQLITE_COLUMNS,
        Dialect::Postgres => POSTGRES_COLUMNS,
    };
    let rows: Vec<(String, String, String, i64)> = sql(text).all(on).await?;
    let mut shapes: Vec<Shape> = Vec::new();
    for (table, name, kind, key) in rows {
        let column = Column { name, kind, key };
        match shapes.last_mut().filter(|shape| shape.name == table) {
            Some(shape) => shape.columns.push(column),
            None => shapes.push(Shape { name: table, columns: vec![column] }),
        }
    }
    Ok(shapes)
}

impl Store {
    /// The last migration that was applied.
    ///
    /// # Errors
    /// When there is none, because it is no database of `parkd`, or it is one that this `parkd` does not know.
    pub async fn schema_version(&self) -> Result<i64> {
        let (version,): (Option<i64>,) =
            sql("select max(version) from _sqlx_migrations").one(&self.readers).await.map_err(|e| match e {
                Error::Unavailable(why) => {
                    Error::Incompatible(format!("this is no database of parkd, or it cannot be read: {why}"))
                }
                other => other,
            })?;
        match version {
            None => {
                Err(Error::Incompatible("this is no database of parkd: no migration was ever applied to it".into()))
            }
            Some(version) if version > newest() => Err(newer(version)),
            Some(version) => Ok(version),
        }
    }
}
