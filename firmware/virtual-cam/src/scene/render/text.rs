//! Letters of 8 by 8 dots: painted on the ground in metres, or burnt into the picture in pixels.

use font8x8::legacy::BASIC_LEGACY;
use tiny_skia::{Color, Paint, PathBuilder, Rect, Transform};

use super::WIDTH;
use super::canvas::{Canvas, Rgb, solid};

/// Dots of a letter along each side.
const DOTS: u8 = 8;
/// Pixels to a dot of the burnt-in line, its height, and the room around the text.
const BURNT_DOT: f32 = 2.0;
const STRIP_HEIGHT: f32 = 24.0;
const STRIP_MARGIN: f32 = 10.0;
const STRIP_ALPHA: f32 = 0.58;
/// Most characters of the name of a camera and of what stands beside it; both fit into the line.
const NAME_CHARS_MAX: usize = 16;
const CAPTION_CHARS_MAX: usize = 32;

/// Paints `text` around a point of the lot, `height` metres high.
pub fn paint(canvas: &mut Canvas, text: &str, (x, y): (f32, f32), height: f32, colour: Rgb, alpha: f32) {
    let dot = height / f32::from(DOTS);
    // The letters of the font stand in the left and upper seven dots.
    let width = text.chars().count() as f32 * height - dot;
    let local = Transform::from_translate(x - width / 2.0, y - height / 2.0 + dot / 2.0).pre_scale(dot, dot);
    canvas.fill_at(dots(text), &solid(colour, alpha), local);
}

/// Writes the name of the camera and the caption into a dark strip at the top.
pub fn burn_in(canvas: &mut Canvas, name: &str, caption: &str) {
    let dark = Paint { anti_alias: false, ..solid([0, 0, 0], STRIP_ALPHA) };
    if let Some(strip) = Rect::from_xywh(0.0, 0.0, WIDTH as f32, STRIP_HEIGHT) {
        canvas.pixmap.fill_rect(strip, &dark, Transform::identity(), None);
    }
    let shown: String = caption.chars().take(CAPTION_CHARS_MAX).collect();
    let caption_width = shown.chars().count() as f32 * f32::from(DOTS) * BURNT_DOT;
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    burn(canvas, &name, STRIP_MARGIN);
    burn(canvas, &shown, WIDTH as f32 - STRIP_MARGIN - caption_width);
}

fn burn(canvas: &mut Canvas, text: &str, left: f32) {
    let top = (STRIP_HEIGHT - f32::from(DOTS) * BURNT_DOT) / 2.0 + 1.0;
    let Some(path) = dots(text) else { return };
    let at = Transform::from_translate(left, top).pre_scale(BURNT_DOT, BURNT_DOT);
    let mut paint = Paint { anti_alias: false, ..Paint::default() };
    paint.set_color(Color::from_rgba8(244, 244, 238, 255));
    canvas.pixmap.fill_path(&path, &paint, tiny_skia::FillRule::Winding, at, None);
}

/// The dots of a line of text, each one unit wide; `None` when there are none.
fn dots(text: &str) -> Option<tiny_skia::Path> {
    let mut path = PathBuilder::new();
    for (index, letter) in text.chars().enumerate() {
        let glyph = BASIC_LEGACY.get(letter as usize).unwrap_or(&BASIC_LEGACY['?' as usize]);
        for (row, bits) in glyph.iter().enumerate() {
            for run in runs(*bits) {
                let x = (index * usize::from(DOTS)) as f32 + f32::from(run.start);
                if let Some(dot) = Rect::from_xywh(x, row as f32, f32::from(run.end - run.start), 1.0) {
                    path.push_rect(dot);
                }
            }
        }
    }
    path.finish()
}

/// The unbroken runs of set bits, the lowest bit being the leftmost dot.
fn runs(bits: u8) -> impl Iterator<Item = std::ops::Range<u8>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let is_set = move |dot: u8| bits >> dot & 1 == 1;
        let start = (at..DOTS).find(|dot| is_set(*dot))?;
        at = (start..DOTS).find(|dot| !is_set(*dot)).unwrap_or(DOTS);
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_dots_are_read_from_the_left() {
        let found = |bits| runs(bits).map(|run| (run.start, run.end)).collect::<Vec<_>>();
        assert_eq!(found(0b1110_0101), [(0, 1), (2, 3), (5, 8)]);
        assert_eq!(found(0), []);
        assert_eq!(found(0xFF), [(0, 8)]);
    }
}
