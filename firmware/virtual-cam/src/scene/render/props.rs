//! What stands on the lot besides cars: trees, hedge, lamp posts, charging posts, cones and posts in blocked bays.

use parking_api::SlotCode;
use parking_api::slots::{SlotKind, SlotState};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tiny_skia::{Path, PathBuilder, Transform};

use super::canvas::{Canvas, Rgb, circle, line, rounded, shade};
use super::ground::{HEDGE_BOTTOM, KERB_DEPTH, SHOP_RIGHT};
use crate::scene::plan::{self, BAY_DEPTH, Bay, LANE_BOTTOM, LANE_TOP, LOT_WIDTH};

/// A tree: its foot and the radius of its crown, in metres.
type Tree = ((f32, f32), f32);

const LEAVES: [Rgb; 4] = [[52, 86, 44], [68, 106, 52], [88, 128, 62], [112, 150, 76]];
const TREE_HEIGHT: f32 = 3.0;
/// Radius of the largest crown whose leaves grow with it, in metres.
const LEAF_RADIUS_MAX: f32 = 1.5;
/// The island whose lower tree is an old one, and the radius of its crown, in metres: it hangs over the bay beside it, which no camera sees.
const OLD_TREE: usize = 2;
const OLD_CROWN: f32 = 3.1;
const LAMP_HEIGHT: f32 = 5.0;
pub const CHARGER_HEIGHT: f32 = 1.3;
/// How far the arm of a lamp reaches over the lane, in metres.
const LAMP_ARM: f32 = 1.1;

/// Where the lamps hang, in metres.
pub fn lamp_heads() -> impl Iterator<Item = (f32, f32)> {
    lamp_feet().map(|(x, y, inwards)| (x, y + inwards * LAMP_ARM))
}

/// Outlines on the ground of what casts a long shadow, and its height.
pub fn outlines() -> impl Iterator<Item = (Path, Transform, f32)> {
    let crowns = trees().into_iter().filter_map(|((x, y), radius)| {
        // A crown floats, so its shadow lies away from the trunk; the outline is that of the crown alone.
        Some((PathBuilder::from_circle(0.0, 0.0, radius * 0.92)?, Transform::from_translate(x, y), TREE_HEIGHT * 0.7))
    });
    let posts = lamp_feet().filter_map(|(x, y, _)| {
        Some((PathBuilder::from_circle(0.0, 0.0, 0.07)?, Transform::from_translate(x, y), LAMP_HEIGHT * 0.6))
    });
    let chargers = chargers().filter_map(|(x, y)| {
        let outline = rounded(-0.24, -0.14, 0.24, 0.14, 0.05)?;
        Some((outline, Transform::from_translate(x, y), CHARGER_HEIGHT * 0.7))
    });
    crowns.chain(posts).chain(chargers)
}

/// What is lower than a car: the hedge, charging posts, cones.
pub fn draw_low(canvas: &mut Canvas, blocked: &[(SlotCode, SlotState)]) {
    hedge(canvas);
    for at in chargers() {
        charger(canvas, at);
    }
    for (code, state) in blocked {
        match (plan::bay(code), state) {
            (Some(bay), SlotState::Closed) => cones(canvas, bay),
            (Some(bay), SlotState::Reserved) => post(canvas, bay),
            _ => {}
        }
    }
}

/// What is higher than a car: trees and lamp posts.
pub fn draw_high(canvas: &mut Canvas) {
    for (index, tree) in trees().into_iter().enumerate() {
        crown(canvas, tree, index as u64);
    }
    for (x, y, inwards) in lamp_feet() {
        let head = (x, y + inwards * LAMP_ARM);
        if !canvas.sees(head, 3.0) {
            continue;
        }
        let (dx, dy) = canvas.lean((x, y), LAMP_HEIGHT);
        let (top, lamp) = ((x + dx, y + dy), (head.0 + dx, head.1 + dy));
        canvas.stroke(line(&[(x, y), top]), 0.11, [92, 94, 97], 1.0);
        canvas.stroke(line(&[top, lamp]), 0.08, [120, 122, 125], 1.0);
        canvas.fill(rounded(lamp.0 - 0.15, lamp.1 - 0.3, lamp.0 + 0.15, lamp.1 + 0.3, 0.08), [150, 152, 154], 1.0);
        canvas.fill(circle(x, y, 0.13), [70, 72, 75], 1.0);
    }
}

