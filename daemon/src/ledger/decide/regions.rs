//! Decisions about where a camera sees which slot. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_api::cameras::Camera;
use parking_api::events::EventChange;
use parking_api::regions::{
    CALIBRATION_PICTURES, CORNERS_MAX, CORNERS_MIN, Calibrating, CameraRegions, NewRegion, REGIONS_MAX, Region,
    RegionsMode, SetRegions,
};
use parking_api::slots::{Slot, SlotState, Source};
use parking_api::{CameraId, Problem, ProblemCode, SlotId, SlotRef, Time};

use super::super::command::{Change, Context, Refusal, Reply};
use super::super::state::LotState;
use super::{cameras, slots};

/// Smallest area of a region, as a part of the picture: less is a line drawn by mistake.
const AREA_MIN: f64 = 1e-5;

pub(super) fn set(
    state: &LotState,
    camera: &CameraId,
    set: &SetRegions,
    context: &Context<'_>,
) -> Result<Change, Refusal> {
    let found = cameras::found(state, camera)?;
    if set.regions.len() > REGIONS_MAX {
        return Err(refusal(format!("a camera may have {REGIONS_MAX} regions, not {}", set.regions.len())));
    }
    let regions = set.regions.iter().map(|new| region(state, new)).collect::<Result<Vec<_>, _>>()?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = regions.iter().find(|region| !seen.insert(region.slot_id)) {
        return Err(refusal(format!("slot {} has two regions in the picture of camera {camera}", twice.slot)));
    }
    let regions = CameraRegions { camera: camera.clone(), mode: set.mode, regions, rev: context.seq };
    let mut changes = vec![EventChange::CameraRegions { regions: regions.clone() }];
    if found.moved_since.is_some() {
        // Whoever draws has looked at what the camera sees now.
        let camera = Camera { moved_since: None, rev: context.seq + 1, ..found.clone() };
        changes.push(EventChange::CameraMoved { camera });
    }
    let is_watched = set.mode != RegionsMode::Off;
    let seq = context.seq + changes.len() as u64;
    changes.extend(unseen(state, camera, &if is_watched { seen } else { BTreeSet::new() }, seq, context.now));
    Ok(Change { changes, reply: Reply::Regions(regions) })
}

/// Slots that a camera set, does not see any more (`seen` are those that it does), and that no other sees: they are stale, for nobody will
/// say when they change. The first change is number `seq`.
pub(super) fn unseen(
    state: &LotState,
    camera: &CameraId,
    seen: &BTreeSet<SlotId>,
    seq: u64,
    now: Time,
) -> Vec<EventChange> {
    let is_watched = |drawn: &&CameraRegions| drawn.mode != RegionsMode::Off;
    let Some(before) = state.regions_of(camera).filter(is_watched) else { return Vec::new() };
    let others = state.regions().filter(|other| other.camera != *camera).filter(is_watched);
    let others: BTreeSet<SlotId> = others.flat_map(|other| &other.regions).map(|region| region.slot_id).collect();
    let gone = before.regions.iter().map(|region| region.slot_id);
    let gone = gone.filter(|slot| !seen.contains(slot) && !others.contains(slot));
    let is_fresh = |slot: &&Arc<Slot>| {
        let has_said = slot.source == Source::Camera && matches!(slot.state, SlotState::Free | SlotState::Occupied);
        has_said && slot.stale_since.is_none()
    };
    let slots = gone.filter_map(|slot| state.slot(&SlotRef::Id(slot))).filter(is_fresh);
    let stale = |(slot, rev): (&Arc<Slot>, u64)| EventChange::SlotChanged {
        slot: Slot { stale_since: Some(now), rev, ..Slot::clone(slot) },
        session: None,
    };
    slots.zip(seq..).map(stale).collect()
}

