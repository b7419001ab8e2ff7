//! What a camera remembers of the slots that it sees, from picture to picture, and what it learned of them from people.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_api::regions::{CameraRegions, Region, ScoreParts};
use parking_api::slots::{Slot, SlotState, Source};
use parking_api::{CaptureId, SlotId, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rule::{HOLD_MS, Outcome};
use crate::occupancy::crop::{Corner, Mask, PATCH, Patch};
use crate::occupancy::features::Weights;
use crate::occupancy::mode::{Said, Trust, View};
use crate::occupancy::model::{Model, offset};
use crate::occupancy::picture::Light;
use crate::occupancy::reference::{REFERENCES_MAX, REFERENCES_MIN, Reference};
use crate::occupancy::settle::Settled;
use crate::occupancy::shift::{Scene, Track};
use crate::store::Label;

/// Labels of one slot that are kept: what it takes to be trusted, twice.
const LABELS_MAX: usize = 24;

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
    pub settled: Settled,
    /// The last word of a person that was taken note of: when it was said.
    pub word_at: Option<Time>,
    /// Pictures that are still to be learned from it.
    pub awaiting: u8,
    /// The slot was seen as that person said.
    pub has_agreed: bool,
    pub seen: Option<Seen>,
    /// Side of its square in the picture, in pixels.
    pub side: f32,
    #[serde(skip)]
    pub outcome: Option<Outcome>,
}

/// What is remembered of one camera.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Which regions it is about.
    pub rev: u64,
    scenes: Option<(String, String, (f32, f32))>,
    pub slots: BTreeMap<SlotId, SlotMemory>,
    /// Of the last picture: the same one again shows a camera that hangs.
    pub sha256: String,
    /// Since when, and why, its pictures say nothing.
    pub trouble: Option<(Time, String)>,
}

/// What was learned of one slot by one light.
#[derive(Debug, Clone)]
pub struct Learned {
    pub reference: Reference,
    pub offset: f64,
}

/// Everything of one camera.
#[derive(Debug, Default)]
pub struct Known {
    pub memory: Memory,
    pub labels: Vec<Label>,
    pub learned: HashMap<(SlotId, Light), Learned>,
    pub track: Option<Track>,
    pub is_dirty: bool,
}

impl Known {
    /// As it was left.
    pub fn resumed(body: Option<&str>, labels: Vec<Label>) -> Self {
        // What cannot be read is learned again.
        let memory: Memory = body.and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        let track = memory.scenes.as_ref().and_then(|(first, last, aside)| {
            Some(Track::resumed(Scene(bytes(first, Scene::LEN)?), Scene(bytes(last, Scene::LEN)?), *aside))
        });
        Self { memory, labels, learned: HashMap::new(), track, is_dirty: false }
    }

    /// What is to be remembered.
    pub fn body(&mut self) -> Option<String> {
        self.memory.scenes = self.track.as_ref().map(|track| {
            let (last, aside) = track.last();
            (STANDARD.encode(&track.first().0), STANDARD.encode(&last.0), aside)
        });
        serde_json::to_string(&self.memory).ok()
    }

    /// Begins anew where the regions were drawn anew. What people said before that was not said to this camera.
    pub fn fit(&mut self, regions: &CameraRegions, slot: impl Fn(SlotId) -> Option<Slot>) {
        if self.memory.rev == regions.rev {
            return;
        }
        let kept = std::mem::take(&mut self.memory.slots);
        for region in &regions.regions {
            let word_at = slot(region.slot_id).map(|slot| slot.observed_at);
            let awaiting = kept.get(&region.slot_id).map_or(0, |memory| memory.awaiting);
            let memory = SlotMemory { word_at, awaiting, ..SlotMemory::default() };
            self.memory.slots.insert(region.slot_id, memory);
        }
        (self.memory.rev, self.track, self.is_dirty) = (regions.rev, None, true);
        self.learned.clear();
    }

