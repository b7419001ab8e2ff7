//! Many rows as one value: a JSON array that either database reads as a table, so that a batch is one statement whatever its size.

use std::fmt::Write;

use serde::Serialize;

use super::sql::Dialect;
use super::{Error, Result};

/// Columns with their types, as both databases name them.
pub(super) type Columns = [(&'static str, &'static str)];

/// A table whose rows belong to a lot and are known by an id.
pub(super) struct Table {
    pub name: &'static str,
    /// All but `lot`, the id first.
    pub columns: &'static Columns,
    /// What a row that is there already takes from the new one.
    pub updated: &'static [&'static str],
}

impl Dialect {
    /// The rows of a JSON array in parameter `$n`, as a table `r`. What a row does not say is null.
    pub fn rows(self, n: usize, columns: &[(&str, &str)]) -> String {
        let list = |item: &dyn Fn(&str, &str) -> String| {
            columns.iter().map(|(name, kind)| item(name, kind)).collect::<Vec<_>>().join(", ")
        };
        match self {
            // `jsonb_each`, because each column would parse the row again otherwise.
            Self::Sqlite => {
                format!(
                    "(select {} from jsonb_each(${n})) as r",
                    list(&|name, _| format!("value->>'{name}' as {name}"))
                )
            }
            Self::Postgres => {
                format!("json_to_recordset(${n}::json) as r ({})", list(&|name, kind| format!("{name} {kind}")))
            }
        }
    }

    /// PostgreSQL alone: the same, and beside each row the line of parameter `$n + 1` with the same number, as column `line`.
    pub fn rows_and_lines(self, n: usize, columns: &[(&str, &str)], line: &str) -> String {
        let types: Vec<_> = columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let (types, names, lines) = (types.join(", "), names.join(", "), n + 1);
        format!(
            "rows from (json_to_recordset(${n}::json) as ({types}), string_to_table(${lines}, e'\\n')) as r ({names}, {line})"
        )
    }
}

impl Table {
    /// Writes the rows in `$n` to the lot in `$1`, if `condition` holds.
    pub fn put(&self, dialect: Dialect, n: usize, condition: &str) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        let rows = dialect.rows(n, self.columns);
        let mut text =
            format!("insert into {} (lot, {names}) select $1, {names} from {rows} where {condition}", self.name);
        if !self.updated.is_empty() {
            let set: Vec<_> = self.updated.iter().map(|name| format!("{name} = excluded.{name}")).collect();
            write!(text, " on conflict (lot, id) do update set {}", set.join(", "))
                .expect("a string takes every write");
        }
        text
    }

    /// Deletes the rows whose ids are in `$n`, if `condition` holds.
    pub fn delete(&self, dialect: Dialect, n: usize, condition: &str) -> String {
        let ids = dialect.rows(n, ID);
        format!("delete from {} where lot = $1 and id in (select id from {ids}) and {condition}", self.name)
    }
}

pub(super) const ID: &Columns = &[("id", "text")];

pub(super) fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::corrupt("batch", e))
}

/// A JSON array of rows.
pub(super) fn json_rows<R: Serialize>(rows: impl IntoIterator<Item = R>) -> Result<String> {
    json(&rows.into_iter().collect::<Vec<_>>())
}

/// A JSON array of rows that have nothing but an id.
pub(super) fn json_ids<I: ToString>(ids: impl IntoIterator<Item = I>) -> Result<String> {
    json_rows(ids.into_iter().map(|id| serde_json::json!({"id": id.to_string()})))
}
