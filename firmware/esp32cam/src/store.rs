//! What the camera remembers, in NVS: its own wear levelling and check sums come on top of the records' own.

use anyhow::Result;
use camera_core::settings::{Place, RECORD_MAX};
use esp_idf_svc::nvs::{EspDefaultNvs, EspDefaultNvsPartition, EspNvs};

const BOOTS: &str = "boots";
const BOOTS_MAX: usize = 16;

/// The namespace of the camera.
pub struct Store(EspDefaultNvs);

impl Store {
    pub fn open(partition: EspDefaultNvsPartition) -> Result<Self> {
        Ok(Self(EspNvs::new(partition, "parking", true)?))
    }

    pub fn record(&self, place: Place) -> Result<Vec<u8>> {
        self.read(key(place), RECORD_MAX)
    }

    pub fn boots(&self) -> Result<Vec<u8>> {
        self.read(BOOTS, BOOTS_MAX)
    }

    pub fn write(&self, place: Place, record: &[u8]) -> Result<()> {
        Ok(self.0.set_blob(key(place), record)?)
    }

    pub fn write_boots(&self, record: &[u8]) -> Result<()> {
        Ok(self.0.set_blob(BOOTS, record)?)
    }

    fn read(&self, key: &str, len_max: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; len_max];
        let len = self.0.get_blob(key, &mut bytes)?.map_or(0, <[u8]>::len);
        bytes.truncate(len);
        Ok(bytes)
    }
}

fn key(place: Place) -> &'static str {
    if place == Place::A { "a" } else { "b" }
}
