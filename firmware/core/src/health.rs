//! How a camera is doing, as it reports it.

use core::fmt::{self, Write};

use crate::text::Text;

/// Longest report, in bytes.
pub const REPORT_MAX: usize = 512;

/// How a camera is doing.
#[derive(Debug, Clone, Copy)]
pub struct Health<'a> {
    pub uptime_s: u64,
    pub rssi_dbm: Option<i16>,
    pub free_heap_bytes: Option<u32>,
    pub firmware: &'a str,
    pub board: &'a str,
    pub reset_reason: &'a str,
    pub mode: &'a str,
    /// Pictures that wait, and those that were dropped since the start.
    pub queue_depth: u32,
    pub dropped: u32,
    /// Pictures that the daemon will never take.
    pub refused: u32,
    /// Whatever went wrong since the start, counted.
    pub errors: u32,
    /// What became of the last firmware that was offered.
    pub update: &'a str,
    /// First bytes of the hash of its image.
    pub update_of: Option<[u8; 8]>,
    /// At which attempt it was started.
    pub update_attempt: Option<u32>,
}

impl Health<'_> {
    /// The report as JSON. No text in it needs an escape.
    pub fn report(&self) -> Text<REPORT_MAX> {
        let mut text = Text::new();
        // Its parts are bounded, so it fits.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut Text<REPORT_MAX>) -> fmt::Result {
        write!(text, "{{\"uptime_s\":{},", self.uptime_s)?;
        if let Some(rssi_dbm) = self.rssi_dbm {
            write!(text, "\"rssi_dbm\":{rssi_dbm},")?;
        }
        if let Some(bytes) = self.free_heap_bytes {
            write!(text, "\"free_heap_bytes\":{bytes},")?;
        }
        for (name, value) in [
            ("firmware", self.firmware),
            ("board", self.board),
            ("reset_reason", self.reset_reason),
            ("mode", self.mode),
            ("update", self.update),
        ] {
            if !value.is_empty() {
                write!(text, "\"{name}\":\"{value}\",")?;
            }
        }
        if let Some(mark) = self.update_of.filter(|_| !self.update.is_empty()) {
            write!(text, "\"update_of\":\"{:016x}\",", u64::from_be_bytes(mark))?;
        }
        if let Some(attempt) = self.update_attempt {
            write!(text, "\"update_attempt\":{attempt},")?;
        }
        let Self { queue_depth, dropped, refused, errors, .. } = self;
        write!(text, "\"queue_depth\":{queue_depth},\"dropped\":{dropped},\"refused\":{refused},\"errors\":{errors}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_leaves_out_what_is_not_known() {
        let health = Health {
            uptime_s: 61,
            rssi_dbm: Some(-70),
            free_heap_bytes: None,
            firmware: "0.1.0",
            board: "aithinker",
            reset_reason: "power_on",
            mode: "normal",
            queue_depth: 2,
            dropped: 0,
            refused: 3,
            errors: 1,
            update: "",
            update_of: Some([1; 8]),
            update_attempt: None,
        };
        let expected = r#"{"uptime_s":61,"rssi_dbm":-70,"firmware":"0.1.0","board":"aithinker","reset_reason":"power_on","mode":"normal","queue_depth":2,"dropped":0,"refused":3,"errors":1}"#;
        assert_eq!(&*health.report(), expected);
    }
}
