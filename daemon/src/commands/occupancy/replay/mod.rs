//! `parkd occupancy replay`: what would have happened, had a daemon been shown these pictures. It is shown them by uploads, as by a camera,
//! while people say how slots are until it decides by itself; from then on its slots are compared with the truth.

mod caller;
mod film;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use parking_api::captures::Capture;
use parking_api::regions::{CameraView, Trust, ViewOutcome};
use parking_api::slots::SlotState;
use parking_api::{Committed, paths};
use serde::Serialize;
use serde_json::{Value, json};

use crate::commands::{Exit, unwritten};
use crate::config::{Places, Serve};
use crate::serve::Daemon;
use caller::Caller;
use film::{Film, Shot};

/// How long a picture may take until it was looked at, and how often that is asked for. One that says nothing is never said to be.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(10);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder with labels.csv or slots.json; may be given several times
    #[arg(long = "set", required = true, value_name = "DIR")]
    sets: Vec<PathBuf>,
    /// How often people say of each slot how it is, at most, until the camera decides by itself
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=1000))]
    words: u16,
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Table,
    Json,
}

/// What became of one slot.
#[derive(Debug, Default, Serialize)]
struct Fate {
    camera: String,
    slot: String,
    trust: Option<Trust>,
    trust_reason: String,
    /// How often people said how it is.
    words: u16,
    /// Pictures since the camera decides, and after how many of them the slot was as in truth.
    pictures: usize,
    right: usize,
    /// Changes in truth since then, and what the camera changed.
    real_changes: usize,
    changes: Vec<Change>,
}

/// A change by the camera.
#[derive(Debug, Serialize)]
struct Change {
    time: String,
    state: SlotState,
    score: Option<f32>,
    is_right: bool,
}

pub async fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, String> {
    let mut films = Vec::new();
    for set in &args.sets {
        films.extend(film::read(set)?);
    }
    let folder = tempfile::tempdir().map_err(|e| format!("cannot create a folder for a daemon: {e}"))?;
    let (daemon, admin) = start(folder.path()).await?;
    let mut fates = Vec::new();
    let mut mute = 0;
    for film in &films {
        let mut stage = Stage::new(&admin, film, args.words).await?;
        for shot in &film.frames {
            mute += usize::from(!stage.show(shot).await?);
        }
        fates.extend(stage.fates.into_values());
    }
    daemon.stop().await;
    let pictures = films.iter().map(|film| film.frames.len()).sum();
    match args.output {
        Output::Json => {
            let said = json!({"pictures": pictures, "pictures_that_said_nothing": mute, "slots": fates});
            writeln!(out, "{said}")
        }
        Output::Table => table(out, pictures, mute, &fates),
    }
    .map_err(unwritten)?;
    Ok(Exit::Done)
}

/// A daemon of its own that nobody else knows.
async fn start(folder: &std::path::Path) -> Result<(Daemon, Caller), String> {
    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        serve: Serve,
    }
    // The pictures of a day come within minutes: a quarter of an hour would be most of it.
    let flags = ["--overrule-after=1s", "--write-rate=1000000", "--upload-rate=1000000"];
    let settings = Settings::try_parse_from(["replay", "--listen=127.0.0.1:0"].into_iter().chain(flags));
    let settings = settings.map_err(|e| e.to_string())?.serve;
    let data_dir = folder.to_path_buf();
    let places = Places {
        database_url: crate::store::embedded_url(&data_dir),
        database_connections: crate::store::CONNECTIONS,
        objects_url: crate::objects::folder_url(&data_dir.join("parking-images")),
        s3_keys_file: None,
        data_dir,
    };
    let daemon = Daemon::start(&settings, places.clone()).await?;
    let token =
        std::fs::read_to_string(places.admin_token()).map_err(|e| format!("cannot read the admin token: {e}"))?;
    let admin = Caller { address: daemon.address(), token: token.trim().to_string() };
    Ok((daemon, admin))
}

/// One camera before its slots.
struct Stage<'a> {
    admin: &'a Caller,
    camera: String,
    words_max: u16,
    fates: BTreeMap<String, Fate>,
    views: BTreeMap<String, CameraView>,
    /// As the last picture had it.
    truth: BTreeMap<String, bool>,
}

