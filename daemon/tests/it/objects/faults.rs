//! What S3 does wrong: keys that are not its own, no bucket, no answer, half an answer.

use std::time::{Duration, Instant};

use parkd::objects::{Error, Objects};

use super::bytes;
use crate::proxy::Proxy;
use crate::s3::{self, Server, bucket_name, bucket_url, is_unavailable, private_file};

/// Longest time that any request may take, with something for a busy machine.
const BOUND: Duration = Duration::from_secs(20);

macro_rules! on_every_server {
    ($($name:ident)+) => {
        mod rclone {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::s3::rclone().await).await;
            })+
        }
        mod seaweedfs {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::s3::seaweedfs().await).await;
            })+
        }
    };
}

on_every_server! {
    a_wrong_secret_is_refused_and_not_repeated
    a_bucket_that_is_missing_is_created_only_if_it_may_be
    a_server_that_does_not_answer_is_given_up_in_time
    a_server_that_dies_in_the_middle_of_a_body_gives_nothing_rather_than_half
    a_line_that_breaks_in_the_middle_of_a_put_leaves_nothing_that_a_put_does_not_mend
}

async fn a_wrong_secret_is_refused_and_not_repeated(server: &Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys");
    for text in [format!("{}\nhunter2\n", s3::ACCESS_KEY), format!("nobody\n{}\n", s3::SECRET_KEY)] {
        private_file(&keys, &text);
        let error = Objects::open(&server.url("refused"), Some(&keys)).await.expect_err("it is refused");
        assert!(matches!(error, Error::Refused(_)), "{error:?}");
        let said = format!("{error} {error:?}");
        assert!(!said.contains("hunter2") && !said.contains(s3::SECRET_KEY), "{said}");
    }
}

async fn a_bucket_that_is_missing_is_created_only_if_it_may_be(server: &Server) {
    let name = bucket_name();
    let fixed = format!("{}&create=false", server.url(&name));
    let error = Objects::open(&fixed, Some(&server.keys_file())).await.expect_err("there is no bucket");
    assert!(matches!(error, Error::NoBucket(_)) && error.to_string().contains(&name), "{error:?}");
    Objects::open(&server.url(&name), Some(&server.keys_file())).await.expect("it is created");
    Objects::open(&fixed, Some(&server.keys_file())).await.expect("it is there now");
}

async fn a_server_that_does_not_answer_is_given_up_in_time(server: &Server) {
    let (proxy, objects) = through_a_proxy(server).await;
    objects.put("a", bytes(100)).await.expect("it is put");
    proxy.stall();
    let since = Instant::now();
    let (get, put) = tokio::join!(objects.get("a"), objects.put("b", bytes(100)));
    assert!(is_unavailable(&get.expect_err("there is no answer")));
    assert!(is_unavailable(&put.expect_err("there is no answer")));
    assert!(since.elapsed() < BOUND, "{:?}", since.elapsed());
    proxy.pass();
    proxy.cut();
    assert_eq!(objects.get("a").await.expect("it answers again"), bytes(100));
}

async fn a_server_that_dies_in_the_middle_of_a_body_gives_nothing_rather_than_half(server: &Server) {
    let (proxy, objects) = through_a_proxy(server).await;
    objects.put("a", bytes(500_000)).await.expect("it is put");
    for brought in [10, 200, 2_000, 20_000, 400_000] {
        proxy.truncate(brought);
        proxy.cut();
        let error = objects.get("a").await.expect_err("half a body is none");
        assert!(is_unavailable(&error), "{brought}: {error:?}");
        assert!(is_unavailable(&objects.get_range("a", 0..490_000).await.expect_err("nor is half a part")));
    }
    proxy.pass();
    assert_eq!(objects.get("a").await.expect("it is whole"), bytes(500_000));
}

async fn a_line_that_breaks_in_the_middle_of_a_put_leaves_nothing_that_a_put_does_not_mend(server: &Server) {
    let (proxy, objects) = through_a_proxy(server).await;
    for wait_us in [0, 300, 1_000, 3_000, 10_000] {
        let key = format!("a-{wait_us}");
        let break_off = async {
            tokio::time::sleep(Duration::from_micros(wait_us)).await;
            proxy.cut();
        };
        // Whether it arrived before the line broke is chance; that it is whole afterwards is not.
        let (put, ()) = tokio::join!(objects.put(&key, bytes(2_000_000)), break_off);
        // Nothing is left of it on the line, nor with a server that writes in place and removes what came half.
        proxy.cut();
        proxy.settled().await;
        if put.is_err() {
            objects.put(&key, bytes(2_000_000)).await.expect("the line is there again");
        }
        assert_eq!(objects.get(&key).await.expect("it is there"), bytes(2_000_000), "{wait_us}");
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_not_available_and_has_everything_when_it_is_back() {
    let server = Server::own().await;
    let (objects, _) = s3::bucket(&server).await;
    objects.put("a", bytes(100)).await.expect("it is put");
    server.kill();
    let since = Instant::now();
    assert!(is_unavailable(&objects.get("a").await.expect_err("it is gone")));
    assert!(is_unavailable(&objects.put("b", bytes(100)).await.expect_err("it is gone")));
    assert!(since.elapsed() < Duration::from_secs(1), "nothing was tried twice: {:?}", since.elapsed());
    server.start().await;
    assert_eq!(objects.get("a").await.expect("it is back"), bytes(100));
}

/// A bucket of its own behind a line that can fail.
async fn through_a_proxy(server: &Server) -> (Proxy, Objects) {
    let proxy = Proxy::new(&server.address()).await;
    let url = bucket_url(&bucket_name(), &proxy.url());
    (proxy, Objects::open(&url, Some(&server.keys_file())).await.expect("a bucket"))
}
