//! What the log keeps of a change for those who look into it later. Pure; what is sent live goes without.

use std::net::IpAddr;

use parking_api::SlotRef;
use parking_api::events::{Audit, EventChange};
use serde_json::{Map, Value, json};

use super::state::LotState;

/// The values that differ, as they were before.
macro_rules! replaced {
    ($before:expr, $after:expr, $($field:ident),+) => {{
        let (before, after) = ($before, $after);
        let mut replaced = Map::new();
        $(if before.$field != after.$field {
            replaced.insert(stringify!($field).into(), json!(before.$field));
        })+
        replaced
    }};
}

/// What is to be kept of `change`, asked for from `address`, about to happen to `state`.
pub fn of(state: &LotState, change: &EventChange, address: Option<IpAddr>) -> Option<Audit> {
    let before = before(state, change);
    (address.is_some() || !before.is_empty()).then_some(Audit { address, before })
}

/// Of fields that say when something was, none: the log says that by itself.
fn before(state: &LotState, change: &EventChange) -> Map<String, Value> {
    match change {
        EventChange::SlotChanged { slot, .. } => state
            .slot(&SlotRef::Id(slot.id))
            .map(|before| replaced!(before, slot, code, zone, level, kind, state, source, position, note, suggested)),
        EventChange::LotChanged { lot } => Some(replaced!(state.lot(), lot, name, time_zone, currency)),
        EventChange::CameraChanged { camera }
        | EventChange::CameraStatus { camera }
        | EventChange::CameraFrozen { camera }
        | EventChange::CameraMoved { camera } => {
            state.camera(&camera.id).map(|before| replaced!(before, camera, name, zone, interval_s, status))
        }
        EventChange::FirmwareChanged { firmware } => {
            state.firmware(firmware.id).map(|before| replaced!(before, firmware, roll_out))
        }
        EventChange::CameraRegions { regions } => {
            state.regions_of(&regions.camera).map(|before| replaced!(before, regions, mode, regions))
        }
        // Nothing else of a capture ever changes.
        EventChange::CaptureChanged { capture } => {
            Some(Map::from_iter([("pinned".to_string(), json!(!capture.pinned))]))
        }
        _ => None,
    }
    .unwrap_or_default()
}

/// The text of an event as the log keeps it: as it is sent live, and what is kept besides at its end.
///
/// # Errors
/// When what is kept cannot be written as JSON.
pub fn body(live: &str, audit: Option<&Audit>) -> serde_json::Result<String> {
    let (Some(audit), Some(open)) = (audit, live.strip_suffix('}')) else { return Ok(live.to_string()) };
    Ok(format!("{open},\"audit\":{}}}", serde_json::to_string(audit)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_api::events::Event;
    use parking_api::slots::Slot;
    use std::collections::BTreeSet;

    const CHANGED: &str = include_str!("../../api/fixtures/event.slot.changed.json");

    fn fields(value: &impl serde::Serialize) -> BTreeSet<String> {
        let value = serde_json::to_value(value).expect("JSON");
        value.as_object().expect("an object").keys().cloned().collect()
    }

    #[test]
    fn every_field_of_a_slot_that_changed_is_kept_as_it_was() {
        let before: Slot = serde_json::from_str(include_str!("../../api/fixtures/slot.json")).expect("a slot");
        let after: Slot = serde_json::from_value(json!({
            "id": before.id, "code": "Z-99", "zone": "Z", "level": 9, "kind": "staff", "state": "unknown", "source": "sensor",
            "position": null, "rev": 9_999, "observed_at": "2030-01-01T00:00:00Z", "changed_at": "2030-01-01T00:00:00Z", "note": "z",
        }))
        .expect("another slot");
        let kept = replaced!(&before, &after, code, zone, level, kind, state, source, position, note);
        let told_by_the_log = ["id", "rev", "observed_at", "changed_at"].map(String::from);
        let expected: BTreeSet<_> = fields(&before).difference(&told_by_the_log.into()).cloned().collect();
        assert_eq!(kept.keys().cloned().collect::<BTreeSet<_>>(), expected);
        assert_eq!(kept["state"], json!(before.state));
    }

    #[test]
    fn what_is_kept_stands_where_the_type_has_it() {
        let event: Event = serde_json::from_str(CHANGED).expect("an event");
        let live = serde_json::to_string(&event).expect("JSON");
        let audit = Audit {
            address: Some([10, 0, 0, 7].into()),
            before: replaced!(&event, &Event { seq: 0, ..event.clone() }, seq),
        };
        let kept = body(&live, Some(&audit)).expect("JSON");
        let whole = Event { audit: Some(audit), ..event };
        assert_eq!(kept, serde_json::to_string(&whole).expect("JSON"));
        assert_eq!(body(&live, None).expect("JSON"), live);
    }
}
