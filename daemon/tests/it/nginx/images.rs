//! Pictures through nginx: who may see one, who moves its bytes, and what is cached.

use parking_api::captures::Capture;
use parking_api::client::CaptureMeta;

use super::{Nginx, Site};
use crate::harness::{Parkd, wait_for};
use crate::pictures::JPEGS;
use crate::s3::{Server, bucket_name};
use crate::wire::{self, Answer};

const ACCEL: [&str; 4] = ["--images-via", "accel", "--trusted-proxies", "127.0.0.1"];

async fn upload(parkd: &Parkd, n: usize) -> Capture {
    let stored = parkd.admin().capture_upload(JPEGS[n].clone(), "image/jpeg", &CaptureMeta::default()).await;
    stored.expect("a capture").value
}

/// Whether the answer is this picture with everything that a browser is told about it.
fn is_whole(answer: &Answer, n: usize) {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")), "{}", answer.text());
    assert_eq!(answer.body, JPEGS[n]);
    let all = |name: &str| answer.headers.get_all(name).iter().map(|v| v.to_str().expect("text")).collect::<Vec<_>>();
    assert_eq!(all("cache-control"), ["private, max-age=31536000, immutable"]);
    assert_eq!(all("x-content-type-options"), ["nosniff"]);
    assert_eq!(all("vary"), ["Authorization, Cookie"]);
    assert_eq!(all("accept-ranges"), ["bytes"]);
    assert_eq!(all("content-type"), ["image/jpeg"]);
    assert_eq!(all("etag").len(), 1);
    for name in ["x-accel-redirect", "x-parkd-object", "x-amz-request-id"] {
        assert_eq!(all(name), [""; 0], "{name}");
    }
}

#[tokio::test]
async fn pictures_on_s3_are_moved_and_cached_by_nginx_and_shown_to_those_who_may_see_them() {
    let server = Server::own().await;
    let (bucket, keys) = (bucket_name(), server.keys_file().to_string_lossy().into_owned());
    let url = server.url(&bucket);
    let one = Parkd::start(&[&["--objects-url", &url, "--s3-keys-file", &keys], &ACCEL[..]].concat());
    let (admin, camera) = (one.admin_token(), wire::camera(&one, "cam-1").await);
    let database = format!("sqlite://{}", one.data_dir().join("parking.db").display());
    let shared = ["--objects-url", &url, "--s3-keys-file", &keys, "--database-url", &database];
    let two = Parkd::start(&[&shared, &ACCEL[..]].concat());
    let nginx = Nginx::start(&Site { s3: &server.address(), ..Site::of(&[&one, &two]) }).await;

    let capture = upload(&one, 1).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let answer = nginx.get(&capture.url, &admin).await;
        is_whole(&answer, 1);
        statuses.push(answer.header("x-cache-status").unwrap_or("none").to_string());
    }
    assert_eq!(statuses, ["MISS", "HIT", "HIT", "HIT"], "whichever daemon is asked");
    let tag = nginx.get(&capture.url, &admin).await.header("etag").expect("a tag").to_string();
    assert_eq!(tag, format!("\"{}\"", capture.sha256));
    let known = nginx.get_with(&capture.url, &admin, &[("if-none-match", &tag)]).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let part = nginx.get_with(&capture.url, &admin, &[("range", "bytes=10-19")]).await;
    assert_eq!((part.status, part.body), (206, JPEGS[1].slice(10..20)));

    let nobody = nginx.get_as_stranger(&capture.url).await;
    assert_eq!(
        (nobody.status, nobody.header("x-cache-status")),
        (401, None),
        "a picture in the cache is still asked for"
    );
    assert_eq!(nginx.get(&capture.url, &camera).await.status, 403);
    for path in ["/_objects/", "/_objects/../_objects/", "/_files/"] {
        let direct = nginx.get(&format!("{path}{}", capture.key), &admin).await;
        assert_eq!(direct.status, 404, "{path}");
    }
    let small = nginx.get(&format!("{}?w=160", capture.url), &admin).await;
    assert_eq!((small.status, small.header("x-cache-status")), (200, None), "the daemon makes the small ones");
    let direct = wire::Wire::admin(&one).get(&capture.url).await;
    assert_eq!((direct.status, direct.body), (200, JPEGS[1].clone()), "who asks past nginx gets the bytes");

    let unseen = upload(&one, 2).await;
    server.kill();
    is_whole(&nginx.get(&capture.url, &admin).await, 1);
    assert_eq!(nginx.get_as_stranger(&capture.url).await.status, 401);
    let away = nginx.get(&unseen.url, &admin).await;
    assert_eq!((away.status, away.code()), (503, parking_api::ProblemCode::Unavailable));
    assert!(away.header("retry-after").is_some());
    let missing: Vec<_> = away.headers.get_all("cache-control").iter().collect();
    assert!(missing.iter().all(|value| !value.to_str().expect("text").contains("immutable")), "{missing:?}");
    // Only one of them has it, in its spool, and nginx asks both in turn.
    let spooled = upload(&one, 3).await;
    for _ in 0..3 {
        is_whole(&nginx.get(&spooled.url, &admin).await, 3);
        let small = nginx.get(&format!("{}?w=160", spooled.url), &admin).await;
        assert_eq!((small.status, small.header("content-type")), (200, Some("image/jpeg")), "{}", small.text());
    }
    server.start().await;
    wait_for("the bucket", async || (nginx.get(&unseen.url, &admin).await.status == 200).then_some(())).await;
    is_whole(&nginx.get(&unseen.url, &admin).await, 2);
    nginx.is_sound();
}

#[tokio::test]
async fn pictures_in_a_folder_are_the_same_whoever_moves_their_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("file://{}", folder.path().display());
    for settings in [&ACCEL[..], &["--images-via", "daemon"]] {
        let parkd = Parkd::start(&[&["--objects-url", &url], settings].concat());
        let nginx = Nginx::start(&Site { images: folder.path(), ..Site::of(&[&parkd]) }).await;
        let (admin, camera) = (parkd.admin_token(), wire::camera(&parkd, "cam-1").await);
        let capture = upload(&parkd, 4).await;
        let whole = nginx.get(&capture.url, &admin).await;
        is_whole(&whole, 4);
        let tag = whole.header("etag").expect("a tag");
        assert_eq!(nginx.get_with(&capture.url, &admin, &[("if-none-match", tag)]).await.status, 304);
        let part = nginx.get_with(&capture.url, &admin, &[("range", "bytes=-10")]).await;
        assert_eq!((part.status, part.body), (206, JPEGS[4].slice(JPEGS[4].len() - 10..)));
        assert_eq!(nginx.get_as_stranger(&capture.url).await.status, 401);
        assert_eq!(nginx.get(&capture.url, &camera).await.status, 403);
        assert_eq!(nginx.get(&format!("/_files/{}", capture.key), &admin).await.status, 404);
        assert_eq!(nginx.get("/images/main/none.jpg", &admin).await.status, 404);
        nginx.is_sound();
    }
}
