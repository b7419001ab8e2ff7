//! A server that plays a script, and the frames that it says.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use parking_api::client::{Client, Config, Live, LiveOptions, follow};
use parking_api::events::{Event, LogEntry};
use parking_api::live::{Bye, Events, Frame, Heartbeat, Hello, Lagged, Resumed, Snapshot};
use parking_api::{PROTOCOL, Problem, ProblemCode, Time};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

/// Nothing in these tests takes this long unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const TOKEN: &str = "pk_live_test";

/// What the server does with one connection.
pub enum Scene {
    /// Closes without a word.
    HangUp,
    /// Answers the handshake with this, and not with a socket.
    Answer(String),
    /// Opens the socket, does this, and cuts the line.
    Play(Vec<Act>),
}

pub enum Act {
    Say(Frame),
    Text(&'static str),
    Binary,
    Ping,
    Close(u16),
    /// The beginning of a frame that never ends.
    Torn,
    /// A frame in pieces, with pauses that together are longer than the client waits for a dead server.
    Slow(Frame),
    /// Events from the first number until the line is full, then as many again as the second says.
    Flood(u64, u64),
    /// Says nothing more until the client is gone.
    Wait,
}

/// What the test hears of the server.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// Path with query, and the header `Authorization`.
    Request(String, Option<String>),
    Pong,
    /// The line is full since this event.
    Full(u64),
    /// The client is gone.
    Left,
}

pub struct Stage {
    url: String,
    heard: mpsc::UnboundedReceiver<Heard>,
    _server: JoinSet<()>,
}

impl Stage {
    pub async fn new(scenes: impl Into<VecDeque<Scene>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (say, heard) = mpsc::unbounded_channel();
        let mut server = JoinSet::new();
        let mut scenes = scenes.into();
        server.spawn(async move {
            while let Some(scene) = scenes.pop_front() {
                let (stream, _) = listener.accept().await.expect("a connection");
                perform(scene, stream, &say).await;
            }
        });
        Self { url, heard, _server: server }
    }

    pub fn client(&self) -> Client {
        let mut config = Config::new(&self.url);
        config.token = Some(TOKEN.into());
        Client::new(config).expect("a good configuration")
    }

    pub fn follow(&self, options: LiveOptions) -> Live {
        follow(&self.client(), options)
    }

    pub async fn hear(&mut self) -> Heard {
        timeout(PATIENCE, self.heard.recv()).await.expect("in time").expect("the server is there")
    }
}

async fn perform(scene: Scene, mut stream: TcpStream, say: &mpsc::UnboundedSender<Heard>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
    let head = String::from_utf8(head).expect("a request is text");
    let field = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_string())
    };
    let path = head.split(' ').nth(1).expect("a path").to_string();
    say.send(Heard::Request(path, field("authorization"))).expect("the test is there");
    match scene {
        Scene::HangUp => {}
        Scene::Answer(answer) => stream.write_all(answer.as_bytes()).await.expect("the client reads"),
        Scene::Play(acts) => {
            let accept = derive_accept_key(field("sec-websocket-key").expect("a key").as_bytes());
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await.expect("the client reads");
            let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            for act in acts {
                play(act, &mut socket, say).await;
            }
        }
    }
}

async fn play(act: Act, socket: &mut WebSocketStream<TcpStream>, say: &mpsc::UnboundedSender<Heard>) {
    // The client may leave at any moment, and does so in most of these tests.
    let _ = match act {
        Act::Say(frame) => socket.send(text(&frame)).await,
        Act::Text(text) => socket.send(Message::text(text)).await,
        Act::Binary => socket.send(Message::binary(vec![0x7b, 0x7d])).await,
        Act::Close(code) => {
            socket.send(Message::Close(Some(CloseFrame { code: code.into(), reason: "for a test".into() }))).await
        }
        Act::Ping => {
            let sent = socket.send(Message::Ping("are you there".into())).await;
            if let Some(Ok(Message::Pong(_))) = socket.next().await {
                say.send(Heard::Pong).expect("the test is there");
            }
            sent
        }
        Act::Torn => {
            socket.get_mut().write_all(b"\x81\x7e\x10\x00{\"type\":\"events\"").await.expect("the client reads");
            Ok(())
        }
        Act::Slow(frame) => {
            let body = serde_json::to_vec(&frame).expect("a frame is JSON");
            let mut bytes = vec![0x81, 0x7e];
            bytes.extend(u16::try_from(body.len()).expect("a small frame").to_be_bytes());
            bytes.extend(body);
            for piece in bytes.chunks(bytes.len().div_ceil(4)) {
                tokio::time::sleep(Duration::from_secs(1)).await;
                socket.get_mut().write_all(piece).await.expect("the client reads");
            }
            Ok(())
        }
        Act::Flood(first, more) => {
            flood(socket, first, more, say).await;
            Ok(())
        }
        Act::Wait => {
            while let Some(Ok(_)) = socket.next().await {}
            let _ = say.send(Heard::Left);
            Ok(())
        }
    };
}

