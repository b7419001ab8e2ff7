//! What a running command has at hand: its options, its output, and the daemon once it asks for it.

use std::fmt::Display;
use std::time::Duration;

use parking_api::Time;
use parking_api::client::{self, Client, Mutation};

use crate::args::{Consent, Global, Trial};
use crate::error::{Error, Report};
use crate::exit::Exit;
use crate::output::{Out, Record};
use crate::terminal::Terminal;
use crate::{clock, entropy, prompt};
use parking_api::client::env::Env;
use parking_api::client::settings::Settings;

/// A lost connection is tried again after this long: enough for a proxy to notice, too short to be felt.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// What a running command has at hand.
#[derive(Debug)]
pub struct App {
    pub global: Global,
    pub env: Env,
    pub terminal: Terminal,
    pub out: Out,
    settings: Option<Settings>,
}

impl App {
    pub fn new(global: Global, env: Env) -> Self {
        let terminal = Terminal::detect(global.color, &env);
        let out = Out::of_process(global.output.unwrap_or_default(), &terminal, clock::now());
        Self { global, env, terminal, out, settings: None }
    }

    pub fn now(&self) -> Time {
        self.out.look.now
    }

    pub fn settings(&mut self) -> Result<&Settings, Error> {
        let settings = match self.settings.take() {
            Some(settings) => settings,
            None => Settings::resolve(&self.global.wishes(), &self.env)?,
        };
        Ok(self.settings.insert(settings))
    }

    pub fn client(&mut self) -> Result<Client, Error> {
        Ok(self.settings()?.client(concat!("parkctl/", env!("CARGO_PKG_VERSION")))?)
    }

    pub fn report(&mut self, error: &Error) {
        if let Some(report) = Report::new(error, self.settings.as_ref()) {
            self.out.report(&report);
        }
    }

    /// A client for something that is changed, or only tried.
    pub fn changer(&mut self, trial: Trial) -> Result<Client, Error> {
        let client = self.client()?;
        Ok(if trial.dry_run { client.dry() } else { client })
    }

    /// Says what was done, or that nothing was.
    pub fn done(&mut self, client: &Client, what: &str) -> Result<(), Error> {
        match client.is_dry_run() {
            true => self.out.talk("dry run: nothing was changed"),
            false if what.is_empty() => Ok(()),
            false => self.out.talk(what),
        }
    }

    /// The same as [`Self::confirm`] where a trial may have been asked for, which needs no consent.
    pub fn consent(&mut self, what: &str, consent: Consent) -> Result<(), Error> {
        self.confirm(what, consent.yes || consent.trial.dry_run)
    }

    /// Asks before something that cannot be undone; `what` is a question without its mark.
    pub fn confirm(&mut self, what: &str, has_yes: bool) -> Result<(), Error> {
        if has_yes {
            return Ok(());
        }
        if !self.terminal.can_ask() {
            let message = format!("nobody is there to answer \"{what}?\"");
            return Err(
                Error::here(Exit::Usage, "confirmation_needed", message).hint("answer it beforehand with --yes")
            );
        }
        let answer = prompt::line(self, &format!("{what}? [y/N]"))?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Error::failed("declined", "nothing was changed")),
        }
    }
}

/// Calls with a fresh idempotency key, and once more with the same key if the connection was lost: the daemon then does it
/// once, whether or not the first call arrived.
pub async fn guarded<T>(
    if_match: Option<u64>,
    mut call: impl AsyncFnMut(&Mutation) -> Result<T, client::Error>,
) -> Result<T, Error> {
    let guard = Mutation { if_match, idempotency_key: Some(entropy::key()) };
    match call(&guard).await {
        Err(client::Error::Unreachable { .. }) => {
            tokio::time::sleep(RETRY_AFTER).await;
            Ok(call(&guard).await?)
        }
        answer => Ok(answer?),
    }
}

/// The same of a call that takes no guard of its own: of one that creates something.
pub async fn once<T>(
    client: &Client,
    mut call: impl AsyncFnMut(&Client) -> Result<T, client::Error>,
) -> Result<T, Error> {
    guarded(None, async |guard| match guard.idempotency_key.clone() {
        Some(key) => call(&client.clone().keyed(key)).await,
        None => call(client).await,
    })
    .await
}

/// Does the same to one thing after the other: one that is refused does not stop the others. Prints what came of them, and
/// says what `told` makes of their number.
pub async fn each<I: Display, T: Record>(
    app: &mut App,
    client: &Client,
    items: &[I],
    told: impl Fn(usize) -> String,
    mut act: impl AsyncFnMut(&I) -> Result<T, Error>,
) -> Result<(), Error> {
    let (mut done, mut batch) = (Vec::with_capacity(items.len()), Batch::new());
    for (i, item) in items.iter().enumerate() {
        match act(item).await {
            Ok(one) => done.push(one),
            Err(error) => {
                if !batch.failed(app, &error) {
                    let rest: Vec<_> = items[i + 1..].iter().map(ToString::to_string).collect();
                    batch.skipped(app, &rest)?;
                    break;
                }
            }
        }
    }
    if !done.is_empty() {
        app.out.list(&done, "")?;
        app.done(client, &told(done.len()))?;
    }
    batch.finish()
}

/// The failures of a command about several things.
#[derive(Debug)]
pub struct Batch {
    worst: Exit,
}

impl Batch {
    pub fn new() -> Self {
        Self { worst: Exit::Ok }
    }

    /// Reports that one thing failed; whether it makes sense to go on with the next.
    pub fn failed(&mut self, app: &mut App, error: &Error) -> bool {
        app.report(error);
        self.count(error)
    }

    /// The same of a failure that was reported already.
    pub fn count(&mut self, error: &Error) -> bool {
        self.worst = self.worst.worst(error.exit());
        !error.exit().is_about_everything()
    }

    /// Says what was left undone after a failure that concerns all.
    pub fn skipped(&self, app: &mut App, rest: &[String]) -> Result<(), Error> {
        if rest.is_empty() { Ok(()) } else { app.out.talk(&format!("not tried: {}", rest.join(", "))) }
    }

    pub fn is_clean(&self) -> bool {
        self.worst == Exit::Ok
    }

    pub fn finish(self) -> Result<(), Error> {
        if self.is_clean() { Ok(()) } else { Err(Error::Reported(self.worst)) }
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}
