//! A table of rows of which one is selected: what fits is shown around it.

use ratatui::layout::Rect;

use super::Target;
use super::canvas::{Canvas, Part};

/// A table. The last column takes what room is left.
pub struct Table<'a> {
    pub columns: &'a [(&'a str, u16)],
    pub rows: usize,
    pub cursor: Option<usize>,
    /// What is said where there are no rows.
    pub empty: &'a str,
}

impl Table<'_> {
    /// Draws the rows that are in sight; `row` says what stands in one.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, row: impl Fn(usize) -> Vec<Part>) {
        let look = canvas.look;
        if area.height < 2 {
            return;
        }
        let heads: Vec<Part> = self.columns.iter().map(|(name, _)| ((*name).to_string(), look.dim())).collect();
        self.cells(canvas, area.x, area.y, area.right(), &heads);
        let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
        if self.rows == 0 {
            canvas.text(body.x + 2, body.y, body.width.saturating_sub(2), self.empty, look.dim());
            return;
        }
        let height = usize::from(body.height);
        let cursor = self.cursor.unwrap_or_default().min(self.rows - 1);
        let first = cursor.saturating_sub(height / 2).min(self.rows.saturating_sub(height));
        for (y, index) in (first..self.rows.min(first + height)).enumerate() {
            let line = Rect { y: body.y + y as u16, height: 1, ..body };
            let mut parts = row(index);
            if self.cursor == Some(index) {
                canvas.fill(line, look.selected());
                parts.iter_mut().for_each(|(_, style)| *style = look.selected());
            }
            self.cells(canvas, line.x, line.y, line.right(), &parts);
            canvas.hit(line, Target::Row(index));
        }
    }

    fn cells(&self, canvas: &mut Canvas<'_>, left: u16, y: u16, right: u16, parts: &[Part]) {
        let mut x = left + 2;
        let last = self.columns.len().saturating_sub(1);
        for (index, ((text, style), (_, width))) in parts.iter().zip(self.columns).enumerate() {
            let room = right.saturating_sub(x);
            let room = if index == last { room } else { (width - 1).min(room) };
            canvas.text(x, y, room, text, *style);
            x = x.saturating_add(*width).min(right);
        }
    }
}
