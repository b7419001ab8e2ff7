//! `parkd occupancy`: trains a model on labelled pictures, and measures one. Needs neither a database nor a daemon.

mod eval;
mod replay;
mod set;
mod train;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::Exit;
use crate::occupancy::disturb::Disturbance;
use crate::occupancy::model::{MODEL_BYTES_MAX, Model};
use set::Set;

/// What happens to pictures, by a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Moved by 16 pixels of a picture 1280 wide, in a random direction
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
    /// A picture that shows one slot alone is moved by as much of the slot as its margin holds.
    fn disturbance(self) -> Disturbance {
        match self {
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

fn read_sets(folders: &[PathBuf], disturbance: Option<Disturbance>, seed: u64) -> Result<Set, String> {
    let mut all = Set::default();
    for folder in folders {
        let read = set::read(folder, disturbance, seed)?;
        all.series.extend(read.series);
        all.without_slot += read.without_slot;
        all.pictures += read.pictures;
    }
    Ok(all)
}

fn read_model(path: Option<&Path>) -> Result<Model, String> {
    let Some(path) = path else { return Ok(Model::shipped()) };
    let failed = |e: std::io::Error| format!("cannot read {}: {e}", path.display());
    if std::fs::metadata(path).map_err(failed)?.len() > MODEL_BYTES_MAX {
        return Err(format!("{} is too large to be a model", path.display()));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    Model::parse(&text).map_err(|e| format!("{}: {e}", path.display()))
}
