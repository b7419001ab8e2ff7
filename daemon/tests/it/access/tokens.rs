//! The life of a token: created, guessed at, revoked while it is in use.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use futures_util::future::join;
use parkd::clock::{Clock, SystemClock};
use parking_api::live::{Frame, close};
use parking_api::tokens::{Identity, NewToken, Role, Token};
use parking_api::{Committed, ProblemCode};
use reqwest::Response;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{PATIENCE, Parkd, run};
use crate::wire::{self, Answer, Socket, Wire, answer, frame, socket};

/// A revocation must be in force by then.
const REVOKED_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test]
async fn the_first_admins_token_is_for_its_owner_alone_and_stays_the_same() {
    let mut parkd = Parkd::start(&[]);
    let file = parkd.data_dir().join("admin.token");
    let mode = || std::fs::metadata(&file).expect("the file is there").permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    let first = parkd.admin_token();
    assert!(first.starts_with("park_") && first.len() == 48, "256 bits, spelled");
    let identity: Identity = Wire::admin(&parkd).get("/api/login").await.json(200);
    assert_eq!((identity.role, identity.expires_at), (Role::Admin, None));
    assert_eq!(std::fs::read_to_string(parkd.data_dir().join("parkd.url")).expect("it").trim(), parkd.url());
    assert_eq!(parkd.stop(), Some(0));
    assert!(!parkd.data_dir().join("parkd.url").exists(), "nobody looks for a daemon that is gone");
    parkd.restart();
    assert_eq!((parkd.admin_token(), mode()), (first, 0o600));
}

#[tokio::test]
async fn a_token_is_shown_once_and_told_apart_by_its_prefix() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let new = NewToken { name: "Gate north".into(), role: Role::Attendant, expires_at: None };
    let made = admin.token_create(&new).await.expect("a token").value;
    assert!(made.token.starts_with(&made.info.prefix) && made.token.len() > made.info.prefix.len() + 30);
    let listed = Wire::admin(&parkd).get("/api/tokens").await;
    assert!(!listed.text().contains(&made.token));
    let find = |tokens: Vec<Token>| tokens.into_iter().find(|token| token.id == made.info.id).expect("it is listed");
    assert_eq!(find(admin.tokens().await.expect("tokens")).used_at, None);
    parkd.client_with(Some(made.token.clone())).slot_stats().await.expect("an answer");
    assert!(find(admin.tokens().await.expect("tokens")).used_at.is_some(), "its last use is known");
    let revoked = admin.token_revoke(&made.info.prefix).await.expect("it is revoked").value;
    assert!(revoked.revoked_at.is_some() && revoked.id == made.info.id);
    let identity = parkd.client_with(Some(made.token)).identity().await;
    assert!(matches!(identity, Err(parking_api::client::Error::Refused(p)) if p.code == ProblemCode::Unauthenticated));
}

