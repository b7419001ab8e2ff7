//! Draws the model. No I/O and no clock: the same model is the same screen. What can be clicked is found by drawing.

mod bottom;
mod canvas;
mod details;
mod grid;
mod overlay;
mod panes;
mod table;
mod top;

use parking_api::SlotId;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::actions::Action;
use crate::areas::Areas;
use crate::model::{Model, Pane};
use canvas::Canvas;

/// What a click means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Slot(SlotId),
    Do(Action),
    /// Place of a lot.
    Lot(usize),
    /// Row of the list that is shown.
    Row(usize),
    /// What stands over the screen, where it has nothing to click.
    Popup,
}

/// What was drawn besides the cells.
#[derive(Debug, Default)]
pub struct Drawn {
    hits: Vec<(Rect, Target)>,
    /// Where a person types.
    pub cursor: Option<Position>,
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
        Pane::Slots => {
            grid::draw(&mut canvas, model, areas.grid);
            details::side(&mut canvas, model, areas.side);
        }
        Pane::Slot => details::pane(&mut canvas, model, areas.main),
        Pane::Sessions => panes::sessions(&mut canvas, model, areas.main),
        Pane::Cameras => panes::cameras(&mut canvas, model, areas.main),
        Pane::Events => panes::events(&mut canvas, model, areas.main),
    }
    if !model.tab().lot.is_live() {
        model.look.fade(canvas.buf, areas.main);
    }
    bottom::draw(&mut canvas, model, &areas);
    overlay::draw(&mut canvas, model);
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
    drawn.hits.iter().rev().find(|(area, _)| area.contains(at)).map(|(_, target)| *target)
}

#[cfg(test)]
mod tests;
