//! Pictures and the line above each that says what it is. Pixels lie over cells: each picture is drawn in cells first, and its pixels are
//! handed to the terminal only where nothing stands over them.

use parking_api::cameras::Camera;
use ratatui::buffer::CellDiffOption;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::Target;
use super::canvas::{Canvas, Part, width};
use crate::images::{Picture, Rendered};
use crate::lot::Sight;
use crate::model::{Model, Pane};
use crate::pictures::{self, Held, Place, Spot};
use crate::spans;
use crate::theme::{ALARM, rgb, style};

/// A caption is as wide as its picture, but for one that is narrower.
const CAPTION_MIN: u16 = 34;

/// Draws all pictures that are to be seen.
pub fn draw(canvas: &mut Canvas<'_>, model: &Model) {
    if model.pictures.is_off() {
        return;
    }
    let lot = &model.tab().lot;
    for place in pictures::places(model) {
        let held = model.pictures.held(&lot.id, &place.spot);
        let picture = held.and_then(|held| held.picture.as_ref());
        let area = picture.map(|picture| centered(place.area, picture.image.cells));
        caption(canvas, model, &place, picture, area);
        match (picture, area) {
            (Some(picture), Some(area)) => {
                cells(canvas, &picture.image, area);
                // What is stale is seen to be so: cells can be dimmed, pixels cannot. Nor can they be cut where a screen has shrunk.
                let is_whole = (area.width, area.height) == picture.image.cells;
                if let Some(pixels) = picture.image.pixels.as_ref().filter(|_| lot.is_live() && is_whole) {
                    canvas.drawn.pixels.push((area, pixels.clone()));
                }
            }
            _ => absent(canvas, &place, held),
        }
        canvas.hit(Rect { y: place.caption.y, height: place.area.height + 1, ..place.area }, target(&place));
    }
}

fn target(place: &Place) -> Target {
    match place.spot {
        Spot::Large => Target::Popup,
        _ => Target::Camera(place.camera.clone()),
    }
}

/// Leaves to the terminal what lies under pixels; where something stands over a picture it stays in cells.
pub fn release(canvas: &mut Canvas<'_>) {
    let covers = std::mem::take(&mut canvas.drawn.covers);
    canvas.drawn.pixels.retain(|(area, _)| !covers.iter().any(|cover| cover.intersects(*area)));
    for (area, _) in &canvas.drawn.pixels {
        for position in area.intersection(canvas.buf.area).positions() {
            canvas.buf[position].set_diff_option(CellDiffOption::Skip);
        }
    }
}

fn centered(area: Rect, (columns, rows): (u16, u16)) -> Rect {
    let (columns, rows) = (columns.min(area.width), rows.min(area.height));
    Rect::new(area.x + (area.width - columns) / 2, area.y, columns, rows)
}

fn cells(canvas: &mut Canvas<'_>, picture: &Rendered, area: Rect) {
    let look = canvas.look;
    for position in area.intersection(canvas.buf.area).positions() {
        if let Some(block) = picture.block_at(position.x - area.x, position.y - area.y) {
            block.draw(&mut canvas.buf[position], look);
        }
    }
}

fn absent(canvas: &mut Canvas<'_>, place: &Place, held: Option<&Held>) {
    let look = canvas.look;
    let area = place.area;
    let panel = rgb(look.theme.panel);
    canvas.fill(area, look.base().bg(panel));
    let text = match held {
        _ if place.subject.is_none() => "no picture yet",
        Some(held) => held.failed.as_deref().unwrap_or("fetching the picture"),
        None => "fetching the picture",
    };
    let x = area.x + area.width.saturating_sub(text.len() as u16) / 2;
    canvas.text(x, area.y + area.height / 2, area.right().saturating_sub(x), text, look.dim().bg(panel));
}

/// Which camera, when, and what is wrong with it; as wide as the picture.
fn caption(canvas: &mut Canvas<'_>, model: &Model, place: &Place, picture: Option<&Picture>, area: Option<Rect>) {
    let (look, tab) = (canvas.look, model.tab());
    let line = match area {
        Some(area) if area.width >= CAPTION_MIN => Rect { x: area.x, width: area.width, ..place.caption },
        _ => place.caption,
    };
    let camera = tab.lot.cameras.iter().find(|camera| camera.id == place.camera);
    let is_selected = tab.pane == Pane::Cameras
        && tab.viewer.is_none()
        && tab.lot.cameras.get(tab.cameras.cursor).is_some_and(|camera| camera.id == place.camera);
    let mut right: Vec<Part> = camera.map(|camera| flags(model, camera)).unwrap_or_default();
    if let Some(picture) = picture {
        // Which camera it is matters more than when to the second.
        let room = line.width.saturating_sub(width(&right) + place.camera.as_str().len() as u16 + 4);
        let texts = when(model, place, picture);
        let text = texts.iter().find(|text| text.len() <= usize::from(room)).unwrap_or(&texts[1]);
        right.push((format!(" {text}"), look.ink(look.theme.text)));
    }
    let name_style = if is_selected { look.selected() } else { look.strong() };
    let name = camera.map(|camera| camera.name.as_str()).filter(|name| *name != place.camera.as_str());
    let needs = width(&right).min(line.width);
    let room = line.width.saturating_sub(needs + 1);
    let lead = if is_selected { format!(" {} ", place.camera) } else { place.camera.to_string() };
    let parts = [(lead, name_style), (format!(" {}", name.unwrap_or_default()), look.dim())];
    canvas.line(line.x, line.y, room, &parts);
    canvas.line(line.right() - needs, line.y, needs, &right);
}

/// What must not be overlooked.
fn flags(model: &Model, camera: &Camera) -> Vec<Part> {
    let look = &model.look;
    let alarm = style(look.theme.alarm.fg, look.theme.alarm.bg).add_modifier(Modifier::BOLD);
    match Sight::of(camera) {
        Sight::Good => Vec::new(),
        sight => vec![(format!(" {} {} ", look.glyph(ALARM), sight.word().to_uppercase()), alarm)],
    }
}

/// When it was taken, and how old it is or which of how many; and the same in short.
fn when(model: &Model, place: &Place, picture: &Picture) -> [String; 2] {
    let tab = model.tab();
    let at = spans::second(picture.capture.captured_at, model.now, &tab.lot.zone);
    let viewer = tab.viewer.as_ref().filter(|viewer| place.spot == Spot::Large && viewer.at.is_some());
    match viewer.and_then(|viewer| Some((viewer.place(viewer.at)?, viewer))) {
        Some((back, viewer)) => {
            let more = if viewer.cursor.is_some() { "+" } else { "" };
            let place = format!("{back} back of {}{more}", viewer.list.len().saturating_sub(1));
            [format!("{at}  {place}"), place]
        }
        None if place.is_live => {
            let age = spans::age(picture.capture.captured_at, model.now);
            let ago = if age == "now" { age } else { format!("{age} ago") };
            [format!("{at}  {ago}"), ago]
        }
        None => [at.clone(), at],
    }
}
