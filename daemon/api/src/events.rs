//! An event on the wire: one committed change of a lot, numbered by `seq`, with absolute values only.

use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::cameras::Camera;
use crate::captures::{Capture, ExpiryReason};
use crate::firmware::Firmware;
use crate::lots::Lot;
use crate::regions::{CameraRegions, Sighting};
use crate::sessions::Session;
use crate::slots::{Slot, words};
use crate::tokens::Token;
use crate::{CaptureId, Time};

/// Longest wait of a long poll, in seconds.
pub const WAIT_S_MAX: u64 = 30;
/// Most events in one answer.
pub const EVENTS_PAGE_MAX: usize = 1_000;

words!(
    /// What kind of caller caused an event.
    ActorKind {
        Token = "token",
        Camera = "camera",
        System = "system",
    }
);

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    pub kind: ActorKind,
    /// Name of the token or id of the camera; absent for callers who may not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Actor {
    pub fn token(name: impl Into<String>) -> Self {
        Self { kind: ActorKind::Token, name: Some(name.into()) }
    }

    pub fn camera(id: impl Into<String>) -> Self {
        Self { kind: ActorKind::Camera, name: Some(id.into()) }
    }

    /// The daemon itself, in one of its duties such as `demo` or `monitor`.
    pub fn system(duty: &str) -> Self {
        Self { kind: ActorKind::System, name: Some(duty.into()) }
    }
}

/// One committed change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// 1, 2, 3 … without a gap, per lot.
    pub seq: u64,
    /// Never before that of the event before, even if the clock was set back.
    pub at: Time,
    pub actor: Actor,
    #[serde(flatten)]
    pub change: EventChange,
    /// Only where the log is read by page (`GET /api/events`): what is sent live carries none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<Audit>,
}

/// What whoever looks into a change asks next: from where it came, and what it replaced.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Audit {
    /// Where the request came from. For admins; absent where the daemon itself caused the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// The value that each field had which this event changed. What began or ended with the event is whole in its `data`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub before: Map<String, Value>,
}

/// What changed: `kind`, and in `data` the whole of it after the change (before it, for what was deleted).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "data")]
pub enum EventChange {
    #[serde(rename = "lot.created")]
    LotCreated { lot: Lot },
    #[serde(rename = "lot.changed")]
    LotChanged { lot: Lot },
    /// Another lot is no more, and its log with it: this stands in the log of `main`.
    #[serde(rename = "lot.deleted")]
    LotDeleted { lot: Lot },
    #[serde(rename = "slot.created")]
    SlotCreated {
        slot: Slot,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<Session>,
    },
    /// The session is the one that this change opened, closed or voided; or, open and begun earlier, the one whose end it took back.
    #[serde(rename = "slot.changed")]
    SlotChanged {
        slot: Slot,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<Session>,
    },
    #[serde(rename = "slot.deleted")]
    SlotDeleted {
        slot: Slot,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<Session>,
    },
    /// A gate counted a vehicle in.
    #[serde(rename = "session.opened")]
    SessionOpened { session: Session },
    /// A gate counted a vehicle out.
    #[serde(rename = "session.closed")]
    SessionClosed { session: Session },
    #[serde(rename = "capture.added")]
    CaptureAdded { capture: Capture },
    #[serde(rename = "capture.deleted")]
    CaptureDeleted { capture: Capture },
    /// It was pinned, or is so no more.
    #[serde(rename = "capture.changed")]
    CaptureChanged { capture: Capture },
    /// Retention removed these, oldest first: many in one event, because there are as many as there are uploads.
    #[serde(rename = "capture.expired")]
    CaptureExpired {
        reason: ExpiryReason,
        captures: Vec<CaptureId>,
        /// Of all of them.
        bytes: u64,
    },
    #[serde(rename = "camera.created")]
    CameraCreated { camera: Camera },
    #[serde(rename = "camera.changed")]
    CameraChanged { camera: Camera },
    /// It went online, late or offline.
    #[serde(rename = "camera.status")]
    CameraStatus { camera: Camera },
    /// It began or stopped sending one and the same picture: `frozen_since` says which.
    #[serde(rename = "camera.frozen")]
    CameraFrozen { camera: Camera },
    /// Its pictures began or stopped showing something else than its regions were drawn on: `moved_since` says which.
    #[serde(rename = "camera.moved")]
    CameraMoved { camera: Camera },
    #[serde(rename = "camera.deleted")]
    CameraDeleted { camera: Camera },
    /// Where it sees which slot was drawn anew.
    #[serde(rename = "camera.regions")]
    CameraRegions { regions: CameraRegions },
    /// Why a camera set a slot; directly after the event that says so.
    #[serde(rename = "slot.seen")]
    SlotSeen { sighting: Sighting },
    #[serde(rename = "firmware.added")]
    FirmwareAdded { firmware: Firmware },
    /// It was rolled out, or that was stopped.
    #[serde(rename = "firmware.changed")]
    FirmwareChanged { firmware: Firmware },
    #[serde(rename = "firmware.withdrawn")]
    FirmwareWithdrawn { firmware: Firmware },
    #[serde(rename = "token.created")]
    TokenCreated { token: Token },
    #[serde(rename = "token.revoked")]
    TokenRevoked { token: Token },
}

