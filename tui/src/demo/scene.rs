//! What the cameras of the demo lot see: bays from above, with the cars that stand there. Pure.

use image::{Rgb, RgbImage};
use parking_api::captures::Capture;
use parking_api::slots::SlotState;
use parking_api::{CaptureId, LotId, Time};
use uuid::Uuid;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
/// Bays of a row, and the margins around all of them, in pixels.
const PER_ROW: u32 = 8;
const MARGIN: u32 = 28;
/// First bits of the ids of captures.
const CAPTURE_IDS: u128 = 0xca97_0000_0000_4000_8000_0000_0000_0000;

const ASPHALT: [u8; 3] = [66, 69, 75];
const PAINT: [u8; 3] = [206, 208, 200];
const GLASS: [u8; 3] = [34, 44, 58];
const FENCE: [u8; 3] = [212, 120, 40];
const CARS: [[u8; 3]; 7] =
    [[178, 42, 44], [224, 226, 228], [44, 84, 150], [34, 36, 40], [150, 154, 160], [60, 118, 84], [196, 162, 70]];

/// The capture with this number.
pub fn capture(lot: &LotId, seq: u64, at: Time) -> Capture {
    let id = CaptureId(Uuid::from_u128(CAPTURE_IDS | u128::from(seq)));
    let key = format!("{lot}/{seq}.png");
    Capture {
        id,
        camera: None,
        url: format!("/images/{key}"),
        key,
        content_type: "image/png".into(),
        bytes: u64::from(WIDTH * HEIGHT / 8),
        width: WIDTH,
        height: HEIGHT,
        sha256: format!("{seq:064x}"),
        captured_at: at,
        received_at: at,
        pinned: false,
        rev: seq,
    }
}

/// Bays in rows, each in its state. A bay keeps its car as long as it is occupied.
pub fn draw(states: &[SlotState]) -> RgbImage {
    let mut image = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        // As rough as asphalt is; the same on every picture.
        let grain = (x.wrapping_mul(31) ^ y.wrapping_mul(17)).wrapping_mul(0x9e37_79b9) >> 29;
        Rgb(ASPHALT.map(|value| value - 3 + grain as u8))
    });
    for (at, state) in states.iter().enumerate() {
        let (x, y, width, height) = bay(states.len(), at);
        let deep = height * 3 / 4;
        fill(&mut image, (x, y), (3, deep), PAINT);
        fill(&mut image, (x + width, y), (3, deep), PAINT);
        fill(&mut image, (x, y), (width, 3), PAINT);
        match state {
            SlotState::Occupied => car(&mut image, (x + 12, y + 12), (width - 21, deep - 18), at),
            SlotState::Closed => {
                for stripe in 0..4 {
                    fill(&mut image, (x + 8, y + 14 + stripe * deep / 5), (width - 13, 8), FENCE);
                }
            }
            SlotState::Free | SlotState::Reserved | SlotState::Unknown => {}
        }
    }
    image
}

/// Left, top, width and height of a bay and what is before it, in pixels.
fn bay(bays: usize, at: usize) -> (u32, u32, u32, u32) {
    let rows = (bays as u32).div_ceil(PER_ROW).max(1);
    let (width, height) = ((WIDTH - 2 * MARGIN) / PER_ROW, (HEIGHT - 2 * MARGIN) / rows);
    let (column, row) = (at as u32 % PER_ROW, at as u32 / PER_ROW);
    (MARGIN + column * width, MARGIN + row * height, width, height)
}

/// Where a bay is in the picture: left, top, width and height, as fractions of it.
pub fn crop(bays: usize, at: usize) -> [f32; 4] {
    let (x, y, width, height) = bay(bays, at);
    let (across, down) = (WIDTH as f32, HEIGHT as f32);
    [x as f32 / across, y as f32 / down, width as f32 / across, height as f32 / down]
}

fn car(image: &mut RgbImage, (x, y): (u32, u32), (width, height): (u32, u32), at: usize) {
    let body = CARS[at * 5 % CARS.len()];
    let shadow = ASPHALT.map(|value| value / 2);
    fill(image, (x + 4, y + 4), (width, height), shadow);
    fill(image, (x + 3, y), (width - 6, height), body);
    fill(image, (x, y + 5), (width, height - 10), body);
    fill(image, (x + 6, y + height / 5), (width - 12, height / 8), GLASS);
    fill(image, (x + 6, y + height * 3 / 4), (width - 12, height / 10), GLASS);
    let roof = body.map(|value| value.saturating_add(18));
    fill(image, (x + 8, y + height * 2 / 5), (width - 16, height / 4), roof);
}

fn fill(image: &mut RgbImage, from: (u32, u32), size: (u32, u32), color: [u8; 3]) {
    for y in from.1..(from.1 + size.1).min(HEIGHT) {
        for x in from.0..(from.0 + size.0).min(WIDTH) {
            image.put_pixel(x, y, Rgb(color));
        }
    }
}
