//! Logins that were ended before they expired, here or at another daemon on the same database.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use parking_api::Time;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::cookies::LOGIN_MS;
use super::{Auth, Caller};
use crate::store;

/// How often the database is asked for logins that ended elsewhere.
const REFRESH: Duration = Duration::from_secs(1);

/// The ended logins that have not expired, and when they do.
#[derive(Debug, Default)]
pub struct Logouts(RwLock<HashMap<Uuid, Time>>);

impl Logouts {
    pub fn new(ended: Vec<(Uuid, Time)>) -> Self {
        Self(RwLock::new(ended.into_iter().collect()))
    }

    pub fn has(&self, login: Uuid) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(&login)
    }

    /// Takes these in and forgets those that are over; whether any was news. What is known stays known: two who ask the database at once
    /// may come back in any order.
    fn learn(&self, ended: Vec<(Uuid, Time)>, now: Time) -> bool {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = known.len();
        known.extend(ended);
        let is_news = known.len() > before;
        known.retain(|_, expires_at| *expires_at > now);
        is_news
    }
}

impl Auth {
    /// Ends the login of this caller's browser: from then on nobody gets in with its cookie, wherever that was copied to.
    ///
    /// # Errors
    /// When the database cannot keep that.
    pub async fn log_out(&self, caller: &Caller) -> store::Result<()> {
        let Some(login) = caller.login else { return Ok(()) };
        self.ledger.store().put_logout(login, self.clock.now().plus_ms(LOGIN_MS)).await?;
        self.refresh_logouts().await
    }

    /// Learns of logins that ended elsewhere, until `stop`.
    pub async fn follow_logouts(self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(REFRESH);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(tick.tick()).await.is_some() {
            // That the database is away is told once, elsewhere.
            if let Err(error) = self.refresh_logouts().await
                && !self.ledger.store().is_away()
            {
                tracing::warn!(%error, "cannot look for logins that ended");
            }
        }
    }

    async fn refresh_logouts(&self) -> store::Result<()> {
        let (store, now) = (self.ledger.store(), self.clock.now());
        let (over, ended): (Vec<_>, Vec<_>) = store.logouts().await?.into_iter().partition(|(_, at)| *at <= now);
        if self.logouts.learn(ended, now) {
            self.ledger.announce_tokens();
        }
        for (login, _) in over {
            store.forget_logout(login).await?;
        }
        Ok(())
    }
}
