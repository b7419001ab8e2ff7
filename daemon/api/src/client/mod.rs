//! The typed client of `parkd`: one method per route, and `follow` for the live stream. Knows nothing of screens or terminals.
//!
//! Every call has a time limit and every answer a maximum size. Redirects are not followed, nor is a proxy of the environment used:
//! a token goes to the server that was named and to no other.

mod cameras;
mod captures;
pub mod contexts;
pub mod env;
mod error;
mod events;
mod firmware;
mod http;
pub mod live;
mod lots;
mod regions;
mod sessions;
pub mod settings;
mod slots;
pub mod spans;
mod status;
mod tokens;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};

pub use captures::{CaptureMeta, CaptureQuery};
pub use error::Error;
pub use events::EventQuery;
pub use firmware::FirmwareMeta;
pub use live::{LinkState, Live, LiveMessage, LiveOptions, follow};
pub use sessions::SessionQuery;
pub use slots::{HistoryQuery, SlotQuery};
pub use status::Probe;

use crate::LotId;

/// Time limit of a call when the caller does not say.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of one answer, after decompression.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Where the server is and who calls it.
#[derive(Clone)]
pub struct Config {
    /// `http://host:port[/prefix]`, or `https://…`.
    pub server: String,
    pub token: Option<String>,
    /// The lot that every call is about.
    pub lot: LotId,
    /// Time limit of a call, from the connection to the last byte of the answer.
    pub timeout: Duration,
    pub user_agent: String,
    /// Certificates, as PEM, that the server's own may be signed by besides those that this machine trusts.
    pub ca_pem: Option<Vec<u8>>,
}

impl Config {
    pub fn new(server: impl Into<String>) -> Self {
        Self {
            server: server.into(),
            token: None,
            lot: LotId::default(),
            timeout: CALL_TIMEOUT,
            user_agent: concat!("parking-api/", env!("CARGO_PKG_VERSION")).into(),
            ca_pem: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("server", &self.server)
            .field("token", &self.token.as_ref().map(|_| "***"))
            .field("lot", &self.lot)
            .field("timeout", &self.timeout)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}

/// A client of one server and one lot. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
    is_dry_run: bool,
    /// Of every change that has no key of its own.
    idempotency_key: Option<String>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    /// For live streams: never takes up an idle connection, which may be long dead after the network was.
    dialer: reqwest::Client,
    /// Without a slash at the end.
    server: String,
    /// `Bearer …`, marked as sensitive.
    authorization: Option<HeaderValue>,
    user_agent: HeaderValue,
    lot: LotId,
    timeout: Duration,
}

impl Client {
    /// Connects to nothing yet.
    pub fn new(config: Config) -> Result<Self, Error> {
        let server = check_server(&config.server)?;
        let authorization = config.token.as_deref().map(bearer).transpose()?;
        let user_agent = HeaderValue::from_str(&config.user_agent).map_err(|_| Error::Config {
            detail: format!("the user agent {:?} has characters that a header cannot carry", config.user_agent),
        })?;
        let roots = roots(config.ca_pem.as_deref())?;
        let is_secure = server.starts_with("https:");
        let builder = || {
            let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
            let builder = builder.no_proxy().connect_timeout(CONNECT_TIMEOUT);
            // The system's certificates are many, and only https needs them.
            let builder = builder.tls_built_in_root_certs(is_secure);
            roots.iter().cloned().fold(builder, reqwest::ClientBuilder::add_root_certificate)
        };
        let failed = |source: reqwest::Error| Error::Config { detail: error::chain(&source) };
        let http = builder().build().map_err(failed)?;
        let dialer = builder().pool_max_idle_per_host(0).build().map_err(failed)?;
        let Config { lot, timeout, .. } = config;
        let inner = Inner { http, dialer, server, authorization, user_agent, lot, timeout };
        Ok(Self { inner: Arc::new(inner), is_dry_run: false, idempotency_key: None })
    }

    /// The address of the server, without a slash at the end.
    pub fn server(&self) -> &str {
        &self.inner.server
    }

    pub fn lot(&self) -> &LotId {
        &self.inner.lot
    }

    /// The same client, but every change is only tried: the daemon answers as if it were done, and does nothing.
    #[must_use]
    pub fn dry(self) -> Self {
        Self { is_dry_run: true, ..self }
    }

    /// The same client for one change: made again with the same key, it is answered again and done once.
    #[must_use]
    pub fn keyed(self, key: String) -> Self {
        Self { idempotency_key: Some(key), ..self }
    }

    pub fn is_dry_run(&self) -> bool {
        self.is_dry_run
    }
}

/// What may guard a mutation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mutation {
    /// The `rev` that the caller has seen; a newer one refuses the mutation (`rev_stale`).
    pub if_match: Option<u64>,
    /// The same key and body again give the first answer again.
    pub idempotency_key: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Cursor of the next page; absent on the last one.
    pub next: Option<String>,
}

fn check_server(server: &str) -> Result<String, Error> {
    let refuse = |why: &str| Error::Config { detail: format!("the server address {server:?} {why}") };
    let url = Url::parse(server).map_err(|_| refuse("is not a URL such as http://127.0.0.1:8080"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("does not begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Not shown: there may be a password in it.
        return Err(Error::Config { detail: "the server address holds a user name or password; use a token".into() });
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("has a query or a fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_string())
}

fn roots(pem: Option<&[u8]>) -> Result<Vec<reqwest::Certificate>, Error> {
    let Some(pem) = pem else { return Ok(Vec::new()) };
    match reqwest::Certificate::from_pem_bundle(pem) {
        Ok(roots) if !roots.is_empty() => Ok(roots),
        _ => Err(Error::Config { detail: "the certificates to trust are not PEM, or there is none".into() }),
    }
}

fn bearer(token: &str) -> Result<HeaderValue, Error> {
    let is_clean = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
    let mut value = is_clean
        .then(|| HeaderValue::try_from(format!("Bearer {token}")).ok())
        .flatten()
        .ok_or_else(|| Error::Config { detail: "the token is empty or has characters that no token has".into() })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_without_its_last_slash() {
        for (given, kept) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("https://parking.example/lots/", "https://parking.example/lots"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            let client = Client::new(Config::new(given)).expect("a good address");
            assert_eq!(client.server(), kept);
        }
    }

    #[test]
    fn a_bad_address_is_refused_and_named() {
        for bad in ["", "127.0.0.1:8080", "ftp://host", "http://", "http://host/?lot=a", "http://host/#a"] {
            let error = Client::new(Config::new(bad)).expect_err(bad).to_string();
            assert!(error.contains(&format!("{bad:?}")), "{error}");
        }
    }

    #[test]
    fn no_secret_is_shown_by_an_error_or_a_debug_line() {
        let error = Client::new(Config::new("http://me:hunter2@host")).expect_err("no password in an address");
        assert!(!format!("{error} {error:?}").contains("hunter2"));

        let mut config = Config::new("http://host");
        config.token = Some("hunter2".into());
        assert!(!format!("{config:?}").contains("hunter2"));
        let client = Client::new(config.clone()).expect("a good configuration");
        assert!(!format!("{client:?}").contains("hunter2"));

        config.token = Some("hunter2\r\nX-Other: 1".into());
        let error = Client::new(config).expect_err("no line break in a token");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
