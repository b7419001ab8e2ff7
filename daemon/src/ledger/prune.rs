//! Keeps the log from growing for ever: folds the oldest events into a checkpoint and forgets them.

use parking_api::LotId;

use super::{Error, Ledger, LotHandle, LotState};
use crate::store::parse_event;

/// Events that are folded at once.
const PAGE: usize = 2_000;

impl Ledger {
    /// Whether `lot` has at least a tenth more events than `keep`.
    pub fn is_long(lot: &LotHandle, keep: u64) -> bool {
        // What another process folded away may be more than is known here.
        (lot.read(LotState::seq) + 1).saturating_sub(lot.floor()) > keep + keep / 10
    }

    /// Forgets events of `lot` until `keep` are left, if it is long. Returns how many it forgot.
    ///
    /// # Errors
    /// When the database fails; nothing is lost then.
    pub async fn prune(&self, lot: &LotId, keep: u64) -> Result<u64, Error> {
        let Some(handle) = self.lot(lot) else { return Ok(0) };
        if !Self::is_long(&handle, keep) {
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
        let target = handle.read(LotState::seq) - keep;
        while state.seq() < target {
            let page = store.events_after(lot, state.seq(), PAGE.min((target - state.seq()) as usize)).await?;
            let before = state.seq();
            for body in page {
                let event = parse_event(&body)?;
                if event.seq != state.seq() + 1 {
                    break;
                }
                state.apply(&event);
            }
            if state.seq() == before {
                return Err(Error::Unavailable(format!(
                    "lot {lot} has no event {}: another daemon may have folded it away meanwhile",
                    before + 1
                )));
            }
        }
        let forgotten = store.prune_events(lot, &state.to_parts()).await?;
        self.refresh().await?;
        Ok(forgotten)
    }
}
