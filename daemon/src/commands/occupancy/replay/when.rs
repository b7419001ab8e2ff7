//! When a picture was taken, as far as that can be told: by its name, by what its camera wrote into it, or by the age of its file. All of it
//! in the time of the place, taken for UTC. Pure, but for the age.

use std::path::Path;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use parking_api::Time;

/// Where a camera writes when it took a picture: before the picture itself. In bytes.
const HEAD: usize = 64 * 1024;

/// Of a picture in a file.
pub fn of_file(path: &Path, bytes: &[u8]) -> Option<Time> {
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    of_text(&name).or_else(|| of_head(bytes)).or_else(|| {
        let written = path.metadata().and_then(|facts| facts.modified()).ok()?;
        jiff::Timestamp::try_from(written).ok().map(Time::from)
    })
}

/// Of a text that holds a day and a time of it, one after the other, such as `cam-1_20261123-0805` or `2026-11-23T08:05:30`.
pub fn of_text(text: &str) -> Option<Time> {
    let digits = |from: usize, len: usize| -> Option<i16> {
        let part = text.get(from..from + len).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        part.parse().ok()
    };
    let is_gap = |at: usize| text.as_bytes().get(at).is_some_and(|byte| b"-_:. T".contains(byte));
    (0..text.len()).find_map(|from| {
        if from > 0 && text.as_bytes()[from - 1].is_ascii_digit() {
            return None;
        }
        let mut at = from;
        let mut next = |len: usize| {
            at += usize::from(at > from && is_gap(at));
            let number = digits(at, len)?;
            at += len;
            Some(number)
        };
        let (year, month, day, hour, minute) = (next(4)?, next(2)?, next(2)?, next(2)?, next(2)?);
        let second = next(2).unwrap_or(0);
        let small = |number: i16| i8::try_from(number).ok();
        let at =
            DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, 0).ok()?;
        let at = at.to_zoned(TimeZone::UTC).ok().filter(|_| year >= 1970)?;
        Some(Time::from(at.timestamp()))
    })
}

/// EXIF writes `2026:11:23 08:05:30`, as text; nothing else in the head of a picture looks like that.
fn of_head(bytes: &[u8]) -> Option<Time> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let is_time = |text: &[u8]| {
        text.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 | 13 | 16 => *byte == b':',
            10 => *byte == b' ',
            _ => byte.is_ascii_digit(),
        })
    };
    head.windows(19).filter(|text| is_time(text)).find_map(|text| of_text(std::str::from_utf8(text).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(time: Option<Time>) -> String {
        time.map(|time| time.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_name_tells_when_a_picture_was_taken() {
        for (name, when) in [
            ("A_04_20150703_0805", "2015-07-03T08:05:00"),
            ("2012-09-11_15_16_58", "2012-09-11T15:16:58"),
            ("2026-11-23T08:05", "2026-11-23T08:05:00"),
            ("cam-1.20261123-080530", "2026-11-23T08:05:30"),
        ] {
            assert!(said(of_text(name)).starts_with(when), "{name}: {:?}", of_text(name));
        }
        for name in ["", "yard", "12345678901234567890", "20261399-0805", "IMG_0001"] {
            assert_eq!(of_text(name), None, "{name}");
        }
    }

    #[test]
    fn what_the_camera_wrote_counts_where_the_name_says_nothing() {
        let bytes = b"\xFF\xD8\xFF\xE1..Exif..2026:11:23 08:05:30\0...";
        assert!(said(of_file(Path::new("yard.jpg"), bytes)).starts_with("2026-11-23T08:05:30"));
    }
}
