//! `parkd occupancy replay`: what would have happened, had a daemon been shown these pictures. It is shown them by uploads, as by a camera, at
//! the times at which they were taken. Where the truth is known, people say how slots are until the daemon decides by itself, and from then
//! on its slots are compared with it; where only pictures are known, it is told once that the lot was empty, and what it made of them is listed.

mod caller;
mod film;
mod stage;
mod when;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser;
use parking_api::Time;
use parking_api::regions::Trust;
use serde_json::json;

use crate::clock::ToldClock;
use crate::commands::{Exit, unwritten};
use crate::config::{Places, Serve};
use crate::serve::Daemon;
use caller::Caller;
use film::Film;
use stage::{Fate, Stage};

/// So long before its first picture a film's daemon starts, in milliseconds.
const PRELUDE_MS: i64 = 10_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder with labels.csv or slots.json or, with --regions, with pictures; may be given several times
    #[arg(long = "set", required = true, value_name = "DIR")]
    sets: Vec<PathBuf>,
    /// Where the slots are in pictures that nobody labelled, as `parkctl camera regions get -o json` writes it. All slots must be free in the
    /// first three. When a picture was taken is told by its name, else by what the camera wrote into it, else by the age of its file
    #[arg(long, value_name = "FILE")]
    regions: Option<PathBuf>,
    /// How often people say of each slot how it is, at most, until the camera decides by itself
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=1000))]
    words: u16,
    /// After how long a camera may overrule what a person said of a slot, unless it saw the change happen
    #[arg(long, value_name = "TIME", default_value = "15m")]
    overrule_after: String,
    /// The model to judge by [default: the one that this parkd has]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Table,
    Json,
}

pub async fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, String> {
    let (mut fates, mut pictures, mut mute) = (Vec::new(), 0, 0);
    for set in &args.sets {
        for film in film::read(set, args.regions.as_deref())? {
            pictures += film.moments.len();
            let (told, silent) = show(args, film).await?;
            fates.extend(told);
            mute += silent;
        }
    }
    match args.output {
        Output::Json => {
            let said = json!({"pictures": pictures, "pictures_that_said_nothing": mute, "slots": fates});
            writeln!(out, "{said}")
        }
        Output::Table if args.regions.is_some() => story(out, pictures, mute, &fates),
        Output::Table => table(out, pictures, mute, &fates),
    }
    .map_err(unwritten)?;
    Ok(Exit::Done)
}

/// What became of the slots of a film, and how many of its pictures said nothing.
async fn show(args: &Args, mut film: Film) -> Result<(Vec<Fate>, usize), String> {
    let begin = film.moments.first().map_or(Time::from_ms(0), |first| first.at);
    let clock = Arc::new(ToldClock::new(begin.plus_ms(-PRELUDE_MS)));
    let folder = tempfile::tempdir().map_err(|e| format!("cannot create a folder for a daemon: {e}"))?;
    let (daemon, caller) = start(args, folder.path(), Arc::clone(&clock)).await?;
    let mut stage = Stage::new(&caller, &clock, &film, args.words).await?;
    if args.regions.is_some() {
        stage.calibrate().await?;
    }
    let mut mute = 0;
    for moment in &film.moments {
        let jpeg = film.screen.show(moment)?;
        mute += usize::from(!stage.show(moment, &jpeg).await?);
    }
    let fates = stage.fates.into_values().collect();
    daemon.stop().await;
    Ok((fates, mute))
}

/// A daemon of its own that nobody else knows.
async fn start(args: &Args, folder: &Path, clock: Arc<ToldClock>) -> Result<(Daemon, Caller), String> {
    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        serve: Serve,
    }
    let hold = format!("--overrule-after={}", args.overrule_after);
    let flags = ["replay", "--listen=127.0.0.1:0", "--write-rate=1000000", "--upload-rate=1000000", &hold];
    let settings = Settings::try_parse_from(flags).map_err(|e| e.to_string())?.serve;
    let settings = Serve { occupancy_model: args.model.clone(), ..settings };
    let data_dir = folder.to_path_buf();
    let places = Places {
        database_url: crate::store::embedded_url(&data_dir),
        database_connections: crate::store::CONNECTIONS,
        objects_url: crate::objects::folder_url(&data_dir.join("parking-images")),
        s3_keys_file: None,
        data_dir,
    };
    let daemon = Daemon::start_at(&settings, places.clone(), clock).await?;
    let token =
        std::fs::read_to_string(places.admin_token()).map_err(|e| format!("cannot read the admin token: {e}"))?;
    let caller = Caller { address: daemon.address(), token: token.trim().to_string() };
    Ok((daemon, caller))
}

/// What happened, in the order in which it did.
fn story(out: &mut dyn Write, pictures: usize, mute: usize, fates: &[Fate]) -> std::io::Result<()> {
    writeln!(out, "{pictures} pictures, {} slots; {mute} pictures said nothing\n", fates.len())?;
    let mut changes: Vec<_> =
        fates.iter().flat_map(|fate| fate.changes.iter().map(move |change| (&fate.slot, change))).collect();
    changes.sort_by_key(|(slot, change)| (change.time, *slot));
    for (slot, change) in &changes {
        let verb = if change.is_set { "is set" } else { "looks" };
        let score = change.score.map_or(String::new(), |score| format!("{:>3.0} %", score * 100.0));
        let reason = change.reason.as_deref().unwrap_or("nobody sees it any more");
        writeln!(out, "{}  {slot:<12} {verb:<6} {:<9} {score}  {reason}", change.time, change.state.as_str())?;
    }
    writeln!(out, "\n{:<18} {:<14} {:>8}  why", "slot", "trust", "changes")?;
    for fate in fates {
        let trust = fate.trust.map_or("-".into(), |trust| trust.to_string());
        writeln!(out, "{:<18} {trust:<14} {:>8}  {}", fate.slot, fate.changes.len(), fate.trust_reason)?;
    }
    Ok(())
}

fn table(out: &mut dyn Write, pictures: usize, mute: usize, fates: &[Fate]) -> std::io::Result<()> {
    writeln!(out, "{pictures} pictures, {} slots; {mute} pictures said nothing\n", fates.len())?;
    writeln!(
        out,
        "{:<18} {:>5}  {:<14} {:>8} {:>8} {:>7} {:>6}",
        "slot", "words", "trust", "pictures", "right", "changes", "false"
    )?;
    let share = |right: usize, pictures: usize| match pictures {
        0 => "-".into(),
        _ => format!("{:.1} %", 100.0 * right as f64 / pictures as f64),
    };
    let (mut right, mut shown, mut real, mut wrong) = (0, 0, 0, 0);
    for fate in fates {
        let set = || fate.changes.iter().filter(|change| change.is_set);
        let false_changes = set().filter(|change| change.is_right == Some(false)).count();
        let trust = fate.trust.map_or("-".into(), |trust| trust.to_string());
        writeln!(
            out,
            "{:<18} {:>5}  {trust:<14} {:>8} {:>8} {:>7} {false_changes:>6}",
            fate.slot,
            fate.words,
            fate.pictures,
            share(fate.right, fate.pictures),
            set().count()
        )?;
        (right, shown) = (right + fate.right, shown + fate.pictures);
        (real, wrong) = (real + fate.real_changes, wrong + false_changes);
    }
    let decides = fates.iter().filter(|fate| fate.trust == Some(Trust::Automatic)).count();
    writeln!(
        out,
        "\n{decides} slots are decided by the camera; since then they were right after {} of {shown} pictures ({}); {real} real changes, {wrong} false ones",
        right,
        share(right, shown)
    )
}
