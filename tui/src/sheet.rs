//! The slots of one level laid out in cells: what fits where, how high it gets, and what lies next to what. Draws nothing.

use parking_api::slots::{Counts, Slot};
use serde::{Deserialize, Serialize};

use crate::lot::LotView;
use crate::plan::{Level, Zone};

/// How the slots are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Map,
    Compact,
    List,
}

impl Mode {
    pub fn next(self) -> Self {
        match self {
            Self::Map => Self::Compact,
            Self::Compact => Self::List,
            Self::List => Self::Map,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Compact => "compact",
            Self::List => "list",
        }
    }
}

/// A box of cells on the sheet, which may be higher than the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Box {
    pub x: u16,
    pub y: u32,
    pub width: u16,
    pub height: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// Place in the list of slots.
    pub slot: usize,
    pub at: Box,
    /// Does not pass the filter: it keeps its place, and nothing can be done with it.
    pub is_hidden: bool,
}

/// The border around a zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub at: Box,
    pub zone: Option<String>,
    pub counts: Counts,
}

/// The slots of one level laid out in cells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    pub height: u32,
    pub tiles: Vec<Tile>,
    pub frames: Vec<Frame>,
    /// Where cars drive.
    pub lanes: Vec<Box>,
}

/// Where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Up,
    Down,
    Left,
    Right,
}

/// Cells of a tile on the map, largest first: each has room for longer words, the first also for a note, the last for `occ25m` and its sign.
const TILES: [(u16, u16); 4] = [(16, 3), (10, 2), (8, 2), (7, 2)];
/// Cells of a compact tile besides its code: sign, mark, and `occ 25m` or a word alone.
const COMPACT: [u16; 2] = [9, 6];
/// Cells between two tiles, and from the border of a zone to its tiles.
const GAP: u16 = 1;
const PADDING: u16 = 2;
/// Rows of the border of a zone.
const BORDERS: u16 = 2;
/// Rows of a table that say what its columns are.
pub const LIST_HEAD: u32 = 1;

/// What a sheet is made for.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    pub width: u16,
    pub height: u16,
    pub mode: Mode,
    /// Place in the list of levels.
    pub level: usize,
}

impl Sheet {
    pub fn new(lot: &LotView, paper: Paper, is_shown: &dyn Fn(&Slot) -> bool) -> Self {
        let Some(level) = lot.plan.levels.get(paper.level.min(lot.plan.levels.len().saturating_sub(1))) else {
            return Self::default();
        };
        let maker = Maker { lot, level, is_shown, code: widest_code(lot, level) };
        match paper.mode {
            Mode::Map => maker.map(paper),
            Mode::Compact => maker.compact(paper),
            Mode::List => maker.list(paper.width),
        }
    }

    /// Tiles that can be gone to.
    fn open(&self) -> impl Iterator<Item = &Tile> {
        self.tiles.iter().filter(|tile| !tile.is_hidden)
    }

    pub fn tile(&self, slot: usize) -> Option<&Tile> {
        self.open().find(|tile| tile.slot == slot)
    }

    pub fn first(&self) -> Option<usize> {
        self.open().next().map(|tile| tile.slot)
    }

    pub fn last(&self) -> Option<usize> {
        self.open().last().map(|tile| tile.slot)
    }

    /// The nearest tile that lies `way` of `slot`.
    pub fn neighbour(&self, slot: usize, way: Way) -> Option<usize> {
        let from = self.tile(slot)?.at;
        let middle = |at: &Box| (i64::from(at.x) + i64::from(at.width / 2), i64::from(at.y));
        let (x, y) = middle(&from);
        let cost = |tile: &Tile| {
            let (to_x, to_y) = middle(&tile.at);
            let (dx, dy) = (to_x - x, to_y - y);
            let (ahead, aside) = match way {
                Way::Up => (-dy, dx),
                Way::Down => (dy, dx),
                Way::Left => (-dx, dy),
                Way::Right => (dx, dy),
            };
            let weight = if matches!(way, Way::Up | Way::Down) { 3 } else { 1 };
            let sideways = if weight == 1 { 1_000 } else { 1 };
            (ahead > 0).then(|| ahead * weight + aside.abs() * sideways)
        };
        self.open().filter_map(|tile| Some((cost(tile)?, tile.slot))).min().map(|(_, slot)| slot)
    }

