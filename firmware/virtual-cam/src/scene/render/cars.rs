//! Cars from above: wheels, body, glass, roof, lamps. Knows how a car looks, not why it stands there.

use tiny_skia::{Path, PathBuilder, Transform};

use super::canvas::{Canvas, Rgb, circle, gradient, line, polygon, rect, rounded, shade, solid};
use crate::scene::car::{Body, Car, ParkedCar};
use crate::scene::plan::{self, Bay};

/// Height of the sides and of the roof, in metres; a van is taller.
const SIDES: f32 = 0.8;
const ROOF: f32 = 1.45;
const ROOF_VAN: f32 = 2.0;
/// Copies of the outline that make up the sides.
const SIDE_STEPS: u32 = 4;
const GLASS: [Rgb; 3] = [[22, 28, 35], [50, 64, 78], [26, 33, 41]];

/// Where the cabin begins and ends, in metres ahead of the middle: windscreen at its foot and at the roof, rear window at the
/// roof and at its foot.
struct Cabin {
    front: f32,
    roof_front: f32,
    roof_rear: f32,
    rear: f32,
}

/// Each parked car's outline on the ground, in its own coordinates, and its height.
pub fn outlines(parked: &[ParkedCar]) -> impl Iterator<Item = (Path, Transform, f32)> {
    parked.iter().filter_map(|parked| {
        let bay = plan::bay(&parked.slot)?;
        let height = roof_height(parked.car.body) * 0.85;
        Some((outline(parked.car.body, 1.0)?, pose(bay, &parked.car), height))
    })
}

pub fn draw(canvas: &mut Canvas, parked: &[ParkedCar]) {
    for ParkedCar { slot, car } in parked {
        let Some(bay) = plan::bay(slot) else { continue };
        if canvas.sees((bay.x, bay.y), plan::BAY_DEPTH) {
            draw_one(canvas, bay, car);
        }
    }
}

/// From the coordinates of a car (x ahead, y to its right) to metres of the lot.
fn pose(bay: &Bay, car: &Car) -> Transform {
    let outwards = bay.row.outwards();
    let heading = if car.is_nose_in { outwards } else { -outwards } * 90.0 + car.angle_deg;
    Transform::from_translate(bay.x + car.across, bay.y - car.along * outwards).pre_rotate(heading)
}

fn draw_one(canvas: &mut Canvas, bay: &Bay, car: &Car) {
    let ground = pose(bay, car);
    let middle = (bay.x + car.across, bay.y);
    let lean = |canvas: &Canvas, height: f32| {
        let (dx, dy) = canvas.lean(middle, height);
        ground.post_translate(dx, dy)
    };
    let (length, width) = car.body.size();
    let (long, wide) = (length / 2.0, width / 2.0);
    canvas.fill_at(outline(car.body, 1.05), &solid([0, 0, 0], 0.5), ground);
    for (x, y) in [(0.62, 0.93), (0.62, -0.93), (-0.6, 0.93), (-0.6, -0.93)] {
        let (x, y) = (x * long, y * wide);
        canvas.fill_at(rounded(x - 0.31, y - 0.11, x + 0.31, y + 0.11, 0.05), &solid([20, 20, 22], 1.0), ground);
    }
    for step in 1..=SIDE_STEPS {
        let part = step as f32 / SIDE_STEPS as f32;
        let paint = solid(shade(car.paint, 0.42 + 0.2 * part), 1.0);
        let at = lean(canvas, SIDES * (0.25 + 0.7 * part));
        canvas.fill_at(outline(car.body, 1.0), &paint, at);
    }
    let top = lean(canvas, SIDES);
    let sheen = [0.72, 1.0, 1.08, 1.0, 0.74].map(|factor| shade(car.paint, factor));
    canvas.fill_at(outline(car.body, 0.975), &gradient((0.0, -wide), (0.0, wide), &sheen), top);
    lamps(canvas, top, long, wide);
    let cabin = cabin(car.body, long);
    bonnet(canvas, top, &cabin, car, long, wide);
    let roof = lean(canvas, roof_height(car.body));
    glass_and_roof(canvas, car, &cabin, wide, (top, roof));
}

