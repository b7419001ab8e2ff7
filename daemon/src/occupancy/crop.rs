//! Cuts the square around one slot out of a picture and brings it to one size, whatever the size of the picture.

use super::picture::Picture;

/// Side of what is looked at, in pixels of a patch.
pub const SIDE: usize = 64;
/// What a patch holds around that on every side, so that it can be looked at a little aside.
pub const MARGIN: usize = 6;
/// Side of a patch.
pub const PATCH: usize = SIDE + 2 * MARGIN;
/// Fewest and most corners of a region.
pub const CORNERS_MIN: usize = 3;
pub const CORNERS_MAX: usize = 16;
/// A slot that is smaller in the picture cannot be judged; side of its square, in pixels.
pub const SQUARE_MIN: f32 = 14.0;

/// A place in a picture, as fractions of its width and height.
pub type Corner = [f32; 2];

/// A square in a picture, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Square {
    /// Its centre.
    pub x: f32,
    pub y: f32,
    pub side: f32,
}

/// The square around a slot, [`PATCH`] by [`PATCH`] brightnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch(pub Vec<u8>);

impl Square {
    /// Around a polygon of fractions in a picture of this size.
    pub fn around(polygon: &[Corner], width: usize, height: usize) -> Self {
        let span = |axis: usize, length: usize| {
            let low = polygon.iter().map(|corner| corner[axis]).fold(f32::INFINITY, f32::min);
            let high = polygon.iter().map(|corner| corner[axis]).fold(f32::NEG_INFINITY, f32::max);
            (low * length as f32, high * length as f32)
        };
        let ((left, right), (top, bottom)) = (span(0, width), span(1, height));
        Self { x: (left + right) / 2.0, y: (top + bottom) / 2.0, side: (right - left).max(bottom - top) }
    }

    /// The whole of a picture that shows nothing but one slot.
    pub fn whole(picture: &Picture) -> Self {
        let (width, height) = (picture.width as f32, picture.height as f32);
        Self { x: width / 2.0, y: height / 2.0, side: width.max(height) }
    }

    /// Where a corner of a picture of this size lies in the square, as fractions of it.
    fn place(&self, corner: Corner, width: usize, height: usize) -> Corner {
        let along = |fraction: f32, length: usize, centre: f32| (fraction * length as f32 - centre) / self.side + 0.5;
        [along(corner[0], width, self.x), along(corner[1], height, self.y)]
    }

    #[must_use]
    pub fn moved(self, (dx, dy): (f32, f32)) -> Self {
        Self { x: self.x + dx, y: self.y + dy, ..self }
    }

    /// Left, top, width and height as fractions of a picture, cut at its edges.
    pub fn fractions(&self, width: usize, height: usize) -> [f32; 4] {
        let span = |centre: f32, length: usize| {
            let length = length as f32;
            let low = ((centre - self.side / 2.0) / length).clamp(0.0, 1.0);
            let high = ((centre + self.side / 2.0) / length).clamp(0.0, 1.0);
            (low, high - low)
        };
        let ((left, wide), (top, high)) = (span(self.x, width), span(self.y, height));
        [left, top, wide, high]
    }
}

/// Which pixels of what is looked at lie on the slot, row by row, a bit for each. The others show its neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask([u64; SIDE]);

const _: () = assert!(SIDE == u64::BITS as usize);

/// What a pixel counts outside the region.
const OUTSIDE: f32 = 0.1;
/// How far from the middle a pixel counts less; standard deviation, as a fraction of the side.
const REACH: f32 = 0.28;

impl Mask {
    /// Of a region in a picture of this size.
    pub fn of(polygon: &[Corner], width: usize, height: usize) -> Self {
        let square = Square::around(polygon, width, height);
        let corners: Vec<Corner> = polygon.iter().map(|corner| square.place(*corner, width, height)).collect();
        let is_on = |row: usize, column: &usize| is_inside(&corners, along(*column), along(row));
        Self(std::array::from_fn(|row| {
            (0..SIDE).filter(|column| is_on(row, column)).fold(0, |bits, at| bits | 1 << at)
        }))
    }

    /// Of a picture that shows nothing but one slot.
    pub fn whole() -> Self {
        Self([u64::MAX; SIDE])
    }

    /// How much each pixel counts, row by row: little outside the slot, and most in its middle.
    pub fn weights(&self) -> Vec<f32> {
        let middle: [f32; SIDE] = std::array::from_fn(|at| (-((along(at) - 0.5) / REACH).powi(2) / 2.0).exp());
        let row = |(bits, y): (&u64, f32)| {
            let bits = *bits;
            (0..SIDE).map(move |at| middle[at] * y * if bits >> at & 1 == 1 { 1.0 } else { OUTSIDE })
        };
        self.0.iter().zip(middle).flat_map(row).collect()
    }
}

