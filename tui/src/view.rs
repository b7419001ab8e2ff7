//! Draws the model. No I/O and no clock: the same model is the same screen. What can be clicked is found by drawing.

mod away;
mod bottom;
mod canvas;
mod details;
mod grid;
mod overlay;
mod panes;
mod pictures;
mod table;
mod title;
mod top;
mod why;

use parking_api::{CameraId, SlotId};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::actions::Action;
use crate::areas::Areas;
use crate::images::Pixels;
use crate::model::{Model, Pane};
use crate::terminal::Shown;
use canvas::Canvas;
pub use why::overflow as why_overflow;

/// What a click means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Slot(SlotId),
    Do(Action),
    /// Place of a lot.
    Lot(usize),
    /// The picture of a camera.
    Camera(CameraId),
    /// Row of the list that is shown.
    Row(usize),
    /// Place of what a line that is typed could become.
    Offer(usize),
    /// What stands over the screen, where it has nothing to click.
    Popup,
}

/// What was drawn besides the cells.
#[derive(Debug, Default)]
pub struct Drawn {
    hits: Vec<(Rect, Target)>,
    /// Where a person types.
    pub cursor: Option<Position>,
    /// Pictures that the terminal is to show, and where.
    pub pixels: Vec<(Rect, Pixels)>,
    /// What stands over the rest.
    covers: Vec<Rect>,
}

impl From<Drawn> for Shown {
    fn from(drawn: Drawn) -> Self {
        Self { cursor: drawn.cursor, pixels: drawn.pixels }
    }
}

/// Draws everything.
pub fn draw(model: &Model, buf: &mut Buffer) -> Drawn {
    let screen = buf.area;
    buf.set_style(screen, model.look.base());
    let areas = Areas::of(model);
    let mut canvas = Canvas::new(buf, model.look);
    if areas.is_tiny {
        top::tiny(&mut canvas, model, areas.main);
        return finish(canvas);
    }
    top::draw(&mut canvas, model, &areas);
    match model.tab().pane {
        _ if model.tab().viewer.is_some() => {}
        Pane::Slots => {
            grid::draw(&mut canvas, model, areas.grid);
            details::side(&mut canvas, model, areas.side);
        }
        Pane::Slot => details::pane(&mut canvas, model, &areas),
        Pane::Sessions => panes::sessions(&mut canvas, model, areas.main),
        Pane::Cameras => panes::cameras(&mut canvas, model, &areas),
        Pane::Events => panes::events(&mut canvas, model, areas.main),
    }
    pictures::draw(&mut canvas, model);
    if !model.tab().lot.is_live() {
        model.look.fade(canvas.buf, areas.counts);
        model.look.fade(canvas.buf, areas.main);
    }
    if model.popup.is_some() {
        // What stands behind it is not to be reached.
        canvas.drawn.hits.clear();
    }
    bottom::draw(&mut canvas, model, &areas);
    overlay::draw(&mut canvas, model);
    pictures::release(&mut canvas);
    finish(canvas)
}

fn finish(canvas: Canvas<'_>) -> Drawn {
    let Canvas { buf, look, drawn } = canvas;
    look.adapt(buf);
    drawn
}

/// What lies at a cell; the uppermost counts.
pub fn target(model: &Model, at: Position) -> Option<Target> {
    let (columns, rows) = model.size;
    let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
    let drawn = draw(model, &mut buf);
    drawn.hits.iter().rev().find(|(area, _)| area.contains(at)).map(|(_, target)| target.clone())
}

#[cfg(test)]
mod tests;
