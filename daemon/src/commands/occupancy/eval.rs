//! `parkd occupancy eval`: the figures of a model, as a table for people or as JSON for a program.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;
use serde_json::json;

use super::set::Reading;
use super::{Kind, read_sets, train};
use crate::commands::{Exit, unwritten};
use crate::lookout;
use crate::occupancy::eval::{Figures, Flips, Options, Report, Series, run as evaluate};
use crate::occupancy::settle::Settings;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder with labels.csv or slots.json; may be given several times
    #[arg(long = "set", required = true, value_name = "DIR")]
    sets: Vec<PathBuf>,
    /// The model to measure [default: the one that this parkd has]
    #[arg(long, value_name = "FILE", conflicts_with = "folds")]
    model: Option<PathBuf>,
    /// How many of each slot's first free pictures are its reference; they are not scored
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=5))]
    reference: u8,
    /// How many pictures of each kind people confirm after that; they are not scored either
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=20))]
    confirm: u8,
    /// Measure no model but the training: leave out each of so many parts of the slots, train on the others, and score those left out
    #[arg(long, value_parser = clap::value_parser!(u8).range(2..=50))]
    folds: Option<u8>,
    /// Do this to every picture first
    #[arg(long, value_enum)]
    disturb: Option<Kind>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Take rows that name no slot for pictures of one: each is compared with the first free ones of other slots, which is harder
    #[arg(long)]
    pool: bool,
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Table,
    Json,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, String> {
    let disturbance = |form| args.disturb.map(|kind| kind.disturbance(form));
    let reading = Reading { disturbance: &disturbance, seed: args.seed, is_pooled: args.pool };
    let set = read_sets(&args.sets, &reading)?;
    let options =
        Options { references: args.reference.into(), confirm: args.confirm.into(), settings: Settings::DEFAULT };
    let started = Instant::now();
    let report = match args.folds {
        Some(folds) => left_out(args, &set.series, &options, folds.into())?,
        None => {
            let model = lookout::model(args.model.as_deref())?;
            evaluate(|_| &model, &set.series, &options)
        }
    };
    let shots: usize = set.series.iter().map(|series| series.shots.len()).sum();
    // With folds, most of the time is training.
    let took = args.folds.is_none().then(|| (set.took + started.elapsed()).as_secs_f64() * 1e3);
    let facts = Facts {
        pictures: set.pictures,
        slots_per_picture: shots as f64 / set.pictures.max(1) as f64,
        without_slot: if args.pool { 0 } else { set.without_slot },
        disturbance: args.disturb.and_then(|kind| Some(kind.to_possible_value()?.get_name().to_string())),
        ms_per_picture: took.map(|ms| ms / set.pictures.max(1) as f64),
    };
    match args.output {
        Output::Json => writeln!(
            out,
            "{}",
            json!({"report": report, "ms_per_picture": facts.ms_per_picture, "slots_per_picture": facts.slots_per_picture,
            "pictures": facts.pictures, "rows_without_slot": facts.without_slot, "disturbance": facts.disturbance})
        ),
        Output::Table => table(&report, &facts, out),
    }
    .map_err(unwritten)?;
    Ok(Exit::Done)
}

struct Facts {
    pictures: usize,
    slots_per_picture: f64,
    without_slot: usize,
    disturbance: Option<String>,
    /// From its bytes to the score of each of its slots.
    ms_per_picture: Option<f64>,
}

/// Every slot judged by a model that never saw it.
fn left_out(args: &Args, set: &[Series], options: &Options, folds: usize) -> Result<Report, String> {
    let shown = train::disturbed(&args.sets, args.seed)?;
    let names: BTreeSet<(&str, &str)> = set.iter().map(name).collect();
    let fold_of = |series: &Series| names.iter().position(|known| *known == name(series)).unwrap_or(0) % folds;
    let model = |fold: usize| {
        let learned: Vec<&Series> = shown.iter().filter(|series| fold_of(series) != fold).collect();
        train::learn(&learned, options.references, args.seed, vec!["the other slots".into()])
    };
    let models = (0..folds).map(model).collect::<Result<Vec<_>, _>>()?;
    Ok(evaluate(|series| &models[fold_of(series)], set, options))
}

fn name(series: &Series) -> (&str, &str) {
    (&series.camera, &series.slot)
}

fn table(report: &Report, facts: &Facts, out: &mut dyn Write) -> std::io::Result<()> {
    let disturbed = facts.disturbance.as_deref().unwrap_or("as they are");
    writeln!(
        out,
        "{} pictures ({disturbed}), {} slots; each compared with its first {} free pictures, {} + {} confirmed",
        facts.pictures, report.slots, report.references, report.confirm, report.confirm
    )?;
    for (count, what) in [
        (facts.without_slot, "rows name no slot and are not scored"),
        (report.slots_without_reference, "slots were not free often enough to learn from"),
        (report.unjudged, "pictures of slots say nothing and are not scored"),
    ] {
        if count > 0 {
            writeln!(out, "{count} {what}")?;
        }
    }
    writeln!(out, "\n{:<28} {:>8} {:>8} {:>8} {:>8} {:>8}", "", "pictures", "accuracy", "balanced", "F1", "AUC")?;
    row(out, "all slots", &report.all)?;
    let share = report.kept_share.map_or("-".into(), |share| format!("{:.0} %", share * 100.0));
    row(out, &format!("kept as observable ({share})"), &report.kept)?;
    writeln!(
        out,
        "\n{:<28} {:>8} {:>10} {:>14} {:>8} {:>15}",
        "changes in series", "real", "false, raw", "false, settled", "missed", "delay (median)"
    )?;
    for (name, flips) in [("all slots", &report.flips), ("kept as observable", &report.flips_kept)] {
        let delay = flips.delay_median.map_or("-".into(), |delay| delay.to_string());
        let Flips { real, raw_false, settled_false, settled_missed, .. } = flips;
        writeln!(out, "{name:<28} {real:>8} {raw_false:>10} {settled_false:>14} {settled_missed:>8} {delay:>15}")?;
    }
    if let Some(ms) = facts.ms_per_picture {
        let slots = facts.slots_per_picture;
        writeln!(out, "\ntime: {ms:.2} ms for a picture of {slots:.1} slots, decoding and learning included")?;
    }
    writeln!(
        out,
        "\n{:<22} {:<10} {:>5} {:>13} {:>13}  kept",
        "slot", "day", "right", "free: missed", "occup.: missed"
    )?;
    for slot in &report.per_slot {
        let c = &slot.figures.confusion;
        writeln!(
            out,
            "{:<22} {:<10} {:>5} {:>13} {:>13}  {}",
            format!("{} {}", slot.camera, slot.slot),
            slot.day,
            c.occupied_right + c.free_right,
            format!("{}: {}", c.free_right + c.free_missed, c.free_missed),
            format!("{}: {}", c.occupied_right + c.occupied_missed, c.occupied_missed),
            if slot.is_kept { "yes" } else { "no" }
        )?;
    }
    Ok(())
}

fn row(out: &mut dyn Write, name: &str, figures: &Figures) -> std::io::Result<()> {
    let number = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.3}"));
    writeln!(
        out,
        "{name:<28} {:>8} {:>8} {:>8} {:>8} {:>8}",
        figures.pictures,
        number(figures.accuracy),
        number(figures.balanced),
        number(figures.f1),
        number(figures.auc)
    )
}