    /// The first tile of the zone after that of `slot`, or before it.
    pub fn zone_beside(&self, slot: usize, is_next: bool) -> Option<usize> {
        let holds = |frame: &Frame, at: Box| {
            let (f, x, y) = (frame.at, at.x, at.y);
            (f.x..f.x + f.width).contains(&x) && (f.y..f.y + u32::from(f.height)).contains(&y)
        };
        let at = self.tile(slot)?.at;
        let index = self.frames.iter().position(|frame| holds(frame, at))?;
        let target = if is_next { index + 1 } else { index.checked_sub(1)? };
        let frame = self.frames.get(target)?;
        self.open().find(|tile| holds(frame, tile.at)).map(|tile| tile.slot)
    }
}

fn widest_code(lot: &LotView, level: &Level) -> u16 {
    let slots = level.zones.iter().flat_map(|zone| &zone.slots);
    slots.map(|&at| lot.slots[at].code.as_str().len() as u16).max().unwrap_or(4)
}

struct Maker<'a> {
    lot: &'a LotView,
    level: &'a Level,
    is_shown: &'a dyn Fn(&Slot) -> bool,
    /// Cells of the longest code.
    code: u16,
}

impl Maker<'_> {
    /// The real layout in the largest tiles that fit; else zones one after another; else tiles one after another. Tiles are laid once it is
    /// known which: a large lot has many, and this is done for each key.
    fn map(&self, paper: Paper) -> Sheet {
        let sizes = TILES.map(|(width, height)| (width.max(self.code), height));
        let real = sizes.iter().filter_map(|&size| self.real(paper.width, size));
        let in_order = [true, false]
            .into_iter()
            .flat_map(|has_lanes| sizes.iter().filter_map(move |&size| self.packed(paper.width, size, has_lanes)));
        let layouts: Vec<Layout<'_>> = real.chain(in_order).collect();
        let fits = layouts.iter().find(|layout| layout.height <= u32::from(paper.height));
        match fits.or(layouts.first()) {
            Some(layout) => self.lay(layout),
            None => self.flow(paper.width, sizes[sizes.len() - 1]),
        }
    }

    /// Zones as they lie.
    fn real(&self, width: u16, size: (u16, u16)) -> Option<Layout<'_>> {
        if self.level.bands.is_empty() {
            return None;
        }
        let mut layout = Layout { size, has_lanes: true, zones: Vec::new(), height: 0 };
        for band in &self.level.bands {
            let (mut x, top) = (0_u16, layout.height);
            for &index in band {
                let right = layout.put(&self.level.zones[index], (x, top))?;
                if right > width {
                    return None;
                }
                x = right.saturating_add(GAP);
            }
        }
        Some(layout)
    }

    /// Zones one after another, each as it lies.
    fn packed(&self, width: u16, size: (u16, u16), has_lanes: bool) -> Option<Layout<'_>> {
        let mut layout = Layout { size, has_lanes, zones: Vec::new(), height: 0 };
        let (mut x, mut top) = (0_u16, 0_u32);
        for zone in &self.level.zones {
            let (needs, _) = measure(zone, size, has_lanes)?;
            if needs > width {
                return None;
            }
            if x > 0 && x.saturating_add(needs) > width {
                (x, top) = (0, layout.height);
            }
            x = layout.put(zone, (x, top))?.saturating_add(GAP);
        }
        Some(layout)
    }

    fn lay(&self, layout: &Layout<'_>) -> Sheet {
        let mut sheet = Sheet::default();
        let (width, height) = layout.size;
        for (zone, at) in &layout.zones {
            let mut y = at.y + 1;
            for row in &zone.rows {
                if row.has_lane_above && layout.has_lanes {
                    sheet.lanes.push(Box { x: at.x + 1, y, width: at.width - 2, height: 1 });
                    y += 1;
                }
                for &(column, slot) in &row.cells {
                    let x = at.x + PADDING + column * (width + GAP);
                    self.tile(&mut sheet, slot, Box { x, y, width, height });
                }
                y += u32::from(height);
            }
            self.frame(&mut sheet, zone, *at);
        }
        sheet
    }

    /// A line for each tile, with the longest words that fit without scrolling.
    fn compact(&self, paper: Paper) -> Sheet {
        let [long, short] = COMPACT.map(|words| (self.code + words, 1));
        let rows = |zone: &Zone| zone.slots.len().div_ceil(per_row(paper.width, long)) + usize::from(BORDERS);
        let height: usize = self.level.zones.iter().map(rows).sum();
        self.flow(paper.width, if height <= usize::from(paper.height) { long } else { short })
    }

    /// Tiles one after another, in frames as wide as the paper.
    fn flow(&self, width: u16, size: (u16, u16)) -> Sheet {
        let mut sheet = Sheet::default();
        let per_row = per_row(width, size);
        for zone in &self.level.zones {
            let top = sheet.height;
            for (i, &slot) in zone.slots.iter().enumerate() {
                let x = PADDING + (i % per_row) as u16 * (size.0 + GAP);
                let y = top + 1 + (i / per_row) as u32 * u32::from(size.1);
                let tile_width = size.0.min(width.saturating_sub(x));
                self.tile(&mut sheet, slot, Box { x, y, width: tile_width, height: size.1 });
            }
            let rows = zone.slots.len().div_ceil(per_row) as u32 * u32::from(size.1);
            let height = (rows + u32::from(BORDERS)).min(u32::from(u16::MAX)) as u16;
            self.frame(&mut sheet, zone, Box { x: 0, y: top, width, height });
        }
        sheet
    }

    /// A row for each slot that is shown, zone by zone.
    fn list(&self, width: u16) -> Sheet {
        let mut sheet = Sheet { height: LIST_HEAD, ..Sheet::default() };
        for zone in &self.level.zones {
            for &slot in zone.slots.iter().filter(|&&slot| (self.is_shown)(&self.lot.slots[slot])) {
                let y = sheet.height;
                self.tile(&mut sheet, slot, Box { x: 0, y, width, height: 1 });
                sheet.height += 1;
            }
        }
        sheet
    }

    fn tile(&self, sheet: &mut Sheet, slot: usize, at: Box) {
        let is_hidden = !(self.is_shown)(&self.lot.slots[slot]);
        sheet.tiles.push(Tile { slot, at, is_hidden });
    }

    fn frame(&self, sheet: &mut Sheet, zone: &Zone, at: Box) {
        let mut counts = Counts::default();
        for &slot in &zone.slots {
            counts.add(&self.lot.slots[slot]);
        }
        sheet.height = sheet.height.max(at.y + u32::from(at.height));
        sheet.frames.push(Frame { at, zone: zone.name.clone(), counts });
    }
}

