//! Everything that a client can ask of a device, and what may be asked. Does not know what comes of it.

use core::fmt;

use crate::frame::{TooLong, Wire, kind};

/// The codes of the commands: 1 to 7 are everybody's, the others are understood by our cameras alone.
pub mod code {
    pub const WIFI: u8 = 1;
    pub const STATE: u8 = 2;
    pub const INFO: u8 = 3;
    pub const SCAN: u8 = 4;
    pub const HOSTNAME: u8 = 5;
    pub const NAME: u8 = 6;
    pub const NETWORK: u8 = 7;
    pub const HELLO: u8 = 0xc0;
    pub const CLAIM: u8 = 0xc1;
    pub const CHECK: u8 = 0xc2;
    pub const TRUST: u8 = 0xc3;
    pub const AUTHORITY: u8 = 0xc4;
}

/// Longest network name, in bytes (IEEE 802.11).
pub const SSID_MAX: usize = 32;
/// A passphrase has 8 to 63 characters, a key is 64 hexadecimal digits (IEEE 802.11i); an open network has neither.
pub const PASSPHRASE_MIN: usize = 8;
pub const PASSPHRASE_MAX: usize = 63;
pub const KEY_LEN: usize = 64;
/// Longest parts of a claim, in bytes: together they fit into one packet.
pub const URL_MAX: usize = 128;
pub const TOKEN_MAX: usize = 64;
pub const CAMERA_MAX: usize = 48;
/// Length of a public key, in bytes; on the line it is hexadecimal.
pub const TRUST_LEN: usize = 32;
/// Longest part of a certificate, in bytes: with what is around it, it fits into one packet.
pub const AUTHORITY_PART_MAX: usize = 200;
/// Longest label of a host name, in bytes (RFC 1123).
pub const HOSTNAME_MAX: usize = 63;
/// Longest name of a device, in bytes.
pub const NAME_MAX: usize = 64;

/// Why something cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    Ssid,
    Password,
    Url,
    Token,
    Camera,
    Hostname,
    Name,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ssid => write!(f, "a network name has 1 to {SSID_MAX} bytes"),
            Self::Password => write!(
                f,
                "a Wi-Fi password has {PASSPHRASE_MIN} to {PASSPHRASE_MAX} bytes, or is {KEY_LEN} hexadecimal digits, or is empty \
                 for an open network"
            ),
            Self::Url => {
                write!(
                    f,
                    "an address for a camera begins with http:// or https:// and has at most {URL_MAX} characters"
                )
            }
            Self::Token => write!(f, "a camera's token has 1 to {TOKEN_MAX} visible characters"),
            Self::Camera => write!(f, "a camera id has 1 to {CAMERA_MAX} of a-z 0-9 - _"),
            Self::Hostname => write!(f, "a host name has 1 to {HOSTNAME_MAX} letters, digits and inner hyphens"),
            Self::Name => write!(f, "a device name has 1 to {NAME_MAX} bytes"),
        }
    }
}

impl core::error::Error for Invalid {}

/// A network and how to get in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Wifi<'a> {
    ssid: &'a str,
    password: &'a str,
}

impl<'a> Wifi<'a> {
    /// # Errors
    /// When no network can have this name or this password.
    pub fn new(ssid: &'a str, password: &'a str) -> Result<Self, Invalid> {
        if ssid.is_empty() || ssid.len() > SSID_MAX {
            return Err(Invalid::Ssid);
        }
        let is_key = password.len() == KEY_LEN && password.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !(password.is_empty() || is_key || (PASSPHRASE_MIN..=PASSPHRASE_MAX).contains(&password.len())) {
            return Err(Invalid::Password);
        }
        Ok(Self { ssid, password })
    }

    pub fn ssid(&self) -> &'a str {
        self.ssid
    }

    pub fn password(&self) -> &'a str {
        self.password
    }
}

impl fmt::Debug for Wifi<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wifi").field("ssid", &self.ssid).finish_non_exhaustive()
    }
}

