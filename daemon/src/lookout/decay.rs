//! Carries out what silence comes to: slots become stale, then unknown, and suggestions of silent cameras go.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_api::events::Actor;
use parking_api::regions::RegionsMode;
use parking_api::slots::{SetSlot, Slot, SlotState, Source};
use parking_api::{CameraId, SlotId, SlotRef, Time};
use tokio::sync::OwnedMutexGuard;

use super::fresh::{Due, View, due};
use super::memory::Known;
use super::{Key, Lookout};
use crate::cameras::pace_s;
use crate::ledger::{Command, LotHandle, LotState, SlotNote};

/// Slots that may decay, and the cameras that see them.
#[derive(Default)]
struct Watched {
    /// With how often they send, in seconds.
    cameras: Vec<(CameraId, u32)>,
    /// With the places of their cameras in that list.
    slots: Vec<(Arc<Slot>, Vec<usize>)>,
}

impl Lookout {
    /// Looks for slots whose cameras say nothing. Nobody could be heard before `heard_from`.
    pub(super) async fn decay(&self, heard_from: Time) {
        for lot in self.ledger.lots() {
            match self.all_due(&lot, heard_from).await {
                Ok(all) => carry_out(&lot, all).await,
                Err(error) => tracing::warn!(lot = %lot.id(), error, "what cameras last said is not known"),
            }
        }
        self.forget().await;
    }

    async fn all_due(&self, lot: &LotHandle, heard_from: Time) -> Result<Vec<(Arc<Slot>, Due)>, String> {
        let mut watched = lot.read(Watched::of);
        if watched.slots.is_empty() {
            return Ok(Vec::new());
        }
        let mut known = Vec::with_capacity(watched.cameras.len());
        for (camera, every_s) in &mut watched.cameras {
            *every_s = pace_s(*every_s, self.captures.contacts().get(lot.id(), camera).as_ref());
            known.push(self.known(&(lot.id().clone(), camera.clone())).await?.lock_owned().await);
        }
        let now = self.clock.now();
        let mut all = watched.due(&known, heard_from, now);
        if !all.is_empty() && self.ledger.store().is_shared() {
            // Another daemon may have heard of them.
            for ((camera, _), known) in watched.cameras.iter().zip(&mut known) {
                self.catch_up(&(lot.id().clone(), camera.clone()), known).await?;
            }
            all = watched.due(&known, heard_from, now);
        }
        Ok(all)
    }

    /// Drops what was known of cameras that are gone.
    async fn forget(&self) {
        let is_there = |(lot, camera): &Key| {
            self.ledger.lot(lot).is_some_and(|lot| lot.read(|state| state.regions_of(camera).is_some()))
        };
        self.known.lock().await.retain(|key, _| is_there(key));
    }
}

impl Watched {
    fn of(state: &LotState) -> Self {
        let mut watched = Self::default();
        let mut seen_by: BTreeMap<SlotId, Vec<usize>> = BTreeMap::new();
        for regions in state.regions().filter(|regions| regions.mode != RegionsMode::Off) {
            let Some(camera) = state.camera(&regions.camera) else { continue };
            for region in &regions.regions {
                seen_by.entry(region.slot_id).or_default().push(watched.cameras.len());
            }
            watched.cameras.push((camera.id.clone(), camera.interval_s));
        }
        let is_said = |slot: &Slot| matches!(slot.state, SlotState::Free | SlotState::Occupied);
        let may_decay =
            |slot: &&Arc<Slot>| slot.suggested.is_some() || (seen_by.contains_key(&slot.id) && is_said(slot));
        let slots = state.slots().filter(may_decay);
        watched.slots =
            slots.map(|slot| (Arc::clone(slot), seen_by.get(&slot.id).cloned().unwrap_or_default())).collect();
        watched
    }

    fn due(&self, known: &[OwnedMutexGuard<Known>], heard_from: Time, now: Time) -> Vec<(Arc<Slot>, Due)> {
        let due = |(slot, seen_by): &(Arc<Slot>, Vec<usize>)| {
            let view = |at: &usize| {
                let memory = known[*at].memory.slots.get(&slot.id);
                let scored = memory.and_then(|memory| memory.seen.as_ref()).filter(|seen| seen.score.is_some());
                View {
                    heard: memory.and_then(|memory| memory.heard),
                    seen: scored.map(|seen| seen.at),
                    confirmed: memory.and_then(|memory| memory.confirmed),
                    interval_s: self.cameras[*at].1,
                }
            };
            let views: Vec<View> = seen_by.iter().map(view).collect();
            Some((Arc::clone(slot), due(slot, &views, heard_from, now)?))
        };
        self.slots.iter().filter_map(due).collect()
    }
}

async fn carry_out(lot: &LotHandle, all: Vec<(Arc<Slot>, Due)>) {
    for (seen, due) in all {
        let (slot, rev) = (SlotRef::Id(seen.id), seen.rev);
        let command = match due {
            Due::Stale(is_stale) => Command::NoteSlot { slot, rev, note: SlotNote::Stale(is_stale) },
            Due::Unsuggest => Command::NoteSlot { slot, rev, note: SlotNote::Suggested(None) },
            Due::Lost => {
                let set = SetSlot { source: Some(Source::Camera), ..SetSlot::to(SlotState::Unknown) };
                Command::SetSlot { slot, set }.only_at(Some(rev))
            }
        };
        // Whoever changed the slot meanwhile knows better.
        if let Err(error) = lot.submit(command, Actor::system("lookout"), None).await {
            tracing::debug!(slot = %seen.code, %error, "what silence came to was not noted");
        }
    }
}
