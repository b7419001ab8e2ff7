//! Firmware of cameras: kept, offered to those who shall run it, and stopped when too many go back from it. Knows nothing of HTTP.

mod rollout;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ed25519_dalek::{Signature, VerifyingKey};
use parking_api::cameras::Camera;
use parking_api::digits::{bytes_of, digits_of};
use parking_api::events::Actor;
use parking_api::firmware::{Firmware, FirmwareStatus, KEY_DIGITS, Offer, SIGNATURE_DIGITS, signed_text};
use parking_api::{CameraId, FirmwareId, LotId, Problem, ProblemCode, Time};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::cameras::Contacts;
use crate::captures::Error;
use crate::clock::{Clock, new_id};
use crate::ledger::{self, Command, Idempotency, Ledger, LotHandle, LotState, Origin, Outcome, Reply};
use crate::objects::Objects;
use rollout::Seen;

/// Begins what `cargo build` makes, which no camera can start and people send by mistake.
const ELF: &[u8] = b"\x7fELF";
/// How often it is looked for cameras that went back.
const LOOK: Duration = Duration::from_secs(1);

/// A public key (ed25519), by its digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(VerifyingKey);

impl std::str::FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = bytes_of::<{ KEY_DIGITS / 2 }>(text.trim());
        let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        key.map(Self)
            .ok_or_else(|| format!("a public key has {KEY_DIGITS} hexadecimal digits (see parkctl firmware keygen)"))
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&digits_of(self.0.as_bytes()))
    }
}

/// An image as it arrived.
#[derive(Debug)]
pub struct Upload {
    pub board: String,
    pub version: String,
    pub signature: String,
    pub image: Bytes,
    pub origin: Origin,
    pub idempotency: Option<Idempotency>,
    /// It is only checked, and not kept.
    pub is_trial: bool,
}

/// All firmware. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Firmwares {
    objects: Objects,
    contacts: Contacts,
    clock: Arc<dyn Clock>,
    key: Option<Key>,
}

impl Firmwares {
    /// Signatures are held to `key` where there is one.
    pub fn new(objects: Objects, contacts: Contacts, clock: Arc<dyn Clock>, key: Option<Key>) -> Self {
        Self { objects, contacts, clock, key }
    }

    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// Checks an image, stores it, and enters it in the ledger, in this order: a crash leaves at most an object without an entry.
    ///
    /// # Errors
    /// When it is no image, its signature is wrong, or it cannot be stored. Then nothing is stored.
    pub async fn add(&self, lot: &LotHandle, upload: Upload, now: Time) -> Result<Outcome, Error> {
        if upload.image.is_empty() || upload.image.starts_with(ELF) {
            let detail = "this is no firmware image: make one with espflash save-image, and send its bytes";
            return Err(Problem::new(ProblemCode::InvalidField, detail).into());
        }
        let sha256 = digits_of(&Sha256::digest(&upload.image));
        self.check_signature(&upload, &sha256)?;
        let id = FirmwareId(match &upload.idempotency {
            // The same request names the same firmware, so that it finds the first one when it comes again.
            Some(Idempotency { caller, key, body_sha256 }) => {
                let name = format!("{}/{caller}/{key}/{body_sha256}", lot.id());
                Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
            }
            None => new_id(),
        });
        let key = object_key(lot.id(), id);
        let firmware = Firmware {
            id,
            board: upload.board,
            version: upload.version,
            bytes: upload.image.len() as u64,
            sha256,
            signature: upload.signature.to_ascii_lowercase(),
            key: key.clone(),
            added_at: now,
            rev: 0,
            roll_out: None,
        };
        let command = Command::AddFirmware(Box::new(firmware));
        if upload.is_trial {
            return Ok(lot.rehearse(command, upload.origin).await?);
        }
        self.objects.put(&key, upload.image).await?;
        let outcome = lot.submit(command, upload.origin, upload.idempotency).await;
        // After a failure it may still be named: the commit may have happened, or the same request may be under way a second time.
        let is_over = matches!(outcome, Ok(_) | Err(ledger::Error::Refused(_)));
        if is_over && lot.read(|state| state.firmware(id).is_none()) {
            self.discard(&key).await;
        }
        Ok(outcome?)
    }

