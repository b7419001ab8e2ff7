//! WebSocket frames (RFC 6455) as a server writes and reads them. Pure; knows nothing of what they say.

use bytes::{BufMut, Bytes, BytesMut};

/// Payload of one frame of a long message: whoever is on the way needs no larger buffer for it.
const PIECE_BYTES: usize = 16 * 1024;
/// Longest header that a server writes, which masks nothing.
const HEADER_BYTES_MAX: usize = 10;
/// Longest payload of a control frame (RFC 6455, 5.5), and what goes before it when a client sends one.
const CONTROL_BYTES_MAX: usize = 125;
const CONTROL_HEADER_BYTES: usize = 6;

const LAST: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A message of text. The same bytes are right for every client.
pub fn text(text: &[u8]) -> Bytes {
    let pieces = text.len().div_ceil(PIECE_BYTES).max(1);
    let mut out = BytesMut::with_capacity(text.len() + pieces * HEADER_BYTES_MAX);
    for index in 0..pieces {
        let piece = &text[index * PIECE_BYTES..text.len().min((index + 1) * PIECE_BYTES)];
        let opcode = if index == 0 { TEXT } else { CONTINUATION };
        let last = if index + 1 == pieces { LAST } else { 0 };
        put_frame(&mut out, last | opcode, piece);
    }
    out.freeze()
}

/// A ping without a payload.
pub fn ping() -> Bytes {
    Bytes::from_static(&[LAST | PING, 0])
}

/// The answer to a ping.
pub fn pong(payload: &[u8]) -> Bytes {
    control(PONG, payload)
}

/// A closing handshake, or the answer to one. `reason` is cut where it is too long.
pub fn close(code: u16, reason: &str) -> Bytes {
    let end = reason.floor_char_boundary(CONTROL_BYTES_MAX - size_of::<u16>());
    control(CLOSE, &[&code.to_be_bytes(), &reason.as_bytes()[..end]].concat())
}

fn control(opcode: u8, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(payload.len() + HEADER_BYTES_MAX);
    put_frame(&mut out, LAST | opcode, payload);
    out.freeze()
}

fn put_frame(out: &mut BytesMut, first: u8, payload: &[u8]) {
    out.put_u8(first);
    match payload.len() {
        len @ ..=CONTROL_BYTES_MAX => out.put_u8(len as u8),
        len @ ..0x1_0000 => {
            out.put_u8(126);
            out.put_u16(len as u16);
        }
        len => {
            out.put_u8(127);
            out.put_u64(len as u64);
        }
    }
    out.extend_from_slice(payload);
}

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Inbound {
    Ping(Bytes),
    Pong,
    Close,
    /// A message, which is not read: a client has nothing to say.
    Data,
    /// Not the protocol of WebSockets.
    Broken,
}

/// Finds frames in the bytes that a client sends. Holds no more of them than a control frame is long.
#[derive(Debug)]
pub struct Reader {
    buffer: [u8; CONTROL_HEADER_BYTES + CONTROL_BYTES_MAX],
    filled: usize,
    /// Bytes of a message that are still to come, and of no interest.
    unwanted: u64,
}

impl Default for Reader {
    fn default() -> Self {
        Self { buffer: [0; _], filled: 0, unwanted: 0 }
    }
}

