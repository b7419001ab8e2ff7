//! Events as sentences, for the log of the console and for `--plain`. Knows no colours.

use parking_api::events::{Actor, ActorKind, Event, EventChange};
use parking_api::firmware::{Firmware, RollOut};
use parking_api::sessions::{Session, SessionState};
use parking_api::slots::Slot;

use crate::spans;

/// What happened, without who and when.
pub fn sentence(event: &Event) -> String {
    match &event.change {
        EventChange::LotCreated { lot } => format!("the lot {} was created", lot.name),
        EventChange::LotChanged { lot } => format!("the lot {} was changed", lot.name),
        EventChange::LotDeleted { lot } => format!("the lot {} was deleted", lot.name),
        EventChange::SlotCreated { slot, .. } => format!("{} was created, {}", slot.code, slot.state),
        EventChange::SlotChanged { slot, .. } if slot.changed_at < event.at => still(slot, event),
        EventChange::SlotChanged { slot, session } => {
            let stay = session.as_ref().and_then(stay).map(|stay| format!(" after {stay}")).unwrap_or_default();
            let note = slot.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            format!("{} is {}{stay}{note}", slot.code, slot.state)
        }
        EventChange::SlotDeleted { slot, .. } => format!("{} was deleted", slot.code),
        EventChange::SessionOpened { session } => format!("{} came in", vehicle(session)),
        EventChange::SessionClosed { session } => {
            let stay = stay(session).map(|stay| format!(" after {stay}")).unwrap_or_default();
            format!("{} went out{stay}", vehicle(session))
        }
        EventChange::CaptureAdded { capture } => match &capture.camera {
            Some(_) => format!("a picture, {} kB", capture.bytes.div_ceil(1000)),
            None => format!("a picture was uploaded, {} kB", capture.bytes.div_ceil(1000)),
        },
        EventChange::CaptureDeleted { capture } => format!("the picture {} was deleted", capture.id),
        EventChange::CaptureChanged { capture } => {
            let verb = if capture.pinned { "pinned" } else { "unpinned" };
            format!("the picture {} was {verb}", capture.id)
        }
        EventChange::CaptureExpired { captures, reason, .. } => {
            format!("{} old pictures were removed ({reason})", captures.len())
        }
        EventChange::CameraCreated { camera } => format!("camera {} was created", camera.id),
        EventChange::CameraChanged { camera } => format!("camera {} was changed", camera.id),
        EventChange::CameraStatus { camera } => format!("camera {} is {}", camera.id, camera.status),
        EventChange::CameraFrozen { camera } => {
            let state = if camera.frozen_since.is_some() { "is frozen" } else { "is not frozen any more" };
            format!("camera {} {state}", camera.id)
        }
        EventChange::CameraMoved { camera } => {
            let state =
                if camera.moved_since.is_some() { "does not see its slots any more" } else { "sees its slots again" };
            format!("camera {} {state}", camera.id)
        }
        EventChange::CameraDeleted { camera } => format!("camera {} was deleted", camera.id),
        EventChange::CameraRegions { regions } => {
            format!("camera {} sees {} slots ({})", regions.camera, regions.regions.len(), regions.mode)
        }
        EventChange::SlotSeen { sighting } => {
            format!("{} looks {} ({})", sighting.slot, sighting.state, sighting.parts.sentence())
        }
        EventChange::FirmwareAdded { firmware } => format!("{} was added", image(firmware)),
        EventChange::FirmwareChanged { firmware } => format!("{} {}", image(firmware), rolled_out(firmware)),
        EventChange::FirmwareWithdrawn { firmware } => format!("{} was withdrawn", image(firmware)),
        EventChange::TokenCreated { token } => format!("a token for {} was created ({})", token.name, token.role),
        EventChange::TokenRevoked { token } => format!("the token of {} was revoked", token.name),
    }
}

/// What changed of a slot that is in the same state as before.
fn still(slot: &Slot, event: &Event) -> String {
    let Slot { code, state, .. } = slot;
    let note = slot.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    match slot.suggested {
        _ if slot.stale_since == Some(event.at) => format!("no camera confirms any more that {code} is {state}"),
        Some(seen) => format!("a camera sees {code} {seen}; it is still {state}{note}"),
        None => format!("{code} is still {state}{note}"),
    }
}

fn image(firmware: &Firmware) -> String {
    format!("firmware {} for {}", firmware.version, firmware.board)
}

fn rolled_out(firmware: &Firmware) -> String {
    match &firmware.roll_out {
        Some(RollOut { stopped_at: Some(_), .. }) => "is not rolled out further: cameras go back from it".into(),
        Some(RollOut { percent, .. }) => format!("is rolled out to {percent} % of its cameras"),
        None => "is rolled out to nobody".into(),
    }
}

/// The sentence with who did it, on one line: what a filter searches.
pub fn line(event: &Event) -> String {
    format!("{} {} {}", event.change.kind(), sentence(event), who(&event.actor))
}

pub fn who(actor: &Actor) -> String {
    match (&actor.name, actor.kind) {
        (Some(name), ActorKind::System) => format!("system: {name}"),
        (Some(name), _) => name.clone(),
        (None, kind) => kind.to_string(),
    }
}

fn stay(session: &Session) -> Option<String> {
    let closed_at = session.closed_at.filter(|_| session.state == SessionState::Closed)?;
    Some(spans::long(session.opened_at, closed_at))
}

fn vehicle(session: &Session) -> String {
    session.plate.clone().or_else(|| session.ticket.clone()).unwrap_or_else(|| "a vehicle".into())
}
