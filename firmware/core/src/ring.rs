//! Which pictures wait to be uploaded: the newest that fit into a budget of bytes. Knows where a picture lies, not what is in it.

/// Most pictures that wait, whatever their size.
pub const FRAMES_MAX: usize = 32;

/// A picture that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Where whoever has the memory keeps its bytes.
    pub slot: u8,
    /// Of all pictures since the start, from 0.
    pub number: u32,
    pub bytes: u32,
    pub taken_ms: u64,
}

/// The pictures that wait, oldest first.
#[derive(Debug, Clone)]
pub struct Ring {
    frames: [Frame; FRAMES_MAX],
    len: usize,
    bytes: u32,
    bytes_max: u32,
    next: u32,
    /// Number of the picture that is on its way: it is not dropped.
    sending: Option<u32>,
    pub counts: Counts,
}

/// What became of the pictures that do not wait any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub accepted: u32,
    /// Gave way to newer ones, or did not fit.
    pub dropped: u32,
    /// The daemon will never take them.
    pub refused: u32,
}

const NONE: Frame = Frame { slot: 0, number: 0, bytes: 0, taken_ms: 0 };

impl Ring {
    pub const fn new(bytes_max: u32) -> Self {
        let counts = Counts { accepted: 0, dropped: 0, refused: 0 };
        Self { frames: [NONE; FRAMES_MAX], len: 0, bytes: 0, bytes_max, next: 0, sending: None, counts }
    }

    pub fn frames(&self) -> &[Frame] {
        &self.frames[..self.len]
    }

    /// Sum of the pictures that wait.
    pub fn bytes(&self) -> u32 {
        self.bytes
    }

    /// Pictures that were ever taken.
    pub fn taken(&self) -> u32 {
        self.next
    }

    /// Where a new picture goes; `forget` is told which ones gave way to it. None when it cannot be kept: then it is counted as
    /// dropped, and nothing gave way.
    pub fn keep(&mut self, bytes: u32, now_ms: u64, mut forget: impl FnMut(u8)) -> Option<Frame> {
        let number = self.next;
        self.next += 1;
        let on_its_way = self.sending.and_then(|number| self.find(number)).map_or(0, |at| self.frames[at].bytes);
        if bytes == 0 || on_its_way.checked_add(bytes).is_none_or(|sum| sum > self.bytes_max) {
            self.counts.dropped += 1;
            return None;
        }
        while self.len == FRAMES_MAX || self.bytes + bytes > self.bytes_max {
            let oldest = self.frames().iter().position(|frame| Some(frame.number) != self.sending)?;
            forget(self.take(oldest).slot);
            self.counts.dropped += 1;
        }
        let is_free = |slot: &u8| self.frames().iter().all(|frame| frame.slot != *slot);
        let slot = (0..FRAMES_MAX as u8).find(is_free)?;
        let frame = Frame { slot, number, bytes, taken_ms: now_ms };
        self.frames[self.len] = frame;
        self.len += 1;
        self.bytes += bytes;
        Some(frame)
    }

    /// Begins with the oldest.
    pub fn send(&mut self) -> Option<Frame> {
        let frame = *self.frames().first()?;
        self.sending = Some(frame.number);
        Some(frame)
    }

    /// It did not arrive, and waits again.
    pub fn unsent(&mut self) {
        self.sending = None;
    }

    /// The daemon has it; where it was.
    pub fn accepted(&mut self) -> Option<u8> {
        let slot = self.done()?;
        self.counts.accepted += 1;
        Some(slot)
    }

    /// The daemon will never have it; where it was.
    pub fn refused(&mut self) -> Option<u8> {
        let slot = self.done()?;
        self.counts.refused += 1;
        Some(slot)
    }

    /// Drops the newest, whose bytes could not be kept after all.
    pub fn lost(&mut self, slot: u8) {
        if let Some(at) = self.frames().iter().position(|frame| frame.slot == slot) {
            self.take(at);
            self.counts.dropped += 1;
        }
    }

    /// Drops everything.
    pub fn clear(&mut self, mut forget: impl FnMut(u8)) {
        self.sending = None;
        while self.len > 0 {
            forget(self.take(0).slot);
            self.counts.dropped += 1;
        }
    }

    fn done(&mut self) -> Option<u8> {
        let sent = self.sending.take()?;
        let at = self.find(sent)?;
        Some(self.take(at).slot)
    }

    fn find(&self, number: u32) -> Option<usize> {
        self.frames().iter().position(|frame| frame.number == number)
    }

    fn take(&mut self, at: usize) -> Frame {
        let frame = self.frames[at];
        self.frames.copy_within(at + 1..self.len, at);
        self.len -= 1;
        self.bytes -= frame.bytes;
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::vec::Vec;

    fn numbers(ring: &Ring) -> Vec<u32> {
        ring.frames().iter().map(|frame| frame.number).collect()
    }

    #[test]
    fn the_newest_stay_but_the_one_on_its_way_is_never_dropped() {
        let mut ring = Ring::new(100);
        let mut gone = Vec::new();
        for _ in 0..3 {
            ring.keep(30, 0, |slot| gone.push(slot));
        }
        assert_eq!(ring.send().map(|frame| frame.number), Some(0));
        ring.keep(30, 0, |slot| gone.push(slot));
        assert_eq!((numbers(&ring), &gone[..]), (std::vec![0, 2, 3], &[1][..]));
        assert_eq!(ring.accepted(), Some(0));
        assert_eq!((numbers(&ring), ring.bytes()), (std::vec![2, 3], 60));
        assert_eq!(ring.counts, Counts { accepted: 1, dropped: 1, refused: 0 });
    }

    #[test]
    fn a_picture_that_does_not_fit_drops_nothing_but_itself() {
        let mut ring = Ring::new(100);
        ring.keep(60, 0, |_| panic!("nothing gives way"));
        ring.send();
        assert_eq!(ring.keep(41, 0, |_| panic!("nothing gives way")), None);
        assert_eq!(ring.keep(101, 0, |_| panic!("nothing gives way")), None);
        assert_eq!((numbers(&ring), ring.counts.dropped), (std::vec![0], 2));
    }

    #[test]
    fn small_pictures_are_bounded_by_their_number() {
        let mut ring = Ring::new(u32::MAX);
        for _ in 0..FRAMES_MAX + 5 {
            assert!(ring.keep(1, 0, |_| {}).is_some());
        }
        assert_eq!((ring.frames().len(), ring.counts.dropped), (FRAMES_MAX, 5));
    }
}
