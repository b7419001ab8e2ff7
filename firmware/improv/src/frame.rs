//! One packet as bytes: header, version, kind, length, data, checksum. Does not know what the data mean.

use core::fmt;

/// What every packet begins with.
pub const MAGIC: &[u8; 6] = b"IMPROV";
/// The only version of the protocol that there is.
pub const VERSION: u8 = 1;
/// Bytes before the data: magic, version, kind and length.
pub const HEAD_LEN: usize = MAGIC.len() + 3;
/// Most bytes of data: their number is one byte.
pub const DATA_MAX: usize = 255;
/// Longest packet, checksum included.
pub const FRAME_MAX: usize = HEAD_LEN + DATA_MAX + 1;
/// Sent after every packet. It is neither required nor counted, but some readers look for packets at the start of a line only.
pub const LINE_END: u8 = b'\n';

/// What a packet is: the byte after the version.
pub mod kind {
    /// Device to client: its state changed, or was asked for.
    pub const STATE: u8 = 1;
    /// Device to client: it could not do what was asked.
    pub const ERROR: u8 = 2;
    /// Client to device.
    pub const CALL: u8 = 3;
    /// Device to client: what a call came to.
    pub const ANSWER: u8 = 4;
}

/// A packet whose checksum is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    pub kind: u8,
    pub data: &'a [u8],
}

/// More data than a packet can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl Frame<'_> {
    /// # Errors
    /// When there are more than [`DATA_MAX`] bytes of data.
    pub fn encode(&self) -> Result<Wire, TooLong> {
        let mut wire = Wire::begin(self.kind);
        wire.extend(self.data)?;
        Ok(wire.end())
    }
}

/// The sum of all bytes before it.
pub fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// A packet ready to be sent, line end included.
#[derive(Clone, PartialEq, Eq)]
pub struct Wire {
    bytes: [u8; FRAME_MAX + 1],
    len: usize,
}

impl Wire {
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(crate) fn begin(kind: u8) -> Self {
        let mut wire = Self { bytes: [0; FRAME_MAX + 1], len: HEAD_LEN };
        wire.bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        wire.bytes[MAGIC.len()] = VERSION;
        wire.bytes[MAGIC.len() + 1] = kind;
        wire
    }

    pub(crate) fn extend(&mut self, data: &[u8]) -> Result<(), TooLong> {
        let end = self.len + data.len();
        if end > HEAD_LEN + DATA_MAX {
            return Err(TooLong);
        }
        self.bytes[self.len..end].copy_from_slice(data);
        self.len = end;
        Ok(())
    }

    /// Appends a text with its length before it.
    pub(crate) fn text(&mut self, text: &[u8]) -> Result<(), TooLong> {
        let len = u8::try_from(text.len()).map_err(|_| TooLong)?;
        self.extend(&[len])?;
        self.extend(text)
    }

    pub(crate) fn data_len(&self) -> usize {
        self.len - HEAD_LEN
    }

    /// Sets a byte of the data that was written before.
    pub(crate) fn set(&mut self, at: usize, value: u8) {
        self.bytes[HEAD_LEN + at] = value;
    }

    pub(crate) fn end(mut self) -> Self {
        // `extend` keeps the data within a byte.
        self.bytes[HEAD_LEN - 1] = self.data_len() as u8;
        self.bytes[self.len] = checksum(&self.bytes[..self.len]);
        self.bytes[self.len + 1] = LINE_END;
        self.len += 2;
        self
    }
}

/// As hexadecimal bytes, but for the data of calls, which hold passwords and tokens.
impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.bytes[MAGIC.len() + 1] == kind::CALL { (HEAD_LEN + 1).min(self.len) } else { self.len };
        write!(f, "Wire({:02X?}, {} bytes)", &self.bytes[MAGIC.len()..shown], self.len)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn a_packet_holds_up_to_255_bytes_of_data() {
        let data = [7; DATA_MAX + 1];
        for len in 0..=DATA_MAX {
            let wire = Frame { kind: kind::ANSWER, data: &data[..len] }.encode().expect("it fits");
            let bytes = wire.as_bytes();
            assert_eq!(bytes.len(), HEAD_LEN + len + 2);
            assert_eq!(usize::from(bytes[HEAD_LEN - 1]), len);
            assert_eq!(bytes[HEAD_LEN + len], checksum(&bytes[..HEAD_LEN + len]));
        }
        assert_eq!(Frame { kind: kind::ANSWER, data: &data }.encode(), Err(TooLong));
    }

    #[test]
    fn a_call_is_not_shown_with_its_password() {
        let wire = Frame { kind: kind::CALL, data: b"\x01\x0a\x04ssid\x04word" }.encode().expect("it fits");
        assert_eq!(std::format!("{wire:?}"), "Wire([01, 03, 0C, 01], 23 bytes)");
    }
}
