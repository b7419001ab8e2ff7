//! Pictures on their way out: cached for ever, in part, or small.

use std::time::SystemTime;

use parking_api::ProblemCode;

use super::files::{jpeg, png};
use super::*;

async fn one(gate: &Gate, width: u32, height: u32) -> (Capture, Vec<u8>) {
    let bytes = jpeg(width, height);
    (stored(&upload(&gate.camera, "image/jpeg", &bytes).await), bytes)
}

async fn get_with(from: &Wire, url: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = from.request("GET", url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request).await
}

#[tokio::test]
async fn a_picture_may_be_kept_for_ever_by_whoever_may_see_it() {
    let gate = Gate::new().await;
    let (capture, _) = one(&gate, 64, 48).await;
    let whole = gate.admin.get(&capture.url).await;
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("image/jpeg")));
    let caching = whole.header("cache-control").expect("a rule");
    assert!(caching.contains("immutable") && caching.contains("private") && caching.contains("max-age=31536000"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
    let tag = whole.header("etag").expect("a tag").to_string();
    for known in [tag.clone(), format!("\"other\", {tag}"), format!("W/{tag}"), "*".into()] {
        let again = get_with(&gate.admin, &capture.url, &[("if-none-match", &known)]).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag.as_str())), "{known}");
        assert_eq!(again.header("cache-control"), Some(caching));
    }
    let other = get_with(&gate.admin, &capture.url, &[("if-none-match", "\"other\"")]).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn a_part_of_a_picture_is_that_part() {
    let gate = Gate::new().await;
    let (capture, bytes) = one(&gate, 64, 48).await;
    let len = bytes.len();
    let tag = gate.admin.get(&capture.url).await.header("etag").expect("a tag").to_string();
    for (range, from, to) in [
        ("bytes=0-9".to_string(), 0, 9),
        (format!("bytes={}-", len - 5), len - 5, len - 1),
        ("bytes=-3".to_string(), len - 3, len - 1),
        (format!("bytes=10-{}", len * 2), 10, len - 1),
    ] {
        let part = get_with(&gate.admin, &capture.url, &[("range", &range), ("if-range", &tag)]).await;
        assert_eq!((part.status, &part.body[..]), (206, &bytes[from..=to]), "{range}");
        assert_eq!(part.header("content-range"), Some(format!("bytes {from}-{to}/{len}").as_str()));
    }
    let other = get_with(&gate.admin, &capture.url, &[("range", "bytes=0-9"), ("if-range", "\"other\"")]).await;
    assert_eq!((other.status, other.body.len()), (200, len), "a part of another version is no use");
    let beyond = get_with(&gate.admin, &capture.url, &[("range", &format!("bytes={len}-"))]).await;
    assert_eq!(beyond.code(), ProblemCode::RangeNotSatisfiable);
    assert_eq!(beyond.header("content-range"), Some(format!("bytes */{len}").as_str()));
    assert_ne!(beyond.header("cache-control"), Some("private, max-age=31536000, immutable"));
}

#[tokio::test]
async fn a_large_picture_comes_piece_by_piece_and_is_whole() {
    let gate = Gate::new().await;
    let (capture, bytes) = one(&gate, 1_400, 1_400).await;
    let piece = 256 * 1024;
    assert!(bytes.len() > 2 * piece, "{} bytes are too few for this", bytes.len());
    let whole = gate.admin.get(&capture.url).await;
    assert_eq!(whole.header("content-length"), Some(bytes.len().to_string().as_str()));
    assert!(whole.body == bytes, "{} bytes", whole.body.len());
    for (from, to) in [(piece - 1, piece), (10, piece + 9), (piece, 2 * piece), (1, bytes.len() - 2)] {
        let part = get_with(&gate.admin, &capture.url, &[("range", &format!("bytes={from}-{to}"))]).await;
        assert!(part.status == 206 && part.body == bytes[from..=to], "{from}-{to}: {} bytes", part.body.len());
    }
}

#[tokio::test]
async fn a_small_version_is_made_once_and_kept_on_disk() {
    let gate = Gate::new().await;
    let (capture, bytes) = one(&gate, 800, 600).await;
    let url = format!("{}?w=300", capture.url);
    let together = futures_util::future::join_all((0..4).map(|_| gate.admin.get(&url))).await;
    assert!(together.iter().all(|answer| answer.status == 200 && answer.body == together[0].body));
    let small = &together[0];
    assert_eq!(small.header("content-type"), Some("image/jpeg"));
    assert!(small.body.len() < bytes.len());
    let decoded = image::load_from_memory(&small.body).expect("a picture");
    assert_eq!((decoded.width(), decoded.height()), (320, 240), "the next larger width that is kept");
    let file = gate.parkd.data_dir().join("thumbnails").join(format!("{}-320.jpg", capture.id));
    let made_at = |file: &Path| -> SystemTime { file.metadata().expect("it is on disk").modified().expect("a time") };
    let first = made_at(&file);
    assert_eq!(std::fs::read(&file).expect("it is on disk"), small.body);
    let again = gate.admin.get(&format!("{}?w=320", capture.url)).await;
    assert_eq!((again.status, &again.body, made_at(&file)), (200, &small.body, first), "it is not made again");
    assert_eq!(gate.stored().await.thumbnails.len(), 1);
    std::fs::write(&file, &small.body[..small.body.len() / 2]).expect("cut off, as by a power cut");
    assert_eq!(gate.admin.get(&url).await.body, small.body, "a part of it is none");
    assert_eq!(std::fs::read(&file).expect("it is on disk"), small.body);
    assert_ne!(again.header("etag"), gate.admin.get(&capture.url).await.header("etag"));
    let tag = again.header("etag").expect("a tag").to_string();
    let known = get_with(&gate.admin, &format!("{}?w=320", capture.url), &[("if-none-match", &tag)]).await;
    assert_eq!(known.status, 304);
    let whole = gate.admin.get(&format!("{}?w=4000", capture.url)).await;
    assert_eq!((&whole.body[..], whole.status), (&bytes[..], 200), "never larger than the picture");
}

