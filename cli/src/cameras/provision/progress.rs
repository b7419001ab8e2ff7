//! How far a provisioning is, for the person who watches it. Knows the names of the steps, not what they do.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::app::App;
use crate::error::Error;

/// What happens to a camera, in this order. A device of another maker only passes the first ones and the join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Daemon = 1,
    Device,
    Network,
    Register,
    HandOver,
    Join,
    Check,
    Picture,
}

impl Step {
    const COUNT: usize = Self::Picture as usize;

    fn name(self) -> &'static str {
        match self {
            Self::Daemon => "daemon",
            Self::Device => "device",
            Self::Network => "network",
            Self::Register => "register",
            Self::HandOver => "hand over",
            Self::Join => "join",
            Self::Check => "check",
            Self::Picture => "picture",
        }
    }
}

const TICK: Duration = Duration::from_millis(100);

/// Says each step when it is done, and shows the one that is under way on a terminal. Programs are told the result alone.
#[derive(Debug)]
pub struct Progress {
    step: Step,
    is_told: bool,
    is_live: bool,
    bar: ProgressBar,
}

impl Progress {
    pub fn new(app: &App) -> Self {
        let is_told = !app.out.format.is_json();
        Self { step: Step::Daemon, is_told, is_live: is_told && app.terminal.stderr_is_tty, bar: ProgressBar::hidden() }
    }

    pub fn begin(&mut self, step: Step, doing: &str) {
        self.step = step;
        if self.is_live {
            self.bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_msg} {elapsed}") {
                self.bar.set_style(style);
            }
            self.bar.set_prefix(self.number());
            self.bar.set_message(format!("{doing} …"));
            self.bar.enable_steady_tick(TICK);
        }
    }

    /// Makes room for a question.
    pub fn pause(&mut self) {
        self.bar.finish_and_clear();
    }

    pub fn done(&mut self, app: &mut App, what: &str) -> Result<(), Error> {
        self.pause();
        if self.is_told { app.out.talk(&format!("{} {what}", self.number())) } else { Ok(()) }
    }

    /// Where an error happened.
    pub fn place(&self) -> String {
        format!("step {} of {} ({})", self.step as usize, Step::COUNT, self.step.name())
    }

    fn number(&self) -> String {
        format!("[{}/{}]", self.step as usize, Step::COUNT)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.pause();
    }
}
