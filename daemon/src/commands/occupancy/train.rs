//! `parkd occupancy train`.

use std::io::Write;
use std::path::PathBuf;

use crate::commands::{Exit, unwritten};
use crate::occupancy::disturb::Disturbance;
use crate::occupancy::eval::{Series, examples};
use crate::occupancy::model::{Model, Provenance};
use crate::occupancy::train::{Example, fit};

use super::read_sets;
use super::set::Reading;

/// How strongly weights are held back, over all examples together: chosen on slots that were left out.
const PENALTY: f64 = 200.0;

/// What a model is shown besides the pictures as they are: by other cameras they would look like this.
const DISTURBANCES: [Option<Disturbance>; 6] = [
    None,
    // Of a picture that shows one slot alone.
    Some(Disturbance::Shift(0.05)),
    Some(Disturbance::Half),
    Some(Disturbance::Compressed),
    Some(Disturbance::Noise),
    Some(Disturbance::Dim),
];

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder with labels.csv or slots.json; may be given several times
    #[arg(long = "set", required = true, value_name = "DIR")]
    sets: Vec<PathBuf>,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Pictures of the empty slot that each picture is compared with
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=5))]
    reference: u8,
    /// What is random in training is the same for the same seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, String> {
    let shown = disturbed(&args.sets, args.seed)?;
    let learned: Vec<&Series> = shown.iter().collect();
    let names = args.sets.iter().filter_map(|set| set.file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned()).collect();
    let model = learn(&learned, args.reference.into(), args.seed, names)?;
    let text = model.to_text()?;
    std::fs::write(&args.output, &text).map_err(|e| format!("cannot write {}: {e}", args.output.display()))?;
    let examples = model.provenance.examples;
    writeln!(out, "{}: learned from {examples} examples", args.output.display()).map_err(unwritten)?;
    Ok(Exit::Done)
}

/// Learns a model; `sets` are what they are called in it.
pub fn learn(series: &[&Series], references: usize, seed: u64, sets: Vec<String>) -> Result<Model, String> {
    let learned: Vec<Example> = series.iter().flat_map(|series| examples(series, references)).collect();
    if learned.is_empty() {
        return Err(format!("no slot shows itself free and clear in {references} pictures, to be compared with"));
    }
    let provenance = Provenance {
        sets,
        disturbances: DISTURBANCES.into_iter().flatten().map(Disturbance::name).collect(),
        examples: learned.len(),
        occupied: learned.iter().filter(|example| example.is_occupied).count(),
        references,
        seed,
        penalty: PENALTY,
        made_by: concat!("parkd ", env!("CARGO_PKG_VERSION")).into(),
    };
    Ok(Model::new(fit(&learned, PENALTY)?, provenance))
}

/// All slots of the sets, once as they are and once for each disturbance.
pub fn disturbed(sets: &[PathBuf], seed: u64) -> Result<Vec<Series>, String> {
    let mut shown = Vec::new();
    for disturbance in DISTURBANCES {
        let reading = Reading { disturbance: &|_| disturbance, seed, is_pooled: false };
        shown.extend(read_sets(sets, &reading)?.series);
    }
    Ok(shown)
}