impl EventChange {
    /// The `kind` on the wire and in SQL.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LotCreated { .. } => "lot.created",
            Self::LotChanged { .. } => "lot.changed",
            Self::LotDeleted { .. } => "lot.deleted",
            Self::SlotCreated { .. } => "slot.created",
            Self::SlotChanged { .. } => "slot.changed",
            Self::SlotDeleted { .. } => "slot.deleted",
            Self::SessionOpened { .. } => "session.opened",
            Self::SessionClosed { .. } => "session.closed",
            Self::CaptureAdded { .. } => "capture.added",
            Self::CaptureDeleted { .. } => "capture.deleted",
            Self::CaptureChanged { .. } => "capture.changed",
            Self::CaptureExpired { .. } => "capture.expired",
            Self::CameraCreated { .. } => "camera.created",
            Self::CameraChanged { .. } => "camera.changed",
            Self::CameraStatus { .. } => "camera.status",
            Self::CameraFrozen { .. } => "camera.frozen",
            Self::CameraMoved { .. } => "camera.moved",
            Self::CameraDeleted { .. } => "camera.deleted",
            Self::CameraRegions { .. } => "camera.regions",
            Self::SlotSeen { .. } => "slot.seen",
            Self::FirmwareAdded { .. } => "firmware.added",
            Self::FirmwareChanged { .. } => "firmware.changed",
            Self::FirmwareWithdrawn { .. } => "firmware.withdrawn",
            Self::TokenCreated { .. } => "token.created",
            Self::TokenRevoked { .. } => "token.revoked",
        }
    }

    /// The slot that was created, changed or deleted.
    pub fn slot(&self) -> Option<&Slot> {
        match self {
            Self::SlotCreated { slot, .. } | Self::SlotChanged { slot, .. } | Self::SlotDeleted { slot, .. } => {
                Some(slot)
            }
            _ => None,
        }
    }
}

/// One place in the log as an audience sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum LogEntry {
    Event(Box<Event>),
    /// An event that this audience may not see (`kind` is `withheld`), or that this client is too old to know.
    Other {
        seq: u64,
        kind: String,
    },
}

/// `kind` of an event that this audience may not see.
pub const WITHHELD: &str = "withheld";

impl LogEntry {
    pub fn seq(&self) -> u64 {
        match self {
            Self::Event(event) => event.seq,
            Self::Other { seq, .. } => *seq,
        }
    }

    /// The event, unless it was withheld or is of a kind unknown here.
    pub fn event(&self) -> Option<&Event> {
        match self {
            Self::Event(event) => Some(event),
            Self::Other { .. } => None,
        }
    }

    pub fn kind(&self) -> &str {
        match self {
            Self::Event(event) => event.change.kind(),
            Self::Other { kind, .. } => kind,
        }
    }
}

impl ToSchema for LogEntry {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Event::name().into(), Event::schema()));
        Event::schemas(schemas);
    }
}

/// By hand, because one that is withheld has nothing else: or every event would be both.
impl PartialSchema for LogEntry {
    fn schema() -> RefOr<Schema> {
        let withheld = ObjectBuilder::new()
            .description(Some("An event that this audience may not see"))
            .property("seq", u64::schema())
            .required("seq")
            .property("kind", String::schema())
            .required("kind")
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        let event = Ref::from_schema_name(Event::name());
        OneOfBuilder::new()
            .description(Some("One place in the log as an audience sees it"))
            .item(event)
            .item(withheld)
            .into()
    }
}

impl<'de> Deserialize<'de> for LogEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Stub {
            seq: u64,
            kind: String,
        }
        let value = serde_json::Value::deserialize(deserializer)?;
        // The chain of `seq` must stay whole whatever a newer daemon says, so a kind unknown here is not an error.
        if let Ok(event) = Event::deserialize(&value) {
            return Ok(Self::Event(Box::new(event)));
        }
        let stub = Stub::deserialize(value).map_err(serde::de::Error::custom)?;
        Ok(Self::Other { seq: stub.seq, kind: stub.kind })
    }
}

/// `GET /api/events`: a run of the log, oldest first, and where the log stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventPage {
    pub epoch: String,
    /// `seq` of the newest event of the lot.
    pub head: u64,
    /// `seq` of the oldest event that is kept.
    pub floor: u64,
    pub events: Vec<LogEntry>,
}
