//! All rows of a database, read by pages of one moment and written into an empty one. Knows every table by what the database says of it,
//! so that none can be forgotten.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::schema::{self, Shape};
use super::sql::{Dialect, On, Tx, Value, sql, sql_with};
use super::tables::json;
use super::{Error, Read, Result, Store};

/// Key in `meta` of the mark that a database is not complete.
const MARK: &str = "unfinished_copy";

/// That a database is being filled, and how far it is. It stands in the database itself, so that nobody takes it for a whole one.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// The command that fills it, in words.
    what: String,
    /// Which moment of which data is copied.
    of: String,
    /// How far each table is, in the terms of who copies.
    places: BTreeMap<String, Json>,
}

impl Read {
    /// Every table with data, by name.
    pub async fn shapes(&mut self) -> Result<Vec<Shape>> {
        schema::shapes(self.dialect, &mut self.tx).await
    }

    /// At most `limit` rows of a table as JSON objects, in the order of its key, after the row with the key `after`.
    pub async fn rows(&mut self, table: &Shape, after: Option<&[Json]>, limit: usize) -> Result<Vec<String>> {
        let fields: Vec<_> = table.kinds().iter().map(|(name, _)| format!("'{name}', {name}")).collect();
        let object = match self.dialect {
            Dialect::Sqlite => format!("json_object({})", fields.join(", ")),
            Dialect::Postgres => format!("json_build_object({})::text", fields.join(", ")),
        };
        let key = table.key().join(", ");
        let mut values: Vec<Value> = vec![limit.into()];
        let mut condition = String::from("true");
        if let Some(after) = after {
            values.extend(after.iter().map(value));
            let places: Vec<_> = (2..=values.len()).map(|n| format!("${n}")).collect();
            condition = format!("({key}) > ({})", places.join(", "));
        }
        let text = format!("select {object} from {} where {condition} order by {key} limit $1", table.name);
        let rows: Vec<(String,)> = sql_with(text, values).all(&mut self.tx).await?;
        Ok(rows.into_iter().map(|(row,)| row).collect())
    }

    /// How many rows a table has.
    pub async fn count(&mut self, table: &Shape) -> Result<u64> {
        let text = format!("select count(*) from {}", table.name);
        let (count,): (i64,) = sql(text).one(&mut self.tx).await?;
        Ok(count as u64)
    }

    /// Epoch and head of every lot: it is the same data as long as they are the same.
    pub async fn heads(&mut self) -> Result<Vec<(String, String, i64)>> {
        sql("select id, epoch, head from lots order by id").all(&mut self.tx).await
    }
}

fn value(json: &Json) -> Value {
    match json.as_i64() {
        Some(number) => number.into(),
        None => json.as_str().into(),
    }
}

/// The key of a row that was read.
///
/// # Errors
/// When it is none of this table.
pub fn key(table: &Shape, row: &str) -> Result<Vec<Json>> {
    let row: BTreeMap<String, Json> = serde_json::from_str(row).map_err(|e| Error::corrupt(&table.name, e))?;
    Ok(table.key().iter().map(|name| row.get(*name).cloned().unwrap_or_default()).collect())
}

/// A database that is being filled.
#[derive(Debug)]
pub struct Filling {
    store: Store,
    mark: Mark,
    tables: BTreeMap<String, Shape>,
    is_resumed: bool,
}

impl Store {
    /// Begins to fill this database, or goes on if the same was begun before. What another copy left unfinished is removed.
    /// `what` says in words who does it, `of` identifies the data.
    ///
    /// # Errors
    /// When it holds data already, or the database fails.
    pub async fn fill(&self, what: &str, of: &str) -> Result<Filling> {
        let dialect = self.writer.dialect();
        let mut tx = self.writer.begin_write().await?;
        let tables = schema::shapes(dialect, &mut tx).await?;
        let found = mark(&mut tx).await?;
        let is_resumed = found.as_ref().is_some_and(|mark| mark.of == of);
        let mark = match found {
            Some(mark) if is_resumed => mark,
            Some(_) => {
                for table in &tables {
                    let remove = if dialect == Dialect::Sqlite { "delete from" } else { "truncate" };
                    sql(format!("{remove} {}", table.name)).execute(&mut tx).await?;
                }
                Mark::new(what, of)
            }
            None => {
                for table in &tables {
                    let row: Option<(i64,)> =
                        sql(format!("select cast(1 as bigint) from {} limit 1", table.name)).optional(&mut tx).await?;
                    if row.is_some() {
                        return Err(Error::Incompatible(format!("it is not empty (table {} has rows)", table.name)));
                    }
                }
                Mark::new(what, of)
            }
        };
        let filling = Filling {
            store: self.clone(),
            mark,
            tables: tables.into_iter().map(|table| (table.name.clone(), table)).collect(),
            is_resumed,
        };
        filling.write_mark(&mut tx).await?;
        tx.commit().await?;
        Ok(filling)
    }

