//! Backups of a lot that is in use, and drills of bringing them back.

use std::os::unix::fs::PermissionsExt;

use parking_api::client::{CaptureMeta, CaptureQuery};
use parking_api::live::SnapshotReason;
use tokio::task::JoinSet;

use super::{Target, done, failed, files, keys, other, text, used, work};
use crate::hand::new_slot;
use crate::harness::{Database, on_both};
use crate::live::view::Follower;
use crate::mirror::Mirror;
use crate::pictures::JPEGS;

const BACKUPS_MIN: usize = 4;

on_both!(
    a_backup_that_is_made_while_clients_write_is_of_one_moment,
    a_lot_is_brought_back_from_its_backup_on_either_database,
    a_database_that_is_not_empty_is_not_restored_into,
);

async fn a_backup_that_is_made_while_clients_write_is_of_one_moment(database: Database) {
    let parkd = used(database, 10).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let client = parkd.admin();
    let mut working = JoinSet::new();
    working.spawn(async move { work(&client, 60).await });
    let mut made = Vec::new();
    while !working.is_empty() || made.len() < BACKUPS_MIN {
        if let Some(worked) = working.try_join_next() {
            worked.expect("the clients are none the worse for it");
        }
        let name = if made.len() % 2 == 0 { "folder".to_string() } else { format!("{}.tar", made.len()) };
        let path = folder.path().join(name);
        // Another process, in another thread: the clients go on.
        let output = tokio::task::block_in_place(|| parkd.run(&["backup", "create", text(&path)]));
        done(&output);
        let verified = tokio::task::block_in_place(|| parkd.run(&["backup", "verify", text(&path)]));
        // A sample from the object store may name a picture that a client has deleted by now; a folder has all that were there.
        if made.len() % 2 == 0 {
            assert!(done(&verified).contains("it can be restored"));
        }
        made.push(path);
    }
    for (name, path) in files(folder.path()) {
        let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} holds what makes whoever reads it an admin");
    }
}

async fn a_lot_is_brought_back_from_its_backup_on_either_database(database: Database) {
    let mut parkd = used(database, 40).await;
    let admin = parkd.admin();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("lot.tar");
    let mut follower = Follower::new(&admin);
    follower.go_live().await;
    let cursor = follower.cursor_at_head(&admin).await;
    drop(follower);
    let slots = admin.slots(&Default::default()).await.expect("slots");
    let captures =
        admin.captures(&CaptureQuery { limit: Some(500), ..CaptureQuery::default() }).await.expect("captures");
    done(&parkd.run(&["backup", "create", "--with-images", text(&path)]));
    let again = parkd.run(&["backup", "create", "--with-images", text(&path)]);
    assert!(failed(&again).contains("there already"), "a backup is never overwritten");
    let token = parkd.admin_token();
    // After the moment of the backup, so that a restored log goes another way.
    admin.slot_create(&new_slot("LATER", None)).await.expect("a slot");
    assert_eq!(parkd.stop(), Some(0));

    for database in [database, other(database)] {
        let target = Target::new(database);
        assert!(done(&target.run(&["backup", "verify", text(&path)])).contains("it can be restored"));
        let said = done(&target.run(&["backup", "restore", text(&path)]));
        assert!(said.starts_with("restored 1 lots"), "{said}");
        let restored = target.start();
        let admin = restored.client_with(Some(token.clone()));
        assert_eq!(admin.slots(&Default::default()).await.expect("slots"), slots);
        let found =
            admin.captures(&CaptureQuery { limit: Some(500), ..CaptureQuery::default() }).await.expect("captures");
        assert_eq!(found.items, captures.items);
        for key in keys(&admin).await {
            admin.image(&key, None).await.expect("its picture");
        }
        // Who was here before knows a log that is not this one, although it has the same numbers.
        let mut follower = Follower::returning(&admin, cursor.clone());
        follower.go_live().await;
        assert_eq!(follower.view.snapshots, [SnapshotReason::EpochChanged]);
        follower.view.assert_same(&admin).await;
        work(&admin, 10).await;
        Mirror::default().prove(&admin).await;
        restored.verify();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_brought_up_to_date_with_what_it_does_not_have() {
    let parkd = used(Database::Sqlite, 10).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("lot");
    let count = keys(&parkd.admin()).await.len();
    let first = done(&parkd.run(&["backup", "create", text(&path)]));
    assert!(first.contains(&format!("{count} pictures ({count} copied now)")), "{first}");
    let captures = parkd.admin().captures(&CaptureQuery::default()).await.expect("captures").items;
    parkd.admin().capture_delete(captures[0].id).await.expect("it is deleted");
    for picture in &JPEGS[3..5] {
        parkd.admin().capture_upload(picture.clone(), "image/jpeg", &CaptureMeta::default()).await.expect("a picture");
    }
    let second = done(&parkd.run(&["backup", "create", text(&path)]));
    assert!(second.contains(&format!("{} pictures (2 copied now)", count + 1)), "{second}");
    let mut expected = keys(&parkd.admin()).await;
    expected.sort();
    let found = files(&path.join("images"));
    assert_eq!(found.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), expected, "it is of one moment");
    assert!(done(&parkd.run(&["backup", "verify", text(&path)])).contains("it can be restored"));
    // Anybody can check it, without this program.
    let mut check = std::process::Command::new("sha256sum");
    done(&check.args(["--check", "--strict", "SHA256SUMS"]).current_dir(&path).output().expect("sha256sum runs"));
}

#[test]
fn a_folder_with_something_else_in_it_is_left_alone() {
    let parkd = crate::harness::Parkd::start(&[]);
    let said = failed(&parkd.run(&["backup", "create", text(parkd.data_dir())]));
    assert!(said.contains("something else"), "{said}");
    assert!(!parkd.data_dir().join("SHA256SUMS").exists());
}

async fn a_database_that_is_not_empty_is_not_restored_into(database: Database) {
    let parkd = used(database, 5).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("lot.tar");
    done(&parkd.run(&["backup", "create", text(&path)]));
    let slots = parkd.admin().slots(&Default::default()).await.expect("slots");
    let said = failed(&parkd.run(&["backup", "restore", text(&path)]));
    assert!(said.contains("not empty"), "{said}");
    assert_eq!(parkd.admin().slots(&Default::default()).await.expect("slots"), slots);
    parkd.verify();
}
