//! Keeps the log from growing for ever: folds the oldest events into a checkpoint and forgets them.

use parking_api::LotId;

use super::{Error, Ledger, LotState};
use crate::store::parse_event;

/// Events that are folded at once.
const PAGE: usize = 2_000;

impl Ledger {
    /// Forgets events of `lot` until `keep` are left, if there are at least a tenth more. Returns how many it forgot.
    ///
    /// # Errors
    /// When the database fails; nothing is lost then.
    pub async fn prune(&self, lot: &LotId, keep: u64) -> Result<u64, Error> {
        let Some(handle) = self.lot(lot) else { return Ok(0) };
        let head = handle.read(LotState::seq);
        let floor = handle.floor();
        if head + 1 - floor <= keep + keep / 10 {
            return Ok(0);
        }
        let store = self.store();
        let mut read = store.read().await?;
        let Some((row, stored)) = read.lot(lot).await? else { return Ok(0) };
        let mut state = match read.checkpoint(lot).await? {
            Some(parts) => LotState::from_parts(parts),
            None => LotState::new(row, &stored.epoch),
        };
        drop(read);
        let target = head - keep;
        while state.seq() < target {
            let page = store.events_after(lot, state.seq(), PAGE.min((target - state.seq()) as usize)).await?;
            if page.is_empty() {
                return Err(Error::Unavailable(format!("lot {lot} has no event {}", state.seq() + 1)));
            }
            for body in page {
                state.apply(&parse_event(&body)?);
            }
        }
        let forgotten = store.prune_events(lot, &state.to_parts()).await?;
        self.refresh().await?;
        Ok(forgotten)
    }
}
