//! From a drawing to a photograph: rough ground, the light of the hour with its lamps, and what a cheap sensor adds.

use tiny_skia::{BlendMode, FilterQuality, PathBuilder, Pixmap, PixmapPaint, Transform};

use super::canvas::{Canvas, Rgb, glow};
use super::light::Light;
use super::{HEIGHT, WIDTH, props};
use crate::scene::plan;

/// The map of light is this much smaller than the picture.
const MAP_STEP: u32 = 4;
const LAMP_COLOUR: Rgb = [255, 206, 140];
/// How far a lamp lights the ground, in metres.
const LAMP_REACH: f32 = 8.5;
/// Light from the door of the shop.
const DOOR_COLOUR: Rgb = [255, 226, 170];
/// How much brighter than drawn the picture is exposed, so that corners and shadows are not dull.
const EXPOSURE: f32 = 1.08;
/// How much darker the corners are.
const VIGNETTE: f32 = 0.2;
/// Grain of the sensor by day, and what the dark adds, in steps of 255.
const GRAIN_DAY: f32 = 1.2;
const GRAIN_NIGHT: f32 = 2.2;
/// How uneven the ground is: three sizes of noise, each with its cell in metres and its strength.
const ROUGH_WIDE: (f32, f32) = (2.6, 0.08);
const ROUGH_NARROW: (f32, f32) = (0.35, 0.055);
const ROUGH_FINE: f32 = 0.036;

/// Makes flat paint look like ground: the same spots at the same place of the lot in every picture.
pub fn roughen(canvas: &mut Canvas) {
    let metres = 1.0 / canvas.scale;
    let (left, top) = (canvas.view.x, canvas.view.y);
    let mut wide = Row::new(left, metres, ROUGH_WIDE.0);
    let mut narrow = Row::new(left, metres, ROUGH_NARROW.0);
    let rows = canvas.pixmap.data_mut().chunks_exact_mut(WIDTH as usize * 4);
    for (y, row) in rows.enumerate() {
        let at = top + y as f32 * metres;
        wide.move_to(at);
        narrow.move_to(at);
        for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
            let fine = unit(hash(x as u32 + (left * 100.0) as u32, y as u32)) - 0.5;
            let factor = 1.0
                + (wide.values[x] - 0.5) * ROUGH_WIDE.1 * 2.0
                + (narrow.values[x] - 0.5) * ROUGH_NARROW.1 * 2.0
                + fine * ROUGH_FINE * 2.0;
            for channel in &mut pixel[..3] {
                *channel = (f32::from(*channel) * factor).min(255.0) as u8;
            }
        }
    }
}

/// One row of smooth noise, each value between 0 and 1.
struct Row {
    values: Vec<f32>,
    /// Cell and place within it of each pixel.
    cells: Vec<(u32, f32)>,
    cell: f32,
}

impl Row {
    fn new(left: f32, metres: f32, cell: f32) -> Self {
        let place = |x: u32| {
            let at = (left + x as f32 * metres) / cell;
            (at as u32, smooth(at.fract()))
        };
        let cells = (0..WIDTH).map(place).collect();
        Self { values: vec![0.0; WIDTH as usize], cells, cell }
    }

    fn move_to(&mut self, y: f32) {
        let at = y / self.cell;
        let (row, part) = (at as u32, smooth(at.fract()));
        let corner = |column: u32| {
            let (above, below) = (unit(hash(column, row)), unit(hash(column, row + 1)));
            above + (below - above) * part
        };
        // Neighbouring pixels share a cell, so its two edges are worked out once.
        let (mut known, mut before, mut after) = (u32::MAX, 0.0, 0.0);
        for (value, (column, within)) in self.values.iter_mut().zip(&self.cells) {
            if *column != known {
                (known, before, after) = (*column, corner(*column), corner(column + 1));
            }
            *value = before + (after - before) * within;
        }
    }
}

