//! Pictures while S3 is away: accepted, served, deleted, kept through a crash, and brought to S3 when it is back.
//!
//! Of several threads, because a daemon that starts asks S3 through a line that must be served meanwhile.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parkd::objects::Objects;
use parking_api::ProblemCode;
use parking_api::captures::Capture;
use parking_api::client::{CaptureMeta, Client, Error};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;

use crate::harness::{Parkd, wait_for};
use crate::pictures::JPEGS;
use crate::proxy::Proxy;
use crate::s3::{Server, bucket_name, bucket_url};
use crate::wire::Wire;

/// What a camera may wait for the first picture that S3 does not take, and for those after it; with something for a busy machine.
const FIRST_MAX: Duration = Duration::from_secs(5);
const NEXT_MAX: Duration = Duration::from_secs(1);

/// A daemon, its own S3 server, and a bucket.
struct Site {
    server: Server,
    parkd: Parkd,
    bucket: String,
}

impl Site {
    async fn new(args: &[&str]) -> Self {
        let server = Server::own().await;
        let bucket = bucket_name();
        let (url, keys) = (server.url(&bucket), server.keys_file());
        let parkd = Parkd::start(&[&["--objects-url", &url, "--s3-keys-file", &keys.to_string_lossy()], args].concat());
        Self { server, parkd, bucket }
    }

    /// The bucket itself, past the daemon.
    async fn objects(&self) -> Objects {
        let opened = Objects::open(&self.server.url(&self.bucket), Some(&self.server.keys_file())).await;
        opened.expect("the bucket")
    }

    async fn keys(&self) -> Vec<String> {
        let mut page = self.objects().await.list("", None, 1_000).await.expect("a list");
        page.sort_by_key(|entry| entry.modified);
        page.into_iter().map(|entry| entry.key).collect()
    }
}

async fn upload(client: &Client, n: usize) -> Capture {
    try_upload(client, n).await.expect("it is accepted")
}

async fn try_upload(client: &Client, n: usize) -> Result<Capture, Error> {
    let picture = JPEGS[n % JPEGS.len()].clone();
    Ok(client.capture_upload(picture, "image/jpeg", &CaptureMeta::default()).await?.value)
}

async fn state(client: &Client) -> String {
    let readiness = client.ready().await.expect("an answer");
    assert!(readiness.ready, "a store that is away is no reason to take no toggles: {readiness:?}");
    readiness.objects
}

