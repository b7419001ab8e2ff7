//! What a camera remembers of the slots that it sees, from picture to picture, and what it learned of them from people.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_api::regions::{CALIBRATION_PICTURES, CameraRegions, Region, RegionsMode, ScoreParts};
use parking_api::slots::{Slot, SlotState, Source};
use parking_api::{CaptureId, SlotId, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::judge::ASTRAY_MIN;
use super::learned::{Empty, Learned, Patches, is_shown};
use super::rule::Outcome;
use crate::occupancy::crop::{Corner, Mask};
use crate::occupancy::mode::{OCCUPIED_MIN, Said, Trust, View};
use crate::occupancy::model::Model;
use crate::occupancy::picture::{Light, Picture};
use crate::occupancy::reference::{REFERENCES_MAX, REFERENCES_MIN};
use crate::occupancy::settle::Settled;
use crate::occupancy::shift::{Aside, Placed, Scene, Track};
use crate::store::{Label, Remembered};

/// Labels of one slot that are kept: what it takes to be trusted, twice.
const LABELS_MAX: usize = 24;
/// Labels whose pictures are held in memory at once to be learned from: a camera with forty slots learns them all by one picture, a larger
/// one by its next pictures.
const LEARNED_MAX: usize = 40 * LABELS_MAX;
/// Memory that one slot takes with one camera, in bytes: how it looks when it is empty, by day and by night, and what people said of it, each
/// without its picture.
const SLOT_BYTES_MAX: usize = 32 * 1024;
const _: () =
    assert!(Learned::BYTES_MAX + LABELS_MAX * 2 * size_of::<Label>() + 4 * size_of::<SlotMemory>() <= SLOT_BYTES_MAX);
/// How long after it was said a person's word still says how the slot is in the next picture, in milliseconds.
const WORD_MS_MAX: i64 = 15 * 60 * 1000;
/// A region that is drawn anew is still on the same part of the picture when no corner is farther from where it was, as a fraction of the picture.
const REDRAWN_MAX: f64 = 0.01;

/// What a camera saw of a slot in the last picture that it could judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    pub at: Time,
    pub capture: CaptureId,
    pub crop: [f32; 4],
    pub score: Option<f32>,
    pub parts: Option<ScoreParts>,
}

/// What is remembered of one slot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SlotMemory {
    /// The region that it is about, and where the picture that it was drawn on lies on the first one of the camera.
    polygon: Vec<[f64; 2]>,
    #[serde(default)]
    pub drawn_at: Aside,
    pub settled: Settled,
    /// The last word of a person that was taken note of: when it was said.
    pub word_at: Option<Time>,
    /// Pictures that are still to be learned from it, and until when they may be taken.
    pub awaiting: u8,
    until: Option<Time>,
    /// The slot was seen as that person said.
    pub has_agreed: bool,
    pub seen: Option<Seen>,
    /// When a picture last said how the slot is: the camera could decide, or agreed.
    pub heard: Option<Time>,
    /// When a picture last confirmed what people had said, while the camera decided by itself.
    pub confirmed: Option<Time>,
    /// Side of its square in the picture, in pixels.
    pub side: f32,
    pub outcome: Option<Outcome>,
}

/// A scene in base 64, and where it lies.
type SavedScene = (String, Aside);
/// Those that are kept, and the last one.
type SavedScenes = (Vec<SavedScene>, SavedScene);

/// What is remembered of one camera.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Which regions it is about, and what the camera might do about them.
    pub rev: u64,
    mode: Option<RegionsMode>,
    /// As they were written before they had a place of their own.
    #[serde(default, skip_serializing)]
    scenes: Option<SavedScenes>,
    /// Width and height of the picture that the regions were drawn on.
    pub shape: Option<(u32, u32)>,
    pub slots: BTreeMap<SlotId, SlotMemory>,
    /// Of the last picture, and how often it came again: that shows a camera that hangs.
    pub sha256: String,
    #[serde(default)]
    pub repeats: u8,
    /// When it was taken.
    pub taken_at: Option<Time>,
    pub light: Option<Light>,
    /// Since when, and why, its pictures say nothing.
    pub trouble: Option<(Time, String)>,
    /// Pictures in a row that did not show what the regions were drawn on.
    pub astray: u8,
}

