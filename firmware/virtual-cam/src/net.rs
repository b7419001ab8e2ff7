//! Real HTTP, plain or over TLS, one request at a time on a thread of its own and by hand: a board has little more.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use camera_core::request::{Intake, Request};
use camera_core::ring;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

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
    /// Name and port.
    host: String,
    /// Whose word counts for the host's name, where it is `https`.
    authority: Option<Vec<u8>>,
    head: String,
    body: Vec<u8>,
    is_for_firmware: bool,
    cut: Cut,
}

impl Net {
    pub fn new() -> Self {
        let (to, from) = channel();
        Self { to, from, open: 0 }
    }

    /// Begins a request; what comes of it is heard later.
    pub fn send(&mut self, request: &Request<'_>, body: Vec<u8>, cut: Cut) {
        self.open += 1;
        let Some((scheme, host)) = request.claim.url.split_once("://") else {
            // As on the board: it is no address.
            let _ = self.to.send(Heard::Broken(request.id));
            return;
        };
        let is_tls = scheme == "https";
        let (host, base) =
            host.split_once('/').map_or((host, String::new()), |(host, path)| (host, format!("/{path}")));
        let mut head = format!("{} {}{} HTTP/1.1\r\nHost: {host}\r\n", request.method(), base, &*request.path());
        request.headers(|name, value| head += &format!("{name}: {value}\r\n"));
        head += "Connection: close\r\n\r\n";
        let port = if is_tls { 443 } else { 80 };
        let host = if host.contains(':') { host.to_string() } else { format!("{host}:{port}") };
        let authority = is_tls.then(|| request.authority.to_vec());
        let is_for_firmware = request.is_for_firmware();
        let call = Call { id: request.id, host, authority, head, body, is_for_firmware, cut };
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

/// A connection, whatever is below it.
trait Line: Read + Write {}

impl<T: Read + Write> Line for T {}

fn connect(call: &Call) -> io::Result<Box<dyn Line>> {
    let unknown = |_| io::Error::from(ErrorKind::NotFound);
    let mut addresses = call.host.to_socket_addrs().map_err(unknown)?;
    let stream = addresses.find_map(|address| TcpStream::connect_timeout(&address, CONNECT).ok());
    let stream = stream.ok_or(ErrorKind::ConnectionRefused)?;
    stream.set_read_timeout(Some(TURN))?;
    stream.set_write_timeout(Some(TURN))?;
    let Some(authority) = &call.authority else { return Ok(Box::new(stream)) };
    let name = call.host.rsplit_once(':').map_or(&*call.host, |(name, _)| name).to_string();
    let name = ServerName::try_from(name).map_err(io::Error::other)?;
    let session = ClientConnection::new(trusting(authority)?, name).map_err(io::Error::other)?;
    Ok(Box::new(StreamOwned::new(session, stream)))
}

/// Whose word counts: that of this certificate (DER), or of those whom everybody knows.
fn trusting(authority: &[u8]) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    if authority.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    } else {
        roots.add(CertificateDer::from(authority)).map_err(io::Error::other)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn exchange(call: &Call, to: &Sender<Heard>) -> io::Result<Heard> {
    let mut stream = connect(call)?;
    stream.write_all(call.head.as_bytes())?;
    let until = if let Cut::At(at) = call.cut { at.min(call.body.len()) } else { call.body.len() };
    for slice in call.body[..until].chunks(SLICE) {
        stream.write_all(slice)?;
    }
    if let Cut::At(_) = call.cut {
        return Err(ErrorKind::ConnectionAborted.into());
    }
    let heard = answer(call, stream, to)?;
    // The answer was read, so that the daemon is done with it for sure; the camera never learns it.
    if call.cut == Cut::Answer { Err(ErrorKind::ConnectionReset.into()) } else { Ok(heard) }
}

fn answer(call: &Call, stream: Box<dyn Line>, to: &Sender<Heard>) -> io::Result<Heard> {
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
    let mut intake = Intake::new(call.is_for_firmware, status, length);
    let mut slice = [0; SLICE];
    while !intake.is_whole() {
        let count = reader.read(&mut slice)?;
        if count == 0 {
            break;
        }
        if let Some(piece) = intake.take(&slice[..count]) {
            let _ = to.send(Heard::Piece(call.id, piece.to_vec()));
        }
    }
    let body = intake.finish().ok_or(ErrorKind::UnexpectedEof)?.to_vec();
    Ok(Heard::Said { id: call.id, status, retry_after_s, body })
}
