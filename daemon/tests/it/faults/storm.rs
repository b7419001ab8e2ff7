//! Five thousand sockets that are cut at once, and come back at once, while the lot changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use parking_api::client::Mutation;
use parking_api::live::{Cursor, Frame};
use parking_api::{SlotRef, paths};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::Pair;
use crate::hand::new_slot;
use crate::harness::wait_for;
use crate::live::view::View;
use crate::postgres;

const SOCKETS: usize = 5_000;
/// File descriptors besides those of sockets.
const FILES_BESIDES: u64 = 1_000;
/// Read and write buffers of a socket here, in bytes.
const BUFFER: usize = 4 * 1024;
/// Longest time until all are up to date again; with much to spare for a busy machine.
const BACK_MAX: Duration = Duration::from_secs(60);
/// What a client waits for a handshake, and then before its next try.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(300);
/// Between two changes meanwhile: 20 a second.
const CHANGE: Duration = Duration::from_millis(50);

/// What all of them share.
struct Crowd {
    address: String,
    bearer: HeaderValue,
    /// How many are live.
    live: AtomicUsize,
    /// Every one ends when it has this event.
    last: watch::Sender<Option<u64>>,
}

impl Crowd {
    async fn connect(&self, cursor: Option<&Cursor>) -> Option<WebSocketStream<TcpStream>> {
        let query = cursor.map_or(String::new(), |cursor| format!("?epoch={}&after={}", cursor.epoch, cursor.seq));
        let mut request =
            format!("ws://{}{}{query}", self.address, paths::WS).into_client_request().expect("a request");
        request.headers_mut().insert("authorization", self.bearer.clone());
        let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
        let opening = async {
            let stream = TcpStream::connect(&self.address).await.ok()?;
            let opened = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
            opened.ok().map(|(socket, _)| socket)
        };
        // One of a crowd may have been let in by the system, but not by who listens.
        timeout(HANDSHAKE_MAX, opening).await.ok().flatten()
    }

    /// Follows, comes back whenever it is cut, and ends with what it knows.
    async fn follow(self: Arc<Self>) -> View {
        let mut view = View::default();
        let mut cursor: Option<Cursor> = None;
        let mut last = self.last.subscribe();
        loop {
            let Some(mut socket) = self.connect(cursor.as_ref()).await else {
                tokio::time::sleep(RETRY).await;
                continue;
            };
            self.live.fetch_add(1, Ordering::Relaxed);
            loop {
                if last.borrow_and_update().is_some_and(|last| view.at >= last) {
                    return view;
                }
                let message = tokio::select! {
                    message = socket.next() => message,
                    _ = last.changed() => continue,
                };
                let Some(Ok(Message::Text(text))) = message else {
                    if matches!(message, Some(Ok(_))) {
                        continue;
                    }
                    break;
                };
                let frame: Frame = serde_json::from_str(&text).expect("a frame");
                view.take(&frame);
                if let Frame::Hello(hello) = frame {
                    cursor.get_or_insert(Cursor { epoch: hello.epoch, seq: 0 });
                }
                cursor.as_mut().expect("a hello comes first").seq = view.at;
                // Who watches needs no history.
                view.entries.clear();
            }
            self.live.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

async fn all_live(crowd: &Crowd) {
    let since = Instant::now();
    while crowd.live.load(Ordering::Relaxed) < SOCKETS {
        let live = crowd.live.load(Ordering::Relaxed);
        assert!(since.elapsed() < BACK_MAX, "only {live} of {SOCKETS} sockets are live");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_sockets_come_back_at_once_and_each_knows_what_the_server_knows() {
    let files = rlimit::increase_nofile_limit(SOCKETS as u64 + FILES_BESIDES).expect("a limit");
    assert!(files >= SOCKETS as u64 + FILES_BESIDES, "only {files} files may be open: raise the limit (ulimit -n)");
    let mut pair = Pair::new(&postgres::database(), &[]).await;
    let writer = pair.admin(1);
    let slot = writer.slot_create(&new_slot("A-1", None)).await.expect("a slot").value;
    writer.slot_create(&new_slot("A-2", None)).await.expect("a slot");
    let bearer = format!("Bearer {}", pair.token).parse().expect("a header");
    let address = pair.one.address().to_string();
    let crowd = Arc::new(Crowd { address, bearer, live: AtomicUsize::new(0), last: watch::Sender::new(None) });
    let mut tasks = JoinSet::new();
    for _ in 0..SOCKETS {
        tasks.spawn(Arc::clone(&crowd).follow());
    }
    all_live(&crowd).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut changes = JoinSet::new();
    changes.spawn({
        let (stop, writer) = (Arc::clone(&stop), writer.clone());
        async move {
            while !stop.load(Ordering::Relaxed) {
                writer.slot_toggle(&SlotRef::Id(slot.id), &Mutation::default()).await.expect("a toggle");
                tokio::time::sleep(CHANGE).await;
            }
        }
    });
    pair.one.kill();
    wait_for("no socket", async || (crowd.live.load(Ordering::Relaxed) == 0).then_some(())).await;
    tokio::task::block_in_place(|| pair.one.restart());
    let since = Instant::now();
    all_live(&crowd).await;
    stop.store(true, Ordering::Relaxed);
    changes.join_all().await;
    let last = writer.slot_stats().await.expect("figures").seq;
    crowd.last.send_replace(Some(last));
    let views = timeout(BACK_MAX, tasks.join_all()).await.expect("all of them have everything in time");
    assert!(since.elapsed() < BACK_MAX, "{:?}", since.elapsed());
    for view in &views {
        assert_eq!(view.slots, views[0].slots);
        assert_eq!(view.snapshots.len(), 1, "they went on where they were: {:?}", view.snapshots);
    }
    views[0].assert_same(&pair.admin(0)).await;
    views[0].assert_same(&writer).await;
    pair.other.verify();
}