/// Everything of one camera.
#[derive(Debug, Default)]
pub struct Known {
    pub memory: Memory,
    /// What people said of each slot, oldest first.
    pub labels: BTreeMap<SlotId, Vec<Label>>,
    pub learned: BTreeMap<SlotId, Learned>,
    pub track: Option<Track>,
    pub is_dirty: bool,
    /// Other scenes are kept than are written.
    pub has_new_scenes: bool,
    /// Of what was read or written last.
    pub rev: i64,
}

impl Known {
    /// As it was left.
    pub fn resumed(remembered: Option<&Remembered>, labels: Vec<Label>) -> Self {
        let mut known = Self::default();
        known.relabel(labels);
        known.recall(remembered);
        known
    }

    /// Takes over all that people said, oldest first.
    pub fn relabel(&mut self, labels: Vec<Label>) {
        self.labels.clear();
        for label in labels {
            self.labels.entry(label.slot).or_default().push(label);
        }
    }

    /// Takes over what was remembered last; what was learned stays. What cannot be read is learned again.
    pub fn recall(&mut self, remembered: Option<&Remembered>) {
        self.memory = remembered.and_then(|it| serde_json::from_str(&it.body).ok()).unwrap_or_default();
        let apart: Option<SavedScenes> = remembered.and_then(|it| serde_json::from_str(it.scenes.as_deref()?).ok());
        let beside = self.memory.scenes.take();
        self.has_new_scenes = apart.is_none() && beside.is_some();
        let scene = |(text, aside): &SavedScene| Some((Scene(bytes(text, Scene::LEN)?), *aside));
        self.track = apart.or(beside).and_then(|(kept, last)| {
            let kept = kept.iter().map(scene).collect::<Option<Vec<_>>>()?;
            Track::resumed(kept, scene(&last)?)
        });
        (self.is_dirty, self.rev) = (false, remembered.map_or(0, |it| it.rev));
    }

    /// What tells these labels from others of the same camera: how many there are, and the newest.
    pub fn labels_mark(&self) -> (i64, Option<String>) {
        let all = || self.labels.values().flatten();
        (all().count() as i64, all().map(|label| label.id.to_string()).max())
    }

    /// What is to be remembered, with scenes where those that are written are to be replaced.
    pub fn remembered(&self, with_scenes: bool) -> Option<Remembered> {
        let save = |(scene, aside): &(Scene, Aside)| (STANDARD.encode(&scene.0), *aside);
        let saved = |track: &Track| -> SavedScenes { (track.kept().iter().map(save).collect(), save(track.last())) };
        let scenes = with_scenes.then(|| serde_json::to_string(&self.track.as_ref().map(saved)).ok()).flatten();
        Some(Remembered { body: serde_json::to_string(&self.memory).ok()?, scenes, rev: self.rev })
    }

    /// Begins anew where regions were drawn anew, and says which labels are worth nothing now. Whoever draws looks at the `anchor` or, where
    /// that is not known, at the last picture.
    pub fn fit(
        &mut self,
        regions: &CameraRegions,
        anchor: Option<&Picture>,
        slot: impl Fn(SlotId) -> Option<Slot>,
    ) -> Vec<Uuid> {
        if self.memory.rev == regions.rev {
            return Vec::new();
        }
        let mut before = std::mem::take(&mut self.memory.slots);
        let mut here = self.lies(anchor);
        let is_kept = |region: &Region| before.get(&region.slot_id).is_some_and(|memory| memory.is_of(region, here));
        let is_same =
            |region: &Region| before.get(&region.slot_id).is_some_and(|memory| memory.polygon == region.polygon);
        // As much as to say that all regions lie right: something was drawn, or all was sent again as it is.
        let is_all_same = regions.regions.iter().all(is_same);
        let is_again = before.len() == regions.regions.len() && self.memory.mode == Some(regions.mode);
        let is_looked_at = anchor.is_some() || !is_all_same || is_again;
        let is_lost = self.memory.astray >= ASTRAY_MIN && is_looked_at;
        if is_lost || !regions.regions.iter().any(is_kept) {
            self.begin(anchor);
            here = Aside::default();
            before.values_mut().for_each(|memory| memory.drawn_at = here);
        }
        let mut outdated = Vec::new();
        for region in &regions.regions {
            let polygon = region.polygon.clone();
            let memory = match before.remove(&region.slot_id).filter(|memory| memory.is_of(region, here)) {
                Some(memory) if memory.polygon == polygon => memory,
                Some(memory) => SlotMemory { polygon, drawn_at: here, ..memory },
                None => {
                    outdated.extend(self.labels.remove(&region.slot_id));
                    // What people said before that was not said to this camera.
                    let word_at = slot(region.slot_id).map(|slot| slot.observed_at);
                    SlotMemory { polygon, word_at, drawn_at: here, ..SlotMemory::default() }
                }
            };
            self.memory.slots.insert(region.slot_id, memory);
        }
        let is_gone = |slot: &SlotId| !self.memory.slots.contains_key(slot);
        let gone: Vec<SlotId> = self.labels.keys().copied().filter(is_gone).collect();
        outdated.extend(gone.iter().filter_map(|slot| self.labels.remove(slot)));
        (self.memory.rev, self.memory.mode, self.is_dirty) = (regions.rev, Some(regions.mode), true);
        self.learned.clear();
        outdated.into_iter().flatten().map(|label| label.id).collect()
    }

