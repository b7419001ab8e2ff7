//! Where a camera sees which slot, and what it made of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::slots::{SlotState, Source, words};
use crate::{CameraId, CaptureId, SlotCode, SlotId, SlotRef, Time};

/// Fewest and most corners of a region.
pub const CORNERS_MIN: usize = 3;
pub const CORNERS_MAX: usize = 16;
/// Most regions of one camera.
pub const REGIONS_MAX: usize = 200;

/// Pictures that a calibration is learned from.
pub const CALIBRATION_PICTURES: u8 = 3;
/// A camera that sends pictures as seldom as this, or more seldom, is asked for those; in seconds.
pub const CALIBRATION_ASKED_FROM_S: u32 = 30;

words!(
    /// What a camera may do about the slots that it sees.
    RegionsMode {
        /// Nothing.
        Off = "off",
        /// It says what it would do.
        Suggest = "suggest",
        /// It sets the slots that it has proven itself on.
        Auto = "auto",
    }
);
words!(
    /// How far one slot is trusted to its camera.
    Trust {
        /// People say how it is; the camera learns.
        Manual = "manual",
        Suggesting = "suggesting",
        Automatic = "automatic",
        /// The camera cannot see it.
        NotObservable = "not_observable",
    }
);

words!(
    /// What came of what a camera saw of a slot.
    ViewOutcome {
        /// No picture was looked at yet.
        Unseen = "unseen",
        /// The last picture says nothing: it is dark, broken, the same again, or of something else.
        Mute = "mute",
        /// The camera learns what the empty slot looks like.
        Learns = "learns",
        /// It cannot see the slot.
        Blind = "blind",
        /// Its last pictures do not agree.
        Unsure = "unsure",
        /// It sees the slot as it is said to be.
        Agrees = "agrees",
        /// It would say otherwise, and may not.
        Suggests = "suggests",
        /// A person said otherwise a short while ago.
        Held = "held",
        /// Another camera sees the slot better.
        SeenBetter = "seen_better",
        /// The slot is reserved or closed.
        Blocked = "blocked",
        /// It set the slot.
        Sets = "sets",
    }
);

/// One slot in the picture of a camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Region {
    pub slot_id: SlotId,
    /// Its code; in an event, that when the region was drawn.
    pub slot: SlotCode,
    /// Corners in order, as fractions of the picture's width and height from its top left.
    pub polygon: Vec<[f64; 2]>,
}

/// Everything that a camera sees of slots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraRegions {
    pub camera: CameraId,
    pub mode: RegionsMode,
    pub regions: Vec<Region>,
    /// `seq` of their last change; 0 before the first.
    pub rev: u64,
}

/// A region to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRegion {
    /// Code or id.
    #[schema(value_type = String)]
    pub slot: SlotRef,
    /// Corners in order, as fractions of the picture's width and height from its top left.
    pub polygon: Vec<[f64; 2]>,
}

/// All regions of a camera at once (`PUT`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRegions {
    pub mode: RegionsMode,
    pub regions: Vec<NewRegion>,
    /// The picture that new and changed ones were drawn on; without it, the last one of the camera that was recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<CaptureId>,
}

/// Slots that a person says are free now: their next pictures are what the camera learns from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Calibrate {
    /// Codes or ids.
    #[schema(value_type = Vec<String>)]
    pub free: Vec<SlotRef>,
}

/// What a calibration began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Calibrating {
    /// Codes of the slots.
    pub slots: Vec<SlotCode>,
    /// Those that were named, too, and are left out, because they are reserved or closed.
    #[serde(default)]
    pub skipped: Vec<SlotCode>,
    /// Pictures that each will be learned from.
    pub pictures: u8,
}

/// What a score is made of: one slot, compared with how it looks when it is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScoreParts {
    /// Strength of its edges, 0 to 1.
    pub edges: f32,
    /// How much stronger they are than those of the empty slot.
    pub edges_over_empty: f32,
    /// How differently its edges run, 0 (the same) to about 1.
    pub structure: f32,
    /// How differently brightness is spread over it, 0 (the same) to about 1.
    pub brightness: f32,
}

impl ScoreParts {
    /// In words.
    pub fn sentence(&self) -> String {
        format!(
            "edges {:+.2} over empty, structure differs {:.2}, brightness differs {:.2}",
            self.edges_over_empty, self.structure, self.brightness
        )
    }
}

/// What a camera saw of one slot when it set it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sighting {
    pub slot_id: SlotId,
    pub slot: SlotCode,
    pub camera: CameraId,
    /// The state that it was set to.
    pub state: SlotState,
    /// Probability of a vehicle, 0 to 1.
    pub score: f32,
    pub parts: ScoreParts,
    pub capture: CaptureId,
    /// Left, top, width and height of what was looked at, as fractions of the picture.
    pub crop: [f32; 4],
}

/// What one camera makes of a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SlotView {
    pub camera: CameraId,
    pub mode: RegionsMode,
    pub trust: Trust,
    /// Why it is trusted so far, and what would make it trusted more.
    pub trust_reason: String,
    /// When it last saw the slot well enough to judge.
    pub seen_at: Option<Time>,
    pub capture: Option<CaptureId>,
    /// Where to fetch that picture.
    pub capture_url: Option<String>,
    pub crop: Option<[f32; 4]>,
    /// Probability of a vehicle, 0 to 1; none before it has learned the empty slot.
    pub score: Option<f32>,
    pub parts: Option<ScoreParts>,
    /// What it believes after several pictures.
    pub opinion: Option<SlotState>,
    pub outcome_kind: ViewOutcome,
    /// The same in words.
    pub outcome: String,
    /// The empty slot as it was learned, as a `data:` URL of a small picture.
    pub reference: Option<String>,
}

/// What a camera makes of one of the slots that it sees (`GET /api/cameras/{camera}/views`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraView {
    pub slot_id: SlotId,
    pub slot: SlotCode,
    /// The state that the slot is in, whatever the camera makes of it.
    pub state: SlotState,
    /// Without the picture of the empty slot, which [`Why`] has.
    pub view: SlotView,
}

/// Why a slot is in its state (`GET /api/slots/{slot}/why`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    pub slot_id: SlotId,
    pub slot: SlotCode,
    pub state: SlotState,
    pub source: Source,
    pub changed_at: Time,
    /// A person's word holds until then, unless a camera sees the scene change.
    pub held_until: Option<Time>,
    /// By every camera that sees it.
    pub views: Vec<SlotView>,
}
