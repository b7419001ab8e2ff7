//! Which slot had a code once: for those who ask for the history of what was deleted or renamed. Knows no event but by its text.

use parking_api::{LotId, SlotCode, SlotId};

use super::events::{EVENTS_LOOKED_THROUGH_MAX, RARE};
use super::sql::{Dialect, Sql, sql};
use super::tables::json;
use super::{Error, Result, Store};

/// Deletions that are looked through, newest first. They have an index, so that they may lie far back in the log.
const DELETIONS_MAX: usize = 1_000;

impl Store {
    /// The slot that had `code` last, as far as the newest deletions and the newest events of all kinds tell.
    pub async fn slot_once_called(&self, lot: &LotId, code: &SlotCode) -> Result<Option<SlotId>> {
        let dialect = self.readers.dialect();
        // As it stands in a slot, and in what is kept of the one before. Quoted text within JSON has its quotes escaped.
        let part = format!("\"code\":{}", json(code)?);
        let mut last: Option<(i64, String)> = None;
        for query in [among_deletions(dialect), among_the_newest(dialect)] {
            let query = query.bind(lot.as_str()).bind(&part);
            last = last.max(query.optional(&self.readers).await?);
        }
        last.map(|(_, slot)| slot.parse().map_err(|e| Error::corrupt("events", e))).transpose()
    }
}

fn among_deletions(dialect: Dialect) -> Sql {
    let has = dialect.contains("body", 2);
    sql(format!(
        "select seq, slot_id from
           (select seq, slot_id, body from events where lot = $1 and kind = 'slot.deleted'{RARE} order by seq desc limit {DELETIONS_MAX})
             as deletions
         where {has} order by seq desc limit 1"
    ))
}

fn among_the_newest(dialect: Dialect) -> Sql {
    let has = dialect.contains("body", 2);
    sql(format!(
        "select seq, slot_id from events
         where lot = $1 and seq > (select head - {EVENTS_LOOKED_THROUGH_MAX} from lots where id = $1) and slot_id is not null and {has}
         order by seq desc limit 1"
    ))
}

impl Dialect {
    /// Whether the text of a column has that of `$n` in it.
    fn contains(self, column: &str, n: usize) -> String {
        match self {
            Self::Sqlite => format!("instr({column}, ${n}) > 0"),
            Self::Postgres => format!("strpos({column}, ${n}) > 0"),
        }
    }
}
