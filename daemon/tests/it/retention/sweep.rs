//! Objects without captures, and captures without objects.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use parkd::clock::{Clock, SystemClock, new_id};
use parkd::objects::Objects;
use serde_json::Value;

use super::*;
use crate::harness::{Database, Parkd, on_both};
use crate::s3::{Server, bucket_name};
use crate::uploads::files;

on_both!(what_no_capture_names_goes_and_what_is_missing_is_told);

fn orphan() -> String {
    format!("main/cam-1/2026/01/02/{}-0a1b2c3d.jpg", new_id())
}

fn write(folder: &Path, key: &str) {
    let path = folder.join(key);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let mut file = std::fs::File::create(path).expect("a file");
    file.write_all(b"nobody's").expect("it is written");
    // As old as any sweep of these tests wants it, at once and all at the same time.
    let an_hour_ago = SystemClock.now().plus_ms(-3_600_000).ms().unsigned_abs();
    file.set_modified(UNIX_EPOCH + Duration::from_millis(an_hour_ago)).expect("a time");
}

/// All files but the marks of databases.
fn pictures(folder: &Path) -> BTreeSet<String> {
    files(folder).into_iter().filter(|key| !key.starts_with("_parkd/")).collect()
}

fn sweep(parkd: &Parkd, args: &[&str]) -> (Option<i32>, String) {
    let output = parkd.run(&[&["sweep"], args].concat());
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

async fn what_no_capture_names_goes_and_what_is_missing_is_told(database: Database) {
    let parkd = Parkd::start_on(database, &["--sweep-every", "100ms", "--orphan-age", "1s"]);
    let (admin, images) = (parkd.admin(), parkd.data_dir().join("parking-images"));
    let (kept, lost) = (upload(&admin, None).await, upload(&admin, None).await);
    let (foreign, orphan) = ("holiday/beach.jpg".to_string(), orphan());
    [&foreign, &orphan].into_iter().for_each(|key| write(&images, key));
    let small = format!("{}-160.jpg", new_id());
    write(&parkd.data_dir().join("thumbnails"), &small);
    std::fs::remove_file(images.join(&lost.key)).expect("it was there");

    let left = [kept.key.clone(), foreign].into();
    wait_for("the orphan to go", async || (pictures(&images) == left).then_some(())).await;
    wait_for("what is missing to be told", async || {
        let readiness = admin.ready().await.expect("an answer");
        assert!(readiness.ready, "a daemon that can work goes on working");
        readiness.storage.filter(|said| said.contains("1 captures have no picture"))
    })
    .await;
    let run = wait_for("another sweep", async || {
        admin.storage().await.expect("figures").sweep.filter(|run| run.objects == 1)
    });
    let run = run.await;
    assert_eq!((run.objects, run.missing, run.missing_keys, run.held_back), (1, 1, vec![lost.key.clone()], None));
    assert!(parkd.log().contains(&lost.key), "the log says which");
    assert!(!parkd.data_dir().join("thumbnails").join(small).exists());
    assert_eq!(stored(&admin).await, ids([&kept, &lost]), "no capture is deleted for it");

    let (code, said) = sweep(&parkd, &["--dry-run", "--orphan-age", "1ms"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("1 captures without their picture") && said.contains(&lost.key), "{said}");
    let verified = parkd.run(&["verify", "--pictures", "--orphan-age", "1ms"]);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.code() == Some(1) && said.contains(&lost.key), "{said}");
    parkd.verify();
    admin.capture_delete(lost.id).await.expect("an admin decides");
    wait_for("an end of it", async || admin.ready().await.expect("an answer").storage.is_none().then_some(())).await;
}

#[tokio::test]
async fn too_many_orphans_are_left_to_a_person() {
    const ORPHANS: u64 = 120;
    let parkd = Parkd::start(&["--sweep-every", "100ms", "--orphan-age", "1ms"]);
    let (admin, images) = (parkd.admin(), parkd.data_dir().join("parking-images"));
    let kept = upload(&admin, None).await;
    // They come all at once, so that no sweep finds a few of them.
    let aside = parkd.data_dir().join("aside");
    (0..ORPHANS).for_each(|_| write(&aside, &orphan()));
    std::fs::rename(aside.join("main/cam-1"), images.join("main/cam-1")).expect("they are there");
    let run = wait_for("a sweep that is held back", async || {
        admin.storage().await.expect("figures").sweep.filter(|run| run.held_back.is_some() && run.orphans == ORPHANS)
    });
    let run = run.await;
    assert_eq!((run.objects, run.removed), (ORPHANS + 1, 0));
    let said = admin.ready().await.expect("an answer").storage.expect("something is wrong");
    assert!(said.contains("too many to be removed unasked"), "{said}");
    let (code, said) = sweep(&parkd, &["--dry-run", "--json", "--orphan-age", "1ms"]);
    let told: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &told["orphans"], &told["removed"]), (Some(0), &ORPHANS.into(), &0.into()));
    let (_, said) = sweep(&parkd, &["--orphan-age", "1d"]);
    assert!(said.contains("0 of no capture"), "nothing is as old as that yet: {said}");
    let (code, said) = sweep(&parkd, &["--orphan-age", "1ms"]);
    assert!(code == Some(0) && said.contains("120 removed"), "{said}");
    assert_eq!(pictures(&images), [kept.key].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_in_the_spool_is_neither_orphan_nor_missing() {
    let (server, bucket) = (Server::own().await, bucket_name());
    let (url, keys) = (server.url(&bucket), server.keys_file());
    let place = ["--objects-url", &url, "--s3-keys-file", &keys.to_string_lossy()];
    let parkd = Parkd::start(&[&place[..], &["--sweep-every", "100ms", "--orphan-age", "1ms"]].concat());
    let admin = parkd.admin();
    let straight = upload(&admin, None).await;
    let orphan = orphan();
    let objects = Objects::open(&url, Some(&keys)).await.expect("the bucket");
    objects.put(&orphan, Bytes::from_static(b"nobody's")).await.expect("it is there");
    wait_for("the orphan to go", async || objects.head(&orphan).await.is_err().then_some(())).await;

    server.kill();
    let spooled = upload(&admin, None).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.start().await;
    wait_for("an empty spool", async || (admin.ready().await.expect("an answer").objects == "ok").then_some(())).await;
    let seen = admin.storage().await.expect("figures").sweep.expect("a sweep").at;
    let run = wait_for("two more sweeps", async || {
        admin.storage().await.expect("figures").sweep.filter(|run| run.at.ms_since(seen) > 1_000)
    });
    let run = run.await;
    assert_eq!((run.objects, run.orphans, run.missing), (2, 0, 0));
    for capture in [straight, spooled] {
        assert_eq!(admin.image(&capture.key, None).await.expect("it is served"), largest());
    }
}

#[tokio::test]
async fn of_a_store_that_two_databases_use_nothing_is_removed() {
    let args = ["--sweep-every", "100ms", "--orphan-age", "1ms"];
    let one = Parkd::start(&args);
    let images = one.data_dir().join("parking-images");
    let is_held_back = async |parkd: &Parkd| {
        let sweep = parkd.admin().storage().await.expect("figures").sweep?;
        sweep.held_back.filter(|why| why.contains("1 other databases use this object store"))
    };
    wait_for("a sweep", async || one.admin().storage().await.expect("figures").sweep).await;
    let other = Parkd::start(&[&args[..], &["--objects-url", &format!("file://{}", images.display())]].concat());
    for parkd in [&one, &other] {
        wait_for("a sweep that is held back", async || is_held_back(parkd).await).await;
    }
    let (first, second) = (upload(&one.admin(), None).await, upload(&other.admin(), None).await);
    let (code, said) = sweep(&one, &["--orphan-age", "1ms"]);
    assert!(code == Some(0) && said.contains("1 of no capture") && said.contains("0 removed"), "{said}");
    assert_eq!(pictures(&images), [first.key, second.key].into());
}
