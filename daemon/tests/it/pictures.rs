//! Pictures to upload: real JPEGs of many sizes, made once.

use std::sync::LazyLock;

use bytes::Bytes;
use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use rand::rngs::SmallRng;
use rand::{Rng, RngCore, SeedableRng};

const COUNT: usize = 16;
const SIDES: std::ops::RangeInclusive<u32> = 8..=400;

/// From less than a kilobyte to about two hundred.
pub static JPEGS: LazyLock<Vec<Bytes>> = LazyLock::new(|| {
    let mut rng = SmallRng::seed_from_u64(1);
    (0..COUNT).map(|_| jpeg(rng.random_range(SIDES), rng.random_range(SIDES), &mut rng)).collect()
});

/// Noise, which no encoder makes small.
fn jpeg(width: u32, height: u32, rng: &mut SmallRng) -> Bytes {
    let mut pixels = vec![0; (width * height * 3) as usize];
    rng.fill_bytes(&mut pixels);
    let mut out = Vec::new();
    let encoded = JpegEncoder::new(&mut out).encode(&pixels, width, height, ExtendedColorType::Rgb8);
    encoded.expect("memory takes every picture");
    out.into()
}
