//! What cameras remember of the slots that they see: not of the log, for it changes with every picture, and what people confirmed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_api::{CameraId, CaptureId, LotId, SlotId, Time};
use uuid::Uuid;

use super::sql::{Dialect, sql};
use super::tables::{ID, json_ids};
use super::{Error, Result, Store};

/// One slot in one picture, as a person said that it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub id: Uuid,
    pub slot: SlotId,
    pub at: Time,
    /// `day` or `night`.
    pub light: String,
    pub is_occupied: bool,
    /// Probability of a vehicle before it was said, in thousandths; none while there was no reference.
    pub score_permille: Option<i64>,
    pub capture: CaptureId,
}

/// What a camera remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    pub body: String,
    /// By what it recognises its place, which changes seldom.
    pub scenes: Option<String>,
    /// How often it was written; 0 before the first time.
    pub rev: i64,
}

type LabelColumns = (String, String, i64, String, i64, Option<i64>, String);

/// Forgets everything of the cameras whose ids are in `$n`, if `condition` holds.
pub(super) const FORGET: [fn(Dialect, usize, &str) -> String; 2] = [
    |dialect, n, condition| forget("camera_memories", dialect, n, condition),
    |dialect, n, condition| forget("slot_labels", dialect, n, condition),
];

fn forget(table: &str, dialect: Dialect, n: usize, condition: &str) -> String {
    let ids = dialect.rows(n, ID);
    format!("delete from {table} where lot = $1 and camera in (select id from {ids}) and {condition}")
}

impl Store {
    /// What a camera remembers, if anything.
    pub async fn memory(&self, lot: &LotId, camera: &CameraId) -> Result<Option<Remembered>> {
        let query = sql("select body, scenes, rev from camera_memories where lot = $1 and camera = $2");
        let row: Option<(String, Option<String>, i64)> =
            query.bind(lot.as_str()).bind(camera.as_str()).optional(&self.readers).await?;
        Ok(row.map(|(body, scenes, rev)| Remembered { body, scenes, rev }))
    }

    /// Writes what a camera remembers; its `rev` is that of what was read, which counts one more then. `false`, and nothing is written, when
    /// somebody else has written since. Without scenes those that are there stay.
    pub async fn put_memory(&self, lot: &LotId, camera: &CameraId, remembered: &Remembered) -> Result<bool> {
        let put = sql("insert into camera_memories (lot, camera, body, scenes, rev) values ($1, $2, $3, $4, $5)
             on conflict (lot, camera) do update
             set body = excluded.body, scenes = coalesce(excluded.scenes, camera_memories.scenes), rev = excluded.rev
             where camera_memories.rev = $6");
        let put = put.bind(lot.as_str()).bind(camera.as_str()).bind(&remembered.body).bind(remembered.scenes.clone());
        Ok(put.bind(remembered.rev + 1).bind(remembered.rev).execute(&self.writer).await? > 0)
    }

    /// What people said of the slots that a camera sees, oldest first.
    pub async fn labels(&self, lot: &LotId, camera: &CameraId) -> Result<Vec<Label>> {
        let query = sql("select id, slot_id, at_ms, light, occupied, score_permille, capture_id
             from slot_labels where lot = $1 and camera = $2 order by at_ms, id");
        let rows: Vec<LabelColumns> = query.bind(lot.as_str()).bind(camera.as_str()).all(&self.readers).await?;
        let label = |(id, slot, at_ms, light, occupied, score_permille, capture): LabelColumns| {
            let bad = |what: &str| Error::corrupt("slot_labels", format!("row {id}: {what} is not valid"));
            Ok(Label {
                id: id.parse().map_err(|_| bad("id"))?,
                slot: SlotId(slot.parse().map_err(|_| bad("slot_id"))?),
                at: Time::from_ms(at_ms),
                is_occupied: occupied != 0,
                score_permille,
                capture: capture.parse().map_err(|_| bad("capture_id"))?,
                light,
            })
        };
        rows.into_iter().map(label).collect()
    }

    /// The squares around slots that belong to these labels, a byte for each pixel. Those of labels that are gone are missing.
    pub async fn patches(&self, lot: &LotId, labels: &[Uuid]) -> Result<Vec<(Uuid, Vec<u8>)>> {
        let rows = self.readers.dialect().rows(2, ID);
        let query = sql(format!("select id, patch from slot_labels where lot = $1 and id in (select id from {rows})"));
        let found: Vec<(String, String)> = query.bind(lot.as_str()).bind(json_ids(labels)?).all(&self.readers).await?;
        let patch = |(id, patch): (String, String)| {
            let bad = |what: &str| Error::corrupt("slot_labels", format!("row {id}: {what} is not valid"));
            Ok((id.parse().map_err(|_| bad("id"))?, STANDARD.decode(patch).map_err(|_| bad("patch"))?))
        };
        found.into_iter().map(patch).collect()
    }

    /// How many labels there are, and the newest: whoever knows as many and the same knows all.
    pub async fn labels_mark(&self, lot: &LotId, camera: &CameraId) -> Result<(i64, Option<String>)> {
        let query = sql("select count(*), max(id) from slot_labels where lot = $1 and camera = $2");
        query.bind(lot.as_str()).bind(camera.as_str()).one(&self.readers).await
    }

    /// Adds labels, each with the square around its slot, and removes those that are no longer needed.
    pub async fn put_labels(
        &self,
        lot: &LotId,
        camera: &CameraId,
        labels: &[(Label, Vec<u8>)],
        outdated: &[Uuid],
    ) -> Result<()> {
        let mut tx = self.writer.begin_write().await?;
        for (label, patch) in labels {
            let insert = sql(
                "insert into slot_labels (lot, id, camera, slot_id, at_ms, light, occupied, score_permille, capture_id, patch)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            );
            insert
                .bind(lot.as_str())
                .bind(label.id.to_string())
                .bind(camera.as_str())
                .bind(label.slot.to_string())
                .bind(label.at.ms())
                .bind(&label.light)
                .bind(i64::from(label.is_occupied))
                .bind(label.score_permille)
                .bind(label.capture.to_string())
                .bind(STANDARD.encode(patch))
                .execute(&mut tx)
                .await?;
        }
        for id in outdated {
            let remove = sql("delete from slot_labels where lot = $1 and id = $2");
            remove.bind(lot.as_str()).bind(id.to_string()).execute(&mut tx).await?;
        }
        tx.commit().await
    }
}
