//! The large frames of a socket: what a lot comes to at one moment. Pure.

use bytes::Bytes;
use parking_api::live::{Lagged, SnapshotReason};
use serde::Serialize;

use crate::ledger::{Audience, LotState, SlotList};

/// A `snapshot` frame without its slots.
#[derive(Serialize)]
pub(super) struct SnapshotHead {
    r#type: &'static str,
    pub seq: u64,
    reason: SnapshotReason,
    lot: parking_api::lots::Lot,
    cameras: Vec<parking_api::cameras::Camera>,
    stats: parking_api::slots::SlotStats,
}

impl SnapshotHead {
    pub fn of(state: &LotState, audience: Audience, reason: SnapshotReason) -> Self {
        Self {
            r#type: "snapshot",
            seq: state.seq(),
            reason,
            lot: state.lot().clone(),
            cameras: cameras(state, audience).into_iter().cloned().collect(),
            stats: state.stats(),
        }
    }

    /// The whole frame, with the list of slots as it is kept ready.
    pub fn frame(&self, list: &SlotList) -> serde_json::Result<Bytes> {
        let mut frame = serde_json::to_vec(self)?;
        frame.pop();
        frame.extend_from_slice(br#","slots":"#);
        frame.extend_from_slice(&list.plain);
        frame.push(b'}');
        Ok(frame.into())
    }
}

/// What the events after `from` came to, but for the slots that are gone, which the state knows nothing of any more.
pub(super) fn lagged(state: &LotState, from: u64, audience: Audience) -> Lagged {
    Lagged {
        from,
        to: state.seq(),
        slots: state.slots().filter(|slot| slot.rev > from).map(|slot| audience.slot(slot)).collect(),
        deleted: Vec::new(),
        cameras: cameras(state, audience).into_iter().cloned().collect(),
        lot: Some(state.lot()).filter(|lot| lot.rev > from).cloned(),
    }
}

fn cameras(state: &LotState, audience: Audience) -> Vec<&parking_api::cameras::Camera> {
    state.cameras().filter(|_| audience != Audience::Public).collect()
}
