//! A picture drawn in metres of the lot. Knows how metres become pixels and nothing of what is drawn.

use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

use super::{HEIGHT, WIDTH};
use crate::scene::plan::View;

/// How high the camera hangs, in metres: what is tall leans away from the middle of the picture.
const CAMERA_HEIGHT: f32 = 38.0;

/// A colour: red, green, blue, of 255.
pub type Rgb = [u8; 3];

/// The picture in the making.
pub struct Canvas {
    pub pixmap: Pixmap,
    /// From metres of the lot to pixels.
    pub to_pixels: Transform,
    /// Pixels to a metre.
    pub scale: f32,
    pub view: View,
}

impl Canvas {
    /// An empty canvas; `None` when there is no memory for it.
    pub fn new(view: &View) -> Option<Self> {
        let scale = WIDTH as f32 / view.width;
        let to_pixels = Transform::from_scale(scale, scale).pre_translate(-view.x, -view.y);
        Some(Self { pixmap: Pixmap::new(WIDTH, HEIGHT)?, to_pixels, scale, view: *view })
    }

    /// How far a point at `height` above the ground seems to be shifted, in metres.
    pub fn lean(&self, (x, y): (f32, f32), height: f32) -> (f32, f32) {
        let (middle_x, middle_y) = (self.view.x + self.view.width / 2.0, self.view.y + self.view.height() / 2.0);
        ((x - middle_x) * height / CAMERA_HEIGHT, (y - middle_y) * height / CAMERA_HEIGHT)
    }

    /// Whether something of this radius around a point could be in the picture.
    pub fn sees(&self, (x, y): (f32, f32), radius: f32) -> bool {
        let View { x: left, y: top, .. } = self.view;
        (left - radius..=left + self.view.width + radius).contains(&x)
            && (top - radius..=top + self.view.height() + radius).contains(&y)
    }

    /// Fills a path given in metres.
    pub fn fill(&mut self, path: Option<Path>, colour: Rgb, alpha: f32) {
        self.fill_at(path, &solid(colour, alpha), Transform::identity());
    }

    /// Fills a path given in the coordinates of `local`.
    pub fn fill_at(&mut self, path: Option<Path>, paint: &Paint<'_>, local: Transform) {
        // A path that is none has no area to fill.
        let Some(path) = path else { return };
        let transform = self.to_pixels.pre_concat(local);
        self.pixmap.fill_path(&path, paint, FillRule::Winding, transform, None);
    }

    /// Draws along a path given in metres with a pen of `width` metres.
    pub fn stroke(&mut self, path: Option<Path>, width: f32, colour: Rgb, alpha: f32) {
        self.stroke_at(path, width, &solid(colour, alpha), Transform::identity());
    }

    pub fn stroke_at(&mut self, path: Option<Path>, width: f32, paint: &Paint<'_>, local: Transform) {
        let Some(path) = path else { return };
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixmap.stroke_path(&path, paint, &stroke, self.to_pixels.pre_concat(local), None);
    }

    /// A soft round spot, strongest in the middle.
    pub fn spot(&mut self, (x, y): (f32, f32), (radius_x, radius_y): (f32, f32), colour: Rgb, alpha: f32) {
        let local = Transform::from_translate(x, y).pre_scale(radius_x, radius_y);
        self.fill_at(PathBuilder::from_circle(0.0, 0.0, 1.0), &glow(colour, alpha), local);
    }
}

/// A plain paint.
pub fn solid(colour: Rgb, alpha: f32) -> Paint<'static> {
    Paint { shader: Shader::SolidColor(rgba(colour, alpha)), ..Paint::default() }
}

/// A paint that fades from the origin to the unit circle.
pub fn glow(colour: Rgb, alpha: f32) -> Paint<'static> {
    let stops = vec![
        GradientStop::new(0.0, rgba(colour, alpha)),
        GradientStop::new(0.5, rgba(colour, alpha * 0.45)),
        GradientStop::new(1.0, rgba(colour, 0.0)),
    ];
    let centre = Point::from_xy(0.0, 0.0);
    let gradient = RadialGradient::new(centre, 0.0, centre, 1.0, stops, SpreadMode::Pad, Transform::identity());
    Paint { shader: gradient.unwrap_or(Shader::SolidColor(rgba(colour, alpha))), ..Paint::default() }
}

/// A paint that runs through `colours`, evenly spaced, from one point to another.
pub fn gradient(from: (f32, f32), to: (f32, f32), colours: &[Rgb]) -> Paint<'static> {
    let last = colours.len().saturating_sub(1).max(1) as f32;
    let stops = colours.iter().enumerate().map(|(at, colour)| GradientStop::new(at as f32 / last, rgba(*colour, 1.0)));
    let (from, to) = (Point::from_xy(from.0, from.1), Point::from_xy(to.0, to.1));
    let plain = Shader::SolidColor(rgba(colours.first().copied().unwrap_or_default(), 1.0));
    let shader = LinearGradient::new(from, to, stops.collect::<Vec<_>>(), SpreadMode::Pad, Transform::identity());
    Paint { shader: shader.unwrap_or(plain), ..Paint::default() }
}

pub fn rgba([red, green, blue]: Rgb, alpha: f32) -> Color {
    Color::from_rgba8(red, green, blue, (alpha.clamp(0.0, 1.0) * 255.0).round() as u8)
}

/// A colour made lighter (`factor` above 1) or darker.
pub fn shade(colour: Rgb, factor: f32) -> Rgb {
    colour.map(|channel| (f32::from(channel) * factor).clamp(0.0, 255.0) as u8)
}

/// A rectangle by its edges.
pub fn rect(left: f32, top: f32, right: f32, bottom: f32) -> Option<Path> {
    Rect::from_ltrb(left, top, right, bottom).map(PathBuilder::from_rect)
}

/// A rectangle with round corners.
pub fn rounded(left: f32, top: f32, right: f32, bottom: f32, radius: f32) -> Option<Path> {
    // How far the handles of a cubic reach for a quarter circle.
    let handle = radius * 0.45;
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - handle, top, right, top + handle, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(right, bottom - handle, right - handle, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.cubic_to(left + handle, bottom, left, bottom - handle, left, bottom - radius);
    path.line_to(left, top + radius);
    path.cubic_to(left, top + handle, left + handle, top, left + radius, top);
    path.close();
    path.finish()
}

pub fn circle(x: f32, y: f32, radius: f32) -> Option<Path> {
    PathBuilder::from_circle(x, y, radius)
}

/// An open line through points.
pub fn line(points: &[(f32, f32)]) -> Option<Path> {
    lines(points).finish()
}

/// A closed shape through points.
pub fn polygon(points: &[(f32, f32)]) -> Option<Path> {
    let mut path = lines(points);
    path.close();
    path.finish()
}

fn lines(points: &[(f32, f32)]) -> PathBuilder {
    let mut path = PathBuilder::new();
    for (index, (x, y)) in points.iter().enumerate() {
        if index == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
    }
    path
}
