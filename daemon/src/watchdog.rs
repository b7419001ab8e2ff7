//! What a service manager is told: that the daemon is ready, that it is stopping, and, while it is, that it is alive. Says nothing where
//! none asks (`NOTIFY_SOCKET`).

use std::net::SocketAddr;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::ledger::Ledger;

/// Parts of the manager's patience: what the daemon may take to prove that it is alive, and the pause until the next proof.
const PROOF_PARTS: u32 = 2;
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
/// Alive is who answers: each committer comes round, and the database does what it is asked or refuses. That a database is away is no reason
/// for a restart: it would not bring it back, and nobody would see the lot as it was.
pub async fn watch(ledger: Ledger, stop: CancellationToken) {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    loop {
        if tokio::time::timeout(patience / PROOF_PARTS, prove(&ledger)).await.is_ok() {
            tell(&[NotifyState::Watchdog]);
        } else {
            tracing::error!(
                patience_ms = patience.as_millis(),
                "something hangs; the service manager may restart the daemon"
            );
        }
        let pause: Duration = patience / PAUSE_PARTS;
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
    }
}

async fn prove(ledger: &Ledger) {
    // A refusal is an answer too.
    let _ = ledger.store().ping().await;
    for lot in ledger.lots() {
        lot.come_round().await;
    }
}

fn tell(news: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(news) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
