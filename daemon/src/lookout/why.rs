//! Why a slot is in its state, by every camera that sees it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{ExtendedColorType, ImageEncoder};
use parking_api::regions::{CameraRegions, CameraView, RegionsMode, SlotView, Trust, ViewOutcome, Why};
use parking_api::slots::{Slot, SlotState};
use parking_api::{CaptureId, SlotId, paths};

use super::memory::Known;
use super::{Lookout, current, rule};
use crate::ledger::LotHandle;
use crate::occupancy::crop::{PATCH, Patch};
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
            let (mut view, shown) = {
                let mut known = known.lock().await;
                self.catch_up(&key, &mut known).await?;
                let mut said = known.labels.get(&slot.id).into_iter().flatten().rev();
                (view(&known, &regions, slot.id), said.find(|label| !label.is_occupied).map(|label| label.id))
            };
            view.capture_url = self.capture_url(lot, view.capture).await?;
            view.reference = self.patches(lot.id(), shown.as_slice()).await?.pop_first().and_then(|(_, it)| small(&it));
            views.push(view);
        }
        Ok(Why {
            slot_id: slot.id,
            slot: slot.code.clone(),
            state: slot.state,
            source: slot.source,
            changed_at: slot.changed_at,
            held_until: rule::held_until(slot, self.hold_ms).filter(|until| *until > self.clock.now()),
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

    /// What a camera makes of each slot that it sees.
    ///
    /// # Errors
    /// When the database cannot say what is remembered.
    pub async fn views(&self, lot: &LotHandle, regions: &CameraRegions) -> Result<Vec<CameraView>, String> {
        let key = (lot.id().clone(), regions.camera.clone());
        let known = self.known(&key).await?;
        let mut known = known.lock().await;
        self.catch_up(&key, &mut known).await?;
        let mut views = Vec::with_capacity(regions.regions.len());
        for slot in current(lot, regions) {
            let view = view(&known, regions, slot.id);
            views.push(CameraView { slot_id: slot.id, slot: slot.code, state: slot.state, view });
        }
        drop(known);
        // One picture shows them all; only what a picture hides keeps an older one.
        let mut urls: BTreeMap<CaptureId, Option<String>> = BTreeMap::new();
        for view in views.iter_mut().map(|view| &mut view.view) {
            let Some(capture) = view.capture else { continue };
            view.capture_url = match urls.entry(capture) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(new) => new.insert(self.capture_url(lot, Some(capture)).await?).clone(),
            };
        }
        Ok(views)
    }

    async fn capture_url(&self, lot: &LotHandle, capture: Option<CaptureId>) -> Result<Option<String>, String> {
        let Some(capture) = capture else { return Ok(None) };
        let found = self.ledger.store().capture(lot.id(), capture).await.map_err(|e| e.to_string())?;
        Ok(found.map(|capture| paths::image(&capture.key)))
    }
}

fn view(known: &Known, regions: &CameraRegions, slot: SlotId) -> SlotView {
    let trust = known.trust(slot);
    let memory = known.memory.slots.get(&slot);
    let seen = memory.and_then(|memory| memory.seen.as_ref());
    let (outcome_kind, outcome) = match (&known.memory.trouble, memory.and_then(|memory| memory.outcome)) {
        (Some((_, trouble)), _) => (ViewOutcome::Mute, trouble.clone()),
        (None, Some(outcome)) => (outcome.kind(), outcome.to_string()),
        (None, None) => (ViewOutcome::Unseen, "no picture was looked at yet".into()),
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
        outcome_kind,
        outcome,
        reference: None,
    }
}

/// A picture of a slot, to be shown as it is.
fn small(patch: &Patch) -> Option<String> {
    let mut png = Cursor::new(Vec::new());
    let side = PATCH as u32;
    let encoder = image::codecs::png::PngEncoder::new(&mut png);
    encoder.write_image(&patch.0, side, side, ExtendedColorType::L8).ok()?;
    Some(format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner())))
}
