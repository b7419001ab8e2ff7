//! Followers who do not read: they delay nobody, and are brought up to date or sent away.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use parking_api::SlotRef;
use parking_api::client::{Client, Mutation};
use parking_api::live::Frame;
use parking_api::slots::{NewSlot, SetSlot, SlotState};
use tokio::net::TcpSocket;
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::view::{Follower, View};
use crate::hand::new_slot;
use crate::harness::{PATIENCE, Parkd};
use crate::wire::{self, Socket};

const SLOTS: usize = 300;
/// Between a change and its arrival at somebody who reads. A daemon that waits for one who does not takes ten seconds.
const DELAY_MAX: Duration = Duration::from_secs(4);
/// The kernel's least, more or less.
const BUFFER_BYTES: u32 = 4 * 1024;

/// Changes every slot, with as much to say about each as can be; the `seq` of the last.
pub async fn churn(client: &Client, round: usize) -> u64 {
    let note = |index: usize| Some(format!("{round} {index} {}", "ß".repeat(180)));
    let row = |index| NewSlot { note: note(index), ..new_slot(&format!("A-{index}"), None) };
    let rows: Vec<_> = (0..SLOTS).map(row).collect();
    client.slots_import_json(&rows, false).await.expect("an import").seq
}

/// A socket that takes little before it is full.
pub async fn narrow(parkd: &Parkd) -> (Socket, SocketAddr) {
    let mut request = format!("ws://{}/ws", parkd.address()).into_client_request().expect("a request");
    let bearer = format!("Bearer {}", parkd.admin_token()).parse().expect("a header");
    request.headers_mut().insert("authorization", bearer);
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(BUFFER_BYTES).expect("a small buffer");
    let stream = socket.connect(parkd.address().parse().expect("an address")).await.expect("a connection");
    let ours = stream.local_addr().expect("an address");
    (client_async(request, stream).await.expect("a socket").0, ours)
}

/// What waits at the daemon's end of a connection until it can be sent, in bytes; `None` when that end is closed.
pub fn unsent(parkd: &Parkd, ours: SocketAddr) -> Option<u64> {
    const ESTABLISHED: &str = "01";
    let theirs: SocketAddr = parkd.address().parse().expect("an address");
    let port = |field: &str| u16::from_str_radix(field.rsplit(':').next().unwrap_or_default(), 16).ok();
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel's table of connections");
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let is_it = port(fields[1]) == Some(theirs.port()) && port(fields[2]) == Some(ours.port());
        let waiting = fields[4].split(':').next().and_then(|bytes| u64::from_str_radix(bytes, 16).ok());
        waiting.filter(|_| is_it && fields[3] == ESTABLISHED)
    })
}

/// Makes changes until none of these connections takes any more of them, while `reader` sees them all. Returns how many rounds that took.
pub async fn fill(parkd: &Parkd, narrow: &[SocketAddr], reader: &mut Follower) -> usize {
    let mut waiting = Vec::new();
    for round in 0..200 {
        let seq = churn(&parkd.admin(), round).await;
        reader.reach(seq).await;
        let now: Vec<_> = narrow.iter().map(|ours| unsent(parkd, *ours).expect("it is open")).collect();
        if now == waiting && now.iter().all(|bytes| *bytes > 0) {
            return round;
        }
        waiting = now;
    }
    panic!("connections that nobody reads take everything: {waiting:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_falls_behind_is_told_what_it_came_to() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    churn(&admin, 0).await;
    let mut reader = Follower::new(&admin);
    reader.go_live().await;
    let (mut socket, ours) = narrow(&parkd).await;
    let mut view = View::default();
    while view.snapshots.is_empty() {
        view.take(&wire::frame(&mut socket).await.expect("a frame"));
    }
    let mut head = 0;
    let mut round = fill(&parkd, &[ours], &mut reader).await;
    // More than may wait for one socket, less than is kept for all of them.
    for _ in 0..3 {
        round += 1;
        churn(&admin, round).await;
    }
    for index in 0..20 {
        let slot = SlotRef::Code(format!("A-{index}").parse().expect("a code"));
        head = admin.slot_delete(&slot, &Mutation::default()).await.expect("it is there").seq;
    }
    while view.at < head {
        view.take(&wire::frame(&mut socket).await.expect("a frame"));
    }
    view.assert_same(&admin).await;
    assert!(view.lags > 0, "it was sent every single event");
    reader.reach(head).await;
    assert_eq!(reader.view.lags, 0, "who reads misses nothing");
    // And from there on every event again.
    let seq = churn(&admin, round + 1).await;
    let (lags, shown) = (view.lags, view.entries.len() as u64);
    while view.at < seq {
        view.take(&wire::frame(&mut socket).await.expect("a frame"));
    }
    assert_eq!((view.lags, view.entries.len() as u64), (lags, shown + seq - head));
    view.assert_same(&admin).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_reads_delays_nobody_and_is_let_go() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    churn(&admin, 0).await;
    let mut reader = Follower::new(&admin);
    reader.go_live().await;
    let mut deaf = Vec::new();
    for _ in 0..3 {
        deaf.push(narrow(&parkd).await);
    }
    let theirs: Vec<_> = deaf.iter().map(|(_, ours)| *ours).collect();
    fill(&parkd, &theirs, &mut reader).await;
    let slot = SlotRef::Code("A-1".parse().expect("a code"));
    let (since, mut changes, mut longest) = (Instant::now(), 0, Duration::ZERO);
    while theirs.iter().any(|ours| unsent(&parkd, *ours).is_some()) {
        assert!(since.elapsed() < PATIENCE, "who never reads is kept for ever");
        let state = if changes % 2 == 0 { SlotState::Occupied } else { SlotState::Free };
        let sent = Instant::now();
        let seq = admin.slot_set(&slot, &SetSlot::to(state), &Mutation::default()).await.expect("a change").seq;
        reader.reach(seq).await;
        longest = longest.max(sent.elapsed());
        changes += 1;
    }
    assert!(longest < DELAY_MAX, "a change took {longest:?} to get to somebody who reads");
    assert!(changes > 20, "only {changes} changes in {:?}", since.elapsed());
    assert_eq!(reader.view.lags, 0, "who reads misses nothing");
    reader.view.assert_same(&admin).await;
    for (mut socket, _) in deaf {
        // What was on its way comes still, in order, and then no more.
        let mut view = View::default();
        let to_the_end = timeout(PATIENCE, async {
            while let Some(Ok(message)) = futures_util::StreamExt::next(&mut socket).await {
                if let Ok(text) = message.to_text()
                    && let Ok(frame) = serde_json::from_str::<Frame>(text)
                {
                    view.take(&frame);
                }
            }
        });
        to_the_end.await.expect("an end");
        assert!(view.at < reader.view.at);
    }
}
