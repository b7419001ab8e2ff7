//! How everybody talks to the daemon. Adapters only: each handler parses, calls one thing, and answers.

mod aged;
mod cameras;
mod captures;
mod crowd;
mod describe;
mod docs;
mod events;
mod extract;
mod firmware;
pub mod form;
mod guard;
mod health;
mod history;
mod images;
mod live;
mod login;
mod lots;
mod page;
mod patient;
mod problem;
mod regions;
pub mod routes;
mod server;
mod sessions;
mod slots;
mod storage;
mod tokens;

pub use captures::UPLOADS_MAX;
pub use routes::{Access, RouteInfo};
pub use server::{Bounds, serve};

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Auth, Limits};
use crate::cameras::Contacts;
use crate::captures::{Captures, Keeper};
use crate::clock::Clock;
use crate::firmware::Firmwares;
use crate::ledger::Ledger;
use crate::lookout::Lookout;
use crate::socket::Fans;

/// What every handler may use. Built once; cloning shares it.
#[derive(Debug, Clone)]
pub struct App(Arc<Shared>);

impl App {
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The parts of an [`App`].
#[derive(Debug)]
pub struct Shared {
    pub ledger: Ledger,
    pub captures: Captures,
    pub keeper: Keeper,
    pub lookout: Lookout,
    pub firmwares: Firmwares,
    pub contacts: Contacts,
    pub auth: Auth,
    pub limits: Limits,
    /// Places for uploads.
    pub uploads: Semaphore,
    /// What serves the live sockets.
    pub fans: Fans,
    pub clock: Arc<dyn Clock>,
    pub policy: Policy,
    /// Cancelled when the daemon begins to stop: sockets say good-bye then.
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
}

/// What the operator decided about who may do what from where.
#[derive(Debug, Clone)]
pub struct Policy {
    pub public_read: bool,
    pub allowed_origins: Vec<String>,
    pub trusted_proxies: Vec<IpAddr>,
    pub web_root: Option<PathBuf>,
    /// Whether proxies that are trusted fetch pictures by themselves once the daemon has allowed it.
    pub proxies_fetch_images: bool,
}