fn lamps(canvas: &mut Canvas, top: Transform, long: f32, wide: f32) {
    for side in [-1.0, 1.0] {
        let y = side * wide * 0.7;
        let lamp = polygon(&[
            (long * 0.97, y - 0.15 * side),
            (long * 0.86, y + 0.18 * side),
            (long * 0.8, y + 0.16 * side),
            (long * 0.93, y - 0.2 * side),
        ]);
        canvas.fill_at(lamp, &solid([232, 238, 242], 0.95), top);
        canvas.fill_at(rect(-long * 0.99, y - 0.2, -long * 0.955, y + 0.16), &solid([176, 26, 30], 0.95), top);
    }
}

/// Creases, the gap behind the bonnet, and mirrors.
fn bonnet(canvas: &mut Canvas, top: Transform, cabin: &Cabin, car: &Car, long: f32, wide: f32) {
    let dark = solid(shade(car.paint, 0.55), 0.7);
    if car.body != Body::Van {
        for side in [-1.0, 1.0] {
            let crease = [(cabin.front + 0.08, side * wide * 0.5), (long * 0.9, side * wide * 0.36)];
            canvas.stroke_at(line(&crease), 0.035, &dark, top);
        }
    }
    let boot = cabin.rear + long;
    if boot > 0.3 {
        let gap = [(cabin.rear - boot * 0.22, -wide * 0.72), (cabin.rear - boot * 0.22, wide * 0.72)];
        canvas.stroke_at(line(&gap), 0.03, &dark, top);
    }
    for side in [-1.0, 1.0] {
        let (near, far) = (side * wide * 0.96, side * (wide + 0.17));
        let (low, high) = (near.min(far), near.max(far));
        let mirror = rounded(cabin.front - 0.32, low, cabin.front - 0.14, high, 0.06);
        canvas.fill_at(mirror, &solid(shade(car.paint, 0.7), 1.0), top);
    }
}

/// The cabin: a ring of glass from the sides up to the smaller roof.
fn glass_and_roof(canvas: &mut Canvas, car: &Car, cabin: &Cabin, wide: f32, (foot, roof): (Transform, Transform)) {
    let (low, high) = (wide * 0.89, wide * 0.72);
    let glass = gradient((cabin.rear, -low), (cabin.front, low), &GLASS);
    // Halfway up the ring is halfway between its two ends, so copies fill the slanted panes.
    let panes = 5;
    for step in 0..=panes {
        let part = step as f32 / panes as f32;
        let between = |from: f32, to: f32| from + (to - from) * part;
        let at = blend(foot, roof, part);
        let half = between(low, high);
        let (front, rear) = (between(cabin.front, cabin.roof_front), between(cabin.rear, cabin.roof_rear));
        canvas.fill_at(cabin_ring(front, rear, half), &glass, at);
    }
    let shine = solid([206, 226, 240], 0.2);
    let windscreen = [
        (cabin.front - 0.1, -low * 0.75),
        (cabin.front - 0.06, -low * 0.2),
        (cabin.roof_front + 0.12, low * 0.05),
        (cabin.roof_front + 0.1, -low * 0.55),
    ];
    canvas.fill_at(polygon(&windscreen), &shine, blend(foot, roof, 0.5));
    let sheen = [0.86, 1.12, 1.2, 1.12, 0.9].map(|factor| shade(car.paint, factor));
    let panel = cabin_ring(cabin.roof_front, cabin.roof_rear, high);
    canvas.fill_at(panel, &gradient((0.0, -high), (0.0, high), &sheen), roof);
    on_roof(canvas, car, cabin, high, roof);
}

