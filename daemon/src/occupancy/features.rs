//! What one slot looks like: how strong its edges are, which way they run, and where it is bright and dark.
//!
//! Everything is measured on the logarithm of brightness, so that neither a camera's gain nor a shadow over the whole slot matters.

use std::sync::LazyLock;

use super::crop::{MARGIN, Mask, PATCH, Patch, SIDE};

/// Side of a cell of the histogram of gradients, in pixels, and cells along a side.
const CELL: usize = 8;
const CELLS: usize = SIDE / CELL;
/// Directions that are told apart, over half a turn: an edge has no front.
const DIRECTIONS: usize = 9;
/// Cells along the side of a block, which is brought to one strength together, and blocks along a side.
const BLOCK: usize = 2;
const BLOCKS: usize = CELLS + 1 - BLOCK;
/// Numbers of one block, and of all.
pub const BLOCK_LEN: usize = BLOCK * BLOCK * DIRECTIONS;
pub const HISTOGRAM_LEN: usize = BLOCKS * BLOCKS * BLOCK_LEN;
/// What 1 is in a histogram.
pub const HISTOGRAM_ONE: f32 = 255.0;
/// Strength of gradient, summed over a block, below which it is noise.
const BLOCK_NOISE: f32 = 60.0;
/// An edge is not stronger than this, so that a few bright ones do not decide.
const EDGE_MAX: f32 = 60.0;
/// Side of the small picture by which brightness is compared, and pixels of a patch in one of its own.
const SMALL: usize = 16;
const STEP: usize = SIDE / SMALL;
pub const GREY_LEN: usize = SMALL * SMALL;
/// Differences of brightness below this are noise, as a standard deviation.
const GREY_NOISE: f32 = 8.0;
/// What the logarithm is multiplied by, so that it differs from brightness least in the middle of its range.
const LOG_SCALE: f32 = 126.0;
/// Added before the logarithm. The more, the less a dark camera's noise is structure; the less, the less a dimmer picture is another. Measured
/// by day, dimmed, and in darkness with noise.
const LOG_FLOOR: f32 = 6.0;

static LOGARITHM: LazyLock<[f32; 256]> =
    LazyLock::new(|| std::array::from_fn(|luma| LOG_SCALE * (luma as f32 + LOG_FLOOR).ln()));

/// A patch as everything is measured on it.
#[derive(Debug)]
pub struct Tones {
    /// The logarithm of brightness, pixel by pixel.
    log: Vec<f32>,
    /// Sums of that over all that lies above and to the left of each corner of a pixel: by them the mean of any square costs the same.
    sums: Vec<f64>,
}

/// Corners of pixels along a side.
const CORNERS: usize = PATCH + 1;

impl Tones {
    pub fn of(patch: &Patch) -> Self {
        let log: Vec<f32> = patch.0.iter().map(|luma| LOGARITHM[usize::from(*luma)]).collect();
        let mut sums = vec![0.0; CORNERS * CORNERS];
        for (y, line) in log.chunks(PATCH).enumerate() {
            let mut sum = 0.0;
            for (x, value) in line.iter().enumerate() {
                sum += f64::from(*value);
                sums[(y + 1) * CORNERS + x + 1] = sums[y * CORNERS + x + 1] + sum;
            }
        }
        Self { log, sums }
    }

    /// Over a square.
    fn mean(&self, left: usize, top: usize, side: usize) -> f32 {
        let corner = |x: usize, y: usize| self.sums[y * CORNERS + x];
        let (right, bottom) = (left + side, top + side);
        let sum = corner(right, bottom) - corner(left, bottom) - corner(right, top) + corner(left, top);
        (sum / (side * side) as f64) as f32
    }
}

/// What one slot looks like in one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Looks {
    /// Mean strength of its edges, 0 to 1.
    pub edges: f32,
    /// Which way edges run, block by block, in parts of [`HISTOGRAM_ONE`].
    pub histogram: Vec<u8>,
    /// A small picture of it, with mean 0 and a variance of about 1, whatever the light.
    pub grey: Vec<f32>,
}

