//! One picture, judged: what it shows of every slot that its camera sees. Work for the processor: whoever calls chooses a thread for it.

use parking_api::cameras::{CameraStatus, LATE_INTERVALS};
use parking_api::captures::Capture;
use parking_api::regions::{CameraRegions, ScoreParts};
use parking_api::slots::{Slot, SlotState};
use parking_api::{SlotId, Time};
use uuid::Uuid;

use super::learned::Patches;
use super::memory::{Known, Seen, corners, word};
use crate::cameras::{is_ahead, silence};
use crate::clock::new_id;
use crate::occupancy::crop::{Square, cut};
use crate::occupancy::model::{Model, probability};
use crate::occupancy::picture::{Light, Picture, decode};
use crate::occupancy::reference::Parts;
use crate::occupancy::settle::{Settings, Settled};
use crate::occupancy::shift::{Aside, Placed, Scene, Track};
use crate::store::Label;

/// A picture that is older than two intervals of its camera when it arrives says nothing of now; and this much is never old, in milliseconds.
const LATE_MS_MIN: i64 = 30_000;
/// How far the shape of a picture (width by height) may differ from that of the one that the regions were drawn on.
const SHAPE_TOLERANCE: f64 = 0.02;
/// Pictures in a row that show something else, before somebody is told: a person may walk past the lens.
pub const ASTRAY_MIN: u8 = 2;

/// Why a picture says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It does not show what the regions were drawn on.
    #[error("{0}")]
    Astray(String),
    #[error("{0}")]
    Mute(String),
    /// Once is no trouble: whoever got no answer sends a picture again.
    #[error("the picture came again")]
    Again,
}

/// What there is to be judged.
pub struct Picked<'a> {
    pub regions: &'a CameraRegions,
    pub slots: &'a [Slot],
    pub capture: &'a Capture,
    /// How often its camera sends one, in seconds.
    pub interval_s: u32,
    /// Of what is still to be learned from.
    pub patches: &'a Patches,
}

/// What came of it: labels to be kept, each with the square around its slot, and those that are no longer needed.
#[derive(Debug, Default)]
pub struct Judged {
    pub labels: Vec<(Label, Vec<u8>)>,
    pub outdated: Vec<Uuid>,
}

/// Judges a picture. What it shows, and what people said of it, is remembered in `known`.
///
/// # Errors
/// Why it says nothing; then nothing but that is remembered.
pub fn judge(known: &mut Known, model: &Model, picked: &Picked<'_>, bytes: &[u8]) -> Result<Judged, Trouble> {
    known.is_dirty = true;
    let at = in_time(known, picked)?;
    let picture = decode(bytes).and_then(Picture::judged).map_err(|e| Trouble::Mute(e.to_string()))?;
    let (dx, dy) = place(known, &picture)?;
    let light = picture.light();
    known.memory.light = Some(light);
    let is_long_ago = known.memory.taken_at.is_none_or(|last| is_over(last, picked.interval_s, at));
    known.memory.taken_at = Some(at);
    let mut judged = Judged::default();
    for region in &picked.regions.regions {
        let Some(slot) = picked.slots.iter().find(|slot| slot.id == region.slot_id) else { continue };
        let drawn_at = known.memory.slots.get(&slot.id).map_or((0.0, 0.0), |memory| memory.drawn_at);
        let aside = ((dx - drawn_at.0) * picture.width as f32, (dy - drawn_at.1) * picture.height as f32);
        let square = Square::around(&corners(region), picture.width, picture.height);
        let patch = cut(&picture, square.moved(aside));
        let learned = known.learned(region, light, (picture.width, picture.height), (model, picked.patches));
        let parts = learned.map(|learned| {
            let parts = learned.reference.compare(&patch);
            (parts, probability(model.odds(&parts) + learned.offset))
        });
        let seen = Seen {
            at,
            capture: picked.capture.id,
            crop: square.moved(aside).fractions(picture.width, picture.height),
            score: parts.map(|(_, score)| score),
            parts: parts.map(|(parts, _)| said(&parts)),
        };
        if is_long_ago {
            // What was believed then says nothing of now.
            known.memory.slots.entry(slot.id).or_default().settled = Settled::default();
        }
        if let Some(label) = remember(known, slot, seen, square.side, light) {
            judged.outdated.extend(known.keep(label.clone()));
            judged.labels.push((label, patch.0));
        }
    }
    Ok(judged)
}

