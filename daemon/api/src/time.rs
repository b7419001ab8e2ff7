//! One instant: UTC epoch milliseconds inside, RFC 3339 with milliseconds on the wire. Does not know what time it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime, examples("2026-11-23T05:17:55.123Z"))]
pub struct Time(i64);

/// The year 0001 begins, and 9999-12-30T22:00:00Z, the last instant that `jiff` holds: between them the RFC 3339 form has a
/// four-digit year.
const MS_MIN: i64 = -62_135_596_800_000;
const MS_MAX: i64 = 253_402_207_200_000;

impl Time {
    /// The instant `ms` milliseconds after the epoch, clamped to the years 0001 to 9999 (30 December).
    pub fn from_ms(ms: i64) -> Self {
        Self(ms.clamp(MS_MIN, MS_MAX))
    }

    /// Milliseconds since the epoch.
    pub fn ms(self) -> i64 {
        self.0
    }

    /// This instant moved by `ms` milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self::from_ms(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative when `earlier` is later.
    pub fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The same instant for calendar arithmetic.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or_default()
    }
}

impl From<jiff::Timestamp> for Time {
    fn from(at: jiff::Timestamp) -> Self {
        Self::from_ms(at.as_millisecond())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Time {
    type Err = String;

    /// Reads RFC 3339 with any offset; anything finer than a millisecond is cut off.
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<jiff::Timestamp>()
            .map(Self::from)
            .map_err(|_| format!("{text:?} is not an RFC 3339 time such as 2026-11-23T05:17:55Z"))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_has_milliseconds_and_z() {
        let at: Time = "2026-11-23T06:17:55.123987+01:00".parse().expect("a valid time");
        assert_eq!(at.to_string(), "2026-11-23T05:17:55.123Z");
        assert_eq!(Time::from_ms(0).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn the_ends_of_the_range_survive_a_round_trip() {
        for ms in [i64::MIN, -1, 0, 1, i64::MAX] {
            let at = Time::from_ms(ms);
            assert_eq!(at.to_string().parse::<Time>(), Ok(at));
        }
    }
}
