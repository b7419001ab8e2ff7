//! What only our cameras say: who they are, and whether they reach their daemon.

use core::fmt;

use crate::message::Answer;

/// What tells our cameras from other devices.
pub const PRODUCT: &str = "smart-parking";
/// Version of the vendor commands.
pub const PROTOCOL: &str = "1";

/// Who a camera is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello<'a> {
    /// Unique among all devices and the same for ever: the hardware address.
    pub device: &'a str,
    /// It belongs to a daemon.
    pub is_claimed: bool,
    /// Words, separated by blanks.
    pub capabilities: &'a str,
}

impl<'a> Hello<'a> {
    /// None when the answer is not of one of our cameras, or of a protocol that is not known here.
    pub fn parse(answer: Answer<'a>) -> Option<Self> {
        Self::of(|index| answer.text(index))
    }

    /// The same of texts that were taken out of their packet.
    pub fn of(text: impl Fn(usize) -> Option<&'a str>) -> Option<Self> {
        if text(0)? != PRODUCT || text(1)? != PROTOCOL {
            return None;
        }
        Some(Self { device: text(2)?, is_claimed: text(3)? == "1", capabilities: text(4).unwrap_or_default() })
    }

    pub fn texts(&self) -> [&'a str; 5] {
        [PRODUCT, PROTOCOL, self.device, if self.is_claimed { "1" } else { "0" }, self.capabilities]
    }
}

/// Whether a camera reaches its daemon, and if not, how far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    /// It belongs to no daemon yet.
    Unclaimed,
    /// It is in no network.
    NoWifi,
    /// The name of the daemon's host is not known in its network.
    NoAddress,
    /// Nothing answers at the daemon's address.
    Unreachable,
    /// The daemon does not know its token.
    Refused,
    /// The daemon knows no such camera.
    UnknownCamera,
    /// Something else answered, or the daemon is not well.
    Failed,
}

impl Verdict {
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::Unclaimed,
        Self::NoWifi,
        Self::NoAddress,
        Self::Unreachable,
        Self::Refused,
        Self::UnknownCamera,
        Self::Failed,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unclaimed => "unclaimed",
            Self::NoWifi => "no_wifi",
            Self::NoAddress => "no_address",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::UnknownCamera => "unknown_camera",
            Self::Failed => "failed",
        }
    }

    /// A word that is not known here is a failure of a kind that is not known here.
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word).unwrap_or(Self::Failed)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
