//! Spans of time as people write them: `30`, `0.5`, `90s`, `5m`.

use std::time::Duration;

const UNITS: [(&str, i64); 5] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];

/// Seconds of a whole number with a unit.
pub fn span(text: &str) -> Option<i64> {
    UNITS.iter().find_map(|(unit, seconds)| {
        let number = text.strip_suffix(unit)?;
        let is_plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        if !is_plain {
            return None;
        }
        number.parse::<i64>().ok()?.checked_mul(*seconds)
    })
}

/// A positive number of seconds such as `30` or `0.5`, or a span such as `5m`.
///
/// # Errors
/// When it is neither; the text says so.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let bad = || format!("{text:?} is not a number of seconds above 0, such as 30 or 0.5, nor a span such as 5m");
    if let Some(seconds) = span(text) {
        return u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(bad);
    }
    let number: f64 = text.parse().map_err(|_| bad())?;
    Duration::try_from_secs_f64(number).ok().filter(|span| !span.is_zero()).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_above_zero_and_finite() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!((seconds("30s"), seconds("5m")), (Ok(Duration::from_secs(30)), Ok(Duration::from_secs(300))));
        for bad in ["0", "0s", "-1", "inf", "NaN", "1e400", "soon", ""] {
            assert!(seconds(bad).is_err(), "{bad:?}");
        }
    }
}
