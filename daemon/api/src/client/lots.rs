//! Calls about lots.

use reqwest::Method;

use super::{Client, Error};
use crate::lots::{Lot, LotPatch, NewLot};
use crate::{Committed, LotId, paths};

impl Client {
    pub async fn lots(&self) -> Result<Vec<Lot>, Error> {
        self.call(Method::GET, paths::LOTS).fetch().await
    }

    pub async fn lot_get(&self, lot: &LotId) -> Result<Lot, Error> {
        self.call(Method::GET, &paths::fill(paths::LOT, lot)).fetch().await
    }

    pub async fn lot_create(&self, lot: &NewLot) -> Result<Committed<Lot>, Error> {
        self.call(Method::POST, paths::LOTS).json(lot).fetch().await
    }

    pub async fn lot_patch(&self, lot: &LotId, patch: &LotPatch) -> Result<Committed<Lot>, Error> {
        self.call(Method::PATCH, &paths::fill(paths::LOT, lot)).json(patch).fetch().await
    }

    /// Answers the lot as it was.
    pub async fn lot_delete(&self, lot: &LotId) -> Result<Committed<Lot>, Error> {
        self.call(Method::DELETE, &paths::fill(paths::LOT, lot)).fetch().await
    }
}
