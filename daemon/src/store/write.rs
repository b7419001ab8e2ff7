//! The one writing transaction: lock the head, read what others wrote, write a batch, commit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use parking_api::cameras::Camera;
use parking_api::captures::Capture;
use parking_api::events::{Event, EventChange};
use parking_api::lots::Lot;
use parking_api::sessions::Session;
use parking_api::slots::Slot;
use parking_api::tokens::Token;
use parking_api::{CameraId, CaptureId, LotId, SessionId, SlotId, Time, TokenId};
use serde::Serialize;
use sqlx::{AssertSqlSafe, Sqlite, Transaction};

use super::cameras::CameraRow;
use super::captures::CaptureRow;
use super::sessions::SessionRow;
use super::slots::SlotRow;
use super::tokens::TokenRow;
use super::{Error, Head, Result, Store, cameras, captures, events, lots, sessions, slots, tokens};

/// Everything that a batch writes, as one text: the database is asked once, whatever the batch holds. A statement without rows does nothing.
static APPEND: LazyLock<String> = LazyLock::new(|| {
    [
        events::INSERT,
        slots::DELETE,
        slots::UPSERT,
        sessions::UPSERT,
        captures::DELETE,
        captures::INSERT,
        cameras::DELETE,
        cameras::UPSERT,
        tokens::INSERT,
        tokens::REVOKE,
        INSERT_ANSWERS,
        lots::SET_HEAD,
    ]
    .join(";\n")
});

const INSERT_ANSWERS: &str = "
insert into idempotency (lot, actor, key, body_sha256, seq, answer, created_at_ms)
select $1, value->>'actor', value->>'key', value->>'body_sha256', value->>'seq', value->>'answer', $2 from json_each($14)";

/// The first answer to a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Answer {
    /// Who sent it: keys of two callers never meet.
    pub actor: String,
    pub key: String,
    pub body_sha256: String,
    pub seq: i64,
    pub answer: String,
}

/// What a batch of commands came to: events, and the last value of every row that they touch.
#[derive(Debug, Default)]
pub struct Batch {
    /// Events as they go over the wire.
    pub bodies: Vec<String>,
    pub answers: Vec<Answer>,
    /// Hashes of the secrets of tokens that this batch creates.
    pub hashes: HashMap<TokenId, String>,
    seq: u64,
    at: Time,
    lot: Option<Lot>,
    slots: BTreeMap<SlotId, Slot>,
    slots_deleted: BTreeSet<SlotId>,
    sessions: BTreeMap<SessionId, Session>,
    captures: BTreeMap<CaptureId, Capture>,
    captures_deleted: BTreeSet<CaptureId>,
    cameras: BTreeMap<CameraId, Camera>,
    cameras_deleted: BTreeSet<CameraId>,
    tokens: BTreeMap<TokenId, Token>,
    tokens_revoked: BTreeMap<TokenId, Token>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }

    /// Takes in what one event changes. `body` is that event as it goes over the wire.
    pub fn push(&mut self, event: &Event, body: String) {
        self.bodies.push(body);
        (self.seq, self.at) = (event.seq, event.at);
        match &event.change {
            EventChange::LotCreated { lot } | EventChange::LotChanged { lot } => self.lot = Some(lot.clone()),
            EventChange::SlotCreated { slot, session } | EventChange::SlotChanged { slot, session } => {
                self.slots.insert(slot.id, slot.clone());
                self.put_session(session.as_ref());
            }
            EventChange::SlotDeleted { slot, session } => {
                self.slots.remove(&slot.id);
                self.slots_deleted.insert(slot.id);
                self.put_session(session.as_ref());
            }
            EventChange::SessionOpened { session } | EventChange::SessionClosed { session } => {
                self.put_session(Some(session));
            }
            EventChange::CaptureAdded { capture } => {
                self.captures.insert(capture.id, capture.clone());
            }
            EventChange::CaptureDeleted { capture } => {
                self.captures.remove(&capture.id);
                self.captures_deleted.insert(capture.id);
            }
            EventChange::CameraCreated { camera }
            | EventChange::CameraChanged { camera }
            | EventChange::CameraStatus { camera } => {
                self.cameras.insert(camera.id.clone(), camera.clone());
            }
            EventChange::CameraDeleted { camera } => {
                self.cameras.remove(&camera.id);
                self.cameras_deleted.insert(camera.id.clone());
            }
            EventChange::TokenCreated { token } => {
                self.tokens.insert(token.id, token.clone());
            }
            EventChange::TokenRevoked { token } => {
                self.tokens_revoked.insert(token.id, token.clone());
            }
        }
    }

    fn put_session(&mut self, session: Option<&Session>) {
        if let Some(session) = session {
            self.sessions.insert(session.id, session.clone());
        }
    }
}

