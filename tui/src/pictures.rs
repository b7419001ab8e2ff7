//! Which pictures are to be seen where, and how far each is. Pure: `images` makes them, `view::pictures` draws them.

mod viewer;

use std::collections::BTreeMap;

use parking_api::cameras::Camera;
use parking_api::events::{ActorKind, EventChange};
use parking_api::slots::Slot;
use parking_api::{CameraId, CaptureId, LotId, Time};
use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

use crate::areas::Areas;
use crate::effect::Effect;
use crate::images::choice::Chosen;
use crate::images::{Drawing, Picture, Protocol};
use crate::model::{Model, Pane, Tab};

pub use viewer::Viewer;

/// Least time between two pictures in one place, in milliseconds: two in a second here, one at the other end of a line.
const GAP_MS: i64 = 500;
const GAP_REMOTE_MS: i64 = 1_000;
/// Bytes that pictures may send to the terminal in a second.
const RATE: usize = 3 * 1024 * 1024;
const RATE_REMOTE: usize = 512 * 1024;
/// What could not be shown is tried again after this long, in milliseconds.
const RETRY_MS: i64 = 15_000;
/// A picture of fewer cells shows nothing.
const COLUMNS_MIN: u16 = 12;
const ROWS_MIN: u16 = 4;
/// The sides of a picture that is not known yet.
const SIDES_GUESS: (u32, u32) = (4, 3);
/// Columns of a picture on the wall of cameras, at least.
const TILE_COLUMNS_MIN: u16 = 28;

/// A place for a picture.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spot {
    /// Beside the slots.
    Side,
    /// Beside the history of a slot.
    Slot,
    Wall(CameraId),
    /// All of the pane.
    Large,
}

/// Which picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    One {
        camera: CameraId,
        capture: CaptureId,
    },
    /// The last that the camera took before.
    Before {
        camera: CameraId,
        at: Time,
    },
}

impl Subject {
    pub fn camera(&self) -> &CameraId {
        match self {
            Self::One { camera, .. } | Self::Before { camera, .. } => camera,
        }
    }
}

/// What is asked of those who make pictures ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    pub subject: Subject,
    /// Room for it, in columns and rows.
    pub cells: (u16, u16),
    pub drawing: Drawing,
}

/// A place on the screen and what belongs there.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub spot: Spot,
    pub camera: CameraId,
    /// Where the line stands that says what it is.
    pub caption: Rect,
    pub area: Rect,
    /// None where there is no picture yet.
    pub subject: Option<Subject>,
    /// A newer one of the same camera may take its place.
    pub is_live: bool,
}

/// One place and how far it is.
#[derive(Debug, Clone, Default)]
pub struct Held {
    asked: Option<Ask>,
    /// It was asked for as the newest.
    is_live: bool,
    pub is_loading: bool,
    pub picture: Option<Picture>,
    pub failed: Option<String>,
    /// Nothing newer is asked for before.
    next_at: Option<Time>,
}

/// All pictures of the console.
#[derive(Debug, Clone, Default)]
pub struct Pictures {
    pub chosen: Chosen,
    held: BTreeMap<(LotId, Spot), Held>,
}

impl Pictures {
    pub fn drawing(&self) -> Drawing {
        self.chosen.drawing
    }

    pub fn is_off(&self) -> bool {
        self.drawing().protocol == Protocol::Off
    }

    pub fn held(&self, lot: &LotId, spot: &Spot) -> Option<&Held> {
        self.held.get(&(lot.clone(), spot.clone()))
    }

    /// The next way to draw, of those that this terminal has.
    pub fn switch(&mut self) -> Protocol {
        let chosen = &mut self.chosen;
        if !chosen.others.is_empty() {
            let next = chosen.others.remove(0);
            chosen.others.push(chosen.drawing.protocol);
            chosen.drawing.protocol = next;
            chosen.why = "it was asked for".into();
        }
        chosen.drawing.protocol
    }

    /// When a newer picture may be asked for; none when nothing waits.
    pub fn wake_at(&self) -> Option<Time> {
        self.held.values().filter_map(|held| held.next_at).min()
    }

    /// The clock was set by so much.
    pub fn shift(&mut self, step_ms: i64) {
        self.held.values_mut().filter_map(|held| held.next_at.as_mut()).for_each(|at| *at = at.plus_ms(step_ms));
    }

    fn gap_ms(&self) -> i64 {
        let (gap, rate) = if self.chosen.is_remote { (GAP_REMOTE_MS, RATE_REMOTE) } else { (GAP_MS, RATE) };
        let weight: usize =
            self.held.values().filter_map(|held| held.picture.as_ref()).map(|picture| picture.image.weight()).sum();
        gap.max((weight * 1000 / rate) as i64)
    }
}

