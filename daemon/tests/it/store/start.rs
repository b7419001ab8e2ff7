//! Opening a database: by its URL, by several at once, and what is said when it cannot be.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parkd::store::{Error, missing_file};
use parking_api::SlotRef;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;

use super::*;
use crate::hand::new_slot;
use crate::harness::{Parkd, run, wait_for};

#[tokio::test]
async fn four_daemons_start_at_once_on_an_empty_database() {
    let url = postgres::empty_database();
    let mut starts = JoinSet::new();
    for _ in 0..4 {
        let url = url.clone();
        starts.spawn_blocking(move || Parkd::start_at(&url, &[]));
    }
    let daemons = starts.join_all().await;
    // The first admin is made by one of them, and told in its folder.
    let first = daemons.iter().find(|parkd| parkd.data_dir().join("admin.token").exists());
    let first = first.expect("one of them has the token");
    let slot = first.admin().slot_create(&new_slot("A-1", None)).await.expect("a slot").value;
    for parkd in &daemons {
        let client = parkd.client_with(Some(first.admin_token()));
        wait_for("the slot at every daemon", async || client.slot(&SlotRef::Id(slot.id)).await.ok()).await;
        parkd.verify();
    }
}

#[tokio::test]
async fn many_bring_one_schema_up_to_date_at_once() {
    const OPENERS: usize = 8;
    let url = postgres::empty_database();
    let opened = join_all((0..OPENERS).map(|_| Store::open(&url, 2))).await;
    for store in opened {
        store.expect("a store").close().await;
    }
}

#[test]
fn a_folder_may_have_any_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["a?b#c %20", "ü & 'x' \"y\"", "a:b@c;d=e+f"] {
        let data = folder.path().join(name);
        std::fs::create_dir(&data).expect("a folder");
        let made = run(&data, &["token", "create", "x"]);
        assert_eq!(made.status.code(), Some(1), "there is no database yet");
        let url = embedded_url(&data);
        assert_eq!(missing_file(&url).expect("a file"), Some(data.join("parking.db")));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async { Store::open(&url, CONNECTIONS).await.expect("a database").close().await });
        assert!(data.join("parking.db").is_file() && missing_file(&url).expect("a file").is_none());
        assert!(run(&data, &["verify"]).status.success());
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 3, "nothing was made elsewhere");
}

#[tokio::test]
async fn every_subcommand_works_on_a_server() {
    let mut parkd = Parkd::start_on(Database::Postgres, &[]);
    let created = parkd.run(&["token", "create", "second", "--role", "admin"]);
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
    let secret = String::from_utf8(created.stdout).expect("text").trim().to_string();
    let client = parkd.client_with(Some(secret));
    wait_for("the token at the daemon", async || client.lots().await.ok()).await;
    let list = parkd.run(&["token", "list"]);
    assert!(String::from_utf8_lossy(&list.stdout).contains("second"));
    let config = String::from_utf8(parkd.run(&["config"]).stdout).expect("text");
    assert!(
        config.contains("postgres://parkd@127.0.0.1:") && config.contains("PARKD_DATABASE_CONNECTIONS"),
        "{config}"
    );
    assert_eq!(parkd.stop(), Some(0));
    parkd.verify();
    parkd.restart();
    parkd.admin().lots().await.expect("the token is known still");
    assert!(!parkd.data_dir().join("parking.db").exists(), "nothing is kept in a file");
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_named_without_its_password() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    // Nobody listens there any more.
    drop(listener);
    let free = postgres::empty_database();
    let host = free.split(['@', '/']).nth(3).expect("a host").to_string();
    let urls = [
        format!("postgres://parkd:hunter2@{address}/lot"),
        format!("postgres://parkd:hunter2@{host}/no_such_database"),
        format!("postgres://nobody:hunter2@{host}/postgres?x=1"),
        format!("postgres://parkd@{host}/no_such_database?password=hunter2"),
        "postgres://parkd:hunter2@host:port/lot".to_string(),
        "postgres://parkd:hunt/er2@host/lot".to_string(),
    ];
    for url in urls {
        let since = Instant::now();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let output = crate::harness::parkd(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--database-wait", "1s"])
            .env("DATABASE_URL", &url)
            .output()
            .expect("parkd runs");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        assert_eq!(output.status.code(), Some(1), "{url}: {said}");
        assert!(said.contains("postgres://") && !said.contains("hunt"), "{url}: {said}");
        assert!(since.elapsed() < Duration::from_secs(15), "{url}: it took {:?}", since.elapsed());
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let stage = Stage::new(Database::Postgres).await;
    let mut database = PgConnection::connect(&stage.url).await.expect("the database");
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'from the future', true, '\\x00', 0)";
    sqlx::query(newer).execute(&mut database).await.expect("a row");
    let error = Store::open(&stage.url, CONNECTIONS).await.expect_err("it is newer");
    assert!(matches!(&error, Error::Incompatible(why) if why.contains("9999")), "{error:?}");
}
