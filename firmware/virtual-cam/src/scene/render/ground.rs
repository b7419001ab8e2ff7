//! What lies flat and is older than any car: asphalt with its stains, kerbs, paving, lawn, the road and the roof of the shop.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tiny_skia::{PathBuilder, Rect};

use super::canvas::{Canvas, Rgb, circle, line, rect, rounded, shade};
use crate::scene::plan::{self, BAY_DEPTH, LANE_BOTTOM, LANE_TOP, LOT_HEIGHT, LOT_WIDTH};

/// Lower edge of the roof, of the paving, of the kerb strip above the bays, in metres from the top.
pub const ROOF_BOTTOM: f32 = 1.95;
pub const PAVING_BOTTOM: f32 = KERB_TOP;
const KERB_TOP: f32 = BAYS_TOP - KERB_DEPTH;
const BAYS_TOP: f32 = LANE_TOP - BAY_DEPTH;
const BAYS_BOTTOM: f32 = LANE_BOTTOM + BAY_DEPTH;
/// Depth of the concrete strip at the head of the bays, on which their codes are painted.
pub const KERB_DEPTH: f32 = 0.85;
/// Lower edge of the hedge and of the footway below the bays.
pub const HEDGE_BOTTOM: f32 = 23.8;
const FOOTWAY_BOTTOM: f32 = 25.2;
/// Where the shop ends and the lawn beside it begins, in metres from the left.
pub const SHOP_RIGHT: f32 = 41.0;

const ASPHALT: Rgb = [116, 117, 119];
const ROAD: Rgb = [98, 99, 102];
const CONCRETE: Rgb = [164, 162, 155];
const PAVING: Rgb = [178, 170, 158];
const GRASS: Rgb = [92, 126, 66];
const ROOF: Rgb = [122, 118, 114];

/// The wear of the ground is the same in every picture.
const WEAR_SEED: u64 = 48;

pub fn draw(canvas: &mut Canvas) {
    canvas.fill(rect(-1.0, -1.0, LOT_WIDTH + 1.0, LOT_HEIGHT + 1.0), ASPHALT, 1.0);
    wear(canvas);
    upper_side(canvas);
    lower_side(canvas);
    islands(canvas);
}

/// Oil where engines stood, tracks where wheels rolled, patches and cracks.
fn wear(canvas: &mut Canvas) {
    let mut rng = SmallRng::seed_from_u64(WEAR_SEED);
    for y in [LANE_TOP + 1.7, LANE_TOP + 2.6, LANE_BOTTOM - 2.6, LANE_BOTTOM - 1.7] {
        canvas.stroke(line(&[(-1.0, y), (LOT_WIDTH + 1.0, y)]), 0.45, [40, 41, 44], 0.10);
        canvas.stroke(line(&[(-1.0, y), (LOT_WIDTH + 1.0, y)]), 0.2, [40, 41, 44], 0.10);
    }
    for bay in plan::bays() {
        for _ in 0..rng.random_range(1..4) {
            let at = (bay.x + rng.random_range(-0.5..0.5), bay.y + rng.random_range(-1.7..1.7));
            let size = rng.random_range(0.25..0.8);
            canvas.spot(at, (size, size * rng.random_range(0.7..1.4)), [30, 30, 33], rng.random_range(0.1..0.38));
        }
    }
    for _ in 0..9 {
        let (x, y) = (rng.random_range(0.0..LOT_WIDTH), rng.random_range(LANE_TOP..LANE_BOTTOM - 1.5));
        let (width, height) = (rng.random_range(1.0..3.2), rng.random_range(0.8..1.6));
        let tone = if rng.random_bool(0.6) { [62, 63, 66] } else { [112, 113, 115] };
        canvas.fill(rect(x, y, x + width, y + height), tone, 0.28);
    }
    for _ in 0..16 {
        let mut points = vec![(rng.random_range(0.0..LOT_WIDTH), rng.random_range(BAYS_TOP..BAYS_BOTTOM))];
        let mut heading: f32 = rng.random_range(0.0..std::f32::consts::TAU);
        for _ in 0..rng.random_range(4..10) {
            heading += rng.random_range(-0.7..0.7);
            let (x, y) = points.last().copied().unwrap_or_default();
            points.push((x + heading.cos() * 0.4, y + heading.sin() * 0.4));
        }
        canvas.stroke(line(&points), 0.035, [38, 39, 41], 0.55);
    }
    for x in [9.5, 29.0, 47.5, 62.0] {
        canvas.fill(circle(x, 13.2, 0.42), [58, 59, 61], 1.0);
        canvas.stroke(circle(x, 13.2, 0.36), 0.05, [104, 105, 107], 1.0);
        canvas.stroke(line(&[(x - 0.22, 13.1), (x + 0.22, 13.1)]), 0.05, [36, 37, 39], 1.0);
        canvas.stroke(line(&[(x - 0.22, 13.3), (x + 0.22, 13.3)]), 0.05, [36, 37, 39], 1.0);
    }
}

