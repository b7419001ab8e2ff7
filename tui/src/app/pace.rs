//! When the next frame may be drawn: at once for a person who presses a key, seldom for what happens by itself, never for nothing. Reads no
//! clock.

use std::time::Duration;

use tokio::time::Instant;

/// Least time between frames in the long run, and how many may come in one go: no more than 30 in any second.
const SPACING: Duration = Duration::from_millis(40);
const BURST: u32 = 5;
/// Least time from one frame to the next that no key asked for: more than two of `SPACING`, so that there is always a frame left for a key.
const QUIET: Duration = Duration::from_millis(90);

/// When the next frame may be drawn.
#[derive(Debug, Default)]
pub struct Pace {
    is_dirty: bool,
    /// When the oldest key came that no frame shows yet.
    key_at: Option<Instant>,
    newest: Option<Instant>,
    /// The last frame left a picture to the next.
    is_owed: bool,
    /// Until when the frames so far would have lasted, one every `SPACING`.
    paid_until: Option<Instant>,
    /// When the last picture was asked for, until it has come and a frame shows it.
    picture_at: Option<Instant>,
    has_picture: bool,
}

impl Pace {
    /// Something is to be shown.
    pub fn dirty(&mut self) {
        self.is_dirty = true;
    }

    pub fn key(&mut self, now: Instant) {
        self.key_at.get_or_insert(now);
    }

    /// Whether the next frame shows a key, which is not to wait for a picture to be written. A picture waits for no second one.
    pub fn is_hurried(&self) -> bool {
        self.key_at.is_some() && !self.is_owed
    }

    /// The frame that was drawn left a picture to the next, which comes at once.
    pub fn owe(&mut self) {
        (self.is_dirty, self.is_owed) = (true, true);
    }

    pub fn picture_wanted(&mut self, now: Instant) {
        self.picture_at = Some(now);
    }

    pub fn picture_came(&mut self) {
        self.has_picture = true;
    }

    /// When to draw; none when there is nothing new.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        if !self.is_dirty {
            return None;
        }
        let allowed = self.paid_until.and_then(|until| until.checked_sub(SPACING * (BURST - 1)));
        let quiet = self.newest.filter(|_| self.key_at.is_none() && !self.is_owed).map(|newest| newest + QUIET);
        Some(allowed.max(quiet).unwrap_or(now))
    }

    /// How long the key waited that this frame shows.
    pub fn drawn(&mut self, now: Instant) -> Option<Duration> {
        (self.is_dirty, self.is_owed) = (false, false);
        self.newest = Some(now);
        self.paid_until = Some(self.paid_until.map_or(now, |until| until.max(now)) + SPACING);
        self.key_at.take().map(|at| now - at)
    }

    /// How long the picture took that this frame shows.
    pub fn picture_shown(&mut self, now: Instant) -> Option<Duration> {
        if !std::mem::take(&mut self.has_picture) {
            return None;
        }
        self.picture_at.take().map(|at| now - at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of two seconds in which a key comes every `key_ms`, and other news every millisecond.
    fn frames(key_ms: u64) -> Vec<Instant> {
        let begun = Instant::now() + Duration::from_secs(3600);
        let mut pace = Pace::default();
        let mut frames = Vec::new();
        for ms in 0..2_000 {
            let now = begun + Duration::from_millis(ms);
            pace.dirty();
            if ms % key_ms == 0 {
                pace.key(now);
            }
            if pace.due(now).is_some_and(|due| due <= now) {
                pace.drawn(now);
                frames.push(now);
            }
        }
        frames
    }

    #[test]
    fn a_key_that_is_held_down_is_followed_smoothly_and_never_with_more_than_thirty_frames_a_second() {
        for key_ms in [5, 20, 33, 80] {
            let frames = frames(key_ms);
            let longest = frames.windows(2).map(|pair| pair[1] - pair[0]).max().expect("frames");
            assert!(longest <= QUIET, "{key_ms}: {longest:?}");
            for from in &frames {
                let within = frames.iter().filter(|at| *at >= from && **at - *from < Duration::from_secs(1)).count();
                assert!(within <= 30, "{key_ms}: {within}");
            }
        }
    }

    #[test]
    fn a_key_is_shown_at_once_what_happens_by_itself_soon_and_nothing_never() {
        let begun = Instant::now() + Duration::from_secs(3600);
        let mut pace = Pace::default();
        assert_eq!(pace.due(begun), None);
        pace.dirty();
        pace.drawn(begun);
        assert_eq!(pace.due(begun), None);
        pace.dirty();
        assert_eq!(pace.due(begun), Some(begun + QUIET));
        let later = begun + Duration::from_millis(1);
        pace.key(later);
        assert!(pace.due(later).is_some_and(|due| due <= later));
        assert!(pace.is_hurried());
        assert_eq!(pace.drawn(later + SPACING), Some(SPACING));
        pace.owe();
        assert!(pace.due(later + SPACING).is_some_and(|due| due <= later + SPACING), "nor does a picture wait");
        pace.key(later + SPACING);
        assert!(!pace.is_hurried(), "whoever holds a key down sees pictures, too");
    }
}
