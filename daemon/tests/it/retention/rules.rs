//! Captures that go by the rules, at every daemon and with every store the same.

use super::*;
use crate::hand::new_slot;
use crate::harness::{Database, Parkd, on_both};
use crate::mirror::Mirror;
use crate::s3::{bucket_name, rclone};
use crate::uploads::files;
use parkd::objects::Objects;
use parking_api::cameras::NewCamera;
use serde_json::Value;

on_both!(
    each_rule_takes_the_oldest_but_neither_what_is_pinned_nor_the_last,
    two_daemons_let_each_capture_go_once,
    what_would_go_is_told_before_it_goes,
);

async fn each_rule_takes_the_oldest_but_neither_what_is_pinned_nor_the_last(database: Database) {
    let two = (2 * largest().len() + 10).to_string();
    for (rule, reason) in [
        (["--captures-max-per-camera", "2"], ExpiryReason::Count),
        (["--captures-max-bytes", two.as_str()], ExpiryReason::Bytes),
        (["--captures-max-age", "1ms"], ExpiryReason::Age),
    ] {
        let args = ["--retention-every", "1h", "--captures-keep-last", "1"];
        let mut parkd = Parkd::start_on(database, &args);
        let admin = parkd.admin();
        let camera = NewCamera { id: "cam-1".parse().expect("an id"), name: None, zone: None, interval_s: None };
        admin.camera_create(&camera).await.expect("a camera");
        let mut captures = Vec::new();
        for _ in 0..5 {
            captures.push(upload(&admin, Some("cam-1")).await);
            admin.image(&captures[0].key, Some(160)).await.expect("a small one");
        }
        admin.capture_pin(captures[1].id, true).await.expect("it is pinned");
        parkd.stop();

        let parkd = parkd.again(&[&["--retention-every", "50ms", "--captures-keep-last", "1"], &rule[..]].concat());
        let admin = parkd.admin();
        let kept = ids([&captures[1], &captures[4]]);
        only(&admin, &kept).await;
        let objects = wait_for("the bytes to go as well", async || {
            Some(files(&parkd.data_dir().join("parking-images"))).filter(|files| files.len() == 2)
        });
        assert!(objects.await.contains(&captures[1].key), "{reason}");
        assert!(files(&parkd.data_dir().join("thumbnails")).is_empty(), "{reason}: nor is a small version left");
        assert_eq!(expiries(&admin).await, [("retention".to_string(), reason, 3)], "one event for all of them");
        let run = wait_for("the figures", async || admin.storage().await.expect("figures").retention).await;
        assert_eq!((run.captures, run.bytes), (3, 3 * largest().len() as u64));
        Mirror::default().prove(&admin).await;
        parkd.verify();
    }
}

async fn two_daemons_let_each_capture_go_once(database: Database) {
    let args = ["--retention-every", "50ms", "--captures-max-per-camera", "4", "--captures-keep-last", "2"];
    let one = Parkd::start_on(database, &args);
    let images = format!("file://{}", one.data_dir().join("parking-images").display());
    let other = Parkd::start_at(&one.database_url(), &[&args[..], &["--objects-url", &images]].concat());
    let clients = [one.admin(), other.client_with(Some(one.admin_token()))];
    let mut captures = Vec::new();
    for n in 0..30 {
        captures.push(upload(&clients[n % 2], None).await);
    }
    let kept = ids(&captures[26..]);
    for client in &clients {
        only(client, &kept).await;
    }
    let gone: usize = expiries(&clients[0]).await.iter().map(|(_, _, captures)| captures).sum();
    assert_eq!(gone, 26, "each once");
    Mirror::default().prove(&clients[1]).await;
    one.verify();
}

async fn what_would_go_is_told_before_it_goes(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let admin = parkd.admin();
    let mut captures = Vec::new();
    for _ in 0..4 {
        captures.push(upload(&admin, None).await);
    }
    admin.capture_pin(captures[0].id, true).await.expect("it is pinned");
    let ask = |args: &[&str]| {
        let rules = ["--captures-max-per-camera", "2", "--captures-keep-last", "1"];
        let output = parkd.run(&[&["retention"], args, &rules[..]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let said = ask(&["--dry-run"]);
    for part in ["4 captures with ", ", 1 of them pinned", "2 would go (more than 2 of one camera)", "forecast: "] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let told: Value = serde_json::from_str(&ask(&["--dry-run", "--json"])).expect("JSON");
    assert_eq!((&told["captures"], &told["by_rule"]["count"]["captures"]), (&2.into(), &2.into()));
    assert_eq!(stored(&admin).await.len(), 4, "nothing went yet");
    assert!(ask(&[]).contains("2 captures went"));
    only(&admin, &ids([&captures[0], &captures[3]])).await;
    assert_eq!(files(&parkd.data_dir().join("parking-images")).len(), 2);
    // The daemon goes on from there.
    admin.slot_create(&new_slot("A-1", None)).await.expect("a slot");
    Mirror::default().prove(&admin).await;
    parkd.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_is_gone_from_s3_too() {
    let (server, bucket) = (rclone().await, bucket_name());
    let (url, keys) = (server.url(&bucket), server.keys_file());
    let keys_file = keys.to_string_lossy();
    let place = ["--objects-url", &url, "--s3-keys-file", &keys_file];
    let rules = ["--retention-every", "50ms", "--captures-max-per-camera", "2", "--captures-keep-last", "1"];
    let parkd = Parkd::start(&[&place[..], &rules[..]].concat());
    let admin = parkd.admin();
    let mut captures = Vec::new();
    for _ in 0..6 {
        captures.push(upload(&admin, None).await);
    }
    only(&admin, &ids(&captures[4..])).await;
    let objects = Objects::open(&url, Some(&keys)).await.expect("the bucket");
    let left = wait_for("the bytes to go as well", async || {
        Some(objects.list("", None, 100).await.expect("a list")).filter(|list| list.len() == 2)
    });
    let left: BTreeSet<_> = left.await.into_iter().map(|entry| entry.key).collect();
    assert_eq!(left, captures[4..].iter().map(|capture| capture.key.clone()).collect());
    let storage = admin.storage().await.expect("figures");
    assert_eq!((storage.disk, storage.full_in_days, storage.trouble), (None, None, None));
    let output = parkd.run(&["retention", "--dry-run", "--objects-url", &url, "--s3-keys-file", &keys_file]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
