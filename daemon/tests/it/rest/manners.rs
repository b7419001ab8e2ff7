//! What holds for every request alike: bodies, paths, methods, ids, headers.

use std::time::{Duration, Instant};

use parking_api::ProblemCode;
use parking_api::client::CaptureMeta;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::*;
use crate::harness::{Database, PATIENCE, on_both};
use crate::live::slow::unsent;
use crate::pictures::JPEGS;
use crate::wire::{Wire, answer, raw};

/// How long the daemon waits for somebody who takes nothing of an answer.
const TAKE_TIMEOUT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_body_that_cannot_be_read_is_told_from_one_that_is_wrong() {
    let parkd = Parkd::start(&[]);
    let wire = Wire::admin(&parkd);
    let post = |body: &str| {
        answer(wire.request("POST", "/api/slots").header("content-type", "application/json").body(body.to_string()))
    };
    for unreadable in ["", "{", "{\"code\": \"A-1\"", "code=A-1", "{\"code\": \"A-1\"} x", "\u{feff}{}", "{'code': 1}"]
    {
        assert_eq!(post(unreadable).await.code(), ProblemCode::BadRequest, "{unreadable:?}");
    }
    let wrong = [
        ("{}", None),
        ("[]", None),
        (" [\"A-1\", null, 0, \"standard\", null, null, null]", None),
        ("null", None),
        ("{\"code\": 1}", Some("code")),
        ("{\"code\": \"A-1\", \"colour\": 1}", Some("colour")),
        ("{\"code\": \"A-1\", \"code\": \"A-2\"}", None),
        ("{\"code\": \"A-1\", \"position\": {\"x\": 1, \"y\": \"far\"}}", Some("position.y")),
    ];
    for (body, field) in wrong {
        let problem = post(body).await.problem();
        assert_eq!((problem.code, problem.field.as_deref()), (ProblemCode::InvalidField, field), "{body}: {problem}");
    }
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(post(&deep).await.problem().status / 100, 4, "depth is no way to bring the daemon down");
    assert_eq!(post("{\"code\": \"A-1\"}").await.status, 201);
}

#[tokio::test]
async fn a_body_of_another_type_or_size_is_refused() {
    let parkd = Parkd::start(&[]);
    let wire = Wire::admin(&parkd);
    let body = json!({"code": "A-1"}).to_string();
    let with_type =
        |kind: &str| answer(wire.request("POST", "/api/slots").header("content-type", kind).body(body.clone()));
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/csv"] {
        assert_eq!(with_type(kind).await.code(), ProblemCode::UnsupportedMediaType, "{kind}");
    }
    assert_eq!(with_type("application/json; charset=utf-8").await.status, 201);
    let untyped = wire.request("PUT", "/api/slots/A-1").body("{\"state\": \"closed\"}");
    assert_eq!(answer(untyped).await.status, 200, "without a type it is JSON");
    for kib in [65, 300, 3_000] {
        let large = json!({"code": "A-2", "note": "n".repeat(kib * 1024)});
        let problem = wire.send("POST", "/api/slots", large).await.problem();
        assert_eq!((problem.code, problem.status), (ProblemCode::BodyTooLarge, 413), "{kib} KiB");
    }
}

#[tokio::test]
async fn an_address_that_is_none_and_a_method_that_is_not_taken_are_problems_too() {
    let parkd = Parkd::start(&[]);
    for wire in [Wire::admin(&parkd), Wire::new(&parkd, None)] {
        for path in [
            "/",
            "/api",
            "/api/",
            "/api/docs/x",
            "/api/docs/%FF",
            "/api/slot",
            "/api/slots/A-1/toggle/x",
            "/index.html",
            "/ws/x",
            "/favicon.ico",
        ] {
            assert_eq!(wire.get(path).await.code(), ProblemCode::NotFound, "{path}");
        }
        for (method, path) in
            [("DELETE", "/api/slots"), ("PUT", "/api/capture"), ("POST", "/api/version"), ("PATCH", "/ws")]
        {
            let answer = wire.call(method, path).await;
            assert_eq!(answer.code(), ProblemCode::MethodNotAllowed, "{method} {path}");
            assert!(answer.header("allow").is_some_and(|allow| !allow.is_empty() && !allow.contains(method)), "{path}");
        }
    }
}