/// Takes in a picture that was made ready, if it is still wanted.
pub fn arrived(
    model: &mut Model,
    lot: LotId,
    spot: Spot,
    ask: &Ask,
    result: Result<Box<Picture>, String>,
) -> Vec<Effect> {
    let gap_ms = model.pictures.gap_ms();
    let of = lot.clone();
    let tab = model.tabs.iter_mut().find(|tab| tab.lot.id == lot && spot == Spot::Large);
    let viewer = tab.and_then(|tab| tab.viewer.as_mut());
    let Some(held) = model.pictures.held.get_mut(&(lot, spot)).filter(|held| held.asked.as_ref() == Some(ask)) else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    held.is_loading = false;
    match result {
        Ok(picture) => {
            if let Some(viewer) = viewer.filter(|viewer| viewer.moment.is_some()) {
                effects.push(Effect::Fetch { lot: of, what: viewer.found(picture.capture.id) });
            }
            (held.picture, held.failed) = (Some(*picture), None);
            held.next_at = Some(model.now.plus_ms(gap_ms));
        }
        Err(why) => {
            (held.picture, held.failed) = (None, Some(why));
            held.next_at = Some(model.now.plus_ms(RETRY_MS));
        }
    }
    effects
}

/// Asks for what is to be seen and is not there, and forgets what is no longer to be seen.
pub fn settle(model: &mut Model) -> Vec<Effect> {
    let places = if model.pictures.is_off() { Vec::new() } else { places(model) };
    let lot = model.tab().lot.id.clone();
    let (now, drawing) = (model.now, model.pictures.drawing());
    let held = &mut model.pictures.held;
    held.retain(|(of, spot), _| *of == lot && places.iter().any(|place| place.spot == *spot));
    let mut effects = Vec::new();
    for place in places {
        let held = held.entry((lot.clone(), place.spot.clone())).or_default();
        let Some(subject) = place.subject else {
            *held = Held::default();
            continue;
        };
        let ask = Ask { subject, cells: (place.area.width, place.area.height), drawing };
        let is_waiting = held.is_loading || held.next_at.is_some_and(|at| at > now);
        let before = held.asked.as_ref();
        let is_newer = place.is_live
            && held.is_live
            && before.is_some_and(|before| {
                (before.subject.camera(), before.cells, before.drawing)
                    == (ask.subject.camera(), ask.cells, ask.drawing)
            });
        let is_same = before == Some(&ask);
        if is_same && (held.failed.is_none() || is_waiting) {
            // What is there is what belongs there.
            held.next_at = held.next_at.filter(|at| *at > now);
            continue;
        }
        if is_newer && is_waiting {
            continue;
        }
        if before.is_none_or(|before| before.subject.camera() != ask.subject.camera()) {
            held.picture = None;
        }
        (held.asked, held.is_live) = (Some(ask.clone()), place.is_live);
        (held.is_loading, held.failed, held.next_at) = (true, None, None);
        effects.push(Effect::LoadImage { lot: lot.clone(), spot: place.spot, ask });
    }
    effects
}

/// Every picture that is to be seen now.
pub fn places(model: &Model) -> Vec<Place> {
    let areas = Areas::of(model);
    let tab = model.tab();
    if areas.is_tiny {
        return Vec::new();
    }
    if let Some(viewer) = &tab.viewer {
        let place = place(Spot::Large, &viewer.camera, areas.main, viewer.shown(tab));
        return place.map(|place| Place { is_live: viewer.is_live(), ..place }).into_iter().collect();
    }
    match tab.pane {
        Pane::Slots => side(tab, areas.side).into_iter().collect(),
        Pane::Slot => beside_history(tab, areas.picture).into_iter().collect(),
        Pane::Cameras => wall(model, areas.wall),
        Pane::Sessions | Pane::Events => Vec::new(),
    }
}

/// A line for the caption, the rest for the picture.
fn place(spot: Spot, camera: &CameraId, area: Rect, subject: Option<Subject>) -> Option<Place> {
    let caption = Rect { height: 1, ..area };
    let area = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
        return None;
    }
    Some(Place { spot, camera: camera.clone(), caption, area, subject, is_live: true })
}

pub fn newest(camera: &Camera) -> Option<Subject> {
    let capture = camera.contact.as_ref()?.capture_id?;
    Some(Subject::One { camera: camera.id.clone(), capture })
}