/// The shop with its paving, the lawn beside it, and the strip at the head of the upper bays.
fn upper_side(canvas: &mut Canvas) {
    canvas.fill(rect(-1.0, -1.0, LOT_WIDTH + 1.0, KERB_TOP), GRASS, 1.0);
    tufts(canvas, (SHOP_RIGHT, 0.0, LOT_WIDTH, KERB_TOP), 500);
    canvas.fill(rect(-1.0, -1.0, SHOP_RIGHT + 1.4, PAVING_BOTTOM), PAVING, 1.0);
    let mut joints = PathBuilder::new();
    for column in 0..=(SHOP_RIGHT / 0.8) as u32 + 2 {
        push_line(&mut joints, (column as f32 * 0.8, 0.0), (column as f32 * 0.8, PAVING_BOTTOM));
    }
    for row in 1..4 {
        let y = ROOF_BOTTOM + row as f32 * 0.5;
        push_line(&mut joints, (-1.0, y), (SHOP_RIGHT + 1.4, y));
    }
    canvas.stroke(joints.finish(), 0.035, [120, 113, 103], 0.8);
    roof(canvas);
    let door = plan::DOOR.0;
    canvas.fill(rounded(door - 1.6, ROOF_BOTTOM + 0.12, door + 1.6, ROOF_BOTTOM + 0.95, 0.1), [70, 66, 62], 1.0);
    canvas.fill(rounded(door - 1.5, ROOF_BOTTOM + 0.2, door + 1.5, ROOF_BOTTOM + 0.87, 0.08), [96, 90, 84], 1.0);
    strip(canvas, KERB_TOP, BAYS_TOP);
}

/// The flat roof, its parapet, and what stands on it.
fn roof(canvas: &mut Canvas) {
    canvas.fill(rect(-1.0, -1.0, SHOP_RIGHT, ROOF_BOTTOM + 0.28), [66, 58, 52], 0.55);
    canvas.fill(rect(-1.0, -1.0, SHOP_RIGHT - 0.1, ROOF_BOTTOM), [206, 198, 186], 1.0);
    canvas.fill(rect(-1.0, -1.0, SHOP_RIGHT - 0.4, ROOF_BOTTOM - 0.28), ROOF, 1.0);
    for x in [5.0, 17.5, 21.0, 31.0] {
        canvas.fill(rect(x + 0.12, 0.2, x + 1.72, 1.5), [60, 58, 56], 0.6);
        canvas.fill(rounded(x, 0.0, x + 1.6, 1.36, 0.08), [196, 198, 198], 1.0);
        canvas.fill(circle(x + 0.8, 0.8, 0.46), [96, 98, 100], 1.0);
        canvas.stroke(line(&[(x + 0.4, 0.8), (x + 1.2, 0.8)]), 0.07, [170, 172, 174], 1.0);
        canvas.stroke(line(&[(x + 0.8, 0.4), (x + 0.8, 1.2)]), 0.07, [170, 172, 174], 1.0);
    }
    for x in [25.0, 26.6, 28.2, 35.6, 37.2] {
        canvas.fill(rounded(x, 0.1, x + 1.35, 1.45, 0.05), [28, 38, 66], 1.0);
        canvas.stroke(line(&[(x + 0.45, 0.1), (x + 0.45, 1.45)]), 0.03, [96, 112, 140], 0.8);
        canvas.stroke(line(&[(x + 0.9, 0.1), (x + 0.9, 1.45)]), 0.03, [96, 112, 140], 0.8);
        canvas.stroke(line(&[(x, 1.25), (x + 1.35, 1.25)]), 0.03, [96, 112, 140], 0.8);
    }
}

