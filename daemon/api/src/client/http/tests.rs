//! Calls against a server that says what it is told to, byte for byte.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::*;
use crate::client::{CALL_TIMEOUT, CaptureMeta, CaptureQuery, Config, EventQuery, SlotQuery};
use crate::slots::{SetSlot, SlotState};
use crate::status::Readiness;
use crate::{LotId, ProblemCode, Time};

const SLOT: &str = include_str!("../../../fixtures/slot.json");
const COMMITTED: &str = include_str!("../../../fixtures/committed.json");
const EVENT_PAGE: &str = include_str!("../../../fixtures/event_page.json");

/// Answers every request with the same bytes, and keeps the requests.
struct Echo {
    url: String,
    requests: std::sync::Arc<Mutex<Vec<String>>>,
    _server: JoinSet<()>,
}

impl Echo {
    async fn new(answer: impl Into<Vec<u8>>, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = std::sync::Arc::new(Mutex::new(Vec::new()));
        let (answer, kept) = (answer.into(), std::sync::Arc::clone(&requests));
        let mut server = JoinSet::new();
        server.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let request = read(&mut stream).await;
                kept.lock().expect("no test panicked in here").push(request);
                tokio::time::sleep(delay).await;
                // A client that has heard enough may be gone.
                let _ = stream.write_all(&answer).await;
            }
        });
        Self { url, requests, _server: server }
    }

    async fn json(status: &str, body: &str) -> Self {
        Self::new(answer(status, "Content-Type: application/json", body), Duration::ZERO).await
    }

    fn client(&self) -> Client {
        self.client_waiting(CALL_TIMEOUT)
    }

    fn client_waiting(&self, timeout: Duration) -> Client {
        let mut config = Config::new(format!("{}/parking/", self.url));
        config.token = Some("pk_test".into());
        config.lot = "north".parse::<LotId>().expect("a lot id");
        config.timeout = timeout;
        Client::new(config).expect("a good configuration")
    }

    /// The last request in lower case, without its body.
    fn request(&self) -> String {
        let requests = self.requests.lock().expect("no test panicked in here");
        requests.last().expect("a request").to_lowercase()
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
    let head = String::from_utf8(head).expect("a request is text");
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.expect("a whole body");
    head
}

