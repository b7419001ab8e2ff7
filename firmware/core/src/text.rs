//! A text of bounded length, without an allocator.

use core::fmt;
use core::ops::Deref;

/// At most `N` bytes of text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: u16,
}

impl<const N: usize> Text<N> {
    pub const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    /// None when it does not fit.
    pub fn of(text: &str) -> Option<Self> {
        let mut own = Self::new();
        fmt::Write::write_str(&mut own, text).ok()?;
        Some(own)
    }

    /// As much of it as fits.
    pub fn cut(text: &str) -> Self {
        let mut end = text.len().min(N);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self::of(&text[..end]).unwrap_or_default()
    }

    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for Text<N> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    /// Takes all of it or nothing.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let start = usize::from(self.len);
        let room = self.bytes.get_mut(start..start + text.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len += text.len() as u16;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_or_cut_between_characters() {
        assert_eq!(Text::<4>::of("Café"), None);
        assert_eq!(&*Text::<4>::cut("Café"), "Caf");
        assert_eq!(Text::<5>::of("Café").as_deref(), Some("Café"));
    }
}
