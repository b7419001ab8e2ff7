//! What a line of an ESP32's boot messages gives away. Pure.

/// Something that a device said of itself without being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// It restarted; why, in the chip's words.
    Restarted(String),
    /// It waits for a new firmware instead of running the one it has.
    Download,
    /// Its supply broke down.
    Brownout,
    /// Its firmware crashed.
    Crashed,
    /// There is no firmware in its flash.
    Blank,
}

impl Sign {
    pub fn of(line: &str) -> Option<Self> {
        if let Some((_, rest)) = line.split_once("rst:0x") {
            // `rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)`
            let reason = rest.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
            return Some(Self::Restarted(reason.map_or("unknown", |(reason, _)| reason).into()));
        }
        let signs = [
            ("waiting for download", Self::Download),
            ("Brownout detector was triggered", Self::Brownout),
            ("Guru Meditation Error", Self::Crashed),
            ("invalid header: 0xffffffff", Self::Blank),
        ];
        signs.into_iter().find(|(words, _)| line.contains(words)).map(|(_, sign)| sign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_messages_are_understood() {
        let restarted = |reason: &str| Some(Sign::Restarted(reason.into()));
        for (line, sign) in [
            ("rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", restarted("POWERON_RESET")),
            ("ets Jul 29 2019 12:21:46 rst:0xc (SW_CPU_RESET),boot:0x13", restarted("SW_CPU_RESET")),
            ("rst:0x", restarted("unknown")),
            ("waiting for download", Some(Sign::Download)),
            ("E (213) Brownout detector was triggered", Some(Sign::Brownout)),
            ("Guru Meditation Error: Core  0 panic'ed (LoadProhibited)", Some(Sign::Crashed)),
            ("invalid header: 0xffffffff", Some(Sign::Blank)),
            ("I (512) wifi: connected", None),
            ("", None),
        ] {
            assert_eq!(Sign::of(line), sign, "{line}");
        }
    }
}
