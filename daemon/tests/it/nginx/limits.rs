//! What nginx refuses by itself, and whose address a daemon counts.

use parking_api::ProblemCode;
use parking_api::captures::CAPTURE_BYTES_MAX;
use parking_api::tokens::Role;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use super::{Nginx, PROXY, Site};
use crate::harness::Parkd;
use crate::wire::{self, answer};

/// The largest form, and the largest import: what the daemon reads at most.
const FORM_BYTES_MAX: usize = CAPTURE_BYTES_MAX + 64 * 1024;
const IMPORT_BYTES_MAX: usize = 8 * 1024 * 1024;

#[tokio::test]
async fn what_the_daemon_would_take_goes_through_and_more_does_not() {
    let parkd = Parkd::start(&PROXY);
    let nginx = Nginx::start(&Site::of(&[&parkd])).await;
    let admin = nginx.wire(Some(&parkd.admin_token()));
    for (path, kind, bytes, detail) in [
        ("/api/capture", "image/jpeg", CAPTURE_BYTES_MAX, ProblemCode::ImageNotRecognised),
        ("/api/capture", "multipart/form-data; boundary=x", FORM_BYTES_MAX, ProblemCode::BadRequest),
        ("/api/slots/import", "text/csv", IMPORT_BYTES_MAX, ProblemCode::InvalidField),
    ] {
        for (bytes, code) in [(bytes, detail), (bytes + 1, ProblemCode::BodyTooLarge)] {
            let request = admin.request("POST", path).header(CONTENT_TYPE, kind).body(vec![b'x'; bytes]);
            let problem = answer(request).await.problem();
            assert_eq!(problem.code, code, "{path} with {bytes} bytes: {problem:?}");
            assert!(problem.detail.len() < 300, "what was sent is not sent back");
        }
    }
    nginx.is_sound();
}

#[tokio::test]
async fn a_flood_of_logins_is_stopped_before_the_daemon() {
    let parkd = Parkd::start(&PROXY);
    let nginx = Nginx::start(&Site::of(&[&parkd])).await;
    let (stranger, body) = (nginx.wire(None), json!({"token": parkd.admin_token()}));
    let mut let_in = 0;
    let refused = loop {
        let answer = stranger.send("POST", "/api/login", body.clone()).await;
        if answer.status != 200 {
            break answer;
        }
        let_in += 1;
        assert!(let_in < 100, "right or wrong, they are counted");
    };
    assert!(let_in >= 20, "people may log in: {let_in}");
    assert_eq!((refused.code(), refused.header("retry-after")), (ProblemCode::RateLimited, Some("2")));
    assert_eq!(nginx.get("/api/login", &parkd.admin_token()).await.status, 200, "asking who one is is no login");
    nginx.is_sound();
}

#[tokio::test]
async fn a_client_is_known_by_its_own_address_whatever_it_says() {
    let parkd = Parkd::start(&PROXY);
    let nginx = Nginx::start(&Site::of(&[&parkd])).await;
    let from = async |own: [u8; 4], said: String| {
        let client = reqwest::Client::builder().no_proxy().local_address(Some(own.into())).build().expect("a client");
        let request = client.get(format!("{}/api/slots", nginx.url())).bearer_auth("wrong");
        answer(request.header("x-forwarded-for", said)).await.code()
    };
    let mut tries = 0..100;
    let is_stopped = async |try_: u8| from([127, 0, 0, 2], format!("192.0.2.{try_}")).await == ProblemCode::RateLimited;
    while !is_stopped(tries.next().expect("guessing is stopped, whoever it claims to be")).await {}
    assert_eq!(from([127, 0, 0, 3], "127.0.0.2".into()).await, ProblemCode::Unauthenticated, "another is not to blame");
    assert_eq!(from([127, 0, 0, 2], "127.0.0.3".into()).await, ProblemCode::RateLimited);
    let viewer = wire::token(&parkd, Role::Viewer).await;
    assert_eq!(nginx.get("/api/slots", &viewer).await.status, 200);
    nginx.is_sound();
}