/// Where the middle of a pixel lies, as a fraction of the side.
fn along(index: usize) -> f32 {
    (index as f32 + 0.5) / SIDE as f32
}

/// Whether a point lies in a polygon: a line from it to the left crosses the outline an odd number of times.
fn is_inside(corners: &[Corner], x: f32, y: f32) -> bool {
    let sides = corners.iter().zip(corners.iter().cycle().skip(1));
    let crossed =
        sides.filter(|([x1, y1], [x2, y2])| (*y1 > y) != (*y2 > y) && x > x1 + (y - y1) / (y2 - y1) * (x2 - x1));
    crossed.count() % 2 == 1
}

/// Cuts a square out. Beyond the edge of the picture its last pixels go on. Shrinking averages, so that no noise is made.
pub fn cut(picture: &Picture, square: Square) -> Patch {
    let scale = square.side / SIDE as f32;
    let from = |centre: f32| centre - scale * PATCH as f32 / 2.0;
    let columns = spans(from(square.x), scale, picture.width);
    let rows = spans(from(square.y), scale, picture.height);
    let mut luma = Vec::with_capacity(PATCH * PATCH);
    for row in &rows {
        for column in &columns {
            let mut sum = 0.0;
            for (y, part_y) in row {
                let line = &picture.luma[y * picture.width..];
                sum += part_y * column.iter().map(|(x, part_x)| part_x * f32::from(line[*x])).sum::<f32>();
            }
            luma.push((sum + 0.5) as u8);
        }
    }
    Patch(luma)
}

/// For each pixel of a patch along one axis: which pixels of the picture it is made of, and by which parts.
fn spans(from: f32, scale: f32, length: usize) -> Vec<Vec<(usize, f32)>> {
    // Enlarging interpolates between two neighbours, shrinking averages all that fall into one.
    let reach = scale.max(1.0);
    let span = |index: usize| {
        let centre = from + scale * (index as f32 + 0.5);
        let (low, high) = (centre - reach / 2.0, centre + reach / 2.0);
        let mut parts: Vec<(usize, f32)> = Vec::new();
        for pixel in low.floor() as i64..high.ceil() as i64 {
            let part = (high.min(pixel as f32 + 1.0) - low.max(pixel as f32)) / reach;
            let inside = pixel.clamp(0, length as i64 - 1) as usize;
            match parts.last_mut().filter(|(last, _)| *last == inside) {
                Some((_, sum)) => *sum += part,
                None => parts.push((inside, part)),
            }
        }
        parts
    };
    (0..PATCH).map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: usize, height: usize) -> Picture {
        let luma = (0..width * height).map(|at| (at % width * 255 / (width - 1)) as u8).collect();
        Picture { width, height, luma }
    }

    #[test]
    fn a_slot_looks_the_same_in_a_picture_of_half_the_size() {
        let polygon = [[0.2, 0.2], [0.6, 0.25], [0.5, 0.7]];
        let patch = |width, height| cut(&ramp(width, height), Square::around(&polygon, width, height));
        let (large, small) = (patch(640, 480), patch(320, 240));
        let most = large.0.iter().zip(&small.0).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(most <= Some(2), "{most:?}");
    }

    #[test]
    fn a_square_beyond_the_edge_is_filled_with_the_edge() {
        let patch = cut(&ramp(100, 100), Square { x: 0.0, y: 0.0, side: 64.0 });
        assert_eq!(patch.0.len(), PATCH * PATCH);
        assert_eq!(patch.0[0], 0);
        let outside = Square { x: -500.0, y: 900.0, side: 10.0 };
        assert!(cut(&ramp(100, 100), outside).0.iter().all(|luma| *luma == 0));
    }

    #[test]
    fn neighbours_count_little() {
        let mask = Mask::of(&[[0.4, 0.1], [0.6, 0.1], [0.6, 0.9], [0.4, 0.9]], 100, 100);
        let weights = mask.weights();
        let at = |x: usize, y: usize| weights[y * SIDE + x];
        assert!(at(SIDE / 2, SIDE / 2) > 0.9 && at(2, SIDE / 2) < 0.03, "{} {}", at(32, 32), at(2, 32));
        assert!(at(SIDE / 2, 8) > 4.0 * at(8, SIDE / 2), "along the slot it counts more than across");
    }

    #[test]
    fn fractions_are_cut_at_the_edges() {
        let square = Square { x: 0.0, y: 50.0, side: 40.0 };
        let far = square.fractions(100, 100).into_iter().zip([0.0, 0.3, 0.2, 0.4]).map(|(a, b)| (a - b).abs());
        assert!(far.fold(0.0, f32::max) < 1e-6, "{:?}", square.fractions(100, 100));
    }
}