#[tokio::test]
async fn a_small_version_of_a_png_is_a_jpeg() {
    let gate = Gate::new().await;
    let capture = stored(&upload(&gate.camera, "image/png", &png(400, 100)).await);
    let small = gate.admin.get(&format!("{}?w=160", capture.url)).await;
    assert_eq!((small.status, small.header("content-type")), (200, Some("image/jpeg")));
    let decoded = image::load_from_memory(&small.body).expect("a picture");
    assert_eq!((decoded.width(), decoded.height()), (160, 40));
    for bad in ["0", "4097", "-1", "wide", ""] {
        let (code, field) = gate.admin.get(&format!("{}?w={bad}", capture.url)).await.blame();
        assert_eq!((code, field.as_deref()), (ProblemCode::InvalidField, Some("w")), "w={bad}");
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_pictures() {
    let gate = Gate::new().await;
    one(&gate, 64, 48).await;
    let token = gate.parkd.admin_token();
    let paths = [
        "/images/",
        "/images/main",
        "/images/../admin.token",
        "/images/..%2fadmin.token",
        "/images/%2e%2e/admin.token",
        "/images/%2e%2e%2fadmin.token",
        "/images/main/cam-1/../../../admin.token",
        "/images//etc/passwd",
        "/images/%2fetc%2fpasswd",
        "/images/..%5cadmin.token",
        "/images/main%00.jpg",
        "/images/%ff%fe",
        "/images/%",
        "/images/.partial/x",
        "/images/main/cam-1/2026/01/01/none.jpg",
    ];
    for path in paths {
        let answer = crate::wire::raw_get(&gate.parkd, path, &token).await;
        let problem = answer.problem();
        let expected = [ProblemCode::ImageNotFound, ProblemCode::NotFound, ProblemCode::BadRequest];
        assert!(expected.contains(&problem.code), "{path}: {problem:?}");
        assert!(!answer.text().contains(&token), "{path} gives the admin's token away");
    }
}

#[tokio::test]
async fn public_reading_does_not_open_pictures_nor_does_a_cameras_token() {
    let parkd = Parkd::start(&["--public-read"]);
    let (camera, admin) = (crate::wire::camera(&parkd, "cam-1").await, Wire::admin(&parkd));
    let camera = Wire::new(&parkd, Some(&camera));
    let capture = stored(&upload(&camera, "image/jpeg", &jpeg(64, 48)).await);
    assert_eq!(admin.get(&capture.url).await.status, 200);
    let nobody = Wire::new(&parkd, None);
    assert_eq!(nobody.get(paths::SLOTS).await.status, 200, "reading is public");
    for url in [capture.url.clone(), format!("{}?w=160", capture.url), "/images/none.jpg".into()] {
        assert_eq!(nobody.get(&url).await.code(), ProblemCode::Unauthenticated, "{url}");
        assert_eq!(camera.get(&url).await.code(), ProblemCode::Forbidden, "{url}");
    }
}

#[tokio::test]
async fn a_deleted_capture_is_gone_with_its_bytes_and_its_small_versions() {
    let gate = Gate::new().await;
    let (capture, _) = one(&gate, 800, 600).await;
    let (other, _) = one(&gate, 640, 480).await;
    for width in [160, 320] {
        assert_eq!(gate.admin.get(&format!("{}?w={width}", capture.url)).await.status, 200);
    }
    assert_eq!(gate.stored().await.thumbnails.len(), 2);
    let path = paths::fill(paths::CAPTURE_ID, capture.id);
    let deleted: Committed<Capture> = gate.admin.call("DELETE", &path).await.json(200);
    assert_eq!(deleted.value, capture);
    let kept = gate.stored().await;
    assert_eq!((kept.rows, kept.thumbnails), (BTreeSet::from([other.key.clone()]), BTreeSet::new()));
    assert_eq!(kept.objects, BTreeSet::from([other.key.clone()]));
    assert_eq!(gate.admin.get(&capture.url).await.code(), ProblemCode::ImageNotFound);
    assert_eq!(gate.admin.get(&path).await.code(), ProblemCode::CaptureNotFound);
    assert_eq!(gate.admin.call("DELETE", &path).await.code(), ProblemCode::CaptureNotFound);
    assert_eq!(gate.admin.get(&other.url).await.status, 200);
    gate.parkd.verify();
}
