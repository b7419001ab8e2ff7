//! Asks the terminal what it is. Blocks, so it is done before anybody waits for keys; what somebody types meanwhile is kept.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use parking_api::client::env::Env;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

use super::choice::{Chosen, Facts, Wish, choose};
use super::replies::{Reader, questions};
use crate::theme::Depth;

/// How long answers are waited for, here and at the other end of a line.
const PATIENCE: Duration = Duration::from_secs(2);
const PATIENCE_REMOTE: Duration = Duration::from_secs(3);
const READ_BYTES: usize = 1024;

/// When the terminal is asked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    Always,
    /// Where the answer can change the choice.
    IfUseful,
}

/// What came of asking.
#[derive(Debug, Default)]
pub struct Probe {
    pub facts: Facts,
    pub chosen: Chosen,
    /// The answers as they came.
    pub raw: Vec<String>,
    /// From the question to the last answer; none when there was none, or nothing was asked.
    pub latency: Option<Duration>,
    pub was_asked: bool,
    /// What somebody typed meanwhile.
    pub keys: Vec<KeyEvent>,
}

impl Probe {
    /// Whether answers may still come.
    pub fn is_open(&self) -> bool {
        self.was_asked && self.latency.is_none()
    }
}

/// Finds out how pictures are drawn on this terminal, which is in raw mode.
///
/// # Errors
/// When the terminal is gone.
pub fn probe(wish: Wish, env: &Env, depth: Depth, asking: Asking) -> io::Result<Probe> {
    let mut facts = Facts::new(env, depth);
    facts.window = window();
    let mut probe = Probe { was_asked: asking == Asking::Always || facts.is_worth_asking(wish), ..Probe::default() };
    if probe.was_asked {
        let begun = Instant::now();
        let reader = ask(&questions(facts.is_tmux), if facts.is_remote { PATIENCE_REMOTE } else { PATIENCE })?;
        probe.latency = reader.is_done().then(|| begun.elapsed());
        facts.replies = reader.replies.clone();
        probe.raw = reader.raw.clone();
        probe.keys = reader.keys();
    }
    probe.chosen = choose(wish, &facts);
    probe.facts = facts;
    Ok(probe)
}

/// Columns, rows, and the same in pixels; all 0 where the system does not know.
fn window() -> (u16, u16, u16, u16) {
    crossterm::terminal::window_size()
        .map(|size| (size.columns, size.rows, size.width, size.height))
        .unwrap_or_default()
}

/// The size of a cell now, in pixels, without asking the terminal.
pub fn cell_by_system() -> Option<(u16, u16)> {
    let facts = Facts { window: window(), ..Facts::default() };
    facts.cell().map(|(cell, _)| cell)
}

fn ask(questions: &str, patience: Duration) -> io::Result<Reader> {
    let mut out = io::stdout();
    out.write_all(questions.as_bytes())?;
    out.flush()?;
    let input = io::stdin();
    let mut reader = Reader::default();
    let deadline = Instant::now() + patience;
    let mut bytes = [0; READ_BYTES];
    while !reader.is_done() {
        let left = deadline.saturating_duration_since(Instant::now());
        let limit = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let mut wanted = [PollFd::new(&input, PollFlags::IN)];
        match poll(&mut wanted, Some(&limit)) {
            Ok(0) => break,
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        match rustix::io::read(&input, &mut bytes) {
            // Nobody is there any more; the loop will see it, too.
            Ok(0) => break,
            Ok(count) => reader.feed(&bytes[..count]),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(reader)
}
