//! One picture, judged: what it shows of every slot that its camera sees. Work for the processor: whoever calls chooses a thread for it.

use parking_api::captures::Capture;
use parking_api::regions::{CameraRegions, ScoreParts};
use parking_api::slots::{Slot, SlotState};
use parking_api::{SlotId, Time};

use super::memory::{Known, Seen, corners, text, word};
use crate::clock::new_id;
use crate::occupancy::crop::{Patch, Square, cut};
use crate::occupancy::model::{Model, probability};
use crate::occupancy::picture::{Picture, decode};
use crate::occupancy::reference::Parts;
use crate::occupancy::settle::Settings;
use crate::occupancy::shift::{Placed, Scene, Track};
use crate::store::Label;

/// A picture that says nothing, in words.
pub type Trouble = String;

/// Judges a picture. What it shows is remembered in `known`; what people said of its slots becomes labels, which are returned.
///
/// # Errors
/// Why it says nothing; then nothing but that is remembered.
pub fn judge(
    known: &mut Known,
    model: &Model,
    regions: &CameraRegions,
    slots: &[Slot],
    capture: &Capture,
    bytes: &[u8],
) -> Result<Vec<Label>, Trouble> {
    known.is_dirty = true;
    if known.memory.sha256 == capture.sha256 {
        return Err("the picture is the same as the one before, to the last bit: the camera hangs".into());
    }
    known.memory.sha256.clone_from(&capture.sha256);
    let picture = decode(bytes).and_then(Picture::judged).map_err(|e| e.to_string())?;
    let scene = Scene::of(&picture);
    let track = known.track.get_or_insert_with(|| Track::new(scene.clone()));
    let aside = match track.follow(&scene) {
        Placed::Aside(dx, dy) => (dx * picture.width as f32, dy * picture.height as f32),
        Placed::Moved(far) => {
            return Err(format!("the camera was moved by {:.0} % of its picture: draw its regions again", far * 100.0));
        }
        Placed::Elsewhere => return Err("the picture shows something else than the slots were drawn on".into()),
    };
    let light = picture.light();
    let mut labels = Vec::new();
    for region in &regions.regions {
        let Some(slot) = slots.iter().find(|slot| slot.id == region.slot_id) else { continue };
        let square = Square::around(&corners(region), picture.width, picture.height);
        let patch = cut(&picture, square.moved(aside));
        known.learn(region, light, (picture.width, picture.height), model);
        let parts = known.learned.get(&(slot.id, light)).map(|learned| {
            let parts = learned.reference.compare(&patch);
            (parts, probability(model.odds(&parts) + learned.offset))
        });
        let seen = Seen {
            at: capture.received_at,
            capture: capture.id,
            crop: square.moved(aside).fractions(picture.width, picture.height),
            score: parts.map(|(_, score)| score),
            parts: parts.map(|(parts, _)| said(&parts)),
        };
        labels.extend(remember(known, slot, seen, square.side, (word(light), &patch)));
    }
    Ok(labels)
}

/// Takes in what was seen of one slot; a label, if a person has just said how it is.
fn remember(known: &mut Known, slot: &Slot, seen: Seen, side: f32, (light, patch): (&str, &Patch)) -> Option<Label> {
    let memory = known.memory.slots.entry(slot.id).or_default();
    memory.hear(slot, seen.at);
    memory.side = side;
    if let Some(score) = seen.score {
        memory.settled = memory.settled.after(score, &Settings::DEFAULT);
        let is_occupied = slot.state == SlotState::Occupied;
        memory.has_agreed |= memory.word_at.is_some_and(|at| at < seen.at) && (score > 0.5) == is_occupied;
    }
    let (at, capture, score) = (seen.at, seen.capture, seen.score);
    memory.seen = Some(seen);
    let is_after = memory.word_at.is_some_and(|said| said < at);
    if memory.awaiting == 0 || !is_after {
        return None;
    }
    memory.awaiting -= 1;
    Some(Label {
        id: new_id(),
        slot: slot.id,
        at,
        light: light.into(),
        is_occupied: slot.state == SlotState::Occupied,
        score_permille: score.map(|score| (score * 1000.0).round() as i64),
        capture,
        patch: text(patch),
    })
}

fn said(parts: &Parts) -> ScoreParts {
    ScoreParts {
        edges: parts.edges,
        edges_over_empty: parts.edges_over_empty,
        structure: parts.structure,
        brightness: parts.brightness,
    }
}

/// Notes that the last picture said nothing, or that it did.
pub fn note(known: &mut Known, trouble: Option<&Trouble>, now: Time) {
    known.memory.trouble = match (known.memory.trouble.take(), trouble) {
        (_, None) => None,
        (Some((since, _)), Some(why)) => Some((since, why.clone())),
        (None, Some(why)) => Some((now, why.clone())),
    };
}

/// The slots that are drawn and there.
pub fn slots_of(regions: &CameraRegions, slot: impl Fn(SlotId) -> Option<Slot>) -> Vec<Slot> {
    regions.regions.iter().filter_map(|region| slot(region.slot_id)).collect()
}
