//! Which server, with which token, about which lot, and where each of these came from. Sends nothing.
//!
//! Flag, then environment, then context, then the daemon of this machine, then the default. A context that is named by a flag counts as
//! one. The token of a context, like the admin token that a daemon keeps in its data directory, is taken for that server alone: a token
//! must never reach a server that it was not made for.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;

use super::contexts::{Context, Contexts, LOCAL};
use super::env::Env;
use super::{CALL_TIMEOUT, Client, Config, Error, spans};
use crate::LotId;

pub const SERVER_DEFAULT: &str = "http://127.0.0.1:8080";

const URL_FILE: &str = "parkd.url";
const TOKEN_FILE: &str = "admin.token";
const LOT_FILE: &str = "lot";

/// What the command line asks for; it counts before everything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    pub context: Option<String>,
    pub server: Option<String>,
    pub token_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub lot: Option<LotId>,
    pub timeout: Option<Duration>,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    /// By its name.
    Context(String),
    File(PathBuf),
    Default,
}

impl Origin {
    pub fn is_default(&self) -> bool {
        *self == Self::Default
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Context(name) => write!(f, "context {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// Everything that a connection needs.
#[derive(Clone)]
pub struct Settings {
    /// [`LOCAL`] for the daemon of this machine.
    pub context: String,
    pub context_from: Origin,
    pub server: String,
    pub server_from: Origin,
    /// It is the daemon whose data directory is at hand.
    pub is_local: bool,
    token: Option<String>,
    pub token_from: Option<Origin>,
    /// Why there is no token although there might be one.
    pub token_missed: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub ca_from: Origin,
    pub lot: LotId,
    pub lot_from: Origin,
    pub timeout: Duration,
    pub timeout_from: Origin,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("context", &self.context)
            .field("server", &self.server)
            .field("lot", &self.lot)
            .field("token_from", &self.token_from)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// # Errors
    /// When something that is named cannot be used: a context that is not there, a file that cannot be read.
    pub fn resolve(wishes: &Wishes, env: &Env) -> Result<Self, Error> {
        let contexts = Contexts::load(env)?;
        let (name, context_from) = chosen(wishes, env, &contexts)?;
        let context = contexts.get(&name);
        let dir = data_dir(env);
        let local = dir.as_deref().map(|dir| dir.join(URL_FILE)).and_then(|file| Some((read(&file)?, file)));
        let mut sources = Sources { wishes, env, name: &name, context, is_flag: false, beside: None };
        sources.is_flag = matches!(context_from, Origin::Flag(_));
        let (server, server_from) = sources.server(local.as_ref());
        // Nothing of a context goes to another server than its own.
        sources.context = context.filter(|context| is_same_server(&context.server, &server));
        let is_local = local.as_ref().is_some_and(|(url, _)| is_same_server(url, &server));
        sources.beside = dir.as_deref().filter(|_| is_local);
        let (lot, lot_from) = sources.lot()?;
        let (ca_file, ca_from) = sources.ca_file();
        let (timeout, timeout_from) = sources.timeout()?;
        let Token { secret, from, missed } = sources.token(&contexts)?;
        Ok(Self {
            context: name.clone(),
            context_from,
            server,
            server_from,
            is_local,
            token: secret,
            token_from: from,
            token_missed: missed,
            ca_file,
            ca_from,
            lot,
            lot_from,
            timeout,
            timeout_from,
        })
    }

    /// `program` is what calls, as `parkctl/0.1.0`.
    ///
    /// # Errors
    /// When the file of certificates cannot be read, or the server's address is none.
    pub fn client(&self, program: &str) -> Result<Client, Error> {
        Client::new(self.config(program)?)
    }

    /// What [`Self::client`] makes its client of.
    ///
    /// # Errors
    /// When the file of certificates cannot be read.
    pub fn config(&self, program: &str) -> Result<Config, Error> {
        let mut config = Config::new(self.server.clone());
        config.token.clone_from(&self.token);
        config.lot = self.lot.clone();
        config.timeout = self.timeout;
        config.user_agent = program.into();
        if let Some(path) = &self.ca_file {
            let what = format!("cannot read the certificates in {} ({})", path.display(), self.ca_from);
            config.ca_pem = Some(std::fs::read(path).map_err(|error| refuse(format!("{what}: {error}")))?);
        }
        Ok(config)
    }
}

/// The name of the context that is used.
fn chosen(wishes: &Wishes, env: &Env, contexts: &Contexts) -> Result<(String, Origin), Error> {
    let named = wishes.context.as_deref().map(|name| (name, Origin::Flag("--context")));
    let named = named.or_else(|| Some((env.get("PARKCTL_CONTEXT")?, Origin::Variable("PARKCTL_CONTEXT"))));
    let current = || {
        let is_chosen = contexts.current() != LOCAL;
        let from = contexts.file().filter(|_| is_chosen).map_or(Origin::Default, Origin::File);
        (contexts.current(), from)
    };
    let (name, from) = named.unwrap_or_else(current);
    if name != LOCAL && contexts.get(name).is_none() {
        let known: Vec<&str> = contexts.iter().map(|(name, _)| name).chain([LOCAL]).collect();
        return Err(refuse(format!("there is no context {name:?} ({from}); there is {}", known.join(", "))));
    }
    Ok((name.into(), from))
}

/// What there is to choose from.
struct Sources<'a> {
    wishes: &'a Wishes,
    env: &'a Env,
    name: &'a str,
    context: Option<&'a Context>,
    /// The context was named on the command line, and counts before what the environment says.
    is_flag: bool,
    /// The data directory of the daemon, if it is that of this machine.
    beside: Option<&'a Path>,
}

#[derive(Default)]
struct Token {
    secret: Option<String>,
    from: Option<Origin>,
    missed: Option<String>,
}

impl Sources<'_> {
    /// The first of: context named by a flag, variable, context.
    fn first<T>(
        &self,
        of_context: impl Fn(&Context) -> Option<T>,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<(T, Origin)>, Error> {
        let in_context = || Some((of_context(self.context?)?, Origin::Context(self.name.into())));
        if let Some(found) = in_context().filter(|_| self.is_flag) {
            return Ok(Some(found));
        }
        match self.variable(variable) {
            Some(text) => {
                let value = parse(text).map_err(|why| refuse(format!("{variable}: {why}")))?;
                Ok(Some((value, Origin::Variable(variable))))
            }
            None => Ok(in_context()),
        }
    }

    /// Who asks for this machine on the command line is not sent elsewhere by the environment.
    fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name).filter(|_| !(self.is_flag && self.name == LOCAL))
    }

