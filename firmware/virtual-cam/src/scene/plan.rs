//! The demo lot on paper: 48 bays in three zones along one lane, and the two cameras above it. Knows no cars and no pixels.

use std::sync::LazyLock;

use parking_api::SlotCode;
use parking_api::slots::{NewSlot, Position, SlotKind, SlotState};

/// Id of the demo lot.
pub const LOT_ID: &str = "demo";
/// Its name for people.
pub const LOT_NAME: &str = "Demo car park";

/// Size of the area that is mapped, in metres; the origin is its top left corner.
pub const LOT_WIDTH: f32 = 68.5;
pub const LOT_HEIGHT: f32 = 26.4;
/// Depth of a bay from its mouth at the lane to its head at the kerb, in metres.
pub const BAY_DEPTH: f32 = 5.2;
/// Width of a bay, and of one for drivers who need room beside the car, in metres.
pub const BAY_WIDTH: f32 = 2.5;
pub const BAY_WIDTH_ACCESSIBLE: f32 = 3.2;
/// Upper and lower edge of the lane between the rows, in metres.
pub const LANE_TOP: f32 = 9.9;
pub const LANE_BOTTOM: f32 = 16.5;
/// Width of the planted islands between and beside the zones, in metres.
pub const ISLAND_WIDTH: f32 = 1.6;
/// Where people walk in, in metres: everybody would like to park near it.
pub const DOOR: (f32, f32) = (11.6, 3.6);
/// Where cars come in and how they drive: from the left, to the right.
pub const ENTRANCE: (f32, f32) = (0.0, 13.2);

const BAYS_PER_ROW: usize = 8;
const ZONES: [&str; 3] = ["A", "B", "C"];
const ACCESSIBLE: [&str; 6] = ["A-01", "A-02", "A-09", "A-10", "C-08", "C-16"];
const EV: [&str; 6] = ["B-03", "B-04", "B-05", "B-06", "B-12", "B-13"];
/// Bays that are not free from the start, and why.
const SPECIAL: [(&str, SlotState, &str); 3] = [
    ("A-03", SlotState::Reserved, "Reserved for the manager"),
    ("B-09", SlotState::Reserved, "Reserved for deliveries until noon"),
    ("C-12", SlotState::Closed, "New surface, drying"),
];

/// The side of the lane on which a bay lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// Above the lane: the head points up.
    Upper,
    /// Below the lane: the head points down.
    Lower,
}

/// One bay as it is painted on the ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Bay {
    pub code: SlotCode,
    pub zone: &'static str,
    pub kind: SlotKind,
    /// State with which the demo begins.
    pub state: SlotState,
    pub note: Option<&'static str>,
    /// Centre, in metres.
    pub x: f32,
    pub y: f32,
    /// In metres; the depth is [`BAY_DEPTH`].
    pub width: f32,
    pub row: Row,
}

impl Bay {
    /// The corners, clockwise from the top left, in metres.
    pub fn corners(&self) -> [(f32, f32); 4] {
        let (left, right) = (self.x - self.width / 2.0, self.x + self.width / 2.0);
        let (top, bottom) = (self.y - BAY_DEPTH / 2.0, self.y + BAY_DEPTH / 2.0);
        [(left, top), (right, top), (right, bottom), (left, bottom)]
    }

    /// Where the bay ends at the kerb, in metres from the top.
    pub fn head_y(&self) -> f32 {
        self.y + self.row.outwards() * BAY_DEPTH / 2.0
    }
}

impl Row {
    /// -1 when the head of a bay points up, 1 when it points down.
    pub fn outwards(self) -> f32 {
        match self {
            Self::Upper => -1.0,
            Self::Lower => 1.0,
        }
    }
}

/// What a camera sees of the lot: a rectangle four wide and three high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// What the camera burns into its pictures.
    pub name: &'static str,
    /// Top left corner, in metres.
    pub x: f32,
    pub y: f32,
    /// In metres; the height is three quarters of it.
    pub width: f32,
}

impl View {
    /// In metres.
    pub fn height(&self) -> f32 {
        self.width * 0.75
    }

    /// Whether a point of the lot, in metres, is in the picture.
    pub fn contains(&self, (x, y): (f32, f32)) -> bool {
        (self.x..=self.x + self.width).contains(&x) && (self.y..=self.y + self.height()).contains(&y)
    }
}

/// One camera of the demo lot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DemoCamera {
    pub id: &'static str,
    pub name: &'static str,
    pub zone: &'static str,
    /// How often it uploads, in seconds.
    pub interval_s: u32,
    pub view: View,
}

const VIEW_WIDTH: f32 = 35.2;

/// Both cameras: the first sees zone A and the left half of B, the second the right half of B and zone C.
pub const CAMERAS: [DemoCamera; 2] = [
    DemoCamera {
        id: "cam-1",
        name: "Mast west",
        zone: "A",
        interval_s: 3,
        view: View { name: "CAM-1 MAST WEST", x: 0.0, y: 0.0, width: VIEW_WIDTH },
    },
    DemoCamera {
        id: "cam-2",
        name: "Mast east",
        zone: "C",
        interval_s: 3,
        view: View { name: "CAM-2 MAST EAST", x: LOT_WIDTH - VIEW_WIDTH, y: 0.0, width: VIEW_WIDTH },
    },
];

/// All bays, by code.
pub fn bays() -> &'static [Bay] {
    static BAYS: LazyLock<Vec<Bay>> = LazyLock::new(|| (0..ZONES.len()).flat_map(zone_bays).collect());
    &BAYS
}

