//! What a packet means: a state, an error, a call or an answer. Does not know which calls there are.

use core::fmt;

use crate::frame::{Frame, TooLong, Wire, kind};

/// How far a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It takes no Wi-Fi settings now.
    Stopped,
    /// It waits for Wi-Fi settings.
    Ready,
    /// It tries to join.
    Provisioning,
    /// It has joined.
    Provisioned,
}

impl State {
    pub fn code(self) -> u8 {
        match self {
            Self::Stopped => 0,
            Self::Ready => 2,
            Self::Provisioning => 3,
            Self::Provisioned => 4,
        }
    }

    pub fn of(code: u8) -> Option<Self> {
        [Self::Stopped, Self::Ready, Self::Provisioning, Self::Provisioned].into_iter().find(|s| s.code() == code)
    }
}

/// Why a device did not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// Sent by some at the start of every call: all is well.
    None,
    BadPacket,
    UnknownCommand,
    UnableToConnect,
    BadHostname,
    /// It worked and could not be stored, so that all is as before. Of our cameras alone.
    NotStored,
    Unknown,
    /// One that the protocol does not name.
    Other(u8),
}

impl ErrorCode {
    const NAMED: [Self; 7] = [
        Self::None,
        Self::BadPacket,
        Self::UnknownCommand,
        Self::UnableToConnect,
        Self::BadHostname,
        Self::NotStored,
        Self::Unknown,
    ];

    pub fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::BadPacket => 1,
            Self::UnknownCommand => 2,
            Self::UnableToConnect => 3,
            Self::BadHostname => 5,
            Self::NotStored => 0xc0,
            Self::Unknown => 0xff,
            Self::Other(code) => code,
        }
    }

    pub fn of(code: u8) -> Self {
        Self::NAMED.into_iter().find(|error| error.code() == code).unwrap_or(Self::Other(code))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no error"),
            Self::BadPacket => f.write_str("bad packet"),
            Self::UnknownCommand => f.write_str("unknown command"),
            Self::UnableToConnect => f.write_str("unable to connect"),
            Self::BadHostname => f.write_str("bad host name"),
            Self::NotStored => f.write_str("settings not stored"),
            Self::Unknown => f.write_str("unknown error"),
            Self::Other(code) => write!(f, "error {code}"),
        }
    }
}

/// What a call came to: texts, whose meaning depends on the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    pub command: u8,
    /// Each text with its length before it.
    list: &'a [u8],
}

impl<'a> Answer<'a> {
    /// The answer of a device that gave none and yet did what was asked.
    pub const fn empty(command: u8) -> Self {
        Self { command, list: &[] }
    }

    fn parse(data: &'a [u8]) -> Option<Self> {
        let (&command, rest) = data.split_first()?;
        let (&len, rest) = rest.split_first()?;
        let list = rest.get(..usize::from(len))?;
        let answer = Self { command, list };
        // Each text lies within the list.
        let used: usize = answer.texts().map(|text| text.len() + 1).sum();
        (used == list.len()).then_some(answer)
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// They should be UTF-8, but network names need not be.
    pub fn texts(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.list;
        core::iter::from_fn(move || {
            let (&len, tail) = rest.split_first()?;
            let (text, tail) = tail.split_at_checked(usize::from(len))?;
            rest = tail;
            Some(text)
        })
    }

    pub fn text(&self, index: usize) -> Option<&'a str> {
        self.texts().nth(index).and_then(|text| core::str::from_utf8(text).ok())
    }
}

/// A packet whose content has the shape that its kind asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    State(State),
    Error(ErrorCode),
    Call { command: u8, payload: &'a [u8] },
    Answer(Answer<'a>),
}

impl<'a> Message<'a> {
    /// None for a kind that is not known and for a content that has another shape.
    pub fn parse(frame: Frame<'a>) -> Option<Self> {
        match (frame.kind, frame.data) {
            (kind::STATE, [code, ..]) => State::of(*code).map(Self::State),
            (kind::ERROR, [code, ..]) => Some(Self::Error(ErrorCode::of(*code))),
            (kind::CALL, [command, len, payload @ ..]) if usize::from(*len) == payload.len() => {
                Some(Self::Call { command: *command, payload })
            }
            (kind::ANSWER, data) => Answer::parse(data).map(Self::Answer),
            _ => None,
        }
    }
}

impl Wire {
    pub fn state(state: State) -> Self {
        Self::byte(kind::STATE, state.code())
    }

    pub fn error(error: ErrorCode) -> Self {
        Self::byte(kind::ERROR, error.code())
    }

    fn byte(kind: u8, value: u8) -> Self {
        let mut wire = Self::begin(kind);
        // One byte always fits.
        let _ = wire.extend(&[value]);
        wire.end()
    }

    /// A widespread client takes the length 10 for a line end and loses the packet, so an answer never has it: an empty text more
    /// makes it longer, and readers ask for texts by position.
    ///
    /// # Errors
    /// When the texts do not fit into one packet.
    pub fn answer<'t>(command: u8, texts: impl IntoIterator<Item = &'t str>) -> Result<Self, TooLong> {
        const LIST_AT: usize = 2;
        let mut wire = Self::begin(kind::ANSWER);
        wire.extend(&[command, 0])?;
        for text in texts {
            wire.text(text.as_bytes())?;
        }
        if wire.data_len() == usize::from(crate::frame::LINE_END) {
            wire.text(b"")?;
        }
        // The data are within a byte, and so is a part of them.
        wire.set(LIST_AT - 1, (wire.data_len() - LIST_AT) as u8);
        Ok(wire.end())
    }
}

#[cfg(test)]
mod tests;
