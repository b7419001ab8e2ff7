//! JSON bodies of changes: each line is one, carried out in a lot that keeps what the ones before left.

use parkd::auth::secret::{Grant, record};
use parkd::ledger::Command;
use parking_api::cameras::{CameraPatch, NewCamera};
use parking_api::lots::LotPatch;
use parking_api::sessions::GateEntry;
use parking_api::slots::{NewSlot, SetSlot, SlotPatch};
use parking_api::tokens::Role;
use parking_api::{CameraId, LotId, SlotRef, Time};
use serde::Deserialize;

use super::world::World;

/// Most changes of one input.
const LINES_MAX: usize = 64;

/// What a line may ask for, by the names of the commands.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    PatchLot(LotPatch),
    CreateSlot(NewSlot),
    SetSlot(SlotRef, SetSlot, Option<u64>),
    ToggleSlot(SlotRef, Option<u64>),
    PatchSlot(SlotRef, SlotPatch, Option<u64>),
    DeleteSlot(SlotRef),
    ImportSlots(Vec<NewSlot>),
    EnterGate(GateEntry),
    ExitGate(GateEntry),
    CreateCamera(NewCamera),
    PatchCamera(CameraId, CameraPatch),
    DeleteCamera(CameraId),
}

/// Every change is refused with a reason or logged, and what is logged tells the whole lot again.
pub fn run(data: &[u8]) {
    let mut world = World::new();
    for line in data.split(|byte| *byte == b'\n').take(LINES_MAX) {
        if let Ok(line) = serde_json::from_slice::<Line>(line) {
            world.run(&command(line));
        }
    }
    world.check();
}

fn command(line: Line) -> Command {
    match line {
        Line::PatchLot(patch) => Command::PatchLot(patch),
        Line::CreateSlot(slot) => Command::CreateSlot(slot),
        Line::SetSlot(slot, set, if_match) => Command::SetSlot { slot, set }.only_at(if_match),
        Line::ToggleSlot(slot, if_match) => Command::ToggleSlot { slot }.only_at(if_match),
        Line::PatchSlot(slot, patch, if_match) => Command::PatchSlot { slot, patch }.only_at(if_match),
        Line::DeleteSlot(slot) => Command::DeleteSlot { slot },
        Line::ImportSlots(rows) => Command::ImportSlots { rows, dry_run: false },
        Line::EnterGate(entry) => Command::EnterGate(entry),
        Line::ExitGate(exit) => Command::ExitGate(exit),
        Line::CreateCamera(camera) => {
            let grant = Grant {
                name: camera.id.to_string(),
                role: Role::Camera,
                lot: LotId::default(),
                camera: Some(camera.id.clone()),
                expires_at: None,
            };
            Command::CreateCamera { camera, token: Box::new(record(grant, "secret", Time::from_ms(0))) }
        }
        Line::PatchCamera(camera, patch) => Command::PatchCamera { camera, patch },
        Line::DeleteCamera(camera) => Command::DeleteCamera(camera),
    }
}
