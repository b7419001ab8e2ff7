//! What a camera sends to its daemon: where, with which headers. Knows HTTP's words, not its connections.

use core::fmt::Write;

use crate::ota::ID_MAX;
use crate::settings::Claim;
use crate::text::Text;

/// Longest path, and longest value of a header, in bytes.
pub const PATH_MAX: usize = 128;
pub const VALUE_MAX: usize = 96;
/// As much of an answer's body as is looked at, in bytes.
pub const BODY_MAX: usize = 2_048;

/// The address, the token and what is sent.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// To be said with the answer.
    pub id: u32,
    pub claim: &'a Claim,
    /// The certificate (DER) by whose key the daemon's own has to be signed; empty where everybody's do.
    pub authority: &'a [u8],
    pub what: What<'a>,
}

/// What is sent, or asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What<'a> {
    /// The bytes are those that were kept in this slot.
    Picture { slot: u8, bytes: u32, key: Key, age_ms: u64 },
    /// A report, as JSON.
    Report(&'a str),
    /// The bytes of this firmware are wanted, in pieces and in order.
    Firmware(&'a str),
}

/// Names one picture of one start for ever: a second upload of it is no second picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub boot: u64,
    pub number: u32,
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// At most [`BODY_MAX`] bytes of the body. That of a firmware was given before, piece by piece.
    Said { status: u16, retry_after_s: Option<u32>, body: &'a [u8] },
    /// The name of the daemon's host is not known.
    NoAddress,
    /// Nothing answered, or the connection broke.
    Broken,
}

/// Takes in the body of an answer as it comes.
#[derive(Debug)]
pub struct Intake {
    is_image: bool,
    length: Option<u64>,
    seen: u64,
    kept: [u8; BODY_MAX],
    kept_len: usize,
}

impl Intake {
    /// Of an answer to this request; `length` is what its `Content-Length` says.
    pub fn new(is_firmware: bool, status: u16, length: Option<u64>) -> Self {
        Self { is_image: is_firmware && status == 200, length, seen: 0, kept: [0; BODY_MAX], kept_len: 0 }
    }

    /// The next bytes: those of a firmware come back, to be said as [`crate::Input::Piece`].
    pub fn take<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        self.seen += bytes.len() as u64;
        if self.is_image {
            return Some(bytes);
        }
        let room = &mut self.kept[self.kept_len..];
        let len = room.len().min(bytes.len());
        room[..len].copy_from_slice(&bytes[..len]);
        self.kept_len += len;
        None
    }

    /// Nothing more is to come, as far as that is known.
    pub fn is_whole(&self) -> bool {
        self.length.is_some_and(|length| self.seen >= length)
    }

    /// The body, at the end of the connection; None when that came too early.
    pub fn finish(&self) -> Option<&[u8]> {
        let is_short = self.length.is_some_and(|length| self.seen < length);
        (!is_short).then(|| &self.kept[..self.kept_len])
    }
}

impl Request<'_> {
    pub fn is_for_firmware(&self) -> bool {
        matches!(self.what, What::Firmware(_))
    }

    pub fn method(&self) -> &'static str {
        match self.what {
            What::Picture { .. } | What::Report(_) => "POST",
            What::Firmware(_) => "GET",
        }
    }

    /// To be appended to the claim's address.
    pub fn path(&self) -> Text<PATH_MAX> {
        let mut path = Text::new();
        // An id of a camera or a firmware is shorter than the room that is left for it.
        let _ = match self.what {
            What::Picture { .. } => write!(path, "/api/capture"),
            What::Report(_) => write!(path, "/api/cameras/{}/health", &*self.claim.camera),
            What::Firmware(id) => write!(path, "/api/firmware/{id}/image"),
        };
        path
    }

    /// Length of the body, in bytes.
    pub fn body_len(&self) -> u32 {
        match self.what {
            What::Picture { bytes, .. } => bytes,
            What::Report(report) => report.len() as u32,
            What::Firmware(_) => 0,
        }
    }

    /// Names and values of the headers, but for those of the connection.
    pub fn headers(&self, mut on: impl FnMut(&str, &str)) {
        let mut value = Text::<VALUE_MAX>::new();
        let mut say = |name: &str, words: core::fmt::Arguments<'_>| {
            value = Text::new();
            if value.write_fmt(words).is_ok() {
                on(name, &value);
            }
        };
        say("Authorization", format_args!("Bearer {}", &*self.claim.token));
        match self.what {
            What::Picture { bytes, key, age_ms, .. } => {
                say("Content-Type", format_args!("image/jpeg"));
                say("Content-Length", format_args!("{bytes}"));
                say("Idempotency-Key", format_args!("{:016x}-{}", key.boot, key.number));
                say("X-Captured-Age", format_args!("{age_ms}"));
            }
            What::Report(report) => {
                say("Content-Type", format_args!("application/json"));
                say("Content-Length", format_args!("{}", report.len()));
            }
            What::Firmware(_) => say("Accept", format_args!("application/octet-stream")),
        }
    }
}

const _: () = assert!(PATH_MAX > ID_MAX + 32 && PATH_MAX > improv::command::CAMERA_MAX + 32);

#[cfg(test)]
mod tests {
    use super::*;

    use std::format;
    use std::string::String;

    #[test]
    fn as_much_of_an_answer_is_kept_as_is_looked_at_and_one_that_ends_early_is_none() {
        let mut long = Intake::new(false, 200, Some(3_000));
        assert_eq!(long.take(&[1; 2_000]), None);
        assert_eq!((long.is_whole(), long.finish()), (false, None));
        assert_eq!(long.take(&[2; 1_000]), None);
        assert_eq!((long.is_whole(), long.finish().map(<[u8]>::len)), (true, Some(BODY_MAX)));
        let mut open = Intake::new(false, 503, None);
        open.take(b"busy");
        assert_eq!((open.is_whole(), open.finish()), (false, Some(&b"busy"[..])));
        assert_eq!(Intake::new(true, 200, Some(4)).take(b"new!"), Some(&b"new!"[..]));
        assert_eq!(Intake::new(true, 404, Some(4)).take(b"none"), None, "what says that there is none is no firmware");
    }

    #[test]
    fn a_picture_is_sent_with_its_length_its_age_and_a_key_that_is_the_same_at_every_try() {
        let claim =
            Claim { url: Text::cut("http://192.0.2.1:8080"), token: Text::cut("park_x"), camera: Text::cut("cam-1") };
        let what = What::Picture { slot: 0, bytes: 9, key: Key { boot: 0xab, number: 7 }, age_ms: 1_500 };
        let request = Request { id: 1, claim: &claim, authority: &[], what };
        let mut told = String::new();
        request.headers(|name, value| told += &format!("{name}: {value}\n"));
        let expected = "Authorization: Bearer park_x\nContent-Type: image/jpeg\nContent-Length: 9\n\
                        Idempotency-Key: 00000000000000ab-7\nX-Captured-Age: 1500\n";
        assert_eq!((&*request.path(), &*told), ("/api/capture", expected));
        let report = Request { what: What::Report("{}"), ..request };
        assert_eq!((&*report.path(), report.body_len()), ("/api/cameras/cam-1/health", 2));
    }
}
