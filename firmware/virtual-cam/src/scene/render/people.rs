//! A few people on the footways: other ones in each picture, nobody in a bay. Knows nothing of whose car is whose.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tiny_skia::{PathBuilder, Rect, Transform};

use super::canvas::{Canvas, Rgb, circle, line, rounded, solid};
use super::ground::{HEDGE_BOTTOM, ROOF_BOTTOM, SHOP_RIGHT};
use super::light::Light;
use crate::scene::plan::{self, LANE_BOTTOM, LANE_TOP, LOT_WIDTH};

/// Fewest and most people on the whole lot, by day and by night.
const BY_DAY: (u32, u32) = (3, 12);
const BY_NIGHT: (u32, u32) = (0, 2);
const HEIGHT: f32 = 1.7;
/// Share of people who push a trolley.
const TROLLEY: f64 = 0.3;
const CLOTHES: [Rgb; 8] = [
    [196, 60, 52],
    [52, 84, 148],
    [230, 226, 214],
    [44, 46, 52],
    [222, 168, 60],
    [86, 132, 92],
    [132, 92, 140],
    [176, 180, 184],
];
const HAIR: [Rgb; 4] = [[40, 30, 24], [84, 58, 36], [24, 22, 22], [178, 150, 104]];

pub fn draw(canvas: &mut Canvas, light: Light, seed: u32) {
    let mut rng = SmallRng::seed_from_u64(seed.into());
    let (least, most) = if light.lamps() > 0.5 { BY_NIGHT } else { BY_DAY };
    for _ in 0..rng.random_range(least..=most) {
        let (at, heading) = place(&mut rng);
        let has_trolley = rng.random_bool(TROLLEY);
        let clothes = CLOTHES[rng.random_range(0..CLOTHES.len())];
        let hair = HAIR[rng.random_range(0..HAIR.len())];
        if canvas.sees(at, HEIGHT) {
            draw_one(canvas, at, heading, light, (clothes, hair, has_trolley));
        }
    }
}

/// Somewhere on the paving, the crossing or the footway, and the direction of the walk in degrees.
fn place(rng: &mut SmallRng) -> ((f32, f32), f32) {
    let islands = plan::islands();
    let crossing = (islands[1].0 + islands[1].1) / 2.0;
    let back = if rng.random_bool(0.5) { 180.0 } else { 0.0 };
    match rng.random_range(0..10) {
        0..=4 => ((rng.random_range(0.0..SHOP_RIGHT), rng.random_range(ROOF_BOTTOM + 0.5..ROOF_BOTTOM + 1.5)), back),
        5..=6 => {
            let (x, y) = (crossing + rng.random_range(-0.7..0.7), rng.random_range(LANE_TOP - 1.0..LANE_BOTTOM));
            ((x, y), 90.0 + back)
        }
        _ => ((rng.random_range(0.0..LOT_WIDTH), rng.random_range(HEDGE_BOTTOM + 0.3..HEDGE_BOTTOM + 1.1)), back),
    }
}

fn draw_one(
    canvas: &mut Canvas,
    (x, y): (f32, f32),
    heading: f32,
    light: Light,
    (clothes, hair, has_trolley): (Rgb, Rgb, bool),
) {
    let (dx, dy) = light.shadow();
    let shadow = line(&[(x, y), (x + dx * HEIGHT * 0.8, y + dy * HEIGHT * 0.8)]);
    canvas.stroke(shadow, 0.32, [12, 12, 20], light.shadow_depth() * 0.8);
    let at = Transform::from_translate(x, y).pre_rotate(heading);
    if has_trolley {
        canvas.fill_at(rounded(0.3, -0.27, 1.1, 0.27, 0.06), &solid([60, 62, 66], 0.6), at);
        canvas.stroke_at(rounded(0.3, -0.27, 1.1, 0.27, 0.06), 0.06, &solid([206, 208, 212], 1.0), at);
        canvas.fill_at(rounded(0.55, -0.16, 0.95, 0.14, 0.05), &solid([206, 150, 90], 1.0), at);
    }
    for (side, reach) in [(-0.14, 0.24), (0.14, -0.22)] {
        canvas.stroke_at(line(&[(0.0, side), (reach, side)]), 0.15, &solid([38, 40, 48], 1.0), at);
    }
    let (lean_x, lean_y) = canvas.lean((x, y), HEIGHT * 0.8);
    let top = at.post_translate(lean_x, lean_y);
    let shoulders = Rect::from_ltrb(-0.16, -0.3, 0.16, 0.3).and_then(PathBuilder::from_oval);
    canvas.fill_at(shoulders, &solid(clothes, 1.0), top);
    canvas.fill_at(circle(0.05, 0.0, 0.15), &solid([216, 170, 136], 1.0), top);
    canvas.fill_at(circle(-0.01, 0.0, 0.145), &solid(hair, 1.0), top);
}
