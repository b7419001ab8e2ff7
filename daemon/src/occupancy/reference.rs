//! How a slot looks when it is empty, learned from what people confirmed, and how far what is seen now differs from that.

use serde::{Deserialize, Serialize};

use super::crop::{MARGIN, Mask, Patch};
use super::features::{BLOCK_LEN, GREY_LEN, HISTOGRAM_LEN, HISTOGRAM_ONE, Looks, Tones, Weights, grey, mean};

/// How many pictures of the empty slot make a reference, and how many are used at most.
pub const REFERENCES_MIN: usize = 3;
pub const REFERENCES_MAX: usize = 5;

/// A slot whose empty picture is as full of edges as a vehicle cannot be judged: a tree stands before it, or another slot is in its region.
pub const CLUTTER_MAX: f32 = 0.11;

/// What a score is made of: one slot, compared with how it looks when empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// Mean strength of its edges, 0 to 1.
    pub edges: f32,
    /// How much stronger they are than those of the empty slot.
    pub edges_over_empty: f32,
    /// How differently its edges run than those of the empty slot that is most like it, 0 (the same) to about 1.
    pub structure: f32,
    /// How differently brightness is spread over it, 0 (the same) to about 1.
    pub brightness: f32,
}

impl Parts {
    /// Their names, in the order of a model.
    pub const NAMES: [&str; 4] = ["edges", "edges_over_empty", "structure", "brightness"];

    pub fn values(&self) -> [f64; 4] {
        [self.edges, self.edges_over_empty, self.structure, self.brightness].map(f64::from)
    }
}

/// One slot when it is empty, in as little memory as it takes.
#[derive(Debug, Clone)]
pub struct Reference {
    mask: Mask,
    /// Those of its pictures, one after the other.
    histograms: Vec<u8>,
    edges: f32,
    /// The mean of the small pictures.
    grey: Vec<f32>,
}

impl Reference {
    /// What one takes at most, in bytes.
    pub const BYTES_MAX: usize =
        size_of::<Self>() + REFERENCES_MAX * HISTOGRAM_LEN * size_of::<u8>() + GREY_LEN * size_of::<f32>();

    /// From pictures of the empty slot, by one light, at most [`REFERENCES_MAX`] of them; `None` when there are none.
    pub fn learn(patches: &[Patch], mask: &Mask) -> Option<Self> {
        let weights = Weights::of(mask);
        let first = grey(&Tones::of(patches.first()?), (0, 0), &weights);
        let look = |patch: &Patch| looks(patch, &first, &weights);
        let empty: Vec<Looks> = patches.iter().take(REFERENCES_MAX).map(look).collect();
        let count = empty.len() as f32;
        let mut grey = vec![0.0; first.len()];
        for looks in &empty {
            grey.iter_mut().zip(&looks.grey).for_each(|(sum, value)| *sum += value / count);
        }
        let edges = empty.iter().map(|looks| looks.edges).sum::<f32>() / count;
        Some(Self {
            mask: mask.clone(),
            histograms: empty.iter().flat_map(|looks| &looks.histogram).copied().collect(),
            edges,
            grey,
        })
    }

    /// Mean strength of the edges of the empty slot; above [`CLUTTER_MAX`] little can be told from others.
    pub fn clutter(&self) -> f32 {
        self.edges
    }

    /// How a slot differs from its empty self.
    pub fn compare(&self, patch: &Patch) -> Parts {
        let weights = Weights::of(&self.mask);
        let looks = looks(patch, &self.grey, &weights);
        let structure = |empty: &[u8]| structure(&looks.histogram, empty, &weights.blocks);
        Parts {
            edges: looks.edges,
            edges_over_empty: looks.edges - self.edges,
            structure: self.histograms.chunks(HISTOGRAM_LEN).map(structure).fold(f32::INFINITY, f32::min),
            brightness: mean(looks.grey.iter().zip(&self.grey).map(|(a, b)| (a - b).abs()), &weights.grey),
        }
    }
}

/// Steps in which a patch is moved to lie over its reference, in pixels, and how far at most.
const ALIGN_STEP: i32 = 2;
const ALIGN_MAX: i32 = 4;
/// What a move must gain in likeness, for each pixel of it.
const ALIGN_COST: f32 = 0.002;
const _: () = assert!(ALIGN_MAX as usize <= MARGIN);

/// What is seen where a patch lies over its reference.
fn looks(patch: &Patch, reference: &[f32], weights: &Weights) -> Looks {
    let tones = Tones::of(patch);
    Looks::of(&tones, aligned(&tones, reference, weights), weights)
}

