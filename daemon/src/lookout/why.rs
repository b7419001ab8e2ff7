//! Why a slot is in its state, by every camera that sees it; and calibration, by which a person shows a camera empty slots.

use std::collections::BTreeSet;
use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{ExtendedColorType, ImageEncoder};
use parking_api::regions::{CALIBRATION_PICTURES, CameraRegions, RegionsMode, SlotView, Trust, Why};
use parking_api::slots::{Slot, SlotState};
use parking_api::{CameraId, SlotId, paths};

use super::memory::{Known, patch};
use super::{Lookout, rule};
use crate::ledger::LotHandle;
use crate::occupancy::crop::PATCH;
use crate::occupancy::mode::Mode;

impl Lookout {
    /// Why a slot is in its state.
    ///
    /// # Errors
    /// When the database cannot say what is remembered.
    pub async fn why(&self, lot: &LotHandle, slot: &Slot) -> Result<Why, String> {
        let seen_by: Vec<CameraRegions> = lot.read(|state| {
            let sees = |regions: &&CameraRegions| regions.regions.iter().any(|region| region.slot_id == slot.id);
            state.regions().filter(sees).cloned().collect()
        });
        let mut views = Vec::new();
        for regions in seen_by {
            let key = (lot.id().clone(), regions.camera.clone());
            let known = self.known(&key).await?;
            let mut view = view(&*known.lock().await, &regions, slot.id);
            if let Some(capture) = view.capture {
                let capture = self.ledger.store().capture(lot.id(), capture).await.map_err(|e| e.to_string())?;
                view.capture_url = capture.map(|capture| paths::image(&capture.key));
            }
            views.push(view);
        }
        Ok(Why {
            slot_id: slot.id,
            slot: slot.code.clone(),
            state: slot.state,
            source: slot.source,
            changed_at: slot.changed_at,
            held_until: rule::held_until(slot).filter(|until| *until > self.clock.now()),
            views,
        })
    }

    /// The slots of a lot that its cameras set by themselves.
    ///
    /// # Errors
    /// When the database cannot say what is remembered.
    pub async fn automatic(&self, lot: &LotHandle) -> Result<BTreeSet<SlotId>, String> {
        let drawn: Vec<CameraRegions> = lot.read(|state| state.regions().cloned().collect());
        let mut slots = BTreeSet::new();
        for regions in drawn.into_iter().filter(|drawn| drawn.mode == RegionsMode::Auto) {
            let known = self.known(&(lot.id().clone(), regions.camera.clone())).await?;
            let known = known.lock().await;
            let seen = regions.regions.iter().map(|region| region.slot_id);
            slots.extend(seen.filter(|slot| known.trust(*slot).mode == Mode::Automatic));
        }
        Ok(slots)
    }

    /// Lets a camera learn from the next pictures of slots that a person has just said are free.
    ///
    /// # Errors
    /// When the database cannot say what is remembered.
    pub async fn calibrate(&self, lot: &LotHandle, camera: &CameraId, slots: &[SlotId]) -> Result<(), String> {
        let key = (lot.id().clone(), camera.clone());
        let known = self.known(&key).await?;
        let mut known = known.lock().await;
        for slot in slots {
            known.memory.slots.entry(*slot).or_default().awaiting = CALIBRATION_PICTURES;
        }
        known.is_dirty = true;
        Ok(())
    }
}

fn view(known: &Known, regions: &CameraRegions, slot: SlotId) -> SlotView {
    let trust = known.trust(slot);
    let memory = known.memory.slots.get(&slot);
    let seen = memory.and_then(|memory| memory.seen.as_ref());
    let outcome = match (&known.memory.trouble, memory.and_then(|memory| memory.outcome)) {
        (Some((_, trouble)), _) => trouble.clone(),
        (None, Some(outcome)) => outcome.to_string(),
        (None, None) => "no picture was looked at yet".into(),
    };
    let opinion = memory.and_then(|memory| memory.settled.is_occupied);
    SlotView {
        camera: regions.camera.clone(),
        mode: regions.mode,
        trust: match trust.mode {
            Mode::Manual => Trust::Manual,
            Mode::Suggesting => Trust::Suggesting,
            Mode::Automatic => Trust::Automatic,
            Mode::NotObservable => Trust::NotObservable,
        },
        trust_reason: trust.reason(),
        seen_at: seen.map(|seen| seen.at),
        capture: seen.map(|seen| seen.capture),
        capture_url: None,
        crop: seen.map(|seen| seen.crop),
        score: seen.and_then(|seen| seen.score),
        parts: seen.and_then(|seen| seen.parts),
        opinion: opinion.map(|is_occupied| if is_occupied { SlotState::Occupied } else { SlotState::Free }),
        outcome,
        reference: reference(known, slot),
    }
}

/// The newest picture of the empty slot, small.
fn reference(known: &Known, slot: SlotId) -> Option<String> {
    let label = known.labels.iter().rev().find(|label| label.slot == slot && !label.is_occupied)?;
    let mut png = Cursor::new(Vec::new());
    let side = PATCH as u32;
    let encoder = image::codecs::png::PngEncoder::new(&mut png);
    encoder.write_image(&patch(label)?.0, side, side, ExtendedColorType::L8).ok()?;
    Some(format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner())))
}
