//! Calls about firmware.

use bytes::Bytes;
use reqwest::Method;

use super::{Client, Error};
use crate::firmware::{Firmware, FirmwareKey, FirmwareStatus, NewRollOut};
use crate::{Committed, FirmwareId, paths};

/// What is known of an image besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirmwareMeta {
    pub board: String,
    pub version: String,
    /// In hexadecimal.
    pub signature: String,
}

impl Client {
    pub async fn firmwares(&self) -> Result<Vec<Firmware>, Error> {
        self.call_lot(Method::GET, paths::FIRMWARES).fetch().await
    }

    /// One, and how far each camera is that shall run it.
    pub async fn firmware(&self, firmware: FirmwareId) -> Result<FirmwareStatus, Error> {
        self.call_lot(Method::GET, &paths::fill(paths::FIRMWARE, firmware)).fetch().await
    }

    pub async fn firmware_add(&self, image: Bytes, meta: &FirmwareMeta) -> Result<Committed<Firmware>, Error> {
        let FirmwareMeta { board, version, signature } = meta;
        let call = self.call_lot(Method::POST, paths::FIRMWARES);
        let call = call.query(&[("board", board), ("version", version), ("signature", signature)]);
        call.body(image, "application/octet-stream").fetch().await
    }

    pub async fn firmware_roll_out(
        &self,
        firmware: FirmwareId,
        roll_out: &NewRollOut,
    ) -> Result<Committed<Firmware>, Error> {
        self.call_lot(Method::POST, &paths::fill(paths::FIRMWARE_ROLL_OUT, firmware)).json(roll_out).fetch().await
    }

    /// Answers the firmware as it was.
    pub async fn firmware_withdraw(&self, firmware: FirmwareId) -> Result<Committed<Firmware>, Error> {
        self.call_lot(Method::DELETE, &paths::fill(paths::FIRMWARE, firmware)).fetch().await
    }

    pub async fn firmware_image(&self, firmware: FirmwareId) -> Result<Bytes, Error> {
        self.call_lot(Method::GET, &paths::fill(paths::FIRMWARE_IMAGE, firmware)).bytes().await
    }

    /// Whose signature new cameras are told to trust.
    pub async fn firmware_key(&self) -> Result<FirmwareKey, Error> {
        self.call(Method::GET, paths::FIRMWARE_KEY).fetch().await
    }
}