    fn server(&self, local: Option<&(String, PathBuf)>) -> (String, Origin) {
        if let Some(server) = &self.wishes.server {
            return (server.clone(), Origin::Flag("--server"));
        }
        let named = self.first(|context| Some(context.server.clone()), "PARKCTL_SERVER", |text| Ok(text.into()));
        let of_this_machine = || local.map(|(url, file)| (url.clone(), Origin::File(file.clone())));
        let found = named.ok().flatten().or_else(of_this_machine);
        found.unwrap_or_else(|| (SERVER_DEFAULT.into(), Origin::Default))
    }

    /// The daemon names the lot that it would like to be asked about in a file `lot`, as the demo does.
    fn lot(&self) -> Result<(LotId, Origin), Error> {
        if let Some(lot) = &self.wishes.lot {
            return Ok((lot.clone(), Origin::Flag("--lot")));
        }
        let parse = |text: &str| text.parse::<LotId>().map_err(|error| error.to_string());
        if let Some(found) = self.first(|context| context.lot.clone(), "PARKCTL_LOT", parse)? {
            return Ok(found);
        }
        let named = self.beside.map(|dir| dir.join(LOT_FILE)).and_then(|file| Some((read(&file)?, file)));
        match named {
            Some((lot, file)) => {
                let lot = parse(&lot).map_err(|error| refuse(format!("{}: {error}", file.display())))?;
                Ok((lot, Origin::File(file)))
            }
            None => Ok((LotId::default(), Origin::Default)),
        }
    }

