//! Spans and times of day as they stand in a cell: short, and of the same width for the same size. Does not know what time it is.

use jiff::tz::TimeZone;
use parking_api::Time;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How exact the age of the newest data is shown, in milliseconds: a number that changes every second is no calm sight.
pub const AGE_STEP_MS: i64 = 5 * SECOND;

/// How long something lasts, in at most five characters: `<1m`, `12m`, `1h05`, `3d4h`, `120d`.
pub fn stay(from: Time, now: Time) -> String {
    match now.ms_since(from).max(0) {
        0..MINUTE => "<1m".into(),
        ms @ MINUTE..HOUR => format!("{}m", ms / MINUTE),
        ms @ HOUR..DAY => format!("{}h{:02}", ms / HOUR, ms % HOUR / MINUTE),
        ms if ms < 10 * DAY => format!("{}d{}h", ms / DAY, ms % DAY / HOUR),
        ms => format!("{}d", ms / DAY),
    }
}

/// How long something lasts, in words: `42 s`, `4 min`, `1 h 5 min`, `3 d 4 h`.
pub fn long(from: Time, now: Time) -> String {
    match now.ms_since(from).max(0) {
        ms @ 0..MINUTE => format!("{} s", ms / SECOND),
        ms @ MINUTE..HOUR => format!("{} min", ms / MINUTE),
        ms @ HOUR..DAY => format!("{} h {} min", ms / HOUR, ms % HOUR / MINUTE),
        ms => format!("{} d {} h", ms / DAY, ms % DAY / HOUR),
    }
}

/// How long something has lasted by now: the same, but without seconds, which would change under one's eyes.
pub fn lasting(from: Time, now: Time) -> String {
    if now.ms_since(from) < MINUTE { "under a minute".into() } else { long(from, now) }
}

/// The same from its largest unit alone, and never in fewer than `AGE_STEP_MS`: `now`, `15 s`, `4 min`.
pub fn age(from: Time, now: Time) -> String {
    match now.ms_since(from).max(0) {
        0..AGE_STEP_MS => "now".into(),
        ms @ AGE_STEP_MS..MINUTE => format!("{} s", ms / AGE_STEP_MS * (AGE_STEP_MS / SECOND)),
        ms @ MINUTE..HOUR => format!("{} min", ms / MINUTE),
        ms @ HOUR..DAY => format!("{} h", ms / HOUR),
        ms => format!("{} d", ms / DAY),
    }
}

/// `HH:MM` in the zone of the lot.
pub fn minute(at: Time, zone: &TimeZone) -> String {
    at.timestamp().to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// `HH:MM:SS`, with the day before it when that is not the day of `now`.
pub fn second(at: Time, now: Time, zone: &TimeZone) -> String {
    let here = |at: Time| at.timestamp().to_zoned(zone.clone());
    let format = if here(at).date() == here(now).date() { "%H:%M:%S" } else { "%d %b %H:%M" };
    here(at).strftime(format).to_string()
}

/// The first whole minute after `now`.
pub fn next_minute(now: Time) -> Time {
    Time::from_ms((now.ms().div_euclid(MINUTE) + 1) * MINUTE)
}

/// Reads `90s`, `15m`, `2h`, `3d`, in milliseconds; a bare number is minutes.
pub fn parse(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit {
        "s" => SECOND,
        "m" | "min" | "" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Time {
        Time::from_ms(ms)
    }

    #[test]
    fn a_stay_never_needs_more_than_five_cells() {
        for (ms, shown) in [
            (0, "<1m"),
            (12 * MINUTE, "12m"),
            (65 * MINUTE, "1h05"),
            (23 * HOUR + 59 * MINUTE, "23h59"),
            (3 * DAY + 4 * HOUR, "3d4h"),
            (9 * DAY + 23 * HOUR, "9d23h"),
            (400 * DAY, "400d"),
            (-5, "<1m"),
        ] {
            assert_eq!(stay(at(0), at(ms)), shown);
            assert!(shown.len() <= 5);
        }
    }

    #[test]
    fn an_age_moves_in_calm_steps() {
        assert_eq!(age(at(0), at(4_999)), "now");
        assert_eq!(age(at(0), at(14_999)), "10 s");
        assert_eq!(age(at(0), at(200_000)), "3 min");
    }

    #[test]
    fn spans_are_read_as_people_write_them() {
        assert_eq!(parse("90s"), Some(90_000));
        assert_eq!(parse("2h"), Some(2 * HOUR));
        assert_eq!(parse("15"), Some(15 * MINUTE));
        for bad in ["", "h", "2y", "-1h", "99999999999999999999d"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
