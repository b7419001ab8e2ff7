//! The daemon's hand on the pulse of a database on a server: one connection of its own that asks whether it is there, and by which daemons
//! tell each other that there is something new; and another that hears it. Apart from the pools, so that nothing keeps them waiting.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_api::lots::Lot;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, Executor};
use tokio::sync::{Mutex, watch};

use super::bounds::Away;
use super::sql::{On, sql};
use super::{Error, Head, Result, Store, lots};

/// Longest wait for an answer on one of these connections.
const ANSWER_MAX: Duration = Duration::from_millis(1_500);
/// How often a listener makes sure that it would hear something: whatever stands between may forget a connection that says nothing.
const LISTEN_CHECK: Duration = Duration::from_secs(15);
/// Where news are told. The payload is the id of the daemon that tells them, and words.
const CHANNEL: &str = "parkd";

/// Other daemons of the same database that listen at the moment.
const PEERS: &str = "select count(*) from pg_stat_activity
 where datname = current_database() and application_name like 'parkd listens %' and application_name <> $1";

#[derive(Debug)]
pub(super) struct Pulse {
    options: PgConnectOptions,
    /// Tells this daemon from the others.
    id: String,
    connection: Mutex<Option<PgConnection>>,
    has_peers: AtomicBool,
    /// Why the database is away, if it is.
    away: watch::Sender<Option<String>>,
}

impl Pulse {
    pub fn new(options: &PgConnectOptions, id: String) -> Self {
        // That a notification is lost with the server is no loss: so nobody waits for a disk.
        let options = options.clone().options([("synchronous_commit", "off")]);
        Self {
            options,
            id,
            connection: Mutex::default(),
            has_peers: AtomicBool::new(false),
            away: watch::Sender::new(None),
        }
    }

    pub fn away(&self) -> Away {
        self.away.subscribe()
    }

    fn listener_name(&self) -> String {
        format!("parkd listens {}", self.id)
    }

    /// Runs one piece of work on the connection, which is made where there is none. If it does not come to an end, the connection goes
    /// with it.
    async fn ask<T>(&self, work: impl AsyncFnOnce(&mut PgConnection) -> Result<T>) -> Result<T> {
        let asking = async {
            let mut place = self.connection.lock().await;
            let mut connection = match place.take() {
                Some(connection) => connection,
                None => self.options.connect().await?,
            };
            let answer = work(&mut connection).await?;
            *place = Some(connection);
            Ok(answer)
        };
        in_time(asking).await
    }

    async fn lots(&self) -> Result<Vec<(Lot, Head)>> {
        self.ask(async |connection| {
            let (peers,): (i64,) = sql(PEERS).bind(self.listener_name()).one(On::Postgres(connection, None)).await?;
            self.has_peers.store(peers > 0, Ordering::Relaxed);
            lots::all(On::Postgres(connection, None)).await
        })
        .await
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let done = tokio::time::timeout(ANSWER_MAX, work).await;
    done.unwrap_or_else(|_| Err(Error::Unavailable(format!("it does not answer within {ANSWER_MAX:?}"))))
}

/// Hears what other daemons tell.
pub struct Listener {
    inner: PgListener,
    id: String,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Listener {
    /// The next words that another daemon told.
    ///
    /// # Errors
    /// When the connection is lost, and with it perhaps some words.
    pub async fn next(&mut self) -> Result<Vec<String>> {
        loop {
            let Ok(heard) = tokio::time::timeout(LISTEN_CHECK, self.inner.try_recv()).await else {
                in_time(async { Ok(self.inner.execute("select 1").await?) }).await?;
                continue;
            };
            let Some(heard) = heard? else { return Err(Error::Unavailable("the connection was lost".into())) };
            let mut words = heard.payload().split(' ').map(str::to_string);
            if words.next().as_ref() != Some(&self.id) {
                return Ok(words.collect());
            }
        }
    }
}

impl Store {
    /// Whether other processes on other machines may use it as well, and can be told of news.
    pub fn is_shared(&self) -> bool {
        self.pulse.is_some()
    }

    /// All lots, by the connection that keeps nobody waiting and waits for nobody: so an error means that the database is away.
    pub async fn beat(&self) -> Result<Vec<(Lot, Head)>> {
        let Some(pulse) = &self.pulse else { return self.lots().await };
        let lots = match pulse.lots().await {
            // The connection may have broken while nobody looked. A new one decides.
            Err(Error::Unavailable(_)) => pulse.lots().await,
            done => done,
        };
        let why = lots.as_ref().err().map(ToString::to_string);
        pulse.away.send_if_modified(|away| {
            let is_news = away.is_some() != why.is_some();
            *away = why;
            is_news
        });
        lots
    }

    /// Whether the last beat was missed. Then history is not even asked for.
    pub fn is_away(&self) -> bool {
        self.pulse.as_ref().is_some_and(|pulse| pulse.away.borrow().is_some())
    }

    /// Tells the other daemons, if there are any.
    pub async fn tell(&self, words: &[String]) -> Result<()> {
        let Some(pulse) = self.pulse.as_ref().filter(|pulse| pulse.has_peers.load(Ordering::Relaxed)) else {
            return Ok(());
        };
        let payload = format!("{} {}", pulse.id, words.join(" "));
        let notify = sql("select pg_notify($1, $2)").bind(CHANNEL).bind(payload);
        pulse.ask(async |connection| Ok(_ = notify.execute(On::Postgres(connection, None)).await?)).await
    }

    /// Begins to hear what other daemons tell from now on; `None` where there can be none.
    pub async fn listen(&self) -> Result<Option<Listener>> {
        let Some(pulse) = &self.pulse else { return Ok(None) };
        let options = pulse.options.clone().application_name(&pulse.listener_name());
        // A pool of one is what this listener is made of. A connection that it loses is not replaced: what was told meanwhile is lost.
        let pool =
            PgPoolOptions::new().max_connections(1).acquire_timeout(ANSWER_MAX).idle_timeout(None).max_lifetime(None);
        in_time(async {
            let mut inner = PgListener::connect_with(&pool.connect_with(options).await?).await?;
            inner.eager_reconnect(false);
            inner.listen(CHANNEL).await?;
            Ok(Some(Listener { inner, id: pulse.id.clone() }))
        })
        .await
    }
}
