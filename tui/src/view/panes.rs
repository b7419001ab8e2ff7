//! Stays, cameras and events: a table each.

use parking_api::cameras::Camera;
use parking_api::events::{Event, EventChange};
use parking_api::sessions::{Session, SessionKind, SessionState};
use ratatui::layout::Rect;

use super::canvas::{Canvas, Part};
use super::table::Table;
use crate::areas::Areas;
use crate::lot::Sight;
use crate::model::Model;
use crate::theme::{ALARM, LIVE};
use crate::{spans, talk};

pub fn sessions(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let tab = model.tab();
    let shown = tab.shown_sessions(model.now);
    let columns = [("slot", 12), ("zone", 10), ("state", 9), ("from", 14), ("to", 14), ("for", 8), ("vehicle", 20)];
    let table = Table {
        columns: &columns,
        rows: shown.len(),
        cursor: Some(tab.session_row(&shown)),
        empty: if tab.sessions.is_known { "No stays to show" } else { "Waiting for the daemon" },
    };
    table.draw(canvas, area, |index| session(model, shown[index]));
}

fn session(model: &Model, session: &Session) -> Vec<Part> {
    let (look, zone, now) = (&model.look, &model.tab().lot.zone, model.now);
    let text = look.ink(look.theme.text);
    let state = match session.state {
        SessionState::Open => look.ink(look.theme.accent),
        SessionState::Closed | SessionState::Void => look.dim(),
    };
    let place = match (&session.slot_code, session.kind) {
        (Some(code), _) => code.to_string(),
        (None, SessionKind::Gate) => "gate".into(),
        (None, SessionKind::Slot) => String::new(),
    };
    let vehicle = session.plate.clone().or_else(|| session.ticket.clone()).unwrap_or_default();
    vec![
        (place, text),
        (session.zone.clone().unwrap_or_default(), text),
        (session.state.to_string(), state),
        (spans::second(session.opened_at, now, zone), look.dim()),
        (session.closed_at.map(|at| spans::second(at, now, zone)).unwrap_or_default(), look.dim()),
        (spans::stay(session.opened_at, session.closed_at.unwrap_or(now)), text),
        (vehicle, text),
    ]
}

pub fn cameras(canvas: &mut Canvas<'_>, model: &Model, areas: &Areas) {
    let tab = model.tab();
    let area = Rect { height: areas.main.height - areas.wall.height, ..areas.main };
    let cameras = &tab.lot.cameras;
    let columns = [
        ("camera", 14),
        ("name", 18),
        ("zone", 8),
        ("status", 18),
        ("heard", 9),
        ("wi-fi", 9),
        ("queue", 7),
        ("firmware", 14),
    ];
    let table = Table {
        columns: &columns,
        rows: cameras.len(),
        cursor: Some(tab.cameras.cursor.min(cameras.len().saturating_sub(1))),
        empty: "No cameras to show: parkctl camera create ID adds one",
    };
    table.draw(canvas, area, |index| camera(model, &cameras[index]));
}

fn camera(model: &Model, camera: &Camera) -> Vec<Part> {
    let (look, now) = (&model.look, model.now);
    let text = look.ink(look.theme.text);
    let sight = Sight::of(camera);
    let (sign, color) = match sight {
        Sight::Good => (LIVE, look.theme.good),
        Sight::Late => (ALARM, look.theme.warn),
        Sight::Frozen | Sight::Moved | Sight::Offline => (ALARM, look.theme.states[1].fg),
    };
    let since = spans::age(sight.since(camera), now);
    let contact = camera.contact.as_ref();
    let health = contact.and_then(|contact| contact.health.as_ref());
    let known = |value: Option<String>| value.unwrap_or_else(|| "-".into());
    vec![
        (camera.id.to_string(), text),
        (camera.name.clone(), text),
        (camera.zone.clone().unwrap_or_default(), text),
        (format!("{} {} {since}", look.glyph(sign), sight.word()), look.ink(color)),
        (known(contact.map(|contact| spans::age(contact.seen_at, now))), text),
        (known(health.and_then(|health| health.rssi_dbm).map(|dbm| format!("{dbm} dBm"))), text),
        (known(health.and_then(|health| health.queue_depth).map(|depth| depth.to_string())), text),
        (known(health.and_then(|health| health.firmware.clone())), look.dim()),
    ]
}

pub const EVENT_COLUMNS: [(&str, u16); 4] = [("event", 8), ("at", 14), ("who", 16), ("what", 40)];

pub fn events(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let tab = model.tab();
    let shown = tab.shown_events(model.now);
    let at = tab.events.at.and_then(|seq| shown.iter().position(|event| event.seq <= seq));
    let table =
        Table { columns: &EVENT_COLUMNS, rows: shown.len(), cursor: at.or(Some(0)), empty: "No events to show" };
    table.draw(canvas, area, |index| event(model, shown[index]));
}

pub fn event(model: &Model, event: &Event) -> Vec<Part> {
    let (look, zone, now) = (&model.look, &model.tab().lot.zone, model.now);
    let ink = match &event.change {
        EventChange::SlotChanged { slot, .. } | EventChange::SlotCreated { slot, .. } => look.state_ink(slot.state),
        EventChange::CameraStatus { camera }
        | EventChange::CameraFrozen { camera }
        | EventChange::CameraMoved { camera }
            if Sight::of(camera) != Sight::Good =>
        {
            look.ink(look.theme.warn)
        }
        EventChange::CaptureAdded { .. } => look.dim(),
        _ => look.ink(look.theme.text),
    };
    vec![
        (event.seq.to_string(), look.dim()),
        (spans::second(event.at, now, zone), look.dim()),
        (talk::who(&event.actor), look.ink(look.theme.text)),
        (talk::sentence(event), ink),
    ]
}
