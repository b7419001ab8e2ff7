//! How far a long command is, shown on standard error when that is a terminal. Knows nothing of what is done.

use indicatif::{ProgressBar, ProgressStyle};

/// A line that is drawn over and over; nothing where nobody would see it.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Default for Progress {
    fn default() -> Self {
        let bar = ProgressBar::new(0);
        // The template is a text of this program; with a wrong one the bar would have its usual form.
        if let Ok(style) = ProgressStyle::with_template("{msg:24} {bar:40} {human_pos}/{human_len} {per_sec} {eta}") {
            bar.set_style(style);
        }
        Self { bar }
    }
}

impl Progress {
    /// Begins a step of so many things.
    pub fn begin(&self, what: &str, count: u64) {
        self.bar.reset();
        self.bar.set_length(count);
        self.bar.set_message(what.to_string());
    }

    pub fn advance(&self, count: u64) {
        self.bar.inc(count);
    }

    /// Ends a step and leaves nothing behind.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
