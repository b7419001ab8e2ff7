//! What the daemon wants of a camera, out of its answer to a picture or a report.

use crate::json::{member, plain};

/// What the daemon wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Orders<'a> {
    pub interval_s: Option<u32>,
    /// Take a picture now. The same number is the same wish, said again because the daemon has not seen the picture yet.
    pub capture: Option<u32>,
    pub firmware: Option<Offer<'a>>,
}

/// A firmware that the daemon wants the camera to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer<'a> {
    pub id: &'a str,
    pub board: &'a str,
    pub version: &'a str,
    pub bytes: u32,
    pub sha256: [u8; 32],
    pub signature: [u8; 64],
    /// It is wanted even if it is older than what runs.
    pub is_forced: bool,
    /// The daemon's number of this attempt. Of another one, what failed may be tried again if it is forced.
    pub attempt: u32,
}

impl<'a> Orders<'a> {
    /// What cannot be understood is not ordered.
    pub fn parse(body: &'a [u8]) -> Self {
        let orders = core::str::from_utf8(body).ok().and_then(|body| member(body, "orders"));
        let Some(orders) = orders else { return Self::default() };
        Self {
            interval_s: number(orders, "interval_s"),
            capture: number(orders, "capture"),
            firmware: member(orders, "firmware").and_then(Offer::parse),
        }
    }
}

impl<'a> Offer<'a> {
    fn parse(offer: &'a str) -> Option<Self> {
        let text = |name| member(offer, name).and_then(plain);
        Some(Self {
            id: text("id")?,
            board: text("board")?,
            version: text("version")?,
            bytes: number(offer, "bytes")?,
            sha256: text("sha256").and_then(bytes_of)?,
            signature: text("signature").and_then(bytes_of)?,
            is_forced: member(offer, "is_forced") == Some("true"),
            attempt: number(offer, "attempt").unwrap_or(0),
        })
    }
}

fn number(object: &str, name: &str) -> Option<u32> {
    member(object, name)?.parse().ok()
}

/// Exactly `N` bytes in hexadecimal.
pub fn bytes_of<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = [0; N];
    if hex.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::format;

    #[test]
    fn orders_are_taken_out_of_an_answer() {
        let (sha, signature) = ("ab".repeat(32), "01".repeat(64));
        let body = format!(
            r#"{{"id":"x","seq":9,"orders":{{"interval_s":30,"capture":4,"firmware":{{"id":"f","board":"aithinker","version":"0.2.0","bytes":1000,"sha256":"{sha}","signature":"{signature}","attempt":6}}}}}}"#
        );
        let orders = Orders::parse(body.as_bytes());
        assert_eq!((orders.interval_s, orders.capture), (Some(30), Some(4)));
        let offer = orders.firmware.expect("an offer");
        assert_eq!((offer.is_forced, offer.attempt), (false, 6));
        assert_eq!((offer.id, offer.bytes, offer.sha256, offer.signature), ("f", 1_000, [0xab; 32], [1; 64]));
    }

    #[test]
    fn what_cannot_be_understood_is_not_ordered() {
        for body in [&b""[..], b"{}", b"{\"orders\":null}", b"{\"orders\":{\"interval_s\":-1}}", &[0xff], b"<html>"] {
            assert_eq!(Orders::parse(body), Orders::default());
        }
        let short =
            br#"{"orders":{"firmware":{"id":"f","board":"b","version":"1","bytes":1,"sha256":"ab","signature":""}}}"#;
        assert_eq!(Orders::parse(short).firmware, None);
    }
}
