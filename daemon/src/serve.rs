//! The whole daemon put together: opened, served, and stopped in order. Decides nothing itself.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_api::cameras::HEALTH_KEEP_S;
use parking_api::events::Actor;
use parking_api::tokens::Role;
use parking_api::{LotId, Time};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::secret::{self, Grant, record};
use crate::auth::{Auth, Limits, Rates};
use crate::cameras::{self, Contacts};
use crate::captures::{Captures, Keeper, Thumbnails};
use crate::clock::{Clock, SystemClock};
use crate::config::{ImagesVia, Places, Serve};
use crate::demo;
use crate::firmware::Firmwares;
use crate::history;
use crate::http::{App, Bounds, Policy, Shared, UPLOADS_MAX, routes, serve as serve_http};
use crate::integrity;
use crate::ledger::{Command, Ledger};
use crate::lookout::{self, Lookout};
use crate::objects::{Objects, SpoolSettings};
use crate::socket::Fans;
use crate::store::{self, Store};
use crate::urls;
use crate::watchdog;

/// Longest time that a stop may take; what is not done then is dropped.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// Of that, what requests and sockets may take, so that what they wrote can still be committed.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);
/// And this, closing the database.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// How often old events and first answers are looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(600);
/// A fact in the database: when a daemon began last to fold old events away, and how long the others leave that to it, in milliseconds.
const FOLD_BEGUN: &str = "fold_begun_ms";
const FOLD_TURN_MS: i64 = 5 * 60 * 1000;
/// How long the first answer to a request is remembered, in milliseconds.
const ANSWERS_MS: i64 = 24 * 60 * 60 * 1000;
/// How long it is known how full the lots were, in milliseconds: three years.
const HISTORY_MS: i64 = 3 * 366 * ANSWERS_MS;

/// A daemon that runs.
#[derive(Debug)]
pub struct Daemon {
    address: SocketAddr,
    places: Places,
    ledger: Ledger,
    /// Tasks that ask the ledger for something.
    front: TaskTracker,
    /// Tasks of the ledger itself.
    back: TaskTracker,
    stop: CancellationToken,
}

impl Daemon {
    /// Opens everything and listens.
    ///
    /// # Errors
    /// What could not be opened, and what to do about it.
    pub async fn start(settings: &Serve, places: Places) -> Result<Self, String> {
        Self::start_at(settings, places, SystemClock::shared()).await
    }

    /// The same by another clock.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn start_at(settings: &Serve, places: Places, clock: Arc<dyn Clock>) -> Result<Self, String> {
        places.prepare()?;
        // The address first: a second daemon by mistake must fail before it touches anything.
        let listener = TcpListener::bind(settings.listen)
            .await
            .map_err(|e| format!("cannot listen on {}: {e} (choose another with --listen)", settings.listen))?;
        let address =
            listener.local_addr().map_err(|e| format!("cannot learn the address that is listened on: {e}"))?;
        let (front, back, stop) = (TaskTracker::new(), TaskTracker::new(), CancellationToken::new());
        store::reach(&places.database_url, settings.database_wait.unsigned_abs()).await.map_err(|e| e.to_string())?;
        let store = open_store(&places).await?;
        let ledger = Ledger::open(store, Arc::clone(&clock), back.clone()).await.map_err(|e| e.to_string())?;
        let objects = open_objects(settings, &places, Arc::clone(&clock)).await?;
        if settings.demo {
            demo::lot::prepare(&ledger, &places, clock.now()).await?;
        }
        ensure_admin(&ledger, &*clock, &places).await?;
        let contacts = Contacts::load(&ledger, &*clock).await.map_err(|e| e.to_string())?;
        let auth = Auth::load(ledger.clone(), Arc::clone(&clock)).await.map_err(|e| e.to_string())?;
        let thumbnails =
            Thumbnails::open(places.thumbnails()).map_err(|e| format!("cannot use the folder for thumbnails: {e}"))?;
        let keeping = settings.keeping.settings();
        let keeper = Keeper::new(
            ledger.clone(),
            objects.clone(),
            Some(thumbnails.clone()),
            Arc::clone(&clock),
            if settings.demo { demo::lot::keeping(keeping) } else { keeping },
        );
        let firmwares =
            Firmwares::new(objects.clone(), contacts.clone(), Arc::clone(&clock), settings.firmware_key.clone());
        let room = keeper.room().clone();
        let captures = Captures::new(ledger.clone(), objects, contacts.clone(), Arc::clone(&clock), thumbnails, room);
        front.spawn(keeper.clone().watch(stop.clone()));
        front.spawn(cameras::watch(contacts.clone(), ledger.clone(), Arc::clone(&clock), stop.clone()));
        front.spawn(firmwares.clone().watch(ledger.clone(), stop.clone()));
        front.spawn(captures.objects().clone().drain(stop.clone()));
        front.spawn(auth.clone().write_uses(stop.clone()));
        front.spawn(auth.clone().follow_logouts(stop.clone()));
        front.spawn(watchdog::watch(ledger.clone(), stop.clone()));
        tend(&front, &ledger, &clock, settings, &stop);
        let lookout = open_lookout(settings, &ledger, &captures, &clock)?;
        front.spawn(lookout.clone().watch(stop.clone()));
        let app = App::new(Shared {
            ledger: ledger.clone(),
            captures,
            keeper,
            lookout: lookout.clone(),
            firmwares,
            contacts,
            auth,
            limits: Limits::new(Rates { writes_per_s: settings.write_rate, uploads_per_s: settings.upload_rate }),
            uploads: Semaphore::new(UPLOADS_MAX),
            fans: Fans::default(),
            clock: Arc::clone(&clock),
            policy: policy(settings)?,
            stop: stop.clone(),
            tasks: front.clone(),
        });
        front.spawn(serve_http(listener, routes::build(app), bounds(settings), front.clone(), stop.clone()));
        if settings.demo {
            let demo = demo::run::Demo { ledger: ledger.clone(), lookout, clock, places: places.clone(), address };
            front.spawn(demo.run(settings.demo_speed, stop.clone()));
        }
        write_private(&places.address(), &own_url(address))?;
        Ok(Self { address, places, ledger, front, back, stop })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops in order: takes nothing more in, lets requests end and sockets say good-bye, commits what is queued, closes the database.
    /// `false` when what was queued could not be committed in time. A request that does not end in time is dropped: it was not acknowledged.
    pub async fn stop(self) -> bool {
        self.stop.cancel();
        self.front.close();
        if tokio::time::timeout(DRAIN_TIMEOUT, self.front.wait()).await.is_err() {
            tracing::warn!(tasks = self.front.len(), "some requests took too long and are dropped");
        }
        self.ledger.stop();
        self.back.close();
        let rest = STOP_TIMEOUT.saturating_sub(DRAIN_TIMEOUT + CLOSE_TIMEOUT);
        let committed = tokio::time::timeout(rest, self.back.wait()).await.is_ok();
        // A long read of history may hold a connection; nothing of it is lost.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.ledger.store().close()).await;
        let file = self.places.address();
        if std::fs::read_to_string(&file).is_ok_and(|url| url == own_url(self.address)) {
            // Clients must not look for a daemon that is gone; that the file cannot be removed only makes them wait for an answer.
            let _ = std::fs::remove_file(file);
        }
        committed
    }
}

