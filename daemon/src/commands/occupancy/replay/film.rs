//! What a camera saw, picture by picture: whole pictures as they are, or one mosaic for each moment out of pictures that each show one slot;
//! with the truth about every slot, where somebody wrote it down. Pictures are read one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use parking_api::Time;
use parking_api::cameras::{INTERVAL_S_DEFAULT, INTERVAL_S_MAX, INTERVAL_S_MIN};
use parking_api::regions::RegionsMode;
use serde::Deserialize;

use super::super::set::{Frame, Label};
use super::when;
use crate::occupancy::crop::{PATCH, Square, cut};
use crate::occupancy::picture::decode;

/// Most pictures of one film.
const FRAMES_MAX: usize = 20_000;
/// When a film begins whose pictures have no times, and how far they are from each other then, in milliseconds.
const BEGIN_MS: i64 = 1_700_000_000_000;
const STEP_MS: i64 = 60_000;
/// Side of one slot in a mosaic, and width of the painted frame around each, in pixels.
const CELL: usize = PATCH * 2;
const BORDER: usize = 24;
const QUALITY: u8 = 90;

/// One camera's pictures.
#[derive(Debug)]
pub struct Film {
    /// A name that a camera may have.
    pub camera: String,
    /// Where each slot is, as fractions of the picture, and what the camera may do about it.
    pub slots: BTreeMap<String, Vec<[f64; 2]>>,
    pub mode: RegionsMode,
    pub moments: Vec<Moment>,
    pub screen: Screen,
}

/// One picture that is still to be read.
#[derive(Debug)]
pub struct Moment {
    pub at: Time,
    /// With the slot that each shows, or the one that shows them all.
    files: Vec<(String, PathBuf)>,
    /// Which slots were occupied, as far as the set says so.
    pub truth: BTreeMap<String, bool>,
}

/// Where pictures of slots are put together.
#[derive(Debug)]
pub enum Screen {
    /// They are together already.
    Whole,
    Mosaic(Mosaic),
}

#[derive(Debug)]
pub struct Mosaic {
    names: Vec<String>,
    width: usize,
    height: usize,
    luma: Vec<u8>,
}

/// Regions as `parkctl camera regions get -o json` writes them, or a list of them alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Drawn {
    All { mode: Option<RegionsMode>, regions: Vec<DrawnRegion> },
    List(Vec<DrawnRegion>),
}

#[derive(Deserialize)]
struct DrawnRegion {
    slot: String,
    polygon: Vec<[f64; 2]>,
}

/// Reads a folder with `labels.csv` or `slots.json` or, where `regions` say where the slots are, any folder of pictures.
///
/// # Errors
/// When it holds neither, or a file cannot be read.
pub fn read(folder: &Path, regions: Option<&Path>) -> Result<Vec<Film>, String> {
    let (labels, frames) = (folder.join("labels.csv"), folder.join("slots.json"));
    let films = if let Some(regions) = regions {
        vec![unlabelled(folder, regions)?]
    } else if labels.is_file() {
        mosaics(folder, &labels)?
    } else if frames.is_file() {
        vec![whole(folder, &frames)?]
    } else {
        let folder = folder.display();
        return Err(format!(
            "{folder} holds neither labels.csv nor slots.json: for pictures alone, name a file with --regions"
        ));
    };
    if films.iter().any(|film| film.moments.len() > FRAMES_MAX) {
        return Err(format!("a film may have {FRAMES_MAX} pictures: split the set"));
    }
    Ok(films)
}

impl Film {
    /// How often the camera sent a picture, in seconds: the middle of all distances.
    pub fn interval_s(&self) -> u32 {
        let pairs = self.moments.windows(2);
        let mut gaps: Vec<i64> = pairs.map(|pair| pair[1].at.ms_since(pair[0].at) / 1000).collect();
        gaps.sort_unstable();
        let middle = gaps.get(gaps.len() / 2).and_then(|gap| u32::try_from(*gap).ok()).unwrap_or(INTERVAL_S_DEFAULT);
        middle.clamp(INTERVAL_S_MIN, INTERVAL_S_MAX)
    }
}