#[tokio::test]
async fn a_token_that_cannot_be_is_refused() {
    let parkd = Parkd::start(&[]);
    let admin = Wire::admin(&parkd);
    let cases = [
        (json!({"name": "x", "role": "camera"}), "role"),
        (json!({"name": "x", "role": "owner"}), "role"),
        (json!({"name": "", "role": "viewer"}), "name"),
        (json!({"name": "x", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"}), "expires_at"),
        (json!({"name": "x", "role": "viewer", "expires_at": "tomorrow"}), "expires_at"),
        (json!({"name": "x", "role": "viewer", "secret": "mine"}), "secret"),
    ];
    for (body, field) in cases {
        let blame = admin.send("POST", "/api/tokens", body.clone()).await.blame();
        assert_eq!(blame, (ProblemCode::InvalidField, Some(field.into())), "{body}");
    }
    let own = &parkd.admin_token()[..13];
    assert_eq!(admin.call("DELETE", &format!("/api/tokens/{own}")).await.code(), ProblemCode::LastAdmin);
    assert_eq!(admin.call("DELETE", "/api/tokens/park_nobody").await.code(), ProblemCode::TokenNotFound);
    assert_eq!(
        admin.call("DELETE", "/api/tokens/park_").await.code(),
        ProblemCode::InvalidField,
        "too short to name one"
    );
}

#[tokio::test]
async fn the_same_request_for_a_token_is_shown_the_same_secret() {
    let parkd = Parkd::start(&[]);
    let bodies = [("/api/tokens", json!({"name": "gate", "role": "viewer"})), ("/api/cameras", json!({"id": "cam-1"}))];
    for (path, body) in bodies {
        let ask = || answer(Wire::admin(&parkd).request("POST", path).header("idempotency-key", path).json(&body));
        let (first, again) = (ask().await, ask().await);
        assert_eq!((first.status, again.status, &first.body), (201, 201, &again.body), "{path}");
        assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
        assert_eq!(first.header("seq"), again.header("seq"));
        let secret: serde_json::Value = again.json(201);
        let identity = Wire::new(&parkd, secret["token"].as_str()).get("/api/login").await;
        assert_eq!(identity.status, 200, "and it is valid");
    }
}

async fn guess(parkd: &Parkd, number: usize) -> Answer {
    Wire::new(parkd, None).send("POST", "/api/login", json!({"token": format!("park_guess_{number}")})).await
}

#[tokio::test]
async fn guessing_is_held_back_while_those_who_know_go_on() {
    let parkd = Parkd::start(&[]);
    for number in 0..10 {
        assert_eq!(guess(&parkd, number).await.code(), ProblemCode::Unauthenticated, "guess {number}");
    }
    let held_back = guess(&parkd, 10).await;
    let problem = held_back.problem();
    assert_eq!(problem.code, ProblemCode::RateLimited);
    let seconds: u64 = held_back.header("retry-after").expect("when to try again").parse().expect("seconds");
    assert!((1..=6).contains(&seconds) && problem.retry_after_ms.is_some_and(|ms| ms.div_ceil(1_000) == seconds));
    let bearer = Wire::new(&parkd, Some("park_guess")).get("/api/slots").await;
    assert_eq!(bearer.code(), ProblemCode::RateLimited, "nor by header");
    let forged =
        Wire::new(&parkd, Some("park_guess")).request("GET", "/api/slots").header("x-forwarded-for", "10.1.2.3");
    assert_eq!(
        answer(forged).await.code(),
        ProblemCode::RateLimited,
        "an address that anybody can write counts for nothing"
    );
    assert_eq!(Wire::admin(&parkd).get("/api/slots").await.status, 200);
    let login = Wire::new(&parkd, None).send("POST", "/api/login", json!({"token": parkd.admin_token()})).await;
    assert_eq!(login.status, 200);
}

/// Sends the same again and again until it is held back; how often it was not.
async fn until_limited(wire: &Wire, path: &str) -> usize {
    for sent in 0..100 {
        let request = wire.request("POST", path).header("content-type", "image/jpeg").body("no picture");
        let answer = answer(request).await;
        let problem = answer.problem();
        if problem.code == ProblemCode::RateLimited {
            assert!(problem.retry_after_ms.is_some() && answer.header("retry-after").is_some());
            return sent;
        }
    }
    panic!("nothing is held back");
}

#[tokio::test]
async fn who_writes_or_uploads_too_often_is_held_back_and_may_read_on() {
    let parkd = Parkd::start(&["--write-rate", "1"]);
    let admin = Wire::admin(&parkd);
    assert!(until_limited(&admin, "/api/slots/NONE/toggle").await >= 2, "twice the rate at once");
    assert_eq!(admin.get("/api/slots").await.status, 200);
    let parkd = Parkd::start(&["--upload-rate", "1"]);
    let admin = Wire::admin(&parkd);
    assert!(until_limited(&admin, "/api/capture").await >= 2);
    assert_eq!(
        admin.call("POST", "/api/slots/NONE/toggle").await.code(),
        ProblemCode::SlotNotFound,
        "writing is counted apart"
    );
}

/// Sends the same so often on one connection without waiting for answers in between: how many were held back, and how long it took.
async fn at_once(parkd: &Parkd, request: &str, count: usize) -> (usize, Duration) {
    let (head, body) = request.split_once("\r\n\r\n").expect("an end of the headers");
    let last = format!("{head}\r\nConnection: close\r\n\r\n{body}");
    let (mut from, mut to) = TcpStream::connect(parkd.address()).await.expect("a connection").into_split();
    let (since, mut answers) = (Instant::now(), Vec::new());
    let all = format!("{}{last}", request.repeat(count - 1));
    let (written, read) = join(to.write_all(all.as_bytes()), from.read_to_end(&mut answers)).await;
    written.expect("they are taken");
    read.expect("they are answered");
    let answers = String::from_utf8(answers).expect("text");
    assert_eq!(answers.matches("HTTP/1.1 ").count(), count, "each is answered");
    (answers.matches("HTTP/1.1 429 ").count(), since.elapsed())
}

#[tokio::test]
async fn where_nobody_chose_other_rates_those_by_default_bind() {
    let parkd = Parkd::start_through(&["env", "-u", "PARKD_WRITE_RATE", "-u", "PARKD_UPLOAD_RATE"], &[]);
    // Both are counted before they are looked at. An upload is a write as well, and so each has a token of its own.
    for (path, per_s, count) in [("/api/capture", 5, 40), ("/api/slots/NONE/toggle", 200, 2_000)] {
        let bearer = wire::token(&parkd, Role::Attendant).await;
        let headers = format!("Host: {}\r\nAuthorization: Bearer {bearer}\r\nContent-Length: 0", parkd.address());
        let (held_back, took) = at_once(&parkd, &format!("POST {path} HTTP/1.1\r\n{headers}\r\n\r\n"), count).await;
        let let_through = count - held_back;
        let most = 2 * per_s + per_s * (took.as_secs() as usize + 1);
        assert!(held_back > 0 && (2 * per_s..=most).contains(&let_through), "{path}: {let_through} in {took:?}");
    }
}

/// Reads frames until the socket is closed; the code, and whether a good-bye with the same code came first.
async fn closed(socket: &mut Socket) -> (u16, bool) {
    let mut said = None;
    loop {
        match frame(socket).await {
            Ok(Frame::Bye(bye)) => said = Some(bye.code),
            Ok(_) => {}
            Err(code) => return (code, said == Some(code)),
        }
    }
}

/// Opens a socket with a new token and waits until it follows the lot.
async fn watching(parkd: &Parkd, role: Role) -> (String, Socket) {
    let token = wire::token(parkd, role).await;
    let mut socket = socket(parkd, "/ws", &[("authorization", &format!("Bearer {token}"))]).await;
    while !matches!(frame(&mut socket).await, Ok(Frame::Snapshot(_))) {}
    (token, socket)
}

/// An open stream of events.
async fn streaming(parkd: &Parkd, token: &str) -> Response {
    let request = Wire::new(parkd, Some(token)).request("GET", "/api/events").header("accept", "text/event-stream");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    response
}

async fn ends(mut stream: Response) -> Duration {
    let since = Instant::now();
    while let Ok(Some(_)) = tokio::time::timeout(PATIENCE, stream.chunk()).await.expect("the stream ends") {}
    since.elapsed()
}

#[tokio::test]
async fn a_revoked_token_loses_its_open_sockets_and_streams_at_once() {
    let parkd = Parkd::start(&[]);
    let (token, mut revoked) = watching(&parkd, Role::Viewer).await;
    let stream = streaming(&parkd, &token).await;
    let (_, mut other) = watching(&parkd, Role::Attendant).await;
    let head = parkd.admin().slot_stats().await.expect("figures").seq;
    let poll =
        Wire::new(&parkd, Some(&token)).request("GET", &format!("/api/events?after={head}&kind=lot.changed&wait=30"));
    let since = Instant::now();
    let revoke = async { Wire::admin(&parkd).call("DELETE", &format!("/api/tokens/{}", &token[..13])).await };
    let (polled, answer) = join(wire::answer(poll), revoke).await;
    let seq = answer.json::<Committed<Token>>(200).seq;
    assert_eq!(polled.code(), ProblemCode::Unauthenticated, "nor is a long poll answered any more");
    assert_eq!(closed(&mut revoked).await, (close::BAD_TOKEN, true));
    assert!(!close::may_reconnect(close::BAD_TOKEN));
    assert!(ends(stream).await < REVOKED_WITHIN && since.elapsed() < REVOKED_WITHIN);
    loop {
        match frame(&mut other).await {
            Ok(Frame::Events(events)) if events.events.iter().any(|event| event.seq() == seq) => break,
            Ok(_) => {}
            Err(code) => panic!("the other socket was closed with {code}"),
        }
    }
}

#[tokio::test]
async fn a_token_that_expires_loses_its_open_sockets_and_streams_in_time() {
    let parkd = Parkd::start(&[]);
    let expires_at = SystemClock.now().plus_ms(3_000);
    let new = NewToken { name: "guest".into(), role: Role::Viewer, expires_at: Some(expires_at) };
    let token = parkd.admin().token_create(&new).await.expect("a token").value.token;
    let mut socket = socket(&parkd, "/ws", &[("authorization", &format!("Bearer {token}"))]).await;
    let stream = streaming(&parkd, &token).await;
    assert_eq!(closed(&mut socket).await, (close::BAD_TOKEN, true));
    ends(stream).await;
    let late_ms = SystemClock.now().ms_since(expires_at);
    assert!((0..REVOKED_WITHIN.as_millis() as i64).contains(&late_ms), "{late_ms} ms after it expired");
}

#[tokio::test]
async fn a_token_that_another_process_revokes_loses_its_open_sockets_in_time() {
    let parkd = Parkd::start(&[]);
    let (token, mut socket) = watching(&parkd, Role::Viewer).await;
    let stream = streaming(&parkd, &token).await;
    let output = run(parkd.data_dir(), &["token", "revoke", &token[..13]]);
    assert!(output.status.success(), "{output:?}");
    let since = Instant::now();
    assert_eq!(closed(&mut socket).await, (close::BAD_TOKEN, true));
    assert!(ends(stream).await < REVOKED_WITHIN && since.elapsed() < REVOKED_WITHIN);
    assert_eq!(Wire::new(&parkd, Some(&token)).get("/api/slots").await.code(), ProblemCode::Unauthenticated);
}

#[tokio::test]
async fn a_token_that_another_process_creates_is_known_in_time() {
    let parkd = Parkd::start(&[]);
    let output = run(parkd.data_dir(), &["token", "create", "script", "--role", "attendant"]);
    let secret = String::from_utf8(output.stdout).expect("text");
    let client = parkd.client_with(Some(secret.trim().to_string()));
    let identity = crate::harness::wait_for("the token to be known", || async { client.identity().await.ok() }).await;
    assert_eq!((identity.name.as_str(), identity.role), ("script", Role::Attendant));
    let listed = run(parkd.data_dir(), &["token", "list"]);
    let listed = String::from_utf8(listed.stdout).expect("text");
    assert!(listed.contains("script") && !listed.contains(secret.trim()), "{listed}");
    parkd.verify();
}

#[tokio::test]
async fn a_deleted_cameras_token_is_worth_nothing() {
    let parkd = Parkd::start(&[]);
    let token = wire::camera(&parkd, "cam-1").await;
    let camera = Wire::new(&parkd, Some(&token));
    let health = || camera.send("POST", "/api/cameras/cam-1/health", json!({}));
    assert_eq!(health().await.status, 200);
    parkd.admin().camera_delete(&"cam-1".parse().expect("an id")).await.expect("it is deleted");
    assert_eq!(health().await.code(), ProblemCode::Unauthenticated);
    let anew = wire::camera(&parkd, "cam-1").await;
    assert_ne!(anew, token);
    assert_eq!(health().await.code(), ProblemCode::Unauthenticated, "its successor has another");
}

#[tokio::test]
async fn an_operator_makes_and_revokes_tokens_with_the_database_alone() {
    let mut parkd = Parkd::start(&[]);
    assert_eq!(parkd.stop(), Some(0));
    let folder = parkd.data_dir().to_path_buf();
    let tokens = |args: &[&str]| run(&folder, &[&["token"], args].concat());
    let made = tokens(&["create", "night shift", "--role", "attendant", "--expires-in", "12h"]);
    let secret = String::from_utf8(made.stdout).expect("text");
    assert!(made.status.success() && secret.lines().count() == 1 && made.stderr.is_empty());
    let listed = tokens(&["list", "--json"]);
    let lines = String::from_utf8(listed.stdout).expect("text");
    let listed: Vec<Token> = lines.lines().map(|line| serde_json::from_str(line).expect("a token")).collect();
    let of_shift = listed.iter().find(|token| token.name == "night shift").expect("it is listed");
    let valid_ms = of_shift.expires_at.map(|at| at.ms_since(of_shift.created_at));
    assert_eq!((valid_ms, of_shift.role), (Some(12 * 3_600_000), Role::Attendant));
    let refusals = [
        (vec!["create", "cam", "--role", "camera"], 2),
        (vec!["create", "x", "--expires-in", "soon"], 2),
        (vec!["create", " "], 1),
        (vec!["revoke", "park_"], 1),
        (vec!["revoke", "park_nobody"], 1),
        (vec!["revoke", listed[0].prefix.as_str()], 1),
    ];
    for (args, code) in refusals {
        let output = tokens(&args);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?} says why");
    }
    assert!(tokens(&["revoke", &of_shift.prefix]).status.success());
    parkd.restart();
    let answer = Wire::new(&parkd, Some(secret.trim())).get("/api/slots").await;
    assert_eq!(answer.code(), ProblemCode::Unauthenticated);
    assert_eq!(Wire::admin(&parkd).get("/api/slots").await.status, 200, "the last admin is left");
    assert_eq!(parkd.stop(), Some(0));
    let lines = String::from_utf8(tokens(&["list", "--json"]).stdout).expect("text");
    let mut listed = lines.lines().map(|line| serde_json::from_str::<Token>(line).expect("a token"));
    assert!(
        listed.find(|token| token.name == "admin").expect("it is listed").used_at.is_some(),
        "when it was used last"
    );
    parkd.verify();
}