/// The bay with this code.
pub fn bay(code: &SlotCode) -> Option<&'static Bay> {
    bays().iter().find(|bay| bay.code == *code)
}

/// The slots to create, by code; a position is the middle of the bay.
pub fn slots() -> Vec<NewSlot> {
    let mut slots = Vec::with_capacity(bays().len());
    for bay in bays() {
        slots.push(NewSlot {
            code: bay.code.clone(),
            zone: Some(bay.zone.to_owned()),
            level: 0,
            kind: bay.kind,
            state: Some(bay.state),
            position: Some(Position { x: centimetres(bay.x), y: centimetres(bay.y) }),
            note: bay.note.map(str::to_owned),
        });
    }
    slots
}

/// The metres of a drawing as a number that looks like one in JSON.
fn centimetres(metres: f32) -> f64 {
    (f64::from(metres) * 100.0).round() / 100.0
}

/// The islands of one row, each from its left to its right edge, in metres. Both rows have the same.
pub fn islands() -> [(f32, f32); 4] {
    let mut islands = [(0.0, 0.0); 4];
    let mut x = 0.0;
    for (island, zone) in islands.iter_mut().zip(ZONES.iter().map(Some).chain([None])) {
        *island = (x, x + ISLAND_WIDTH);
        let codes = zone.into_iter().flat_map(|zone| (1..=BAYS_PER_ROW).map(move |number| code(zone, number)));
        x += ISLAND_WIDTH + codes.map(|code| width_of(kind_of(&code))).sum::<f32>();
    }
    islands
}

fn zone_bays(index: usize) -> Vec<Bay> {
    let zone = ZONES[index];
    let mut bays = Vec::with_capacity(2 * BAYS_PER_ROW);
    for (row, first, y) in
        [(Row::Upper, 1, LANE_TOP - BAY_DEPTH / 2.0), (Row::Lower, 1 + BAYS_PER_ROW, LANE_BOTTOM + BAY_DEPTH / 2.0)]
    {
        let mut left = islands()[index].1;
        for number in first..first + BAYS_PER_ROW {
            let text = code(zone, number);
            let kind = kind_of(&text);
            let width = width_of(kind);
            let special = SPECIAL.iter().find(|(code, ..)| *code == text);
            // Every code above is a valid one; a test counts the bays.
            let Ok(code) = text.parse() else { continue };
            bays.push(Bay {
                code,
                zone,
                kind,
                state: special.map_or(SlotState::Free, |(_, state, _)| *state),
                note: special.map(|(.., note)| *note),
                x: left + width / 2.0,
                y,
                width,
                row,
            });
            left += width;
        }
    }
    bays
}

fn code(zone: &str, number: usize) -> String {
    format!("{zone}-{number:02}")
}

fn kind_of(code: &str) -> SlotKind {
    match code {
        _ if ACCESSIBLE.contains(&code) => SlotKind::Accessible,
        _ if EV.contains(&code) => SlotKind::Ev,
        _ => SlotKind::Standard,
    }
}

fn width_of(kind: SlotKind) -> f32 {
    if kind == SlotKind::Accessible { BAY_WIDTH_ACCESSIBLE } else { BAY_WIDTH }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_48_slots_in_three_zones_of_three_kinds() {
        let slots = slots();
        assert_eq!(slots.len(), 48);
        let mut codes: Vec<_> = slots.iter().map(|slot| slot.code.clone()).collect();
        codes.dedup();
        assert_eq!(codes.len(), 48);
        for zone in ZONES {
            assert_eq!(slots.iter().filter(|slot| slot.zone.as_deref() == Some(zone)).count(), 16, "{zone}");
        }
        for (kind, count) in [(SlotKind::Standard, 36), (SlotKind::Accessible, 6), (SlotKind::Ev, 6)] {
            assert_eq!(slots.iter().filter(|slot| slot.kind == kind).count(), count, "{kind}");
        }
        assert_eq!(slots.iter().filter(|slot| slot.state != Some(SlotState::Free)).count(), SPECIAL.len());
        assert_eq!((slots[0].code.as_str(), slots[47].code.as_str()), ("A-01", "C-16"));
    }

    #[test]
    fn no_two_bays_overlap_and_none_leaves_the_lot() {
        for (index, bay) in bays().iter().enumerate() {
            let [(left, top), _, (right, bottom), _] = bay.corners();
            assert!(left > 0.0 && top > 0.0 && right < LOT_WIDTH && bottom < LOT_HEIGHT, "{}", bay.code);
            for other in &bays()[index + 1..] {
                let apart_x = (bay.x - other.x).abs() > (bay.width + other.width) / 2.0 - 0.001;
                let apart_y = (bay.y - other.y).abs() > BAY_DEPTH - 0.001;
                assert!(apart_x || apart_y, "{} and {}", bay.code, other.code);
            }
        }
    }

    #[test]
    fn islands_close_the_rows_at_both_ends() {
        let islands = islands();
        assert_eq!(islands[0].0, 0.0);
        assert!((islands[3].1 - LOT_WIDTH).abs() < 0.01, "{islands:?}");
    }

    #[test]
    fn each_bay_is_seen_whole_by_one_camera_at_least() {
        for bay in bays() {
            let seen = CAMERAS.iter().filter(|camera| bay.corners().iter().all(|corner| camera.view.contains(*corner)));
            assert!(seen.count() >= 1, "{}", bay.code);
        }
    }

    #[test]
    fn ids_are_valid_names() {
        assert!(LOT_ID.parse::<parking_api::LotId>().is_ok());
        assert!(CAMERAS.iter().all(|camera| camera.id.parse::<parking_api::CameraId>().is_ok()));
    }
}