    /// Learns from the labels of a slot whatever is not learned yet.
    pub fn learn(&mut self, region: &Region, light: Light, size: (usize, usize), model: &Model) {
        if self.learned.contains_key(&(region.slot_id, light)) {
            return;
        }
        let of_light = || self.labels.iter().filter(|l| l.slot == region.slot_id && l.light == word(light));
        let free: Vec<Patch> =
            of_light().rev().filter(|l| !l.is_occupied).take(REFERENCES_MAX).filter_map(patch).collect();
        if free.len() < REFERENCES_MIN {
            return;
        }
        let weights = Weights::of(&Mask::of(&corners(region), size.0, size.1));
        let Some(reference) = Reference::learn(&free, &weights) else { return };
        let odds = |label: &Label| Some((model.odds(&reference.compare(&patch(label)?)), label.is_occupied));
        let said: Vec<_> = of_light().filter(|label| label.score_permille.is_some()).filter_map(odds).collect();
        let offset = offset(&said);
        self.learned.insert((region.slot_id, light), Learned { reference, offset });
    }

    /// How far a slot may be trusted to this camera.
    pub fn trust(&self, slot: SlotId) -> Trust {
        let of_slot = self.labels.iter().filter(|label| label.slot == slot);
        let said: Vec<Said> = of_slot
            .map(|l| Said { is_occupied: l.is_occupied, score: l.score_permille.map(|p| p as f32 / 1000.0) })
            .collect();
        let learned = [Light::Day, Light::Night].iter().find_map(|light| self.learned.get(&(slot, *light)));
        let side = self.memory.slots.get(&slot).map_or(f32::MAX, |memory| memory.side);
        Trust::of(&said, &View { side, clutter: learned.map(|learned| learned.reference.clutter()) })
    }

    /// Keeps a label; which ones are no longer needed for it.
    pub fn keep(&mut self, label: Label) -> Vec<Uuid> {
        let slot = label.slot;
        self.labels.push(label);
        self.learned.retain(|(of, _), _| *of != slot);
        let mut outdated = Vec::new();
        while self.labels.iter().filter(|label| label.slot == slot).count() > LABELS_MAX {
            let Some(at) = (0..self.labels.len()).find(|at| self.labels[*at].slot == slot && !self.is_reference(*at))
            else {
                break;
            };
            outdated.push(self.labels.remove(at).id);
        }
        outdated
    }

    /// Whether a label is one that the empty slot is known by.
    fn is_reference(&self, at: usize) -> bool {
        let label = &self.labels[at];
        let is_alike =
            |other: &&Label| (other.slot, other.is_occupied, &other.light) == (label.slot, false, &label.light);
        !label.is_occupied && self.labels[at + 1..].iter().filter(is_alike).count() < REFERENCES_MAX
    }
}

impl SlotMemory {
    /// Takes note of what people said since the last picture.
    pub fn hear(&mut self, slot: &Slot, now: Time) {
        let is_word = matches!(slot.source, Source::Manual | Source::Api);
        if is_word && self.word_at.is_none_or(|known| slot.observed_at > known) {
            (self.word_at, self.awaiting, self.has_agreed) = (Some(slot.observed_at), self.awaiting.max(1), false);
            // It takes as many pictures to doubt a person as it takes to see a change.
            self.settled = Settled::known(match slot.state {
                SlotState::Free => Some(false),
                SlotState::Occupied => Some(true),
                SlotState::Reserved | SlotState::Closed | SlotState::Unknown => None,
            });
        }
        let is_old = now.ms_since(slot.observed_at) > HOLD_MS;
        if !is_word || is_old || !matches!(slot.state, SlotState::Free | SlotState::Occupied) {
            self.awaiting = 0;
        }
    }
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

pub fn patch(label: &Label) -> Option<Patch> {
    bytes(&label.patch, PATCH * PATCH).map(Patch)
}

pub fn text(patch: &Patch) -> String {
    STANDARD.encode(&patch.0)
}

fn bytes(text: &str, len: usize) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok().filter(|bytes| bytes.len() == len)
}
