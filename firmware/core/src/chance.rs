//! Chances from a seed: the same seed, the same chances.

/// A generator of the SplitMix64 kind (Steele, Lea and Flood, 2014).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// From 0 to below `end`; 0 when there is nothing below it.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias is below a millionth for the ranges of milliseconds that are asked for.
        self.draw().checked_rem(end).unwrap_or(0)
    }
}

/// A number that looks like chance and depends on `number` alone.
pub const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
