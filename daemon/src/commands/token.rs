//! `parkd token`: for the operator who has the database, and perhaps no valid token any more.

use std::io::Write;

use clap::Subcommand;
use jiff::SignedDuration;
use parking_api::Time;
use parking_api::events::Actor;
use parking_api::tokens::{Role, Token};
use tokio_util::task::TaskTracker;

use super::verify::require_database;
use super::{Exit, unwritten};
use crate::auth::secret;
use crate::clock::{Clock, SystemClock};
use crate::config::Places;
use crate::ledger::{Command, Ledger, Reply};
use crate::serve::{create_token, open_store, open_store_to_look};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Create a token and print its secret, this once
    Create {
        /// Who it is for; events name it as their actor
        name: String,
        /// viewer, attendant or admin
        #[arg(long, default_value = "viewer", value_parser = person_role)]
        role: Role,
        /// How long it is valid, such as 30d or 12h; for ever when absent
        #[arg(long, value_name = "TIME", value_parser = crate::config::duration)]
        expires_in: Option<SignedDuration>,
    },
    /// List all tokens, without their secrets
    List {
        /// Print one JSON object per token
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token, by id or prefix; a running daemon notices within a second
    Revoke { token: String },
}

fn person_role(text: &str) -> Result<Role, String> {
    match text.parse()? {
        Role::Camera => Err("a camera's token is made together with the camera: parkctl camera create".into()),
        role => Ok(role),
    }
}

pub(super) async fn run(args: Args, places: &Places, out: &mut dyn Write) -> Result<Exit, String> {
    require_database(&places.database_url)?;
    match args.verb {
        Verb::Create { name, role, expires_in } => {
            let now = SystemClock.now();
            let expires_at = expires_in.map(|d| now.plus_ms(i64::try_from(d.as_millis()).unwrap_or(i64::MAX)));
            let secret = secret::new().map_err(|e| format!("no randomness for a token: {e}"))?;
            let create = async |ledger: &Ledger| create_token(ledger, &secret, &name, role, expires_at, now).await;
            with_ledger(places, create).await?;
            writeln!(out, "{secret}").map_err(unwritten)?;
        }
        Verb::List { json } => list(places, json, out).await?,
        Verb::Revoke { token } => {
            let revoked = with_ledger(places, async |ledger: &Ledger| revoke(ledger, &token).await).await?;
            writeln!(out, "revoked {} ({})", revoked.prefix, revoked.name).map_err(unwritten)?;
        }
    }
    Ok(Exit::Done)
}

async fn with_ledger<T>(places: &Places, work: impl AsyncFnOnce(&Ledger) -> Result<T, String>) -> Result<T, String> {
    let tasks = TaskTracker::new();
    let ledger = Ledger::open(open_store(places).await?, SystemClock::shared(), tasks.clone()).await;
    let ledger = ledger.map_err(|e| e.to_string())?;
    let done = work(&ledger).await;
    ledger.stop();
    tasks.close();
    tasks.wait().await;
    ledger.store().close().await;
    done
}

async fn revoke(ledger: &Ledger, name: &str) -> Result<Token, String> {
    let (lot, id) = ledger.token_named(name).map_err(|e| format!("{e}: see parkd token list"))?;
    let revoked = lot.submit(Command::RevokeToken(id), Actor::system("operator"), None).await;
    match revoked.map_err(|e| e.to_string())?.reply {
        Reply::Token(token) => Ok(token),
        _ => Err(format!("token {name} was revoked, but something else was answered")),
    }
}

/// Lists all tokens, each with its last use as far as that was written.
async fn list(places: &Places, as_json: bool, out: &mut dyn Write) -> Result<(), String> {
    let store = open_store_to_look(places).await?;
    let tokens = store.tokens().await;
    store.close().await;
    for token in tokens.map_err(|e| e.to_string())? {
        write_token(&token, as_json, out).map_err(unwritten)?;
    }
    Ok(())
}

fn write_token(token: &Token, as_json: bool, out: &mut dyn Write) -> std::io::Result<()> {
    if as_json {
        return writeln!(out, "{}", serde_json::to_string(token)?);
    }
    let time = |label: &str, at: Option<Time>| at.map_or(String::new(), |at| format!("  {label} {at}"));
    writeln!(
        out,
        "{}  {:9}  {}{}{}{}",
        token.prefix,
        token.role,
        token.name,
        time("used", token.used_at),
        time("expires", token.expires_at),
        time("revoked", token.revoked_at)
    )
}
