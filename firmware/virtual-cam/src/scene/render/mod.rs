//! Draws what a camera of the demo sees from above: the ground, the cars in their bays, the light of the hour, and the clock
//! burnt in. Pure: the same arguments give the same picture. Knows neither simulation nor upload.

mod canvas;
mod cars;
mod finish;
mod ground;
mod light;
mod markings;
mod people;
mod props;
mod shadow;
mod text;

use parking_api::SlotCode;
use parking_api::slots::SlotState;

use super::car::ParkedCar;
use super::plan::{self, View};
use canvas::Canvas;
pub use light::Light;

/// Size of a picture, in pixels.
pub const WIDTH: u32 = 800;
pub const HEIGHT: u32 = 600;
/// Quality of the JPEG, of 100.
const QUALITY: u8 = 76;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("drawing {camera} needs a canvas of {WIDTH}x{HEIGHT} pixels, which cannot be had")]
    Canvas { camera: &'static str },
    #[error("encoding the picture of {camera}: {source}")]
    Encode { camera: &'static str, source: image::ImageError },
}

/// The picture that the camera with this view takes, as a JPEG.
///
/// `blocked` are the slots that are reserved (a post stands in them) or closed (cones). `caption` is the clock in the lot's own
/// time, such as `2026-11-23 05:17:55`; it is burnt in beside the name of the camera. `shot` is the number of the picture: another
/// one has another grain and shows other people, even where the clock stands still.
///
/// # Errors
/// Only when memory is short.
pub fn render(
    view: &View,
    cars: &[ParkedCar],
    blocked: &[(SlotCode, SlotState)],
    light: Light,
    caption: &str,
    shot: u32,
) -> Result<Vec<u8>, RenderError> {
    let camera = view.name;
    let seed = seed(caption, shot);
    let mut canvas = Canvas::new(view).ok_or(RenderError::Canvas { camera })?;
    ground::draw(&mut canvas);
    markings::draw(&mut canvas);
    finish::roughen(&mut canvas);
    shadow::draw(&mut canvas, cars, light).ok_or(RenderError::Canvas { camera })?;
    props::draw_low(&mut canvas, blocked);
    people::draw(&mut canvas, light, seed);
    cars::draw(&mut canvas, cars);
    props::draw_high(&mut canvas);
    finish::light(&mut canvas, light).ok_or(RenderError::Canvas { camera })?;
    text::burn_in(&mut canvas, view.name, caption);
    let rgb = finish::expose(&canvas, light, seed);
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode(&rgb, WIDTH, HEIGHT, image::ExtendedColorType::Rgb8)
        .map_err(|source| RenderError::Encode { camera, source })?;
    Ok(jpeg)
}

/// Where each bay lies in the pictures of a view, for those that are wholly in it: the corners, clockwise from the top left, in
/// pixels of the full [`WIDTH`] by [`HEIGHT`].
pub fn regions(view: &View) -> Vec<(SlotCode, [[f32; 2]; 4])> {
    let scale = WIDTH as f32 / view.width;
    let mut regions = Vec::new();
    for bay in plan::bays() {
        let corners = bay.corners();
        if corners.iter().all(|corner| view.contains(*corner)) {
            let pixels = corners.map(|(x, y)| [(x - view.x) * scale, (y - view.y) * scale]);
            regions.push((bay.code.clone(), pixels));
        }
    }
    regions
}

/// Another noise for another moment.
fn seed(caption: &str, shot: u32) -> u32 {
    let bytes = caption.bytes().chain(shot.to_le_bytes());
    bytes.fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests;
