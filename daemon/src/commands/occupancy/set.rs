//! Reads labelled pictures from a folder, in either of two forms: `labels.csv` with one picture per slot, or `slots.json` with whole
//! pictures and the regions in them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::occupancy::crop::{CORNERS_MAX, CORNERS_MIN, Corner, Mask, Patch, Square, cut};
use crate::occupancy::disturb::{Chance, Disturbance};
use crate::occupancy::eval::{Series, Shot};
use crate::occupancy::features::Weights;
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
    /// Pictures that were decoded, and how long decoding them and cutting their slots out took, in seconds.
    pub pictures: usize,
}

/// Reads a folder; what is disturbed is disturbed by this seed.
///
/// # Errors
/// When it holds neither form, or a file cannot be read. A picture that cannot be decoded is one that says nothing.
pub fn read(folder: &Path, disturbance: Option<Disturbance>, seed: u64) -> Result<Set, String> {
    let mut chance = Chance::new(seed);
    let mut open = |file: &str| -> Result<Option<Picture>, String> {
        let path = folder.join(file);
        let bytes = std::fs::read(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        let Ok(picture) = decode(&bytes) else { return Ok(None) };
        disturbance.map_or(Ok(picture.clone()), |disturbance| disturbance.of(&picture, &mut chance)).map(Some)
    };
    let name = folder.file_name().map_or("set".into(), |name| name.to_string_lossy().into_owned());
    let (labels, frames) = (folder.join("labels.csv"), folder.join("slots.json"));
    if labels.is_file() {
        crops(&labels, &name, &mut open)
    } else if frames.is_file() {
        whole(&frames, &name, &mut open)
    } else {
        Err(format!("{} holds neither labels.csv nor slots.json", folder.display()))
    }
}

type Open<'a> = &'a mut dyn FnMut(&str) -> Result<Option<Picture>, String>;

fn crops(labels: &Path, set: &str, open: Open<'_>) -> Result<Set, String> {
    let mut slots: BTreeMap<(String, String), Vec<Label>> = BTreeMap::new();
    let mut read = Set::default();
    for row in Label::read_all(labels)? {
        if row.slot.is_empty() {
            read.without_slot += 1;
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
            let patch = open(&row.file)?.map(|picture| cut(&picture, Square::whole(&picture)));
            shots.push(Shot { time: row.timestamp, is_occupied: row.occupied != 0, patch });
        }
        read.series.push(Series { camera, slot, weights: Weights::of(&Mask::whole()), shots });
    }
    Ok(read)
}

fn whole(file: &Path, set: &str, open: Open<'_>) -> Result<Set, String> {
    let frames = Frame::read_all(file)?;
    let mut read = Set { pictures: frames.len(), ..Set::default() };
    let mut slots: BTreeMap<String, Series> = BTreeMap::new();
    // The first picture in which a region lies where it lies is the one that it was drawn on.
    let mut drawn: BTreeMap<String, Vec<Corner>> = BTreeMap::new();
    let mut track: Option<Track> = None;
    for frame in frames {
        let picture = open(&frame.file)?;
        let scene = picture.as_ref().map(Scene::of);
        for slot in &frame.slots {
            let polygon = slot.polygon_in(&frame)?;
            if drawn.insert(slot.name(), polygon.clone()).is_some_and(|before| before != polygon) {
                track = None;
            }
        }
        let place = scene.map(|scene| track.get_or_insert_with(|| Track::new(scene.clone())).follow(&scene));
        for slot in &frame.slots {
            let polygon = slot.polygon_in(&frame)?;
            let id = slot.name();
            let patch = picture.as_ref().zip(place).and_then(|(picture, place)| placed(picture, &polygon, place));
            let is_occupied = slot.is_occupied();
            let time = frame.sequence.as_ref().map_or(String::new(), ToString::to_string);
            let series = slots.entry(id.clone()).or_insert_with(|| Series {
                camera: set.to_string(),
                slot: id,
                weights: Weights::of(&Mask::of(&polygon, frame.width as usize, frame.height as usize)),
                shots: Vec::new(),
            });
            series.shots.push(Shot { time, is_occupied, patch });
        }
    }
    read.series = slots.into_values().collect();
    Ok(read)
}

fn placed(picture: &Picture, polygon: &[Corner], placed: Placed) -> Option<Patch> {
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
