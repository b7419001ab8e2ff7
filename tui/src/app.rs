//! The loop: wait for a message, take all that wait, update, start what is asked for, draw once. Nothing here decides.

mod pace;

use std::io;
use std::time::Duration;

use parking_api::LotId;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::cache::Cache;
use crate::clock;
use crate::demo::Demo;
use crate::effect::Effect;
use crate::history::History;
use crate::model::Model;
use crate::msg::{Msg, Stamped};
use crate::record::Recorder;
use crate::runtime::Runtime;
use crate::terminal::Surface;
use crate::update::{start, update};
use crate::view;

pub use pace::Pace;

/// Messages that may wait; beyond it their producers do.
pub const QUEUE: usize = 1024;
/// Messages that are taken before a frame is drawn.
const DRAIN_MAX: usize = 512;
/// Writes to the disk that may be under way; a disk that is slower gets less to do.
const KEEPING_MAX: usize = 2;
/// How long the end waits for them.
const KEEP_WAIT: Duration = Duration::from_secs(2);

/// Whom the console talks to.
#[derive(Debug)]
pub enum Daemon {
    Server(Box<Runtime>),
    Demo(Demo),
}

impl Daemon {
    pub fn perform(&mut self, effect: Effect) {
        match self {
            Self::Server(runtime) => runtime.perform(effect),
            Self::Demo(demo) => demo.perform(effect),
        }
    }
}

/// A console that runs.
#[derive(Debug)]
pub struct App<S> {
    pub model: Model,
    pub screen: S,
    pub daemon: Daemon,
    pub inbox: mpsc::Receiver<Msg>,
    pub recorder: Option<Recorder>,
    pub cache: Option<Cache>,
    pub history: Option<History>,
    /// What is being written to it: a disk may be slow, and a person is not to notice.
    pub keeping: JoinSet<()>,
    pub pace: Pace,
    /// When the program began, and how long it then took to the first frame.
    pub begun: Instant,
    pub first: Option<Duration>,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Go,
    End,
}

impl<S: Surface> App<S> {
    /// Shows what is known, and asks the daemon for what is not.
    pub fn begin(&mut self, remembered: Option<Msg>) -> io::Result<()> {
        if let Some(msg) = remembered {
            self.handle(msg)?;
        }
        self.draw()?;
        let effects = start(&mut self.model);
        self.perform(effects).map(drop)
    }

    /// Runs until somebody quits.
    pub async fn run(mut self) -> io::Result<()> {
        loop {
            let msg = self.next().await;
            if let Some(msg) = msg
                && self.take(msg)? == Next::End
            {
                // A disk that answers nobody keeps nobody here.
                let _ = tokio::time::timeout(KEEP_WAIT, self.keeping.join_all()).await;
                return Ok(());
            }
            let now = Instant::now();
            if self.pace.due(now).is_some_and(|due| due <= now) {
                self.draw()?;
            }
        }
    }

    /// The next message; none when it is time for a frame.
    async fn next(&mut self) -> Option<Msg> {
        let wake_ms = self.model.wake_at().ms_since(clock::now().plus_ms(self.model.ahead_ms)).max(0) as u64;
        let wake = Instant::now() + Duration::from_millis(wake_ms);
        match self.pace.due(Instant::now()) {
            Some(due) if due <= wake => timeout_at(due, self.inbox.recv()).await.ok().flatten(),
            _ => tokio::select! {
                msg = self.inbox.recv() => msg,
                () = sleep_until(wake) => Some(Msg::Tick),
            },
        }
    }

    /// Takes a message and those that wait behind it.
    fn take(&mut self, first: Msg) -> io::Result<Next> {
        let mut msg = first;
        for _ in 1..DRAIN_MAX {
            if self.handle(msg)? == Next::End {
                return Ok(Next::End);
            }
            match self.inbox.try_recv() {
                Ok(next) => msg = next,
                Err(_) => return Ok(Next::Go),
            }
        }
        self.handle(msg)
    }

    fn handle(&mut self, msg: Msg) -> io::Result<Next> {
        match msg {
            Msg::Key(_) | Msg::Mouse(_) => self.pace.key(Instant::now()),
            Msg::Image { .. } => self.pace.picture_came(),
            _ => {}
        }
        let stamped = Stamped { at: clock::now(), msg };
        if let Some(recorder) = &mut self.recorder {
            recorder.push(&stamped)?;
        }
        if let Some(hud) = &mut self.model.hud {
            hud.messages += 1;
        }
        let effects = update(&mut self.model, stamped);
        self.pace.dirty();
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> io::Result<Next> {
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(Next::End),
                Effect::Redraw => self.screen.forget()?,
                Effect::Suspend => self.screen.suspend()?,
                Effect::Keep(lot) => self.keep(&lot),
                Effect::KeepHistory(lines) => self.keep_history(lines),
                other => {
                    if matches!(other, Effect::LoadImage { .. }) {
                        self.pace.picture_wanted(Instant::now());
                    }
                    self.daemon.perform(other);
                }
            }
        }
        Ok(Next::Go)
    }

    /// Keeps what is known of a lot, unless that is being done already.
    fn keep(&mut self, lot: &LotId) {
        while self.keeping.try_join_next().is_some() {}
        let known = self.model.tab_of(lot).and_then(|tab| Some((tab.lot.heard_at?, tab.lot.snapshot()?)));
        let (Some(cache), Some((at, snapshot)), true) = (self.cache.clone(), known, self.keeping.len() < KEEPING_MAX)
        else {
            return;
        };
        let server = self.model.server.clone();
        self.keeping.spawn_blocking(move || {
            // A disk that is full is no reason to stop looking at a lot.
            let _ = cache.save(&server, at, snapshot);
        });
    }

    fn keep_history(&mut self, lines: Vec<String>) {
        let Some(history) = self.history.clone() else { return };
        self.keeping.spawn_blocking(move || {
            // What cannot be kept is typed anew.
            let _ = history.save(&lines);
        });
    }

    fn draw(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        let size = self.screen.size()?;
        if size != self.model.size {
            // Where the loop draws, it has not ended.
            self.handle(Msg::Resize(size.0, size.1))?;
        }
        let bytes_before = self.screen.bytes();
        let model = &self.model;
        let is_whole = self.screen.draw(self.pace.is_hurried(), |buf| view::draw(model, buf).into())?;
        let now = Instant::now();
        let waited = self.pace.drawn(now);
        if !is_whole {
            self.pace.owe();
        }
        let picture = is_whole.then(|| self.pace.picture_shown(now)).flatten();
        let first = *self.first.get_or_insert_with(|| self.begun.elapsed());
        let (frame_us, bytes_total) = (begun.elapsed().as_micros() as u64, self.screen.bytes());
        if let Some(hud) = &mut self.model.hud {
            hud.first_us = first.as_micros() as u64;
            hud.frames += 1;
            hud.frame_us = frame_us;
            hud.bytes = bytes_total - bytes_before;
            hud.bytes_total = bytes_total;
            hud.picture_us = picture.map_or(hud.picture_us, |waited| waited.as_micros() as u64);
            if let Some(waited) = waited {
                hud.key(waited.as_micros() as u64);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
