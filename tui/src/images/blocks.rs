//! Pictures in cells: of the four quarters of a cell some have one colour and the rest another, so that they look most like what belongs there.
//! Pure.

use image::RgbImage;
use ratatui::buffer::Cell;
use ratatui::style::Modifier;

use crate::theme::{Look, style};

/// By which quarters have the first colour: 1 top left, 2 top right, 4 bottom left. The bottom right never has: the colours would change places.
const GLYPHS: [&str; 8] = [" ", "▘", "▝", "▀", "▖", "▌", "▞", "▛"];
/// Bytes of a cell: its glyph, and the red, green and blue of each colour.
const BYTES: usize = 7;
/// The upper half stands first: where another is no better, a picture looks calmest in it.
const ORDER: [u8; 8] = [3, 0, 5, 1, 2, 4, 6, 7];
const QUARTERS: usize = 4;

type Rgb = [u8; 3];

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub glyph: &'static str,
    pub fg: (u8, u8, u8),
    pub bg: (u8, u8, u8),
}

impl Block {
    pub fn draw(&self, cell: &mut Cell, look: Look) {
        cell.modifier = Modifier::empty();
        if look.is_ascii {
            let mean = |a: u8, b: u8| a.midpoint(b);
            let color = (mean(self.fg.0, self.bg.0), mean(self.fg.1, self.bg.1), mean(self.fg.2, self.bg.2));
            cell.set_symbol(" ").set_style(style(color, color));
        } else {
            cell.set_symbol(self.glyph).set_style(style(self.fg, self.bg));
        }
    }
}

/// The cells of a picture of two pixels for each, both ways, row by row.
pub fn of(image: &RgbImage) -> Vec<u8> {
    let (columns, rows) = (image.width() / 2, image.height() / 2);
    let mut bytes = Vec::with_capacity((columns * rows) as usize * BYTES);
    for y in 0..rows {
        for x in 0..columns {
            let pixel = |dx: u32, dy: u32| image.get_pixel(2 * x + dx, 2 * y + dy).0;
            bytes.extend(best([pixel(0, 0), pixel(1, 0), pixel(0, 1), pixel(1, 1)]));
        }
    }
    bytes
}

/// The cell at a place in the list.
pub fn at(bytes: &[u8], index: usize) -> Option<Block> {
    let [mask, fr, fg, fb, br, bg, bb] = *bytes.get(index * BYTES..)?.first_chunk::<BYTES>()?;
    Some(Block { glyph: GLYPHS[usize::from(mask) % GLYPHS.len()], fg: (fr, fg, fb), bg: (br, bg, bb) })
}

fn best(quarters: [Rgb; QUARTERS]) -> [u8; BYTES] {
    let candidates = ORDER.map(|mask| {
        let (fg, fg_off) = mean(&quarters, |at| mask >> at & 1 == 1);
        let (bg, bg_off) = mean(&quarters, |at| mask >> at & 1 == 0);
        (fg_off + bg_off, mask, if mask == 0 { bg } else { fg }, bg)
    });
    let (_, mask, fg, bg) = candidates.into_iter().min_by_key(|(off, ..)| *off).unwrap_or_default();
    [mask, fg[0], fg[1], fg[2], bg[0], bg[1], bg[2]]
}

/// The mean of some quarters, and how far they are from it.
fn mean(quarters: &[Rgb; QUARTERS], is_one: impl Fn(usize) -> bool) -> (Rgb, u32) {
    let ones = || (0..QUARTERS).filter(|at| is_one(*at)).map(|at| quarters[at]);
    let count = ones().count().max(1) as u32;
    let mean = [0, 1, 2].map(|channel| (ones().map(|color| u32::from(color[channel])).sum::<u32>() / count) as u8);
    let off = ones().map(|color| (0..3).map(|at| u32::from(color[at].abs_diff(mean[at])).pow(2)).sum::<u32>()).sum();
    (mean, off)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    const A: Rgb<u8> = Rgb([200, 10, 10]);
    const B: Rgb<u8> = Rgb([10, 10, 200]);

    fn block(quarters: [Rgb<u8>; 4]) -> Block {
        let image = RgbImage::from_fn(2, 2, |x, y| quarters[(2 * y + x) as usize]);
        at(&of(&image), 0).expect("one cell")
    }

    #[test]
    fn two_colours_are_shown_as_they_lie() {
        let (a, b) = ((200, 10, 10), (10, 10, 200));
        for (quarters, expected) in [
            ([A, A, B, B], ("▀", a, b)),
            ([A, B, A, B], ("▌", a, b)),
            ([A, B, B, A], ("▞", b, a)),
            ([B, B, B, A], ("▛", b, a)),
            ([A, A, A, A], ("▀", a, a)),
        ] {
            let Block { glyph, fg, bg } = block(quarters);
            assert_eq!((glyph, fg, bg), expected, "{quarters:?}");
        }
    }

    #[test]
    fn there_is_no_cell_beyond_the_last() {
        let bytes = of(&RgbImage::new(6, 4));
        assert!(at(&bytes, 5).is_some());
        assert_eq!(at(&bytes, 6), None);
    }
}
