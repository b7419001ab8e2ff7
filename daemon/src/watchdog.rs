//! What a service manager is told: that the daemon is ready, that it is stopping, and, while it is, that it is alive. Says nothing where
//! none asks (`NOTIFY_SOCKET`).

use std::net::SocketAddr;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::ledger::Ledger;

/// Parts of the manager's patience: what the daemon may take to prove that it is alive, and the pause until the next proof.
const PROOF_PARTS: u32 = 3;
const PAUSE_PARTS: u32 = 4;

/// Says that requests are answered at `address` from now on.
pub fn ready(address: SocketAddr) {
    tell(&[NotifyState::Ready, NotifyState::Status(&format!("listening on http://{address}"))]);
}

/// Says that the end is meant.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishing what was begun")]);
}

/// Says again and again that the daemon is alive, as long as that is so and the manager wants to hear it.
///
/// Alive is who does what can be done: while the database answers, each committer comes round. That a database is away is no reason for a
/// restart: it would not bring it back, and nobody would see the lot as it was.
pub async fn watch(ledger: Ledger, stop: CancellationToken) {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    loop {
        let proof = tokio::time::timeout(patience / PROOF_PARTS, prove(&ledger));
        match stop.run_until_cancelled(proof).await {
            None => return,
            Some(Ok(())) => tell(&[NotifyState::Watchdog]),
            Some(Err(_)) => {
                // At once again, for there is time for a second try: the database may have gone away in between.
                tracing::error!(patience_ms = patience.as_millis(), "something hangs: a restart may be near");
                continue;
            }
        }
        let pause: Duration = patience / PAUSE_PARTS;
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
    }
}

async fn prove(ledger: &Ledger) {
    if ledger.store().beat().await.is_err() {
        return;
    }
    for lot in ledger.lots() {
        lot.come_round().await;
    }
}

fn tell(news: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(news) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
