//! How fast this console is: what F12 shows. The loop measures, the view shows.

use std::collections::VecDeque;

/// Figures that are remembered.
const SAMPLES_MAX: usize = 512;

/// What the loop has measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hud {
    /// From the start of the program to its first frame.
    pub first_us: u64,
    /// Frames that were drawn.
    pub frames: u64,
    pub messages: u64,
    /// From the wish for the last picture to the end of the frame that shows it.
    pub picture_us: u64,
    /// Of the last frame.
    pub frame_us: u64,
    pub bytes: u64,
    pub bytes_total: u64,
    /// From the arrival of a key to the end of the frame that shows it, in microseconds, oldest first.
    keys_us: VecDeque<u64>,
}

impl Hud {
    pub fn key(&mut self, us: u64) {
        if self.keys_us.len() == SAMPLES_MAX {
            self.keys_us.pop_front();
        }
        self.keys_us.push_back(us);
    }

    /// The time that `share` (0 to 1) of the keys needed at most, in microseconds.
    pub fn key_us(&self, share: f64) -> u64 {
        let mut sorted: Vec<u64> = self.keys_us.iter().copied().collect();
        sorted.sort_unstable();
        let at = (sorted.len() as f64 * share).ceil() as usize;
        sorted.get(at.saturating_sub(1)).copied().unwrap_or_default()
    }
}
