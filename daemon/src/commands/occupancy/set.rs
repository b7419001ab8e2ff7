//! Reads labelled pictures from a folder, in either of two forms: `labels.csv` with one picture per slot, or `slots.json` with whole
//! pictures and the regions in them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::occupancy::crop::{CORNERS_MAX, CORNERS_MIN, Corner, Mask, Patch, Square, cut};
use crate::occupancy::disturb::{Chance, Disturbance};
use crate::occupancy::eval::{Series, Shot};
use crate::occupancy::picture::{Picture, decode};
use crate::occupancy::shift::{Placed, Scene, Track};

/// Most slots in pictures of one set, so that a run ends and fits into memory.
const SHOTS_MAX: usize = 200_000;

/// A row of `labels.csv`; other columns are ignored.
#[derive(Debug, Deserialize)]
pub struct Label {
    pub file: String,
    pub occupied: u8,
    #[serde(default)]
    pub camera: String,
    #[serde(default)]
    pub slot: String,
    #[serde(default)]
    pub timestamp: String,
}

impl Label {
    /// # Errors
    /// When the file is not such a table.
    pub fn read_all(file: &Path) -> Result<Vec<Self>, String> {
        let mut reader = csv::Reader::from_path(file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
        let rows = reader.deserialize().take(SHOTS_MAX + 1).collect::<Result<Vec<Self>, _>>();
        let rows = rows.map_err(|e| format!("{}: {e}", file.display()))?;
        within(rows.len())?;
        Ok(rows)
    }
}

/// A picture of `slots.json`.
#[derive(Debug, Deserialize)]
pub struct Frame {
    pub file: String,
    width: f32,
    height: f32,
    #[serde(default)]
    sequence: Option<serde_json::Value>,
    pub slots: Vec<FrameSlot>,
}

impl Frame {
    /// What it came one after the other with, if anything.
    fn sequence(&self) -> Option<String> {
        let sequence = self.sequence.as_ref().filter(|sequence| !sequence.is_null())?;
        Some(sequence.as_str().map_or_else(|| sequence.to_string(), str::to_string))
    }

    /// # Errors
    /// When the file is no list of pictures.
    pub fn read_all(file: &Path) -> Result<Vec<Self>, String> {
        let failed = |e: &dyn std::fmt::Display| format!("cannot read {}: {e}", file.display());
        let text = std::fs::read(file).map_err(|e| failed(&e))?;
        let frames: Vec<Self> = serde_json::from_slice(&text).map_err(|e| failed(&e))?;
        within(frames.iter().map(|frame| frame.slots.len()).sum())?;
        Ok(frames)
    }
}

#[derive(Debug, Deserialize)]
pub struct FrameSlot {
    id: serde_json::Value,
    occupied: serde_json::Value,
    polygon: Vec<Corner>,
}

impl FrameSlot {
    pub fn name(&self) -> String {
        self.id.as_str().map_or_else(|| self.id.to_string(), str::to_string)
    }

    pub fn is_occupied(&self) -> bool {
        self.occupied.as_bool().unwrap_or_else(|| self.occupied.as_i64().unwrap_or(0) != 0)
    }

    /// Its corners as fractions of the picture.
    ///
    /// # Errors
    /// When there are too few or too many.
    pub fn polygon_in(&self, frame: &Frame) -> Result<Vec<Corner>, String> {
        if !(CORNERS_MIN..=CORNERS_MAX).contains(&self.polygon.len()) {
            return Err(format!("{}: slot {} must have {CORNERS_MIN} to {CORNERS_MAX} corners", frame.file, self.id));
        }
        Ok(self.polygon.iter().map(|[x, y]| [x / frame.width, y / frame.height]).collect())
    }
}

/// What was read.
#[derive(Debug, Default)]
pub struct Set {
    pub series: Vec<Series>,
    /// Rows that name no slot: nothing can be learned of their slot's empty looks.
    pub without_slot: usize,
    pub pictures: usize,
    /// How long decoding them and cutting their slots out took.
    pub took: Duration,
}

/// In which of two forms pictures are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Each shows one slot.
    Crops,
    /// Each shows all slots.
    Frames,
}

/// How a folder is read.
pub struct Reading<'a> {
    /// What is done to every picture.
    pub disturbance: &'a dyn Fn(Form) -> Option<Disturbance>,
    /// What is random in that is the same for the same seed.
    pub seed: u64,
    /// Rows that name no slot are taken for pictures of one.
    pub is_pooled: bool,
}

/// What opens pictures, and how long that took.
struct Opener<'a> {
    folder: &'a Path,
    disturbance: Option<Disturbance>,
    chance: Chance,
    took: Duration,
}

impl Opener<'_> {
    /// The slots of a picture, by what cuts them out; `None` when it says nothing.
    fn open<T>(&mut self, file: &str, look: impl FnOnce(&Picture) -> Option<T>) -> Result<Option<T>, String> {
        let path = self.folder.join(file);
        let bytes = std::fs::read(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        let began = Instant::now();
        let picture = decode(&bytes);
        self.took += began.elapsed();
        let Ok(mut picture) = picture else { return Ok(None) };
        if let Some(disturbance) = self.disturbance {
            picture = disturbance.of(&picture, &mut self.chance)?;
        }
        let began = Instant::now();
        let seen = look(&picture);
        self.took += began.elapsed();
        Ok(seen)
    }
}

