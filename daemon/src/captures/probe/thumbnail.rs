//! Makes a small JPEG of a stored picture. Pure; whoever calls decides on which thread, for it takes tenths of a second at 12 MP.

use std::io::Cursor;

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, Limits, RgbaImage};
use parking_api::captures::CAPTURE_SIDE_MAX;

use super::{PNG, ProbeError};

/// Quality of a thumbnail, of 100.
const QUALITY: u8 = 80;
/// Most memory that one decoded picture may take: 12 MP of 16-bit RGBA are 96 MB.
const DECODE_BYTES_MAX: u64 = 100_000_000;

/// A JPEG of the picture, at most `width` pixels wide, turned as its metadata says, never larger than the original.
///
/// `bytes` and `content_type` are those that [`super::probe`] accepted. Transparent parts become white.
///
/// # Errors
/// [`ProbeError::Invalid`] when it cannot be decoded after all.
pub fn thumbnail(bytes: &[u8], content_type: &str, width: u32) -> Result<Vec<u8>, ProbeError> {
    let format = if content_type == PNG { "PNG" } else { "JPEG" };
    let invalid = |error: ImageError| ProbeError::Invalid { format, reason: error.to_string() };
    let input = Cursor::new(bytes);
    let (mut picture, orientation) = if content_type == PNG {
        PngDecoder::with_limits(input, limits()).and_then(decode).map_err(invalid)?
    } else {
        JpegDecoder::new(input).and_then(decode).map_err(invalid)?
    };
    if picture.color().has_alpha() {
        picture = DynamicImage::ImageRgba8(on_white(picture.into_rgba8()));
    }
    let is_turned = matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    );
    let shown_width = if is_turned { picture.height() } else { picture.width() };
    let target = width.clamp(1, shown_width);
    if target < shown_width {
        let small = |side: u32| scaled(side, target, shown_width);
        picture = picture.thumbnail_exact(small(picture.width()), small(picture.height()));
    }
    picture.apply_orientation(orientation);
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, QUALITY).encode_image(&picture.into_rgb8()).map_err(invalid)?;
    Ok(out)
}

/// `side` times `numerator / denominator`, rounded, at least one pixel.
fn scaled(side: u32, numerator: u32, denominator: u32) -> u32 {
    let (side, numerator, denominator) = (u64::from(side), u64::from(numerator), u64::from(denominator));
    let rounded = (side * numerator + denominator / 2) / denominator;
    u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
}

fn decode(mut decoder: impl ImageDecoder) -> Result<(DynamicImage, Orientation), ImageError> {
    let mut limits = limits();
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    // A picture with unreadable metadata is still a picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder)?, orientation))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(CAPTURE_SIDE_MAX);
    limits.max_image_height = Some(CAPTURE_SIDE_MAX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    limits
}

fn on_white(mut picture: RgbaImage) -> RgbaImage {
    for pixel in picture.pixels_mut() {
        let alpha = u32::from(pixel[3]);
        for channel in &mut pixel.0[..3] {
            // The weighted mean of two bytes is a byte.
            *channel = ((u32::from(*channel) * alpha + 255 * (255 - alpha)) / 255) as u8;
        }
        pixel[3] = 255;
    }
    picture
}