    /// Where the picture that somebody draws on lies on the first one.
    fn lies(&self, anchor: Option<&Picture>) -> Aside {
        let Some(track) = &self.track else { return Aside::default() };
        match anchor.map(|picture| track.place(&Scene::of(picture))) {
            Some(Placed::Aside(dx, dy)) => (dx, dy),
            _ => track.last().1,
        }
    }

    /// Takes the anchor or, without one, the next picture for the first of the camera.
    fn begin(&mut self, anchor: Option<&Picture>) {
        self.track = anchor.map(|picture| Track::new(Scene::of(picture)));
        self.memory.shape = anchor.map(|picture| (picture.width as u32, picture.height as u32));
        (self.memory.astray, self.has_new_scenes) = (0, true);
    }

    /// The labels whose patches are wanted, to learn from them: those of slots of which nothing is known yet, or more than was learned.
    pub fn unlearned(&self) -> Vec<Uuid> {
        let is_news = |(slot, labels): &(&SlotId, &Vec<Label>)| {
            let is_enough = labels.iter().filter(|label| !label.is_occupied).count() >= REFERENCES_MIN;
            is_enough && self.learned.get(slot).map(|learned| learned.newest) != labels.last().map(|label| label.id)
        };
        let of_slots = self.labels.iter().filter(is_news).take(LEARNED_MAX / LABELS_MAX);
        of_slots.flat_map(|(_, labels)| labels.iter().map(|label| label.id)).collect()
    }

    /// What is known of how a slot looks when it is empty, by this light if people showed it by this light. Learns it from these patches, if
    /// they are of all that people said.
    pub fn learned(
        &mut self,
        region: &Region,
        light: Light,
        size: (usize, usize),
        (model, patches): (&Model, &Patches),
    ) -> Option<&Empty> {
        let labels = self.labels.get(&region.slot_id)?;
        let newest = labels.last()?.id;
        let is_learned = self.learned.get(&region.slot_id).is_some_and(|learned| learned.newest == newest);
        if !is_learned && patches.contains_key(&newest) {
            let mask = Mask::of(&corners(region), size.0, size.1);
            if let Some(learned) = Learned::of(labels, patches, &mask, model) {
                self.learned.insert(region.slot_id, learned);
            }
        }
        self.learned.get(&region.slot_id).map(|learned| learned.by(light))
    }

    /// How far a slot may be trusted to this camera, by the light of its last picture.
    pub fn trust(&self, slot: SlotId) -> Trust {
        let labels = self.labels.get(&slot).map_or(&[][..], Vec::as_slice);
        let said: Vec<Said> =
            labels.iter().map(|label| Said { is_occupied: label.is_occupied, score: score(label) }).collect();
        let light = self.memory.light.unwrap_or(Light::Day);
        let side =
            self.memory.slots.get(&slot).filter(|memory| memory.side > 0.0).map_or(f32::MAX, |memory| memory.side);
        let clutter = self.learned.get(&slot).map(|learned| learned.by(light).reference.clutter());
        Trust::of(&said, &View { side, clutter, is_shown: is_shown(labels, light) })
    }

