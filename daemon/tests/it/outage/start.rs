//! A daemon that starts before its database does.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::line_to;
use crate::harness::{PATIENCE, Parkd, parkd, signal};
use crate::postgres;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_waits_for_the_database_and_says_so() {
    let (line, through) = line_to(&postgres::empty_database()).await;
    line.refuse();
    let starting = tokio::task::spawn_blocking(move || Parkd::start_at(&through, &[]));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!starting.is_finished(), "it waits");
    line.pass();
    let parkd = tokio::time::timeout(PATIENCE, starting).await.expect("in time").expect("it starts");
    assert!(parkd.log().contains("waiting for the database"), "{}", parkd.log());
    assert!(parkd.admin().ready().await.expect("an answer").ready);
}

#[test]
fn a_start_does_not_wait_for_ever_nor_for_what_will_not_change() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    let there = postgres::empty_database();
    let server = there.rsplit_once('/').expect("a database").0;
    for (url, wait, says) in [
        (format!("postgres://parkd@{nobody}/lot"), "1s", "refused"),
        (format!("{server}/no_such_database"), "60s", "no_such_database"),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let since = Instant::now();
        let output = parkd(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--database-wait", wait])
            .env("DATABASE_URL", &url)
            .output()
            .expect("parkd runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(says), "{said}");
        assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    }
}

#[test]
fn a_start_that_waits_can_be_stopped() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    for name in ["TERM", "INT"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut process = parkd(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--database-wait", "60s"])
            .env("DATABASE_URL", format!("postgres://parkd@{nobody}/lot"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("parkd starts");
        let mut log = BufReader::new(process.stderr.take().expect("it is piped")).lines();
        assert!(log.any(|line| line.is_ok_and(|line| line.contains("waiting for the database"))), "it waits");
        let since = Instant::now();
        signal(process.id(), name);
        let status = process.wait().expect("it ends");
        assert!(
            status.success() && since.elapsed() < Duration::from_secs(10),
            "{name}: {status} {:?}",
            since.elapsed()
        );
    }
}
