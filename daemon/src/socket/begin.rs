//! Where a client goes on from. Pure.

use parking_api::live::SnapshotReason;

use crate::ledger::RING_EVENTS_MAX;

/// How a start goes on after `hello`.
#[derive(Debug, PartialEq, Eq)]
pub enum Begin {
    /// Every event after this `seq` follows.
    Resume(u64),
    Snapshot(SnapshotReason),
}

/// Decides whether a client can go on where it was. Pure.
pub fn begin(cursor: Option<&(String, u64)>, epoch: &str, head: u64, floor: u64) -> Begin {
    let Some((known_epoch, after)) = cursor else { return Begin::Snapshot(SnapshotReason::NoCursor) };
    if known_epoch != epoch {
        Begin::Snapshot(SnapshotReason::EpochChanged)
    } else if *after > head {
        Begin::Snapshot(SnapshotReason::Ahead)
    } else if after + 1 < floor {
        Begin::Snapshot(SnapshotReason::TooOld)
    } else if head - after > RING_EVENTS_MAX as u64 {
        Begin::Snapshot(SnapshotReason::TooMany)
    } else {
        Begin::Resume(*after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_resumes_only_where_every_missed_event_can_follow() {
        let cursor = |after| Some(("e".to_string(), after));
        let of = |cursor: Option<(String, u64)>| begin(cursor.as_ref(), "e", 10_000, 100);
        assert_eq!(of(None), Begin::Snapshot(SnapshotReason::NoCursor));
        assert_eq!(of(Some(("other".into(), 9_999))), Begin::Snapshot(SnapshotReason::EpochChanged));
        assert_eq!(of(cursor(10_001)), Begin::Snapshot(SnapshotReason::Ahead));
        assert_eq!(of(cursor(98)), Begin::Snapshot(SnapshotReason::TooOld));
        assert_eq!(of(cursor(99)), Begin::Snapshot(SnapshotReason::TooMany));
        assert_eq!(of(cursor(4_999)), Begin::Snapshot(SnapshotReason::TooMany));
        assert_eq!(of(cursor(5_000)), Begin::Resume(5_000));
        assert_eq!(of(cursor(10_000)), Begin::Resume(10_000));
    }
}
