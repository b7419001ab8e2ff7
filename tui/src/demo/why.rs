//! Why a slot of the demo lot is in its state: what its camera sees there, made up like the rest of it.

use parking_api::SlotId;
use parking_api::regions::{RegionsMode, ScoreParts, SlotView, Trust, ViewOutcome, Why};
use parking_api::slots::{Slot, SlotState};

use super::lot::DemoLot;
use super::scene;
use crate::sights::{self, Explained, Looks};

/// None where there is no such slot.
pub fn explain(lot: &DemoLot, id: SlotId) -> Option<Explained> {
    let snapshot = lot.snapshot();
    let half = snapshot.slots.len() / snapshot.cameras.len().max(1);
    let at = snapshot.slots.iter().position(|slot| slot.id == id)?;
    let (slot, camera) = (&snapshot.slots[at], snapshot.cameras.get(at / half)?);
    let states: Vec<SlotState> =
        snapshot.slots.iter().skip(at / half * half).take(half).map(|slot| slot.state).collect();
    let crop = scene::crop(states.len(), at % half);
    let seen = |states: &[SlotState]| sights::cut(&scene::draw(states), crop);
    let looks = Looks { now: seen(&states), empty: seen(&vec![SlotState::Free; states.len()]) };
    let contact = camera.contact.as_ref();
    let view = SlotView {
        camera: camera.id.clone(),
        mode: RegionsMode::Auto,
        trust: Trust::Automatic,
        trust_reason: "agreed with 12 of 12 statements by people".into(),
        seen_at: contact.map(|contact| contact.seen_at),
        capture: contact.and_then(|contact| contact.capture_id),
        capture_url: None,
        crop: Some(crop),
        score: Some(if is_taken(slot) { 0.97 } else { 0.03 }),
        parts: Some(parts(slot)),
        opinion: Some(if is_taken(slot) { SlotState::Occupied } else { SlotState::Free }),
        outcome: "the camera sees it so".into(),
        outcome_kind: ViewOutcome::Agrees,
        reference: None,
    };
    let Slot { id: slot_id, code, state, source, changed_at, .. } = slot.clone();
    let why = Why { slot_id, slot: code, state, source, changed_at, held_until: None, views: vec![view] };
    Some(Explained { why, looks: vec![looks] })
}

fn is_taken(slot: &Slot) -> bool {
    slot.state == SlotState::Occupied
}

fn parts(slot: &Slot) -> ScoreParts {
    match is_taken(slot) {
        true => ScoreParts { edges: 0.27, edges_over_empty: 0.21, structure: 0.6, brightness: 0.55 },
        false => ScoreParts { edges: 0.07, edges_over_empty: 0.01, structure: 0.08, brightness: 0.04 },
    }
}
