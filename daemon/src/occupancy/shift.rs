//! How far a camera moved since its regions were drawn: phase correlation of two pictures, by a small Fourier transform.

use std::sync::LazyLock;

use super::picture::Picture;

/// Both pictures are compared at this size; a power of two for the transform.
const SIZE: usize = 128;
/// A peak that stands out less among the others shows that the pictures have nothing in common; in standard deviations. Measured: up to 8
/// between pictures of different places, from 34 between those of one place five minutes apart, 4 to 90 over a day there.
const PEAK_MIN: f32 = 12.0;
/// Frequencies well above this do not count, in waves per pixel.
const COARSE: f32 = 0.15;
/// A larger move is not made good: what a slot looks like from there is not known. As a fraction of the picture's width.
pub const MOVE_MAX: f32 = 0.06;

/// What a camera looks at, to be compared with later pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene(pub Vec<u8>);

/// Where a scene lies on the first, as fractions of width and height.
pub type Aside = (f32, f32);

/// Most scenes that are kept to recognise later pictures by.
pub const KEPT_MAX: usize = 8;

/// What a camera looked at when its regions were drawn, since, and last. Over a day the light and the vehicles change so much that little
/// is left in common with the first picture, but never much from one picture to the next; and one day is like another.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// The first, and those since then that were recognised by nothing but the one before them.
    kept: Vec<(Scene, Aside)>,
    last: (Scene, Aside),
    kept_ever: usize,
}

impl Track {
    pub fn new(first: Scene) -> Self {
        Self { last: (first.clone(), (0.0, 0.0)), kept: vec![(first, (0.0, 0.0))], kept_ever: 1 }
    }

    /// As it was left; `None` when that was nothing.
    pub fn resumed(kept: Vec<(Scene, Aside)>, last: (Scene, Aside)) -> Option<Self> {
        let kept_ever = kept.len();
        (1..=KEPT_MAX).contains(&kept.len()).then_some(Self { kept, last, kept_ever })
    }

    /// The scenes that are kept, the one that the regions were drawn on first.
    pub fn kept(&self) -> &[(Scene, Aside)] {
        &self.kept
    }

    /// The last one that was recognised.
    pub fn last(&self) -> &(Scene, Aside) {
        &self.last
    }

    /// How many scenes were kept so far: another number, and others are kept.
    pub fn kept_ever(&self) -> usize {
        self.kept_ever
    }

    /// Where some picture lies.
    pub fn place(&self, scene: &Scene) -> Placed {
        self.find(scene).0
    }

    /// Where the next picture lies. It is remembered if it is recognised and not moved.
    pub fn follow(&mut self, next: &Scene) -> Placed {
        let (placed, by) = self.find(next);
        if let Placed::Aside(dx, dy) = placed {
            self.last = (next.clone(), (dx, dy));
            if by == self.kept.len() {
                self.keep();
            }
        }
        placed
    }

    /// Where a picture lies, and which of the scenes, the last one being the last, it was recognised by.
    fn find(&self, next: &Scene) -> (Placed, usize) {
        let mut found = (Placed::Elsewhere, 0);
        let next = next.spectrum();
        for (at, (scene, aside)) in self.kept.iter().chain([&self.last]).enumerate() {
            let placed = match scene.under(&next) {
                Placed::Aside(dx, dy) => within(aside.0 + dx, aside.1 + dy),
                other => other,
            };
            match placed {
                Placed::Aside(..) => return (placed, at),
                Placed::Moved(_) => found = (placed, at),
                Placed::Elsewhere => {}
            }
        }
        found
    }

    /// Nothing that is kept was like the last one.
    fn keep(&mut self) {
        if self.kept.len() == KEPT_MAX {
            self.kept.remove(1);
        }
        self.kept.push(self.last.clone());
        self.kept_ever += 1;
    }
}

/// A move that is made good, or one that is too large.
fn within(dx: f32, dy: f32) -> Placed {
    let far = dx.hypot(dy);
    if far > MOVE_MAX { Placed::Moved(far) } else { Placed::Aside(dx, dy) }
}

/// How a picture lies on the scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Placed {
    /// Moved by a little, as fractions of the width and height of the picture.
    Aside(f32, f32),
    /// Moved by so much, as a fraction of the picture's width, that its regions are no longer on the slots.
    Moved(f32),
    /// It shows something else.
    Elsewhere,
}

impl Scene {
    /// Bytes of a scene.
    pub const LEN: usize = SIZE * SIZE;

    pub fn of(picture: &Picture) -> Self {
        let tile = |at: usize| {
            let (x, y) = (at % SIZE, at / SIZE);
            let (left, right) = bounds(x, picture.width);
            let (top, bottom) = bounds(y, picture.height);
            let rows = (top..bottom).flat_map(|y| &picture.luma[y * picture.width + left..y * picture.width + right]);
            let (sum, count) = rows.fold((0u32, 0u32), |(sum, count), luma| (sum + u32::from(*luma), count + 1));
            (sum / count.max(1)) as u8
        };
        Self((0..SIZE * SIZE).map(tile).collect())
    }

