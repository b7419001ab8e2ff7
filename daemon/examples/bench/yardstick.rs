//! What the daemon is compared with: the barest servers that do the same, each in a process of its own.

use std::io::Write;
use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::routing::get;
use axum::serve::ListenerExt;
use clap::ValueEnum;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_util::task::TaskTracker;

use crate::Result;

/// Events that the broadcast channel holds.
const CHANNEL_EVENTS: usize = 1_024;

/// Files in the folder that a server is started on.
pub const PLAIN: &str = "plain";
pub const GZIP: &str = "gzip";
pub const STATS: &str = "stats";
pub const TAG: &str = "tag";
pub const SNAPSHOT: &str = "snapshot";

/// Which server.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Kind {
    /// Bytes from memory over HTTP.
    Bytes,
    /// Every text that one socket sends goes to all sockets.
    Broadcast,
}

/// Serves until the process is ended.
pub fn serve(kind: Kind, folder: &Path) -> Result<()> {
    rlimit::increase_nofile_limit(rlimit::INFINITY)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "yardstick listening on http://{}", listener.local_addr()?)?;
        match kind {
            Kind::Bytes => bytes(listener, folder).await,
            Kind::Broadcast => broadcast(listener, folder).await,
        }
    })
}

async fn bytes(listener: TcpListener, folder: &Path) -> Result<()> {
    let file = |name: &str| std::fs::read(folder.join(name)).map(Bytes::from);
    let (plain, gzip, stats) = (file(PLAIN)?, file(GZIP)?, file(STATS)?);
    let tag = HeaderValue::from_bytes(&file(TAG)?)?;
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let serves = |json: [_; 1], body: Bytes| get(move || async move { (json.clone(), body.clone()) });
    let router = Router::new()
        .route("/plain", serves(json.clone(), plain))
        .route("/gzip", serves(json.clone(), gzip))
        .route("/stats", serves(json, stats))
        .route("/tag", get(move || async move { (StatusCode::NOT_MODIFIED, [(header::ETAG, tag.clone())]) }));
    let listener = listener.tap_io(|stream| {
        // Without it the answer is right and only slower, which the figures show.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}

async fn broadcast(listener: TcpListener, folder: &Path) -> Result<()> {
    let snapshot = Utf8Bytes::from(std::fs::read_to_string(folder.join(SNAPSHOT))?);
    let (sender, _) = broadcast::channel(CHANNEL_EVENTS);
    let tasks = TaskTracker::new();
    loop {
        let (stream, _) = listener.accept().await?;
        tasks.spawn(follow(stream, snapshot.clone(), sender.clone()));
    }
}

/// One socket; whatever goes wrong ends it, and shows as events that were lost.
async fn follow(stream: TcpStream, snapshot: Utf8Bytes, sender: broadcast::Sender<Utf8Bytes>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    let mut receiver = sender.subscribe();
    socket.send(Message::Text(snapshot)).await?;
    loop {
        tokio::select! {
            event = receiver.recv() => socket.send(Message::Text(event?)).await?,
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => { sender.send(text)?; }
                Some(Ok(_)) => {}
                _ => return Ok(()),
            },
        }
    }
}
