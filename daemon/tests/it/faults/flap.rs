//! An object store that comes and goes, below two daemons under load.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parkd::objects::Objects;
use parking_api::client::{CaptureMeta, CaptureQuery};
use tokio::task::JoinSet;

use super::Pair;
use super::load::is_of_the_fault;
use crate::harness::wait_for;
use crate::mirror::Mirror;
use crate::pictures::JPEGS;
use crate::postgres;
use crate::s3::{Server, bucket_name};

const FLAPS: u64 = 5;
const CAMERAS: usize = 6;
/// How long the store is there, and then is not.
const SPELL: Duration = Duration::from_millis(700);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_that_were_acknowledged_are_there_although_the_store_comes_and_goes() {
    let server = Server::own().await;
    let bucket = bucket_name();
    let (objects, keys) = (server.url(&bucket), server.keys_file().to_string_lossy().into_owned());
    let pair = Pair::new(&postgres::database(), &["--objects-url", &objects, "--s3-keys-file", &keys]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut cameras = JoinSet::new();
    for camera in 0..CAMERAS {
        let (client, stop) = (pair.admin(camera), Arc::clone(&stop));
        cameras.spawn(async move {
            let mut stored: Vec<(String, Bytes)> = Vec::new();
            for n in camera.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let picture = JPEGS[n % JPEGS.len()].clone();
                match client.capture_upload(picture.clone(), "image/jpeg", &CaptureMeta::default()).await {
                    Ok(done) => stored.push((done.value.key, picture)),
                    Err(error) => assert!(is_of_the_fault(&error), "{error:?}"),
                }
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
            stored
        });
    }
    for _ in 0..FLAPS {
        tokio::time::sleep(SPELL).await;
        server.kill();
        tokio::time::sleep(SPELL).await;
        server.start().await;
    }
    stop.store(true, Ordering::Relaxed);
    let acknowledged: BTreeMap<String, Bytes> = cameras.join_all().await.into_iter().flatten().collect();
    assert!(acknowledged.len() > 50, "only {} pictures were taken", acknowledged.len());
    for index in 0..2 {
        let client = pair.admin(index);
        let drained = async || (client.ready().await.expect("an answer").objects == "ok").then_some(());
        wait_for("an empty spool", drained).await;
    }
    let store = Objects::open(&server.url(&bucket), Some(&server.keys_file())).await.expect("the bucket");
    for (key, picture) in &acknowledged {
        assert_eq!(store.get(key).await.unwrap_or_else(|e| panic!("{key}: {e}")), *picture);
    }
    let mut query = CaptureQuery { limit: Some(1_000), ..CaptureQuery::default() };
    let mut rows = 0;
    loop {
        let page = pair.admin(1).captures(&query).await.expect("captures");
        for capture in &page.items {
            assert_eq!(store.head(&capture.key).await.expect("no row is without its object"), capture.bytes);
        }
        rows += page.items.len();
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    assert!(rows >= acknowledged.len());
    Mirror::default().prove(&pair.admin(1)).await;
    pair.one.verify();
}
