//! What can go wrong on a cable, in words: what happened, and what to try.

use improv::client::Failure;
use improv::{ErrorCode, Invalid};

use crate::error::Error;
use crate::exit::Exit;

/// Why a device on a cable did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The port is not there.
    Missing,
    /// Another program has it open.
    Busy,
    /// This user may not open it.
    Denied,
    /// It cannot be opened for another reason.
    Unusable(String),
    /// It was there and is gone.
    Gone,
    /// It takes no bytes.
    Stuck,
    /// Not a byte came.
    Silent,
    /// Bytes came that are no text.
    Garbled,
    /// It logs, last this line, and does not answer.
    Deaf(String),
    /// It answered before, and now does not.
    Late,
    Download,
    Blank,
    /// It restarted in the middle, for this reason.
    Restarted(String),
    Brownout,
    Crashed,
    Refused(ErrorCode),
    /// It gave up without a word.
    Dropped,
    Invalid(Invalid),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Invalid(invalid) => Self::Invalid(invalid),
            Failure::Refused(error) => Self::Refused(error),
            Failure::Silent => Self::Late,
            Failure::Dropped => Self::Dropped,
        }
    }
}

impl Trouble {
    /// As an error of the command; `doing` says what was attempted, on what.
    pub fn at(self, doing: &str) -> Error {
        let (code, happened, advice) = self.words();
        Error::here(Exit::Device, code, format!("{doing}: {happened}")).hint(advice)
    }

    /// Code, what happened, and what to try.
    fn words(self) -> (&'static str, String, &'static str) {
        match self {
            Self::Unusable(why) => (
                "port_unusable",
                format!("the port cannot be used: {why}"),
                "is it a serial port? leave --port out to see what there is",
            ),
            Self::Deaf(line) => (
                "device_deaf",
                format!("the device runs something that does not answer; the last that it logged is {line:?}"),
                "flash the camera firmware, or anything else that speaks Improv Wi-Fi over its serial port",
            ),
            Self::Restarted(reason) => (
                "device_restarted",
                format!("the device restarted in the middle ({reason})"),
                "try again; if it happens again, give it a supply of 5 V and at least 1 A at its 5V pin",
            ),
            Self::Refused(error) => {
                let (code, advice) = Self::refused(error);
                (code, format!("the device answered {:?}", error.to_string()), advice)
            }
            Self::Invalid(invalid) => ("usage", invalid.to_string(), "nothing was sent to the device"),
            plain => {
                let (code, happened, advice) = plain.plain_words();
                (code, happened.into(), advice)
            }
        }
    }

    /// Of what needs no further detail.
    fn plain_words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Missing => {
                ("port_missing", "there is no such port", "is it plugged in? leave --port out to see what there is")
            }
            Self::Busy => (
                "port_busy",
                "another program has the port open",
                "close serial monitors, flashing tools and browser tabs that use it, then try again",
            ),
            Self::Denied => (
                "port_denied",
                "this user may not open the port",
                "`sudo usermod -aG dialout $USER`, then log in again; some systems call the group uucp",
            ),
            Self::Gone => (
                "device_gone",
                "the port vanished",
                "the cable came loose or the supply is too weak; plug it in again, if possible at another port, and try again",
            ),
            Self::Stuck => {
                ("device_stuck", "the port takes no bytes", "unplug the device, plug it in again, and try again")
            }
            Self::Silent => (
                "device_silent",
                "nothing came from the device, not even a boot message",
                "check power and cable; if it is powered, press its reset button, else flash its firmware",
            ),
            Self::Garbled => (
                "device_garbled",
                "only noise came from the device",
                "it speaks at another speed than 115200 baud, or the cable is bad",
            ),
            Self::Download => (
                "device_download_mode",
                "the device waits for a new firmware (download mode) instead of running",
                "take away the bridge between GPIO0 and GND, let go of the BOOT button, and press reset",
            ),
            Self::Blank => ("device_blank", "there is no firmware on the device", "flash the camera firmware first"),
            Self::Brownout => (
                "device_brownout",
                "the supply of the device broke down",
                "give it 5 V and at least 1 A at its 5V pin; the USB port of a computer is often too weak for the radio",
            ),
            Self::Crashed => (
                "device_crashed",
                "the firmware of the device crashed",
                "`parkctl camera monitor` shows what it logs; a newer firmware may help",
            ),
            Self::Dropped => (
                "device_dropped",
                "the device gave up without saying why",
                "`parkctl camera monitor` shows what it logs; a weak supply is the usual reason",
            ),
            _ => (
                "device_late",
                "the device answered before, and now did not in time",
                "try again; --timeout SECONDS gives it longer",
            ),
        }
    }

    /// Of an answer that is an error: code, and what to try.
    fn refused(error: ErrorCode) -> (&'static str, &'static str) {
        let advice = match error {
            ErrorCode::NotStored => {
                return (
                    "settings_not_stored",
                    "its flash did not take them, and it is as it was before: try again; if that fails too, the flash is worn out or \
                     damaged: `espflash erase-flash` and flash it anew, or take another board",
                );
            }
            ErrorCode::UnknownCommand => "its firmware is older than this command; update it",
            ErrorCode::BadPacket => "the line loses bytes; try a shorter cable or another port",
            ErrorCode::UnableToConnect => "check the name of the network and its password",
            ErrorCode::BadHostname => "take another host name",
            ErrorCode::None | ErrorCode::Unknown | ErrorCode::Other(_) => {
                "try again; `parkctl camera monitor` shows what it logs"
            }
        };
        ("device_refused", advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Report;

    #[test]
    fn every_trouble_has_its_code_and_something_to_try() {
        for (trouble, code, happened) in [
            (Trouble::Missing, "port_missing", "no such port"),
            (Trouble::Busy, "port_busy", "another program"),
            (Trouble::Denied, "port_denied", "may not open"),
            (Trouble::Unusable("odd".into()), "port_unusable", "odd"),
            (Trouble::Gone, "device_gone", "vanished"),
            (Trouble::Stuck, "device_stuck", "takes no bytes"),
            (Trouble::Silent, "device_silent", "nothing came"),
            (Trouble::Garbled, "device_garbled", "only noise"),
            (Trouble::Deaf("hello".into()), "device_deaf", "\"hello\""),
            (Trouble::Late, "device_late", "not in time"),
            (Trouble::Download, "device_download_mode", "download mode"),
            (Trouble::Blank, "device_blank", "no firmware"),
            (Trouble::Restarted("SW".into()), "device_restarted", "(SW)"),
            (Trouble::Brownout, "device_brownout", "supply"),
            (Trouble::Crashed, "device_crashed", "crashed"),
            (Trouble::Refused(ErrorCode::BadHostname), "device_refused", "bad host name"),
            (Trouble::Refused(ErrorCode::NotStored), "settings_not_stored", "\"settings not stored\""),
            (Trouble::Dropped, "device_dropped", "gave up"),
            (Trouble::Invalid(Invalid::Ssid), "usage", "name"),
        ] {
            let error = trouble.clone().at("try it");
            let report = Report::new(&error, None).expect("something to say");
            assert_eq!((report.code.as_str(), error.exit()), (code, Exit::Device), "{trouble:?}");
            assert!(report.message.starts_with("try it: ") && report.message.contains(happened), "{report:?}");
            assert!(report.hint.is_some_and(|hint| hint.len() > 8), "{trouble:?}");
        }
    }
}