/// A writing transaction on one lot; dropped without a commit, it changes nothing.
#[derive(Debug)]
pub struct Write {
    tx: Transaction<'static, Sqlite>,
    lot: LotId,
}

impl Store {
    /// Locks the lot for writing.
    pub async fn write(&self, lot: &LotId) -> Result<Write> {
        // SQLite has one writer, so taking its lock at once is taking the lot's.
        Ok(Write { tx: self.writer.begin_with("begin immediate").await?, lot: lot.clone() })
    }

    /// Whether the log of `lot` has `body` at `seq`: how the outcome of a broken commit is found out.
    pub async fn holds(&self, lot: &LotId, seq: u64, body: &str) -> Result<bool> {
        let found: Option<String> = sqlx::query_scalar("select body from events where lot = $1 and seq = $2")
            .bind(lot.as_str())
            .bind(seq as i64)
            .fetch_optional(&self.writer)
            .await?;
        Ok(found.as_deref() == Some(body))
    }
}

impl Write {
    /// Where the log stands; `None` when the lot is gone.
    pub async fn head(&mut self) -> Result<Option<Head>> {
        let row: Option<(String, i64, i64, i64)> =
            sqlx::query_as(lots::HEAD).bind(self.lot.as_str()).fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|(epoch, seq, floor, at)| Head {
            epoch,
            seq: seq as u64,
            floor: floor as u64,
            at: Time::from_ms(at),
        }))
    }

    pub async fn events_after(&mut self, after: u64, limit: usize) -> Result<Vec<Event>> {
        let bodies: Vec<String> = sqlx::query_scalar(events::AFTER)
            .bind(self.lot.as_str())
            .bind(after as i64)
            .bind(limit as i64)
            .fetch_all(&mut *self.tx)
            .await?;
        bodies.iter().map(|body| events::parse(body)).collect()
    }

    /// First answers to these `(actor, key)`, as far as there are any.
    pub async fn answers(&mut self, keys: &[(&str, &str)]) -> Result<Vec<Answer>> {
        let answers = sqlx::query_as(
            "select actor, key, body_sha256, seq, answer from idempotency
             where lot = $1 and (actor, key) in (select value->>0, value->>1 from json_each($2))",
        );
        Ok(answers.bind(self.lot.as_str()).bind(json(&keys)?).fetch_all(&mut *self.tx).await?)
    }

    pub async fn captures(&mut self, ids: &[CaptureId]) -> Result<Vec<Capture>> {
        let rows: Vec<CaptureRow> =
            sqlx::query_as(captures::BY_IDS).bind(self.lot.as_str()).bind(json(&ids)?).fetch_all(&mut *self.tx).await?;
        rows.into_iter().map(Capture::try_from).collect()
    }

    /// Writes everything that the batch came to, each table with one statement, and advances the head.
    pub async fn append(&mut self, batch: &Batch) -> Result<()> {
        let hash = |token: &Token| batch.hashes.get(&token.id).map_or("", String::as_str).to_string();
        sqlx::query(AssertSqlSafe(APPEND.as_str()))
            .bind(self.lot.as_str())
            .bind(batch.at.ms())
            .bind(format!("[{}]", batch.bodies.join(",")))
            .bind(batch.seq as i64)
            .bind(json(&batch.slots_deleted)?)
            .bind(rows(batch.slots.values().map(SlotRow::from))?)
            .bind(rows(batch.sessions.values().map(SessionRow::from))?)
            .bind(json(&batch.captures_deleted)?)
            .bind(rows(batch.captures.values().map(CaptureRow::from))?)
            .bind(json(&batch.cameras_deleted)?)
            .bind(rows(batch.cameras.values().map(CameraRow::from))?)
            .bind(rows(batch.tokens.values().map(|token| TokenRow::new(token, &hash(token))))?)
            .bind(rows(batch.tokens_revoked.values().map(|token| TokenRow::new(token, "")))?)
            .bind(json(&batch.answers)?)
            .execute(&mut *self.tx)
            .await?;
        if let Some(lot) = &batch.lot {
            sqlx::query(lots::UPDATE)
                .bind(lot.id.as_str())
                .bind(&lot.name)
                .bind(&lot.time_zone)
                .bind(&lot.currency)
                .bind(lot.rev as i64)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }

    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }
}

/// A JSON array of rows, so that a statement takes all of them at once.
fn rows<R: Serialize>(rows: impl Iterator<Item = R>) -> Result<String> {
    json(&rows.collect::<Vec<_>>())
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::corrupt("batch", e))
}