/// Lays the light of the hour over the drawing; `None` when there is no memory for it.
pub fn light(canvas: &mut Canvas, light: Light) -> Option<()> {
    let mut map = Pixmap::new(WIDTH / MAP_STEP, HEIGHT / MAP_STEP)?;
    let [red, green, blue] = light.ambient();
    map.fill(tiny_skia::Color::from_rgba(red, green, blue, 1.0)?);
    let lamps = light.lamps();
    let smaller = canvas.to_pixels.post_scale(1.0 / MAP_STEP as f32, 1.0 / MAP_STEP as f32);
    if lamps > 0.0 {
        let mut shine = |(x, y): (f32, f32), reach: f32, colour: Rgb, strength: f32| {
            let Some(circle) = PathBuilder::from_circle(0.0, 0.0, 1.0) else { return };
            let mut paint = glow(colour, strength);
            paint.blend_mode = BlendMode::Screen;
            let at = smaller.pre_translate(x, y).pre_scale(reach, reach);
            map.fill_path(&circle, &paint, tiny_skia::FillRule::Winding, at, None);
        };
        for head in props::lamp_heads() {
            shine(head, LAMP_REACH, LAMP_COLOUR, 0.95 * lamps);
        }
        shine((plan::DOOR.0, plan::DOOR.1 - 1.6), 4.0, DOOR_COLOUR, 0.9 * lamps);
    }
    let paint =
        PixmapPaint { blend_mode: BlendMode::Multiply, quality: FilterQuality::Bilinear, ..PixmapPaint::default() };
    let larger = Transform::from_scale(MAP_STEP as f32, MAP_STEP as f32);
    canvas.pixmap.draw_pixmap(0, 0, map.as_ref(), &paint, larger, None);
    for (x, y) in props::lamp_heads() {
        let (dx, dy) = canvas.lean((x, y), 5.0);
        canvas.spot((x + dx, y + dy), (0.65, 0.65), [255, 236, 196], 0.85 * lamps);
    }
    for (x, y) in props::chargers() {
        let (dx, dy) = canvas.lean((x, y), props::CHARGER_HEIGHT);
        canvas.spot((x + dx, y + dy), (0.5, 0.5), [70, 255, 150], 0.8 * lamps);
    }
    Some(())
}

/// What the sensor makes of it: darker corners and grain. Red, green and blue of each pixel, row by row.
pub fn expose(canvas: &Canvas, light: Light, seed: u32) -> Vec<u8> {
    let grain = GRAIN_DAY + GRAIN_NIGHT * light.lamps();
    let (middle_x, middle_y) = (WIDTH as f32 / 2.0, HEIGHT as f32 / 2.0);
    let across: Vec<f32> = (0..WIDTH).map(|x| ((x as f32 - middle_x) / middle_x).powi(2)).collect();
    let mut rgb = Vec::with_capacity((WIDTH * HEIGHT * 3) as usize);
    for (y, row) in canvas.pixmap.data().chunks_exact(WIDTH as usize * 4).enumerate() {
        let down = ((y as f32 - middle_y) / middle_y).powi(2);
        for (x, pixel) in row.chunks_exact(4).enumerate() {
            let corner = EXPOSURE * (1.0 - VIGNETTE * (across[x] + down) / 2.0);
            let noise = hash(x as u32 ^ seed, y as u32);
            let luma = (unit(noise) - 0.5) * 2.0 * grain;
            // A cheap sensor is a little off in colour too, from other bits of the same number.
            let tint = ((noise & 0xFF) as f32 / 255.0 - 0.5) * grain;
            for (channel, shift) in pixel[..3].iter().zip([luma + tint, luma, luma - tint]) {
                rgb.push((f32::from(*channel) * corner + shift).clamp(0.0, 255.0) as u8);
            }
        }
    }
    rgb
}

/// Eases a part between 0 and 1 at both ends.
fn smooth(part: f32) -> f32 {
    part * part * (3.0 - 2.0 * part)
}

/// A number between 0 and 1 from the upper bits of a hash.
fn unit(hash: u32) -> f32 {
    (hash >> 8) as f32 / 16_777_216.0
}

/// Scrambles a place into a number that looks random.
fn hash(x: u32, y: u32) -> u32 {
    let mut bits = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
    bits = (bits ^ (bits >> 12)).wrapping_mul(0x297A_2D39);
    bits ^ (bits >> 15)
}
