//! Which part of the screen is for what. Pure; `update` asks as well as `view`.

use ratatui::layout::Rect;

use crate::lot::{Link, LotView};
use crate::model::{Model, Pane, Tab};

/// Below this only the counts are shown.
pub const WIDTH_MIN: u16 = 40;
pub const HEIGHT_MIN: u16 = 12;
/// From this height on there is a line that names the panes.
const PANES_FROM: u16 = 16;
/// From this width on the details of a slot stand beside the grid, and how wide they are.
const SIDE_FROM: u16 = 110;
const SIDE_MIN: u16 = 34;
const SIDE_MAX: u16 = 52;
/// Rows of the table of cameras and of their pictures below it, at least.
const TABLE_MIN: u16 = 3;
const WALL_MIN: u16 = 8;

/// Which part of the screen is for what; one that is not shown is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Areas {
    pub is_tiny: bool,
    pub title: Rect,
    pub counts: Rect,
    pub alarm: Rect,
    pub panes: Rect,
    /// Whatever pane is open.
    pub main: Rect,
    /// The slots within it.
    pub grid: Rect,
    /// The details of the selected slot beside them.
    pub side: Rect,
    /// The picture beside the history of a slot.
    pub picture: Rect,
    /// The pictures of all cameras, below their table.
    pub wall: Rect,
    pub status: Rect,
    pub hints: Rect,
}

impl Areas {
    pub fn of(model: &Model) -> Self {
        let (width, height) = model.size;
        if width < WIDTH_MIN || height < HEIGHT_MIN {
            return Self { is_tiny: true, main: Rect::new(0, 0, width, height), ..Self::default() };
        }
        let line = |y: u16| Rect::new(0, y, width, 1);
        let mut areas = Self { title: line(0), counts: line(1), ..Self::default() };
        let mut top = 2;
        if is_alarming(&model.tab().lot) {
            areas.alarm = line(top);
            top += 1;
        }
        if height >= PANES_FROM {
            areas.panes = line(top);
            top += 1;
        }
        areas.hints = line(height - 1);
        areas.status = line(height - 2);
        areas.main = Rect::new(0, top, width, height - 2 - top);
        areas.grid = areas.main;
        let tab = model.tab();
        if width >= SIDE_FROM && tab.pane == Pane::Slots && !tab.slots.is_preview_hidden {
            let side = (width / 3).clamp(SIDE_MIN, SIDE_MAX);
            areas.grid.width = width - side;
            areas.side = Rect::new(width - side, top, side, areas.main.height);
        }
        if !model.pictures.is_off() {
            areas.divide_for_pictures(tab);
        }
        areas
    }

    fn divide_for_pictures(&mut self, tab: &Tab) {
        let main = self.main;
        match tab.pane {
            Pane::Slot if main.width >= SIDE_FROM => {
                let width = main.width * 2 / 5;
                self.picture = Rect { x: main.right() - width, width: width - 1, ..main };
            }
            Pane::Cameras => {
                let table = (tab.lot.cameras.len() as u16 + 2).min(main.height / 3).max(TABLE_MIN);
                let height = main.height.saturating_sub(table);
                if height >= WALL_MIN {
                    self.wall = Rect { y: main.bottom() - height, height, ..main };
                }
            }
            _ => {}
        }
    }
}

/// Whether something of a lot is to be said before all else.
pub fn is_alarming(lot: &LotView) -> bool {
    let is_down = matches!(lot.link, Link::Offline { .. } | Link::Ended { .. });
    is_down || lot.degraded.is_some() || lot.alarms().next().is_some()
}