async fn is_drained(client: &Client) {
    wait_for("an empty spool", async || (state(client).await == "ok").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_s3_is_away_pictures_are_taken_served_and_deleted_and_follow_in_order() {
    let site = Site::new(&[]).await;
    let admin = site.parkd.admin();
    let before = upload(&admin, 0).await;
    assert_eq!((state(&admin).await.as_str(), site.keys().await), ("ok", vec![before.key.clone()]));

    site.server.kill();
    let since = Instant::now();
    let mut captures = vec![upload(&admin, 1).await];
    assert!(since.elapsed() < FIRST_MAX, "{:?}", since.elapsed());
    for n in 2..7 {
        let since = Instant::now();
        captures.push(upload(&admin, n).await);
        assert!(since.elapsed() < NEXT_MAX, "{:?}", since.elapsed());
    }
    for (n, capture) in captures.iter().enumerate() {
        assert_eq!(admin.image(&capture.key, None).await.expect("it is served"), JPEGS[n + 1]);
        assert!(!admin.image(&capture.key, Some(160)).await.expect("and small").is_empty());
    }
    let said = state(&admin).await;
    assert!(said.starts_with("spooling (6 files, ") && said.contains(" bytes, since 20"), "{said}");
    let deleted = captures.remove(2);
    admin.capture_delete(deleted.id).await.expect("it is deleted");
    assert!(admin.image(&deleted.key, None).await.is_err());
    let state = state(&admin).await;
    assert!(state.starts_with("spooling (5 files, "), "{state}");
    let gone = Wire::admin(&site.parkd).get(&before.url).await;
    assert_eq!((gone.status, gone.code()), (503, ProblemCode::Unavailable), "what S3 has alone cannot be had");
    assert!(gone.header("retry-after").is_some());

    site.server.start().await;
    is_drained(&admin).await;
    let keys: Vec<_> = std::iter::once(&before).chain(&captures).map(|capture| capture.key.clone()).collect();
    assert_eq!(site.keys().await, keys, "in the order of their arrival, and without the one that was deleted");
    for (n, capture) in captures.iter().enumerate().skip(2) {
        assert_eq!(admin.image(&capture.key, None).await.expect("it is served"), JPEGS[n + 2]);
    }
    let straight = upload(&admin, 9).await;
    assert!(site.keys().await.contains(&straight.key), "and new ones go to S3 again");
    site.parkd.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spool_is_found_again_after_a_crash_even_without_s3() {
    let mut site = Site::new(&[]).await;
    let admin = site.parkd.admin();
    site.server.kill();
    let captures = [upload(&admin, 1).await, upload(&admin, 2).await];
    site.parkd.kill();
    site.parkd.restart();
    let admin = site.parkd.admin();
    assert!(state(&admin).await.starts_with("spooling (2 files, "), "{}", state(&admin).await);
    for (n, capture) in captures.iter().enumerate() {
        assert_eq!(admin.image(&capture.key, None).await.expect("it is served"), JPEGS[n + 1]);
    }
    let later = upload(&admin, 3).await;
    site.server.start().await;
    is_drained(&admin).await;
    assert_eq!(site.keys().await, [captures[0].key.as_str(), &captures[1].key, &later.key]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_refuses_and_leaves_nothing_behind() {
    let room: usize = JPEGS[1].len() + JPEGS[2].len() + 10;
    let site = Site::new(&["--spool-max", &room.to_string()]).await;
    let admin = site.parkd.admin();
    site.server.kill();
    let first = upload(&admin, 1).await;
    upload(&admin, 2).await;
    let head = admin.slot_stats().await.expect("figures").seq;
    for _ in 0..3 {
        let Err(Error::Refused(problem)) = try_upload(&admin, 3).await else { panic!("there is no room") };
        assert_eq!((problem.code, problem.status), (ProblemCode::SpoolFull, 503));
        assert!(problem.retry_after_ms.is_some());
    }
    assert_eq!(admin.slot_stats().await.expect("figures").seq, head, "what was refused is not entered");
    admin.capture_delete(first.id).await.expect("it is deleted");
    upload(&admin, 1).await;
    site.server.start().await;
    is_drained(&admin).await;
    upload(&admin, 3).await;
    assert_eq!(site.keys().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_lets_the_others_go_first() {
    let site = Site::new(&[]).await;
    let admin = site.parkd.admin();
    site.server.kill();
    let captures = [upload(&admin, 1).await, upload(&admin, 2).await, upload(&admin, 3).await];
    let file = site.parkd.data_dir().join("spool/0000000000000001");
    std::fs::remove_file(&file).expect("the first picture");
    // To every read there is an error, as of a damaged disk: a link that leads to one that leads to itself.
    let circle = site.parkd.data_dir().join("circle");
    std::os::unix::fs::symlink(&circle, &circle).expect("a link");
    std::os::unix::fs::symlink(&circle, &file).expect("a link");
    site.server.start().await;
    let said = wait_for("the others", async || {
        let said = state(&admin).await;
        said.starts_with("spooling (1 files, ").then_some(said)
    });
    assert!(said.await.contains(&captures[0].key), "it says which one is left");
    assert_eq!(site.keys().await, [captures[1].key.as_str(), &captures[2].key]);
    assert!(site.parkd.log().contains("a picture stays in the spool"));
    let straight = upload(&admin, 4).await;
    assert!(site.keys().await.contains(&straight.key), "new ones go straight to S3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_s3_holds_up_one_camera_once() {
    let server = Server::own().await;
    let proxy = Proxy::new(&server.address()).await;
    let (url, keys) = (bucket_url(&bucket_name(), &proxy.url()), server.keys_file());
    let parkd = Parkd::start(&["--objects-url", &url, "--s3-keys-file", &keys.to_string_lossy()]);
    let admin = parkd.admin();
    upload(&admin, 0).await;
    proxy.stall();
    let since = Instant::now();
    upload(&admin, 1).await;
    assert!(since.elapsed() < FIRST_MAX, "{:?}", since.elapsed());
    for n in 2..6 {
        let since = Instant::now();
        upload(&admin, n).await;
        assert!(since.elapsed() < NEXT_MAX, "{:?}", since.elapsed());
    }
    let state = state(&admin).await;
    assert!(state.starts_with("spooling (5 files, "), "{state}");
    proxy.pass();
    is_drained(&admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_in_the_spool_of_another_daemon_is_on_its_way_and_not_missing() {
    let server = Server::own().await;
    let (proxy, bucket) = (Proxy::new(&server.address()).await, bucket_name());
    let keys = server.keys_file().to_string_lossy().into_owned();
    let one = Parkd::start(&["--objects-url", &bucket_url(&bucket, &proxy.url()), "--s3-keys-file", &keys]);
    let database = format!("sqlite://{}", one.data_dir().join("parking.db").display());
    let other = ["--objects-url", &server.url(&bucket), "--s3-keys-file", &keys, "--database-url", &database];
    let other = Parkd::start(&other);
    let asked = Wire::new(&other, Some(&one.admin_token()));

    proxy.stall();
    let capture = upload(&one.admin(), 1).await;
    let answer = asked.get(&capture.url).await;
    assert_eq!((answer.status, answer.code()), (503, ProblemCode::Unavailable), "{}", answer.text());
    assert!(answer.header("retry-after").is_some() && answer.text().contains("another daemon"), "{}", answer.text());
    proxy.pass();
    is_drained(&one.admin()).await;
    let answer = asked.get(&capture.url).await;
    assert_eq!((answer.status, answer.body), (200, JPEGS[1].clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_dies_when_no_acknowledged_picture_is_lost_and_no_row_is_without_one() {
    const ROUNDS: usize = 6;
    const CAMERAS: usize = 4;
    let mut rng = SmallRng::seed_from_u64(7);
    let mut site = Site::new(&[]).await;
    let mut acknowledged = BTreeMap::<String, Bytes>::new();
    let mut is_s3_up = true;
    for round in 0..ROUNDS {
        let mut cameras = JoinSet::new();
        for camera in 0..CAMERAS {
            let client = site.parkd.admin();
            cameras.spawn(async move {
                let mut stored = Vec::new();
                for n in camera.. {
                    match try_upload(&client, n).await {
                        Ok(capture) => stored.push((capture.key, JPEGS[n % JPEGS.len()].clone())),
                        // The daemon is gone.
                        Err(_) => break,
                    }
                }
                stored
            });
        }
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(rng.random_range(20..400))).await;
            if is_s3_up {
                site.server.kill();
            } else {
                site.server.start().await;
            }
            is_s3_up = !is_s3_up;
        }
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..400))).await;
        if round % 2 == 0 && is_s3_up {
            site.server.kill();
            is_s3_up = false;
        }
        site.parkd.kill();
        acknowledged.extend(cameras.join_all().await.into_iter().flatten());
        site.parkd.restart();
    }
    if !is_s3_up {
        site.server.start().await;
    }
    let admin = site.parkd.admin();
    is_drained(&admin).await;
    assert!(acknowledged.len() > ROUNDS, "only {} pictures were taken", acknowledged.len());
    let objects = site.objects().await;
    for (key, bytes) in &acknowledged {
        assert_eq!(objects.get(key).await.unwrap_or_else(|e| panic!("{key}: {e}")), *bytes);
    }
    let mut query = parking_api::client::CaptureQuery { limit: Some(1_000), ..Default::default() };
    let mut rows = 0;
    loop {
        let page = admin.captures(&query).await.expect("captures");
        for capture in &page.items {
            assert_eq!(objects.head(&capture.key).await.expect("no row is without its object"), capture.bytes);
        }
        rows += page.items.len();
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    assert!(rows >= acknowledged.len());
    site.parkd.verify();
}