    fn ca_file(&self) -> (Option<PathBuf>, Origin) {
        if let Some(path) = &self.wishes.ca_file {
            return (Some(path.clone()), Origin::Flag("--ca-file"));
        }
        let found = self.first(|context| context.ca_file.clone(), "PARKCTL_CA_FILE", |text| Ok(text.into()));
        found.ok().flatten().map_or((None, Origin::Default), |(path, from)| (Some(path), from))
    }

    fn timeout(&self) -> Result<(Duration, Origin), Error> {
        if let Some(timeout) = self.wishes.timeout {
            return Ok((timeout, Origin::Flag("--timeout")));
        }
        let Some(text) = self.env.get("PARKCTL_TIMEOUT") else { return Ok((CALL_TIMEOUT, Origin::Default)) };
        match spans::seconds(text) {
            Ok(span) => Ok((span, Origin::Variable("PARKCTL_TIMEOUT"))),
            Err(why) => Err(refuse(format!("PARKCTL_TIMEOUT: {why}"))),
        }
    }

    fn token(&self, contexts: &Contexts) -> Result<Token, Error> {
        if let Some(path) = &self.wishes.token_file {
            return token_in(path, Origin::Flag("--token-file"));
        }
        let given = |secret: &str, from| Token { secret: Some(secret.trim().into()), from: Some(from), missed: None };
        let of_context = match self.context {
            Some(_) => contexts.token(self.name)?.map(|token| given(&token, Origin::Context(self.name.into()))),
            None => None,
        };
        let of_variable = match (self.variable("PARKCTL_TOKEN"), self.variable("PARKCTL_TOKEN_FILE")) {
            (Some(token), _) => Some(given(token, Origin::Variable("PARKCTL_TOKEN"))),
            (None, Some(path)) => Some(token_in(Path::new(path), Origin::Variable("PARKCTL_TOKEN_FILE"))?),
            (None, None) => None,
        };
        let found = if self.is_flag { of_context.or(of_variable) } else { of_variable.or(of_context) };
        if let Some(token) = found {
            return Ok(token);
        }
        let Some(path) = self.beside.map(|dir| dir.join(TOKEN_FILE)) else { return Ok(Token::default()) };
        Ok(match std::fs::read_to_string(&path) {
            Ok(token) => given(&token, Origin::File(path)),
            Err(error) => {
                let missed = Some(format!("cannot read {}: {error}", path.display()));
                Token { missed, ..Token::default() }
            }
        })
    }
}

fn token_in(path: &Path, from: Origin) -> Result<Token, Error> {
    let token = std::fs::read_to_string(path)
        .map_err(|error| refuse(format!("cannot read the token file {} ({from}): {error}", path.display())))?;
    if token.trim().is_empty() {
        return Err(refuse(format!("the token file {} ({from}) is empty", path.display())));
    }
    Ok(Token { secret: Some(token.trim().into()), from: Some(from), missed: None })
}

fn refuse(detail: String) -> Error {
    Error::Config { detail }
}

fn data_dir(env: &Env) -> Option<PathBuf> {
    match env.get("PARKD_DATA_DIR") {
        Some(dir) => Some(dir.into()),
        None => etcetera::choose_base_strategy().ok().map(|base| base.data_dir().join("parkd")),
    }
}

/// The content of a small file, if it has any.
fn read(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_string())
}

/// Strict on purpose: what is not surely the same server does not get its token.
fn is_same_server(a: &str, b: &str) -> bool {
    let plain = |url: &str| {
        let url = url.trim_end_matches('/').to_ascii_lowercase();
        url.strip_prefix("http://localhost:").map(|rest| format!("http://127.0.0.1:{rest}")).unwrap_or(url)
    };
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests;
