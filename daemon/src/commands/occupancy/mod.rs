//! `parkd occupancy`: trains a model on labelled pictures, and measures one. Needs neither a database nor a daemon.

mod eval;
mod replay;
mod set;
mod train;

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use super::Exit;
use crate::occupancy::crop::{MARGIN, SIDE};
use crate::occupancy::disturb::Disturbance;
use set::{Form, Reading, Set};

/// What happens to pictures, by a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Moved in a random direction: a whole picture by 16 of 1280 pixels, one of a slot by as much as is looked at around it (9 %)
    Shift,
    /// Half as many pixels a side
    Half,
    /// Compressed as JPEG of quality 50
    Compressed,
    /// Noise of a standard deviation of 5
    Noise,
    /// Darker and flatter
    Dim,
}

impl Kind {
    fn disturbance(self, form: Form) -> Disturbance {
        match self {
            Self::Shift if form == Form::Crops => Disturbance::Shift(MARGIN as f32 / SIDE as f32),
            Self::Shift => Disturbance::Shift(16.0 / 1280.0),
            Self::Half => Disturbance::Half,
            Self::Compressed => Disturbance::Compressed,
            Self::Noise => Disturbance::Noise,
            Self::Dim => Disturbance::Dim,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Learn a model from labelled pictures; the same pictures and seed give the same file
    Train(train::Args),
    /// Measure a model on labelled pictures
    Eval(eval::Args),
    /// Show labelled pictures to a daemon of its own, one after the other, and tell what its slots would have come to
    Replay(replay::Args),
}

pub(super) async fn run(command: &Command, out: &mut dyn Write) -> Result<Exit, String> {
    match command {
        Command::Train(args) => train::run(args, out),
        Command::Eval(args) => eval::run(args, out),
        Command::Replay(args) => replay::run(args, out).await,
    }
}

fn read_sets(folders: &[PathBuf], reading: &Reading<'_>) -> Result<Set, String> {
    let mut all = Set::default();
    for folder in folders {
        let read = set::read(folder, reading)?;
        all.series.extend(read.series);
        all.without_slot += read.without_slot;
        all.pictures += read.pictures;
        all.took += read.took;
    }
    Ok(all)
}
