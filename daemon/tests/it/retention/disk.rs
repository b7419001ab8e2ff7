//! A small disk of one's own: that runs low, where nothing may go, and that is full.

use std::path::PathBuf;
use std::time::Duration;

use parking_api::client::Error;
use parking_api::{ProblemCode, SlotRef};

use super::*;
use crate::hand::new_slot;
use crate::harness::Parkd;
use crate::mirror::Mirror;

/// Between two attempts to upload to a full disk.
const RETRY: Duration = Duration::from_millis(50);

/// Mounts a disk in memory that only the daemon sees, and that goes with it.
fn on_disk(folder: &str, megabytes: u32) -> Vec<String> {
    let place = format!("\"$PARKD_DATA_DIR\"/{folder}");
    let script = format!("mkdir -p {place} && mount -t tmpfs -o size={megabytes}m tmpfs {place} && exec \"$@\"");
    ["unshare", "-Urm", "bash", "-c", &script, "bash"].map(String::from).into()
}

fn start(folder: &str, megabytes: u32, args: &[&str]) -> Parkd {
    let launcher = on_disk(folder, megabytes);
    let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
    Parkd::start_through(&launcher, args)
}

/// A path as the daemon sees it.
fn seen_by(parkd: &Parkd, path: &str) -> PathBuf {
    let inside = parkd.data_dir().strip_prefix("/").expect("it is absolute").join(path);
    PathBuf::from(format!("/proc/{}/root", parkd.pid())).join(inside)
}

#[tokio::test]
async fn on_a_low_disk_the_oldest_go_until_there_is_room() {
    const DISK: u64 = 16 << 20;
    const FREE_MIN: u64 = 8 << 20;
    let parkd = start("parking-images", 16, &["--disk-free-min", "8M", "--captures-keep-last", "2"]);
    let admin = parkd.admin();
    let pinned = upload(&admin, None).await;
    admin.capture_pin(pinned.id, true).await.expect("it is pinned");
    let mut captures = Vec::new();
    while (captures.len() * largest().len()) as u64 <= DISK - FREE_MIN {
        captures.push(upload(&admin, None).await);
    }
    let gone =
        wait_for("the oldest to go", async || Some(expiries(&admin).await).filter(|gone| !gone.is_empty())).await;
    assert!(gone.iter().all(|(actor, reason, _)| actor == "purge" && *reason == ExpiryReason::Disk), "{gone:?}");
    let storage = wait_for("room", async || {
        let storage = admin.storage().await.expect("figures");
        storage.disk.is_some_and(|disk| disk.free_bytes >= FREE_MIN).then_some(storage)
    });
    let disk = storage.await.disk.expect("a disk");
    assert_eq!((disk.total_bytes, disk.free_bytes_min), (DISK, FREE_MIN));
    let count: usize = gone.iter().map(|(_, _, captures)| captures).sum();
    let left = captures.iter().skip(count).chain([&pinned]);
    assert_eq!(stored(&admin).await, ids(left), "the oldest went, and no more than had to");
    assert!(count < captures.len() / 2, "{count} of {} went", captures.len());
    assert!(parkd.log().contains("ERROR") && parkd.log().contains("the disk of the pictures is low"));
    wait_for("an end of it", async || admin.ready().await.expect("an answer").storage.is_none().then_some(())).await;
    upload(&admin, None).await;
    Mirror::default().prove(&admin).await;
    parkd.verify();
}

#[tokio::test]
async fn where_nothing_may_go_uploads_are_refused_until_there_is_room() {
    let parkd = start("parking-images", 4, &["--disk-free-min", "3M", "--captures-keep-last", "1000"]);
    let admin = parkd.admin();
    admin.slot_create(&new_slot("A-1", None)).await.expect("a slot");
    let mut captures = Vec::new();
    let problem = loop {
        match try_upload(&admin, None).await {
            Ok(capture) => captures.push(capture),
            Err(Error::Refused(problem)) if problem.detail.contains("no picture may go") => break problem,
            // Before it was looked at, the disk may be full to the brim.
            Err(Error::Refused(problem)) => {
                assert_eq!(problem.code, ProblemCode::StorageFull);
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => panic!("{error:?}"),
        }
    };
    assert_eq!((problem.code, problem.status), (ProblemCode::StorageFull, 507));
    assert!(problem.retry_after_ms.is_some());
    let readiness = admin.ready().await.expect("an answer");
    assert!(readiness.storage.is_some_and(|said| said.contains("uploads are refused")) && readiness.ready);
    let slot = SlotRef::Code("A-1".parse().expect("a code"));
    admin.slot_toggle(&slot, &Default::default()).await.expect("all else goes on");
    assert_eq!((stored(&admin).await, expiries(&admin).await.len()), (ids(&captures), 0));
    for capture in &captures {
        admin.capture_delete(capture.id).await.expect("a person decides");
    }
    wait_for("room", async || try_upload(&admin, None).await.ok()).await;
    parkd.verify();
}

#[tokio::test]
async fn on_a_full_disk_writes_are_refused_nothing_is_lost_and_it_recovers_by_itself() {
    let parkd = start("", 16, &[]);
    let token = std::fs::read_to_string(seen_by(&parkd, "admin.token")).expect("the admin token");
    let admin = parkd.client_with(Some(token.trim().into()));
    admin.slot_create(&new_slot("A-1", None)).await.expect("a slot");
    let kept = upload(&admin, None).await;
    let slot = SlotRef::Code("A-1".parse().expect("a code"));
    let filler = seen_by(&parkd, "filler");
    let mut mirror = Mirror::default();
    for _ in 0..2 {
        mirror.prove(&admin).await;
        let filled = std::fs::write(&filler, vec![1; 32 << 20]);
        assert!(filled.is_err(), "the disk takes no more");
        let refused = wait_for("a refused write", async || admin.slot_toggle(&slot, &Default::default()).await.err());
        let refused = [refused.await, try_upload(&admin, None).await.expect_err("there is no room")];
        for error in refused {
            let Error::Refused(problem) = error else { panic!("{error:?}") };
            assert!(matches!(problem.code, ProblemCode::StorageFull | ProblemCode::Unavailable), "{problem:?}");
            assert!(matches!(problem.status, 503 | 507) && problem.retry_after_ms.is_some());
        }
        mirror.prove(&admin).await;
        assert_eq!(admin.image(&kept.key, None).await.expect("what was there is served"), largest());
        std::fs::remove_file(&filler).expect("it was there");
        wait_for("a write", async || admin.slot_toggle(&slot, &Default::default()).await.ok()).await;
        upload(&admin, None).await;
        mirror.prove(&admin).await;
    }
    // The disk is one that only the daemon sees, and it goes with it: it is verified from within.
    let verified = std::process::Command::new("nsenter")
        .args(["--target", &parkd.pid().to_string(), "--user", "--mount", "--preserve-credentials"])
        .args(["--", env!("CARGO_BIN_EXE_parkd"), "--data-dir"])
        .arg(parkd.data_dir())
        .arg("verify")
        .output()
        .expect("nsenter runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}
