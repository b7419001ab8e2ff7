//! The lines that a device logs between its packets. Pure.

use super::boot::Sign;

/// What is longer is cut into lines of this many bytes.
const LINE_BYTES_MAX: usize = 512;

const ESCAPE: u8 = 0x1b;

/// A line without the sequences that colour it on a terminal: `ESC [`, numbers, and a letter.
fn uncolored(line: &str) -> String {
    let mut parts = line.split(ESCAPE as char);
    let first = parts.next().unwrap_or_default();
    let is_parameter = |c: char| c.is_ascii_digit() || matches!(c, ';' | ':' | '?');
    let rest = parts.map(|part| match part.strip_prefix('[') {
        Some(sequence) => {
            let end = sequence.trim_start_matches(is_parameter);
            end.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(end)
        }
        None => part,
    });
    std::iter::once(first).chain(rest).collect()
}

/// Makes lines of bytes, and remembers what they gave away.
#[derive(Debug, Default)]
pub struct Log {
    open: Vec<u8>,
    last: Option<String>,
    bytes: usize,
    odd: usize,
    sign: Option<Sign>,
}

impl Log {
    /// Takes in a byte; the line that it ends, if it has any text.
    pub fn push(&mut self, byte: u8) -> Option<String> {
        if byte == b'\n' || self.open.len() >= LINE_BYTES_MAX {
            return self.end();
        }
        self.bytes += 1;
        let is_usual = matches!(byte, b'\r' | b'\t' | ESCAPE) || !byte.is_ascii_control();
        self.odd += usize::from(!byte.is_ascii() || !is_usual);
        self.open.push(byte);
        None
    }

    /// The line that is not ended yet.
    pub fn end(&mut self) -> Option<String> {
        let line = uncolored(&String::from_utf8_lossy(&std::mem::take(&mut self.open))).trim().to_string();
        if line.is_empty() {
            return None;
        }
        if let Some(sign) = Sign::of(&line) {
            self.sign = Some(sign);
        }
        self.last = Some(line.clone());
        Some(line)
    }

    /// The last thing given away since this was asked before.
    pub fn take_sign(&mut self) -> Option<Sign> {
        self.sign.take()
    }

    pub fn last_line(&mut self) -> Option<String> {
        self.end();
        self.last.clone()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Mostly no text: another speed, or a bad connection.
    pub fn is_garbled(&self) -> bool {
        self.odd * 3 > self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(text: &[u8]) -> (Vec<String>, Log) {
        let mut log = Log::default();
        let lines = text.iter().filter_map(|byte| log.push(*byte)).collect();
        (lines, log)
    }

    #[test]
    fn lines_come_without_their_ends_and_blank_ones_do_not_come() {
        let (lines, mut log) = hear(b"boot\r\n\n  \nwaiting for download\r\nrest");
        assert_eq!(lines, ["boot", "waiting for download"]);
        assert_eq!((log.take_sign(), log.take_sign()), (Some(Sign::Download), None));
        assert_eq!(log.last_line().as_deref(), Some("rest"));
        assert!(!log.is_garbled() && !log.is_empty());
    }

    #[test]
    fn colours_are_taken_off_and_are_no_noise() {
        let (lines, log) = hear(b"\x1b[0;32mI (31) boot: 3 of [4]\x1b[0m\r\n\x1b[1;31mE\x1b[m\n");
        assert_eq!(lines, ["I (31) boot: 3 of [4]", "E"]);
        assert!(!log.is_garbled());
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let (lines, _) = hear(&[b'x'; 3 * LINE_BYTES_MAX]);
        assert!(lines.iter().all(|line| line.len() <= LINE_BYTES_MAX) && lines.len() == 2);
    }

    #[test]
    fn noise_is_told_from_text() {
        let (_, log) = hear(&[0xfe, 0x80, b'a', 0x01, 0xff, b'b']);
        assert!(log.is_garbled());
    }
}
