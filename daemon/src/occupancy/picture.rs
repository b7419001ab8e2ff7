//! A picture as the rest sees it: brightness only, decoded once within limits, or refused because nothing can be learned from it.

use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageResult, Limits};

/// Longest side of a picture, in pixels, and most pixels in all: as many as an upload may have.
const SIDE_MAX: u32 = 4096;
/// Most memory that decoding may take: 12 MP of 16-bit RGBA are 96 MB.
const DECODE_BYTES_MAX: u64 = 100_000_000;
/// Shortest side from which anything can be judged, in pixels.
const SIDE_MIN: usize = 24;
/// A darker picture shows nothing, whatever its camera's gain made of it; mean brightness of 255.
const DARK: f32 = 12.0;
/// A picture that varies less shows a covered lens, fog or nothing; standard deviation of brightness.
const UNIFORM: f32 = 6.0;
/// A picture that is darker than this was taken at night; mean brightness of 255.
const NIGHT: f32 = 60.0;

/// Brightness of every pixel, row by row, turned as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub luma: Vec<u8>,
}

/// Why a picture says nothing: no observation, and never "free".
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unjudged {
    #[error("the picture cannot be decoded: {0}")]
    Broken(String),
    #[error("the picture ends early")]
    Truncated,
    #[error("the picture has only {width}x{height} pixels")]
    Small { width: usize, height: usize },
    #[error("the picture is too dark to judge (mean brightness {mean:.0} of 255)")]
    Dark { mean: f32 },
    #[error("the picture shows nothing (its brightness varies by {deviation:.1} of 255 only): is the lens covered?")]
    Uniform { deviation: f32 },
}

/// By what light a picture was taken. Slots look different by each, so each has its own references.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    Day,
    Night,
}

/// Decodes a JPEG or PNG.
///
/// # Errors
/// When it is damaged, truncated, too large or too small. Whether it shows anything is told by [`Picture::judged`].
pub fn decode(bytes: &[u8]) -> Result<Picture, Unjudged> {
    let input = Cursor::new(bytes);
    let decoded = if bytes.starts_with(b"\x89PNG") {
        PngDecoder::with_limits(input, limits()).and_then(decoded)
    } else {
        // A decoder fills what is missing with grey, which would be judged like anything else.
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if !bytes[..end].ends_with(&[0xFF, 0xD9]) {
            return Err(Unjudged::Truncated);
        }
        JpegDecoder::new(input).and_then(decoded)
    };
    let luma = decoded.map_err(|error| Unjudged::Broken(error.to_string()))?.into_luma8();
    let (width, height) = (luma.width() as usize, luma.height() as usize);
    if width.min(height) < SIDE_MIN {
        return Err(Unjudged::Small { width, height });
    }
    Ok(Picture { width, height, luma: luma.into_raw() })
}

fn decoded(mut decoder: impl ImageDecoder) -> ImageResult<DynamicImage> {
    let mut limits = limits();
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    limits
}

impl Picture {
    /// The same picture, unless it shows nothing.
    ///
    /// # Errors
    /// When it is too dark or the same everywhere.
    pub fn judged(self) -> Result<Self, Unjudged> {
        let (mean, deviation) = spread(&self.luma);
        if mean < DARK {
            return Err(Unjudged::Dark { mean });
        }
        if deviation < UNIFORM {
            return Err(Unjudged::Uniform { deviation });
        }
        Ok(self)
    }

    pub fn light(&self) -> Light {
        if spread(&self.luma).0 < NIGHT { Light::Night } else { Light::Day }
    }
}

/// Mean and standard deviation.
fn spread(values: &[u8]) -> (f32, f32) {
    let (mut sum, mut squares) = (0u64, 0u64);
    for value in values {
        let value = u64::from(*value);
        sum += value;
        squares += value * value;
    }
    let count = values.len().max(1) as f64;
    let mean = sum as f64 / count;
    (mean as f32, (squares as f64 / count - mean * mean).max(0.0).sqrt() as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(width: u32, height: u32, pixel: impl Fn(u32, u32) -> u8) -> Vec<u8> {
        let luma: Vec<u8> = (0..width * height).map(|at| pixel(at % width, at / width)).collect();
        let mut bytes = Vec::new();
        let mut encoder = image::codecs::jpeg::JpegEncoder::new(&mut bytes);
        encoder.encode(&luma, width, height, image::ExtendedColorType::L8).expect("a picture");
        bytes
    }

    fn busy(x: u32, y: u32) -> u8 {
        ((x * 7) ^ (y * 13)) as u8
    }

    #[test]
    fn a_picture_is_decoded_and_knows_its_light() {
        let day = decode(&jpeg(64, 48, busy)).expect("a picture");
        assert_eq!((day.width, day.height, day.luma.len(), day.light()), (64, 48, 64 * 48, Light::Day));
        assert!(day.judged().is_ok());
        let night = decode(&jpeg(64, 48, |x, y| busy(x, y) / 4)).expect("a picture");
        assert_eq!(night.light(), Light::Night);
        assert!(night.judged().is_ok());
    }

    #[test]
    fn what_shows_nothing_is_no_observation() {
        let judged = |bytes: &[u8]| decode(bytes).and_then(Picture::judged);
        assert!(matches!(judged(&jpeg(64, 48, |x, y| busy(x, y) / 32)), Err(Unjudged::Dark { .. })));
        assert!(matches!(judged(&jpeg(64, 48, |_, _| 130)), Err(Unjudged::Uniform { .. })));
        assert!(matches!(judged(&jpeg(16, 16, busy)), Err(Unjudged::Small { .. })));
    }

    #[test]
    fn a_damaged_picture_is_no_observation() {
        let whole = jpeg(64, 48, busy);
        assert_eq!(decode(&whole[..whole.len() / 2]), Err(Unjudged::Truncated));
        assert_eq!(decode(b""), Err(Unjudged::Truncated));
        let mut padded = whole.clone();
        padded.extend([0; 64]);
        assert!(decode(&padded).is_ok(), "a camera's buffer may be longer than its picture");
        assert!(matches!(decode(b"\x89PNG nonsense"), Err(Unjudged::Broken(_))));
    }
}
