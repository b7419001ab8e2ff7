//! What a camera remembers without power, and how it is written so that a power cut at any byte loses nothing.
//!
//! Two places hold a record each. A new one goes over the older of the two, and counts only when its check sum is right; so the
//! newer of the old ones is there until the new one is whole.

use core::fmt;

use improv::command::{AUTHORITY_PART_MAX, CAMERA_MAX, HOSTNAME_MAX, KEY_LEN, NAME_MAX, SSID_MAX, TOKEN_MAX, URL_MAX};

use crate::authority::{Authority, PARTS_MAX};
use crate::ota::VERSION_MAX;
use crate::text::Text;

/// How often a camera takes a picture until its daemon says otherwise, in seconds.
pub const INTERVAL_S_DEFAULT: u32 = 60;
/// Shortest and longest interval that a daemon may order, in seconds.
pub const INTERVAL_S_MIN: u32 = 1;
pub const INTERVAL_S_MAX: u32 = 86_400;

/// First bytes of a record. The last is the version: fields are only ever added at the end, so it changes when one is removed.
const MAGIC: [u8; 4] = *b"SPC\x01";
/// Magic, number of the record, length of the fields.
const HEAD_LEN: usize = 4 + 4 + 2;
const CRC_LEN: usize = 4;
/// Longest record, in bytes: all fields at their longest, each with its length before it.
pub const RECORD_MAX: usize = HEAD_LEN
    + SSID_MAX
    + KEY_LEN
    + URL_MAX
    + TOKEN_MAX
    + CAMERA_MAX
    + NAME_MAX
    + HOSTNAME_MAX
    + 4
    + 32
    + 13
    + 10
    + PARTS_MAX * (AUTHORITY_PART_MAX + 1)
    + 1
    + 8
    + VERSION_MAX
    + CRC_LEN;

/// A network and how to get in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Wifi {
    pub ssid: Text<SSID_MAX>,
    pub password: Text<KEY_LEN>,
}

impl Wifi {
    pub fn of(wifi: &improv::Wifi<'_>) -> Self {
        Self { ssid: Text::cut(wifi.ssid()), password: Text::cut(wifi.password()) }
    }
}

impl fmt::Debug for Wifi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wifi").field("ssid", &self.ssid).finish_non_exhaustive()
    }
}

/// The daemon that a camera belongs to, and what it proves itself with there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub url: Text<URL_MAX>,
    pub token: Text<TOKEN_MAX>,
    pub camera: Text<CAMERA_MAX>,
}

impl Claim {
    pub fn of(claim: &improv::Claim<'_>) -> Self {
        Self { url: Text::cut(claim.url()), token: Text::cut(claim.token()), camera: Text::cut(claim.camera()) }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("url", &self.url).field("camera", &self.camera).finish_non_exhaustive()
    }
}

/// A firmware that was started and did not prove itself (yet).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// First bytes of the SHA-256 of its image.
    pub mark: [u8; 8],
    pub tries: u8,
    /// The daemon's number of the attempt to which these tries belong.
    pub attempt: u32,
}

/// The last firmware that came over the air and proved itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proved {
    /// As of [`Tried`].
    pub mark: [u8; 8],
    /// What it says it is, which may not be what it was offered as. Another one that runs came over the cable.
    pub version: Text<VERSION_MAX>,
}

/// What a camera remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub wifi: Option<Wifi>,
    pub claim: Option<Claim>,
    pub name: Text<NAME_MAX>,
    pub hostname: Text<HOSTNAME_MAX>,
    pub interval_s: u32,
    /// Public key (ed25519) of whoever may sign firmware.
    pub firmware_key: Option<[u8; 32]>,
    pub tried: Option<Tried>,
    /// By whom the daemon is known, if not by one whom everybody knows.
    pub authority: Authority,
    pub proved: Option<Proved>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            wifi: None,
            claim: None,
            name: Text::new(),
            hostname: Text::new(),
            interval_s: INTERVAL_S_DEFAULT,
            firmware_key: None,
            tried: None,
            authority: Authority::NONE,
            proved: None,
        }
    }
}

/// One of the two places of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    A,
    B,
}

impl Place {
    fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// Which place is written next.
#[derive(Debug, Clone)]
pub struct Vault {
    number: u32,
    next: Place,
}

/// A record as bytes.
#[derive(Clone)]
pub struct Record {
    bytes: [u8; RECORD_MAX],
    len: usize,
}

impl Record {
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn field(&mut self, bytes: &[u8]) {
        self.fields([bytes, &[], &[]]);
    }

