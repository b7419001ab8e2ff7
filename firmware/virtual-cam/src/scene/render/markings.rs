//! Paint on the ground: bay lines, tinted bays with their symbols, codes, arrows, the crossing. Knows no cars.

use parking_api::slots::SlotKind;
use tiny_skia::{PathBuilder, Transform};

use super::canvas::{Canvas, Rgb, circle, line, polygon, rect, solid};
use super::ground::KERB_DEPTH;
use super::text;
use crate::scene::plan::{self, BAY_DEPTH, Bay, LANE_BOTTOM, LANE_TOP};

const WHITE: Rgb = [234, 233, 226];
const BLUE: Rgb = [38, 92, 168];
const GREEN: Rgb = [40, 138, 88];
const CODE: Rgb = [34, 36, 40];

/// Width of a painted line, in metres.
const LINE: f32 = 0.14;
/// Height of a painted code, in metres.
const CODE_HEIGHT: f32 = 0.54;
const PAINT_ALPHA: f32 = 0.92;

pub fn draw(canvas: &mut Canvas) {
    let mut lines = PathBuilder::new();
    for bay in plan::bays() {
        tint(canvas, bay);
        let [(left, top), (right, _), (_, bottom), _] = bay.corners();
        let (head, mouth) = if bay.row.outwards() < 0.0 { (top, bottom) } else { (bottom, top) };
        for x in [left, right] {
            lines.move_to(x, head);
            lines.line_to(x, mouth);
        }
    }
    canvas.stroke(lines.finish(), LINE, WHITE, PAINT_ALPHA);
    for bay in plan::bays() {
        let y = bay.head_y() + bay.row.outwards() * KERB_DEPTH * 0.56;
        text::paint(canvas, bay.code.as_str(), (bay.x, y), CODE_HEIGHT, CODE, 0.92);
    }
    lane(canvas);
}

fn tint(canvas: &mut Canvas, bay: &Bay) {
    let [(left, top), _, (right, bottom), _] = bay.corners();
    let at = Transform::from_translate(bay.x, bay.y);
    match bay.kind {
        SlotKind::Accessible => {
            canvas.fill(rect(left, top, right, bottom), BLUE, 0.62);
            wheelchair(canvas, at);
        }
        SlotKind::Ev => {
            canvas.fill(rect(left, top, right, bottom), GREEN, 0.58);
            bolt(canvas, at);
        }
        _ => {}
    }
}

fn wheelchair(canvas: &mut Canvas, at: Transform) {
    let paint = solid(WHITE, 0.92);
    let at = at.pre_scale(1.35, 1.35);
    canvas.fill_at(circle(-0.1, -0.66, 0.13), &paint, at);
    let body = line(&[(-0.09, -0.45), (-0.03, 0.05), (0.36, 0.05), (0.52, 0.48), (0.66, 0.44)]);
    canvas.stroke_at(body, 0.12, &paint, at);
    canvas.stroke_at(line(&[(-0.06, -0.22), (0.26, -0.22)]), 0.1, &paint, at);
    let wheel: Vec<(f32, f32)> = (0..=14)
        .map(|step| {
            let angle = (25.0 + 16.5 * step as f32).to_radians();
            (-0.06 + 0.42 * angle.cos(), 0.22 + 0.42 * angle.sin())
        })
        .collect();
    canvas.stroke_at(line(&wheel), 0.1, &paint, at);
}

/// A flash in a ring.
fn bolt(canvas: &mut Canvas, at: Transform) {
    let paint = solid(WHITE, 0.92);
    let at = at.pre_scale(1.2, 1.2);
    canvas.stroke_at(circle(0.0, 0.0, 0.72), 0.09, &paint, at);
    let flash = [(0.12, -0.56), (-0.32, 0.1), (-0.04, 0.1), (-0.12, 0.56), (0.32, -0.1), (0.04, -0.1)];
    canvas.fill_at(polygon(&flash), &paint, at);
}

/// Arrows, zone letters, the crossing and the way in and out.
fn lane(canvas: &mut Canvas) {
    let middle = (LANE_TOP + LANE_BOTTOM) / 2.0;
    let islands = plan::islands();
    for (zone, pair) in ["A", "B", "C"].iter().zip(islands.windows(2)) {
        let (left, right) = (pair[0].1, pair[1].0);
        let centre = (left + right) / 2.0;
        text::paint(canvas, zone, (centre, middle), 2.6, WHITE, 0.5);
        for x in [left + (centre - left) * 0.42, centre + (right - centre) * 0.58] {
            arrow(canvas, (x, middle));
        }
    }
    for y in [LANE_TOP, LANE_BOTTOM] {
        // A broken edge, so that the rows read as rows where bays stand empty.
        let inwards = if y < middle { 0.06 } else { -0.06 };
        for pair in islands.windows(2) {
            canvas.stroke(line(&[(pair[0].1, y + inwards), (pair[1].0, y + inwards)]), 0.05, WHITE, 0.25);
        }
    }
    crossing(canvas, islands[1]);
    text::paint(canvas, "IN", (0.95, middle - 1.6), 0.8, WHITE, 0.75);
    text::paint(canvas, "OUT", (islands[3].1 - 1.3, middle - 1.6), 0.8, WHITE, 0.75);
}

fn arrow(canvas: &mut Canvas, (x, y): (f32, f32)) {
    let shape = [(-1.5, -0.11), (0.5, -0.11), (0.5, -0.5), (1.5, 0.0), (0.5, 0.5), (0.5, 0.11), (-1.5, 0.11)];
    canvas.fill(polygon(&shape.map(|(dx, dy)| (x + dx, y + dy))), WHITE, 0.72);
}

fn crossing(canvas: &mut Canvas, (left, right): (f32, f32)) {
    let (left, right) = (left - 0.7, right + 0.7);
    let count = 6;
    let step = (LANE_BOTTOM - LANE_TOP) / count as f32;
    for stripe in 0..count {
        let y = LANE_TOP + (stripe as f32 + 0.25) * step;
        canvas.fill(rect(left, y, right, y + step * 0.5), WHITE, 0.85);
    }
    let bar = BAY_DEPTH * 0.12;
    canvas.fill(rect(left - 1.1, LANE_TOP + bar, left - 0.8, LANE_BOTTOM - bar), WHITE, 0.7);
}
