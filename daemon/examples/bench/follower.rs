//! One client of a live socket that costs next to nothing: frames are found in the bytes as they come, nothing is decoded.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::{Range, RangeInclusive};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Result;
use crate::http::Connection;

/// Opcodes of RFC 6455.
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What is read at once, unless a frame is larger.
const READ_BYTES: usize = 4 * 1024;
/// Handshakes that are under way at once: as many as the backlog of a listener surely takes.
const OPENING: usize = 64;
/// Own addresses that followers come from: each has some 28,000 ports.
const SOURCES: usize = 8;

/// One socket.
#[derive(Debug)]
pub struct Follower {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// What of the buffer was read and is not looked at yet.
    unread: Range<usize>,
    /// Pieces of a message that came in several frames.
    pieces: Vec<u8>,
    message: Message,
}

/// Where the last message is.
#[derive(Debug)]
enum Message {
    Buffer(Range<usize>),
    Pieces,
}

#[derive(Debug)]
struct Header {
    is_last: bool,
    opcode: u8,
    /// Where the payload begins after the header.
    start: usize,
    len: usize,
}

/// The handshake for `path`; `headers` end with a line break each.
pub fn handshake(path: &str, headers: &str) -> Vec<u8> {
    // Any 16 bytes in base64 are a key; nobody is kept out by it (RFC 6455, 1.3).
    format!(
        "GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: YmVuY2ggb2YgcGFya2QhIQ==\r\n{headers}\r\n"
    )
    .into_bytes()
}

/// Opens `count` sockets, each waited for until its snapshot is there.
pub async fn open_all(count: usize, address: SocketAddr, request: &[u8]) -> Result<Vec<Follower>> {
    let mut followers = Vec::with_capacity(count);
    let mut opening = JoinSet::new();
    let request: Arc<[u8]> = request.into();
    for index in 0..count {
        if opening.len() == OPENING {
            followers.push(opening.join_next().await.ok_or("nothing is opening")???);
        }
        let request = Arc::clone(&request);
        opening.spawn(async move {
            let source = IpAddr::from(Ipv4Addr::new(127, 0, 0, 2 + (index % SOURCES) as u8));
            let mut follower = Follower::open(source, address, &request).await?;
            while !follower.text().starts_with(br#"{"type":"snapshot""#) {
                if !follower.next().await? {
                    return Err("a socket was closed before its snapshot".into());
                }
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(follower)
        });
    }
    while let Some(opened) = opening.join_next().await {
        followers.push(opened??);
    }
    Ok(followers)
}

impl Follower {
    pub async fn open(source: IpAddr, address: SocketAddr, request: &[u8]) -> Result<Self> {
        let (stream, buffer) = Connection::open_from(source, address).await?.upgrade(request).await?;
        let unread = 0..buffer.len();
        Ok(Self { stream, buffer, unread, pieces: Vec::new(), message: Message::Pieces })
    }

    /// The last message.
    pub fn text(&self) -> &[u8] {
        match &self.message {
            Message::Buffer(range) => &self.buffer[range.clone()],
            Message::Pieces => &self.pieces,
        }
    }

    /// Waits for the next message, and answers pings meanwhile; `false` when the server has closed.
    pub async fn next(&mut self) -> Result<bool> {
        self.pieces.clear();
        loop {
            let Some((is_last, opcode, payload)) = self.frame().await? else { return Ok(false) };
            match opcode {
                TEXT if is_last => {
                    self.message = Message::Buffer(payload);
                    return Ok(true);
                }
                TEXT | CONTINUATION => {
                    self.pieces.extend_from_slice(&self.buffer[payload]);
                    if is_last {
                        self.message = Message::Pieces;
                        return Ok(true);
                    }
                }
                PING => {
                    let pong = masked(PONG, &self.buffer[payload]);
                    // A server that is gone needs no answer.
                    if self.stream.write_all(&pong).await.is_err() {
                        return Ok(false);
                    }
                }
                PONG => {}
                CLOSE => return Ok(false),
                other => return Err(format!("a frame has the unknown opcode {other}").into()),
            }
        }
    }

    /// The next whole frame: whether it is a message's last, opcode, and where its payload is.
    async fn frame(&mut self) -> Result<Option<(bool, u8, Range<usize>)>> {
        loop {
            let header = header(&self.buffer[self.unread.clone()])?;
            let wanted = header.as_ref().map_or(READ_BYTES, |header| header.start + header.len);
            if let Some(header) = header.filter(|_| self.unread.len() >= wanted) {
                let start = self.unread.start + header.start;
                self.unread.start += wanted;
                return Ok(Some((header.is_last, header.opcode, start..start + header.len)));
            }
            self.make_room(wanted);
            match self.stream.read(&mut self.buffer[self.unread.end..]).await {
                Ok(0) => return Ok(None),
                Ok(read) => self.unread.end += read,
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Moves what is unread to the front, and makes sure that a frame of `wanted` bytes fits behind it.
    fn make_room(&mut self, wanted: usize) {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let needed = wanted.max(READ_BYTES).max(self.unread.end + 1);
        if self.buffer.len() < needed {
            self.buffer.resize(needed, 0);
        }
    }

    /// Sends a text.
    pub async fn send(&mut self, text: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(&masked(TEXT, text)).await?)
    }

    /// Follows until the server closes, from the event `after` on.
    pub async fn follow(mut self, after: u64, watch: Arc<Watch>, keeps_frames: bool) -> Result<Record> {
        let mut record = Record::after(after);
        while self.next().await? {
            let text = self.text();
            if !text.starts_with(br#"{"type":"events""#) {
                continue;
            }
            let at = watch.started.elapsed();
            let run = watch.run(text)?;
            record.add(&run, at);
            watch.delivered.fetch_add(run.end() - run.start() + 1, Ordering::Relaxed);
            if keeps_frames {
                record.frames.push((run, text.to_vec()));
            }
        }
        Ok(record)
    }
}

/// What one follower got.
#[derive(Debug)]
pub struct Record {
    /// The last event before the first that it got.
    pub after: u64,
    /// When each event came, in the order of the log and without a gap.
    pub received: Vec<Duration>,
    /// Frames that did not go on where the one before ended.
    pub misplaced: u64,
    /// Frames as they came, if they were kept.
    pub frames: Vec<(RangeInclusive<u64>, Vec<u8>)>,
}

impl Record {
    pub fn after(after: u64) -> Self {
        Self { after, received: Vec::new(), misplaced: 0, frames: Vec::new() }
    }

    /// Notes events that came at `at`.
    pub fn add(&mut self, run: &RangeInclusive<u64>, at: Duration) {
        if *run.start() == self.after + 1 + self.received.len() as u64 {
            self.received.extend(run.clone().map(|_| at));
        } else {
            self.misplaced += 1;
        }
    }
}

/// What all followers of one lot share.
#[derive(Debug)]
pub struct Watch {
    pub started: Instant,
    /// Events over all followers.
    pub delivered: AtomicU64,
    /// The last frame that was looked into: most followers get the same one.
    last: Mutex<(Vec<u8>, RangeInclusive<u64>)>,
}

impl Watch {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { started: Instant::now(), delivered: AtomicU64::new(0), last: Mutex::new((Vec::new(), 0..=0)) })
    }

    /// First and last event of an `events` frame.
    pub fn run(&self, frame: &[u8]) -> Result<RangeInclusive<u64>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != frame {
            *last = (frame.to_vec(), run_of(frame)?);
        }
        Ok(last.1.clone())
    }
}

