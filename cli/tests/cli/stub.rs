//! A server that answers what it was told to, and remembers what it was asked.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// One answer; the last one is repeated.
#[derive(Debug, Clone)]
pub enum Answer {
    Json(u16, Value),
    /// The same with one more header.
    Page(Value, &'static str),
    Raw(&'static [u8]),
    /// The connection is closed after the request was read.
    Drop,
    /// The request is read and never answered.
    Silence,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `GET /api/slots?lot=main`
    pub line: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

pub struct Stub {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stub {
    pub fn new(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, answers) = (Arc::clone(&shared), answers.clone());
                thread::spawn(move || serve(stream, &seen, &answers));
            }
        });
        Self { url, seen }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no thread panicked").clone()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Seen>>, answers: &[Answer]) {
    let Some(request) = read(&stream) else { return };
    let answer = {
        let mut seen = seen.lock().expect("no thread panicked");
        seen.push(request);
        answers.get(seen.len() - 1).or(answers.last()).cloned()
    };
    match answer.expect("a stub has an answer") {
        Answer::Json(status, body) => write(&mut stream, status, "", &body),
        Answer::Page(body, header) => write(&mut stream, 200, header, &body),
        Answer::Raw(bytes) => drop(stream.write_all(bytes)),
        Answer::Drop => {}
        Answer::Silence => drop(stream.read_to_end(&mut Vec::new())),
    }
}

fn read(stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_string();
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_string());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    (!line.is_empty()).then_some(Seen { line, headers, body })
}

fn write(stream: &mut TcpStream, status: u16, header: &str, body: &Value) {
    let kind = if status < 400 { "application/json" } else { "application/problem+json" };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n{header}\r\n",
        body.len()
    );
    // The client may have gone; that is its own affair.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

/// A problem as the daemon answers it.
pub fn problem(status: u16, code: &str) -> Answer {
    let detail = format!("it was refused with {code}");
    Answer::Json(
        status,
        json!({"type": "about:blank", "title": "No", "status": status, "code": code, "detail": detail}),
    )
}

/// A slot as the daemon answers it.
pub fn slot(code: &str, state: &str) -> Value {
    json!({
        "id": "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12", "code": code, "zone": "North", "level": 0, "kind": "standard",
        "state": state, "source": "manual", "position": {"x": 1.5, "y": 2.0}, "rev": 7,
        "observed_at": "2026-11-23T05:17:55.000Z", "changed_at": "2026-11-23T05:17:55.000Z", "note": null,
    })
}

/// The same as the answer to a change.
pub fn committed(code: &str, state: &str) -> Answer {
    let mut slot = slot(code, state);
    slot["seq"] = json!(8);
    Answer::Json(200, slot)
}