/// Which daemon a camera belongs to, and what it proves itself with there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    url: &'a str,
    token: &'a str,
    camera: &'a str,
}

impl<'a> Claim<'a> {
    /// # Errors
    /// When a part is too long or has characters that it cannot have.
    pub fn new(url: &'a str, token: &'a str, camera: &'a str) -> Result<Self, Invalid> {
        let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let is_visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if !host.is_some_and(|host| !host.is_empty() && is_visible(host)) || url.len() > URL_MAX {
            return Err(Invalid::Url);
        }
        if token.is_empty() || token.len() > TOKEN_MAX || !is_visible(token) {
            return Err(Invalid::Token);
        }
        let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        if camera.is_empty() || camera.len() > CAMERA_MAX || !camera.bytes().all(is_id) {
            return Err(Invalid::Camera);
        }
        Ok(Self { url, token, camera })
    }

    pub fn url(&self) -> &'a str {
        self.url
    }

    pub fn token(&self) -> &'a str {
        self.token
    }

    pub fn camera(&self) -> &'a str {
        self.camera
    }
}

impl fmt::Debug for Claim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("url", &self.url).field("camera", &self.camera).finish_non_exhaustive()
    }
}

/// What a client asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// Join this network. Answered with the address of the device, once it has joined.
    Wifi(Wifi<'a>),
    /// Answered with a state and, by a device that has joined, with its address.
    State,
    /// Answered with firmware, version, chip and name.
    Info,
    /// Answered with name, signal in dBm and YES or NO (secured) of each network, and then with nothing.
    Scan,
    /// Sets the host name, or only asks for it when it is empty.
    Hostname(&'a str),
    /// Sets the name of the device, or only asks for it when it is empty.
    Name(&'a str),
    /// Answered with flags as a decimal number, and with addresses.
    Network,
    /// Who are you? Answered with a [`crate::Hello`].
    Hello,
    /// Belong to this daemon from the next join or successful check on. Answered with a [`crate::Hello`].
    Claim(Claim<'a>),
    /// Can you reach the daemon? Answered with a [`crate::Verdict`].
    Check,
    /// Take firmware that was signed with this key (ed25519), from the next join or successful check on. Answered with a
    /// [`crate::Hello`].
    Trust([u8; TRUST_LEN]),
    /// A part of the certificate (DER) by whose key the daemon's own is signed, the first of `parts` first; it belongs to the claim before
    /// it. Answered with a [`crate::Hello`].
    Authority { part: u8, parts: u8, bytes: &'a [u8] },
}

/// Why a device does not understand a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    Unknown,
    Malformed,
    Hostname,
}

impl<'a> Command<'a> {
    /// # Errors
    /// When there is no such command, or what it carries is not what it needs.
    pub fn parse(command: u8, payload: &'a [u8]) -> Result<Self, Refused> {
        let plain = |command: Self| if payload.is_empty() { Ok(command) } else { Err(Refused::Malformed) };
        match command {
            code::WIFI => {
                let [ssid, password] = texts(payload)?;
                Wifi::new(ssid, password).map(Self::Wifi).map_err(|_| Refused::Malformed)
            }
            code::STATE => plain(Self::State),
            code::INFO => plain(Self::Info),
            code::SCAN => plain(Self::Scan),
            code::HOSTNAME => {
                let name = core::str::from_utf8(payload).map_err(|_| Refused::Hostname)?;
                if name.is_empty() || is_hostname(name) { Ok(Self::Hostname(name)) } else { Err(Refused::Hostname) }
            }
            code::NAME => match core::str::from_utf8(payload) {
                Ok(name) if name.len() <= NAME_MAX => Ok(Self::Name(name)),
                _ => Err(Refused::Malformed),
            },
            code::NETWORK => plain(Self::Network),
            code::HELLO => plain(Self::Hello),
            code::CLAIM => {
                let [url, token, camera] = texts(payload)?;
                Claim::new(url, token, camera).map(Self::Claim).map_err(|_| Refused::Malformed)
            }
            code::CHECK => plain(Self::Check),
            code::TRUST => {
                let [digits] = texts(payload)?;
                key(digits).map(Self::Trust).ok_or(Refused::Malformed)
            }
            code::AUTHORITY => match payload {
                [part, parts, bytes @ ..] if part < parts && (1..=AUTHORITY_PART_MAX).contains(&bytes.len()) => {
                    Ok(Self::Authority { part: *part, parts: *parts, bytes })
                }
                _ => Err(Refused::Malformed),
            },
            _ => Err(Refused::Unknown),
        }
    }

    pub fn code(&self) -> u8 {
        match self {
            Self::Wifi(_) => code::WIFI,
            Self::State => code::STATE,
            Self::Info => code::INFO,
            Self::Scan => code::SCAN,
            Self::Hostname(_) => code::HOSTNAME,
            Self::Name(_) => code::NAME,
            Self::Network => code::NETWORK,
            Self::Hello => code::HELLO,
            Self::Claim(_) => code::CLAIM,
            Self::Check => code::CHECK,
            Self::Trust(_) => code::TRUST,
            Self::Authority { .. } => code::AUTHORITY,
        }
    }

    /// # Errors
    /// When a name is too long or has characters that it cannot have.
    pub fn encode(&self) -> Result<Wire, Invalid> {
        match self {
            Self::Hostname(name) if !name.is_empty() && !is_hostname(name) => Err(Invalid::Hostname),
            Self::Name(name) if name.len() > NAME_MAX => Err(Invalid::Name),
            _ => self.write().map_err(|TooLong| Invalid::Name),
        }
    }

    fn write(&self) -> Result<Wire, TooLong> {
        const PAYLOAD_AT: usize = 2;
        let mut wire = Wire::begin(kind::CALL);
        wire.extend(&[self.code(), 0])?;
        match self {
            Self::Wifi(wifi) => {
                wire.text(wifi.ssid.as_bytes())?;
                wire.text(wifi.password.as_bytes())?;
            }
            Self::Hostname(name) | Self::Name(name) => wire.extend(name.as_bytes())?,
            Self::Claim(claim) => {
                for part in [claim.url, claim.token, claim.camera] {
                    wire.text(part.as_bytes())?;
                }
            }
            Self::Trust(key) => {
                let mut digits = [0; 2 * TRUST_LEN];
                for (pair, byte) in digits.chunks_exact_mut(2).zip(key) {
                    pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
                }
                wire.text(&digits)?;
            }
            Self::Authority { part, parts, bytes } => {
                wire.extend(&[*part, *parts])?;
                wire.extend(bytes)?;
            }
            _ => {}
        }
        wire.set(PAYLOAD_AT - 1, (wire.data_len() - PAYLOAD_AT) as u8);
        Ok(wire.end())
    }
}

/// Exactly `N` texts, each with its length before it.
fn texts<const N: usize>(payload: &[u8]) -> Result<[&str; N], Refused> {
    let mut rest = payload;
    let mut texts = [""; N];
    for text in &mut texts {
        let (&len, tail) = rest.split_first().ok_or(Refused::Malformed)?;
        let (bytes, tail) = tail.split_at_checked(usize::from(len)).ok_or(Refused::Malformed)?;
        *text = core::str::from_utf8(bytes).map_err(|_| Refused::Malformed)?;
        rest = tail;
    }
    if rest.is_empty() { Ok(texts) } else { Err(Refused::Malformed) }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn key(digits: &str) -> Option<[u8; TRUST_LEN]> {
    let mut key = [0; TRUST_LEN];
    if digits.len() != 2 * TRUST_LEN {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Some(key)
}

fn is_hostname(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    name.len() <= HOSTNAME_MAX && name.bytes().all(is_inner) && !name.starts_with('-') && !name.ends_with('-')
}

#[cfg(test)]
mod tests;
