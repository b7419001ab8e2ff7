//! First answers to requests about lots as a whole. They stay with lot `main`, since the log of the lot itself may be gone.

use parking_api::{LotId, Time};

use super::sql::{Tx, sql};
use super::{Answer, Result, Store};

impl Store {
    /// What `actor` was answered first under `key`, if that was kept with `lot`.
    pub async fn answer(&self, lot: &LotId, actor: &str, key: &str) -> Result<Option<Answer>> {
        let query = sql(
            "select actor, key, body_sha256, seq, answer from idempotency where lot = $1 and actor = $2 and key = $3",
        );
        query.bind(lot.as_str()).bind(actor).bind(key).optional(&self.readers).await
    }
}

pub(super) async fn keep(tx: &mut Tx, answer: &Answer, at: Time) -> Result<()> {
    let insert = sql("insert into idempotency (lot, actor, key, body_sha256, seq, answer, created_at_ms)
         values ($1, $2, $3, $4, $5, $6, $7)");
    let insert = insert.bind(LotId::default().as_str()).bind(&answer.actor).bind(&answer.key).bind(&answer.body_sha256);
    insert.bind(answer.seq).bind(&answer.answer).bind(at.ms()).execute(tx).await?;
    Ok(())
}
