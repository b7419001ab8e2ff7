//! One HTTP/1.1 connection that costs its user next to nothing: prepared requests out, answers measured and thrown away.
//!
//! Understands what the daemon sends and no more: answers with a length, one after the other.

use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::Result;

/// What is read at once. Small enough to stay in the processor's cache, large enough for few system calls.
const READ_BYTES: usize = 128 * 1024;
/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// A connection that is kept alive.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What matters of an answer's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub status: u16,
    /// `seq` of the change that was made, if one was.
    pub seq: Option<u64>,
    /// Length of the head itself.
    head_bytes: usize,
    pub body_bytes: usize,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.map_err(|e| format!("cannot connect to {address}: {e}"))?;
        Self::new(stream)
    }

    /// Connects from one of this machine's own addresses, each of which has its own ports.
    pub async fn open_from(source: IpAddr, address: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        let stream = socket.connect(address).await;
        Self::new(stream.map_err(|e| format!("cannot connect from {source} to {address}: {e}"))?)
    }

    fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Sends a request, and reads its answer without keeping the body.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Head> {
        self.buffer.resize(READ_BYTES, 0);
        self.stream.write_all(request).await?;
        let (head, mut read) = self.head().await?;
        while read < head.head_bytes + head.body_bytes {
            read += self.read(0).await?;
        }
        if read > head.head_bytes + head.body_bytes {
            return Err("the answer is longer than it says".into());
        }
        Ok(head)
    }

    /// Sends a request, and gives its answer: head as text, and body.
    pub async fn fetch(&mut self, request: &[u8]) -> Result<(Head, String, Vec<u8>)> {
        self.buffer.resize(READ_BYTES, 0);
        self.stream.write_all(request).await?;
        let (head, read) = self.head().await?;
        let text = String::from_utf8_lossy(&self.buffer[..head.head_bytes]).into_owned();
        let mut body = self.buffer[head.head_bytes..read].to_vec();
        while body.len() < head.body_bytes {
            let read = self.read(0).await?;
            body.extend_from_slice(&self.buffer[..read]);
        }
        Ok((head, text, body))
    }

    /// Sends the handshake of a WebSocket; gives the stream and what came on it already.
    pub async fn upgrade(mut self, request: &[u8]) -> Result<(TcpStream, Vec<u8>)> {
        self.buffer.resize(HEAD_BYTES_MAX, 0);
        self.stream.write_all(request).await?;
        let (head, read) = self.head().await?;
        if head.status != 101 {
            let answer = String::from_utf8_lossy(&self.buffer[..read]);
            return Err(format!("the handshake was refused: {answer}").into());
        }
        Ok((self.stream, self.buffer[head.head_bytes..read].to_vec()))
    }

    /// Reads until the head is whole; gives it, and how much was read altogether.
    async fn head(&mut self) -> Result<(Head, usize)> {
        let mut filled = 0;
        loop {
            filled += self.read(filled).await?;
            if let Some(head) = parse(&self.buffer[..filled])? {
                return Ok((head, filled));
            }
            if filled >= HEAD_BYTES_MAX {
                return Err("the head of the answer does not end".into());
            }
        }
    }

    async fn read(&mut self, from: usize) -> Result<usize> {
        match self.stream.read(&mut self.buffer[from..]).await? {
            0 => Err("the server closed the connection".into()),
            read => Ok(read),
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Option<Head>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let mut lines = std::str::from_utf8(&bytes[..end])?.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("the answer has no status")?.parse()?;
    let mut head = Head { status, seq: None, head_bytes: end + 4, body_bytes: 0 };
    for line in lines {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if name.eq_ignore_ascii_case("content-length") && status != 304 {
            head.body_bytes = value.parse()?;
        } else if name.eq_ignore_ascii_case(parking_api::paths::SEQ_HEADER) {
            head.seq = Some(value.parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err("the answer comes in chunks, which are not understood here".into());
        }
    }
    Ok(Some(head))
}

/// The value of a header in the head of an answer.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    headers.find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
}
