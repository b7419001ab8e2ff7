//! Soft shadows on the ground, in the direction of the hour. Knows the outlines of what stands there, not its colours.

use tiny_skia::{FillRule, Mask, Path, Rect, Transform};

use super::canvas::{Canvas, solid};
use super::light::Light;
use super::{HEIGHT, WIDTH, cars, props};
use crate::scene::car::ParkedCar;

/// How far apart the copies of an outline may lie that make up its shadow, in metres.
const STEP: f32 = 0.3;
/// Most copies of one outline.
const STEPS_MAX: u32 = 40;
/// Radius of the blur, in pixels.
const BLUR: usize = 2;

/// Darkens the ground where cars, trees and posts keep the light away; `None` when there is no memory for it.
pub fn draw(canvas: &mut Canvas, parked: &[ParkedCar], light: Light) -> Option<()> {
    let mut mask = Mask::new(WIDTH, HEIGHT)?;
    for (outline, local, height) in cars::outlines(parked).chain(props::outlines()) {
        cast(canvas, &mut mask, &outline, local, height, light.shadow());
    }
    blur(mask.data_mut());
    let all = Rect::from_xywh(0.0, 0.0, WIDTH as f32, HEIGHT as f32)?;
    canvas.pixmap.fill_rect(all, &solid([8, 10, 22], light.shadow_depth()), Transform::identity(), Some(&mask));
    Some(())
}

/// Sweeps an outline from the ground up to the shadow of its top.
fn cast(canvas: &Canvas, mask: &mut Mask, outline: &Path, local: Transform, height: f32, (dx, dy): (f32, f32)) {
    let (end_x, end_y) = (dx * height, dy * height);
    let steps = ((end_x.hypot(end_y) / STEP).ceil() as u32).clamp(1, STEPS_MAX);
    for step in 0..=steps {
        let part = step as f32 / steps as f32;
        let at = Transform::from_translate(end_x * part, end_y * part).pre_concat(local);
        mask.fill_path(outline, FillRule::Winding, true, canvas.to_pixels.pre_concat(at));
    }
}

/// A box blur, first along the rows, then along the columns.
fn blur(data: &mut [u8]) {
    let (width, height) = (WIDTH as usize, HEIGHT as usize);
    let mut line = vec![0; width.max(height)];
    for y in 0..height {
        blur_line(data, y * width, 1, width, &mut line);
    }
    for x in 0..width {
        blur_line(data, x, width, height, &mut line);
    }
}

fn blur_line(data: &mut [u8], start: usize, stride: usize, count: usize, line: &mut [u8]) {
    let window = 2 * BLUR + 1;
    let at = |index: usize| start + index * stride;
    // The sum over a window that slides along, with the ends repeated.
    let mut sum = usize::from(data[at(0)]) * BLUR;
    sum += (0..=BLUR).map(|index| usize::from(data[at(index)])).sum::<usize>();
    for (index, out) in line[..count].iter_mut().enumerate() {
        *out = (sum / window) as u8;
        sum += usize::from(data[at((index + BLUR + 1).min(count - 1))]);
        sum -= usize::from(data[at(index.saturating_sub(BLUR))]);
    }
    for (index, value) in line[..count].iter().enumerate() {
        data[at(index)] = *value;
    }
}