fn open_lookout(
    settings: &Serve,
    ledger: &Ledger,
    captures: &Captures,
    clock: &Arc<dyn Clock>,
) -> Result<Lookout, String> {
    let model = lookout::model(settings.occupancy_model.as_deref())?;
    let hold_ms = settings.overrule_after.as_millis() as i64;
    Ok(Lookout::new(ledger.clone(), captures.clone(), Arc::clone(clock), model, hold_ms))
}

/// What is done now and then to what the database holds.
fn tend(front: &TaskTracker, ledger: &Ledger, clock: &Arc<dyn Clock>, settings: &Serve, stop: &CancellationToken) {
    front.spawn(prune(ledger.clone(), Arc::clone(clock), settings.events_keep, stop.clone()));
    front.spawn(history::watch(ledger.clone(), Arc::clone(clock), stop.clone()));
    let check_every = settings.check_every.unsigned_abs();
    front.spawn(integrity::watch(ledger.store().clone(), Arc::clone(clock), check_every, stop.clone()));
}

/// The URL by which clients on the same machine reach the daemon, as a line.
fn own_url(address: SocketAddr) -> String {
    format!("http://{}\n", reachable(address))
}

/// An address such as 0.0.0.0 is listened on, but not connected to.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

/// Opens the database, brings its schema up to date, and refuses one that is damaged.
///
/// # Errors
/// Why it cannot be used.
pub async fn open_store(places: &Places) -> Result<Store, String> {
    sound(Store::open(&places.database_url, places.database_connections).await, places).await
}

/// The same where nothing shall be changed.
///
/// # Errors
/// Why it cannot be used.
pub async fn open_store_to_look(places: &Places) -> Result<Store, String> {
    sound(Store::open_to_look(&places.database_url, places.database_connections).await, places).await
}