fn trees() -> Vec<Tree> {
    let islands = plan::islands();
    let mut trees = Vec::new();
    for (index, (left, right)) in islands.into_iter().enumerate() {
        let x = (left + right) / 2.0;
        if index != 1 {
            trees.push(((x, LANE_TOP - 3.4), 1.15));
            let (aside, depth, radius) = if index == OLD_TREE { (-1.3, 2.4, OLD_CROWN) } else { (0.0, 3.2, 1.25) };
            trees.push(((x + aside, LANE_BOTTOM + depth), radius));
        }
    }
    for (step, radius) in [1.3, 1.0, 1.45, 1.15, 1.3].into_iter().enumerate() {
        trees.push(((SHOP_RIGHT + 3.4 + step as f32 * 5.6, 1.7 + radius * 0.2), radius));
    }
    trees
}

/// Where lamp posts stand, and towards which side their arm reaches (1 down, -1 up).
fn lamp_feet() -> impl Iterator<Item = (f32, f32, f32)> {
    let islands = plan::islands();
    let at_islands = islands.into_iter().flat_map(|(left, right)| {
        let x = (left + right) / 2.0;
        [(x, LANE_TOP - 0.9, 1.0), (x, LANE_BOTTOM + 0.9, -1.0)]
    });
    // And one behind every eighth bay, in the middle of each row of a zone, so that none lies in the dark.
    let at_rows = plan::bays().iter().skip(3).step_by(8).map(|bay| {
        let outwards = bay.row.outwards();
        (bay.x + bay.width / 2.0, bay.head_y() + outwards * (KERB_DEPTH - 0.15), -outwards)
    });
    at_islands.chain(at_rows)
}

/// One post at the head of each EV bay.
pub fn chargers() -> impl Iterator<Item = (f32, f32)> {
    let ev = plan::bays().iter().filter(|bay| bay.kind == SlotKind::Ev);
    ev.map(|bay| (bay.x + bay.width / 2.0 - 0.3, bay.head_y() + bay.row.outwards() * (KERB_DEPTH - 0.2)))
}

fn hedge(canvas: &mut Canvas) {
    let mut rng = SmallRng::seed_from_u64(5);
    let top = LANE_BOTTOM + BAY_DEPTH + KERB_DEPTH;
    canvas.fill(rounded(-1.0, top + 0.25, LOT_WIDTH + 1.0, HEDGE_BOTTOM + 0.1, 0.3), [20, 30, 18], 0.6);
    for (layer, colour) in LEAVES.into_iter().enumerate() {
        let mut leaves = PathBuilder::new();
        let shrink = layer as f32 * 0.08;
        for step in 0..(LOT_WIDTH / 0.42) as u32 {
            let x = step as f32 * 0.42 + rng.random_range(-0.15..0.15);
            let y = (top + HEDGE_BOTTOM) / 2.0 + rng.random_range(-0.3..0.3) - shrink;
            leaves.push_circle(x, y, (rng.random_range(0.3..0.46_f32) - shrink * 1.1).max(0.08));
        }
        canvas.fill(leaves.finish(), colour, 1.0);
    }
}

fn crown(canvas: &mut Canvas, ((x, y), radius): Tree, seed: u64) {
    if !canvas.sees((x, y), radius * 2.0) {
        return;
    }
    canvas.fill(circle(x, y, 0.16), [72, 54, 40], 1.0);
    let mut rng = SmallRng::seed_from_u64(seed + 77);
    for (layer, colour) in LEAVES.into_iter().enumerate() {
        let height = TREE_HEIGHT * (0.7 + 0.12 * layer as f32);
        let (dx, dy) = canvas.lean((x, y), height);
        let spread = radius * (1.0 - 0.2 * layer as f32);
        let mut leaves = PathBuilder::new();
        // The leaves of a large tree are more, not larger.
        let leaf = radius.min(LEAF_RADIUS_MAX);
        for _ in 0..(26.0 * (radius / leaf).powi(2)) as u32 {
            let (angle, far) = (rng.random_range(0.0..std::f32::consts::TAU), rng.random::<f32>().sqrt());
            let size = leaf * rng.random_range(0.14..0.3) * (1.0 - 0.16 * layer as f32);
            let reach = (spread - size).max(0.0) * far;
            // The lit side is up and to the left of the dark one.
            let shift = layer as f32 * radius * 0.05;
            leaves.push_circle(x + dx - shift + reach * angle.cos(), y + dy - shift + reach * angle.sin(), size);
        }
        canvas.fill(leaves.finish(), colour, 0.94);
    }
}

