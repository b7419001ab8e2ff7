//! The files of the dashboard, and which addresses are theirs.

use std::fs;

use parking_api::ProblemCode;
use tempfile::TempDir;

use super::{Nginx, PROXY, Site};
use crate::harness::Parkd;
use crate::wire::answer;

const PAGE: &str = "<!doctype html><title>lot</title>";

fn built() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("assets")).expect("a folder");
    for (name, text) in
        [("index.html", PAGE), ("assets/app-1f2e3d.js", "let lot;"), ("manifest.webmanifest", "{}"), ("sw.js", "self;")]
    {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

#[tokio::test]
async fn files_are_kept_as_long_as_they_stay_the_same_and_every_other_path_is_a_page() {
    let (parkd, folder) = (Parkd::start(&PROXY), built());
    let nginx = Nginx::start(&Site { dashboard: Some(folder.path()), ..Site::of(&[&parkd]) }).await;
    for path in ["/", "/index.html", "/cameras/cam-1", "/history?zone=A", "/apiary", "/wsx"] {
        let page = nginx.get_as_stranger(path).await;
        assert_eq!((page.status, page.text().as_str(), page.header("cache-control")), (200, PAGE, Some("no-cache")));
        assert_eq!(page.header("content-type"), Some("text/html"), "{path}");
    }
    let forever = Some("public, max-age=31536000, immutable");
    for (path, kind, kept) in [
        ("/assets/app-1f2e3d.js", "application/javascript", forever),
        ("/sw.js", "application/javascript", Some("no-cache")),
        ("/manifest.webmanifest", "application/manifest+json", Some("no-cache")),
    ] {
        let file = nginx.get_as_stranger(path).await;
        assert_eq!((file.status, file.header("content-type"), file.header("cache-control")), (200, Some(kind), kept));
        is_guarded(&file, path);
    }
    let gone = nginx.get_as_stranger("/assets/app-0.js").await;
    assert_eq!((gone.status, gone.header("cache-control")), (404, None), "a part of an older build is not kept");
    for path in ["/../etc/passwd", "/assets/../../secret", "/assets/%2e%2e/%2e%2e/secret"] {
        let outside = nginx.get_as_stranger(path).await;
        assert!(
            [200, 400].contains(&outside.status) && [PAGE.len(), 0].contains(&outside.body.len())
                || outside.status >= 400
        );
    }
    is_guarded(&nginx.get_as_stranger("/").await, "/");
    nginx.is_sound();
}

/// Whether a page is told what it may do.
fn is_guarded(answer: &crate::wire::Answer, path: &str) {
    let policy = answer.header("content-security-policy").expect(path);
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        let all: Vec<_> = answer.headers.get_all(name).iter().collect();
        assert_eq!(all, [value], "{name} of {path}");
    }
    assert_eq!(answer.header("strict-transport-security"), None, "that is for TLS");
    assert_eq!(answer.header("server"), Some("nginx"), "its version is nobody's business");
}

#[tokio::test]
async fn what_programs_ask_for_is_answered_by_a_daemon() {
    let (parkd, folder) = (Parkd::start(&PROXY), built());
    let nginx = Nginx::start(&Site { dashboard: Some(folder.path()), ..Site::of(&[&parkd]) }).await;
    let (admin, wire) = (parkd.admin_token(), nginx.wire(Some(&parkd.admin_token())));
    for path in ["/api/slots", "/api/version", "/api/openapi.json", "/health/live", "/health/ready", "/api/events"] {
        let answer = nginx.get(path, &admin).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{path}");
        let sniffing: Vec<_> = answer.headers.get_all("x-content-type-options").iter().collect();
        assert_eq!(sniffing, ["nosniff"], "{path}");
        assert!(answer.header("x-request-id").is_some_and(|id| id.len() == 32), "nginx and daemon name it alike");
    }
    for path in ["/api/none", "/images/none", "/api/"] {
        let code = nginx.get(path, &admin).await.code();
        assert!([ProblemCode::NotFound, ProblemCode::ImageNotFound].contains(&code), "{path} is not a page");
    }
    for path in ["/_objects/main/x.jpg", "/_files/main/x.jpg"] {
        assert_eq!(nginx.get(path, &admin).await.status, 404, "{path} is nginx's own");
    }
    let slot = serde_json::json!({"code": "A-1"});
    assert_eq!(wire.send("POST", "/api/slots", slot).await.status, 201);
    let set = wire.request("PUT", "/api/slots/A-1").header("if-match", "\"1\"");
    let stale = answer(set.json(&serde_json::json!({"state": "occupied"}))).await;
    assert_eq!(stale.code(), ProblemCode::RevStale, "headers and bodies arrive whole");
    assert_eq!(wire.call("DELETE", "/api/slots/A-1").await.status, 200);
    nginx.is_sound();
}
