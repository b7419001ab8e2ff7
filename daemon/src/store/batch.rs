//! What a batch of commands came to. Knows the events, not the database.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parking_api::cameras::Camera;
use parking_api::captures::Capture;
use parking_api::events::{Event, EventChange};
use parking_api::firmware::Firmware;
use parking_api::lots::Lot;
use parking_api::regions::CameraRegions;
use parking_api::sessions::Session;
use parking_api::slots::Slot;
use parking_api::tokens::Token;
use parking_api::{CameraId, CaptureId, FirmwareId, SessionId, SlotId, Time, TokenId};
use serde::Serialize;

use super::events::EventRow;

/// The first answer to a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Answer {
    /// Who sent it: keys of two callers never meet.
    pub actor: String,
    pub key: String,
    pub body_sha256: String,
    pub seq: i64,
    pub answer: String,
}

/// Events, and the last value of every row that they touch: each row is in one list at most, so that the lists can be written in any order.
#[derive(Debug, Default)]
pub struct Batch {
    pub answers: Vec<Answer>,
    /// Hashes of the secrets of tokens that this batch creates.
    pub hashes: HashMap<TokenId, String>,
    pub(super) events: Vec<EventRow>,
    pub(super) seq: u64,
    pub(super) at: Time,
    pub(super) lot: Option<Lot>,
    pub(super) slots: BTreeMap<SlotId, Slot>,
    pub(super) slots_deleted: BTreeSet<SlotId>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) captures: BTreeMap<CaptureId, Capture>,
    pub(super) captures_pinned: BTreeMap<CaptureId, Capture>,
    pub(super) captures_deleted: BTreeSet<CaptureId>,
    pub(super) cameras: BTreeMap<CameraId, Camera>,
    pub(super) cameras_deleted: BTreeSet<CameraId>,
    pub(super) regions: BTreeMap<CameraId, CameraRegions>,
    pub(super) regions_deleted: BTreeSet<CameraId>,
    pub(super) firmwares: BTreeMap<FirmwareId, Firmware>,
    pub(super) firmwares_withdrawn: BTreeSet<FirmwareId>,
    pub(super) tokens: BTreeMap<TokenId, Token>,
    pub(super) tokens_revoked: BTreeMap<TokenId, Token>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// How many events.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Takes in what one event changes. `body` is that event as it goes over the wire.
    pub fn push(&mut self, event: &Event, body: String) {
        self.events.push(EventRow::new(event, body));
        (self.seq, self.at) = (event.seq, event.at);
        match &event.change {
            EventChange::LotCreated { lot } | EventChange::LotChanged { lot } => self.lot = Some(lot.clone()),
            EventChange::SlotCreated { slot, session } | EventChange::SlotChanged { slot, session } => {
                self.slots.insert(slot.id, slot.clone());
                self.put_session(session.as_ref());
            }
            EventChange::SlotDeleted { slot, session } => {
                self.slots.remove(&slot.id);
                self.slots_deleted.insert(slot.id);
                self.put_session(session.as_ref());
            }
            EventChange::SessionOpened { session } | EventChange::SessionClosed { session } => {
                self.put_session(Some(session));
            }
            EventChange::CaptureAdded { capture } => {
                self.captures.insert(capture.id, capture.clone());
            }
            EventChange::CaptureChanged { capture } => {
                // One that is as new as its pin is written once.
                match self.captures.get_mut(&capture.id) {
                    Some(new) => *new = capture.clone(),
                    None => _ = self.captures_pinned.insert(capture.id, capture.clone()),
                }
            }
            EventChange::CaptureDeleted { capture } => self.delete_capture(capture.id),
            EventChange::CaptureExpired { captures, .. } => captures.iter().for_each(|id| self.delete_capture(*id)),
            EventChange::CameraCreated { camera }
            | EventChange::CameraChanged { camera }
            | EventChange::CameraStatus { camera }
            | EventChange::CameraFrozen { camera }
            | EventChange::CameraMoved { camera } => {
                // An id may be used again: the new row takes the place of the old one.
                self.cameras_deleted.remove(&camera.id);
                self.cameras.insert(camera.id.clone(), camera.clone());
            }
            EventChange::CameraDeleted { camera } => {
                self.cameras.remove(&camera.id);
                self.regions.remove(&camera.id);
                self.regions_deleted.insert(camera.id.clone());
                self.cameras_deleted.insert(camera.id.clone());
            }
            EventChange::CameraRegions { regions } => {
                self.regions_deleted.remove(&regions.camera);
                self.regions.insert(regions.camera.clone(), regions.clone());
            }
            EventChange::SlotSeen { .. } | EventChange::LotDeleted { .. } => {}
            EventChange::FirmwareAdded { firmware } | EventChange::FirmwareChanged { firmware } => {
                self.firmwares_withdrawn.remove(&firmware.id);
                self.firmwares.insert(firmware.id, firmware.clone());
            }
            EventChange::FirmwareWithdrawn { firmware } => {
                self.firmwares.remove(&firmware.id);
                self.firmwares_withdrawn.insert(firmware.id);
            }
            EventChange::TokenCreated { token } => {
                self.tokens.insert(token.id, token.clone());
            }
            EventChange::TokenRevoked { token } => {
                // One that is as new as its revocation is written once.
                match self.tokens.get_mut(&token.id) {
                    Some(new) => *new = token.clone(),
                    None => _ = self.tokens_revoked.insert(token.id, token.clone()),
                }
            }
        }
    }

    fn delete_capture(&mut self, id: CaptureId) {
        self.captures.remove(&id);
        self.captures_pinned.remove(&id);
        self.captures_deleted.insert(id);
    }

    fn put_session(&mut self, session: Option<&Session>) {
        if let Some(session) = session {
            self.sessions.insert(session.id, session.clone());
        }
    }
}
