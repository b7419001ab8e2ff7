//! Real HTTP, one request at a time on a thread of its own, plain and by hand: a board has little more.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use camera_core::request::{BODY_MAX, Request};
use camera_core::{What, ring};

use crate::fault::Cut;

/// Longest waits, as on the board.
const CONNECT: Duration = Duration::from_secs(5);
const TURN: Duration = Duration::from_secs(15);
/// Bytes that are handed to the connection at once, and taken from it.
const SLICE: usize = 2_048;
/// Longest head of an answer, in bytes.
const HEAD_MAX: u64 = 16_384;

const _: () = assert!(ring::FRAMES_MAX < 256);

/// What came of a request, or a piece of it.
#[derive(Debug)]
pub enum Heard {
    Piece(u32, Vec<u8>),
    Said { id: u32, status: u16, retry_after_s: Option<u32>, body: Vec<u8> },
    NoAddress(u32),
    Broken(u32),
}

/// The camera's way to its daemon.
#[derive(Debug)]
pub struct Net {
    to: Sender<Heard>,
    from: Receiver<Heard>,
    /// Requests whose end was not heard yet.
    open: usize,
}

/// A request, on its way.
struct Call {
    id: u32,
    host: String,
    head: String,
    body: Vec<u8>,
    is_image: bool,
    cut: Cut,
    slow: Duration,
}

impl Net {
    pub fn new() -> Self {
        let (to, from) = channel();
        Self { to, from, open: 0 }
    }

    /// Begins a request; what comes of it is heard later.
    pub fn send(&mut self, request: &Request<'_>, body: Vec<u8>, cut: Cut, slow_ms: u64) {
        self.open += 1;
        let Some(host) = request.claim.url.strip_prefix("http://") else {
            // A PC has https, and this camera would not be the board's any more: it is said, not hidden.
            let _ = self.to.send(Heard::Broken(request.id));
            return;
        };
        let (host, base) =
            host.split_once('/').map_or((host, String::new()), |(host, path)| (host, format!("/{path}")));
        let mut head = format!("{} {}{} HTTP/1.1\r\nHost: {host}\r\n", request.method(), base, &*request.path());
        request.headers(|name, value| head += &format!("{name}: {value}\r\n"));
        head += "Connection: close\r\n\r\n";
        let host = if host.contains(':') { host.to_string() } else { format!("{host}:80") };
        let is_image = matches!(request.what, What::Firmware(_));
        let call = Call { id: request.id, host, head, body, is_image, cut, slow: Duration::from_millis(slow_ms) };
        let to = self.to.clone();
        std::thread::spawn(move || {
            let heard = exchange(&call, &to).unwrap_or_else(|error| match error.kind() {
                ErrorKind::NotFound => Heard::NoAddress(call.id),
                _ => Heard::Broken(call.id),
            });
            // The camera may have lost its power meanwhile.
            let _ = to.send(heard);
        });
    }

    /// What was heard meanwhile.
    pub fn heard(&mut self) -> Option<Heard> {
        let heard = self.from.try_recv().ok()?;
        self.count(&heard);
        Some(heard)
    }

    /// Waits for what is heard next; None when nothing is on its way.
    pub fn wait(&mut self) -> Option<Heard> {
        if self.open == 0 {
            return None;
        }
        let heard = self.from.recv().ok()?;
        self.count(&heard);
        Some(heard)
    }

    fn count(&mut self, heard: &Heard) {
        if !matches!(heard, Heard::Piece(..)) {
            self.open = self.open.saturating_sub(1);
        }
    }
}

impl Default for Net {
    fn default() -> Self {
        Self::new()
    }
}

fn exchange(call: &Call, to: &Sender<Heard>) -> io::Result<Heard> {
    let unknown = |_| io::Error::from(ErrorKind::NotFound);
    let address = call.host.to_socket_addrs().map_err(unknown)?.next().ok_or(ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&address, CONNECT)?;
    stream.set_read_timeout(Some(TURN))?;
    stream.set_write_timeout(Some(TURN))?;
    stream.write_all(call.head.as_bytes())?;
    let until = if let Cut::At(at) = call.cut { at.min(call.body.len()) } else { call.body.len() };
    for slice in call.body[..until].chunks(SLICE) {
        stream.write_all(slice)?;
    }
    if let Cut::At(_) = call.cut {
        return Err(ErrorKind::ConnectionAborted.into());
    }
    if !call.slow.is_zero() {
        std::thread::park_timeout(call.slow);
    }
    let heard = answer(call, stream, to)?;
    // The answer was read, so that the daemon is done with it for sure; the camera never learns it.
    if call.cut == Cut::Answer { Err(ErrorKind::ConnectionReset.into()) } else { Ok(heard) }
}

fn answer(call: &Call, stream: TcpStream, to: &Sender<Heard>) -> io::Result<Heard> {
    let mut reader = BufReader::new(stream);
    let mut head = (&mut reader).take(HEAD_MAX);
    let mut line = String::new();
    head.read_line(&mut line)?;
    let status: Option<u16> = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or(ErrorKind::InvalidData)?;
    let (mut length, mut retry_after_s) = (None::<u64>, None);
    loop {
        line.clear();
        if head.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok(),
            "retry-after" => retry_after_s = value.trim().parse().ok(),
            _ => {}
        }
    }
    let mut body = Vec::new();
    let mut slice = [0; SLICE];
    let mut left = length.unwrap_or(u64::MAX);
    while left > 0 {
        let want = SLICE.min(usize::try_from(left).unwrap_or(SLICE));
        let count = reader.read(&mut slice[..want])?;
        if count == 0 {
            if length.is_some() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            break;
        }
        left -= count as u64;
        if call.is_image && status == 200 {
            let _ = to.send(Heard::Piece(call.id, slice[..count].to_vec()));
        } else {
            body.extend_from_slice(&slice[..count.min(BODY_MAX - body.len())]);
        }
    }
    Ok(Heard::Said { id: call.id, status, retry_after_s, body })
}