/// The strip at the head of the lower bays, the lawn for the hedge, the footway and the road.
fn lower_side(canvas: &mut Canvas) {
    canvas.fill(rect(-1.0, BAYS_BOTTOM + KERB_DEPTH, LOT_WIDTH + 1.0, HEDGE_BOTTOM), shade(GRASS, 0.85), 1.0);
    canvas.fill(rect(-1.0, HEDGE_BOTTOM, LOT_WIDTH + 1.0, FOOTWAY_BOTTOM), PAVING, 1.0);
    let mut joints = PathBuilder::new();
    for column in 0..=(LOT_WIDTH / 0.7) as u32 {
        push_line(&mut joints, (column as f32 * 0.7, HEDGE_BOTTOM), (column as f32 * 0.7, FOOTWAY_BOTTOM));
    }
    push_line(&mut joints, (-1.0, HEDGE_BOTTOM + 0.7), (LOT_WIDTH + 1.0, HEDGE_BOTTOM + 0.7));
    canvas.stroke(joints.finish(), 0.035, [120, 113, 103], 0.8);
    canvas.fill(rect(-1.0, FOOTWAY_BOTTOM, LOT_WIDTH + 1.0, LOT_HEIGHT + 1.0), ROAD, 1.0);
    canvas.fill(rect(-1.0, FOOTWAY_BOTTOM - 0.08, LOT_WIDTH + 1.0, FOOTWAY_BOTTOM + 0.12), CONCRETE, 1.0);
    canvas.stroke(line(&[(-1.0, 25.75), (LOT_WIDTH + 1.0, 25.75)]), 0.1, [226, 224, 214], 0.75);
    strip(canvas, BAYS_BOTTOM, BAYS_BOTTOM + KERB_DEPTH);
}

/// A strip of concrete with a raised edge towards the bays.
fn strip(canvas: &mut Canvas, top: f32, bottom: f32) {
    canvas.fill(rect(-1.0, top, LOT_WIDTH + 1.0, bottom), CONCRETE, 1.0);
    let edge = if top < LANE_TOP { bottom } else { top };
    canvas.stroke(line(&[(-1.0, edge), (LOT_WIDTH + 1.0, edge)]), 0.14, [206, 203, 194], 1.0);
    canvas.stroke(line(&[(-1.0, edge + 0.08), (LOT_WIDTH + 1.0, edge + 0.08)]), 0.04, [60, 60, 60], 0.5);
    let mut joints = PathBuilder::new();
    for column in 0..=(LOT_WIDTH / 3.0) as u32 {
        push_line(&mut joints, (column as f32 * 3.0 + 1.0, top), (column as f32 * 3.0 + 1.0, bottom));
    }
    canvas.stroke(joints.finish(), 0.03, [110, 108, 102], 0.9);
}

/// Kerbed islands of grass at both ends of each row of a zone; a path to the shop leads through the second of the upper ones.
fn islands(canvas: &mut Canvas) {
    for (index, (left, right)) in plan::islands().into_iter().enumerate() {
        for (top, bottom) in [(KERB_TOP, LANE_TOP - 0.25), (LANE_BOTTOM + 0.25, BAYS_BOTTOM + KERB_DEPTH)] {
            let (left, right) = (left + 0.06, right - 0.06);
            canvas.fill(rounded(left, top + 0.05, right + 0.05, bottom + 0.08, 0.7), [50, 50, 52], 0.45);
            canvas.fill(rounded(left, top, right, bottom, 0.65), [196, 193, 184], 1.0);
            if index == 1 {
                canvas.fill(rounded(left + 0.17, top + 0.17, right - 0.17, bottom - 0.17, 0.5), PAVING, 1.0);
                continue;
            }
            canvas.fill(rounded(left + 0.17, top + 0.17, right - 0.17, bottom - 0.17, 0.5), GRASS, 1.0);
            tufts(canvas, (left + 0.3, top + 0.4, right - 0.3, bottom - 0.4), 60);
        }
    }
}

/// Blades of grass in light and dark.
fn tufts(canvas: &mut Canvas, (left, top, right, bottom): (f32, f32, f32, f32), count: u32) {
    let mut rng = SmallRng::seed_from_u64(WEAR_SEED + left as u64);
    for (colour, alpha) in [([122, 154, 84], 0.5), ([62, 92, 46], 0.5)] {
        let mut blades = PathBuilder::new();
        for _ in 0..count / 2 {
            let (x, y) = (rng.random_range(left..right), rng.random_range(top..bottom));
            let size = rng.random_range(0.05..0.14);
            if let Some(blade) = Rect::from_xywh(x, y, size, size) {
                blades.push_oval(blade);
            }
        }
        canvas.fill(blades.finish(), colour, alpha);
    }
}

fn push_line(path: &mut PathBuilder, from: (f32, f32), to: (f32, f32)) {
    path.move_to(from.0, from.1);
    path.line_to(to.0, to.1);
}
