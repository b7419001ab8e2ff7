//! A slot on the wire: one parking place, its state, and the figures over many.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{SlotCode, SlotId, Time, present};

/// Most slots in one lot.
pub const SLOTS_MAX: usize = 20_000;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire, in SQL and in logs.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| {
                    let all: Vec<_> = Self::ALL.iter().map(|word| word.as_str()).collect();
                    format!("{text:?} is not one of {}", all.join(", "))
                })
            }
        }
    };
}
pub(crate) use words;

words!(
    /// What is known of a slot. `unknown` is never counted as free.
    SlotState {
        Free = "free",
        Occupied = "occupied",
        Reserved = "reserved",
        Closed = "closed",
        Unknown = "unknown",
    }
);
words!(
    /// Who may park there.
    SlotKind {
        Standard = "standard",
        Accessible = "accessible",
        Ev = "ev",
        Motorcycle = "motorcycle",
        Delivery = "delivery",
        Staff = "staff",
    }
);
words!(
    /// Where the state of a slot came from.
    Source {
        Manual = "manual",
        Camera = "camera",
        Sensor = "sensor",
        Api = "api",
    }
);

/// Place on the plan of the lot, in metres from its origin, x to the right and y down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    pub x: f64,
    pub y: f64,
}

/// One parking place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Slot {
    pub id: SlotId,
    pub code: SlotCode,
    /// Named part of the lot, if any.
    pub zone: Option<String>,
    /// Storey; 0 is the ground.
    pub level: i16,
    pub kind: SlotKind,
    pub state: SlotState,
    pub source: Source,
    pub position: Option<Position>,
    /// `seq` of the last change of this slot; what `If-Match` compares.
    pub rev: u64,
    /// When the state was last seen to be so.
    pub observed_at: Time,
    /// When the state last became another.
    pub changed_at: Time,
    pub note: Option<String>,
    /// Since when no camera confirms any more what a camera said: it is late, offline, frozen or moved, or sees nothing. Later the slot
    /// becomes `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_since: Option<Time>,
    /// What a camera makes of the slot where that differs and it may not set it: whoever sets the slot, either way, settles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested: Option<SlotState>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSlot {
    pub code: SlotCode,
    #[serde(default)]
    pub zone: Option<String>,
    #[serde(default)]
    pub level: i16,
    #[serde(default = "standard")]
    pub kind: SlotKind,
    /// `free` when absent.
    #[serde(default)]
    pub state: Option<SlotState>,
    #[serde(default)]
    pub position: Option<Position>,
    #[serde(default)]
    pub note: Option<String>,
}

fn standard() -> SlotKind {
    SlotKind::Standard
}

/// An absolute state for a slot (`PUT`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetSlot {
    pub state: SlotState,
    /// Absent: the note stays; null: it is removed.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub note: Option<Option<String>>,
    /// `manual` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl SetSlot {
    /// Sets the state and leaves everything else.
    pub fn to(state: SlotState) -> Self {
        Self { state, note: None, source: None }
    }
}

/// What to change of a slot besides its state (`PATCH`); absent fields stay, null removes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlotPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<SlotCode>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub zone: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<i16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SlotKind>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Position>)]
    pub position: Option<Option<Position>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub note: Option<Option<String>>,
}

/// What an import did, or with `dry_run` would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub dry_run: bool,
    /// Codes of the slots created, in the order of the file.
    pub created_codes: Vec<SlotCode>,
    /// Codes of the slots changed, in the order of the file.
    pub updated_codes: Vec<SlotCode>,
}

/// How many slots are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    pub total: usize,
    pub free: usize,
    pub occupied: usize,
    pub reserved: usize,
    pub closed: usize,
    pub unknown: usize,
    /// Those among them that no camera confirms any more; absent where there is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stale: usize,
    /// Occupied over observable slots (free + occupied + reserved), 0 to 1; null when none is observable.
    pub occupancy_rate: Option<f64>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Counts {
    /// Counts one slot more. The rate is of [`Counts::with_rate`].
    pub fn add(&mut self, slot: &Slot) {
        self.total += 1;
        *self.of(slot.state) += 1;
        self.stale += usize::from(slot.stale_since.is_some());
    }

    /// Counts one slot less.
    pub fn remove(&mut self, slot: &Slot) {
        self.total -= 1;
        *self.of(slot.state) -= 1;
        self.stale -= usize::from(slot.stale_since.is_some());
    }

    fn of(&mut self, state: SlotState) -> &mut usize {
        match state {
            SlotState::Free => &mut self.free,
            SlotState::Occupied => &mut self.occupied,
            SlotState::Reserved => &mut self.reserved,
            SlotState::Closed => &mut self.closed,
            SlotState::Unknown => &mut self.unknown,
        }
    }

    /// The same counts with the occupancy rate worked out.
    #[must_use]
    pub fn with_rate(mut self) -> Self {
        let observable = self.free + self.occupied + self.reserved;
        self.occupancy_rate = (observable > 0).then(|| self.occupied as f64 / observable as f64);
        self
    }
}

/// The counts of one zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ZoneCounts {
    /// Null for the slots without a zone.
    pub zone: Option<String>,
    #[serde(flatten)]
    pub counts: Counts,
}

/// The counts of a lot at one `seq`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SlotStats {
    pub seq: u64,
    #[serde(flatten)]
    pub counts: Counts,
    pub zones: Vec<ZoneCounts>,
}