/// Rails, a sunroof, ribs, or the sign of a taxi.
fn on_roof(canvas: &mut Canvas, car: &Car, cabin: &Cabin, high: f32, roof: Transform) {
    let dark = solid(shade(car.paint, 0.5), 0.8);
    let (front, rear) = (cabin.roof_front - 0.15, cabin.roof_rear + 0.15);
    if car.has_sunroof {
        let window = rounded(front - 0.75, -high * 0.6, front - 0.1, high * 0.6, 0.08);
        canvas.fill_at(window, &solid(GLASS[0], 0.85), roof);
    }
    match car.body {
        Body::Estate | Body::Suv => {
            for side in [-0.82, 0.82] {
                canvas.stroke_at(line(&[(front, high * side), (rear, high * side)]), 0.06, &dark, roof);
            }
        }
        Body::Van => {
            for rib in 1..6 {
                let x = rear + (front - rear) * rib as f32 / 6.0;
                canvas.stroke_at(
                    line(&[(x, -high * 0.8), (x, high * 0.8)]),
                    0.04,
                    &solid(shade(car.paint, 0.8), 0.8),
                    roof,
                );
            }
        }
        Body::Taxi => {
            canvas.fill_at(rounded(-0.35, -0.5, 0.05, 0.5, 0.08), &solid([250, 250, 244], 1.0), roof);
            canvas.stroke_at(line(&[(-0.15, -0.36), (-0.15, 0.36)]), 0.12, &solid([30, 30, 32], 1.0), roof);
        }
        _ => canvas.fill_at(circle(rear + 0.05, 0.0, 0.06), &dark, roof),
    }
}

/// A pose part of the way between two that differ by a shift only.
fn blend(from: Transform, to: Transform, part: f32) -> Transform {
    from.post_translate((to.tx - from.tx) * part, (to.ty - from.ty) * part)
}

fn roof_height(body: Body) -> f32 {
    if body == Body::Van { ROOF_VAN } else { ROOF }
}

fn cabin(body: Body, long: f32) -> Cabin {
    let (front, roof_front, roof_rear, rear) = match body {
        Body::City => (0.40, 0.10, 0.66, 0.88),
        Body::Saloon | Body::Taxi => (0.32, 0.05, 0.44, 0.70),
        Body::Estate => (0.34, 0.08, 0.74, 0.90),
        Body::Suv => (0.38, 0.14, 0.78, 0.92),
        Body::Van => (0.74, 0.52, 0.95, 0.96),
    };
    Cabin { front: front * long, roof_front: roof_front * long, roof_rear: -roof_rear * long, rear: -rear * long }
}

/// A rectangle with round corners whose front and rear bulge a little.
fn cabin_ring(front: f32, rear: f32, half: f32) -> Option<Path> {
    let (bulge, round) = (0.07, 0.16);
    let mut path = PathBuilder::new();
    path.move_to(rear + round, -half);
    path.line_to(front - round, -half);
    path.quad_to(front, -half, front + bulge * 0.6, -half * 0.6);
    path.quad_to(front + bulge * 1.4, 0.0, front + bulge * 0.6, half * 0.6);
    path.quad_to(front, half, front - round, half);
    path.line_to(rear + round, half);
    path.quad_to(rear, half, rear - bulge * 0.3, half * 0.6);
    path.quad_to(rear - bulge, 0.0, rear - bulge * 0.3, -half * 0.6);
    path.quad_to(rear, -half, rear + round, -half);
    path.close();
    path.finish()
}

/// The body from above, `grow` times its size.
fn outline(body: Body, grow: f32) -> Option<Path> {
    let (length, width) = body.size();
    let (long, wide) = (length / 2.0 * grow, width / 2.0 * grow);
    // How much of the length the nose and the tail take to narrow; a van is a box.
    let (nose, tail) = if body == Body::Van { (0.24, 0.12) } else { (0.52, 0.38) };
    let mut path = PathBuilder::new();
    path.move_to(long, 0.0);
    path.cubic_to(long, wide * 0.62, long - nose * 0.25, wide * 0.94, long - nose * 1.5, wide * 0.985);
    path.quad_to(0.0, wide * 1.02, -long + tail, wide * 0.97);
    path.cubic_to(-long + tail * 0.3, wide * 0.93, -long, wide * 0.75, -long, 0.0);
    path.cubic_to(-long, -wide * 0.75, -long + tail * 0.3, -wide * 0.93, -long + tail, -wide * 0.97);
    path.quad_to(0.0, -wide * 1.02, long - nose * 1.5, -wide * 0.985);
    path.cubic_to(long - nose * 0.25, -wide * 0.94, long, -wide * 0.62, long, 0.0);
    path.close();
    path.finish()
}
