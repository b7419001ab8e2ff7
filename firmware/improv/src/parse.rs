//! Finds packets in a stream of bytes. Does not know what the packets mean.
//!
//! The line is shared with boot messages and logs, bytes get lost, and a device restarts in the middle of a packet. So the bytes of
//! a packet that turns out to be none are looked through again: the next good packet may have begun among them.

use crate::frame::{FRAME_MAX, Frame, HEAD_LEN, MAGIC, VERSION, checksum};

/// What was found in the stream. Every byte is in a frame or is noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    Frame(Frame<'a>),
    /// Something began like a packet and was none: a byte was lost or changed. Its bytes follow as noise.
    Damaged,
    /// A byte that belongs to no packet: a log line, or the line end after a packet.
    Noise(u8),
}

enum Look {
    NeedsMore,
    Frame,
    Damaged,
    Noise,
}

/// Finds packets in a stream of bytes.
#[derive(Debug, Clone)]
pub struct Parser {
    /// What may be the beginning of a packet.
    bytes: [u8; FRAME_MAX],
    len: usize,
}

impl Parser {
    pub const fn new() -> Self {
        Self { bytes: [0; FRAME_MAX], len: 0 }
    }

    /// Takes in bytes; says at once what they complete.
    pub fn feed(&mut self, bytes: &[u8], mut on: impl FnMut(Found<'_>)) {
        for &byte in bytes {
            self.bytes[self.len] = byte;
            self.len += 1;
            self.settle(&mut on);
        }
    }

    /// Nothing came for longer than any sender pauses within a packet: what has begun will not be finished.
    pub fn silence(&mut self, mut on: impl FnMut(Found<'_>)) {
        while self.len > 0 {
            if self.len >= HEAD_LEN {
                on(Found::Damaged);
            }
            self.drop_noise(&mut on);
            self.settle(&mut on);
        }
    }

    /// Whether a packet has begun and is not complete.
    pub fn is_inside(&self) -> bool {
        self.len > 0
    }

    /// Afterwards the bytes are the beginning of a packet, or there are none.
    fn settle(&mut self, on: &mut impl FnMut(Found<'_>)) {
        loop {
            match self.look() {
                Look::NeedsMore => return,
                Look::Frame => {
                    let data = &self.bytes[HEAD_LEN..self.total() - 1];
                    on(Found::Frame(Frame { kind: self.bytes[MAGIC.len() + 1], data }));
                    self.drop(self.total());
                }
                Look::Damaged => {
                    on(Found::Damaged);
                    self.drop_noise(on);
                }
                Look::Noise => self.drop_noise(on),
            }
        }
    }

    fn look(&self) -> Look {
        let bytes = &self.bytes[..self.len];
        let known = MAGIC.iter().chain(&[VERSION]);
        if !bytes.iter().zip(known).all(|(byte, known)| byte == known) {
            Look::Noise
        } else if self.len < HEAD_LEN || self.len < self.total() {
            Look::NeedsMore
        } else if checksum(&bytes[..self.total() - 1]) == bytes[self.total() - 1] {
            Look::Frame
        } else {
            Look::Damaged
        }
    }

    /// Length of the packet whose head is there.
    fn total(&self) -> usize {
        HEAD_LEN + usize::from(self.bytes[HEAD_LEN - 1]) + 1
    }

    fn drop_noise(&mut self, on: &mut impl FnMut(Found<'_>)) {
        on(Found::Noise(self.bytes[0]));
        self.drop(1);
    }

    fn drop(&mut self, count: usize) {
        self.bytes.copy_within(count..self.len, 0);
        self.len -= count;
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