    /// Refuses a database that is not complete.
    pub(super) async fn require_complete(self) -> Result<Self> {
        match mark(&self.readers).await? {
            None => Ok(self),
            Some(mark) => Err(Error::Incompatible(format!(
                "the database is not complete: {} into it was interrupted; run the same command again, or use another database",
                mark.what
            ))),
        }
    }
}

async fn mark(on: impl Into<On<'_>>) -> Result<Option<Mark>> {
    let row: Option<(String,)> = sql("select value from meta where key = $1").bind(MARK).optional(on).await?;
    row.map(|(text,)| serde_json::from_str(&text).map_err(|e| Error::corrupt("meta", e))).transpose()
}

impl Mark {
    fn new(what: &str, of: &str) -> Self {
        Self { what: what.into(), of: of.into(), places: BTreeMap::new() }
    }
}

impl Filling {
    /// Whether it goes on with what was begun before.
    pub fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// How far a table is.
    pub fn place(&self, table: &str) -> Option<&Json> {
        self.mark.places.get(table)
    }

    /// Writes rows of a table with the columns that `source` has, and how far it is then.
    ///
    /// # Errors
    /// When this database has no such table or column, or does not take a row.
    pub async fn put(&mut self, source: &Shape, rows: &[impl AsRef<str>], place: Json) -> Result<()> {
        let unlike = |detail: String| Error::Incompatible(format!("the data does not fit this parkd: {detail}"));
        let table =
            self.tables.get(&source.name).ok_or_else(|| unlike(format!("there is no table {}", source.name)))?;
        let has = |name: &str| source.columns.iter().any(|column| column.name == name);
        if let Some(column) =
            source.columns.iter().find(|column| !table.columns.iter().any(|own| own.name == column.name))
        {
            return Err(unlike(format!("table {} has no column {}", table.name, column.name)));
        }
        // The names are those of this database, never what a file says.
        let columns: Vec<_> = table.kinds().into_iter().filter(|(name, _)| has(name)).collect();
        let names = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let array = rows.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",");
        let from = self.store.writer.dialect().rows(1, &columns);
        let insert = sql(format!("insert into {} ({names}) select {names} from {from} where true", table.name));
        let mut tx = self.store.writer.begin_write().await?;
        insert.bind(format!("[{array}]")).execute(&mut tx).await?;
        self.mark.places.insert(source.name.clone(), place);
        self.write_mark(&mut tx).await?;
        tx.commit().await
    }

    /// How many rows of the data a table holds.
    pub async fn count(&self, table: &Shape) -> Result<u64> {
        let count = self.store.read_long().await?.count(table).await?;
        Ok(if table.name == "meta" { count - 1 } else { count })
    }

    /// Makes it a database like any other. The lots that `epochs` names get a new epoch: their log is another one for everybody who followed.
    pub async fn finish(self, epochs: &BTreeMap<String, String>) -> Result<()> {
        let mut tx = self.store.writer.begin_write().await?;
        for (lot, epoch) in epochs {
            let rotate = sql("update lots set epoch = $2 where id = $1");
            rotate.bind(lot).bind(epoch).execute(&mut tx).await?;
        }
        sql("delete from meta where key = $1").bind(MARK).execute(&mut tx).await?;
        tx.commit().await
    }

    async fn write_mark(&self, tx: &mut Tx) -> Result<()> {
        let put =
            sql("insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value");
        put.bind(MARK).bind(json(&self.mark)?).execute(tx).await?;
        Ok(())
    }
}
