//! Which token has which hash. Holds no secret, only hashes.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use parking_api::digits::bytes_of;
use parking_api::{LotId, TokenId};
use tokio::sync::watch;

use crate::store::Secret;

#[derive(Debug)]
pub struct Secrets {
    by_hash: RwLock<HashMap<[u8; 32], (LotId, TokenId)>>,
    changed: watch::Sender<u64>,
}

impl Default for Secrets {
    fn default() -> Self {
        Self { by_hash: RwLock::default(), changed: watch::Sender::new(0) }
    }
}

impl Secrets {
    pub fn get(&self, hash: &[u8; 32]) -> Option<(LotId, TokenId)> {
        self.by_hash.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    /// Takes in the tokens of a lot as the database has them.
    pub fn load(&self, lot: &LotId, secrets: Vec<Secret>) {
        let parsed = secrets.into_iter().filter_map(|secret| {
            let id = secret.id.parse().ok()?;
            Some((bytes_of(&secret.hash)?, (lot.clone(), id)))
        });
        self.by_hash.write().unwrap_or_else(PoisonError::into_inner).extend(parsed);
        self.announce();
    }

    pub fn insert(&self, lot: &LotId, hashes: &HashMap<TokenId, String>) {
        let parsed = hashes.iter().filter_map(|(id, hash)| Some((bytes_of(hash)?, (lot.clone(), *id))));
        self.by_hash.write().unwrap_or_else(PoisonError::into_inner).extend(parsed);
    }

    /// Tells everybody who holds a connection to look again whether its token is still valid.
    pub fn announce(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