/// How much the parts of [`Looks`] count.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    pixels: Vec<f32>,
    pub blocks: Vec<f32>,
    pub grey: Vec<f32>,
}

impl Weights {
    pub fn of(mask: &Mask) -> Self {
        let pixels = mask.weights();
        let mean = |left: usize, top: usize, side: usize| {
            let rows = (top..top + side).flat_map(|y| &pixels[y * SIDE + left..y * SIDE + left + side]);
            rows.sum::<f32>() / (side * side) as f32
        };
        let block = |at: usize| mean(at % BLOCKS * CELL, at / BLOCKS * CELL, BLOCK * CELL);
        let grey = |at: usize| mean(at % SMALL * STEP, at / SMALL * STEP, STEP);
        let (blocks, grey) = ((0..BLOCKS * BLOCKS).map(block).collect(), (0..GREY_LEN).map(grey).collect());
        Self { pixels, blocks, grey }
    }
}

impl Looks {
    /// Of the part of a patch that lies `aside` of its middle, by at most [`MARGIN`] to the right and down.
    pub fn of(tones: &Tones, aside: (i32, i32), weights: &Weights) -> Self {
        let gradients = Gradients::of(tones, aside);
        let strengths = gradients.strength.iter().map(|strength| strength.min(EDGE_MAX) / EDGE_MAX);
        Self {
            edges: mean(strengths, &weights.pixels),
            histogram: gradients.histogram(),
            grey: grey(tones, aside, weights),
        }
    }
}

/// Mean of what counts differently.
pub fn mean(values: impl Iterator<Item = f32>, weights: &[f32]) -> f32 {
    let (sum, total) = values.zip(weights).fold((0.0, 0.0), |(sum, total), (v, w)| (sum + v * w, total + w));
    sum / f32::max(total, f32::MIN_POSITIVE)
}

/// Where what is looked at begins in a patch, along one axis.
fn start(aside: i32) -> usize {
    (MARGIN as i32 + aside).clamp(0, 2 * MARGIN as i32) as usize
}

/// Strength and direction of the change of brightness at every pixel.
struct Gradients {
    strength: Vec<f32>,
    /// In steps of one of the [`DIRECTIONS`].
    direction: Vec<f32>,
}

impl Gradients {
    fn of(tones: &Tones, (dx, dy): (i32, i32)) -> Self {
        let (left, top) = (start(dx), start(dy));
        let at = |x: usize, y: usize| tones.log[y * PATCH + x];
        let (mut strength, mut direction) = (Vec::with_capacity(SIDE * SIDE), Vec::with_capacity(SIDE * SIDE));
        for y in top..top + SIDE {
            let (above, below) = (y.saturating_sub(1), (y + 1).min(PATCH - 1));
            for x in left..left + SIDE {
                let (before, after) = (x.saturating_sub(1), (x + 1).min(PATCH - 1));
                let (dx, dy) = ((at(after, y) - at(before, y)) / 2.0, (at(x, below) - at(x, above)) / 2.0);
                strength.push((dx * dx + dy * dy).sqrt());
                direction.push(turn(dx, dy) * DIRECTIONS as f32);
            }
        }
        Self { strength, direction }
    }

    fn histogram(&self) -> Vec<u8> {
        let mut cells = vec![0.0f32; CELLS * CELLS * DIRECTIONS];
        for (at, (strength, direction)) in self.strength.iter().zip(&self.direction).enumerate() {
            let cell = (at / SIDE / CELL * CELLS + at % SIDE / CELL) * DIRECTIONS;
            let (low, part) = (*direction as usize, direction.fract());
            cells[cell + low % DIRECTIONS] += strength * (1.0 - part);
            cells[cell + (low + 1) % DIRECTIONS] += strength * part;
        }
        let mut histogram = Vec::with_capacity(HISTOGRAM_LEN);
        for (y, x) in (0..BLOCKS * BLOCKS).map(|at| (at / BLOCKS, at % BLOCKS)) {
            let block = || {
                let cell = (0..BLOCK * BLOCK).map(move |at| (y + at / BLOCK) * CELLS + x + at % BLOCK);
                cell.flat_map(|cell| &cells[cell * DIRECTIONS..(cell + 1) * DIRECTIONS])
            };
            let length = block().map(|value| value * value).sum::<f32>().sqrt();
            // Noise on an empty ground must not be blown up to structure.
            let one = HISTOGRAM_ONE / (length + BLOCK_NOISE);
            histogram.extend(block().map(|value| (value * one + 0.5) as u8));
        }
        histogram
    }
}