    /// Where a later picture of the same camera lies on this one.
    pub fn place(&self, later: &Self) -> Placed {
        self.under(&later.spectrum())
    }

    /// The same, by the spectrum of the later one.
    fn under(&self, later: &[Complex]) -> Placed {
        // What both have in common is how their phases differ; how strong a frequency is says more of the light.
        let both = self.spectrum().into_iter().zip(later).enumerate();
        let mut cross: Vec<Complex> = both
            .map(|(at, (a, b))| {
                // The other way round than it is to be turned back: what is turned on instead has the same real part.
                a.times(b.conjugate()).unit().scaled(TABLES.coarse[at % SIZE] * TABLES.coarse[at / SIZE])
            })
            .collect();
        transform_plane(&mut cross);
        let peaks: Vec<f32> = cross.iter().map(|value| value.re).collect();
        let (at, peak) = peaks
            .iter()
            .copied()
            .enumerate()
            .fold((0, f32::MIN), |best, (at, value)| if value > best.1 { (at, value) } else { best });
        let deviation = (peaks.iter().map(|value| value * value).sum::<f32>() / peaks.len() as f32).sqrt();
        if peak < PEAK_MIN * deviation {
            return Placed::Elsewhere;
        }
        let along = |index: usize, before: f32, after: f32| {
            let whole = if index > SIZE / 2 { index as f32 - SIZE as f32 } else { index as f32 };
            (whole + between(before, peak, after)) / SIZE as f32
        };
        let (x, y) = (at % SIZE, at / SIZE);
        let value = |x: usize, y: usize| peaks[y % SIZE * SIZE + x % SIZE];
        let dx = along(x, value(x + SIZE - 1, y), value(x + 1, y));
        let dy = along(y, value(x, y + SIZE - 1), value(x, y + 1));
        within(dx, dy)
    }

    /// Of brightness, faded out towards the edges, which a transform would join. Columns and rows are exchanged.
    fn spectrum(&self) -> Vec<Complex> {
        let mean = self.0.iter().map(|luma| f32::from(*luma)).sum::<f32>() / self.0.len() as f32;
        let faded = |(at, luma): (usize, &u8)| Complex {
            re: (f32::from(*luma) - mean) * TABLES.fade[at % SIZE] * TABLES.fade[at / SIZE],
            im: 0.0,
        };
        let mut plane: Vec<Complex> = self.0.iter().enumerate().map(faded).collect();
        transform_plane(&mut plane);
        plane
    }
}

/// What is the same for every picture, worked out once.
struct Tables {
    /// How much a frequency counts along one axis: a move by a part of a pixel leaves the coarse ones as they are.
    coarse: [f32; SIZE],
    /// How much a pixel counts along one axis.
    fade: [f32; SIZE],
    /// The roots of one, half a turn of them, for each span of a transform: those of span `n` begin at `n / 2 - 1`.
    roots: Vec<Complex>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    coarse: std::array::from_fn(|index| {
        let frequency = index.min(SIZE - index) as f32 / SIZE as f32;
        (-(frequency / COARSE).powi(2) / 2.0).exp()
    }),
    fade: std::array::from_fn(|index| (std::f32::consts::PI * (index as f32 + 0.5) / SIZE as f32).sin()),
    roots: (0..SIZE.trailing_zeros()).map(|power| 1 << power).flat_map(roots).collect(),
});

/// So many roots of one, over half a turn.
fn roots(half: usize) -> impl Iterator<Item = Complex> {
    (0..half).map(move |index| {
        let turn = -std::f32::consts::PI * index as f32 / half as f32;
        Complex { re: turn.cos(), im: turn.sin() }
    })
}

/// First and last pixel, exclusive, that fall into one of [`SIZE`] tiles along an axis.
fn bounds(tile: usize, length: usize) -> (usize, usize) {
    let (from, to) = (tile * length / SIZE, (tile + 1) * length / SIZE);
    let from = from.min(length - 1);
    (from, to.clamp(from + 1, length))
}

/// Where between two pixels a peak is, by the parabola through it and its neighbours: -0.5 to 0.5.
fn between(before: f32, peak: f32, after: f32) -> f32 {
    let bend = before - 2.0 * peak + after;
    if bend.abs() < f32::EPSILON { 0.0 } else { ((before - after) / (2.0 * bend)).clamp(-0.5, 0.5) }
}

#[derive(Debug, Clone, Copy)]
struct Complex {
    re: f32,
    im: f32,
}

impl Complex {
    fn times(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }

    fn conjugate(self) -> Self {
        Self { im: -self.im, ..self }
    }