/// How long a line that takes nothing is called full.
const FULL_AFTER: Duration = Duration::from_millis(500);

async fn flood(socket: &mut WebSocketStream<TcpStream>, first: u64, more: u64, say: &mpsc::UnboundedSender<Heard>) {
    let mut last = u64::MAX;
    for seq in first.. {
        let mut event = event(seq);
        event.actor.name = Some("x".repeat(32 * 1024));
        socket.feed(text(&events([event]))).await.expect("the client reads");
        while timeout(FULL_AFTER, socket.flush()).await.is_err() {
            if last == u64::MAX {
                last = seq + more;
                say.send(Heard::Full(seq)).expect("the test is there");
            }
        }
        if seq >= last {
            return;
        }
    }
}

fn text(frame: &Frame) -> Message {
    Message::text(serde_json::to_string(frame).expect("a frame is JSON"))
}

pub fn http(status: &str, content_type: &str, body: &str) -> Scene {
    let length = body.len();
    Scene::Answer(format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    ))
}

pub fn problem(code: ProblemCode, retry_after_ms: Option<u64>) -> Scene {
    let problem = Problem { retry_after_ms, ..Problem::new(code, "for a test") };
    let body = serde_json::to_string(&problem).expect("a problem is JSON");
    http(&format!("{} No", code.status()), parking_api::problem::PROBLEM_JSON, &body)
}

fn fixture<T: serde::de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).expect("a golden message")
}

pub fn hello(head: u64) -> Frame {
    beating(head, 15)
}

pub fn beating(head: u64, heartbeat_s: u64) -> Frame {
    let Frame::Hello(hello) = fixture(include_str!("../../fixtures/frame.hello.json")) else { unreachable!("a hello") };
    assert_eq!(hello.protocol, PROTOCOL);
    Frame::Hello(Hello { epoch: "e".into(), head, heartbeat_s, ..hello })
}

pub fn snapshot(seq: u64) -> Frame {
    let Frame::Snapshot(snapshot) = fixture(include_str!("../../fixtures/frame.snapshot.json")) else {
        unreachable!("a snapshot")
    };
    Frame::Snapshot(Box::new(Snapshot { seq, ..*snapshot }))
}

pub fn lagged(from: u64, to: u64) -> Frame {
    let Frame::Lagged(lagged) = fixture(include_str!("../../fixtures/frame.lagged.json")) else {
        unreachable!("lagged")
    };
    Frame::Lagged(Box::new(Lagged { from, to, ..*lagged }))
}

pub fn event(seq: u64) -> Event {
    Event { seq, ..fixture(include_str!("../../fixtures/event.slot.changed.json")) }
}

pub fn events(all: impl IntoIterator<Item = Event>) -> Frame {
    Frame::Events(Events { events: all.into_iter().map(|event| LogEntry::Event(Box::new(event))).collect() })
}

pub fn numbered(all: impl IntoIterator<Item = u64>) -> Frame {
    events(all.into_iter().map(event))
}

pub fn resumed(from: u64, head: u64) -> Frame {
    Frame::Resumed(Resumed { from, head })
}

pub fn heartbeat(head: u64) -> Frame {
    Frame::Heartbeat(Heartbeat { head, at: Time::from_ms(0) })
}

pub fn bye(code: u16, retry_after_ms: Option<u64>) -> Frame {
    Frame::Bye(Bye { code, reason: "for a test".into(), retry_after_ms })
}

pub fn say(frames: impl IntoIterator<Item = Frame>) -> Vec<Act> {
    frames.into_iter().map(Act::Say).collect()
}

/// A stream that is live at `seq` without a cursor, and what comes then.
pub fn begun(seq: u64, then: impl IntoIterator<Item = Act>) -> Scene {
    Scene::Play(say([hello(seq), snapshot(seq)]).into_iter().chain(then).collect())
}

pub fn back(seq: u64, then: impl IntoIterator<Item = Act>) -> Scene {
    Scene::Play(say([hello(seq), resumed(seq, seq)]).into_iter().chain(then).collect())
}
