//! Requests that read, as they come over a connection: the first line is method and target, the others are headers.

use std::cell::OnceCell;
use std::time::Duration;

use clap::Parser;
use parkd::config::{Serve, Storage};
use parkd::serve::Daemon;
use parking_api::Problem;
use parking_api::problem::PROBLEM_JSON;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// Longest wait for an answer; some requests ask for one that comes later.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Headers that say how the request itself is sent, and who sends it: those are ours.
const OURS: [&str; 7] =
    ["authorization", "connection", "content-length", "expect", "host", "transfer-encoding", "upgrade"];
/// The smallest picture that is one: one grey pixel.
const PICTURE: &[u8] = include_bytes!("../corpus/picture/grey.jpg");

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    storage: Storage,
    #[command(flatten)]
    serve: Serve,
}

/// A daemon with a few slots, a stay, a camera and a picture, in this process.
struct Stage {
    runtime: Runtime,
    daemon: Daemon,
    token: String,
    _folder: TempDir,
}

thread_local! {
    /// Started once, and gone with the thread.
    static STAGE: OnceCell<Stage> = const { OnceCell::new() };
}

/// No request that reads brings about an error of the server, and every refusal is a problem that a client can read.
pub fn run(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let Some(space) = first.iter().position(|byte| *byte == b' ') else { return };
    let (method, target) = (&first[..space], &first[space + 1..]);
    let is_long_poll = target.windows(4).any(|window| window == b"wait");
    if !matches!(method, b"GET" | b"HEAD" | b"OPTIONS") || is_long_poll {
        return;
    }
    let headers = lines.filter(|line| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        !line.is_empty() && !OURS.iter().any(|ours| name.trim_ascii().eq_ignore_ascii_case(ours.as_bytes()))
    });
    let headers: Vec<u8> = headers.flat_map(|line| [line, b"\r\n"].concat()).collect();
    STAGE.with(|stage| {
        let stage = stage.get_or_init(Stage::new);
        let answer = stage.ask(&[method, b" ", target].concat(), &headers, b"");
        answer.check(method == b"HEAD");
    });
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().to_str().expect("a path is text");
        let settings = Settings::parse_from(["fuzz", "--listen=127.0.0.1:0", "--public-read", "--data-dir", path]);
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let places = settings.storage.places().expect("a folder for the data");
        let secret = places.admin_token();
        let daemon = runtime.block_on(Daemon::start(&settings.serve, places)).expect("a daemon");
        let token = std::fs::read_to_string(secret).expect("the admin token").trim().to_string();
        let stage = Self { runtime, daemon, token, _folder: folder };
        let json: &[u8] = b"Content-Type: application/json\r\n";
        let rows =
            br#"[{"code":"A-1","zone":"North","position":{"x":1.5,"y":2}},{"code":"A-2","kind":"ev","note":"n"}]"#;
        for (what, headers, body) in [
            ("POST /api/slots/import", json, &rows[..]),
            ("PUT /api/slots/A-1", json, br#"{"state":"occupied"}"#),
            ("POST /api/cameras", json, br#"{"id":"cam-1"}"#),
            ("POST /api/capture?camera=cam-1", b"Content-Type: image/jpeg\r\n", PICTURE),
        ] {
            let answer = stage.ask(what.as_bytes(), headers, body);
            assert_eq!(answer.status / 100, 2, "{what}: {answer:?}");
        }
        stage
    }

    /// Sends one request on a connection of its own.
    fn ask(&self, what: &[u8], headers: &[u8], body: &[u8]) -> Answer {
        let own = format!(
            " HTTP/1.1\r\nHost: lot\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n",
            self.token,
            body.len()
        );
        let request = [what, own.as_bytes(), headers, b"\r\n", body].concat();
        self.runtime.block_on(async {
            let mut stream = TcpStream::connect(self.daemon.address()).await.expect("the daemon listens");
            // It may refuse a request before it has read all of it.
            let _ = stream.write_all(&request).await;
            let mut answer = Answer::default();
            let mut read = Vec::new();
            while !answer.take(&read) {
                match timeout(ANSWER_TIMEOUT, stream.read_buf(&mut read)).await {
                    Ok(Ok(1..)) => {}
                    _ => break,
                }
            }
            answer
        })
    }
}

/// What came back; all zero when nothing did.
#[derive(Debug, Default)]
struct Answer {
    status: u16,
    content_type: String,
    body: Vec<u8>,
}

impl Answer {
    /// Reads an answer off the bytes that came so far; whether it is whole. The body of a stream never is, and not waited for.
    fn take(&mut self, read: &[u8]) -> bool {
        let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
        let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
        let header = |name: &str| {
            let mut values = head.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            values.next().unwrap_or_default().trim().to_string()
        };
        self.status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        self.content_type = header("content-type");
        self.body = read[end + 4..].to_vec();
        self.body.len() >= header("content-length").parse().unwrap_or(0)
    }

    fn check(&self, is_head: bool) {
        assert!(self.status < 500, "{self:?}");
        if self.status >= 400 && !is_head && !self.body.is_empty() {
            assert_eq!(self.content_type, PROBLEM_JSON, "{self:?}");
            let problem: Problem = serde_json::from_slice(&self.body).expect("a problem");
            assert_eq!(problem.status, self.status, "{problem:?}");
        }
    }
}
