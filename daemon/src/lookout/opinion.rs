//! What comes of a judged picture, slot by slot: which slots are to be set, and what is to be suggested where a camera may not.

use parking_api::cameras::CameraStatus;
use parking_api::regions::{CameraRegions, RegionsMode, Sighting};
use parking_api::sessions::UNDO_MS;
use parking_api::slots::{Slot, SlotState, Source};
use parking_api::{CameraId, SlotId, SlotRef, Time};

use super::Lookout;
use super::memory::{Known, SlotMemory};
use super::rule::{Opinion, Outcome, outcome};
use crate::cameras::silence;
use crate::ledger::{Command, LotHandle, SlotNote};
use crate::occupancy::mode::Mode;

/// How much a camera's word on a slot counts against another's: first how far it is trusted, then how large it sees the slot.
#[derive(Debug, Clone, PartialEq)]
struct Standing {
    may_decide: bool,
    side: f32,
    camera: CameraId,
}

impl Standing {
    /// Of a camera that may say something of the slot at all.
    fn of(camera: &CameraId, mode: RegionsMode, trust: Mode, side: f32) -> Option<Self> {
        let may_decide = trust == Mode::Automatic && mode == RegionsMode::Auto;
        let may_speak = matches!(trust, Mode::Automatic | Mode::Suggesting) && mode != RegionsMode::Off;
        may_speak.then(|| Self { may_decide, side, camera: camera.clone() })
    }

    fn is_above(&self, other: &Self) -> bool {
        let by_size = self.side.total_cmp(&other.side).then_with(|| other.camera.cmp(&self.camera));
        self.may_decide.cmp(&other.may_decide).then(by_size).is_gt()
    }
}

impl Lookout {
    /// What comes of what a camera has just seen, as commands.
    pub(super) async fn opinions(
        &self,
        lot: &LotHandle,
        regions: &CameraRegions,
        known: &mut Known,
        slots: &[Slot],
    ) -> Result<Vec<Command>, String> {
        let now = self.clock.now();
        let others = self.others(lot, regions, now).await?;
        let mut commands = Vec::new();
        for slot in slots {
            let trust = known.trust(slot.id).mode;
            let Some(memory) = known.memory.slots.get_mut(&slot.id) else { continue };
            let own = Standing::of(&regions.camera, regions.mode, trust, memory.side);
            let is_above = |other: &Standing| own.as_ref().is_none_or(|own| other.is_above(own));
            let is_seen_better = others.iter().any(|(of, other)| *of == slot.id && is_above(other));
            let is_scored = memory.seen.as_ref().is_some_and(|seen| seen.score.is_some());
            let opinion = Opinion {
                is_occupied: memory.settled.is_occupied.filter(|_| is_scored),
                trust,
                mode: regions.mode,
                has_agreed: memory.has_agreed,
                is_seen_better,
                hold_ms: self.hold_ms,
            };
            let came = outcome(slot, &opinion, now);
            memory.outcome = Some(came);
            let may_decide = own.is_some_and(|own| own.may_decide);
            if is_scored && (may_decide || came == Outcome::Agrees) {
                memory.heard = memory.seen.as_ref().map(|seen| seen.at);
            }
            if is_scored && may_decide && memory.has_agreed && came == Outcome::Agrees {
                memory.confirmed = memory.heard;
            }
            match came {
                Outcome::Sets(_) => commands.extend(sighting(slot, &regions.camera, memory, came)),
                _ if is_seen_better => {}
                _ => commands.extend(suggestion(slot, came, now)),
            }
        }
        Ok(commands)
    }

    /// What other cameras that are not silent are worth, slot by slot.
    async fn others(
        &self,
        lot: &LotHandle,
        regions: &CameraRegions,
        now: Time,
    ) -> Result<Vec<(SlotId, Standing)>, String> {
        let is_ours = |slot: SlotId| regions.regions.iter().any(|region| region.slot_id == slot);
        let others: Vec<_> = lot.read(|state| {
            let others =
                state.regions().filter(|other| other.camera != regions.camera && other.mode != RegionsMode::Off);
            let shared = others.filter_map(|other| {
                let slots: Vec<SlotId> =
                    other.regions.iter().map(|region| region.slot_id).filter(|slot| is_ours(*slot)).collect();
                let camera = state.camera(&other.camera).filter(|_| !slots.is_empty())?;
                Some((other.camera.clone(), other.mode, camera.interval_s, slots))
            });
            shared.collect()
        });
        let mut standings = Vec::new();
        for (camera, mode, interval_s, slots) in others {
            let key = (lot.id().clone(), camera);
            let known = self.known(&key).await?;
            let mut known = known.lock().await;
            self.catch_up(&key, &mut known).await?;
            for slot in slots {
                let seen = known.memory.slots.get(&slot).and_then(|memory| Some((memory.side, memory.seen.as_ref()?)));
                let Some((side, seen)) = seen.filter(|(_, seen)| seen.score.is_some()) else { continue };
                if silence(seen.at, interval_s, now) == CameraStatus::Online {
                    let standing = Standing::of(&key.1, mode, known.trust(slot).mode, side);
                    standings.extend(standing.map(|standing| (slot, standing)));
                }
            }
        }
        Ok(standings)
    }
}

fn sighting(slot: &Slot, camera: &CameraId, memory: &SlotMemory, came: Outcome) -> Option<Command> {
    let (Outcome::Sets(state), Some(seen)) = (came, &memory.seen) else { return None };
    let sighting = Sighting {
        slot_id: slot.id,
        slot: slot.code.clone(),
        camera: camera.clone(),
        state,
        score: seen.score?,
        parts: seen.parts?,
        capture: seen.capture,
        crop: seen.crop,
    };
    Some(Command::SeeSlot { sighting: Box::new(sighting), rev: slot.rev })
}

fn suggestion(slot: &Slot, came: Outcome, now: Time) -> Option<Command> {
    // Whoever has just said that a vehicle came may still take it back, which no word in between may hinder.
    let is_just_said =
        slot.state == SlotState::Occupied && slot.source != Source::Camera && now.ms_since(slot.observed_at) <= UNDO_MS;
    let suggested = came.suggested();
    let is_new = suggested != slot.suggested && !is_just_said;
    let note = SlotNote::Suggested(suggested);
    is_new.then_some(Command::NoteSlot { slot: SlotRef::Id(slot.id), rev: slot.rev, note })
}
