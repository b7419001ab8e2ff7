//! Accepts connections and hands their requests to the router, within bounds. Knows no route.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::crowd::{Crowd, PER_ADDRESS_MAX, Seat, Seldom};
use super::guard::Peer;
use super::patient::Patient;

/// Longest time that a request's headers may take, and that an idle connection stays open.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of a request's headers.
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Most headers of a request.
const HEADERS_MAX: usize = 64;
/// Pause after the system refused to accept (usually: no file descriptors are left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the server holds itself to.
#[derive(Debug, Clone)]
pub struct Bounds {
    pub connections_max: usize,
    /// Who speaks for many.
    pub trusted_proxies: Vec<IpAddr>,
}

/// Serves until `stop`; then accepts nothing more and lets each connection finish the request that it is at.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, tasks: TaskTracker, stop: CancellationToken) {
    let mut door = Door {
        places: Arc::new(Semaphore::new(bounds.connections_max)),
        crowd: Crowd::new(&bounds.trusted_proxies),
        full: Seldom::default(),
        crowded: Seldom::default(),
    };
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = door.accept(&listener) => accepted,
        };
        let (stream, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_the_peer(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (router, stop) = (router.clone(), stop.clone());
        tasks.spawn(async move {
            connection(stream, peer, place, router, stop).await;
        });
    }
}

/// Where connections come in.
struct Door {
    places: Arc<Semaphore>,
    crowd: Crowd,
    full: Seldom,
    crowded: Seldom,
}

impl Door {
    async fn accept(&mut self, listener: &TcpListener) -> std::io::Result<(TcpStream, SocketAddr, Place)> {
        // The place first: what does not fit waits in the system's queue, and costs nothing here.
        if self.places.available_permits() == 0 && self.full.is_due() {
            tracing::warn!(
                "as many connections are open as may be (--connections-max): others wait until one is closed"
            );
        }
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(std::io::Error::other)?;
        loop {
            let (stream, peer) = listener.accept().await?;
            let Some(seat) = self.crowd.enter(peer.ip()) else {
                if self.crowded.is_due() {
                    tracing::warn!(address = %peer.ip(), open = PER_ADDRESS_MAX, "one address opens too many connections: more are refused");
                }
                continue;
            };
            // A connection that is gone already will say so when it is read.
            let _ = stream.set_nodelay(true);
            return Ok((stream, peer, Place(Arc::new((place, seat)))));
        }
    }
}

fn is_of_the_peer(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused)
}

/// A place among the connections; whoever takes a connection over keeps it.
#[derive(Debug, Clone)]
pub struct Place(#[expect(dead_code, reason = "held, not read")] Arc<(OwnedSemaphorePermit, Seat)>);

async fn connection(stream: TcpStream, peer: SocketAddr, place: Place, router: Router, stop: CancellationToken) {
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip().to_canonical()));
        request.extensions_mut().insert(place.clone());
        router.clone().oneshot(request)
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(Patient::new(stream)), service)
        .with_upgrades();
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection broke off");
    }
}
