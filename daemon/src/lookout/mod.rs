//! Looks at the newest picture of every camera that has regions, and sets the slots that it may set; a slot whose camera says nothing any
//! more becomes unknown. Ties [`crate::occupancy`], which judges, to the ledger and the pictures; decides nothing but by [`rule`].

mod judge;
mod memory;
mod rule;
mod why;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_api::cameras::{CameraStatus, OFFLINE_INTERVALS};
use parking_api::captures::Capture;
use parking_api::events::Actor;
use parking_api::regions::{CameraRegions, RegionsMode, Sighting};
use parking_api::slots::{SetSlot, Slot, SlotState, Source};
use parking_api::{CameraId, LotId, SlotId, SlotRef, Time};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::captures::Captures;
use crate::clock::Clock;
use crate::ledger::{Command, Ledger, LotHandle};
use crate::occupancy::mode::Mode;
use crate::occupancy::model::Model;
use memory::Known;
use rule::{Opinion, Outcome, outcome};

/// How often what cameras remember is written, and slots are looked for whose camera says nothing.
const TICK: Duration = Duration::from_secs(2);
const TICKS_PER_WRITE: u32 = 15;

/// A camera of a lot.
type Key = (LotId, CameraId);

/// What all cameras know. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Lookout {
    ledger: Ledger,
    captures: Captures,
    clock: Arc<dyn Clock>,
    model: Arc<Model>,
    /// Each is held while its camera's picture is judged, so that nobody works on another's copy.
    known: Arc<Mutex<BTreeMap<Key, Arc<Mutex<Known>>>>>,
}

impl Lookout {
    pub fn new(ledger: Ledger, captures: Captures, clock: Arc<dyn Clock>) -> Self {
        Self { ledger, captures, clock, model: Arc::new(Model::shipped()), known: Arc::default() }
    }

