//! Which server, with which token, about which lot, and where each of these came from. Sends nothing.
//!
//! Flag, then environment, then the daemon of this machine, then the default. The admin token that a daemon keeps in its data
//! directory is taken for that daemon alone: a token must never reach a server that it was not made for.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;

use super::env::Env;
use super::{CALL_TIMEOUT, Client, Config, Error};
use crate::LotId;

pub const SERVER_DEFAULT: &str = "http://127.0.0.1:8080";

const URL_FILE: &str = "parkd.url";
const TOKEN_FILE: &str = "admin.token";
const LOT_FILE: &str = "lot";

/// What the command line asks for; it counts before everything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    pub server: Option<String>,
    pub token_file: Option<PathBuf>,
    pub lot: Option<LotId>,
    pub timeout: Option<Duration>,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Variable(&'static str),
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
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// Everything that a connection needs.
#[derive(Clone)]
pub struct Settings {
    pub server: String,
    pub server_from: Origin,
    /// It is the daemon whose data directory is at hand.
    pub is_local: bool,
    token: Option<String>,
    pub token_from: Option<Origin>,
    /// Why there is no token although there might be one.
    pub token_missed: Option<String>,
    pub lot: LotId,
    pub lot_from: Origin,
    pub timeout: Duration,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("server", &self.server)
            .field("lot", &self.lot)
            .field("token_from", &self.token_from)
            .finish_non_exhaustive()
    }
}

impl Settings {
    pub fn resolve(wishes: &Wishes, env: &Env) -> Result<Self, Error> {
        let dir = data_dir(env);
        let local = dir.as_deref().map(|dir| dir.join(URL_FILE)).and_then(|file| Some((read(&file)?, file)));
        let (server, server_from) = server(wishes, env, local.as_ref());
        let is_local = local.as_ref().is_some_and(|(url, _)| is_same_server(url, &server));
        let beside = dir.as_deref().filter(|_| is_local);
        let (lot, lot_from) = lot(wishes, env, beside)?;
        let mut settings = Self {
            server,
            server_from,
            is_local,
            token: None,
            token_from: None,
            token_missed: None,
            lot,
            lot_from,
            timeout: wishes.timeout.unwrap_or(CALL_TIMEOUT),
        };
        settings.find_token(wishes, env, beside)?;
        Ok(settings)
    }

    /// `program` is what calls, as `parkctl/0.1.0`.
    pub fn client(&self, program: &str) -> Result<Client, Error> {
        let mut config = Config::new(self.server.clone());
        config.token.clone_from(&self.token);
        config.lot = self.lot.clone();
        config.timeout = self.timeout;
        config.user_agent = program.into();
        Client::new(config)
    }

    fn find_token(&mut self, wishes: &Wishes, env: &Env, beside: Option<&Path>) -> Result<(), Error> {
        if let Some(path) = &wishes.token_file {
            return self.read_token(path, Origin::Flag("--token-file"));
        }
        if let Some(token) = env.get("PARKCTL_TOKEN") {
            self.token = Some(token.trim().into());
            self.token_from = Some(Origin::Variable("PARKCTL_TOKEN"));
            return Ok(());
        }
        if let Some(path) = env.get("PARKCTL_TOKEN_FILE") {
            return self.read_token(Path::new(path), Origin::Variable("PARKCTL_TOKEN_FILE"));
        }
        let Some(path) = beside.map(|dir| dir.join(TOKEN_FILE)) else { return Ok(()) };
        match std::fs::read_to_string(&path) {
            Ok(token) => {
                self.token = Some(token.trim().into());
                self.token_from = Some(Origin::File(path));
            }
            Err(error) => self.token_missed = Some(format!("cannot read {}: {error}", path.display())),
        }
        Ok(())
    }

    fn read_token(&mut self, path: &Path, from: Origin) -> Result<(), Error> {
        let token = std::fs::read_to_string(path)
            .map_err(|error| refuse(format!("cannot read the token file {} ({from}): {error}", path.display())))?;
        if token.trim().is_empty() {
            return Err(refuse(format!("the token file {} ({from}) is empty", path.display())));
        }
        self.token = Some(token.trim().into());
        self.token_from = Some(from);
        Ok(())
    }
}

fn refuse(detail: String) -> Error {
    Error::Config { detail }
}

fn server(wishes: &Wishes, env: &Env, local: Option<&(String, PathBuf)>) -> (String, Origin) {
    if let Some(server) = &wishes.server {
        return (server.clone(), Origin::Flag("--server"));
    }
    if let Some(server) = env.get("PARKCTL_SERVER") {
        return (server.into(), Origin::Variable("PARKCTL_SERVER"));
    }
    match local {
        Some((url, file)) => (url.clone(), Origin::File(file.clone())),
        None => (SERVER_DEFAULT.into(), Origin::Default),
    }
}

/// The daemon names the lot that it would like to be asked about in a file `lot`, as the demo does.
fn lot(wishes: &Wishes, env: &Env, beside: Option<&Path>) -> Result<(LotId, Origin), Error> {
    if let Some(lot) = &wishes.lot {
        return Ok((lot.clone(), Origin::Flag("--lot")));
    }
    if let Some(lot) = env.get("PARKCTL_LOT") {
        let lot = lot.parse().map_err(|error| refuse(format!("PARKCTL_LOT: {error}")))?;
        return Ok((lot, Origin::Variable("PARKCTL_LOT")));
    }
    let named = beside.map(|dir| dir.join(LOT_FILE)).and_then(|file| Some((read(&file)?, file)));
    match named {
        Some((lot, file)) => {
            let lot = lot.parse().map_err(|error| refuse(format!("{}: {error}", file.display())))?;
            Ok((lot, Origin::File(file)))
        }
        None => Ok((LotId::default(), Origin::Default)),
    }
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
