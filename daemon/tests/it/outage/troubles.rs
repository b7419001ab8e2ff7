//! While the database is away, and after it is back.

use std::collections::BTreeSet;
use std::time::Duration;

use parking_api::client::{CaptureMeta, Error, Mutation};
use parking_api::events::EventChange;
use parking_api::live::Frame;
use parking_api::{ProblemCode, SlotRef};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::{REFUSED_MAX, Site, timed};
use crate::hand::new_slot;
use crate::harness::wait_for;
use crate::live::view::View;
use crate::mirror::Mirror;
use crate::pictures::JPEGS;
use crate::postgres;
use crate::uploads::files;
use crate::wire::{self, Socket, Wire};

/// How long the database is away, so that everything notices.
const AWAY: Duration = Duration::from_secs(3);

/// What is wrong with the database.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Trouble {
    /// Connections break, and none can be made.
    Gone,
    /// Nothing comes through any more.
    Stalled,
    /// It reads, but does not write.
    ReadOnly,
    /// All connections that it allows are taken, by others.
    Crowded,
}

impl Trouble {
    async fn begin(self, site: &Site) {
        match self {
            Self::Gone => site.line.refuse(),
            Self::Stalled => site.line.stall(),
            Self::ReadOnly => set(site, "set default_transaction_read_only = on").await,
            Self::Crowded => set(site, "connection limit 0").await,
        }
    }

    async fn end(self, site: &Site) {
        match self {
            Self::Gone | Self::Stalled => site.line.pass(),
            Self::ReadOnly => alter(site, "reset default_transaction_read_only").await.close().await.expect("it"),
            Self::Crowded => alter(site, "connection limit -1").await.close().await.expect("it"),
        }
    }
}

/// Changes what holds for every connection from now on.
async fn alter(site: &Site, what: &str) -> PgConnection {
    let (server, name) = site.url.rsplit_once('/').expect("a database");
    let owner = format!("{}/postgres", server.replace("plain@", "parkd@"));
    let mut owner = PgConnection::connect(&owner).await.expect("the server");
    owner.execute(AssertSqlSafe(format!("alter database {name} {what}"))).await.expect("it is changed");
    owner
}

/// The same, and leaves no connection that was made before.
async fn set(site: &Site, what: &str) {
    let mut owner = alter(site, what).await;
    let (_, name) = site.url.rsplit_once('/').expect("a database");
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
    sqlx::query(cut).bind(name).execute(&mut owner).await.expect("connections are cut");
}

/// A database of an account that no limit is lifted for.
async fn plain_database() -> String {
    let url = postgres::database();
    let mut owner = PgConnection::connect(&url).await.expect("the database");
    // Another test may have made it.
    let _ = owner.execute("create role plain login").await;
    owner.execute("grant all on schema public to plain").await.expect("it may be used");
    owner.execute("grant all on all tables in schema public to plain").await.expect("it may be used");
    url.replace("parkd@", "plain@")
}

/// Reads frames until one says so.
async fn heard(socket: &mut Socket, view: &mut View, is_it: impl Fn(&Frame) -> bool) -> Frame {
    loop {
        let frame = wire::frame(socket).await.expect("the socket stays");
        view.take(&frame);
        if is_it(&frame) {
            return frame;
        }
    }
}

fn is_degraded(frame: &Frame, active: bool) -> bool {
    matches!(frame, Frame::Degraded(degraded) if degraded.active == active)
}

async fn goes_through(trouble: Trouble) {
    let url = if trouble == Trouble::Crowded { plain_database().await } else { postgres::database() };
    let site = Site::new(url).await;
    let (admin, wire) = (site.parkd.admin(), Wire::admin(&site.parkd));
    let slot = admin.slot_create(&new_slot("A-1", None)).await.expect("a slot").value;
    let at = SlotRef::Id(slot.id);
    let (path, toggle) = (format!("/api/slots/{}", slot.id), format!("/api/slots/{}/toggle", slot.id));
    let bearer = format!("Bearer {}", site.parkd.admin_token());
    let mut socket = wire::socket(&site.parkd, "/ws", &[("authorization", &bearer)]).await;
    let mut view = View::default();
    heard(&mut socket, &mut view, |frame| matches!(frame, Frame::Snapshot(_))).await;
    assert_eq!(wire.get(&path).await.header("age"), None);

    trouble.begin(&site).await;
    let (refused, took) = timed(wire.call("POST", &toggle)).await;
    assert!(took < REFUSED_MAX, "{trouble:?}: refused after {took:?}");
    let problem = refused.problem();
    assert!([ProblemCode::Unavailable, ProblemCode::OutcomeUnknown].contains(&problem.code), "{problem:?}");
    assert!(refused.header("retry-after").is_some());
    heard(&mut socket, &mut view, |frame| is_degraded(frame, true)).await;
    tokio::time::sleep(AWAY).await;
    // A picture that no row can be made for is not even stored.
    let refused = admin.capture_upload(JPEGS[0].clone(), "image/jpeg", &CaptureMeta::default()).await;
    assert!(matches!(refused, Err(Error::Refused(problem)) if problem.code == ProblemCode::Unavailable));
    assert_eq!(files(&site.parkd.data_dir().join("parking-images")), BTreeSet::new());
    // From then on nobody waits at all.
    let (refused, took) = timed(wire.send("PUT", &path, json!({"state": "closed"}))).await;
    assert_eq!((refused.status, refused.code()), (503, ProblemCode::Unavailable));
    assert!(took < Duration::from_secs(2), "{took:?}");
    for path in ["/api/slots", "/api/slots/stats", "/api/lots", &path, "/api/cameras"] {
        let known = wire.get(path).await;
        let age: u64 = known.header("age").expect("it says how old it is").parse().expect("seconds");
        assert_eq!(known.status, 200, "{path}");
        assert_eq!(age >= 2, trouble != Trouble::ReadOnly, "{trouble:?} {path}: {age}");
    }
    let ready = wire.get("/health/ready").await;
    assert_eq!((ready.status, ready.header("age").is_some()), (503, true), "{}", ready.text());
    assert!(ready.text().contains("s ago"), "{}", ready.text());
    let (history, took) = timed(wire.get("/api/sessions")).await;
    assert!(took < REFUSED_MAX, "{took:?}");
    assert_eq!(history.status, if trouble == Trouble::ReadOnly { 200 } else { 503 }, "{}", history.text());

    trouble.end(&site).await;
    let done = wait_for("writes", async || admin.slot_toggle(&at, &Mutation::default()).await.ok()).await;
    heard(&mut socket, &mut view, |frame| is_degraded(frame, false)).await;
    while view.at < done.seq {
        view.take(&wire::frame(&mut socket).await.expect("the socket stays"));
    }
    view.assert_same(&admin).await;
    assert_eq!(wire.get(&path).await.header("age"), None);
    wait_for("readiness", async || admin.ready().await.expect("an answer").ready.then_some(())).await;
    let log = Mirror::default().prove(&admin).await;
    let toggles = log.iter().filter(|event| matches!(event.change, EventChange::SlotChanged { .. })).count();
    let may_be_done = usize::from(problem.code == ProblemCode::OutcomeUnknown);
    assert!((1..=1 + may_be_done).contains(&toggles), "{toggles} toggles: what was refused was not done");
    site.parkd.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_is_waited_for() {
    goes_through(Trouble::Gone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_swallows_everything_keeps_nobody_waiting() {
    goes_through(Trouble::Stalled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_only_reads_is_read() {
    goes_through(Trouble::ReadOnly).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_without_a_free_connection_is_waited_for() {
    goes_through(Trouble::Crowded).await;
}