    /// Keeps a label; which ones are no longer needed for it.
    pub fn keep(&mut self, label: Label) -> Vec<Uuid> {
        let slot = label.slot;
        let labels = self.labels.entry(slot).or_default();
        labels.push(label);
        let mut outdated = Vec::new();
        while labels.len() > LABELS_MAX {
            let Some(at) = (0..labels.len()).find(|at| !is_needed(labels, *at)) else { break };
            outdated.push(labels.remove(at).id);
        }
        outdated
    }
}

/// Whether a label is one that the empty slot is known by, or one of the few that say how a vehicle on it looks.
fn is_needed(labels: &[Label], at: usize) -> bool {
    let label = &labels[at];
    let newer = |is_alike: &dyn Fn(&&Label) -> bool| labels[at + 1..].iter().filter(is_alike).count();
    if label.is_occupied {
        return newer(&|other| other.is_occupied) < OCCUPIED_MIN;
    }
    newer(&|other| !other.is_occupied && other.light == label.light) < REFERENCES_MAX
}

impl SlotMemory {
    /// Whether it is about this region, which was drawn where the picture lies `here`.
    fn is_of(&self, region: &Region, here: Aside) -> bool {
        self.polygon == region.polygon || is_alike((&self.polygon, self.drawn_at), (&region.polygon, here))
    }

    /// Takes note of what people said since the last picture.
    pub fn hear(&mut self, slot: &Slot, now: Time) {
        let is_word = matches!(slot.source, Source::Manual | Source::Api);
        if is_word && self.word_at.is_none_or(|known| slot.observed_at > known) {
            // What is said again, to another camera, takes nothing back.
            let is_again = slot.state == SlotState::Free && self.awaiting > 0;
            let (awaiting, until) = if is_again { (self.awaiting, self.until) } else { (1, None) };
            self.told(slot, awaiting, WORD_MS_MAX);
            self.until = self.until.max(until);
        }
        let is_old = self.until.is_none_or(|until| now > until);
        if !is_word || is_old || !matches!(slot.state, SlotState::Free | SlotState::Occupied) {
            self.awaiting = 0;
        }
    }

    /// A camera is shown a slot that a person has just said is free: it learns from its next pictures, which may be some time apart.
    pub fn calibrate(&mut self, slot: &Slot, interval_s: u32) {
        let wait_ms = i64::from(interval_s) * 1000 * (i64::from(CALIBRATION_PICTURES) + 1);
        self.told(slot, CALIBRATION_PICTURES, wait_ms.max(WORD_MS_MAX));
    }

    /// Takes a person's word, from which so many pictures are learned that are taken within this time.
    fn told(&mut self, slot: &Slot, pictures: u8, within_ms: i64) {
        (self.word_at, self.has_agreed) = (Some(slot.observed_at), false);
        (self.awaiting, self.until) = (pictures, Some(slot.observed_at.plus_ms(within_ms)));
        // It takes as many pictures to doubt a person as it takes to see a change.
        self.settled = Settled::known(match slot.state {
            SlotState::Free => Some(false),
            SlotState::Occupied => Some(true),
            SlotState::Reserved | SlotState::Closed | SlotState::Unknown => None,
        });
    }
}

/// Whether two regions are on the same part of the ground, wherever the picture lay that each was drawn on.
fn is_alike((before, from): (&[[f64; 2]], Aside), (after, to): (&[[f64; 2]], Aside)) -> bool {
    let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    let is_near = |([x, y], [to_x, to_y]): (&[f64; 2], &[f64; 2])| (x + dx - to_x).hypot(y + dy - to_y) <= REDRAWN_MAX;
    before.len() == after.len() && before.iter().zip(after).all(is_near)
}

pub fn score(label: &Label) -> Option<f32> {
    label.score_permille.map(|permille| permille as f32 / 1000.0)
}

pub fn word(light: Light) -> &'static str {
    match light {
        Light::Day => "day",
        Light::Night => "night",
    }
}

pub fn corners(region: &Region) -> Vec<Corner> {
    region.polygon.iter().map(|[x, y]| [*x as f32, *y as f32]).collect()
}

fn bytes(text: &str, len: usize) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok().filter(|bytes| bytes.len() == len)
}