/// All regions of a slot go with it. The first change is number `seq`.
pub(super) fn without(state: &LotState, slot: SlotId, seq: u64) -> Vec<EventChange> {
    let of_slot = |region: &Region| region.slot_id == slot;
    let seen_by = state.regions().filter(|drawn| drawn.regions.iter().any(of_slot));
    let less = |(drawn, rev): (&CameraRegions, u64)| {
        let mut regions = CameraRegions { rev, ..drawn.clone() };
        regions.regions.retain(|region| !of_slot(region));
        EventChange::CameraRegions { regions }
    };
    seen_by.zip(seq..).map(less).collect()
}

/// Sets slots free that a camera sees. It learns from their next pictures what they look like then.
pub(super) fn calibrate(
    state: &LotState,
    camera: &CameraId,
    free: &[SlotRef],
    context: &mut Context<'_>,
) -> Result<Change, Refusal> {
    cameras::found(state, camera)?;
    let bad = |detail: String| Problem::new(ProblemCode::InvalidField, detail).field("free");
    let drawn = state.regions_of(camera).map_or(&[][..], |drawn| &drawn.regions);
    if free.is_empty() || free.len() > REGIONS_MAX {
        return Err(bad(format!("name 1 to {REGIONS_MAX} slots that are free, not {}", free.len())));
    }
    let (mut codes, mut skipped) = (Vec::with_capacity(free.len()), Vec::new());
    let mut changes = Vec::with_capacity(free.len());
    for slot in free {
        let slot = slots::found(state, slot).map_err(|problem| problem.field("free"))?;
        if !drawn.iter().any(|region| region.slot_id == slot.id) {
            return Err(bad(format!("camera {camera} has no region for slot {}: draw one first", slot.code)));
        }
        if codes.contains(&slot.code) || skipped.contains(&slot.code) {
            return Err(bad(format!("slot {} is named twice", slot.code)));
        }
        if matches!(slot.state, SlotState::Reserved | SlotState::Closed) {
            skipped.push(slot.code.clone());
            continue;
        }
        codes.push(slot.code.clone());
        changes.push(slots::freed(state, &slot, context.seq + changes.len() as u64, context));
    }
    if codes.is_empty() {
        let detail = "all of these slots are reserved or closed: only one that is free can be shown as free";
        return Err(Problem::new(ProblemCode::ToggleRefused, detail).field("free"));
    }
    let reply = Reply::Calibrating(Calibrating { slots: codes, skipped, pictures: CALIBRATION_PICTURES });
    Ok(Change { changes, reply })
}

fn region(state: &LotState, new: &NewRegion) -> Result<Region, Refusal> {
    let Some(slot) = state.slot(&new.slot) else {
        let detail = format!("there is no slot {} in lot {}", new.slot, state.lot().id);
        return Err(Problem::new(ProblemCode::SlotNotFound, detail).field("regions"));
    };
    let corners = new.polygon.len();
    if !(CORNERS_MIN..=CORNERS_MAX).contains(&corners) {
        let detail =
            format!("the region of {} must have {CORNERS_MIN} to {CORNERS_MAX} corners, not {corners}", slot.code);
        return Err(refusal(detail));
    }
    if !new.polygon.iter().flatten().all(|fraction| (0.0..=1.0).contains(fraction)) {
        let detail = format!("the corners of {} must be fractions of the picture, from 0 to 1", slot.code);
        return Err(refusal(detail));
    }
    if area(&new.polygon) < AREA_MIN {
        return Err(refusal(format!("the region of {} has no area", slot.code)));
    }
    Ok(Region { slot_id: slot.id, slot: slot.code.clone(), polygon: new.polygon.clone() })
}

/// By the sum over its sides (Gauss).
fn area(polygon: &[[f64; 2]]) -> f64 {
    let sides = polygon.iter().zip(polygon.iter().cycle().skip(1));
    sides.map(|([x1, y1], [x2, y2])| x1 * y2 - x2 * y1).sum::<f64>().abs() / 2.0
}

fn refusal(detail: String) -> Refusal {
    Problem::new(ProblemCode::InvalidField, detail).field("regions")
}
