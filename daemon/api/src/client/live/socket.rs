//! One connection of a live client: the handshake, and frames as they come. Decides nothing about them.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use reqwest::{Method, StatusCode, Upgraded};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

use super::machine::Interrupted;
use crate::client::error::chain;
use crate::client::http::{Answer, Upgrade};
use crate::client::{ANSWER_BYTES_MAX, CONNECT_TIMEOUT, Client, Error};
use crate::live::{Cursor, Frame};
use crate::{Problem, ProblemCode, paths};

/// Bytes of the read buffer; a message may be larger.
const READ_BUFFER_BYTES: usize = 16 * 1024;

/// An open connection.
pub(super) struct Socket {
    stream: WebSocketStream<Heard>,
    heard: Arc<AtomicU64>,
}

/// What came over a connection.
pub(super) enum Incoming {
    Frame(Frame),
    /// A sign of life that means nothing more.
    Life,
    Closed {
        code: u16,
        reason: String,
    },
    /// Not a frame of the protocol.
    Nonsense(String),
}

/// Close codes that say that there was none, or that the connection just broke (RFC 6455, 7.4.1).
const CLOSED_WITHOUT_CODE: u16 = 1005;

impl Socket {
    pub(super) async fn open(client: &Client, cursor: Option<&Cursor>) -> Result<Self, Interrupted> {
        let key = generate_key();
        let mut call = client.call_lot(Method::GET, paths::WS);
        if let Some(cursor) = cursor {
            call = call.query(&[("epoch", cursor.epoch.as_str()), ("after", &cursor.seq.to_string())]);
        }
        let call = call
            .header(CONNECTION.as_str(), "Upgrade")
            .header(UPGRADE.as_str(), "websocket")
            .header(SEC_WEBSOCKET_VERSION.as_str(), "13")
            .header(SEC_WEBSOCKET_KEY.as_str(), &key);
        let (upgraded, headers) = match call.upgrade(CONNECT_TIMEOUT).await.map_err(unanswered)? {
            Upgrade::Switched { stream, headers } => (stream, headers),
            Upgrade::Answered(answer) => return Err(refused(answer)),
        };
        let accept = headers.get(SEC_WEBSOCKET_ACCEPT).map(reqwest::header::HeaderValue::as_bytes);
        if accept != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(Interrupted::retry("what answered the handshake is not a WebSocket server"));
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(ANSWER_BYTES_MAX))
            .max_frame_size(Some(ANSWER_BYTES_MAX));
        let heard = Arc::new(AtomicU64::new(0));
        let stream = Heard { stream: upgraded, bytes: Arc::clone(&heard) };
        let stream = WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await;
        Ok(Self { stream, heard })
    }

    /// The next thing to come, unless not one byte does for `dead_after`.
    pub(super) async fn next(&mut self, dead_after: Duration) -> Result<Incoming, Interrupted> {
        loop {
            let before = self.heard.load(Ordering::Relaxed);
            match tokio::time::timeout(dead_after, self.stream.next()).await {
                Ok(Some(Ok(message))) => return Ok(read(message)),
                Ok(Some(Err(error))) => return Err(Interrupted::retry(chain(&error))),
                Ok(None) => return Err(Interrupted::retry("the connection was closed")),
                // A large frame over a slow line is not silence.
                Err(_) if self.heard.load(Ordering::Relaxed) != before => {}
                Err(_) => return Err(Interrupted::retry(format!("nothing was heard for {dead_after:?}"))),
            }
        }
    }
}

fn read(message: Message) -> Incoming {
    match message {
        Message::Text(text) => match serde_json::from_str(&text) {
            Ok(frame) => Incoming::Frame(frame),
            Err(error) => Incoming::Nonsense(format!("a frame cannot be read: {error}")),
        },
        Message::Binary(_) => Incoming::Nonsense("a frame is not text".into()),
        Message::Close(Some(close)) => Incoming::Closed { code: close.code.into(), reason: close.reason.to_string() },
        Message::Close(None) => Incoming::Closed { code: CLOSED_WITHOUT_CODE, reason: String::new() },
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Incoming::Life,
    }
}

/// The handshake got no answer: that may change, unless it is we who cannot ask.
fn unanswered(error: Error) -> Interrupted {
    match error {
        Error::Config { .. } => Interrupted::End(error),
        // The caller knows which server it follows.
        Error::Unreachable { detail, .. } => Interrupted::retry(detail),
        _ => Interrupted::retry(error.to_string()),
    }
}

/// The handshake was answered, with a no.
fn refused(answer: Answer) -> Interrupted {
    let status = answer.status();
    let refusal = |code, answer: &Answer| {
        let detail = answer.unexpected(&format!("status {status}")).to_string();
        Interrupted::End(Error::Refused(Box::new(Problem::new(code, detail))))
    };
    let fallback = match status {
        StatusCode::UNAUTHORIZED => Some(refusal(ProblemCode::Unauthenticated, &answer)),
        StatusCode::FORBIDDEN => Some(refusal(ProblemCode::Forbidden, &answer)),
        _ => None,
    };
    let unexpected = answer.unexpected(&format!("status {status} instead of a live stream")).to_string();
    match answer.good() {
        // Trying again does not make a bad request good, but may find a free place.
        Err(Error::Refused(problem)) => match status.as_u16() {
            408 | 429 | 500.. => Interrupted::Retry {
                after: problem.retry_after_ms.map(Duration::from_millis),
                reason: problem.to_string(),
            },
            _ => Interrupted::End(Error::Refused(problem)),
        },
        Err(error) => fallback.unwrap_or_else(|| Interrupted::retry(error.to_string())),
        Ok(_) => Interrupted::retry(unexpected),
    }
}

/// Counts the bytes that come, whole frame or not.
struct Heard {
    stream: Upgraded,
    bytes: Arc<AtomicU64>,
}

impl AsyncRead for Heard {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.bytes.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        poll
    }
}

impl AsyncWrite for Heard {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