/// Where the zones go, and how high that gets; no tile lies there yet.
struct Layout<'a> {
    size: (u16, u16),
    has_lanes: bool,
    zones: Vec<(&'a Zone, Box)>,
    height: u32,
}

impl<'a> Layout<'a> {
    /// Where it ends on the right; none where its slots have no positions.
    fn put(&mut self, zone: &'a Zone, (x, y): (u16, u32)) -> Option<u16> {
        let (width, height) = measure(zone, self.size, self.has_lanes)?;
        self.height = self.height.max(y + u32::from(height));
        self.zones.push((zone, Box { x, y, width, height }));
        Some(x.saturating_add(width))
    }
}

/// Tiles beside each other where they stand one after another.
fn per_row(width: u16, size: (u16, u16)) -> usize {
    let inner = width.saturating_sub(2 * PADDING);
    ((inner + GAP) / (size.0 + GAP)).max(1).into()
}

/// Cells of a zone as it lies with its border; none where its slots have no positions.
fn measure(zone: &Zone, size: (u16, u16), has_lanes: bool) -> Option<(u16, u16)> {
    if zone.rows.is_empty() {
        return None;
    }
    let width = zone.columns.checked_mul(size.0 + GAP)?.checked_add(2 * PADDING - GAP)?;
    let lanes = if has_lanes { zone.rows.iter().filter(|row| row.has_lane_above).count() } else { 0 };
    let height = u16::try_from(zone.rows.len()).ok()?.checked_mul(size.1)?.checked_add(BORDERS + lanes as u16)?;
    Some((width, height))
}

#[cfg(test)]
mod tests;