    fn check_signature(&self, upload: &Upload, sha256: &str) -> Result<(), Problem> {
        let (Some(Key(key)), Some(signature)) = (&self.key, bytes_of::<{ SIGNATURE_DIGITS / 2 }>(&upload.signature))
        else {
            // Without a key only cameras can tell; what is no signature at all is refused with the rest.
            return Ok(());
        };
        let text = signed_text(&upload.board, &upload.version, upload.image.len() as u64, sha256);
        key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature)).map_err(|_| {
            let Upload { board, version, .. } = upload;
            let detail = format!(
                "the signature is not of this image as {version} for {board} by the key {}: sign it again, with that key",
                self.key.as_ref().map(ToString::to_string).unwrap_or_default()
            );
            Problem::new(ProblemCode::SignatureInvalid, detail).field("signature")
        })
    }

    /// Removes an image: first from the ledger, then its bytes. Cameras that run it go on.
    ///
    /// # Errors
    /// When there is none, or the ledger fails.
    pub async fn withdraw(
        &self,
        lot: &LotHandle,
        id: FirmwareId,
        if_match: Option<u64>,
        origin: Origin,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        let outcome = lot.submit(Command::WithdrawFirmware(id).only_at(if_match), origin, idempotency).await?;
        if let Reply::Firmware(firmware) = &outcome.reply {
            self.discard(&firmware.key).await;
        }
        Ok(outcome)
    }

    async fn discard(&self, key: &str) {
        if let Err(error) = self.objects.delete(key).await {
            tracing::warn!(key, %error, "an image that nothing names stays in the object store");
        }
    }

    /// The bytes of an image.
    ///
    /// # Errors
    /// When there is none, or the object store fails.
    pub async fn image(&self, lot: &LotHandle, id: FirmwareId) -> Result<Bytes, Error> {
        let firmware = self.found(lot, id)?;
        Ok(self.objects.get(&firmware.key).await?)
    }

    /// # Errors
    /// When there is none.
    pub fn found(&self, lot: &LotHandle, id: FirmwareId) -> Result<Firmware, Problem> {
        lot.read(|state| state.firmware(id).cloned()).ok_or_else(|| {
            Problem::new(ProblemCode::FirmwareNotFound, format!("there is no firmware {id} in lot {}", lot.id()))
        })
    }

    /// How far everybody is who shall run it.
    ///
    /// # Errors
    /// When there is none.
    pub fn status(&self, lot: &LotHandle, id: FirmwareId) -> Result<FirmwareStatus, Problem> {
        Ok(rollout::status(&self.found(lot, id)?, &self.seen(lot)))
    }

    /// What a camera is to fetch.
    pub fn offer(&self, lot: &LotHandle, camera: &CameraId) -> Option<Offer> {
        let active = active(lot);
        if active.is_empty() {
            return None;
        }
        let own = lot.read(|state| state.camera(camera).cloned())?;
        rollout::offered(active, &self.look(lot, own), || self.seen(lot)).map(|firmware| firmware.offer())
    }

    fn seen(&self, lot: &LotHandle) -> Vec<Seen> {
        let cameras: Vec<_> = lot.read(|state: &LotState| state.cameras().cloned().collect());
        cameras.into_iter().map(|camera| self.look(lot, camera)).collect()
    }

    fn look(&self, lot: &LotHandle, camera: Camera) -> Seen {
        let Camera { id, contact, .. } = self.contacts.join(lot.id(), camera);
        let now = self.clock.now();
        let silence_ms = contact.as_ref().map_or(0, |contact| self.contacts.silence_ms(contact.seen_at, now));
        Seen { camera: id, contact, silence_ms }
    }

    /// Stops roll-outs that too many cameras went back from, until `stop`.
    pub async fn watch(self, ledger: Ledger, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(look.tick()).await.is_some() {
            for lot in ledger.lots().iter().filter(|lot| !lot.is_degraded()) {
                self.stop_bad(lot).await;
            }
        }
    }

    async fn stop_bad(&self, lot: &LotHandle) {
        let active = active(lot);
        if active.is_empty() {
            return;
        }
        let seen = self.seen(lot);
        for status in active.iter().map(|firmware| rollout::status(firmware, &seen)).filter(rollout::is_bad) {
            let (silent, went_back) = (rollout::silent(&status), status.went_back);
            let (id, version) = (status.firmware.id, status.firmware.version);
            match lot.submit(Command::StopRollOut(id), Actor::system("firmware"), None).await {
                Ok(_) => {
                    tracing::warn!(lot = %lot.id(), %id, version, went_back, silent, "a roll-out stopped: it does cameras no good");
                }
                Err(error) => {
                    tracing::warn!(lot = %lot.id(), %id, %error, "cannot stop a roll-out that cameras go back from");
                }
            }
        }
    }
}

fn active(lot: &LotHandle) -> Vec<Firmware> {
    lot.read(|state| state.firmwares().filter(|firmware| rollout::is_active(firmware)).cloned().collect())
}

/// Among the keys of pictures this is none: no camera's id begins like that.
pub fn object_key(lot: &LotId, id: FirmwareId) -> String {
    format!("{lot}/_firmware/{id}.bin")
}