on_both!(an_address_with_a_zero_byte_is_refused_before_anything_is_looked_for);

async fn an_address_with_a_zero_byte_is_refused_before_anything_is_looked_for(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let wire = Wire::admin(&parkd);
    for path in [
        "/api/slots?zone=%00",
        "/api/sessions?zone=a%00b",
        "/api/events?actor=%00",
        "/api/events?kind=%00",
        "/images/main/%00.jpg",
        "/api/cameras/%00",
    ] {
        assert_eq!(wire.get(path).await.code(), ProblemCode::BadRequest, "{path}");
    }
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let parkd = Parkd::start(&[]);
    let wire = Wire::admin(&parkd);
    let id = |answer: &crate::wire::Answer| answer.header("x-request-id").expect("an id").to_string();
    let (first, second) = (wire.get("/api/slots").await, wire.get("/api/slots").await);
    assert_ne!(id(&first), id(&second));
    let refused = wire.get("/api/slots/NONE").await;
    assert_eq!(refused.problem().request_id, Some(id(&refused)));
    assert!(parkd.log().contains(&id(&refused)), "and the log names it the same");
    let given = |value: &str| answer(wire.request("GET", "/api/slots/NONE").header("x-request-id", value.to_string()));
    assert_eq!(id(&given("trace-1_A").await), "trace-1_A");
    let long = "x".repeat(65);
    for odd in ["", "a b", "a\"b", "<script>", &long] {
        let answer = given(odd).await;
        assert_ne!(id(&answer), odd);
        answer.problem();
    }
}

#[tokio::test]
async fn no_answer_may_be_framed_sniffed_or_kept_by_accident() {
    let parkd = Parkd::start(&[]);
    let wire = Wire::admin(&parkd);
    for path in ["/api/slots", "/api/tokens", "/api/nothing", "/health/live", "/api/docs/", "/api/openapi.json"] {
        let answer = wire.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        let caching = answer.header("cache-control").expect("a rule");
        assert!(caching == "no-store" || path == "/api/slots" && caching == "private, no-cache", "{path}: {caching}");
    }
}

#[tokio::test]
async fn whether_it_runs_and_whether_it_works_are_two_questions() {
    let mut parkd = Parkd::start(&[]);
    let nobody = Wire::new(&parkd, None);
    assert_eq!(nobody.get("/health/live").await.json::<Value>(200), json!({"live": true}));
    let ready: Value = nobody.get("/health/ready").await.json(200);
    assert_eq!(ready, json!({"ready": true, "database": "ok", "objects": "ok"}));
    let version: Value = nobody.get("/api/version").await.json(200);
    assert_eq!((&version["name"], &version["protocol"]), (&"parkd".into(), &1.into()));
    std::fs::remove_dir_all(parkd.data_dir().join("parking-images")).expect("the folder is taken away");
    let broken: Value = nobody.get("/health/ready").await.json(503);
    assert_eq!((&broken["ready"], &broken["database"]), (&false.into(), &"ok".into()));
    assert_ne!(broken["objects"], "ok");
    assert_eq!(nobody.get("/health/live").await.status, 200, "it runs still");
    assert_eq!(parkd.stop(), Some(0));
}

#[tokio::test]
async fn what_is_not_http_does_no_harm() {
    let parkd = Parkd::start(&[]);
    let host = parkd.address();
    let endless = format!("GET / HTTP/1.1\r\nHost: {host}\r\nX-Long: {}\r\n\r\n", "x".repeat(100_000));
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = format!("GET / HTTP/1.1\r\nHost: {host}\r\n{many}\r\n");
    for (name, request) in [("long headers", endless.as_str()), ("many headers", &many), ("nonsense", "hello\r\n\r\n")]
    {
        let answer = raw(&parkd, request.as_bytes()).await;
        assert!((400..500).contains(&answer.status), "{name}: {}", answer.status);
    }
    assert!(parkd.admin().ready().await.expect("an answer").ready);
}

