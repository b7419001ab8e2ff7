//! A lot that moves to another database and another object store, and what may go wrong on the way.

use std::process::Stdio;

use parkd::store::{Store, embedded_url};
use parking_api::client::CaptureQuery;
use parking_api::slots::NewSlot;
use sqlx::{Connection, SqliteConnection};
use tokio::task::JoinSet;

use super::{Target, done, failed, keys, other, used, work};
use crate::hand::new_slot;
use crate::harness::{self, Database, Parkd, on_both, wait_for};
use crate::live::view::Follower;
use crate::mirror::Mirror;

/// Enough for several batches of rows in two tables.
const SLOTS: usize = 5_000;

on_both!(
    a_lot_moves_to_the_other_database_and_its_clients_go_on,
    a_move_that_is_killed_goes_on_where_it_was,
    a_source_that_is_written_to_is_noticed,
);

/// The URLs of what a daemon keeps.
fn places(parkd: &Parkd) -> (String, String) {
    let objects = parkd::objects::folder_url(&parkd.data_dir().join("parking-images"));
    (parkd.database_url(), objects)
}

async fn a_lot_moves_to_the_other_database_and_its_clients_go_on(database: Database) {
    let mut parkd = used(database, 40).await;
    let admin = parkd.admin();
    let token = parkd.admin_token();
    let mut follower = Follower::new(&admin);
    follower.go_live().await;
    let cursor = follower.cursor_at_head(&admin).await;
    drop(follower);
    let slots = admin.slots(&Default::default()).await.expect("slots");
    let captures =
        admin.captures(&CaptureQuery { limit: Some(500), ..CaptureQuery::default() }).await.expect("captures");
    assert_eq!(parkd.stop(), Some(0));

    let target = Target::new(other(database));
    let (from, objects_from) = places(&parkd);
    let objects_to = target.objects();
    let args = [
        "migrate-data",
        "--from",
        &from,
        "--to",
        &target.url,
        "--objects-from",
        &objects_from,
        "--objects-to",
        &objects_to,
    ];
    let said = done(&target.run(&args));
    assert!(said.contains("the target is sound") && said.contains("moved 1 lots"), "{said}");
    assert!(failed(&target.run(&args)).contains("not empty"), "what has moved is not moved over");
    let moved = target.start();
    let admin = moved.client_with(Some(token));
    assert_eq!(admin.slots(&Default::default()).await.expect("slots"), slots);
    let found = admin.captures(&CaptureQuery { limit: Some(500), ..CaptureQuery::default() }).await.expect("captures");
    assert_eq!(found.items, captures.items);
    for key in keys(&admin).await {
        admin.image(&key, None).await.expect("its picture");
    }
    let mut follower = Follower::returning(&admin, cursor);
    follower.go_live().await;
    assert_eq!(follower.view.snapshots, [], "the log is the same");
    work(&admin, 10).await;
    Mirror::default().prove(&admin).await;
    moved.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lot_of_an_older_version_moves_and_stays_as_it_was_where_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let from = embedded_url(folder.path());
    let mut source = SqliteConnection::connect(&format!("{from}?mode=rwc")).await.expect("a database");
    sqlx::raw_sql(include_str!("../store/released/0.1.0.sqlite.sql"))
        .execute(&mut source)
        .await
        .expect("the dump is read");
    let schema = "select count(*) from _sqlx_migrations";
    let before: i64 = sqlx::query_scalar(schema).fetch_one(&mut source).await.expect("a count");
    source.close().await.expect("it is closed");
    let target = Target::new(Database::Postgres);
    let args = ["migrate-data", "--from", &from, "--to", &target.url];

    let spool = target.folder.path().join("spool");
    std::fs::create_dir(&spool).expect("a folder");
    std::fs::write(spool.join("0000000000000001"), "main/a.jpg\nbytes").expect("a file");
    let said = failed(&target.run(&args));
    assert!(said.contains("1 pictures wait in") && said.contains("run this again"), "{said}");
    std::fs::remove_dir_all(&spool).expect("it was there");

    let said = done(&target.run(&args));
    assert!(said.contains("the target is sound") && said.contains("the source is as it was"), "{said}");
    done(&target.run(&["verify"]));
    let mut source = SqliteConnection::connect(&from).await.expect("a database");
    assert_eq!(sqlx::query_scalar::<_, i64>(schema).fetch_one(&mut source).await.expect("a count"), before);
}

async fn large(database: Database) -> Parkd {
    let parkd = Parkd::start_on(database, &[]);
    let rows: Vec<NewSlot> = (0..SLOTS).map(|n| new_slot(&format!("A-{n}"), None)).collect();
    for rows in rows.chunks(1_000) {
        parkd.admin().slots_import_json(rows, false).await.expect("slots");
    }
    parkd
}

/// Kills a move to `target` when it has begun with the slots; `None` when it was quicker.
async fn kill(target: &Target, args: &[&str]) -> Option<()> {
    let mut command = harness::parkd(target.folder.path());
    let mut process = command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("parkd runs");
    // As quickly as can be: there is not much time to kill it in.
    while process.try_wait().expect("it can be waited for").is_none() && !has_slots(&target.url).await {
        tokio::task::yield_now().await;
    }
    process.kill().expect("it is killed");
    process.wait().expect("it is gone");
    let refusal = Store::open(&target.url, 2).await.err()?;
    assert!(refusal.to_string().contains("not complete"), "{refusal}");
    Some(())
}

async fn has_slots(url: &str) -> bool {
    let text = "select id from slots limit 1";
    if url.starts_with("postgres") {
        let Ok(mut database) = sqlx::PgConnection::connect(url).await else { return false };
        return sqlx::query(text).fetch_optional(&mut database).await.is_ok_and(|row| row.is_some());
    }
    let Ok(mut database) = SqliteConnection::connect(url).await else { return false };
    sqlx::query(text).fetch_optional(&mut database).await.is_ok_and(|row| row.is_some())
}

async fn a_move_that_is_killed_goes_on_where_it_was(database: Database) {
    let mut parkd = large(database).await;
    let token = parkd.admin_token();
    let slots = parkd.admin().slots(&Default::default()).await.expect("slots");
    assert_eq!(parkd.stop(), Some(0));
    let (from, _) = places(&parkd);
    // It may be done before it is killed; then once more.
    let target = wait_for("a move that is killed in the middle", async || {
        let target = Target::new(other(database));
        kill(&target, &["migrate-data", "--from", &from, "--to", &target.url]).await.map(|()| target)
    })
    .await;
    let said = target.refusal();
    assert!(said.contains("not complete") && said.contains("migrate-data"), "{said}");
    let said = done(&target.run(&["migrate-data", "--from", &from, "--to", &target.url]));
    assert!(said.contains("going on where"), "{said}");
    let moved = target.start();
    let admin = moved.client_with(Some(token));
    assert_eq!(admin.slots(&Default::default()).await.expect("slots"), slots);
    moved.verify();
}

async fn a_source_that_is_written_to_is_noticed(database: Database) {
    let parkd = large(database).await;
    let target = Target::new(other(database));
    let (from, _) = places(&parkd);
    let args = ["migrate-data", "--from", &from, "--to", &target.url];
    let client = parkd.admin();
    let mut writing = JoinSet::new();
    // For longer than anything takes; it ends with the test.
    writing.spawn(async move { work(&client, usize::MAX).await });
    let said = failed(&tokio::task::block_in_place(|| target.run(&args)));
    assert!(said.contains("a daemon writes to the source"), "{said}");
    assert!(writing.try_join_next().is_none(), "the daemon is none the worse for it");
    target.refusal();
}
