//! What happened at earlier starts: a camera that keeps failing is given less to do, and never nothing.

use core::fmt;

use crate::settings::crc32;

/// A camera that ran this long is well; what was counted before is forgotten.
pub const STABLE_MS: u64 = 600_000;
/// So many failed starts in a row, and the camera module stays off for [`SAFE_MS`].
pub const FAILURES_MAX: u8 = 5;
pub const SAFE_MS: u64 = 1_800_000;
/// So many brown-outs in a row, and the camera saves power.
pub const BROWNOUTS_MAX: u8 = 3;

/// A camera that saved power for this long tries without.
pub const GENTLE_MS: u64 = 86_400_000;

/// Length of the record, in bytes.
pub const RECORD_LEN: usize = 12;
const MAGIC: [u8; 2] = *b"SC";

/// Why a camera started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    PowerOn,
    /// It wanted to.
    Software,
    Brownout,
    Watchdog,
    Crash,
    Other,
}

impl Reset {
    pub fn word(self) -> &'static str {
        match self {
            Self::PowerOn => "power_on",
            Self::Software => "software",
            Self::Brownout => "brownout",
            Self::Watchdog => "watchdog",
            Self::Crash => "crash",
            Self::Other => "other",
        }
    }

    fn is_failure(self) -> bool {
        matches!(self, Self::Brownout | Self::Watchdog | Self::Crash)
    }
}

/// How much a camera does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Normal,
    /// The supply is weak: half the pictures, a quieter radio, no lamp.
    Gentle,
    /// It keeps failing: no pictures for a while, but settings, reports and new firmware.
    Safe,
}

impl Mode {
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Gentle => "gentle",
            Self::Safe => "safe",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Starts, and how many failed in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Boots {
    starts: u32,
    failures: u8,
    brownouts: u8,
}

impl Boots {
    /// Of what was written before; anything else counts as nothing.
    pub fn read(bytes: &[u8]) -> Self {
        let Some(&[m, n, failures, brownouts, a, b, c, d, ref crc @ ..]) = bytes.first_chunk::<RECORD_LEN>() else {
            return Self::default();
        };
        if [m, n] != MAGIC || crc32(&bytes[..RECORD_LEN - crc.len()]) != u32::from_le_bytes(*crc) {
            return Self::default();
        }
        Self { starts: u32::from_le_bytes([a, b, c, d]), failures, brownouts }
    }

    /// One more start. It is to be written before anything else is done, above all before the radio draws its current: what fails then is
    /// known at the next start.
    pub fn begin(&mut self, reset: Reset) {
        self.starts = self.starts.wrapping_add(1);
        self.fail(reset);
    }

    /// Counts what ended a start, if that was a failure.
    pub fn fail(&mut self, reset: Reset) {
        if reset.is_failure() {
            self.failures = self.failures.saturating_add(1);
        }
        if reset == Reset::Brownout {
            self.brownouts = self.brownouts.saturating_add(1);
        }
    }

    /// Forgets what failed.
    pub fn forgive(&mut self) {
        (self.failures, self.brownouts) = (0, 0);
    }

    pub fn is_clean(self) -> bool {
        (self.failures, self.brownouts) == (0, 0)
    }

    /// How often the camera was started.
    pub fn starts(self) -> u32 {
        self.starts
    }

    pub fn mode(self) -> Mode {
        if self.failures >= FAILURES_MAX {
            Mode::Safe
        } else if self.brownouts >= BROWNOUTS_MAX {
            Mode::Gentle
        } else {
            Mode::Normal
        }
    }

    pub fn record(self) -> [u8; RECORD_LEN] {
        let [a, b, c, d] = self.starts.to_le_bytes();
        let head = [MAGIC[0], MAGIC[1], self.failures, self.brownouts, a, b, c, d];
        let crc = crc32(&head).to_le_bytes();
        core::array::from_fn(|at| if at < head.len() { head[at] } else { crc[at - head.len()] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(resets: &[Reset]) -> Boots {
        let mut boots = Boots::default();
        for reset in resets {
            boots.begin(*reset);
            assert_eq!(Boots::read(&boots.record()), boots);
        }
        boots
    }

    #[test]
    fn a_camera_that_keeps_failing_does_less() {
        use Reset::{Brownout, Crash, PowerOn, Software, Watchdog};
        assert_eq!(after(&[PowerOn, Software, Crash, Watchdog]).mode(), Mode::Normal);
        assert_eq!(after(&[Brownout; 3]).mode(), Mode::Gentle);
        assert_eq!(after(&[Crash, Watchdog, PowerOn, Crash, Brownout, Crash]).mode(), Mode::Safe);
        let mut worn = after(&[Crash; 300]);
        assert_eq!((worn.failures, worn.starts()), (u8::MAX, 300));
        worn.forgive();
        assert!(worn.is_clean() && worn.starts() == 300);
    }

    #[test]
    fn a_damaged_record_counts_as_none() {
        let mut record = after(&[Reset::Crash; 5]).record();
        record[2] ^= 1;
        assert_eq!(Boots::read(&record), Boots::default());
        assert_eq!(Boots::read(&[]), Boots::default());
    }
}