impl<'a> Stage<'a> {
    async fn new(admin: &'a Caller, film: &Film, words_max: u16) -> Result<Self, String> {
        let _: Value = admin.send("POST", paths::CAMERAS, &json!({"id": film.camera})).await?;
        let mut fates = BTreeMap::new();
        for slot in film.slots.keys() {
            let _: Value = admin.send("POST", paths::SLOTS, &json!({"code": slot})).await?;
            fates.insert(slot.clone(), Fate { camera: film.camera.clone(), slot: slot.clone(), ..Fate::default() });
        }
        let regions: Vec<Value> =
            film.slots.iter().map(|(slot, polygon)| json!({"slot": slot, "polygon": polygon})).collect();
        let path = paths::fill(paths::CAMERA_REGIONS, &film.camera);
        let _: Value = admin.send("PUT", &path, &json!({"mode": "auto", "regions": regions})).await?;
        Ok(Self {
            admin,
            camera: film.camera.clone(),
            words_max,
            fates,
            views: BTreeMap::new(),
            truth: BTreeMap::new(),
        })
    }

    /// Shows one picture, and compares; `false` when it says nothing.
    async fn show(&mut self, shot: &Shot) -> Result<bool, String> {
        self.tell(shot).await?;
        let decides: Vec<String> = self.trusted().map(str::to_string).collect();
        let path = format!("{}?camera={}", paths::CAPTURE, self.camera);
        let capture: Committed<Capture> = self.admin.ask("POST", &path, "image/jpeg", &shot.jpeg).await?;
        let before: BTreeMap<String, SlotState> = self.states();
        let is_seen = self.look(&capture.value).await?;
        let now = self.states();
        for slot in decides {
            let (Some(fate), Some(is_occupied)) = (self.fates.get_mut(&slot), shot.truth.get(&slot)) else { continue };
            let state = now.get(&slot).copied().unwrap_or(SlotState::Unknown);
            let is_right = state == truth_of(*is_occupied);
            fate.pictures += 1;
            fate.right += usize::from(is_right);
            fate.real_changes += usize::from(self.truth.get(&slot).is_some_and(|last| last != is_occupied));
            if before.get(&slot).is_some_and(|before| *before != state) {
                let score = self.views.get(&slot).and_then(|view| view.view.score);
                fate.changes.push(Change { time: shot.time.clone(), state, score, is_right });
            }
        }
        self.truth.extend(shot.truth.clone());
        for (slot, view) in &self.views {
            if let Some(fate) = self.fates.get_mut(slot) {
                (fate.trust, fate.trust_reason) = (Some(view.view.trust), view.view.trust_reason.clone());
            }
        }
        Ok(is_seen)
    }

    fn trusted(&self) -> impl Iterator<Item = &str> {
        self.views.iter().filter(|(_, view)| view.view.trust == Trust::Automatic).map(|(slot, _)| slot.as_str())
    }

    fn states(&self) -> BTreeMap<String, SlotState> {
        self.views.iter().map(|(slot, view)| (slot.clone(), view.state)).collect()
    }

    /// People say how slots are that the camera does not decide on yet.
    async fn tell(&mut self, shot: &Shot) -> Result<(), String> {
        let trusted: Vec<String> = self.trusted().map(str::to_string).collect();
        for (slot, is_occupied) in &shot.truth {
            let Some(fate) = self.fates.get_mut(slot) else { continue };
            if fate.words < self.words_max && !trusted.contains(slot) {
                fate.words += 1;
                let set = json!({"state": truth_of(*is_occupied)});
                let _: Value = self.admin.send("PUT", &paths::fill(paths::SLOT, slot), &set).await?;
            }
        }
        Ok(())
    }

    /// Waits until a picture was looked at, and what came of it is done.
    async fn look(&mut self, capture: &Capture) -> Result<bool, String> {
        let path = paths::fill(paths::CAMERA_VIEWS, &self.camera);
        let asked = tokio::time::Instant::now();
        let mut is_seen = false;
        while asked.elapsed() < LOOK_TIMEOUT {
            let views: Vec<CameraView> = self.admin.get(&path).await?;
            is_seen = views.iter().any(|view| view.view.capture == Some(capture.id));
            let is_done = !views.iter().any(is_underway);
            self.views = views.into_iter().map(|view| (view.slot.to_string(), view)).collect();
            if is_seen && is_done {
                return Ok(true);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(is_seen)
    }
}

/// The camera sets it, and it is not set yet.
fn is_underway(view: &CameraView) -> bool {
    view.view.outcome_kind == ViewOutcome::Sets && view.view.opinion != Some(view.state)
}

fn truth_of(is_occupied: bool) -> SlotState {
    if is_occupied { SlotState::Occupied } else { SlotState::Free }
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
        let false_changes = fate.changes.iter().filter(|change| !change.is_right).count();
        let trust = fate.trust.map_or("-".into(), |trust| trust.to_string());
        writeln!(
            out,
            "{:<18} {:>5}  {trust:<14} {:>8} {:>8} {:>7} {false_changes:>6}",
            fate.slot,
            fate.words,
            fate.pictures,
            share(fate.right, fate.pictures),
            fate.changes.len()
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
