//! Questions to the person at the terminal. Knows nothing of what is asked.

use std::io::{self, Read};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;

/// Longest answer that is not shown, in bytes.
const SECRET_BYTES_MAX: usize = 256;

/// The terminal as it was, whatever happens.
struct Raw;

impl Raw {
    fn enter() -> io::Result<Self> {
        enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // There is nothing left to do about it.
        let _ = disable_raw_mode();
    }
}

/// Asks for a line.
pub fn line(app: &mut App, question: &str) -> Result<String, Error> {
    app.out.ask(question);
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(failed)?;
    Ok(answer)
}

/// Which of so many things that are numbered from 1 an answer means.
pub fn numbered(answer: &str, count: usize) -> Option<usize> {
    answer.trim().parse().ok().and_then(|number: usize| number.checked_sub(1)).filter(|index| *index < count)
}

fn failed(error: io::Error) -> Error {
    Error::failed("no_answer", format!("cannot read the answer: {error}")).hint("nothing was changed; answer again")
}

/// Asks for a line that is not shown while it is typed.
pub async fn secret(app: &mut App, question: &str) -> Result<String, Error> {
    let raw = Raw::enter().map_err(failed)?;
    app.out.ask(question);
    let typed = tokio::task::spawn_blocking(typed).await;
    drop(raw);
    app.out.talk("")?;
    match typed.map_err(io::Error::other).and_then(|typed| typed).map_err(failed)? {
        Some(secret) => Ok(secret),
        None => Err(Error::here(Exit::Interrupted, "interrupted", "interrupted; nothing was changed")),
    }
}

/// None when the person wants to stop, or is gone.
fn typed() -> io::Result<Option<String>> {
    let mut line = Typed::default();
    for byte in io::stdin().lock().bytes() {
        match byte {
            Ok(byte) => match line.take(byte) {
                Some(End::Enter) => return String::from_utf8(line.bytes).map(Some).map_err(io::Error::other),
                Some(End::Stop) => return Ok(None),
                None => {}
            },
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // There is no terminal any more.
            Err(_) => return Ok(None),
        }
    }
    Ok(None)
}

/// What is typed, byte by byte, on a terminal that does nothing about it.
#[derive(Default)]
struct Typed {
    bytes: Vec<u8>,
    key: Key,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Enter,
    Stop,
}

/// How far a key is that sends several bytes: an arrow is `ESC [ A`.
#[derive(Default)]
enum Key {
    #[default]
    Plain,
    Escape,
    Sequence,
}

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;
const BACKSPACES: [u8; 2] = [0x08, 0x7f];
const ESCAPE: u8 = 0x1b;

impl Typed {
    fn take(&mut self, byte: u8) -> Option<End> {
        match (std::mem::take(&mut self.key), byte) {
            (Key::Plain, ESCAPE) => self.key = Key::Escape,
            (Key::Escape, b'[' | b'O') => self.key = Key::Sequence,
            (Key::Escape, _) | (Key::Sequence, b'@'..=b'~') => {}
            (Key::Sequence, _) => self.key = Key::Sequence,
            (Key::Plain, CTRL_C | CTRL_D) => return Some(End::Stop),
            (Key::Plain, b'\r' | b'\n') => return Some(End::Enter),
            (Key::Plain, CTRL_U) => self.bytes.clear(),
            (Key::Plain, _) if BACKSPACES.contains(&byte) => {
                // A character of several bytes goes as a whole.
                while self.bytes.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            (Key::Plain, _) if byte >= b' ' && self.bytes.len() < SECRET_BYTES_MAX => self.bytes.push(byte),
            (Key::Plain, _) => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_means_what_stands_beside_it_and_nothing_else_does() {
        assert_eq!([numbered("1\n", 2), numbered(" 2 ", 2)], [Some(0), Some(1)]);
        for answer in ["0", "3", "-1", "", "x", "1.0"] {
            assert_eq!(numbered(answer, 2), None, "{answer:?}");
        }
    }

    #[test]
    fn a_line_that_is_not_shown_is_edited_as_others_are() {
        let typed = |keys: &str| {
            let mut line = Typed::default();
            let end = keys.bytes().find_map(|byte| line.take(byte));
            (end, String::from_utf8(line.bytes).expect("UTF-8"))
        };
        let enter = |text: &str| (Some(End::Enter), text.to_string());
        assert_eq!(typed("horsé\x7fe\r"), enter("horse"));
        assert_eq!(typed("wrong\x15right\n"), enter("right"));
        assert_eq!(typed("a\x1b[Db\x1bOPc\x1b[1;5Cd\x1bxe\r"), enter("abcde"), "arrows and the like are no text");
        assert_eq!(typed("\x7f\x08\0\t\r"), enter(""));
        assert_eq!(typed("half\x03"), (Some(End::Stop), "half".into()));
        assert_eq!(typed(&"x".repeat(2 * SECRET_BYTES_MAX)), (None, "x".repeat(SECRET_BYTES_MAX)));
    }
}