fn charger(canvas: &mut Canvas, (x, y): (f32, f32)) {
    let (dx, dy) = canvas.lean((x, y), CHARGER_HEIGHT);
    canvas.fill(rounded(x - 0.24, y - 0.14, x + 0.24, y + 0.14, 0.05), [52, 56, 58], 1.0);
    let (x, y) = (x + dx, y + dy);
    canvas.fill(rounded(x - 0.24, y - 0.15, x + 0.24, y + 0.15, 0.06), [238, 240, 240], 1.0);
    canvas.fill(rounded(x - 0.15, y - 0.07, x + 0.15, y + 0.07, 0.04), [32, 176, 102], 1.0);
}

/// Three cones and a tape across the mouth of a closed bay.
fn cones(canvas: &mut Canvas, bay: &Bay) {
    let mouth = bay.y - bay.row.outwards() * (BAY_DEPTH / 2.0 - 0.6);
    let patch = (bay.y - 1.7, bay.y + 1.7);
    canvas.fill(rounded(bay.x - 0.95, patch.0, bay.x + 0.95, patch.1, 0.12), [38, 39, 42], 0.85);
    let feet = [-0.85, 0.0, 0.85].map(|offset| (bay.x + offset, mouth));
    let heads = feet.map(|foot| {
        let (dx, dy) = canvas.lean(foot, 0.7);
        (foot.0 + dx, foot.1 + dy)
    });
    for (foot, head) in feet.iter().zip(heads) {
        canvas.fill(rounded(foot.0 - 0.24, foot.1 - 0.24, foot.0 + 0.24, foot.1 + 0.24, 0.06), [40, 36, 34], 1.0);
        for (part, radius, colour) in [
            (0.1, 0.2, [206, 74, 20]),
            (0.4, 0.15, [240, 240, 234]),
            (0.65, 0.1, [226, 88, 26]),
            (1.0, 0.05, [250, 122, 48]),
        ] {
            let (x, y) = (foot.0 + (head.0 - foot.0) * part, foot.1 + (head.1 - foot.1) * part);
            canvas.fill(circle(x, y, radius), colour, 1.0);
        }
    }
    for pair in heads.windows(2) {
        let middle = ((pair[0].0 + pair[1].0) / 2.0, (pair[0].1 + pair[1].1) / 2.0);
        canvas.stroke(line(&[pair[0], pair[1]]), 0.07, [238, 238, 232], 1.0);
        canvas.stroke(line(&[pair[0], middle]), 0.07, [206, 30, 30], 0.9);
    }
}

/// A folding post that keeps a reserved bay free.
fn post(canvas: &mut Canvas, bay: &Bay) {
    let y = bay.y - bay.row.outwards() * 1.2;
    let (dx, dy) = canvas.lean((bay.x, y), 0.7);
    let yellow = [240, 198, 36];
    let foot = rounded(bay.x - 0.72, y - 0.13, bay.x + 0.72, y + 0.13, 0.06);
    canvas.fill(foot, [30, 30, 32], 0.95);
    let top = (bay.x + dx, y + dy - 0.62);
    for (legs, width, colour) in [(-0.06, 0.24, shade(yellow, 0.45)), (0.0, 0.17, yellow)] {
        let arch = [
            (bay.x - 0.6, y - legs),
            (top.0 - 0.2, top.1 - legs),
            (top.0 + 0.2, top.1 - legs),
            (bay.x + 0.6, y - legs),
        ];
        canvas.stroke(line(&arch), width, colour, 1.0);
    }
    canvas.fill(rounded(top.0 - 0.34, top.1 - 0.02, top.0 + 0.34, top.1 + 0.5, 0.06), [196, 30, 34], 1.0);
    canvas.stroke(line(&[(top.0 - 0.2, top.1 + 0.24), (top.0 + 0.2, top.1 + 0.24)]), 0.12, [244, 244, 240], 1.0);
}