    fn scaled(self, factor: f32) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }

    /// The same direction, with length 1; what is next to nothing becomes nothing.
    fn unit(self) -> Self {
        let length = (self.re * self.re + self.im * self.im).sqrt();
        if length < 1e-3 { Self { re: 0.0, im: 0.0 } } else { Self { re: self.re / length, im: self.im / length } }
    }
}

/// Exchanges columns and rows besides: done twice, each is where it was.
fn transform_plane(plane: &mut [Complex]) {
    plane.chunks_mut(SIZE).for_each(transform);
    for y in 0..SIZE {
        for x in 0..y {
            plane.swap(y * SIZE + x, x * SIZE + y);
        }
    }
    plane.chunks_mut(SIZE).for_each(transform);
}

/// The Fourier transform of a line of [`SIZE`], in place (Cooley and Tukey).
fn transform(line: &mut [Complex]) {
    let bits = SIZE.trailing_zeros();
    for index in 0..SIZE {
        let mirrored = index.reverse_bits() >> (usize::BITS - bits);
        if index < mirrored {
            line.swap(index, mirrored);
        }
    }
    let mut span = 2;
    while span <= SIZE {
        let roots = &TABLES.roots[span / 2 - 1..];
        for block in line.chunks_mut(span) {
            let (low, high) = block.split_at_mut(span / 2);
            for ((a, b), root) in low.iter_mut().zip(high).zip(roots) {
                let odd = b.times(*root);
                *b = Complex { re: a.re - odd.re, im: a.im - odd.im };
                *a = Complex { re: a.re + odd.re, im: a.im + odd.im };
            }
        }
        span *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A yard of blocks, seen from a little aside, with a little noise.
    fn yard(aside: (usize, usize), noise: usize, world: usize) -> Picture {
        let pixel = |at: usize| {
            let (x, y) = (at % 640 + aside.0 + 60, at / 640 + aside.1 + 60);
            let (column, row) = (x / (23 + 4 * world), y / (31 + 3 * world));
            let mixed = (column * 7919 + row * 104_729 + world * 1_299_709).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let block = (mixed >> 40) % 97;
            (60 + block * 3 / 2 + (at * 2_654_435_761 % 1_013) % noise.max(1)) as u8
        };
        Picture { width: 640, height: 480, luma: (0..640 * 480).map(pixel).collect() }
    }

    #[test]
    fn a_small_move_is_measured() {
        let scene = Scene::of(&yard((20, 20), 1, 0));
        for (aside, dx, dy) in [((20, 20), 0.0, 0.0), ((12, 20), 8.0, 0.0), ((32, 26), -12.0, -6.0)] {
            let Placed::Aside(x, y) = scene.place(&Scene::of(&yard(aside, 9, 0))) else { panic!("{aside:?}") };
            let (x, y) = (x * 640.0, y * 480.0);
            assert!((x - dx).abs() < 1.6 && (y - dy).abs() < 1.6, "{aside:?}: {x} {y}");
        }
    }

    #[test]
    fn a_large_move_is_an_alarm() {
        let scene = Scene::of(&yard((0, 0), 1, 0));
        assert!(matches!(scene.place(&Scene::of(&yard((90, 0), 5, 0))), Placed::Moved(far) if far > 0.1));
    }

    #[test]
    fn another_place_is_not_recognised() {
        let scene = Scene::of(&yard((0, 0), 1, 0));
        assert_eq!(scene.place(&Scene::of(&yard((0, 0), 5, 3))), Placed::Elsewhere);
    }

    #[test]
    fn a_place_that_changes_bit_by_bit_is_followed() {
        const PARTS: usize = 24;
        let changed = |parts: usize| {
            let (mut yard, other) = (yard((20, 20), 5, 0), yard((14, 20), 5, 2));
            let rows = yard.height * parts / PARTS * yard.width;
            yard.luma[..rows].copy_from_slice(&other.luma[..rows]);
            Scene::of(&yard)
        };
        let mut track = Track::new(changed(0));
        assert!(!matches!(track.clone().follow(&changed(PARTS)), Placed::Aside(..)), "all at once it is another place");
        for parts in 0..=PARTS {
            assert!(matches!(track.follow(&changed(parts)), Placed::Aside(..)), "{parts}");
        }
        let kept = track.kept().len();
        assert!((2..=KEPT_MAX).contains(&kept), "{kept}");
        assert!(matches!(track.follow(&changed(0)), Placed::Aside(..)), "the next day begins like the first");
        assert!(matches!(track.follow(&changed(PARTS)), Placed::Aside(..)), "and ends like it");
        assert_eq!(track.kept().len(), kept, "what is known need not be kept again");
    }

    #[test]
    fn a_darker_picture_of_the_same_place_is_recognised() {
        let mut dim = yard((6, 0), 5, 0);
        dim.luma.iter_mut().for_each(|luma| *luma /= 3);
        assert!(matches!(Scene::of(&yard((0, 0), 1, 0)).place(&Scene::of(&dim)), Placed::Aside(..)));
    }
}