impl Screen {
    /// The picture of a moment.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn show(&mut self, moment: &Moment) -> Result<Vec<u8>, String> {
        match self {
            Self::Whole => moment.files.first().map_or(Ok(Vec::new()), |(_, file)| read_file(file)),
            Self::Mosaic(mosaic) => mosaic.show(moment),
        }
    }
}

fn unlabelled(folder: &Path, regions: &Path) -> Result<Film, String> {
    let text = read_file(regions)?;
    let drawn: Drawn = serde_json::from_slice(&text).map_err(|_| {
        format!("{} holds no regions as `parkctl camera regions get -o json` writes them", regions.display())
    })?;
    let (mode, drawn) = match drawn {
        Drawn::All { mode, regions } => (mode, regions),
        Drawn::List(regions) => (None, regions),
    };
    let mut moments = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|e| format!("cannot read {}: {e}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|e| format!("cannot read {}: {e}", folder.display()))?.path();
        let is_picture =
            path.extension().is_some_and(|kind| ["jpg", "jpeg", "png"].iter().any(|it| kind.eq_ignore_ascii_case(it)));
        if is_picture {
            let at = when::of_file(&path, &read_file(&path)?).unwrap_or(Time::from_ms(BEGIN_MS));
            moments.push(Moment { at, files: vec![(String::new(), path)], truth: BTreeMap::new() });
        }
    }
    moments.sort_by(|a, b| (a.at, &a.files).cmp(&(b.at, &b.files)));
    if moments.is_empty() {
        return Err(format!("{} holds no pictures (*.jpg, *.png)", folder.display()));
    }
    Ok(Film {
        camera: camera_of(&name_of(folder)),
        slots: drawn.into_iter().map(|region| (region.slot, region.polygon)).collect(),
        mode: mode.filter(|mode| *mode != RegionsMode::Off).unwrap_or(RegionsMode::Auto),
        moments: in_order(moments),
        screen: Screen::Whole,
    })
}

fn whole(folder: &Path, file: &Path) -> Result<Film, String> {
    let (mut slots, mut moments) = (BTreeMap::new(), Vec::new());
    for (at, frame) in (BEGIN_MS..).step_by(STEP_MS as usize).zip(Frame::read_all(file)?) {
        let mut truth = BTreeMap::new();
        for slot in &frame.slots {
            let polygon = slot.polygon_in(&frame)?;
            let polygon = polygon.iter().map(|corner| corner.map(|part| f64::from(part).clamp(0.0, 1.0))).collect();
            slots.entry(code(&slot.name())).or_insert(polygon);
            truth.insert(code(&slot.name()), slot.is_occupied());
        }
        let at = when::of_text(&frame.file).unwrap_or(Time::from_ms(at));
        moments.push(Moment { at, files: vec![(String::new(), folder.join(&frame.file))], truth });
    }
    let camera = camera_of(&name_of(folder));
    Ok(Film { camera, slots, mode: RegionsMode::Auto, moments: in_order(moments), screen: Screen::Whole })
}

fn mosaics(folder: &Path, file: &Path) -> Result<Vec<Film>, String> {
    let mut cameras: BTreeMap<String, BTreeMap<String, BTreeMap<String, Label>>> = BTreeMap::new();
    for row in Label::read_all(file)? {
        if !row.slot.is_empty() {
            let camera = if row.camera.is_empty() { name_of(folder) } else { row.camera.clone() };
            cameras.entry(camera).or_default().entry(row.timestamp.clone()).or_default().insert(row.slot.clone(), row);
        }
    }
    Ok(cameras.into_iter().map(|(camera, moments)| mosaic(folder, &camera, moments)).collect())
}