    /// One field of three parts.
    fn fields(&mut self, parts: [&[u8]; 3]) {
        self.push(&[parts.iter().map(|part| part.len() as u8).sum::<u8>()]);
        parts.into_iter().for_each(|part| self.push(part));
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Vault {
    /// Of what the two places hold; whatever is no record counts as none.
    pub fn open(a: &[u8], b: &[u8]) -> (Self, Settings) {
        let newest = match (read(a), read(b)) {
            // Numbers wrap around in theory, so they are compared by their distance.
            (Some(a), Some(b)) if b.0.wrapping_sub(a.0) < u32::MAX / 2 => Some((Place::B, b)),
            (Some(a), _) => Some((Place::A, a)),
            (None, Some(b)) => Some((Place::B, b)),
            (None, None) => None,
        };
        match newest {
            Some((place, (number, settings))) => (Self { number, next: place.other() }, settings),
            None => (Self { number: 0, next: Place::A }, Settings::default()),
        }
    }

    /// What to write where. The place that it names must be written before this is called again.
    pub fn write(&mut self, settings: &Settings) -> (Place, Record) {
        self.number = self.number.wrapping_add(1);
        let place = self.next;
        self.next = place.other();
        (place, record(self.number, settings))
    }

    /// What was to be written last did not arrive: the place of the one before it is not to be written over.
    pub fn failed(&mut self) {
        self.next = self.next.other();
    }
}

fn record(number: u32, settings: &Settings) -> Record {
    let mut record = Record { bytes: [0; RECORD_MAX], len: 0 };
    record.push(&MAGIC);
    record.push(&number.to_le_bytes());
    record.push(&[0; 2]);
    let wifi = settings.wifi.as_ref();
    record.field(wifi.map_or("", |wifi| &wifi.ssid).as_bytes());
    record.field(wifi.map_or("", |wifi| &wifi.password).as_bytes());
    let claim = settings.claim.as_ref();
    record.field(claim.map_or("", |claim| &claim.url).as_bytes());
    record.field(claim.map_or("", |claim| &claim.token).as_bytes());
    record.field(claim.map_or("", |claim| &claim.camera).as_bytes());
    record.field(settings.name.as_bytes());
    record.field(settings.hostname.as_bytes());
    record.field(&settings.interval_s.to_le_bytes());
    record.field(settings.firmware_key.as_ref().map_or(&[], |key| &key[..]));
    match settings.tried {
        None => record.field(&[]),
        Some(Tried { mark, tries, attempt }) => record.fields([&mark, &[tries], &attempt.to_le_bytes()]),
    }
    settings.authority.parts().for_each(|part| record.field(part));
    match &settings.proved {
        None => record.field(&[]),
        Some(Proved { mark, version }) => record.fields([mark, version.as_bytes(), &[]]),
    }
    let len = (record.len - HEAD_LEN) as u16;
    record.bytes[HEAD_LEN - 2..HEAD_LEN].copy_from_slice(&len.to_le_bytes());
    let crc = crc32(record.as_bytes());
    record.push(&crc.to_le_bytes());
    record
}

/// Its number and what it says; None when it is no whole record.
fn read(bytes: &[u8]) -> Option<(u32, Settings)> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    let (number, rest) = rest.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let (fields, rest) = rest.split_at_checked(u16::from_le_bytes(*len).into())?;
    let crc = rest.first_chunk()?;
    if crc32(&bytes[..HEAD_LEN + fields.len()]) != u32::from_le_bytes(*crc) {
        return None;
    }
    Some((u32::from_le_bytes(*number), settings(fields)?))
}

fn settings(mut fields: &[u8]) -> Option<Settings> {
    // Fields that an older firmware did not write yet are empty, and those that a newer one added are left alone.
    let mut next = || {
        let Some((&len, rest)) = fields.split_first() else { return Some(&[][..]) };
        let (field, rest) = rest.split_at_checked(len.into())?;
        fields = rest;
        Some(field)
    };
    let wifi = Wifi { ssid: text(next()?)?, password: text(next()?)? };
    let claim = Claim { url: text(next()?)?, token: text(next()?)?, camera: text(next()?)? };
    Some(Settings {
        wifi: Some(wifi).filter(|wifi| !wifi.ssid.is_empty()),
        claim: Some(claim).filter(|claim| !claim.url.is_empty()),
        name: text(next()?)?,
        hostname: text(next()?)?,
        interval_s: <[u8; 4]>::try_from(next()?).map_or(INTERVAL_S_DEFAULT, u32::from_le_bytes),
        firmware_key: next()?.try_into().ok(),
        tried: next()?.split_first_chunk().and_then(|(mark, rest)| Some((mark, rest.split_first()?))).map(
            |(mark, (tries, attempt))| Tried {
                mark: *mark,
                tries: *tries,
                attempt: attempt.try_into().map_or(0, u32::from_le_bytes),
            },
        ),
        authority: {
            let mut authority = Authority::NONE;
            for _ in 0..PARTS_MAX {
                authority.push(next()?);
            }
            authority
        },
        proved: next()?
            .split_first_chunk()
            .and_then(|(mark, version)| Some(Proved { mark: *mark, version: text(version)? })),
    })
}

fn text<const N: usize>(bytes: &[u8]) -> Option<Text<N>> {
    core::str::from_utf8(bytes).ok().and_then(Text::of)
}

/// CRC-32 of IEEE 802.3, bit by bit: a record is written a few times a year.
pub fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xEDB8_8320;
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc: u32, _| (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests;
