//! What a daemon does not start on, and what it says then.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Output;

use parkd::store::{Store, embedded_url};
use sqlx::{Connection, SqliteConnection};

use crate::hand::new_slot;
use crate::harness::{Parkd, parkd, run};

const PAGE_BYTES: u64 = 4096;

/// Starts it where it cannot; its words. Exit code 1 says that it tried.
fn refusal(output: &Output) -> String {
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(output.stdout.is_empty(), "it does not say that it listens");
    assert!(err.contains("parkd: "), "{err}");
    err
}

fn serve(data_dir: &Path) -> String {
    refusal(&run(data_dir, &["serve", "--listen", "127.0.0.1:0"]))
}

#[test]
fn an_address_that_is_taken_is_named_with_the_way_out() {
    let taken = Parkd::start(&[]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = refusal(&run(folder.path(), &["serve", "--listen", taken.address()]));
    assert!(said.contains(&format!("cannot listen on {}", taken.address())) && said.contains("--listen"), "{said}");
}

#[test]
fn a_folder_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").expect("a file");
    let below = file.join("data");
    let below = below.to_str().expect("text");
    let mut command = parkd(folder.path());
    let output = command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir", below]).output();
    let said = refusal(&output.expect("parkd runs"));
    assert!(said.contains(below), "{said}");
}

#[tokio::test]
async fn what_only_looks_does_not_bring_an_older_database_up_to_date() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (url, older) = (embedded_url(folder.path()), 12);
    Store::open_to_fill(&url, 1, older).await.expect("an older database").close().await;
    for args in [
        &["verify"][..],
        &["verify", "--pictures"],
        &["token", "list"],
        &["retention", "--dry-run"],
        &["sweep", "--dry-run"],
    ] {
        let said = refusal(&run(folder.path(), args));
        assert!(said.contains(&format!("migration {older}")) && said.contains("parkd serve"), "{args:?}: {said}");
        let store = Store::open_as_it_is(&url, 1).await.expect("the database");
        assert_eq!(store.schema_version().await.expect("a version"), older, "{args:?}");
        store.close().await;
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let mut parkd = Parkd::start(&[]);
    assert_eq!(parkd.stop(), Some(0));
    let url = format!("sqlite://{}", parkd.data_dir().join("parking.db").display());
    let mut database = SqliteConnection::connect(&url).await.expect("the database");
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'from the future', true, x'00', 0)";
    sqlx::query(newer).execute(&mut database).await.expect("a row");
    database.close().await.expect("it is closed");
    for said in [serve(parkd.data_dir()), refusal(&run(parkd.data_dir(), &["verify"]))] {
        assert!(said.contains("9999") && said.contains("newer version"), "{said}");
    }
}

#[tokio::test]
async fn a_damaged_database_is_left_alone() {
    let mut parkd = Parkd::start(&[]);
    let rows: Vec<_> = (0..500).map(|index| new_slot(&format!("A-{index}"), None)).collect();
    parkd.admin().slots_import_json(&rows, false).await.expect("slots");
    assert_eq!(parkd.stop(), Some(0));
    let path = parkd.data_dir().join("parking.db");
    let whole = std::fs::read(&path).expect("the database");
    let pages = whole.len() as u64 / PAGE_BYTES;
    assert!(pages > 20, "the test needs something to damage");
    // The first page says what the file is; the others hold the rows.
    for (from, count) in [(0, 1), (pages / 2, 3)] {
        let mut file = std::fs::File::options().write(true).open(&path).expect("the database");
        file.seek(SeekFrom::Start(from * PAGE_BYTES)).expect("a place in it");
        file.write_all(&vec![0x5a; (count * PAGE_BYTES) as usize]).expect("it is written");
        drop(file);
        let said = serve(parkd.data_dir());
        assert!(said.contains("damaged"), "{said}");
        refusal_of_verify(parkd.data_dir());
        std::fs::write(&path, &whole).expect("the backup is restored");
    }
    parkd.restart();
    assert_eq!(parkd.admin().slot_stats().await.expect("figures").counts.total, rows.len());
    parkd.verify();
}

fn refusal_of_verify(data_dir: &Path) {
    let said = refusal(&run(data_dir, &["verify"]));
    assert!(said.contains("damaged"), "{said}");
}
