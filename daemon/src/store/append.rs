//! The text that writes a batch, made of what the batch has. Knows how each database does all of it at once.

use parking_api::LotId;
use parking_api::tokens::Token;

use super::batch::Batch;
use super::cameras::CameraRow;
use super::captures::CaptureRow;
use super::firmware::FirmwareRow;
use super::regions::RegionsRow;
use super::sessions::SessionRow;
use super::slots::SlotRow;
use super::sql::{Dialect, Sql, Value, sql_with};
use super::tables::{Columns, Table, json_ids, json_rows};
use super::tokens::TokenRow;
use super::{Result, cameras, captures, events, firmware, lots, memories, regions, sessions, slots, tokens};

const ANSWERS: &Columns =
    &[("actor", "text"), ("key", "text"), ("body_sha256", "text"), ("seq", "bigint"), ("answer", "text")];

/// The statements that write a batch, each of which does nothing unless the head was where it was expected.
pub(super) struct Append {
    dialect: Dialect,
    advance: &'static str,
    /// `$1` lot, `$2` time, `$3` the new head, `$4` and `$5` the head and the epoch that are expected, and what else `advance` takes.
    values: Vec<Value>,
    statements: Vec<String>,
    /// What the statements take, numbered after the others.
    rows: Vec<Value>,
}

impl Append {
    pub fn new(dialect: Dialect, lot: &LotId, batch: &Batch, epoch: &str, head: u64) -> Result<Self> {
        let mut values: Vec<Value> =
            vec![lot.as_str().into(), batch.at.ms().into(), batch.seq.into(), head.into(), epoch.into()];
        let mut advance = lots::ADVANCE;
        if let Some(lot) = &batch.lot {
            advance = lots::ADVANCE_AND_CHANGE;
            values.extend([(&lot.name).into(), (&lot.time_zone).into(), (&lot.currency).into(), lot.rev.into()]);
        }
        let mut append = Self { dialect, advance, values, statements: Vec::new(), rows: Vec::new() };
        append.add_with(events::insert, events::values(dialect, &batch.events)?);
        append.table(&slots::TABLE, &batch.slots_deleted, batch.slots.values().map(SlotRow::from).collect())?;
        append.table::<&str, _>(&sessions::TABLE, [], batch.sessions.values().map(SessionRow::from).collect())?;
        let captures = batch.captures.values().map(CaptureRow::from).collect();
        append.table(&captures::TABLE, &batch.captures_deleted, captures)?;
        if !batch.captures_pinned.is_empty() {
            append.add(captures::pin, json_rows(batch.captures_pinned.values().map(CaptureRow::from))?);
        }
        append.table(&cameras::TABLE, &batch.cameras_deleted, batch.cameras.values().map(CameraRow::from).collect())?;
        let regions = batch.regions.values().map(RegionsRow::from).collect();
        append.table(&regions::TABLE, &batch.regions_deleted, regions)?;
        if !batch.regions_deleted.is_empty() {
            for forget in memories::FORGET {
                append.add(forget, json_ids(&batch.regions_deleted)?);
            }
        }
        let firmwares = batch.firmwares.values().map(FirmwareRow::from).collect();
        append.table(&firmware::TABLE, &batch.firmwares_withdrawn, firmwares)?;
        let hash = |token: &Token| batch.hashes.get(&token.id).map_or("", String::as_str).to_string();
        let tokens = batch.tokens.values().map(|token| TokenRow::new(token, &hash(token))).collect();
        append.table::<&str, _>(&tokens::TABLE, [], tokens)?;
        if !batch.tokens_revoked.is_empty() {
            let rows = batch.tokens_revoked.values().map(|token| TokenRow::new(token, ""));
            append.add(tokens::revoke, json_rows(rows)?);
        }
        if !batch.answers.is_empty() {
            append.add(insert_answers, json_rows(&batch.answers)?);
        }
        Ok(append)
    }

    fn table<I: ToString, R: serde::Serialize>(
        &mut self,
        table: &Table,
        deleted: impl IntoIterator<Item = I>,
        rows: Vec<R>,
    ) -> Result<()> {
        let mut deleted = deleted.into_iter().peekable();
        if deleted.peek().is_some() {
            let ids = json_ids(deleted)?;
            self.add(|dialect, n, condition| table.delete(dialect, n, condition), ids);
        }
        if !rows.is_empty() {
            self.add(|dialect, n, condition| table.put(dialect, n, condition), json_rows(rows)?);
        }
        Ok(())
    }

    fn add(&mut self, statement: impl FnOnce(Dialect, usize, &str) -> String, rows: String) {
        self.add_with(statement, vec![rows.into()]);
    }

    fn add_with(&mut self, statement: impl FnOnce(Dialect, usize, &str) -> String, values: Vec<Value>) {
        let condition = match self.dialect {
            // The rows are written after the head was advanced, or not at all.
            Dialect::Sqlite => "true",
            Dialect::Postgres => "exists (select from head)",
        };
        let first = self.values.len() + self.rows.len() + 1;
        self.rows.extend(values);
        self.statements.push(statement(self.dialect, first, condition));
    }

    /// Advances the head, if it is where it is expected: then one row changes.
    pub fn advance(&self) -> Sql {
        sql_with(self.advance, self.values.clone())
    }

    /// Everything else, as one text.
    pub fn rows(mut self) -> Sql {
        self.values.append(&mut self.rows);
        sql_with(self.statements.join(";\n"), self.values)
    }

    /// Both as one statement of PostgreSQL, which says how many heads were advanced. Every part of it sees the rows as they were before
    /// it, so no two may touch the same row.
    pub fn all_at_once(mut self) -> Sql {
        let mut text = format!("with head as ({} returning id)", self.advance);
        for (index, statement) in self.statements.iter().enumerate() {
            text += &format!(",\nrows_{index} as ({statement})");
        }
        text += "\nselect count(*) from head";
        self.values.append(&mut self.rows);
        sql_with(text, self.values)
    }
}

fn insert_answers(dialect: Dialect, n: usize, condition: &str) -> String {
    let rows = dialect.rows(n, ANSWERS);
    format!(
        "insert into idempotency (lot, actor, key, body_sha256, seq, answer, created_at_ms)
         select $1, actor, key, body_sha256, seq, answer, $2 from {rows} where {condition}"
    )
}
