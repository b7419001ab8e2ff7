//! Decisions about where a camera sees which slot. Pure.

use std::collections::BTreeSet;

use parking_api::events::EventChange;
use parking_api::regions::{CORNERS_MAX, CORNERS_MIN, CameraRegions, NewRegion, REGIONS_MAX, Region, SetRegions};
use parking_api::{CameraId, Problem, ProblemCode};

use super::super::command::{Change, Context, Refusal, Reply};
use super::super::state::LotState;
use super::cameras;

/// Smallest area of a region, as a part of the picture: less is a line drawn by mistake.
const AREA_MIN: f64 = 1e-5;

pub(super) fn set(
    state: &LotState,
    camera: &CameraId,
    set: &SetRegions,
    context: &Context<'_>,
) -> Result<Change, Refusal> {
    cameras::found(state, camera)?;
    if set.regions.len() > REGIONS_MAX {
        return Err(refusal(format!("a camera may have {REGIONS_MAX} regions, not {}", set.regions.len())));
    }
    let regions = set.regions.iter().map(|new| region(state, new)).collect::<Result<Vec<_>, _>>()?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = regions.iter().find(|region| !seen.insert(region.slot_id)) {
        return Err(refusal(format!("slot {} has two regions in the picture of camera {camera}", twice.slot)));
    }
    let regions = CameraRegions { camera: camera.clone(), mode: set.mode, regions, rev: context.seq };
    Ok(Change {
        changes: vec![EventChange::CameraRegions { regions: regions.clone() }],
        reply: Reply::Regions(regions),
    })
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