/// When the picture was taken, unless it is no news.
fn in_time(known: &mut Known, picked: &Picked<'_>) -> Result<Time, Trouble> {
    let capture = picked.capture;
    let at = capture.captured_at.min(capture.received_at);
    let late_ms_max = (i64::from(picked.interval_s) * 1000 * i64::from(LATE_INTERVALS)).max(LATE_MS_MIN);
    let late_ms = capture.received_at.ms_since(at);
    if late_ms > late_ms_max {
        let minutes = late_ms / 60_000;
        return Err(Trouble::Mute(format!(
            "the picture was taken {minutes} minutes before it arrived: the camera catches up, or its clock is wrong"
        )));
    }
    // A time that is far ahead is from before the clock was set back.
    if known.memory.taken_at.is_some_and(|last| at < last && !is_ahead(last, capture.received_at)) {
        return Err(Trouble::Mute("a newer picture came before this one".into()));
    }
    if known.memory.sha256 == capture.sha256 {
        known.memory.repeats = known.memory.repeats.saturating_add(1);
        return Err(match known.memory.repeats {
            1 => Trouble::Again,
            _ => Trouble::Mute("the picture is the same as those before, to the last bit: the camera hangs".into()),
        });
    }
    known.memory.repeats = 0;
    known.memory.sha256.clone_from(&capture.sha256);
    Ok(at)
}

/// Where the picture lies on the first one of its camera.
fn place(known: &mut Known, picture: &Picture) -> Result<Aside, Trouble> {
    let (width, height) = *known.memory.shape.get_or_insert((picture.width as u32, picture.height as u32));
    let shape = |width: f64, height: f64| width / height;
    let (drawn, now) = (shape(width.into(), height.into()), shape(picture.width as f64, picture.height as f64));
    if (now / drawn - 1.0).abs() > SHAPE_TOLERANCE {
        return Err(Trouble::Mute(format!(
            "the picture has {}x{} pixels, another shape than the one that the regions were drawn on ({width}x{height})",
            picture.width, picture.height
        )));
    }
    let scene = Scene::of(picture);
    known.has_new_scenes |= known.track.is_none();
    let track = known.track.get_or_insert_with(|| Track::new(scene.clone()));
    let kept = track.kept_ever();
    let placed = track.follow(&scene);
    known.has_new_scenes |= track.kept_ever() != kept;
    match placed {
        Placed::Aside(dx, dy) => Ok((dx, dy)),
        Placed::Moved(far) => Err(Trouble::Astray(format!(
            "the camera was moved by {:.0} % of its picture: draw its regions again",
            far * 100.0
        ))),
        Placed::Elsewhere => {
            Err(Trouble::Astray("the picture shows something else than the slots were drawn on".into()))
        }
    }
}

fn is_over(since: Time, interval_s: u32, now: Time) -> bool {
    silence(since, interval_s, now) == CameraStatus::Offline
}

/// Takes in what was seen of one slot; a label, if a person has just said how it is.
fn remember(known: &mut Known, slot: &Slot, seen: Seen, side: f32, light: Light) -> Option<Label> {
    let memory = known.memory.slots.entry(slot.id).or_default();
    memory.hear(slot, seen.at);
    memory.side = side;
    let settings = Settings::DEFAULT;
    let is_after = memory.word_at.is_some_and(|said| said < seen.at);
    if let Some(score) = seen.score {
        memory.settled = memory.settled.after(score, &settings);
        memory.has_agreed |= is_after
            && match slot.state {
                SlotState::Occupied => score > settings.arrives_above,
                SlotState::Free => score < settings.leaves_below,
                SlotState::Reserved | SlotState::Closed | SlotState::Unknown => false,
            };
    }
    let (at, capture, score) = (seen.at, seen.capture, seen.score);
    memory.seen = Some(seen);
    if memory.awaiting == 0 || !is_after {
        return None;
    }
    memory.awaiting -= 1;
    Some(Label {
        id: new_id(),
        slot: slot.id,
        at,
        light: word(light).into(),
        is_occupied: slot.state == SlotState::Occupied,
        score_permille: score.map(|score| (score * 1000.0).round() as i64),
        capture,
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
    if trouble == Some(&Trouble::Again) {
        return;
    }
    known.memory.trouble = match (known.memory.trouble.take(), trouble) {
        (_, None) => None,
        (Some((since, _)), Some(why)) => Some((since, why.to_string())),
        (None, Some(why)) => Some((now, why.to_string())),
    };
    known.memory.astray = match trouble {
        Some(Trouble::Astray(_)) => known.memory.astray.saturating_add(1),
        // A dark picture neither shows the slots nor that the camera was moved.
        Some(Trouble::Mute(_) | Trouble::Again) => known.memory.astray,
        None => 0,
    };
}

/// The slots that are drawn and there.
pub fn slots_of(regions: &CameraRegions, slot: impl Fn(SlotId) -> Option<Slot>) -> Vec<Slot> {
    regions.regions.iter().filter_map(|region| slot(region.slot_id)).collect()
}
