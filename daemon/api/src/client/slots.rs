//! Calls about slots.

use reqwest::Method;
use serde::Serialize;

use super::{Client, Error, Mutation};
use crate::history::{BucketLength, HistoryBucket};
use crate::ids::SlotRef;
use crate::slots::{Imported, NewSlot, SetSlot, Slot, SlotKind, SlotPatch, SlotState, SlotStats};
use crate::{Committed, Time, paths};

/// Which slots; all of them by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SlotQuery {
    pub zone: Option<String>,
    pub state: Option<SlotState>,
    pub kind: Option<SlotKind>,
}

/// Which buckets; the hours of the last day by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HistoryQuery {
    pub from: Option<Time>,
    pub to: Option<Time>,
    pub bucket: Option<BucketLength>,
}

impl Client {
    /// How full the lot was, oldest first, with gaps as buckets that nobody watched.
    pub async fn slots_history(&self, query: &HistoryQuery) -> Result<Vec<HistoryBucket>, Error> {
        self.call_lot(Method::GET, paths::SLOTS_HISTORY).query(query).fetch().await
    }

    /// By code, `A-2` before `A-10`.
    pub async fn slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Error> {
        self.call_lot(Method::GET, paths::SLOTS).query(query).fetch().await
    }

    pub async fn slot(&self, slot: &SlotRef) -> Result<Slot, Error> {
        self.call_lot(Method::GET, &paths::fill(paths::SLOT, slot)).fetch().await
    }

    pub async fn slot_create(&self, slot: &NewSlot) -> Result<Committed<Slot>, Error> {
        self.call_lot(Method::POST, paths::SLOTS).json(slot).fetch().await
    }

    pub async fn slot_set(&self, slot: &SlotRef, set: &SetSlot, guard: &Mutation) -> Result<Committed<Slot>, Error> {
        self.call_lot(Method::PUT, &paths::fill(paths::SLOT, slot)).guard(guard).json(set).fetch().await
    }

    pub async fn slot_patch(
        &self,
        slot: &SlotRef,
        patch: &SlotPatch,
        guard: &Mutation,
    ) -> Result<Committed<Slot>, Error> {
        self.call_lot(Method::PATCH, &paths::fill(paths::SLOT, slot)).guard(guard).json(patch).fetch().await
    }

    pub async fn slot_toggle(&self, slot: &SlotRef, guard: &Mutation) -> Result<Committed<Slot>, Error> {
        self.call_lot(Method::POST, &paths::fill(paths::SLOT_TOGGLE, slot)).guard(guard).fetch().await
    }

    /// Answers the slot as it was.
    pub async fn slot_delete(&self, slot: &SlotRef, guard: &Mutation) -> Result<Committed<Slot>, Error> {
        self.call_lot(Method::DELETE, &paths::fill(paths::SLOT, slot)).guard(guard).fetch().await
    }

    pub async fn slot_stats(&self) -> Result<SlotStats, Error> {
        self.call_lot(Method::GET, paths::SLOTS_STATS).fetch().await
    }

    /// All of `slots` or none. With `dry_run` nothing is changed and `seq` is that of the newest event.
    pub async fn slots_import_json(&self, slots: &[NewSlot], dry_run: bool) -> Result<Committed<Imported>, Error> {
        self.import(dry_run).call_lot(Method::POST, paths::SLOTS_IMPORT).json(slots).fetch().await
    }

    /// The same with a header row and one slot a line; only the column `code` is required.
    pub async fn slots_import_csv(&self, csv: String, dry_run: bool) -> Result<Committed<Imported>, Error> {
        self.import(dry_run).call_lot(Method::POST, paths::SLOTS_IMPORT).body(csv, "text/csv").fetch().await
    }

    fn import(&self, dry_run: bool) -> Self {
        if dry_run { self.clone().dry() } else { self.clone() }
    }
}
