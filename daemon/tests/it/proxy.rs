//! A line between a client and a daemon that does what lines do: it passes, stalls, breaks off in the middle, or leads nowhere. Knows
//! nothing of what goes over it.

use std::net::SocketAddr;
use std::time::Duration;

use rand::Rng;
use rand::rngs::SmallRng;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Bytes that are passed on at once: few, so that a break falls into the middle of something.
const PASSED_BYTES: usize = 1_000;
/// Longest time that one trouble lasts, or that there is none, in milliseconds.
const SPELL_MS_MAX: u64 = 60;
/// Most bytes that a connection may bring before it breaks off by itself.
const BROUGHT_BYTES_MAX: usize = 40_000;
/// Longest wait for a server to give up what a line carried to it.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);

/// What the line does at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Pass,
    /// Connections stand, and nothing goes over them.
    Stall,
    /// New connections are closed at once.
    Refuse,
}

#[derive(Debug, Clone, Copy, Default)]
struct Line {
    mode: Mode,
    /// Grows with every cut; a connection ends when it is not what it was.
    cuts: u64,
    /// What a new connection brings to the client before it breaks off.
    bytes_max: Option<usize>,
}

/// A line; it ends when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    line: watch::Sender<Line>,
    /// Connections that the server has not closed yet.
    open: watch::Sender<usize>,
    _server: JoinSet<()>,
}

impl Proxy {
    /// A line to `upstream` (`host:port`) that passes everything.
    pub async fn new(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let line = watch::Sender::new(Line::default());
        let open = watch::Sender::new(0);
        let mut server = JoinSet::new();
        server.spawn(serve(listener, upstream.to_string(), line.subscribe(), open.clone()));
        Self { address, line, open, _server: server }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Breaks all connections off, in the middle of whatever they carry.
    pub fn cut(&self) {
        self.line.send_modify(|line| line.cuts += 1);
    }

    /// Waits until the server has closed every connection, and so is done with whatever a cut left half; nothing may use the line meanwhile.
    pub async fn settled(&self) {
        let mut open = self.open.subscribe();
        let closed = tokio::time::timeout(SETTLED_WITHIN, open.wait_for(|open| *open == 0)).await;
        closed.expect("the server gives up what broke off").expect("the line is there");
    }

    /// Passes everything from now on; what broke stays broken.
    pub fn pass(&self) {
        self.line.send_modify(|line| (line.mode, line.bytes_max) = (Mode::Pass, None));
    }

    /// Lets nothing through any more, while connections stand.
    pub fn stall(&self) {
        self.line.send_modify(|line| line.mode = Mode::Stall);
    }

    /// Breaks all connections off, and closes new ones at once.
    pub fn refuse(&self) {
        self.line.send_modify(|line| line.mode = Mode::Refuse);
        self.cut();
    }

    /// From the next connection on, each breaks off after it has brought so many bytes.
    pub fn truncate(&self, bytes_max: usize) {
        self.line.send_modify(|line| line.bytes_max = Some(bytes_max));
    }

    /// Makes trouble so many times, of every kind, and then passes everything.
    pub async fn misbehave(&self, times: usize, rng: &mut SmallRng) {
        for _ in 0..times {
            match rng.random_range(0..4) {
                0 => self.cut(),
                1 => self.stall(),
                2 => self.refuse(),
                _ => {
                    self.truncate(rng.random_range(0..BROUGHT_BYTES_MAX));
                    self.cut();
                }
            }
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..SPELL_MS_MAX))).await;
            self.pass();
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..SPELL_MS_MAX))).await;
        }
    }
}

async fn serve(listener: TcpListener, upstream: String, line: watch::Receiver<Line>, open: watch::Sender<usize>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.expect("a connection");
        let now = *line.borrow();
        if now.mode != Mode::Refuse {
            let (upstream, line, open) = (upstream.clone(), line.clone(), open.clone());
            connections.spawn(async move {
                open.send_modify(|open| *open += 1);
                carry(client, upstream, line, now).await;
                open.send_modify(|open| *open -= 1);
            });
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn carry(client: TcpStream, upstream: String, line: watch::Receiver<Line>, begun: Line) {
    // The daemon may be down; then the line leads nowhere.
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let (from_client, to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut cuts = line.clone();
    tokio::select! {
        _ = cuts.wait_for(|line| line.cuts != begun.cuts) => {}
        () = pump(from_client, &mut to_server, line.clone(), None) => {}
        () = pump(&mut from_server, to_client, line, begun.bytes_max) => {}
    }
    // The client is rid of it already; the server closes its side when it has given up the rest.
    if to_server.shutdown().await.is_ok() {
        let _ = tokio::io::copy(&mut from_server, &mut tokio::io::sink()).await;
    }
}

/// Passes bytes on until one side ends or `left` of them are through.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut line: watch::Receiver<Line>,
    mut left: Option<usize>,
) {
    let mut buffer = [0; PASSED_BYTES];
    while left != Some(0) {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        let passed = read.min(left.unwrap_or(read));
        left = left.map(|left| left - passed);
        if line.wait_for(|line| line.mode != Mode::Stall).await.is_err()
            || to.write_all(&buffer[..passed]).await.is_err()
        {
            return;
        }
    }
}
