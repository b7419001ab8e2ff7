//! Times and spans as people write and read them. Does not know what time it is.

use jiff::tz::TimeZone;
use parking_api::Time;
pub use parking_api::client::spans::seconds;
use parking_api::client::spans::span;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const TWO_MINUTES: u64 = 2 * MINUTE;

/// A point in time on the command line: RFC 3339, or a span such as `2h` that is counted from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    At(Time),
    /// Seconds.
    Span(i64),
}

impl When {
    pub fn before(self, now: Time) -> Time {
        match self {
            Self::At(at) => at,
            Self::Span(seconds) => now.plus_ms(-seconds.saturating_mul(1000)),
        }
    }

    pub fn after(self, now: Time) -> Time {
        match self {
            Self::At(at) => at,
            Self::Span(seconds) => now.plus_ms(seconds.saturating_mul(1000)),
        }
    }
}

impl std::str::FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(seconds) = span(text) {
            return Ok(Self::Span(seconds));
        }
        text.parse().map(Self::At).map_err(|_| {
            format!("{text:?} is neither a time such as 2026-11-23T05:17:55Z nor a span such as 90s, 15m, 2h, 3d or 1w")
        })
    }
}

/// `3 min ago`, `in 2 d`: as exact as a glance needs.
pub fn relative(at: Time, now: Time) -> String {
    let ms = now.ms_since(at);
    let seconds = ms.unsigned_abs() / 1000;
    match (seconds, ms >= 0) {
        (0..5, true) => "just now".into(),
        (_, true) => format!("{} ago", coarse(seconds)),
        (_, false) => format!("in {}", coarse(seconds)),
    }
}

/// A span by its largest unit.
fn coarse(seconds: u64) -> String {
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ => format!("{} d", seconds / DAY),
    }
}

/// A span by its largest unit, or by two where one would say too little.
pub fn rough(seconds: u64) -> String {
    match seconds {
        0..TWO_MINUTES => format!("{seconds} s"),
        TWO_MINUTES..HOUR => coarse(seconds),
        HOUR..DAY => format!("{} h {:02} min", seconds / HOUR, seconds % HOUR / MINUTE),
        _ => format!("{} d {:02} h", seconds / DAY, seconds % DAY / HOUR),
    }
}

/// The time of day in the zone of this machine, and the day if it is not that of `now`.
pub fn clock(at: Time, now: Time) -> String {
    let here = |at: Time| at.timestamp().to_zoned(TimeZone::system());
    let format = if here(at).date() == here(now).date() { "%H:%M:%S" } else { "%b %d %H:%M:%S" };
    here(at).strftime(format).to_string()
}

/// The time of day to the millisecond.
pub fn moment(at: Time) -> String {
    at.timestamp().to_zoned(TimeZone::system()).strftime("%H:%M:%S%.3f").to_string()
}

/// Date and time of day in the zone of this machine.
pub fn date(at: Time) -> String {
    at.timestamp().to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-23T12:00:00Z";

    fn now() -> Time {
        NOW.parse().expect("a time")
    }

    #[test]
    fn a_span_counts_from_now_and_a_time_stands_for_itself() {
        let hours: When = "2h".parse().expect("a span");
        assert_eq!(hours.before(now()).to_string(), "2026-11-23T10:00:00.000Z");
        assert_eq!(hours.after(now()).to_string(), "2026-11-23T14:00:00.000Z");
        let fixed: When = "2026-01-01T00:00:00+01:00".parse().expect("a time");
        assert_eq!(fixed.before(now()), fixed.after(now()));
        for bad in ["", "h", "-2h", "2", "2y", "yesterday", "1.5h", "99999999999999999999w"] {
            assert!(bad.parse::<When>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ages_are_as_exact_as_a_glance_needs() {
        for (seconds, past) in [
            (0, "just now"),
            (4, "just now"),
            (42, "42 s ago"),
            (60, "1 min ago"),
            (3_599, "59 min ago"),
            (7_300, "2 h ago"),
            (86_400 * 9, "9 d ago"),
        ] {
            assert_eq!(relative(now().plus_ms(-seconds * 1000), now()), past);
        }
        assert_eq!(relative(now().plus_ms(90_000), now()), "in 1 min");
    }
}
