//! Questions to the person at the terminal. Knows nothing of what is asked.

use std::io;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;

/// Longest answer, in characters.
const SECRET_CHARS_MAX: usize = 256;

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
    let mut secret = String::new();
    loop {
        if is_hung_up(Some(Timespec { tv_sec: 0, tv_nsec: 0 }))? {
            return Ok(None);
        }
        if !event::poll(Duration::ZERO)? {
            if is_hung_up(None)? {
                return Ok(None);
            }
            continue;
        }
        let Event::Key(key) = event::read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match key.code {
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => return Ok(None),
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => secret.clear(),
            KeyCode::Char(c) if secret.chars().count() < SECRET_CHARS_MAX => secret.push(c),
            KeyCode::Backspace => drop(secret.pop()),
            KeyCode::Enter => return Ok(Some(secret)),
            _ => {}
        }
    }
}

/// Waits for something to read, and says whether there is still a terminal at the other end: crossterm reads the end of one for ever.
fn is_hung_up(at_most: Option<Timespec>) -> io::Result<bool> {
    let stdin = io::stdin();
    let mut ends = [PollFd::new(&stdin, PollFlags::IN)];
    match poll(&mut ends, at_most.as_ref()) {
        Ok(_) => Ok(ends[0].revents().contains(PollFlags::HUP)),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
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
}
