//! Pictures as a person goes through them: large, back and forward, into a file.

use parking_api::captures::Capture;
use parking_api::client::LiveMessage;
use parking_api::events::EventChange;
use parking_api::{CameraId, CaptureId, LotId};

use crate::actions::Action;
use crate::effect::{Effect, Fetch};
use crate::model::{Model, Pane, Tab, Tone};
use crate::pictures::{self, Spot, Viewer};
use crate::popups::{Ask, Popup, Prompt};

/// The camera that is looked at, if one is.
fn camera(tab: &Tab) -> Option<CameraId> {
    match (&tab.viewer, tab.pane) {
        (Some(viewer), _) => Some(viewer.camera.clone()),
        (None, Pane::Cameras) => tab.lot.cameras.get(tab.cameras.cursor).map(|camera| camera.id.clone()),
        (None, Pane::Slots | Pane::Slot) => pictures::camera_of(tab, tab.selected()?).map(|camera| camera.id.clone()),
        (None, Pane::Sessions | Pane::Events) => None,
    }
}

/// The picture of a moment of the past, where it stands beside the history of a slot.
fn beside_history(model: &Model) -> Option<CaptureId> {
    let tab = model.tab();
    pictures::moment(tab)?;
    let held = model.pictures.held(&tab.lot.id, &Spot::Slot).filter(|held| !held.is_loading)?;
    held.picture.as_ref().map(|picture| picture.capture.id)
}

/// Large, or small again.
pub fn enlarge(model: &mut Model) -> Vec<Effect> {
    if model.pictures.is_off() {
        let why = model.pictures.chosen.why.clone();
        model.say(Tone::Plain, format!("pictures are off: {why}"));
        return Vec::new();
    }
    let (found, at) = (camera(model.tab()), beside_history(model));
    let tab = model.tab_mut();
    if tab.viewer.take().is_some() {
        return Vec::new();
    }
    let Some(camera) = found else {
        model.say(Tone::Plain, "no camera sees this: select a camera, or a slot in the zone of one");
        return Vec::new();
    };
    let moment = pictures::moment(tab).filter(|_| at.is_none());
    let mut viewer = Viewer { moment, ..Viewer::new(camera) };
    let around = at.map(|at| viewer.found(at));
    tab.viewer = Some(viewer);
    around.map(|what| Effect::Fetch { lot: tab.lot.id.clone(), what }).into_iter().collect()
}

pub fn show(model: &mut Model, camera: CameraId) {
    model.tab_mut().viewer = Some(Viewer::new(camera));
}

/// One picture, or one change of a slot, back or forward.
pub fn step(model: &mut Model, is_back: bool) -> Vec<Effect> {
    let tab = model.tab_mut();
    if tab.viewer.is_none() {
        if tab.pane == Pane::Slot {
            let last = tab.slot.history.len().saturating_sub(1);
            let cursor = &mut tab.slot.rows.cursor;
            *cursor = if is_back { (*cursor + 1).min(last) } else { cursor.saturating_sub(1) };
            return Vec::new();
        }
        drop(enlarge(model));
    }
    let tab = model.tab_mut();
    let newest = tab.viewer.as_ref().and_then(|viewer| viewer.newest(tab));
    // Around a moment of which nobody knows the picture yet there is none.
    let Some(viewer) = tab.viewer.as_mut().filter(|viewer| viewer.moment.is_none()) else { return Vec::new() };
    if !is_back {
        viewer.newer();
        return Vec::new();
    }
    if viewer.is_at_end() {
        let text = format!("{} has taken no picture before this one that is kept", viewer.camera);
        model.say(Tone::Plain, text);
        return Vec::new();
    }
    if !viewer.older(newest) || viewer.is_loading {
        return Vec::new();
    }
    viewer.is_loading = true;
    let what = Fetch::Captures { camera: viewer.camera.clone(), cursor: viewer.cursor.clone() };
    vec![Effect::Fetch { lot: tab.lot.id.clone(), what }]
}

