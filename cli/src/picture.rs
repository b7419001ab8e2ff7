//! A picture as coloured half blocks, two pixels to a cell: for any terminal that has colours.

use std::fmt::Write;

use image::imageops::{FilterType, resize};
use image::{DynamicImage, ImageReader, Limits, RgbImage};

/// Widest picture, in cells.
pub const CELLS_MAX: u32 = 64;
/// What the decoder may take, in bytes and in pixels of a side.
const DECODE_BYTES_MAX: u64 = 64 * 1024 * 1024;
const SIDE_MAX: u32 = 4_096;

/// The picture in lines, at most `width` cells wide; none when it cannot be decoded.
pub fn lines(bytes: &[u8], width: u32) -> Option<Vec<String>> {
    Some(cells(&shrink(&decode(bytes)?, width.min(CELLS_MAX))))
}

pub fn decode(bytes: &[u8]) -> Option<RgbImage> {
    let mut reader = ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    (limits.max_alloc, limits.max_image_width, limits.max_image_height) =
        (Some(DECODE_BYTES_MAX), Some(SIDE_MAX), Some(SIDE_MAX));
    reader.limits(limits);
    reader.decode().ok().map(DynamicImage::into_rgb8)
}

/// As large as `width` cells have room for.
pub fn shrink(picture: &RgbImage, width: u32) -> RgbImage {
    let (width, height) = (width.max(1), picture.height() * width.max(1) / picture.width().max(1));
    // A cell is about twice as high as it is wide, so half of it is a square.
    resize(picture, width, height.max(1), FilterType::Triangle)
}

/// Each pixel as half a cell.
pub fn cells(picture: &RgbImage) -> Vec<String> {
    (0..picture.height()).step_by(2).map(|y| line(picture, y)).collect()
}

fn line(picture: &RgbImage, y: u32) -> String {
    let mut text = String::new();
    for x in 0..picture.width() {
        let upper = picture.get_pixel(x, y).0;
        let lower = picture.get_pixel_checked(x, y + 1).map_or([0; 3], |pixel| pixel.0);
        let [[r, g, b], [s, h, c]] = [upper, lower];
        // Writing to a String cannot fail.
        let _ = write!(text, "\x1b[38;2;{r};{g};{b};48;2;{s};{h};{c}m▀");
    }
    text + "\x1b[0m"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_becomes_lines_of_cells_and_what_is_none_becomes_nothing() {
        let mut png = std::io::Cursor::new(Vec::new());
        RgbImage::from_pixel(40, 30, image::Rgb([255, 0, 0]))
            .write_to(&mut png, image::ImageFormat::Png)
            .expect("a picture");
        let lines = lines(png.get_ref(), 20).expect("it is a picture");
        assert_eq!(lines.len(), 8, "40 × 30 pixels in 20 columns are 15 rows of pixels");
        assert!(lines[0].starts_with("\x1b[38;2;255;0;0;48;2;255;0;0m▀") && lines[0].ends_with("\x1b[0m"));
        assert_eq!(super::lines(b"no picture", 20), None);
    }
}
