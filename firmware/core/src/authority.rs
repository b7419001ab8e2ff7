//! The certificate of whoever signs that of the daemon, where that is nobody whom everybody knows. Not looked into here.

use core::fmt;

use improv::command::AUTHORITY_PART_MAX;

/// Parts in which it is handed over, and in which it is stored.
pub const PARTS_MAX: usize = 8;
/// Longest certificate, as DER, in bytes: one of RSA with 4,096 bits has about 1,400.
pub const AUTHORITY_MAX: usize = PARTS_MAX * AUTHORITY_PART_MAX;

/// A certificate as DER, or none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Authority {
    bytes: [u8; AUTHORITY_MAX],
    len: u16,
}

impl Authority {
    pub const NONE: Self = Self { bytes: [0; AUTHORITY_MAX], len: 0 };

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let mut parts = self.as_bytes().chunks(AUTHORITY_PART_MAX);
        (0..PARTS_MAX).map(move |_| parts.next().unwrap_or_default())
    }

    /// Takes the next part in; false, and none, when it does not fit.
    pub fn push(&mut self, part: &[u8]) -> bool {
        let start = usize::from(self.len);
        let Some(room) = self.bytes.get_mut(start..start + part.len()) else {
            self.len = 0;
            return false;
        };
        room.copy_from_slice(part);
        self.len += part.len() as u16;
        true
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("len", &self.len).finish_non_exhaustive()
    }
}

/// One that is being handed over.
#[derive(Debug, Clone)]
pub struct Arriving {
    authority: Authority,
    next: u8,
    is_whole: bool,
}

impl Arriving {
    pub const NOTHING: Self = Self { authority: Authority::NONE, next: 0, is_whole: false };

    /// The last part once more, which whoever missed the answer to it sends, changes nothing; any other out of its order ends what came
    /// before it.
    pub fn take(&mut self, part: u8, parts: u8, bytes: &[u8]) {
        if part > 0 && part + 1 == self.next && self.authority.as_bytes().ends_with(bytes) {
            return;
        }
        if part == 0 {
            *self = Self::NOTHING;
        }
        let fits = part == self.next && part < parts && self.authority.push(bytes);
        if fits {
            self.next += 1;
            self.is_whole = self.next == parts;
        } else {
            *self = Self::NOTHING;
        }
    }

    /// What came, if all of it did.
    pub fn authority(&self) -> &Authority {
        if self.is_whole { &self.authority } else { &Authority::NONE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_counts_when_all_its_parts_came_in_order() {
        let mut arriving = Arriving::NOTHING;
        let part = [7; AUTHORITY_PART_MAX];
        arriving.take(0, 2, &part);
        assert_eq!(arriving.authority(), &Authority::NONE);
        arriving.take(1, 2, &[8]);
        assert_eq!(arriving.authority().as_bytes(), [&part[..], &[8]].concat());
        arriving.take(1, 2, &[8]);
        assert_eq!(arriving.authority().as_bytes(), [&part[..], &[8]].concat(), "it was only said again");
        arriving.take(1, 2, &[9]);
        assert_eq!(arriving.authority(), &Authority::NONE, "another is out of order");
        arriving.take(1, 2, &[8]);
        assert_eq!(arriving.authority(), &Authority::NONE);
        arriving.take(0, 1, &[9]);
        assert_eq!(arriving.authority().as_bytes(), [9]);
    }

    #[test]
    fn one_that_is_too_long_is_none() {
        let mut arriving = Arriving::NOTHING;
        for number in 0..=PARTS_MAX as u8 {
            arriving.take(number, PARTS_MAX as u8 + 1, &[1; AUTHORITY_PART_MAX]);
        }
        assert_eq!(arriving.authority(), &Authority::NONE);
    }
}
