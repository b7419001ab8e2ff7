//! A database on a server that goes away, in each of the ways that one can: what is known is shown, nothing is accepted that could be lost,
//! and all goes on by itself.

mod start;
mod troubles;

use std::time::{Duration, Instant};

use crate::harness::Parkd;
use crate::proxy::Proxy;

/// Longest that a caller waits for a write that cannot be done, and for history that cannot be read; with something for a busy machine.
const REFUSED_MAX: Duration = Duration::from_millis(5_500);

/// A daemon whose line to its database leads over a proxy.
pub struct Site {
    pub parkd: Parkd,
    pub line: Proxy,
    /// The database without the proxy.
    pub url: String,
}

impl Site {
    /// One on this database.
    pub async fn new(url: String) -> Self {
        let (line, through) = line_to(&url).await;
        let starting = tokio::task::spawn_blocking(move || Parkd::start_at(&through, &[]));
        Self { parkd: starting.await.expect("parkd starts"), line, url }
    }
}

/// A proxy in front of the database, and its URL through it.
pub async fn line_to(url: &str) -> (Proxy, String) {
    let (user, rest) = url.split_once('@').expect("a user");
    let (host, name) = rest.split_once('/').expect("a database");
    let line = Proxy::new(host).await;
    let through = format!("{user}@{}/{name}", line.url().trim_start_matches("http://"));
    (line, through)
}

/// The outcome of some work, and how long it took.
pub async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let since = Instant::now();
    (work.await, since.elapsed())
}
