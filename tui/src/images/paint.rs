//! From the bytes of a picture to what a terminal shows of it. Takes tens of milliseconds: never on the loop.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::{self, FilterType as Resize};
use image::{DynamicImage, ImageReader, Limits, RgbImage};
use parking_api::captures::{CAPTURE_SIDE_MAX, Capture};

pub use super::Rendered;
use super::{Drawing, Picture, Pixels, Protocol, blocks, sixel};

/// Memory that decoding may take, in bytes.
const DECODE_BYTES_MAX: u64 = 96 * 1024 * 1024;
/// Of a JPEG that is sent to a terminal.
const JPEG_QUALITY: u8 = 85;

/// Makes a picture ready for at most `cells` columns and rows.
///
/// # Errors
/// Why it cannot be shown.
pub fn prepare(bytes: &[u8], capture: &Capture, cells: (u16, u16), drawing: Drawing) -> Result<Picture, String> {
    Ok(Picture { capture: capture.clone(), image: render(&decode(bytes)?, cells, drawing)? })
}

/// The same from its pixels.
pub fn render(image: &RgbImage, cells: (u16, u16), drawing: Drawing) -> Result<Rendered, String> {
    let cells = fit((image.width(), image.height()), cells, drawing.cell);
    let blocks = blocks::of(&scale(image, (2 * u32::from(cells.0), 2 * u32::from(cells.1))));
    let pixels = if drawing.protocol.is_pixels() { Some(pixels(image, cells, drawing)?) } else { None };
    Ok(Rendered { cells, blocks, pixels })
}

/// The pixels of a picture, within limits.
///
/// # Errors
/// Why it cannot be decoded.
pub fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| format!("the picture cannot be read: {error}"))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(CAPTURE_SIDE_MAX);
    limits.max_image_height = Some(CAPTURE_SIDE_MAX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    reader.limits(limits);
    reader.decode().map(DynamicImage::into_rgb8).map_err(|error| format!("the picture cannot be decoded: {error}"))
}

/// The most cells with about the sides of `size` (in pixels), at least one each way.
pub fn fit(size: (u32, u32), cells: (u16, u16), cell: (u16, u16)) -> (u16, u16) {
    let (width, height) = (u64::from(size.0.max(1)), u64::from(size.1.max(1)));
    let (columns, rows) = (u64::from(cells.0.max(1)), u64::from(cells.1.max(1)));
    let (cell_width, cell_height) = (u64::from(cell.0.max(1)), u64::from(cell.1.max(1)));
    let half = |a: u64, b: u64| (a + b / 2) / b;
    let rows_at_full_width = half(columns * cell_width * height, width * cell_height);
    let (columns, rows) = if rows_at_full_width <= rows {
        (columns, rows_at_full_width)
    } else {
        (half(rows * cell_height * width, height * cell_width).min(columns), rows)
    };
    (columns.max(1) as u16, rows.max(1) as u16)
}

fn scale(image: &RgbImage, (width, height): (u32, u32)) -> RgbImage {
    if width <= image.width() && height <= image.height() {
        imageops::thumbnail(image, width, height)
    } else {
        imageops::resize(image, width, height, Resize::Triangle)
    }
}

/// What fills the cells. No more pixels than there are: a terminal enlarges better than a line carries, where it can.
fn pixels(image: &RgbImage, cells: (u16, u16), drawing: Drawing) -> Result<Pixels, String> {
    let full = (u32::from(cells.0) * u32::from(drawing.cell.0), u32::from(cells.1) * u32::from(drawing.cell.1));
    let fail = |error: image::ImageError| format!("the picture cannot be encoded: {error}");
    let at_most = (full.0.min(image.width()), full.1.min(image.height()));
    let body = match drawing.protocol {
        Protocol::Kitty => {
            let mut png = Vec::new();
            let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Sub);
            scale(image, at_most).write_with_encoder(encoder).map_err(fail)?;
            STANDARD.encode(png).into_bytes()
        }
        Protocol::Iterm2 => {
            let mut jpeg = Vec::new();
            scale(image, at_most)
                .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY))
                .map_err(fail)?;
            STANDARD.encode(jpeg).into_bytes()
        }
        Protocol::Sixel => sixel::encode(&scale(image, full)),
        Protocol::Half | Protocol::Off => Vec::new(),
    };
    Ok(Pixels { protocol: drawing.protocol, cells, body: body.into() })
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Rgb};
    use parking_api::Time;

    use super::*;

    pub fn capture(width: u32, height: u32) -> Capture {
        serde_json::from_value(serde_json::json!({
            "id": "0190a000-0000-7000-8000-000000000001", "camera": "cam-1", "key": "k", "url": "/images/k",
            "content_type": "image/png", "bytes": 1, "width": width, "height": height, "sha256": "",
            "captured_at": Time::from_ms(0), "received_at": Time::from_ms(0), "rev": 1
        }))
        .expect("a capture")
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        let image = RgbImage::from_fn(width, height, |x, _| Rgb(if x < width / 2 { [255, 0, 0] } else { [0, 0, 255] }));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).expect("encoded");
        bytes.into_inner()
    }

    fn made(protocol: Protocol) -> Rendered {
        let drawing = Drawing { protocol, cell: (8, 16) };
        prepare(&png(80, 60), &capture(80, 60), (40, 40), drawing).expect("a picture").image
    }

    #[test]
    fn a_picture_keeps_its_sides_in_whole_cells() {
        for (size, cells, expected) in [
            ((800, 600), (40, 40), (40, 15)),
            ((800, 600), (40, 10), (27, 10)),
            ((600, 800), (40, 10), (15, 10)),
            ((1, 4096), (40, 10), (1, 10)),
            ((4096, 1), (40, 10), (40, 1)),
            ((800, 600), (0, 0), (1, 1)),
        ] {
            assert_eq!(fit(size, cells, (8, 16)), expected, "{size:?} in {cells:?}");
        }
    }

    #[test]
    fn cells_have_the_colours_of_the_picture_whatever_the_protocol() {
        for protocol in [Protocol::Half, Protocol::Kitty, Protocol::Sixel, Protocol::Iterm2] {
            let picture = made(protocol);
            assert_eq!(picture.cells, (40, 15));
            assert_eq!(picture.block_at(0, 0).map(|block| (block.fg, block.bg)), Some(((255, 0, 0), (255, 0, 0))));
            assert_eq!(picture.block_at(39, 14).map(|block| block.bg), Some((0, 0, 255)));
            assert_eq!((picture.block_at(0, 15), picture.block_at(40, 0)), (None, None));
            assert_eq!(picture.pixels.is_some(), protocol.is_pixels());
        }
    }

    #[test]
    fn what_is_sent_is_in_the_words_of_the_protocol() {
        let body = |protocol| made(protocol).pixels.expect("pixels").body;
        let raw = |protocol| STANDARD.decode(body(protocol)).expect("base64");
        assert!(raw(Protocol::Kitty).starts_with(b"\x89PNG"));
        assert!(raw(Protocol::Iterm2).starts_with(b"\xff\xd8"));
        let sixel = body(Protocol::Sixel);
        assert!(sixel.starts_with(b"\x1bP0;1;0q\"1;1;320;240"));
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused() {
        let refused = |bytes: &[u8]| prepare(bytes, &capture(1, 1), (10, 10), Drawing::default()).expect_err("refused");
        assert!(refused(b"<html>").contains("cannot be"));
        let mut huge = png(8, 8);
        huge[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        assert!(refused(&huge).contains("cannot be decoded"));
    }
}
