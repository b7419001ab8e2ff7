//! What a camera saw, picture by picture, with the truth about every slot: whole pictures as they are, or one mosaic for each moment out of
//! pictures that each show one slot.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

use super::super::set::{Frame, Label};
use crate::occupancy::crop::{PATCH, Square, cut};
use crate::occupancy::picture::decode;

/// Most pictures of one film.
const FRAMES_MAX: usize = 20_000;
/// Side of one slot in a mosaic, and width of the painted frame around each, in pixels.
const CELL: usize = PATCH * 2;
const BORDER: usize = 24;
const QUALITY: u8 = 90;

/// One camera's pictures.
#[derive(Debug)]
pub struct Film {
    /// A name that a camera may have.
    pub camera: String,
    /// Where each slot is, as fractions of the picture.
    pub slots: BTreeMap<String, Vec<[f64; 2]>>,
    pub frames: Vec<Shot>,
}

/// One picture.
#[derive(Debug)]
pub struct Shot {
    pub time: String,
    pub jpeg: Vec<u8>,
    /// Which slots were occupied, as far as the set says so.
    pub truth: BTreeMap<String, bool>,
}

/// Reads a folder with `labels.csv` or `slots.json`.
///
/// # Errors
/// When it holds neither, or a file cannot be read.
pub fn read(folder: &Path) -> Result<Vec<Film>, String> {
    let (labels, frames) = (folder.join("labels.csv"), folder.join("slots.json"));
    let films = if labels.is_file() {
        mosaics(folder, &labels)?
    } else if frames.is_file() {
        vec![whole(folder, &frames)?]
    } else {
        return Err(format!("{} holds neither labels.csv nor slots.json", folder.display()));
    };
    if films.iter().any(|film| film.frames.len() > FRAMES_MAX) {
        return Err(format!("a film may have {FRAMES_MAX} pictures: split the set"));
    }
    Ok(films)
}

fn whole(folder: &Path, file: &Path) -> Result<Film, String> {
    let mut film = Film { camera: name_of(folder).to_lowercase(), slots: BTreeMap::new(), frames: Vec::new() };
    for (at, frame) in Frame::read_all(file)?.into_iter().enumerate() {
        let jpeg = read_file(&folder.join(&frame.file))?;
        let mut truth = BTreeMap::new();
        for slot in &frame.slots {
            let polygon = slot.polygon_in(&frame)?;
            let polygon = polygon.iter().map(|corner| corner.map(|part| f64::from(part).clamp(0.0, 1.0))).collect();
            film.slots.entry(code(&slot.name())).or_insert(polygon);
            truth.insert(code(&slot.name()), slot.is_occupied());
        }
        film.frames.push(Shot { time: format!("{at}"), jpeg, truth });
    }
    Ok(film)
}

fn mosaics(folder: &Path, file: &Path) -> Result<Vec<Film>, String> {
    let mut cameras: BTreeMap<String, BTreeMap<String, BTreeMap<String, Label>>> = BTreeMap::new();
    for row in Label::read_all(file)? {
        if !row.slot.is_empty() {
            let camera = if row.camera.is_empty() { name_of(folder) } else { row.camera.clone() };
            cameras.entry(camera).or_default().entry(row.timestamp.clone()).or_default().insert(row.slot.clone(), row);
        }
    }
    cameras.into_iter().map(|(camera, moments)| mosaic(folder, &camera, moments)).collect()
}

fn mosaic(folder: &Path, camera: &str, moments: BTreeMap<String, BTreeMap<String, Label>>) -> Result<Film, String> {
    let names: BTreeSet<String> = moments.values().flat_map(BTreeMap::keys).cloned().collect();
    let columns = (names.len() as f64).sqrt().ceil().max(1.0) as usize;
    let rows = names.len().div_ceil(columns);
    let (width, height) = (columns * (CELL + BORDER) + BORDER, rows * (CELL + BORDER) + BORDER);
    let place = |at: usize| (BORDER + at % columns * (CELL + BORDER), BORDER + at / columns * (CELL + BORDER));
    let mut canvas: Vec<u8> = (0..width * height).map(|at| painted(at % width, at / width)).collect();
    let mut film =
        Film { camera: code(camera).to_lowercase().replace('.', "-"), slots: BTreeMap::new(), frames: Vec::new() };
    for (at, name) in names.iter().enumerate() {
        let (left, top) = place(at);
        let corner = |x: usize, y: usize| [x as f64 / width as f64, y as f64 / height as f64];
        let (right, bottom) = (left + CELL, top + CELL);
        let polygon = vec![corner(left, top), corner(right, top), corner(right, bottom), corner(left, bottom)];
        film.slots.insert(code(&format!("{camera}-{name}")), polygon);
    }
    for (time, labels) in moments {
        let mut truth = BTreeMap::new();
        // What is missing at this moment looks as it did before.
        for (at, name) in names.iter().enumerate() {
            let Some(label) = labels.get(name) else { continue };
            let bytes = read_file(&folder.join(&label.file))?;
            let Ok(picture) = decode(&bytes) else { continue };
            let patch = cut(&picture, Square::whole(&picture));
            let (left, top) = place(at);
            for y in 0..CELL {
                for x in 0..CELL {
                    canvas[(top + y) * width + left + x] = patch.0[y * PATCH / CELL * PATCH + x * PATCH / CELL];
                }
            }
            truth.insert(code(&format!("{camera}-{name}")), label.occupied != 0);
        }
        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
        let made = encoder.encode(&canvas, width as u32, height as u32, ExtendedColorType::L8);
        made.map_err(|e| format!("cannot make a mosaic: {e}"))?;
        film.frames.push(Shot { time, jpeg, truth });
    }
    Ok(film)
}

/// What stands around the slots and never moves, as a yard does around a camera's slots.
fn painted(x: usize, y: usize) -> u8 {
    let mixed = (x / 11) * 7_919 + (y / 13) * 104_729;
    (60 + (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 41) % 130) as u8
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// After its folder.
fn name_of(folder: &Path) -> String {
    code(&folder.file_name().map_or("set".into(), |name| name.to_string_lossy()))
}

/// A name that a slot and a camera may have.
fn code(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    name.chars().map(plain).take(32).collect()
}