/// Which way an edge runs, in half turns from 0 to 1. Off by a thousandth at most, the same on every machine, and much faster than the
/// arc tangent that it stands for.
fn turn(dx: f32, dy: f32) -> f32 {
    let (x, y) = (dx.abs(), dy.abs());
    let slope = x.min(y) / x.max(y).max(f32::MIN_POSITIVE);
    let square = slope * slope;
    let eighth = slope * (1.0 + square * (-0.327_622_76 + square * (0.159_314_22 - square * 0.046_496_475)));
    let quarter = if y > x { std::f32::consts::FRAC_PI_2 - eighth } else { eighth } / std::f32::consts::PI;
    if (dx < 0.0) == (dy < 0.0) { quarter } else { 1.0 - quarter }
}

/// A small picture of the part of a patch that lies `aside` of its middle.
pub fn grey(tones: &Tones, (dx, dy): (i32, i32), weights: &Weights) -> Vec<f32> {
    let (left, top) = (start(dx), start(dy));
    let tile = |at: usize| tones.mean(left + at % SMALL * STEP, top + at / SMALL * STEP, STEP);
    let mut small: Vec<f32> = (0..GREY_LEN).map(tile).collect();
    let middle = mean(small.iter().copied(), &weights.grey);
    let deviation = mean(small.iter().map(|value| (value - middle).powi(2)), &weights.grey).sqrt();
    small.iter_mut().for_each(|value| *value = (*value - middle) / (deviation + GREY_NOISE));
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(pixel: impl Fn(usize, usize) -> u8) -> Patch {
        Patch((0..PATCH * PATCH).map(|at| pixel(at % PATCH, at / PATCH)).collect())
    }

    fn looks(patch: &Patch, aside: (i32, i32)) -> Looks {
        Looks::of(&Tones::of(patch), aside, &Weights::of(&Mask::whole()))
    }

    #[test]
    fn bare_ground_has_neither_edges_nor_structure() {
        let ground = looks(&patch(|x, y| 120 + ((x * 31 + y * 17) % 3) as u8), (0, 0));
        assert!(ground.edges < 0.02, "{}", ground.edges);
        assert!(ground.histogram.iter().all(|value| f32::from(*value) < 0.35 * HISTOGRAM_ONE));
        let striped = looks(&patch(|x, _| if x / 6 % 2 == 0 { 40 } else { 200 }), (0, 0));
        assert!(striped.edges > 0.2, "{}", striped.edges);
    }

    #[test]
    fn a_cameras_gain_changes_little() {
        let scene = |gain: f32| patch(move |x, y| (gain * (60.0 + ((x * x + 3 * y) % 90) as f32)) as u8);
        let (bright, dim) = (looks(&scene(1.5), (0, 0)), looks(&scene(0.8), (0, 0)));
        assert!((bright.edges - dim.edges).abs() < 0.06, "{} {}", bright.edges, dim.edges);
    }

    #[test]
    fn an_edge_runs_the_same_way_from_both_sides() {
        for step in 0..360 {
            let angle = (step as f32 + 0.5) / 180.0 * std::f32::consts::PI;
            let expected = (step % 180) as f32 / 180.0 + 0.5 / 180.0;
            let is = turn(7.0 * angle.cos(), 7.0 * angle.sin());
            assert!((is - expected).abs() < 1e-3, "{step}: {is} {expected}");
        }
        assert_eq!(turn(0.0, 0.0), 0.0);
    }

    #[test]
    fn what_lies_aside_is_seen_there() {
        let scene = |shift: usize| patch(move |x, y| if (x + shift) / 9 % 2 == y / 9 % 2 { 50 } else { 180 });
        assert_eq!(looks(&scene(0), (3, 0)), looks(&scene(3), (0, 0)));
    }
}
