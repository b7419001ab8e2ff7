//! Names of things, as types that cannot be wrong once parsed. Knows nothing of what they name.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Uuid::parse_str(text).map(Self).map_err(|_| format!("{text:?} is not a UUID"))
            }
        }
    };
}

uuid_id!(
    /// A slot, whatever its code is at the moment.
    SlotId
);
uuid_id!(
    /// One stay of a vehicle.
    SessionId
);
uuid_id!(
    /// One stored picture.
    CaptureId
);
uuid_id!(
    /// One firmware image.
    FirmwareId
);
uuid_id!(
    /// A token; not the secret itself.
    TokenId
);

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:path, $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, examples($example))]
        pub struct $name(Box<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                $check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_id!(
    /// A lot: 1 to 32 of `a-z 0-9 -`, beginning with a letter or digit.
    LotId, check_lot, "main"
);
text_id!(
    /// A camera: 1 to 48 of `a-z 0-9 - _`, beginning with a letter or digit; unique in its lot.
    CameraId, check_camera, "cam-1"
);
text_id!(
    /// What is painted on the ground: 1 to 32 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit; unique in its lot.
    SlotCode, check_code, "A-12"
);

impl Default for LotId {
    fn default() -> Self {
        Self(crate::LOT_DEFAULT.into())
    }
}

fn check(text: &str, what: &str, max: usize, rule: &str, allowed: fn(u8) -> bool) -> Result<(), String> {
    let starts_well = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if starts_well && text.len() <= max && text.bytes().all(allowed) {
        return Ok(());
    }
    let shown: String = text.chars().take(max * 2).collect();
    Err(format!("{shown:?} is not a {what}: use 1 to {max} of {rule}, beginning with a letter or digit"))
}

fn check_lot(text: &str) -> Result<(), String> {
    check(text, "lot id", 32, "a-z 0-9 -", |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn check_camera(text: &str) -> Result<(), String> {
    check(text, "camera id", 48, "a-z 0-9 - _", |b| {
        b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_'
    })
}

fn check_code(text: &str) -> Result<(), String> {
    check(text, "slot code", 32, "A-Z a-z 0-9 . _ -", |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')
    })?;
    // A slot is addressed by id or by code in the same place of a path, so a code must never look like an id.
    if Uuid::parse_str(text).is_ok() {
        return Err(format!("{text:?} is a UUID and cannot be a slot code"));
    }
    Ok(())
}

/// How a caller names a slot: by id or by code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SlotRef {
    Id(SlotId),
    Code(SlotCode),
}

impl FromStr for SlotRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Uuid::parse_str(text) {
            Ok(id) => Ok(Self::Id(SlotId(id))),
            Err(_) => text.parse().map(Self::Code),
        }
    }
}

impl<'de> Deserialize<'de> for SlotRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for SlotRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Code(code) => code.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_never_looks_like_an_id() {
        let id = "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12";
        assert!(id.parse::<SlotCode>().is_err());
        assert!(matches!(id.parse(), Ok(SlotRef::Id(_))));
        assert!(matches!("A-12".parse(), Ok(SlotRef::Code(_))));
    }

    #[test]
    fn names_that_could_leave_their_folder_are_refused() {
        for bad in ["", "..", "-a", "a/b", "a b", "ä", "../../etc/passwd", "a\0b"] {
            assert!(bad.parse::<LotId>().is_err(), "{bad:?}");
            assert!(bad.parse::<CameraId>().is_err(), "{bad:?}");
            assert!(bad.parse::<SlotCode>().is_err(), "{bad:?}");
        }
    }
}
