//! What other cameras do to a picture: fewer pixels, harder compression, noise, another gain, a mast that moves. For training, so that
//! a model knows more cameras than it was shown, and for measuring what is lost. The same seed does the same.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

use super::picture::{Picture, decode};

/// One thing that happens to a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Disturbance {
    /// Moved in a random direction by this fraction of its width.
    Shift(f32),
    /// Half as many pixels a side.
    Half,
    /// JPEG of quality 50.
    Compressed,
    /// Noise of a standard deviation of 5.
    Noise,
    /// Darker and flatter.
    Dim,
}

const QUALITY: u8 = 50;
const NOISE: f32 = 5.0;

/// A sequence of numbers that looks random (xorshift), so that a run can be repeated anywhere.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next one, 0 to 1.
    pub fn draw(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u32 << 24) as f32
    }
}

impl Disturbance {
    /// The name by which it is asked for and reported.
    pub fn name(self) -> String {
        match self {
            Self::Shift(part) => format!("shift {:.1} %", part * 100.0),
            Self::Half => "half the resolution".into(),
            Self::Compressed => format!("JPEG quality {QUALITY}"),
            Self::Noise => format!("noise {NOISE}"),
            Self::Dim => "dimmed".into(),
        }
    }

    /// # Errors
    /// When the disturbed picture cannot be made.
    pub fn of(self, picture: &Picture, chance: &mut Chance) -> Result<Picture, String> {
        let Picture { width, height, luma } = picture;
        let each = |of: &mut dyn FnMut(u8) -> f32| Picture {
            luma: luma.iter().map(|luma| of(*luma).clamp(0.0, 255.0) as u8).collect(),
            ..*picture
        };
        Ok(match self {
            Self::Shift(part) => {
                let angle = chance.draw() * std::f32::consts::TAU;
                let far = part * *width as f32;
                shifted(picture, (far * angle.cos()).round() as i64, (far * angle.sin()).round() as i64)
            }
            Self::Half => halved(picture),
            Self::Compressed => {
                let mut bytes = Vec::new();
                let mut encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
                let made = encoder.encode(luma, *width as u32, *height as u32, ExtendedColorType::L8);
                made.map_err(|e| format!("cannot compress a picture: {e}"))?;
                decode(&bytes).map_err(|e| e.to_string())?
            }
            Self::Noise => each(&mut |luma| {
                // Four numbers from -0.5 to 0.5 have a variance of a third.
                let bell: f32 = (0..4).map(|_| chance.draw() - 0.5).sum();
                f32::from(luma) + bell * NOISE * 3f32.sqrt()
            }),
            Self::Dim => each(&mut |luma| f32::from(luma) * 0.6 + 10.0),
        })
    }
}

fn shifted(picture: &Picture, dx: i64, dy: i64) -> Picture {
    let (width, height) = (picture.width as i64, picture.height as i64);
    let pixel = |at: i64| {
        let (x, y) = ((at % width - dx).clamp(0, width - 1), (at / width - dy).clamp(0, height - 1));
        picture.luma[(y * width + x) as usize]
    };
    Picture { luma: (0..width * height).map(pixel).collect(), ..*picture }
}

fn halved(picture: &Picture) -> Picture {
    let (width, height) = (picture.width / 2, picture.height / 2);
    let pixel = |at: usize| {
        let (x, y) = (at % width * 2, at / width * 2);
        let sum = |y: usize| {
            let row = &picture.luma[y * picture.width + x..];
            u16::from(row[0]) + u16::from(row[1])
        };
        ((sum(y) + sum(y + 1)) / 4) as u8
    };
    Picture { width, height, luma: (0..width * height).map(pixel).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disturbance_leaves_a_picture_and_can_be_repeated() {
        let picture = Picture { width: 64, height: 48, luma: (0..64 * 48).map(|at| (at * 7 % 251) as u8).collect() };
        for kind in
            [Disturbance::Shift(0.05), Disturbance::Half, Disturbance::Compressed, Disturbance::Noise, Disturbance::Dim]
        {
            let run = |seed| kind.of(&picture, &mut Chance::new(seed)).expect("a picture");
            let once = run(7);
            assert_eq!(once.luma.len(), once.width * once.height, "{kind:?}");
            assert_eq!(once, run(7), "{kind:?}");
            assert_ne!(once, picture, "{kind:?}");
        }
    }
}