/// First and last event of a frame whose events are contiguous. Only an event begins with its `seq`.
fn run_of(frame: &[u8]) -> Result<RangeInclusive<u64>> {
    const MARK: &[u8] = br#"{"seq":"#;
    let mut run: Option<RangeInclusive<u64>> = None;
    for start in frame.windows(MARK.len()).enumerate().filter_map(|(at, window)| (window == MARK).then_some(at)) {
        let seq = number(&frame[start + MARK.len()..]);
        run = match run {
            None => Some(seq..=seq),
            Some(run) if *run.end() + 1 == seq => Some(*run.start()..=seq),
            Some(run) => return Err(format!("event {seq} follows event {} in one frame", run.end()).into()),
        };
    }
    run.ok_or_else(|| "a frame has no event".into())
}

/// `seq` of a snapshot.
pub fn snapshot_seq(snapshot: &[u8]) -> Result<u64> {
    let rest = snapshot.strip_prefix(br#"{"type":"snapshot","seq":"#).ok_or("this is no snapshot")?;
    Ok(number(rest))
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().take_while(|digit| digit.is_ascii_digit()).fold(0, |n, digit| n * 10 + u64::from(digit - b'0'))
}

/// The header of a frame from a server, which masks nothing; `None` when it is not whole yet.
fn header(bytes: &[u8]) -> Result<Option<Header>> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    if second & 0x80 != 0 {
        return Err("the server masks its frames".into());
    }
    let (len, more) = match (second & 0x7f, rest) {
        (126, [a, b, ..]) => (usize::from(u16::from_be_bytes([*a, *b])), 2),
        (127, [a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as usize, 8),
        (126 | 127, _) => return Ok(None),
        (len, _) => (usize::from(len), 0),
    };
    Ok(Some(Header { is_last: first & 0x80 != 0, opcode: first & 0x0f, start: 2 + more, len }))
}

/// A whole frame from a client. The mask is zero, which leaves the payload as it is.
fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        len @ ..126 => frame.push(0x80 | len as u8),
        len @ ..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}
