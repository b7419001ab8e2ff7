//! Which firmware may run: signed by whom the camera trusts, for this board, and not one that failed before. Knows no flash.
//!
//! What is offered is checked before a byte is fetched, and the bytes while they come. What was started is on trial until the daemon
//! has accepted a picture from it.

use core::fmt::{self, Write};

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::orders::Offer;
use crate::settings::Tried;
use crate::text::Text;

/// How often an image is started that did not prove itself: the power may have been cut.
pub const TRIES_MAX: u8 = 2;
/// Longest id, version and name of a board, in bytes.
pub const ID_MAX: usize = 40;
pub const VERSION_MAX: usize = 32;
pub const BOARD_MAX: usize = 24;

/// Numbers of a version that are compared.
const NUMBERS_MAX: usize = 4;
/// Begins what is signed, so that no signature made for anything else fits.
const SIGNED: &str = "smart-parking firmware 1\n";
/// Longest text that is signed, in bytes.
pub const SIGNED_MAX: usize = SIGNED.len() + BOARD_MAX + VERSION_MAX + 10 + 64 + 4;

/// Why a firmware is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody may sign firmware for this camera.
    NoKey,
    Signature,
    Board,
    /// It runs already.
    Same,
    /// What runs is newer.
    Older,
    /// It was started and did not prove itself.
    Failed,
    TooLarge,
    /// What came is not what was signed.
    Damaged,
}

impl Refusal {
    pub fn word(self) -> &'static str {
        match self {
            Self::NoKey => "no_key",
            Self::Signature => "bad_signature",
            Self::Board => "wrong_board",
            Self::Same => "same_version",
            Self::Older => "older_version",
            Self::Failed => "went_back",
            Self::TooLarge => "too_large",
            Self::Damaged => "damaged",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What the camera is and remembers.
#[derive(Debug, Clone, Copy)]
pub struct Own<'a> {
    pub board: &'a str,
    pub version: &'a str,
    pub key: Option<[u8; 32]>,
    pub tried: Option<Tried>,
    /// Room for an image, in bytes.
    pub room: u32,
}

/// An image that is being fetched.
#[derive(Clone)]
pub struct Update {
    pub id: Text<ID_MAX>,
    pub version: Text<VERSION_MAX>,
    pub attempt: u32,
    bytes: u32,
    sha256: [u8; 32],
    seen: u32,
    hash: Sha256,
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update").field("id", &self.id).field("seen", &self.seen).finish_non_exhaustive()
    }
}

/// What the signature of an image is about; None when a part of it is too long to be one.
pub fn signed(board: &str, version: &str, bytes: u32, sha256: &[u8; 32]) -> Option<Text<SIGNED_MAX>> {
    if board.len() > BOARD_MAX || version.len() > VERSION_MAX || board.contains('\n') || version.contains('\n') {
        return None;
    }
    let mut text = Text::new();
    write!(text, "{SIGNED}{board}\n{version}\n{bytes}\n").ok()?;
    sha256.iter().try_for_each(|byte| write!(text, "{byte:02x}")).ok()?;
    Some(text)
}

/// First bytes of the hash of an image, by which it is known again.
pub fn mark(sha256: &[u8; 32]) -> [u8; 8] {
    core::array::from_fn(|at| sha256[at])
}

/// Whether a version comes before another: number by number, and with equal numbers one with a word after them (`1.2.0-rc.1`) before one
/// without.
fn is_older(version: &str, other: &str) -> bool {
    let parts = |version: &'_ str| {
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        let (numbers, word) = version.split_at(end);
        let mut all = [0_u32; NUMBERS_MAX];
        for (number, text) in all.iter_mut().zip(numbers.split('.')) {
            *number = text.parse().unwrap_or(0);
        }
        (all, !word.starts_with('-'))
    };
    parts(version) < parts(other)
}

impl Update {
    /// Begins with what the daemon offers.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn begin(offer: &Offer<'_>, own: &Own<'_>) -> Result<Self, Refusal> {
        if offer.version == own.version {
            return Err(Refusal::Same);
        }
        if offer.board != own.board {
            return Err(Refusal::Board);
        }
        if is_older(offer.version, own.version) && !offer.is_forced {
            return Err(Refusal::Older);
        }
        if offer.bytes == 0 || offer.bytes > own.room {
            return Err(Refusal::TooLarge);
        }
        let is_spent = |tried: Tried| tried.mark == mark(&offer.sha256) && tried.tries >= TRIES_MAX;
        let is_anew = |tried: Tried| offer.is_forced && tried.attempt != offer.attempt;
        if own.tried.is_some_and(|tried| is_spent(tried) && !is_anew(tried)) {
            return Err(Refusal::Failed);
        }
        let key = own.key.and_then(|key| VerifyingKey::from_bytes(&key).ok()).ok_or(Refusal::NoKey)?;
        let text = signed(offer.board, offer.version, offer.bytes, &offer.sha256).ok_or(Refusal::Signature)?;
        let signature = Signature::from_bytes(&offer.signature);
        key.verify_strict(text.as_bytes(), &signature).map_err(|_| Refusal::Signature)?;
        Ok(Self {
            id: Text::of(offer.id).ok_or(Refusal::Damaged)?,
            version: Text::of(offer.version).ok_or(Refusal::Damaged)?,
            attempt: offer.attempt,
            bytes: offer.bytes,
            sha256: offer.sha256,
            seen: 0,
            hash: Sha256::new(),
        })
    }

    /// Takes in the next bytes, before they are written.
    ///
    /// # Errors
    /// When there are more than were signed.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let more = u32::try_from(bytes.len()).map_err(|_| Refusal::Damaged)?;
        self.seen = self.seen.checked_add(more).filter(|seen| *seen <= self.bytes).ok_or(Refusal::Damaged)?;
        self.hash.update(bytes);
        Ok(())
    }

    /// Whether all of it came, as it was signed.
    ///
    /// # Errors
    /// When it is not.
    pub fn finish(self) -> Result<[u8; 8], Refusal> {
        let is_whole = self.seen == self.bytes && self.hash.finalize()[..] == self.sha256;
        if is_whole { Ok(mark(&self.sha256)) } else { Err(Refusal::Damaged) }
    }
}

#[cfg(test)]
mod tests;
