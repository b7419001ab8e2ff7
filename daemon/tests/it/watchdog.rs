//! What the daemon tells a service manager, over a real socket.

use std::time::Duration;

use serde_json::json;
use sqlx::{Connection, Executor, SqliteConnection};
use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::harness::{PATIENCE, Parkd, signal, wait_for};
use crate::postgres;
use crate::proxy::Proxy;
use crate::wire::Wire;

/// How long the manager of these tests waits for a sign of life.
const WATCHDOG: Duration = Duration::from_secs(1);

/// A service manager, as far as a daemon sees it.
struct Manager {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        Self { socket, folder }
    }

    /// Starts a daemon that hears of the manager's patience, with these variables besides.
    fn start(&self, patience: Duration, variables: &[&str]) -> Parkd {
        let socket = format!("NOTIFY_SOCKET={}", self.folder.path().join("notify").display());
        let patience = format!("WATCHDOG_USEC={}", patience.as_micros());
        Parkd::start_through(&[&["env", &socket, &patience], variables].concat(), &[])
    }

    /// The next thing it is told; `None` when that is nothing in this time.
    async fn told_within(&self, time: Duration) -> Option<String> {
        let mut bytes = [0; 1024];
        let len = timeout(time, self.socket.recv(&mut bytes)).await.ok()?.expect("a message");
        Some(String::from_utf8_lossy(&bytes[..len]).into_owned())
    }

    /// Waits until it is told this.
    async fn is_told(&self, what: &str) -> String {
        loop {
            let told = self.told_within(PATIENCE).await.unwrap_or_else(|| panic!("it is not told {what}"));
            if told.contains(what) {
                return told;
            }
        }
    }
}

#[tokio::test]
async fn a_service_manager_hears_when_the_daemon_is_ready_alive_and_stopping() {
    let manager = Manager::new();
    let mut parkd = manager.start(WATCHDOG, &[]);
    let ready = manager.is_told("READY=1").await;
    assert_eq!(ready, format!("READY=1\nSTATUS=listening on {}\n", parkd.url()));
    assert_eq!(Wire::admin(&parkd).get("/api/slots").await.status, 200);
    for _ in 0..3 {
        manager.is_told("WATCHDOG=1").await;
    }
    signal(parkd.pid(), "TERM");
    let stopping = manager.is_told("STOPPING=1").await;
    assert!(!stopping.contains("WATCHDOG"), "{stopping}");
    assert_eq!(parkd.ended(), Some(0));
}

#[tokio::test]
async fn a_daemon_that_hangs_gives_no_sign_of_life_until_it_goes_on() {
    let manager = Manager::new();
    let parkd = manager.start(WATCHDOG, &[]);
    manager.is_told("WATCHDOG=1").await;
    // Somebody holds the only place to write, so the committer cannot come round.
    let mut other = SqliteConnection::connect(&parkd.database_url()).await.expect("the database");
    other.execute("begin immediate").await.expect("the lock");
    let wire = Wire::admin(&parkd);
    let mut waiting = JoinSet::new();
    waiting.spawn(wire.send_owned("POST", "/api/slots", json!({"code": "A-1"})));
    while manager.told_within(2 * WATCHDOG).await.is_some() {}
    other.execute("rollback").await.expect("the lock is given back");
    manager.is_told("WATCHDOG=1").await;
    assert_eq!(waiting.join_next().await.expect("it waits").expect("an answer").status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_no_reason_for_a_restart() {
    // Long enough for the daemon to find out that nobody answers.
    let (manager, patience) = (Manager::new(), 20 * WATCHDOG);
    let database = postgres::database();
    let (host, rest) = database.split_once('@').and_then(|(_, at)| at.split_once('/')).expect("a URL of a server");
    let line = Proxy::new(host).await;
    let through = line.url().replace("http://", "postgres://parkd@");
    let parkd = manager.start(patience, &[&format!("DATABASE_URL={through}/{rest}")]);
    manager.is_told("READY=1").await;
    manager.is_told("WATCHDOG=1").await;
    line.stall();
    for _ in 0..3 {
        let told = manager.told_within(patience).await.expect("a sign of life while the database is away");
        assert_eq!(told, "WATCHDOG=1\n");
    }
    line.pass();
    let wire = Wire::admin(&parkd);
    wait_for("the database", async || {
        (wire.send("POST", "/api/slots", json!({"code": "A-1"})).await.status == 201).then_some(())
    })
    .await;
    manager.is_told("WATCHDOG=1").await;
}

#[tokio::test]
async fn a_container_asks_the_daemon_in_it_whether_it_is_ready() {
    let mut parkd = Parkd::start(&[]);
    let address = parkd.address().to_string();
    let ready = parkd.run(&["health", "--listen", &address]);
    assert_eq!(ready.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&ready.stdout).starts_with("{\"ready\":true"));
    assert_eq!(parkd.stop(), Some(0));
    let gone = parkd.run(&["health", "--listen", &address]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stderr).contains(&address), "it says who does not answer");
}