/// Keys that move, while a picture is large: through time, and from camera to camera.
pub fn travel(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Left | Action::PageUp => return step(model, true),
        Action::Right | Action::PageDown => return step(model, false),
        Action::Up | Action::PrevZone => beside(model, false),
        Action::Down | Action::NextZone => beside(model, true),
        Action::Last | Action::Follow => {
            if let Some(viewer) = &mut model.tab_mut().viewer {
                viewer.follow();
            }
        }
        Action::First => {
            if let Some(viewer) = &mut model.tab_mut().viewer {
                viewer.at = viewer.list.last().copied().or(viewer.at);
            }
        }
        _ => {}
    }
    Vec::new()
}

fn beside(model: &mut Model, is_next: bool) {
    let tab = model.tab_mut();
    let cameras = &tab.lot.cameras;
    let at = tab.viewer.as_ref().and_then(|viewer| cameras.iter().position(|camera| camera.id == viewer.camera));
    let Some(at) = at else { return };
    let to = if is_next { at + 1 } else { at + cameras.len() - 1 } % cameras.len();
    tab.viewer = Some(Viewer::new(cameras[to].id.clone()));
    tab.cameras.cursor = to;
}

/// What the live stream says of pictures.
pub fn told(tab: &mut Tab, message: &LiveMessage) {
    if let (LiveMessage::Event(event), Some(viewer)) = (message, &mut tab.viewer)
        && let EventChange::CaptureAdded { capture } = &event.change
    {
        viewer.added(capture);
    }
}

/// A page of what a camera took.
pub fn listed(
    model: &mut Model,
    lot: &LotId,
    camera: &CameraId,
    captures: Vec<Capture>,
    next: Option<String>,
    is_first: bool,
) -> Vec<Effect> {
    let Some(tab) = model.tab_of(lot) else { return Vec::new() };
    let newest = Viewer::new(camera.clone()).newest(tab);
    let is_alone = captures.len() < 2 && is_first;
    if let Some(viewer) = tab.viewer.as_mut().filter(|viewer| viewer.camera == *camera) {
        if viewer.fill(captures, next, is_first, newest) {
            let what = Fetch::Captures { camera: camera.clone(), cursor: viewer.cursor.clone() };
            return vec![Effect::Fetch { lot: lot.clone(), what }];
        }
        if is_alone {
            model.say(Tone::Plain, format!("{camera} has taken no picture before this one"));
        }
    }
    Vec::new()
}

/// Asks for the name of a file.
pub fn ask_save(model: &mut Model) {
    let tab = model.tab();
    let spot = match (&tab.viewer, tab.pane, camera(tab)) {
        (Some(_), ..) => Some(Spot::Large),
        (None, Pane::Cameras, Some(camera)) => Some(Spot::Wall(camera)),
        (None, Pane::Slots, _) => Some(Spot::Side),
        (None, Pane::Slot, _) => Some(Spot::Slot),
        _ => None,
    };
    let held = spot.and_then(|spot| model.pictures.held(&tab.lot.id, &spot));
    let Some(capture) = held.and_then(|held| held.picture.as_ref()).map(|picture| picture.capture.clone()) else {
        model.say(Tone::Plain, "there is no picture here to save");
        return;
    };
    let at = capture.captured_at.to_string().replace(':', "").split('.').next().unwrap_or_default().to_string();
    let at = at.trim_end_matches('Z');
    let from = capture.camera.as_ref().map_or("upload", |camera| camera.as_str());
    let ending = if capture.content_type == "image/png" { "png" } else { "jpg" };
    let name = format!("{}-{from}-{at}Z.{ending}", tab.lot.id);
    model.popup = Some(Popup::Prompt(Prompt::new(Ask::Save { capture: capture.id }, &name)));
}

pub fn saved(model: &mut Model, result: Result<String, String>) {
    match result {
        Ok(path) => model.say(Tone::Good, format!("saved to {path}")),
        Err(why) => model.say(Tone::Bad, format!("the picture was not saved: {why}")),
    }
}
