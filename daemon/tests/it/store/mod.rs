//! The contract of the store, on both databases: no query without a test here.

mod copy;
mod expiry;
mod health;
mod history;
mod lots;
mod news;
mod occupancy_history;
mod remembered;
mod schema;
mod start;
mod write;

use parkd::store::{Batch, CONNECTIONS, Store, embedded_url};
use parking_api::cameras::{Camera, CameraStatus};
use parking_api::captures::{Capture, ExpiryReason};
use parking_api::events::{Actor, Event, EventChange};
use parking_api::firmware::{Firmware, RollOut};
use parking_api::lots::Lot;
use parking_api::sessions::{Session, SessionKind, SessionState};
use parking_api::slots::{Position, Slot, SlotKind, SlotState, Source};
use parking_api::tokens::{Role, Token};
use parking_api::{CaptureId, FirmwareId, LotId, SessionId, SlotId, Time, TokenId, paths};
use sqlx::{Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::harness::Database;
use crate::postgres;

/// When the first lot is created. Each event of a stage is a second later than the one before.
const START_MS: i64 = 1_700_000_000_000;
const EPOCH: &str = "epoch-1";

/// A store on a database of its own, and a lot to write to.
pub struct Stage {
    pub store: Store,
    url: String,
    /// Holds the file of an embedded database.
    _folder: TempDir,
    lot: LotId,
    seq: u64,
}

impl Stage {
    /// An empty database.
    pub async fn new(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = match database {
            Database::Sqlite => embedded_url(folder.path()),
            Database::Postgres => postgres::database(),
        };
        let store = Store::open(&url, CONNECTIONS).await.expect("a database");
        Self { store, url, _folder: folder, lot: LotId::default(), seq: 0 }
    }

    /// One with the lot `main`, whose log has one event.
    async fn with_lot(database: Database) -> Self {
        let mut stage = Self::new(database).await;
        let lot = lot("main");
        let body = body(&event(1, EventChange::LotCreated { lot: lot.clone() }));
        assert!(stage.store.create_lot(&lot, EPOCH, &body, None).await.expect("it is written"));
        stage.seq = 1;
        stage
    }

    /// Does to the database what no daemon does.
    pub async fn run(&self, text: &'static str) {
        let done = if self.url.starts_with("postgres") {
            let mut database = PgConnection::connect(&self.url).await.expect("the database");
            sqlx::raw_sql(text).execute(&mut database).await.map(drop)
        } else {
            let mut database = SqliteConnection::connect(&self.url).await.expect("the database");
            sqlx::raw_sql(text).execute(&mut database).await.map(drop)
        };
        done.expect("it is done");
    }

    /// The batch that these changes come to, as the next events.
    fn batch(&self, changes: impl IntoIterator<Item = EventChange>) -> (Vec<Event>, Batch) {
        let mut batch = Batch::default();
        let events: Vec<_> = (self.seq + 1..).zip(changes).map(|(seq, change)| event(seq, change)).collect();
        for event in &events {
            batch.push(event, body(event));
            if let EventChange::TokenCreated { token } = &event.change {
                batch.hashes.insert(token.id, hash(token.id));
            }
        }
        (events, batch)
    }

    /// Commits these changes in one batch.
    async fn commit(&mut self, changes: impl IntoIterator<Item = EventChange>) -> Vec<Event> {
        let (events, batch) = self.batch(changes);
        self.append(batch).await;
        events
    }

    /// Marks the lot as deleted, if its log ends at `seq`.
    async fn delete(&self, seq: u64) -> bool {
        self.store.write(&self.lot).delete_lot(&self.lot, seq, time(5)).await.expect("an answer")
    }

    async fn append(&mut self, batch: Batch) {
        let count = batch.len() as u64;
        let mut write = self.store.write(&self.lot);
        assert!(write.append(&batch, EPOCH, self.seq).await.expect("it is written"));
        write.commit().await.expect("it is committed");
        self.seq += count;
    }
}

fn time(seq: u64) -> Time {
    Time::from_ms(START_MS + 1_000 * seq as i64)
}

fn event(seq: u64, change: EventChange) -> Event {
    Event { seq, at: time(seq), actor: Actor::system("test"), change, audit: None }
}

fn body(event: &Event) -> String {
    serde_json::to_string(event).expect("JSON")
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn lot(id: &str) -> Lot {
    Lot {
        id: id.parse().expect("a lot id"),
        name: format!("Lot \"{id}\""),
        time_zone: "UTC".into(),
        currency: "XXX".into(),
        created_at: time(1),
        rev: 1,
    }
}

fn slot(number: u128, state: SlotState, rev: u64) -> Slot {
    Slot {
        id: SlotId(id(number)),
        code: format!("A-{number}").parse().expect("a code"),
        zone: number.is_multiple_of(2).then(|| "Süd 'x'".into()),
        level: -1,
        kind: SlotKind::Ev,
        state,
        source: Source::Camera,
        position: Some(Position { x: 0.1, y: -2.5e3 }),
        rev,
        observed_at: time(rev),
        changed_at: time(rev),
        note: Some("a \"note\" \\ with ${1} ünïcode 🅿".into()),
        stale_since: Some(time(rev)),
        suggested: Some(SlotState::Free),
    }
}

fn session(number: u128, state: SessionState, opened_seq: u64) -> Session {
    let is_open = state == SessionState::Open;
    Session {
        id: SessionId(id(number)),
        kind: SessionKind::Slot,
        state,
        slot_id: Some(SlotId(id(1))),
        slot_code: Some("A-1".parse().expect("a code")),
        zone: Some("Nord".into()),
        ticket: None,
        plate: None,
        opened_at: time(opened_seq),
        closed_at: (!is_open).then(|| time(opened_seq + 10)),
        opened_seq,
        closed_seq: (!is_open).then_some(opened_seq + 10),
    }
}

fn capture(number: u128, camera: Option<&str>, rev: u64) -> Capture {
    let key = format!("main/{number}.jpg");
    Capture {
        id: CaptureId(id(number)),
        camera: camera.map(|camera| camera.parse().expect("a camera id")),
        url: paths::image(&key),
        key,
        content_type: "image/jpeg".into(),
        bytes: 1 << 40,
        width: 800,
        height: 600,
        sha256: "ab".repeat(32),
        captured_at: time(rev),
        received_at: time(rev + 1),
        pinned: false,
        rev,
    }
}

fn camera(id: &str, rev: u64) -> Camera {
    Camera {
        id: id.parse().expect("a camera id"),
        name: format!("Camera {id}"),
        zone: None,
        interval_s: 60,
        status: CameraStatus::Offline,
        status_at: time(rev),
        created_at: time(rev),
        rev,
        capture_wanted_at: None,
        frozen_since: None,
        moved_since: Some(time(rev)),
        blind_slots: Vec::new(),
        occupancy: None,
        contact: None,
    }
}

/// No two tokens have the same secret.
fn hash(token: TokenId) -> String {
    format!("{:064x}", token.0.as_u128())
}

fn firmware(number: u128, rev: u64, roll_out: Option<RollOut>) -> Firmware {
    Firmware {
        id: FirmwareId(id(number)),
        board: "aithinker".into(),
        version: format!("0.{number}.0"),
        bytes: 1_000,
        sha256: "ab".repeat(32),
        signature: "cd".repeat(64),
        key: format!("main/_firmware/{}.bin", id(number)),
        added_at: time(rev),
        rev,
        roll_out,
    }
}

fn token(number: u128, revoked_at: Option<Time>) -> Token {
    Token {
        id: TokenId(id(number)),
        name: format!("token {number}"),
        role: Role::Attendant,
        camera: None,
        lot: LotId::default(),
        prefix: format!("park_{number}"),
        created_at: time(1),
        expires_at: Some(time(900)),
        revoked_at,
        used_at: None,
    }
}