/// The camera that sees a slot: the one that has seen its last change, else one of its zone, else the only one.
pub fn camera_of<'a>(tab: &'a Tab, slot: &Slot) -> Option<&'a Camera> {
    let cameras = &tab.lot.cameras;
    let actor = tab.lot.actors.get(&slot.id).filter(|actor| actor.kind == ActorKind::Camera);
    let by_actor = || cameras.iter().find(|camera| Some(camera.id.as_str()) == actor.and_then(|a| a.name.as_deref()));
    let of_zone = || {
        let mut of_zone: Vec<_> = cameras.iter().filter(|camera| camera.zone == slot.zone).collect();
        of_zone.sort_by_key(|camera| newest(camera).is_none());
        of_zone.first().copied()
    };
    let only = || cameras.first().filter(|camera| cameras.len() == 1 && camera.zone.is_none());
    by_actor().or_else(of_zone).or_else(only)
}

/// At the lower end of the details, so that it stays where it is whatever stands above it.
fn side(tab: &Tab, area: Rect) -> Option<Place> {
    let camera = camera_of(tab, tab.selected()?)?;
    let inner =
        Rect { x: area.x + 2, y: area.y + 1, width: area.width.checked_sub(4)?, height: area.height.checked_sub(2)? };
    let rows = picture_rows(inner.width, inner.height.saturating_sub(DETAIL_ROWS) * 2 / 3)?;
    let area = Rect { y: inner.bottom() - rows, height: rows, ..inner };
    place(Spot::Side, &camera.id, area, newest(camera))
}

/// Lines that the details of a slot need above its picture.
const DETAIL_ROWS: u16 = 8;

/// Rows of a picture of the usual sides and its caption, at most `rows`.
fn picture_rows(columns: u16, rows: u16) -> Option<u16> {
    let (_, needs) = crate::images::paint::fit(SIDES_GUESS, (columns, rows.checked_sub(1)?), crate::images::CELL_GUESS);
    Some(needs + 1)
}

/// The picture of the moment that the history is looked at.
fn beside_history(tab: &Tab, area: Rect) -> Option<Place> {
    let slot = tab.selected()?;
    let camera = camera_of(tab, slot)?;
    let past = moment(tab);
    let subject = match past {
        Some(at) => Some(Subject::Before { camera: camera.id.clone(), at }),
        None => newest(camera),
    };
    let rows = picture_rows(area.width, area.height)?;
    let place = place(Spot::Slot, &camera.id, Rect { height: rows, ..area }, subject)?;
    Some(Place { is_live: past.is_none(), ..place })
}

/// Just after the change that is selected in the history of a slot; none for the newest, which is looked at in the newest picture.
pub fn moment(tab: &Tab) -> Option<Time> {
    let (history, row) = (&tab.slot.history, tab.slot.rows.cursor);
    let event = history.get(history.len().checked_sub(row + 1)?)?;
    let is_past = tab.pane == Pane::Slot && row > 0 && matches!(event.change, EventChange::SlotChanged { .. });
    is_past.then(|| event.at.plus_ms(1))
}

/// As many as fit, and the one that is selected among them.
fn wall(model: &Model, area: Rect) -> Vec<Place> {
    let tab = model.tab();
    let cameras = &tab.lot.cameras;
    let Some((columns, rows)) = wall_grid(cameras.len(), area) else { return Vec::new() };
    let fits = usize::from(columns * rows);
    let first = tab.cameras.cursor.min(cameras.len().saturating_sub(1)) / fits * fits;
    let (width, height) = (area.width / columns, area.height / rows);
    let tiles = cameras.iter().skip(first).take(fits).enumerate().filter_map(|(at, camera)| {
        let (x, y) = (at as u16 % columns, at as u16 / columns);
        let tile = Rect::new(area.x + x * width + 1, area.y + y * height, width - 2, height);
        place(Spot::Wall(camera.id.clone()), &camera.id, tile, newest(camera))
    });
    tiles.collect()
}

/// Columns and rows of the wall for the largest pictures of so many cameras; fewer are shown where they would be too small.
fn wall_grid(cameras: usize, area: Rect) -> Option<(u16, u16)> {
    let columns_max = (area.width / TILE_COLUMNS_MIN).max(1);
    let cameras = u16::try_from(cameras).unwrap_or(u16::MAX);
    let size = |columns: u16| {
        let rows_max = (area.height / (ROWS_MIN + 1)).max(1);
        let rows = cameras.div_ceil(columns).clamp(1, rows_max);
        let room = ((area.width / columns).saturating_sub(2), (area.height / rows).saturating_sub(1));
        let fitted = crate::images::paint::fit(SIDES_GUESS, room, crate::images::CELL_GUESS);
        let shown = u32::from((columns * rows).min(cameras));
        (shown, u32::from(fitted.0) * u32::from(fitted.1), (columns, rows))
    };
    if cameras == 0 || area.width < TILE_COLUMNS_MIN || area.height < ROWS_MIN + 2 {
        return None;
    }
    (1..=columns_max).map(size).max_by_key(|(shown, cells, _)| (*shown, *cells)).map(|(.., grid)| grid)
}

#[cfg(test)]
mod tests;