/// A connection that takes so little before it is full, and asks for every slot.
async fn narrow(parkd: &Parkd, buffer_bytes: u32) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(buffer_bytes).expect("a small buffer");
    let mut stream = socket.connect(parkd.address().parse().expect("an address")).await.expect("a connection");
    let (host, token) = (parkd.address(), parkd.admin_token());
    let request = format!(
        "GET /api/slots HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("the request is taken");
    stream
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_let_go_and_who_is_only_slow_is_not() {
    let note = "x".repeat(200);
    let rows: Vec<_> =
        (0..10_000).map(|index| NewSlot { note: Some(note.clone()), ..new_slot(&format!("A-{index}")) }).collect();
    let parkd = with_slots(&rows).await;
    let deaf = narrow(&parkd, 4 * 1024).await;
    let mut slow = narrow(&parkd, 64 * 1024).await;
    let ours = deaf.local_addr().expect("an address");
    let since = Instant::now();
    let mut taken = vec![0; 24 * 1024];
    while unsent(&parkd, ours).is_some() {
        assert!(since.elapsed() < TAKE_TIMEOUT + PATIENCE, "who takes nothing is kept for ever");
        // Slowly enough to be at it when the other one is let go.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(slow.read(&mut taken).await.expect("it goes on") > 0);
    }
    assert!(since.elapsed() >= TAKE_TIMEOUT, "it had {:?}", since.elapsed());
    let mut rest = Vec::new();
    tokio::time::timeout(PATIENCE, slow.read_to_end(&mut rest)).await.expect("an end in time").expect("an answer");
    assert!(rest.ends_with(b"]"), "who is only slow gets all of it");
}

#[tokio::test]
async fn a_change_under_a_condition_is_refused_once_somebody_was_faster_and_where_there_is_nothing_to_compare() {
    let parkd = with_slots(&[new_slot("A-1")]).await;
    let (admin, wire) = (parkd.admin(), Wire::admin(&parkd));
    wire.send("POST", "/api/lots", json!({"id": "north"})).await;
    wire.send("POST", "/api/cameras", json!({"id": "cam-1"})).await;
    let upload = admin.capture_upload(JPEGS[0].clone(), "image/jpeg", &CaptureMeta::default()).await;
    let capture = format!("/api/captures/{}", upload.expect("it is stored").value.id);
    let guarded = async |method: &str, path: &str, rev: u64, body: &Value| {
        answer(wire.request(method, path).header("if-match", format!("\"{rev}\"")).json(body)).await
    };
    for (path, body) in [
        ("/api/lots/north", json!({"name": "North"})),
        ("/api/cameras/cam-1", json!({"name": "Gate"})),
        (capture.as_str(), json!({"pinned": true})),
    ] {
        let now: Value = wire.get(path).await.json(200);
        let rev = now["rev"].as_u64().expect("a rev");
        let changed = guarded("PATCH", path, rev, &body).await;
        let after = changed.json::<Value>(200)["rev"].as_u64().expect("a rev");
        assert_eq!(changed.header("etag"), Some(format!("\"{after}\"").as_str()), "{path}");
        for method in ["PATCH", "DELETE"] {
            let problem = guarded(method, path, rev, &body).await.problem();
            assert_eq!((problem.code, problem.rev), (ProblemCode::RevStale, Some(after)), "{method} {path}");
        }
        assert_eq!(guarded("DELETE", path, after, &Value::Null).await.status, 200, "{path}");
    }
    for (method, path, body) in [
        ("POST", "/api/lots", json!({"id": "south"})),
        ("POST", "/api/slots", json!({"code": "A-2"})),
        ("POST", "/api/tokens", json!({"name": "x", "role": "viewer"})),
        ("POST", "/api/sessions/entry", json!({"ticket": "T-1"})),
    ] {
        let blame = guarded(method, path, 1, &body).await.blame();
        assert_eq!(blame, (ProblemCode::InvalidField, Some("If-Match".into())), "{method} {path}");
    }
}
