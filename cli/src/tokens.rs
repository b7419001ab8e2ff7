//! `parkctl token`: what callers prove themselves with. A secret is handed over once, when it is made.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use parking_api::client::Client;
use parking_api::tokens::{NewToken, Role, Token, TokenCreated};

use crate::app::{App, once};
use crate::args::{Consent, Trial};
use crate::error::Error;
use crate::files;
use crate::output::{Column, Format, Look, Record, Show, Shown, Tint};
use crate::times::When;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a token and print its secret, this once
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateArgs),
    /// List tokens, without their secrets
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Revoke a token; open connections that use it are closed within seconds
    #[command(after_help = REVOKE_EXAMPLES)]
    Revoke {
        /// Id of the token, or the prefix that the list shows
        #[arg(value_name = "ID|PREFIX")]
        token: String,
        #[command(flatten)]
        consent: Consent,
    },
}

const CREATE_EXAMPLES: &str = "\
The secret is printed this once and can never be read again. With --save it goes into a file instead.

Examples:
  parkctl token create desk --role attendant --expires 90d
  parkctl token create wall-display --role viewer --save wall-display.token";

const LIST_EXAMPLES: &str = "\
Examples:
  parkctl token list
  parkctl token list -o json";

const REVOKE_EXAMPLES: &str = "\
Examples:
  parkctl token revoke 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12
  parkctl token revoke 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12 --yes";

#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// Who it is for; the log names it as the author of what it does
    name: String,
    /// What it may do: viewer, attendant or admin
    #[arg(long)]
    role: Role,
    /// When it ends: a time, or a span from now such as 90d [default: never]
    #[arg(long, value_name = "WHEN")]
    expires: Option<When>,
    /// Write the secret to this new file, readable by you alone, and do not print it
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    trial: Trial,
}

pub async fn run(app: &mut App, command: Command) -> Result<(), Error> {
    match command {
        Command::Create(CreateArgs { name, role, expires, save, trial }) => {
            if role == Role::Camera {
                return Err(Error::usage("a camera has a token of its own from the start")
                    .hint("create the camera: `parkctl camera create ID`"));
            }
            check_free(save.as_deref())?;
            let expires_at = expires.map(|expires| expires.after(app.now()));
            let client = app.changer(trial)?;
            let new = NewToken { name, role, expires_at };
            let created = once(&client, async |client: &Client| client.token_create(&new).await).await?;
            hand_over(app, &client, created, save.as_deref(), |created| &mut created.value.token)
        }
        Command::List => {
            let tokens = app.client()?.tokens().await?;
            app.out.list(&tokens, "there is no token")
        }
        Command::Revoke { token, consent } => {
            let client = app.changer(consent.trial)?;
            app.consent(&format!("Revoke token {token}"), consent)?;
            let revoked = client.token_revoke(&token).await?;
            app.out.result(&revoked)?;
            app.done(&client, &format!("revoked the token of {}", revoked.value.name))
        }
    }
}

/// Refuses a file that exists before a secret is made that could not be kept there.
pub fn check_free(save: Option<&Path>) -> Result<(), Error> {
    match save {
        Some(path) if path.exists() => Err(Error::usage(format!("{} exists already", path.display()))
            .hint("name a new file with --save, or remove that one")),
        _ => Ok(()),
    }
}

/// Prints what was created with its secret, or keeps the secret in a file and prints the rest.
pub fn hand_over<R: Record>(
    app: &mut App,
    client: &Client,
    mut created: R,
    save: Option<&Path>,
    secret: impl Fn(&mut R) -> &mut String,
) -> Result<(), Error> {
    if client.is_dry_run() {
        app.out.one(&created)?;
        return app.done(client, "");
    }
    let Some(path) = save else {
        app.out.one(&created)?;
        if app.out.format == Format::Table {
            app.out.talk("keep the token now: it is never shown again")?;
        }
        return Ok(());
    };
    match files::write_secret(path, secret(&mut created)) {
        Ok(()) => {
            *secret(&mut created) = format!("(in {})", path.display());
            app.out.one(&created)
        }
        // It exists already and is shown to nobody else: better on the screen than lost.
        Err(error) => {
            app.out.one(&created)?;
            Err(error)
        }
    }
}

/// Whether a token is good for anything now.
fn validity(token: &serde_json::Value, look: &Look) -> Shown {
    let has_passed = |field: &str| token[field].as_str().is_some_and(|at| at.parse().is_ok_and(|at| look.now >= at));
    match token["revoked_at"].is_string() {
        true => Shown::tinted("revoked", Tint::Dim),
        false if has_passed("expires_at") => Shown::tinted("expired", Tint::Yellow),
        false => Shown::tinted("valid", Tint::Green),
    }
}

impl Record for Token {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("id", "/id", Show::Text).table("ID", 3),
            Column::new("name", "/name", Show::Text).table("NAME", 0).flexible(),
            Column::new("role", "/role", Show::Text).table("ROLE", 0),
            Column::new("validity", "", Show::Record(validity)).table("IS", 0).derived(),
            Column::new("camera", "/camera", Show::Text).table("CAMERA", 5),
            Column::new("lot", "/lot", Show::Text).table("LOT", 6),
            Column::new("prefix", "/prefix", Show::Text).table("PREFIX", 1),
            Column::new("created_at", "/created_at", Show::Age),
            Column::new("expires_at", "/expires_at", Show::Age).table("EXPIRES", 4),
            Column::new("revoked_at", "/revoked_at", Show::Age),
            Column::new("used_at", "/used_at", Show::Age).table("USED", 2),
        ]
    }
}

impl Record for TokenCreated {
    fn columns() -> Vec<Column> {
        let mut columns = Token::columns();
        columns.push(Column::new("token", "/token", Show::Text));
        columns
    }
}