/// Reads a folder.
///
/// # Errors
/// When it holds neither form, or a file cannot be read. A picture that cannot be decoded is one that says nothing.
pub fn read(folder: &Path, reading: &Reading<'_>) -> Result<Set, String> {
    let name = folder.file_name().map_or("set".into(), |name| name.to_string_lossy().into_owned());
    let (labels, frames) = (folder.join("labels.csv"), folder.join("slots.json"));
    let opener = |form| Opener {
        folder,
        disturbance: (reading.disturbance)(form),
        chance: Chance::new(reading.seed),
        took: Duration::ZERO,
    };
    if labels.is_file() {
        crops(&labels, &name, reading.is_pooled, opener(Form::Crops))
    } else if frames.is_file() {
        whole(&frames, &name, opener(Form::Frames))
    } else {
        Err(format!("{} holds neither labels.csv nor slots.json", folder.display()))
    }
}

fn crops(labels: &Path, set: &str, is_pooled: bool, mut opener: Opener<'_>) -> Result<Set, String> {
    let mut slots: BTreeMap<(String, String), Vec<Label>> = BTreeMap::new();
    let mut read = Set::default();
    for row in Label::read_all(labels)? {
        read.without_slot += usize::from(row.slot.is_empty());
        if row.slot.is_empty() && !is_pooled {
            continue;
        }
        let camera = if row.camera.is_empty() { set.to_string() } else { row.camera.clone() };
        slots.entry((camera, row.slot.clone())).or_default().push(row);
        read.pictures += 1;
    }
    for ((camera, slot), mut rows) in slots {
        rows.sort_by(|a, b| a.timestamp.cmp(&b.timestamp));
        let mut shots = Vec::with_capacity(rows.len());
        for row in rows {
            let patch = opener.open(&row.file, |picture| Some(cut(picture, Square::whole(picture))))?;
            let sequence = (!row.timestamp.is_empty()).then(String::new);
            shots.push(Shot { time: row.timestamp, sequence, is_occupied: row.occupied != 0, patch });
        }
        read.series.push(Series { camera, slot, mask: Mask::whole(), shots });
    }
    read.took = opener.took;
    Ok(read)
}

fn whole(file: &Path, set: &str, mut opener: Opener<'_>) -> Result<Set, String> {
    let frames = Frame::read_all(file)?;
    let mut read = Set { pictures: frames.len(), ..Set::default() };
    let mut slots: BTreeMap<String, Series> = BTreeMap::new();
    let mut yards: BTreeMap<String, Yard> = BTreeMap::new();
    for frame in frames {
        let sequence = frame.sequence();
        let polygons = frame.slots.iter().map(|slot| slot.polygon_in(&frame)).collect::<Result<Vec<_>, _>>()?;
        let yard = sequence.clone().map(|sequence| yards.entry(sequence).or_default());
        let patches = opener.open(&frame.file, |picture| {
            let picture = picture.clone().judged().ok()?;
            // A picture that stands alone has its slots where they are drawn.
            let placed = yard.map_or(Placed::Aside(0.0, 0.0), |yard| yard.place(&picture, &polygons));
            polygons.iter().map(|polygon| placed_patch(&picture, polygon, placed)).collect::<Option<Vec<Patch>>>()
        })?;
        for (at, slot) in frame.slots.iter().enumerate() {
            let id = slot.name();
            let series = slots.entry(id.clone()).or_insert_with(|| Series {
                camera: set.to_string(),
                slot: id,
                mask: Mask::of(&polygons[at], frame.width as usize, frame.height as usize),
                shots: Vec::new(),
            });
            series.shots.push(Shot {
                time: sequence.clone().unwrap_or_default(),
                sequence: sequence.clone(),
                is_occupied: slot.is_occupied(),
                patch: patches.as_ref().map(|patches| patches[at].clone()),
            });
        }
    }
    read.series = slots.into_values().collect();
    read.took = opener.took;
    Ok(read)
}

/// What one camera looked at in a sequence. The first picture in which regions lie where they lie is the one that they were drawn on.
#[derive(Default)]
struct Yard {
    drawn: Vec<Vec<Corner>>,
    track: Option<Track>,
}

impl Yard {
    fn place(&mut self, picture: &Picture, polygons: &[Vec<Corner>]) -> Placed {
        if self.drawn != polygons {
            (self.drawn, self.track) = (polygons.to_vec(), None);
        }
        let scene = Scene::of(picture);
        self.track.get_or_insert_with(|| Track::new(scene.clone())).follow(&scene)
    }
}

fn placed_patch(picture: &Picture, polygon: &[Corner], placed: Placed) -> Option<Patch> {
    let Placed::Aside(dx, dy) = placed else { return None };
    let square = Square::around(polygon, picture.width, picture.height);
    Some(cut(picture, square.moved((dx * picture.width as f32, dy * picture.height as f32))))
}

fn within(shots: usize) -> Result<(), String> {
    if shots > SHOTS_MAX {
        return Err(format!("a set may hold {SHOTS_MAX} slots in pictures: split it"));
    }
    Ok(())
}