/// How far aside a patch lies on its reference: cameras tremble in the wind.
fn aligned(tones: &Tones, reference: &[f32], weights: &Weights) -> (i32, i32) {
    let steps = || (-ALIGN_MAX..=ALIGN_MAX).step_by(ALIGN_STEP as usize);
    let mut best = (f32::NEG_INFINITY, (0, 0));
    for (dx, dy) in steps().flat_map(|dy| steps().map(move |dx| (dx, dy))) {
        let far = ((dx * dx + dy * dy) as f32).sqrt();
        let gain = likeness(&grey(tones, (dx, dy), weights), reference, &weights.grey) - ALIGN_COST * far;
        if gain > best.0 {
            best = (gain, (dx, dy));
        }
    }
    best.1
}

/// Correlation of two small pictures, -1 to 1.
fn likeness(a: &[f32], b: &[f32], weights: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| mean(a.iter().zip(b).map(|(a, b)| a * b), weights);
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(f32::MIN_POSITIVE)
}

/// How much of a slot must look otherwise to be another structure.
const CHANGED: f32 = 0.6;

/// How far the histograms of blocks are from each other, of those that are nearest by as much as [`CHANGED`] leaves: the edge of a shadow changes
/// some blocks, a vehicle most.
fn structure(a: &[u8], b: &[u8], weights: &[f32]) -> f32 {
    let far = |(a, b): (&[u8], &[u8])| {
        let squares = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2));
        squares.sum::<u32>() as f32 / (HISTOGRAM_ONE * HISTOGRAM_ONE)
    };
    let mut blocks: Vec<(f32, f32)> =
        a.chunks(BLOCK_LEN).zip(b.chunks(BLOCK_LEN)).map(far).zip(weights.iter().copied()).collect();
    blocks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let unchanged = weights.iter().sum::<f32>() * (1.0 - CHANGED);
    let mut passed = 0.0;
    for (distance, weight) in &blocks {
        passed += weight;
        if passed >= unchanged {
            return *distance;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::super::crop::PATCH;
    use super::*;

    fn ground(seed: usize) -> Patch {
        Patch((0..PATCH * PATCH).map(|at| 110 + (at * (31 + seed) % 7) as u8).collect())
    }

    fn vehicle(left: usize) -> Patch {
        let is_on = |x: usize, y: usize| (left..left + 40).contains(&x) && (20..60).contains(&y);
        let pixel = |x: usize, y: usize| {
            if is_on(x, y) { if ((x - left) / 5 + y / 8).is_multiple_of(2) { 30 } else { 220 } } else { 112 }
        };
        Patch((0..PATCH * PATCH).map(|at| pixel(at % PATCH, at / PATCH)).collect())
    }

    fn reference() -> Reference {
        Reference::learn(&[ground(0), ground(1), ground(2)], &Mask::whole()).expect("a reference")
    }

    #[test]
    fn an_empty_slot_is_like_its_reference_and_a_vehicle_is_not() {
        let (empty, full) = (reference().compare(&ground(3)), reference().compare(&vehicle(18)));
        assert!(empty.structure < 0.15 && full.structure > 0.3, "{empty:?} {full:?}");
        assert!(empty.edges_over_empty < 0.02 && full.edges_over_empty > 0.1, "{empty:?} {full:?}");
        assert!(full.brightness > empty.brightness);
    }

    #[test]
    fn a_camera_that_trembles_sees_the_same_slot() {
        let still = Reference::learn(&[vehicle(18)], &Mask::whole()).expect("a reference");
        assert!(still.compare(&vehicle(22)).structure < 0.5 * still.compare(&vehicle(30)).structure);
        assert_eq!(still.compare(&vehicle(22)).structure, 0.0);
    }

    #[test]
    fn without_a_picture_there_is_no_reference() {
        assert!(Reference::learn(&[], &Mask::whole()).is_none());
    }

    #[test]
    fn it_takes_no_more_memory_than_it_says_however_many_pictures_there_are() {
        let patches: Vec<Patch> = (0..3 * REFERENCES_MAX).map(ground).collect();
        let Reference { histograms, grey, .. } = Reference::learn(&patches, &Mask::whole()).expect("a reference");
        let bytes = size_of::<Reference>() + size_of_val(&histograms[..]) + size_of_val(&grey[..]);
        assert!(bytes <= Reference::BYTES_MAX && Reference::BYTES_MAX < 12 * 1024, "{bytes}");
    }
}
