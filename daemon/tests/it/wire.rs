//! Requests and sockets as they go over the wire, for tests that are about the wire itself. Everything else takes the typed client.

use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;
use futures_util::StreamExt;
use parking_api::cameras::NewCamera;
use parking_api::live::Frame;
use parking_api::problem::PROBLEM_JSON;
use parking_api::tokens::{NewToken, Role};
use parking_api::{Problem, ProblemCode, paths};
use reqwest::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http;

use crate::harness::{PATIENCE, Parkd};

/// A caller who says exactly what it sends.
#[derive(Debug, Clone)]
pub struct Wire {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Wire {
    pub fn new(parkd: &Parkd, token: Option<&str>) -> Self {
        Self::at(parkd.url(), token)
    }

    /// The same at another address, such as a proxy's.
    pub fn at(url: &str, token: Option<&str>) -> Self {
        let builder = reqwest::Client::builder().no_proxy().no_gzip().redirect(reqwest::redirect::Policy::none());
        // A connection for each request: one that is kept would be a dead one after a restart.
        let http = builder.timeout(PATIENCE).pool_max_idle_per_host(0).build().expect("a client");
        Self { http, url: url.to_string(), token: token.map(str::to_string) }
    }

    pub fn admin(parkd: &Parkd) -> Self {
        Self::new(parkd, Some(&parkd.admin_token()))
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().expect("a method");
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request("GET", path)).await
    }

    /// A request with a JSON body.
    pub async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        answer(self.request(method, path).json(&body)).await
    }

    /// The same by a caller that is not kept.
    pub async fn send_owned(self, method: &str, path: &str, body: Value) -> Answer {
        self.send(method, path, body).await
    }

    /// A request without a body.
    pub async fn call(&self, method: &str, path: &str) -> Answer {
        answer(self.request(method, path)).await
    }

    /// What a request for a socket is answered with; one that is opened is closed again.
    pub async fn handshake(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.request("GET", path).header(CONNECTION, "Upgrade").header(UPGRADE, "websocket");
        request = request.header("sec-websocket-version", "13").header("sec-websocket-key", "AAECAwQFBgcICQoLDA0ODw==");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = if status == 101 { Bytes::new() } else { response.bytes().await.expect("a whole answer") };
        Answer { status, headers, body }
    }
}

/// What came back, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.bytes().await.expect("a whole answer") }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of text"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What is in an answer that came compressed.
    pub fn unpacked(&self) -> Vec<u8> {
        assert_eq!((self.status, self.header("content-encoding")), (200, Some("gzip")));
        let mut plain = Vec::new();
        GzDecoder::new(&self.body[..]).read_to_end(&mut plain).expect("a whole gzip stream");
        plain
    }

    /// The resource of an answer with this status.
    pub fn json<T: DeserializeOwned>(&self, status: u16) -> T {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The problem that was answered, in the one form that problems have.
    pub fn problem(&self) -> Problem {
        let kind = self.header("content-type");
        assert_eq!(kind, Some(PROBLEM_JSON), "status {}: {}", self.status, self.text());
        let problem: Problem = serde_json::from_slice(&self.body).expect("a problem");
        assert_eq!((problem.status, problem.code.status()), (self.status, self.status), "{problem:?}");
        assert_eq!((problem.kind.as_str(), problem.title.as_str()), ("about:blank", problem.code.title()));
        assert!(!problem.detail.is_empty());
        assert_eq!(problem.request_id.as_deref(), self.header(paths::REQUEST_ID_HEADER), "{problem:?}");
        assert!(problem.request_id.is_some());
        problem
    }

    /// The code of the problem that was answered.
    pub fn code(&self) -> ProblemCode {
        self.problem().code
    }

    /// The code and the field of the problem that was answered.
    pub fn blame(&self) -> (ProblemCode, Option<String>) {
        let problem = self.problem();
        (problem.code, problem.field)
    }
}

/// Sends these bytes on a connection of their own and reads the answer to its end: for what no client library would send.
pub async fn raw(parkd: &Parkd, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(parkd.address()).await.expect("a connection");
    stream.write_all(request).await.expect("the request is taken");
    let mut whole = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut whole)).await.expect("an answer in time").expect("an answer");
    let end = whole.windows(4).position(|window| window == b"\r\n\r\n").expect("an end of the headers");
    let head = String::from_utf8(whole[..end].to_vec()).expect("headers of text");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| {
        (name.parse::<HeaderName>().expect("a name"), value.parse::<HeaderValue>().expect("a value"))
    });
    let (headers, body) = (headers.collect(), Bytes::copy_from_slice(&whole[end + 4..]));
    Answer { status: status.expect("a status"), headers, body }
}

/// `GET path`, sent as it is written here, by this caller.
pub async fn raw_get(parkd: &Parkd, path: &str, token: &str) -> Answer {
    let host = parkd.address();
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
    raw(parkd, head.as_bytes()).await
}

/// A live socket of a test.
pub type Socket = WebSocketStream<TcpStream>;

/// Opens a socket at `path` with these headers.
pub async fn socket(parkd: &Parkd, path: &str, headers: &[(&str, &str)]) -> Socket {
    let mut request = format!("ws://{}{path}", parkd.address()).into_client_request().expect("a request");
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().expect("a name");
        request.headers_mut().insert(name, value.parse().expect("a value"));
    }
    let stream = TcpStream::connect(parkd.address()).await.expect("a connection");
    let (socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("a socket");
    socket
}

/// The next frame of the protocol, or the code that the socket was closed with.
pub async fn frame(socket: &mut Socket) -> Result<Frame, u16> {
    loop {
        let message = timeout(PATIENCE, socket.next()).await.expect("a frame in time");
        match message.expect("a good-bye before the end").expect("a whole frame") {
            Message::Text(text) => return Ok(serde_json::from_str(&text).expect("a frame")),
            Message::Close(close) => return Err(close.expect("a reason").code.into()),
            _ => {}
        }
    }
}

/// A new token of this role; a camera's comes with a camera of its own.
pub async fn token(parkd: &Parkd, role: Role) -> String {
    if role == Role::Camera {
        return camera(parkd, "cam-of-token").await;
    }
    let new = NewToken { name: format!("test {role}"), role, expires_at: None };
    parkd.admin().token_create(&new).await.expect("a token").value.token
}

/// A new camera, and its token.
pub async fn camera(parkd: &Parkd, id: &str) -> String {
    let new = NewCamera { id: id.parse().expect("a camera id"), name: None, zone: None, interval_s: None };
    parkd.admin().camera_create(&new).await.expect("a camera").value.token
}