fn mosaic(folder: &Path, camera: &str, moments: BTreeMap<String, BTreeMap<String, Label>>) -> Film {
    let names: BTreeSet<String> = moments.values().flat_map(BTreeMap::keys).cloned().collect();
    let name = |slot: &str| code(&format!("{camera}-{slot}"));
    let screen = Mosaic::new(names.iter().map(|slot| name(slot)).collect());
    let slots = (0..screen.names.len()).map(|at| (screen.names[at].clone(), screen.polygon(at))).collect();
    let begins = (BEGIN_MS..).step_by(STEP_MS as usize);
    let moments = begins.zip(moments).map(|(at, (time, labels))| Moment {
        at: when::of_text(&time).unwrap_or(Time::from_ms(at)),
        files: labels.iter().map(|(slot, label)| (name(slot), folder.join(&label.file))).collect(),
        truth: labels.iter().map(|(slot, label)| (name(slot), label.occupied != 0)).collect(),
    });
    let moments = in_order(moments.collect());
    Film { camera: camera_of(camera), slots, mode: RegionsMode::Auto, moments, screen: Screen::Mosaic(screen) }
}

impl Mosaic {
    fn new(names: Vec<String>) -> Self {
        let columns = Self::columns(names.len());
        let rows = names.len().div_ceil(columns);
        let (width, height) = (columns * (CELL + BORDER) + BORDER, rows * (CELL + BORDER) + BORDER);
        let luma = (0..width * height).map(|at| painted(at % width, at / width)).collect();
        Self { names, width, height, luma }
    }

    fn columns(slots: usize) -> usize {
        (slots as f64).sqrt().ceil().max(1.0) as usize
    }

    /// Left and top of a slot.
    fn place(&self, at: usize) -> (usize, usize) {
        let columns = Self::columns(self.names.len());
        (BORDER + at % columns * (CELL + BORDER), BORDER + at / columns * (CELL + BORDER))
    }

    fn polygon(&self, at: usize) -> Vec<[f64; 2]> {
        let (left, top) = self.place(at);
        let corner = |x: usize, y: usize| [x as f64 / self.width as f64, y as f64 / self.height as f64];
        let (right, bottom) = (left + CELL, top + CELL);
        vec![corner(left, top), corner(right, top), corner(right, bottom), corner(left, bottom)]
    }

    /// What is missing at this moment looks as it did before.
    fn show(&mut self, moment: &Moment) -> Result<Vec<u8>, String> {
        for (name, file) in &moment.files {
            let Some(at) = self.names.iter().position(|known| known == name) else { continue };
            let Ok(picture) = decode(&read_file(file)?) else { continue };
            let patch = cut(&picture, Square::whole(&picture));
            let (left, top) = self.place(at);
            for y in 0..CELL {
                for x in 0..CELL {
                    self.luma[(top + y) * self.width + left + x] = patch.0[y * PATCH / CELL * PATCH + x * PATCH / CELL];
                }
            }
        }
        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
        let made = encoder.encode(&self.luma, self.width as u32, self.height as u32, ExtendedColorType::L8);
        made.map_err(|e| format!("cannot make a mosaic: {e}"))?;
        Ok(jpeg)
    }
}

/// What stands around the slots and never moves, as a yard does around a camera's slots.
fn painted(x: usize, y: usize) -> u8 {
    let mixed = (x / 11) * 7_919 + (y / 13) * 104_729;
    (60 + (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 41) % 130) as u8
}

/// Times that go on: where one does not come after the one before it, it does by a step.
fn in_order(mut moments: Vec<Moment>) -> Vec<Moment> {
    for at in 1..moments.len() {
        let before = moments[at - 1].at;
        if moments[at].at <= before {
            moments[at].at = before.plus_ms(STEP_MS);
        }
    }
    moments
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// After its folder.
fn name_of(folder: &Path) -> String {
    code(&folder.file_name().map_or("set".into(), |name| name.to_string_lossy()))
}

/// A name that a slot may have.
fn code(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    name.chars().map(plain).take(32).collect()
}

/// A name that a camera may have.
fn camera_of(name: &str) -> String {
    let name = code(name).to_lowercase().replace('.', "-");
    let name = name.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    if name.is_empty() { "camera".into() } else { name.into() }
}
