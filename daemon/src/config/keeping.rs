//! Settings of how long pictures are kept.

use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use super::{Size, duration};
use crate::captures::keeping::{Settings, Share};

/// Which captures go by themselves. Pinned ones never do.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Keeping pictures")]
pub struct Keeping {
    /// How long captures are kept, such as 90d; none for as long as there is room
    #[arg(long, env = "PARKD_CAPTURES_MAX_AGE", value_name = "TIME", default_value = "90d", value_parser = age)]
    pub captures_max_age: Limit<SignedDuration>,

    /// What all captures together may take, such as 50G, or 80% of the disk that they are on; none for no such limit
    #[arg(long, env = "PARKD_CAPTURES_MAX_BYTES", value_name = "SIZE", default_value = "80%", value_parser = bytes)]
    pub captures_max_bytes: Limit<Share>,

    /// How many captures of one camera are kept; none for no such limit
    #[arg(long, env = "PARKD_CAPTURES_MAX_PER_CAMERA", value_name = "N", default_value = "none", value_parser = count)]
    pub captures_max_per_camera: Limit<u64>,

    /// The last so many captures of each camera stay whatever the other rules say
    #[arg(long, env = "PARKD_CAPTURES_KEEP_LAST", value_name = "N", default_value_t = 10)]
    pub captures_keep_last: u64,

    /// With less than this free on the disk of the pictures, the oldest go at once, such as 2G or 5%; 0 for never
    /// [default: 5% or 2G, whichever is less]
    #[arg(long, env = "PARKD_DISK_FREE_MIN", value_name = "SIZE", value_parser = share)]
    pub disk_free_min: Option<Share>,

    /// An object in the store that no capture names is removed when it is as old as that
    #[arg(long, env = "PARKD_ORPHAN_AGE", value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub orphan_age: SignedDuration,

    /// How often captures are looked at that may have to go
    #[arg(long, env = "PARKD_RETENTION_EVERY", value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub retention_every: SignedDuration,

    /// How often the object store is compared with the captures
    #[arg(long, env = "PARKD_SWEEP_EVERY", value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub sweep_every: SignedDuration,
}

/// A limit, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit<T>(Option<T>);

impl Keeping {
    /// What the daemon goes by.
    pub fn settings(&self) -> Settings {
        let ms = |time: SignedDuration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let every = |time: SignedDuration| -> Duration { time.unsigned_abs() };
        Settings {
            age_ms_max: self.captures_max_age.0.map(ms),
            bytes_max: self.captures_max_bytes.0,
            per_camera_max: self.captures_max_per_camera.0,
            keep_last: self.captures_keep_last,
            free_min: self.disk_free_min,
            orphan_age_ms: ms(self.orphan_age),
            retain_every: every(self.retention_every),
            sweep_every: every(self.sweep_every),
        }
    }
}

/// The word for no limit.
const NONE: &str = "none";

fn limit<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Limit<T>, String> {
    if text == NONE { Ok(Limit(None)) } else { parse(text).map(|limit| Limit(Some(limit))) }
}

fn age(text: &str) -> Result<Limit<SignedDuration>, String> {
    limit(text, duration)
}

fn bytes(text: &str) -> Result<Limit<Share>, String> {
    limit(text, share)
}

fn count(text: &str) -> Result<Limit<u64>, String> {
    limit(text, |text| text.parse().map_err(|_| format!("use a number, or {NONE}")))
}

/// A number of bytes, or a percentage of a disk.
fn share(text: &str) -> Result<Share, String> {
    match text.strip_suffix('%') {
        None => text.parse::<Size>().map(|size| Share::Bytes(size.bytes())),
        Some(percent) => match percent.parse() {
            Ok(percent) if percent <= 100 => Ok(Share::Percent(percent)),
            _ => Err("use a percentage from 0% to 100%".into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_people_write_them() {
        assert_eq!(age("none"), Ok(Limit(None)));
        assert_eq!(age("90d"), Ok(Limit(Some(SignedDuration::from_hours(90 * 24)))));
        assert_eq!(bytes("50G"), Ok(Limit(Some(Share::Bytes(50 << 30)))));
        assert_eq!((share("5%"), share("0")), (Ok(Share::Percent(5)), Ok(Share::Bytes(0))));
        assert_eq!((count("7"), count("none")), (Ok(Limit(Some(7))), Ok(Limit(None))));
        for text in ["", "101%", "-1%", "%", "5 %", "never"] {
            assert!(bytes(text).is_err() && count(text).is_err(), "{text}");
        }
    }
}
