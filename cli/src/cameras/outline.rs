//! Regions drawn on a picture: their sides, and the code of the slot in the middle of each. Knows nothing of cameras.

use image::{Rgb, RgbImage};

/// What is drawn around one slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    pub label: String,
    /// In order, as fractions of the picture's width and height from its top left.
    pub corners: Vec<[f64; 2]>,
    pub color: Rgb<u8>,
}

/// A side is as thick as a part of so many of the picture's width, and a dot of a letter as a part of so many.
const SIDES_PER_WIDTH: u32 = 400;
const DOTS_PER_WIDTH: u32 = 420;
/// Columns and rows of a letter, in dots.
const GLYPH: (u32, u32) = (3, 5);
/// What letters stand on.
const PLATE: Rgb<u8> = Rgb([16, 16, 16]);

/// Draws one region. A code that is wider than its region is left out: it would be taken for that of the next one.
pub fn draw(picture: &mut RgbImage, outline: &Outline) {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let corners: Vec<(f64, f64)> = outline.corners.iter().map(|[x, y]| (x * width, y * height)).collect();
    label(picture, &corners, outline);
    let thickness = picture.width().div_ceil(SIDES_PER_WIDTH);
    for (from, to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
        side(picture, *from, *to, thickness, outline.color);
    }
}

fn side(picture: &mut RgbImage, from: (f64, f64), to: (f64, f64), thickness: u32, color: Rgb<u8>) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let steps = dx.abs().max(dy.abs()).ceil().max(1.0);
    for step in 0..=steps as u32 {
        let part = f64::from(step) / steps;
        let middle = f64::from(thickness / 2);
        square(picture, from.0 + dx * part - middle, from.1 + dy * part - middle, (thickness, thickness), color);
    }
}

/// What of it lies in the picture.
fn square(picture: &mut RgbImage, left: f64, top: f64, (width, height): (u32, u32), color: Rgb<u8>) {
    let (left, top) = (left.round().max(0.0) as u32, top.round().max(0.0) as u32);
    for y in top..(top + height).min(picture.height()) {
        for x in left..(left + width).min(picture.width()) {
            picture.put_pixel(x, y, color);
        }
    }
}

fn label(picture: &mut RgbImage, corners: &[(f64, f64)], outline: &Outline) {
    let dot = picture.width().div_ceil(DOTS_PER_WIDTH);
    let letters = outline.label.chars().count() as u32;
    // A dot between two letters, and one around them all.
    let size = ((letters * (GLYPH.0 + 1) + 1) * dot, (GLYPH.1 + 2) * dot);
    let span = |of: fn(&(f64, f64)) -> f64| {
        let (least, most) =
            corners.iter().map(of).fold((f64::MAX, f64::MIN), |(least, most), at| (least.min(at), most.max(at)));
        (least, most - least)
    };
    let ((left, width), (top, height)) = (span(|corner| corner.0), span(|corner| corner.1));
    if f64::from(size.0) > width || f64::from(size.1) > height {
        return;
    }
    let (x, y) = (left + (width - f64::from(size.0)) / 2.0, top + (height - f64::from(size.1)) / 2.0);
    square(picture, x, y, size, PLATE);
    for (at, letter) in (0..).zip(outline.label.chars()) {
        let rows = glyph(letter);
        for (row, column) in (0..GLYPH.1).flat_map(|row| (0..GLYPH.0).map(move |column| (row, column))) {
            let bit = (GLYPH.1 - 1 - row) * GLYPH.0 + (GLYPH.0 - 1 - column);
            if rows >> bit & 1 == 1 {
                let dots = (at * (GLYPH.0 + 1) + 1 + column, 1 + row);
                let place = (x + f64::from(dots.0 * dot), y + f64::from(dots.1 * dot));
                square(picture, place.0, place.1, (dot, dot), outline.color);
            }
        }
    }
}

/// Rows of three dots, the top one first: an octal digit each. What is no letter of a code is a box.
fn glyph(letter: char) -> u16 {
    match letter.to_ascii_uppercase() {
        '0' => 0o75557,
        '1' => 0o26227,
        '2' => 0o71747,
        '3' => 0o71717,
        '4' => 0o55711,
        '5' => 0o74717,
        '6' => 0o74757,
        '7' => 0o71222,
        '8' => 0o75757,
        '9' => 0o75717,
        'A' => 0o25755,
        'B' => 0o65656,
        'C' => 0o34443,
        'D' => 0o65556,
        'E' => 0o74647,
        'F' => 0o74644,
        'G' => 0o34553,
        'H' => 0o55755,
        'I' => 0o72227,
        'J' => 0o11152,
        'K' => 0o55655,
        'L' => 0o44447,
        'M' => 0o57755,
        'N' => 0o65555,
        'O' => 0o25552,
        'P' => 0o65644,
        'Q' => 0o25563,
        'R' => 0o65655,
        'S' => 0o34216,
        'T' => 0o72222,
        'U' => 0o55557,
        'V' => 0o55552,
        'W' => 0o55775,
        'X' => 0o55255,
        'Y' => 0o55222,
        'Z' => 0o71247,
        '-' => 0o00700,
        '_' => 0o00007,
        '.' => 0o00002,
        _ => 0o77777,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Rgb<u8> = Rgb([255, 0, 0]);

    fn drawn(label: &str, width: u32) -> RgbImage {
        let mut picture = RgbImage::new(width, width / 2);
        let corners = vec![[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]];
        draw(&mut picture, &Outline { label: label.into(), corners, color: RED });
        picture
    }

    fn text(picture: &RgbImage) -> Vec<String> {
        let of = |y| picture.enumerate_pixels().filter(move |(_, at, _)| *at == y);
        (0..picture.height())
            .map(|y| of(y).map(|(.., &pixel)| if pixel == RED { '#' } else { '.' }).collect())
            .collect()
    }

    #[test]
    fn the_sides_and_the_code_are_drawn_where_they_belong() {
        let lines = text(&drawn("A1", 28));
        assert_eq!(
            lines,
            [
                "............................",
                "............................",
                "............................",
                "............................",
                ".......###############......",
                ".......#....#...#....#......",
                ".......#...#.#.##....#......",
                ".......#...###..#....#......",
                ".......#...#.#..#....#......",
                ".......#...#.#.###...#......",
                ".......#.............#......",
                ".......###############......",
                "............................",
                "............................",
            ]
        );
    }

    #[test]
    fn a_code_that_does_not_fit_is_left_out_and_what_lies_outside_is_cut() {
        let count = |picture: &RgbImage| picture.pixels().filter(|pixel| **pixel == RED).count();
        assert_eq!(count(&drawn("A-1234", 28)), count(&drawn("", 28)));
        let mut picture = RgbImage::new(20, 20);
        draw(
            &mut picture,
            &Outline { label: "Z".into(), corners: vec![[0.5, 0.5], [1.0, 1.0], [0.5, 1.0]], color: RED },
        );
        assert_eq!(picture.get_pixel(19, 19), &RED);
        assert!(count(&drawn("A-12", 1600)) > count(&drawn("A-12", 800)) * 3, "lines grow with the picture");
    }
}