async fn sound(opened: store::Result<Store>, places: &Places) -> Result<Store, String> {
    let store = opened.map_err(|e| e.to_string())?;
    match store.damage().await {
        Ok(None) => Ok(store),
        Ok(Some(damage)) => {
            let url = urls::redacted(&places.database_url);
            Err(format!("the database {url} is damaged ({damage}): restore a backup"))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn bounds(settings: &Serve) -> Bounds {
    let connections_max = settings.connections_max.get() as usize;
    Bounds { connections_max, trusted_proxies: settings.trusted_proxies.clone() }
}

fn policy(settings: &Serve) -> Result<Policy, String> {
    let proxies_fetch_images = settings.images_via == ImagesVia::Accel;
    if proxies_fetch_images && settings.trusted_proxies.is_empty() {
        return Err("--images-via=accel needs --trusted-proxies: only those are told where pictures are".into());
    }
    Ok(Policy {
        public_read: settings.public_read,
        allowed_origins: settings.allowed_origins.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
        web_root: settings.web_root.clone(),
        proxies_fetch_images,
    })
}

async fn open_objects(settings: &Serve, places: &Places, clock: Arc<dyn Clock>) -> Result<Objects, String> {
    let spool = SpoolSettings { folder: places.spool(), bytes_max: settings.spool_max.bytes(), clock };
    let opened = Objects::open_spooled(&places.objects_url, places.s3_keys_file.as_deref(), spool).await;
    opened.map_err(|e| e.to_string())
}

/// Creates the first admin token, when there is none that is valid, and leaves it where a client of the same user finds it.
async fn ensure_admin(ledger: &Ledger, clock: &dyn Clock, places: &Places) -> Result<(), String> {
    let main = ledger.lot(&LotId::default()).ok_or("the lot main is missing")?;
    let now = clock.now();
    let has_admin = main.read(|state| {
        state.tokens().any(|token| {
            token.role == Role::Admin && token.revoked_at.is_none() && token.expires_at.is_none_or(|e| e > now)
        })
    });
    if has_admin {
        return Ok(());
    }
    let secret = secret::new().map_err(|e| format!("no randomness for a token: {e}"))?;
    // The file first: a token that nobody was left with would lock everybody out.
    write_private(&places.admin_token(), &format!("{secret}\n"))?;
    create_token(ledger, &secret, "admin", Role::Admin, None, now).await?;
    tracing::info!(file = %places.admin_token().display(), "the first admin token was created; it is in this file");
    Ok(())
}

/// Creates a token with this secret in the lot `main`.
///
/// # Errors
/// When the name is not valid or the database fails.
pub async fn create_token(
    ledger: &Ledger,
    secret: &str,
    name: &str,
    role: Role,
    expires_at: Option<Time>,
    now: Time,
) -> Result<(), String> {
    let main = ledger.lot(&LotId::default()).ok_or("the lot main is missing")?;
    let grant = Grant { name: name.into(), role, lot: LotId::default(), camera: None, expires_at };
    let command = Command::CreateToken(Box::new(record(grant, secret, now)));
    main.submit(command, Actor::system("operator"), None).await.map_err(|e| e.to_string())?;
    Ok(())
}

/// Writes a file that only its owner may read, all or nothing.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, text: &str) -> Result<(), String> {
    let partial = path.with_extension("partial");
    let written = std::fs::remove_file(&partial)
        .or_else(|e| if e.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(e) });
    let written = written
        .and_then(|()| std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial))
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&partial, path));
    written.map_err(|e| format!("cannot write {}: {e}", path.display()))
}

/// One of the daemons on a database folds what is too long.
async fn fold_events(ledger: &Ledger, now: Time, keep: u64) {
    let long: Vec<_> = ledger.lots().into_iter().filter(|lot| Ledger::is_long(lot, keep)).collect();
    if long.is_empty() {
        return;
    }
    match ledger.store().take_turn(FOLD_BEGUN, now, now.plus_ms(-FOLD_TURN_MS)).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => return tracing::warn!(%error, "old events cannot be forgotten"),
    }
    for lot in long {
        match ledger.prune(lot.id(), keep).await {
            Ok(events) => tracing::info!(lot = %lot.id(), events, "old events were folded into a checkpoint"),
            Err(error) => tracing::warn!(lot = %lot.id(), %error, "old events cannot be forgotten"),
        }
    }
}

async fn prune(ledger: Ledger, clock: Arc<dyn Clock>, events_keep: u64, stop: CancellationToken) {
    let mut tick = tokio::time::interval(PRUNE_EVERY);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        fold_events(&ledger, clock.now(), events_keep).await;
        if let Err(error) = ledger.store().purge_lots().await {
            tracing::warn!(%error, "the rows of deleted lots cannot be removed");
        }
        if let Err(error) = ledger.store().prune_history(clock.now().plus_ms(-HISTORY_MS)).await {
            tracing::warn!(%error, "how full the lots were years ago cannot be forgotten");
        }
        let keep_ms = i64::from(HEALTH_KEEP_S) * 1_000;
        if let Err(error) = ledger.store().prune_health(clock.now().plus_ms(-keep_ms)).await {
            tracing::warn!(%error, "how cameras were doing long ago cannot be forgotten");
        }
        if let Err(error) = ledger.store().prune_answers(clock.now().plus_ms(-ANSWERS_MS)).await {
            tracing::warn!(%error, "old answers cannot be forgotten");
        }
        if let Err(error) = ledger.store().forget_failures(clock.now()).await {
            tracing::warn!(%error, "failed logins cannot be forgotten");
        }
    }
}
