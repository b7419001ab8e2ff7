//! Sixels: bands of six rows, drawn colour by colour from a palette that is made for each picture. Pure.

use std::fmt::Write;

use image::RgbImage;

/// Colours of a picture; every terminal with sixels has as many registers, or takes the nearest of those that it has.
const COLORS_MAX: usize = 256;
/// Bits of each channel by which colours are told apart.
const BITS: u32 = 5;
const BINS: usize = 1 << (3 * BITS);
/// Rows of a band.
const BAND: usize = 6;
/// A run shorter than this is no shorter in its short form.
const RUN_MIN: usize = 4;
/// Order in which the pixels of a square of 4 × 4 give way to the next colour.
const BAYER: [[i16; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];

type Rgb = [u8; 3];

/// The whole sequence, to be sent where the top left corner is to be.
pub fn encode(image: &RgbImage) -> Vec<u8> {
    let mut palette = Palette::of(image);
    let (width, height) = (image.width() as usize, image.height() as usize);
    // Pixels that a band does not set keep their colour, and a pixel is as high as wide.
    let mut out = format!("\x1bP0;1;0q\"1;1;{width};{height}").into_bytes();
    let mut header = String::new();
    for (index, [r, g, b]) in palette.colors.iter().enumerate() {
        let percent = |value: &u8| (u32::from(*value) * 100 + 127) / 255;
        // Writing to a string does not fail.
        let _ = write!(header, "#{index};2;{};{};{}", percent(r), percent(g), percent(b));
    }
    out.extend(header.into_bytes());
    let indices = palette.indices(image);
    let mut rows = vec![vec![0_u8; width]; palette.colors.len()];
    for (n, band) in indices.chunks(width * BAND).enumerate() {
        if n > 0 {
            out.push(b'-');
        }
        draw_band(&mut out, &mut rows, band, width);
    }
    out.extend(b"\x1b\\");
    out
}

/// Draws a band; `rows` has one for each colour, all empty before and after.
fn draw_band(out: &mut Vec<u8>, rows: &mut [Vec<u8>], band: &[u8], width: usize) {
    let mut used = [false; COLORS_MAX];
    for (y, line) in band.chunks(width).enumerate() {
        for (x, &color) in line.iter().enumerate() {
            rows[usize::from(color)][x] |= 1 << y;
            used[usize::from(color)] = true;
        }
    }
    let mut is_first = true;
    for (color, row) in rows.iter_mut().enumerate().filter(|(color, _)| used[*color]) {
        if !is_first {
            out.push(b'$');
        }
        is_first = false;
        out.push(b'#');
        out.extend(color.to_string().into_bytes());
        draw_row(out, row);
        row.fill(0);
    }
}

fn draw_row(out: &mut Vec<u8>, row: &[u8]) {
    let end = row.iter().rposition(|bits| *bits != 0).map_or(0, |at| at + 1);
    for run in row[..end].chunk_by(|a, b| a == b) {
        let sixel = b'?' + run[0];
        if run.len() < RUN_MIN {
            out.extend(std::iter::repeat_n(sixel, run.len()));
        } else {
            out.push(b'!');
            out.extend(run.len().to_string().into_bytes());
            out.push(sixel);
        }
    }
}

/// The colours of a picture, and which of them is nearest to any other.
struct Palette {
    colors: Vec<Rgb>,
    /// By bin; computed when first asked for.
    nearest: Vec<u16>,
}

fn bin([r, g, b]: Rgb) -> usize {
    let part = |value: u8| usize::from(value >> (8 - BITS));
    (part(r) << (2 * BITS)) | (part(g) << BITS) | part(b)
}

impl Palette {
    /// By median cut: the box of colours with the widest spread of pixels is halved until there are enough.
    fn of(image: &RgbImage) -> Self {
        let mut sums = vec![[0_u64; 4]; BINS];
        for pixel in image.pixels() {
            let sum = &mut sums[bin(pixel.0)];
            for (channel, value) in pixel.0.iter().enumerate() {
                sum[channel] += u64::from(*value);
            }
            sum[3] += 1;
        }
        let mean = |sum: &[u64; 4]| [0, 1, 2].map(|channel| (sum[channel] / sum[3]) as u8);
        let bins: Vec<(Rgb, u64)> = sums.iter().filter(|sum| sum[3] > 0).map(|sum| (mean(sum), sum[3])).collect();
        let scored = |bins: Vec<(Rgb, u64)>| {
            let (_, spread) = widest(&bins);
            (u64::from(spread) * bins.iter().map(|(_, count)| count).sum::<u64>().isqrt(), bins)
        };
        let mut boxes = vec![scored(bins)];
        while boxes.len() < COLORS_MAX {
            let best = (0..boxes.len()).filter(|at| boxes[*at].1.len() > 1).max_by_key(|at| boxes[*at].0);
            let Some(at) = best else { break };
            let (_, bins) = boxes.swap_remove(at);
            boxes.extend(halves(bins).map(scored));
        }
        let average = |(_, bins): &(u64, Vec<(Rgb, u64)>)| {
            let total: u64 = bins.iter().map(|(_, count)| count).sum::<u64>().max(1);
            [0, 1, 2].map(|channel| {
                let sum: u64 = bins.iter().map(|(color, count)| u64::from(color[channel]) * count).sum();
                (sum / total) as u8
            })
        };
        Self { colors: boxes.iter().map(average).collect(), nearest: vec![u16::MAX; BINS] }
    }

    /// For each pixel the place of its colour. A pixel between two colours is given to both in turn, by its place.
    fn indices(&mut self, image: &RgbImage) -> Vec<u8> {
        // As far apart as the colours of the palette are on the average.
        let spread = if self.colors.len() < COLORS_MAX { 0 } else { 8 };
        let mut indices = Vec::with_capacity((image.width() * image.height()) as usize);
        for (x, y, pixel) in image.enumerate_pixels() {
            let shift = (BAYER[(y % 4) as usize][(x % 4) as usize] * 2 - 15) * spread / 16;
            let shifted = pixel.0.map(|value| (i16::from(value) + shift).clamp(0, 255) as u8);
            indices.push(self.nearest(shifted));
        }
        indices
    }

    fn nearest(&mut self, color: Rgb) -> u8 {
        let bin = bin(color);
        if self.nearest[bin] == u16::MAX {
            let distance = |other: &Rgb| {
                let part = |channel: usize| u32::from(color[channel].abs_diff(other[channel])).pow(2);
                2 * part(0) + 4 * part(1) + part(2)
            };
            let at = (0..self.colors.len()).min_by_key(|at| distance(&self.colors[*at])).unwrap_or_default();
            self.nearest[bin] = at as u16;
        }
        self.nearest[bin] as u8
    }
}

/// The channel in which these colours differ most, and by how much.
fn widest(bins: &[(Rgb, u64)]) -> (usize, u8) {
    let spread = |channel: usize| {
        let values = || bins.iter().map(|(color, _)| color[channel]);
        values().max().unwrap_or_default() - values().min().unwrap_or_default()
    };
    (0..3).map(|channel| (channel, spread(channel))).max_by_key(|(_, spread)| *spread).unwrap_or_default()
}

/// Both with about as many pixels, and neither without a colour.
fn halves(mut bins: Vec<(Rgb, u64)>) -> [Vec<(Rgb, u64)>; 2] {
    let (channel, _) = widest(&bins);
    bins.sort_unstable_by_key(|(color, _)| color[channel]);
    let half = bins.iter().map(|(_, count)| count).sum::<u64>() / 2;
    let mut seen = 0;
    let at = bins.iter().position(|(_, count)| {
        seen += count;
        seen > half
    });
    let at = at.unwrap_or_default().clamp(1, bins.len() - 1);
    let second = bins.split_off(at);
    [bins, second]
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// What a terminal would show.
    fn decode(bytes: &[u8]) -> Vec<Vec<Option<[u8; 3]>>> {
        let text = std::str::from_utf8(bytes).expect("ASCII");
        let body = text.strip_prefix("\x1bP0;1;0q\"").and_then(|rest| rest.strip_suffix("\x1b\\")).expect("a frame");
        let (raster, body) = body.split_at(body.find('#').expect("a palette"));
        let raster: Vec<usize> = raster.split(';').map(|n| n.parse().expect("a number")).collect();
        let mut shown = vec![vec![None; raster[2]]; raster[3]];
        let mut palette = vec![[0; 3]; COLORS_MAX];
        let (mut color, mut x, mut y, mut count) = (0, 0, 0, 1);
        let mut rest = body.chars().peekable();
        while let Some(c) = rest.next() {
            let mut number = || {
                let mut n = 0;
                while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
                    (n, _) = (n * 10 + digit as usize, rest.next());
                }
                n
            };
            match c {
                '#' => {
                    color = number();
                    if rest.next_if_eq(&';').is_some() {
                        let mut parts = [0; 4];
                        for (at, part) in parts.iter_mut().enumerate() {
                            while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
                                (*part, _) = (*part * 10 + digit, rest.next());
                            }
                            assert!(at == 3 || rest.next() == Some(';'));
                        }
                        palette[color] = [1, 2, 3].map(|at| (parts[at] * 255 / 100) as u8);
                    }
                }
                '!' => count = number(),
                '$' => x = 0,
                '-' => (x, y) = (0, y + BAND),
                sixel => {
                    let bits = sixel as u8 - b'?';
                    for _ in 0..count {
                        for row in (0..BAND).filter(|row| bits >> row & 1 == 1) {
                            shown[y + row][x] = Some(palette[color]);
                        }
                        x += 1;
                    }
                    count = 1;
                }
            }
        }
        shown
    }

    #[test]
    fn a_picture_of_few_colours_comes_back_as_it_was() {
        let colors = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 0, 0]];
        let image = RgbImage::from_fn(37, 20, |x, y| Rgb(colors[(x / 8 + y / 7) as usize % 5]));
        let shown = decode(&encode(&image));
        for (x, y, pixel) in image.enumerate_pixels() {
            assert_eq!(shown[y as usize][x as usize], Some(pixel.0), "{x} {y}");
        }
    }

    #[test]
    fn a_picture_of_many_colours_comes_back_nearly() {
        let image = RgbImage::from_fn(128, 96, |x, y| Rgb([(x * 2) as u8, (y * 2) as u8, ((x + y) % 256) as u8]));
        let shown = decode(&encode(&image));
        let mut off = 0;
        for (x, y, pixel) in image.enumerate_pixels() {
            let color = shown[y as usize][x as usize].expect("every pixel is set");
            off += (0..3).map(|at| u32::from(color[at].abs_diff(pixel.0[at]))).sum::<u32>();
        }
        assert!(off / (128 * 96) < 24, "off by {} on the average", off / (128 * 96));
    }
}