    /// Looks at pictures until `stop`, and writes then what is remembered.
    pub async fn watch(self, stop: CancellationToken) {
        let newest = self.captures.newest().clone();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut ticks = 0u32;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                (lot, camera, capture) = newest.take() => {
                    if let Err(error) = self.look(&lot, &camera, &capture).await {
                        tracing::warn!(%lot, %camera, capture = %capture.id, error, "a picture was not looked at");
                    }
                }
                _ = tick.tick() => {
                    self.give_up().await;
                    ticks += 1;
                    if ticks.is_multiple_of(TICKS_PER_WRITE) {
                        self.write().await;
                    }
                }
            }
        }
        self.write().await;
    }

    /// Looks at one picture.
    async fn look(&self, lot: &LotId, camera: &CameraId, capture: &Capture) -> Result<(), String> {
        let Some(lot) = self.ledger.lot(lot) else { return Ok(()) };
        let Some(regions) = lot.read(|state| state.regions_of(camera).cloned()) else { return Ok(()) };
        if regions.mode == RegionsMode::Off || regions.regions.is_empty() {
            return Ok(());
        }
        let (bytes, _) = self.captures.picture(capture, None).await.map_err(|e| e.to_string())?;
        let key = (lot.id().clone(), camera.clone());
        let mut known = self.known(&key).await?.lock_owned().await;
        let slots = current(&lot, &regions);
        known.fit(&regions, |id| slots.iter().find(|slot| slot.id == id).cloned());
        let (model, drawn, picture) = (Arc::clone(&self.model), regions.clone(), capture.clone());
        let judging = tokio::task::spawn_blocking(move || {
            let judged = judge::judge(&mut known, &model, &drawn, &slots, &picture, &bytes);
            judge::note(&mut known, judged.as_ref().err(), picture.received_at);
            (known, slots, judged)
        });
        let (mut known, slots, judged) = judging.await.map_err(|e| e.to_string())?;
        let done = match judged {
            Ok(labels) => self.keep(&key, &mut known, labels).await,
            Err(trouble) => {
                tracing::info!(%camera, capture = %capture.id, trouble, "a picture says nothing");
                return Ok(());
            }
        };
        let sightings = self.decide(&key, &mut known, &regions, &slots).await;
        drop(known);
        for (sighting, rev) in sightings {
            let command = Command::SeeSlot { sighting: Box::new(sighting), rev };
            // Whoever changed the slot meanwhile knows better.
            if let Err(error) = lot.submit(command, Actor::camera(camera.to_string()), None).await {
                tracing::debug!(%camera, %error, "a slot was not set");
            }
        }
        done
    }

    async fn keep(&self, key: &Key, known: &mut Known, labels: Vec<crate::store::Label>) -> Result<(), String> {
        for label in labels {
            let outdated = known.keep(label.clone());
            self.ledger.store().put_label(&key.0, &key.1, &label, &outdated).await.map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// What comes of what was seen, slot by slot: which are to be set, and the `rev` that each was judged at.
    async fn decide(
        &self,
        key: &Key,
        known: &mut Known,
        regions: &CameraRegions,
        slots: &[Slot],
    ) -> Vec<(Sighting, u64)> {
        let others = self.others(key).await;
        let now = self.clock.now();
        let mut sightings = Vec::new();
        for slot in slots {
            let trust = known.trust(slot.id).mode;
            let Some(memory) = known.memory.slots.get_mut(&slot.id) else { continue };
            let opinion = Opinion {
                is_occupied: memory
                    .settled
                    .is_occupied
                    .filter(|_| memory.seen.as_ref().is_some_and(|s| s.score.is_some())),
                trust,
                mode: regions.mode,
                has_agreed: memory.has_agreed,
                is_seen_better: others.iter().any(|(seen, side)| *seen == slot.id && *side > memory.side),
            };
            let came = outcome(slot, &opinion, now);
            memory.outcome = Some(came);
            let seen = memory.seen.as_ref().and_then(|seen| Some((seen, seen.score?, seen.parts?)));
            if let (Outcome::Sets(state), Some((seen, score, parts))) = (came, seen) {
                let (capture, crop) = (seen.capture, seen.crop);
                let sighting = Sighting {
                    slot_id: slot.id,
                    slot: slot.code.clone(),
                    camera: key.1.clone(),
                    state,
                    score,
                    parts,
                    capture,
                    crop,
                };
                sightings.push((sighting, slot.rev));
            }
        }
        sightings
    }

    /// Makes slots unknown that a camera set which says nothing any more: it is offline, hangs, was moved, or sees nothing.
    async fn give_up(&self) {
        let now = self.clock.now();
        for lot in self.ledger.lots() {
            let troubles = self.troubles(lot.id()).await;
            let unseen = lot.read(|state| {
                let is_silent = |regions: &&CameraRegions| {
                    state.camera(&regions.camera).is_none_or(|camera| {
                        let trouble = troubles.get(&camera.id);
                        camera.status == CameraStatus::Offline
                            || trouble.is_some_and(|since| is_over(*since, camera.interval_s, now))
                    })
                };
                let drawn = state.regions().filter(|regions| regions.mode == RegionsMode::Auto);
                let (silent, others): (Vec<_>, Vec<_>) = drawn.partition(is_silent);
                let slots = |of: &[&CameraRegions]| -> BTreeSet<SlotId> {
                    of.iter().flat_map(|regions| &regions.regions).map(|region| region.slot_id).collect()
                };
                let (silent, others) = (slots(&silent), slots(&others));
                silent.difference(&others).copied().collect::<Vec<_>>()
            });
            for slot in unseen {
                forget(&lot, slot).await;
            }
        }
    }

    /// What a camera knows, from the database at first.
    async fn known(&self, key: &Key) -> Result<Arc<Mutex<Known>>, String> {
        let mut all = self.known.lock().await;
        if let Some(known) = all.get(key) {
            return Ok(Arc::clone(known));
        }
        let store = self.ledger.store();
        let body = store.memory(&key.0, &key.1).await.map_err(|e| e.to_string())?;
        let labels = store.labels(&key.0, &key.1).await.map_err(|e| e.to_string())?;
        let known = Arc::new(Mutex::new(Known::resumed(body.as_deref(), labels)));
        all.insert(key.clone(), Arc::clone(&known));
        Ok(known)
    }

    /// Slots that other cameras of the same lot may decide on and see well, with the side of their squares.
    async fn others(&self, key: &Key) -> Vec<(SlotId, f32)> {
        let all = self.known.lock().await;
        let mut seen = Vec::new();
        for (_, known) in all.iter().filter(|(other, _)| other.0 == key.0 && other.1 != key.1) {
            // One that is being worked on is not waited for: it will say the same with its next picture.
            let Ok(known) = known.try_lock() else { continue };
            if known.memory.trouble.is_none() {
                let sides = known.memory.slots.iter().map(|(slot, memory)| (*slot, memory.side));
                seen.extend(sides.filter(|(slot, _)| known.trust(*slot).mode == Mode::Automatic));
            }
        }
        seen
    }

    /// Since when the pictures of cameras say nothing.
    async fn troubles(&self, lot: &LotId) -> BTreeMap<CameraId, Time> {
        let all = self.known.lock().await;
        let of_lot = all.iter().filter(|((of, _), _)| of == lot);
        let trouble = |known: &Arc<Mutex<Known>>| Some(known.try_lock().ok()?.memory.trouble.as_ref()?.0);
        of_lot.filter_map(|((_, camera), known)| Some((camera.clone(), trouble(known)?))).collect()
    }

    async fn write(&self) {
        let all: Vec<_> = self.known.lock().await.iter().map(|(key, known)| (key.clone(), Arc::clone(known))).collect();
        for ((lot, camera), known) in all {
            let mut known = known.lock().await;
            let Some(body) = known.is_dirty.then(|| known.body()).flatten() else { continue };
            match self.ledger.store().put_memory(&lot, &camera, &body).await {
                Ok(()) => known.is_dirty = false,
                Err(error) => tracing::warn!(%camera, %error, "cannot write what a camera remembers"),
            }
        }
    }
}

fn is_over(since: Time, interval_s: u32, now: Time) -> bool {
    now.ms_since(since) > i64::from(interval_s) * 1000 * i64::from(OFFLINE_INTERVALS)
}

fn current(lot: &LotHandle, regions: &CameraRegions) -> Vec<Slot> {
    lot.read(|state| judge::slots_of(regions, |id| state.slot(&SlotRef::Id(id)).map(|slot| Slot::clone(slot))))
}

/// A slot that a camera set is unknown, once nobody sees it.
async fn forget(lot: &LotHandle, slot: SlotId) {
    let found = lot.read(|state| state.slot(&SlotRef::Id(slot)).map(|slot| (slot.state, slot.source, slot.rev)));
    let Some((SlotState::Free | SlotState::Occupied, Source::Camera, rev)) = found else { return };
    let set = SetSlot { source: Some(Source::Camera), ..SetSlot::to(SlotState::Unknown) };
    let command = Command::SetSlot { slot: SlotRef::Id(slot), set, if_match: Some(rev) };
    if let Err(error) = lot.submit(command, Actor::system("lookout"), None).await {
        tracing::debug!(%slot, %error, "a slot that nobody sees was not made unknown");
    }
}
