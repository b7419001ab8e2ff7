//! Everything that can be asked of a lot, and what comes of it. Closed enums: all that can happen is on this screen.

use parking_api::cameras::{Camera, CameraPatch, CameraStatus, NewCamera};
use parking_api::captures::{Capture, CapturePatch, ExpiryReason};
use parking_api::events::{Actor, Event, EventChange};
use parking_api::firmware::{Firmware, NewRollOut};
use parking_api::lots::{Lot, LotPatch};
use parking_api::regions::{Calibrating, CameraRegions, SetRegions, Sighting};
use parking_api::sessions::{GateEntry, Session};
use parking_api::slots::{Imported, NewSlot, SetSlot, Slot, SlotPatch, SlotState};
use parking_api::tokens::Token;
use parking_api::{CameraId, CaptureId, FirmwareId, Problem, SlotRef, Time, TokenId};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

/// What a caller wants done to a lot.
#[derive(Debug, Clone)]
pub enum Command {
    /// Only while what it is about is at the `rev` that the caller saw. See [`Command::only_at`].
    Guarded {
        rev: u64,
        command: Box<Command>,
    },
    PatchLot(LotPatch),
    CreateSlot(NewSlot),
    SetSlot {
        slot: SlotRef,
        set: SetSlot,
    },
    ToggleSlot {
        slot: SlotRef,
    },
    PatchSlot {
        slot: SlotRef,
        patch: SlotPatch,
    },
    DeleteSlot {
        slot: SlotRef,
    },
    ImportSlots {
        rows: Vec<NewSlot>,
        dry_run: bool,
    },
    EnterGate(GateEntry),
    ExitGate(GateEntry),
    /// `rev` and `received_at` are filled in when it is decided.
    AddCapture(Box<Capture>),
    PatchCapture {
        capture: CaptureId,
        patch: CapturePatch,
    },
    DeleteCapture(CaptureId),
    /// Those that are still there and not pinned go; it is no error when none is.
    ExpireCaptures {
        reason: ExpiryReason,
        captures: Vec<CaptureId>,
    },
    /// The camera and the token that it will upload with.
    CreateCamera {
        camera: NewCamera,
        token: Box<NewSecret>,
    },
    PatchCamera {
        camera: CameraId,
        patch: CameraPatch,
    },
    DeleteCamera(CameraId),
    SetCameraStatus {
        camera: CameraId,
        status: CameraStatus,
    },
    /// Somebody wants a picture now.
    WantCapture(CameraId),
    SetCameraFrozen {
        camera: CameraId,
        is_frozen: bool,
    },
    SetCameraMoved {
        camera: CameraId,
        is_moved: bool,
    },
    /// All regions of the camera are replaced.
    SetRegions {
        camera: CameraId,
        set: SetRegions,
    },
    /// A person says that slots which a camera sees are free now. Those that are reserved or closed stay so.
    Calibrate {
        camera: CameraId,
        free: Vec<SlotRef>,
    },
    /// What a camera saw: sets the slot, if nobody changed it since it was at `rev`.
    SeeSlot {
        sighting: Box<Sighting>,
        rev: u64,
    },
    /// Says something of a slot beside its state, if nobody changed it since it was at `rev`.
    NoteSlot {
        slot: SlotRef,
        rev: u64,
        note: SlotNote,
    },
    /// `rev` and `added_at` are filled in when it is decided.
    AddFirmware(Box<Firmware>),
    RollOut {
        firmware: FirmwareId,
        roll_out: NewRollOut,
    },
    /// Too many cameras went back from it.
    StopRollOut(FirmwareId),
    WithdrawFirmware(FirmwareId),
    CreateToken(Box<NewSecret>),
    RevokeToken(TokenId),
}

/// What can be said of a slot beside its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotNote {
    /// No camera confirms any more what a camera said; or one does again.
    Stale(bool),
    /// What a camera would set it to, or nothing else than it is.
    Suggested(Option<SlotState>),
}

/// A token and the hash of its secret; the secret itself never comes here.
#[derive(Debug, Clone)]
pub struct NewSecret {
    pub token: Token,
    /// SHA-256 of the secret, in hexadecimal.
    pub hash: String,
}

/// Why a command was not carried out. The same type goes to the caller.
pub type Refusal = Problem;

/// What a command comes to: the changes to be logged, in order, and what the caller is told.
#[derive(Debug)]
pub struct Change {
    pub changes: Vec<EventChange>,
    pub reply: Reply,
}

/// The resource that a command was about, as it is afterwards.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Lot(Lot),
    Slot(Slot),
    Session(Session),
    Capture(Capture),
    Expired(Expired),
    Camera(Box<Camera>),
    Regions(CameraRegions),
    Calibrating(Calibrating),
    Firmware(Box<Firmware>),
    Token(Token),
    Imported(Imported),
}

/// Captures that went by themselves, as they were.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Expired {
    pub captures: Vec<Capture>,
}

/// A command carried out: what the caller is told, and the `seq` of its last event.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub reply: Reply,
    pub seq: u64,
    /// This is the first answer again; nothing was done now.
    pub replayed: bool,
}

/// What a decision may depend on besides the lot itself. Passed in, so that a decision is a function.
pub struct Context<'a> {
    pub now: Time,
    pub actor: &'a Actor,
    pub facts: &'a Facts,
    /// `seq` of the first event that this command will cause.
    pub seq: u64,
    pub new_id: &'a mut dyn FnMut() -> Uuid,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("now", &self.now).field("actor", self.actor).field("seq", &self.seq).finish()
    }
}

/// What the history holds of the things that a batch of commands names; read inside its transaction.
#[derive(Debug, Default)]
pub struct Facts {
    pub captures: HashMap<CaptureId, Capture>,
}

impl Command {
    /// The same command under the condition that nobody changed since `rev` what it is about.
    #[must_use]
    pub fn only_at(self, rev: Option<u64>) -> Self {
        match rev {
            Some(rev) => Self::Guarded { rev, command: Box::new(self) },
            None => self,
        }
    }

    /// The captures whose rows the decision needs to know.
    pub fn captures(&self) -> &[CaptureId] {
        match self {
            Self::Guarded { command, .. } => command.captures(),
            Self::PatchCapture { capture, .. } | Self::DeleteCapture(capture) => std::slice::from_ref(capture),
            Self::ExpireCaptures { captures, .. } => captures,
            _ => &[],
        }
    }
}

impl Facts {
    /// Keeps the facts true for the commands that follow in the same batch.
    pub fn apply(&mut self, event: &Event) {
        match &event.change {
            EventChange::CaptureAdded { capture } | EventChange::CaptureChanged { capture } => {
                self.captures.insert(capture.id, capture.clone());
            }
            EventChange::CaptureDeleted { capture } => {
                self.captures.remove(&capture.id);
            }
            EventChange::CaptureExpired { captures, .. } => {
                captures.iter().for_each(|id| drop(self.captures.remove(id)));
            }
            _ => {}
        }
    }
}