impl Reader {
    /// Where the next bytes go; never empty after [`Reader::next`] gave nothing.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.buffer[self.filled..]
    }

    /// So many bytes were put there.
    pub fn fill(&mut self, count: usize) {
        self.filled += count;
    }

    /// The next frame, once it is whole; of a message, its header.
    pub fn next(&mut self) -> Option<Inbound> {
        let unwanted = self.unwanted.min(self.filled as u64);
        self.unwanted -= unwanted;
        self.take(unwanted as usize);
        let &[first, second, ..] = &self.buffer[..self.filled] else { return None };
        let is_control = matches!(first & !LAST, CLOSE | PING | PONG);
        let is_data = matches!(first & !LAST, CONTINUATION | TEXT | BINARY);
        let len = second & !MASKED;
        let is_long_control = is_control && (first & LAST == 0 || usize::from(len) > CONTROL_BYTES_MAX);
        if first & RESERVED != 0 || second & MASKED == 0 || is_long_control || !(is_control || is_data) {
            return Some(Inbound::Broken);
        }
        if is_data { self.data(len) } else { self.control(first & !LAST, usize::from(len)) }
    }

    fn data(&mut self, len: u8) -> Option<Inbound> {
        let wide = match len {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let header = 2 + wide + 4;
        if self.filled < header {
            return None;
        }
        let long = self.buffer[2..2 + wide].iter().fold(0, |len, byte| len << 8 | u64::from(*byte));
        self.unwanted = if wide == 0 { len.into() } else { long };
        self.take(header);
        Some(Inbound::Data)
    }

    fn control(&mut self, opcode: u8, len: usize) -> Option<Inbound> {
        let whole = CONTROL_HEADER_BYTES + len;
        if self.filled < whole {
            return None;
        }
        let mask = &self.buffer[2..CONTROL_HEADER_BYTES];
        let payload = &self.buffer[CONTROL_HEADER_BYTES..whole];
        let inbound = match opcode {
            PING => Inbound::Ping(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()),
            PONG => Inbound::Pong,
            _ => Inbound::Close,
        };
        self.take(whole);
        Some(inbound)
    }

    fn take(&mut self, count: usize) {
        self.buffer.copy_within(count..self.filled, 0);
        self.filled -= count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};

    /// What another implementation of a client makes of these bytes.
    fn messages(bytes: Bytes) -> Vec<Message> {
        let stream = std::io::Cursor::new(bytes.to_vec());
        let mut socket = WebSocket::from_raw_socket(stream, Role::Client, None);
        std::iter::from_fn(|| socket.read().ok()).collect()
    }

    /// What another implementation of a client sends.
    fn sent(message: Message) -> Vec<u8> {
        let mut socket = WebSocket::from_raw_socket(std::io::Cursor::new(Vec::new()), Role::Client, None);
        socket.send(message).expect("it is written");
        socket.get_ref().get_ref().clone()
    }

    /// Reads these bytes, of which so many come at once.
    fn read(bytes: &[u8], at_once: usize) -> Vec<Inbound> {
        let mut reader = Reader::default();
        let mut found = Vec::new();
        for mut chunk in bytes.chunks(at_once) {
            while !chunk.is_empty() {
                let space = reader.space();
                let count = chunk.len().min(space.len());
                space[..count].copy_from_slice(&chunk[..count]);
                chunk = &chunk[count..];
                reader.fill(count);
                found.extend(std::iter::from_fn(|| reader.next()));
            }
        }
        found
    }

    #[test]
    fn another_client_reads_what_is_written_whatever_its_length() {
        for len in [0, 1, 125, 126, PIECE_BYTES, PIECE_BYTES + 1, 0x1_0000, 300_000] {
            let json = "x".repeat(len);
            assert_eq!(messages(text(json.as_bytes())), [Message::text(json)]);
        }
        assert_eq!(messages(ping()), [Message::Ping(Bytes::new())]);
        assert_eq!(messages(pong(b"abc")), [Message::Pong(Bytes::from_static(b"abc"))]);
        let [Message::Close(Some(frame))] = &messages(close(4001, &"ß".repeat(100)))[..] else { panic!("a close") };
        assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4001, "ß".repeat(61).as_str()));
    }

    proptest! {
        #[test]
        fn what_another_client_sends_is_found_however_it_comes(
            sends in prop::collection::vec((0..4, prop::sample::select(vec![0usize, 1, 125, 126, 70_000])), 0..6),
            at_once in 1usize..400,
        ) {
            let mut bytes = Vec::new();
            let mut expected = Vec::new();
            for (kind, len) in sends {
                let payload = Bytes::from(vec![7; len]);
                let short = payload.slice(..len.min(CONTROL_BYTES_MAX));
                let (message, inbound) = match kind {
                    0 => (Message::Ping(short.clone()), Inbound::Ping(short)),
                    1 => (Message::Pong(short), Inbound::Pong),
                    2 => (Message::Binary(payload), Inbound::Data),
                    _ => (Message::Close(None), Inbound::Close),
                };
                bytes.extend(sent(message));
                expected.push(inbound);
            }
            prop_assert_eq!(read(&bytes, at_once), expected);
        }
    }

    #[test]
    fn what_is_no_frame_of_a_client_is_seen_at_its_header() {
        let unmasked = [0x81, 1];
        let with_reserved_bit = [0xC1, 0x81];
        let long_ping = [0x89, 0xFE];
        let ping_in_pieces = [0x09, 0x81];
        let unknown = [0x83, 0x81];
        for bytes in [unmasked, with_reserved_bit, long_ping, ping_in_pieces, unknown] {
            let mut reader = Reader::default();
            reader.space()[..2].copy_from_slice(&bytes);
            reader.fill(2);
            assert_eq!(reader.next(), Some(Inbound::Broken), "{bytes:x?}");
        }
    }
}