fn answer(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{header}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

fn slot() -> crate::SlotRef {
    "A-12".parse().expect("a slot code")
}

#[test]
fn a_segment_cannot_lead_to_another_address() {
    for bad in ["", ".", ".."] {
        assert!(segment(bad).is_err(), "{bad:?}");
    }
    assert_eq!(segment("pk_1234").expect("plain"), "pk_1234");
    assert_eq!(segment("a/../b?c#d%").expect("escaped"), "a%2F..%2Fb%3Fc%23d%25");
}

#[tokio::test]
async fn a_list_is_asked_for_with_the_lot_the_token_and_the_filter() {
    let server = Echo::json("200 OK", &format!("[{SLOT}]")).await;
    let query = SlotQuery { zone: Some("Nörd & Co".into()), state: Some(SlotState::Free), kind: None };
    let slots = server.client().slots(&query).await.expect("slots");
    assert_eq!(slots[0].code.as_str(), "A-12");
    let request = server.request();
    let line = "get /parking/api/slots?lot=north&zone=n%c3%b6rd+%26+co&state=free http/1.1\r\n";
    assert!(request.starts_with(line), "{request}");
    for header in ["authorization: bearer pk_test", "accept: application/json", "accept-encoding: gzip"] {
        assert!(request.contains(header), "{request}");
    }
}

#[tokio::test]
async fn a_mutation_carries_its_guards_and_comes_back_with_its_number() {
    let server = Echo::json("200 OK", COMMITTED).await;
    let guard = Mutation { if_match: Some(1040), idempotency_key: Some("key-1".into()) };
    let set = server.client().slot_set(&slot(), &SetSlot::to(SlotState::Occupied), &guard).await;
    assert_eq!(set.expect("a committed slot").seq, 1042);
    let request = server.request();
    assert!(request.starts_with("put /parking/api/slots/a-12?lot=north http/1.1\r\n"), "{request}");
    for header in ["if-match: \"1040\"", "idempotency-key: key-1", "content-type: application/json"] {
        assert!(request.contains(header), "{request}");
    }
    server.client().slot_toggle(&slot(), &Mutation::default()).await.expect("a committed slot");
    let request = server.request();
    assert!(!request.contains("if-match") && !request.contains("idempotency-key"), "{request}");
}

#[tokio::test]
async fn an_upload_says_what_is_known_of_the_picture() {
    let capture = include_str!("../../../fixtures/capture.json").trim_end().trim_end_matches('}');
    let server = Echo::json("201 Created", &format!("{capture}, \"seq\": 1041 }}")).await;
    let meta = CaptureMeta {
        camera: Some("cam-1".parse().expect("a camera id")),
        captured_at: Some(Time::from_ms(0)),
        idempotency_key: Some("shot-1".into()),
    };
    let bytes = bytes::Bytes::from_static(b"\xff\xd8");
    server.client().capture_upload(bytes.clone(), "image/jpeg", &meta).await.expect("a capture");
    let request = server.request();
    assert!(request.starts_with("post /parking/api/capture?lot=north&camera=cam-1 http/1.1\r\n"), "{request}");
    for header in ["content-type: image/jpeg", "x-captured-at: 1970-01-01t00:00:00.000z", "idempotency-key: shot-1"] {
        assert!(request.contains(header), "{request}");
    }
    server.client().capture_upload(bytes, "image/jpeg", &CaptureMeta::default()).await.expect("a capture");
    assert!(server.request().starts_with("post /parking/api/capture?lot=north http/1.1\r\n"), "{}", server.request());
}

#[tokio::test]
async fn a_page_names_the_next_one() {
    let header = "Next-Cursor: c-17\r\nContent-Type: application/json";
    let server = Echo::new(answer("200 OK", header, "[]"), Duration::ZERO).await;
    let page = server.client().captures(&CaptureQuery::default()).await.expect("a page");
    assert_eq!((page.items.len(), page.next.as_deref()), (0, Some("c-17")));
    let server = Echo::json("200 OK", "[]").await;
    let query = CaptureQuery { cursor: page.next, ..CaptureQuery::default() };
    assert_eq!(server.client().captures(&query).await.expect("a page").next, None);
    assert!(server.request().contains("cursor=c-17"));
}

#[tokio::test]
async fn a_picture_is_fetched_by_its_key_and_from_nowhere_else() {
    let server = Echo::new(answer("200 OK", "Content-Type: image/jpeg", "not json"), Duration::ZERO).await;
    let bytes = server.client().image("main/cam-1/a b.jpg", Some(320)).await.expect("bytes");
    assert_eq!(bytes, "not json");
    assert!(server.request().starts_with("get /parking/images/main/cam-1/a%20b.jpg?w=320 http/1.1\r\n"));
    server.client().image("a", None).await.expect("bytes");
    assert!(server.request().starts_with("get /parking/images/a http/1.1\r\n"), "{}", server.request());
    for bad in ["", "/a", "a//b", "../api/tokens", "a/../../api/tokens"] {
        let refused = server.client().image(bad, None).await;
        assert!(matches!(refused, Err(Error::Config { .. })), "{bad:?}: {refused:?}");
    }
}

#[tokio::test]
async fn a_problem_is_a_refusal_whatever_its_status() {
    for code in [ProblemCode::RevStale, ProblemCode::Overloaded, ProblemCode::Internal] {
        let problem = Problem::new(code, "for a test");
        let body = serde_json::to_string(&problem).expect("a problem is JSON");
        let server = Echo::json(&format!("{} No", code.status()), &body).await;
        assert_eq!(server.client().slot(&slot()).await, Err(Error::Refused(Box::new(problem))));
    }
}

type IsRight = fn(Error) -> bool;

#[tokio::test]
async fn what_is_not_of_the_contract_is_told_from_what_does_not_answer() {
    let unreachable = |error: Error| matches!(error, Error::Unreachable { .. });
    let protocol = |error: Error| matches!(error, Error::Protocol { .. });
    let html = "Content-Type: text/html";
    let cases: [(String, &str, IsRight); 8] = [
        (
            answer("502 Bad Gateway", html, "<h1>\n Bad Gateway</h1>"),
            "502 Bad Gateway (<h1> Bad Gateway</h1>)",
            unreachable,
        ),
        (answer("504 Gateway Timeout", html, ""), "504 Gateway Timeout", unreachable),
        (answer("500 Internal Server Error", html, "Oops\u{7}"), "500 Internal Server Error (Oops)", protocol),
        (answer("404 Not Found", html, "lost"), "404 Not Found (lost)", protocol),
        (answer("302 Found", "Location: /elsewhere", ""), "302 Found", protocol),
        (answer("200 OK", html, "<html>"), "expected value at line 1 column 1 (<html>)", protocol),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".into(), "the answer broke off", protocol),
        (String::new(), "cannot reach http://127.0.0.1:", unreachable),
    ];
    for (answer, expected, is_right) in cases {
        let server = Echo::new(answer.clone(), Duration::ZERO).await;
        let error = server.client().slot(&slot()).await.expect_err("not a slot");
        assert!(error.to_string().contains(expected), "{expected:?}: {error}");
        assert!(is_right(error.clone()), "{error:?} for {answer}");
        assert_eq!(server.requests.lock().expect("no panic").len(), 1, "one call is one request");
    }
}

#[tokio::test]
async fn a_daemon_that_is_not_ready_still_says_how_it_is() {
    let body = include_str!("../../../fixtures/readiness.not_ready.json");
    let server = Echo::json("503 Service Unavailable", body).await;
    let Readiness { ready, objects, .. } = server.client().ready().await.expect("a readiness");
    assert!(!ready && !objects.is_empty());
    assert!(server.request().starts_with("get /parking/health/ready http/1.1\r\n"), "{}", server.request());
}

#[tokio::test]
async fn a_late_answer_is_not_waited_for_unless_it_is_meant_to_be_late() {
    let late = Duration::from_millis(900);
    let server = Echo::new(answer("200 OK", "Content-Type: application/json", EVENT_PAGE), late).await;
    let client = server.client_waiting(late / 2);
    let at_once = client.events(&EventQuery::default()).await;
    let what = format!("GET {}/parking/api/events", server.url);
    assert_eq!(at_once, Err(Error::TimedOut { what }));
    let query = EventQuery { after: Some(7), wait_s: Some(25), ..EventQuery::default() };
    client.events(&query).await.expect("a long poll");
    assert!(server.request().starts_with("get /parking/api/events?lot=north&after=7&wait=25 http/1.1\r\n"));
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[";
    let mut endless = head.as_bytes().to_vec();
    endless.resize(head.len() + ANSWER_BYTES_MAX, b' ');
    let server = Echo::new(endless, Duration::ZERO).await;
    let client = server.client();
    let error = client.slots(&SlotQuery::default()).await.expect_err("too much");
    assert!(error.to_string().ends_with("it is larger than 67108864 bytes"), "{error}");
}
