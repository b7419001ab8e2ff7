//! Several daemons behind nginx: what is sent twice and what never is, and what is seen when one of them dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_api::client::{CaptureMeta, LiveMessage};
use parking_api::live::HEARTBEAT_S;
use parking_api::slots::Slot;
use parking_api::{Committed, ProblemCode};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{Nginx, PROXY, Site};
use crate::harness::{Database, Parkd};
use crate::live::view::Follower;
use crate::pictures::JPEGS;
use crate::rest::streams::Stream;
use crate::wire::answer;

/// A daemon that takes a request and dies of it. Ends when `tasks` does.
async fn dying(requests: &Arc<AtomicUsize>, tasks: &mut JoinSet<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let requests = Arc::clone(requests);
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            if stream.read(&mut head).await.is_ok_and(|bytes| bytes > 0) {
                requests.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    format!("{address} max_fails=0")
}

#[tokio::test]
async fn only_what_may_be_done_twice_is_sent_to_a_second_daemon() {
    let (requests, mut tasks) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    let daemons = vec![dying(&requests, &mut tasks).await, dying(&requests, &mut tasks).await];
    let nginx = Nginx::start(&Site::at(daemons)).await;
    let wire = nginx.wire(None);
    for (method, path, key, sent) in [
        ("GET", "/api/slots", None, 2),
        ("HEAD", "/api/slots", None, 2),
        ("GET", "/images/main/x.jpg", None, 2),
        ("POST", "/api/slots/A-1/toggle", None, 1),
        ("POST", "/api/capture", None, 1),
        ("POST", "/api/slots/import", None, 1),
        ("POST", "/api/login", None, 1),
        ("PUT", "/api/slots/A-1", None, 1),
        ("PATCH", "/api/slots/A-1", None, 1),
        ("DELETE", "/api/slots/A-1", None, 1),
        ("POST", "/api/slots/A-1/toggle", Some("k1"), 2),
        ("POST", "/api/capture", Some("k2"), 2),
        ("PUT", "/api/slots/A-1", Some("k3"), 2),
        ("DELETE", "/api/slots/A-1", Some("k4"), 2),
    ] {
        requests.store(0, Ordering::Relaxed);
        let mut request = wire.request(method, path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let refused = answer(request).await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("2")));
        assert!(method == "HEAD" || refused.code() == ProblemCode::Unavailable);
        assert_eq!(requests.load(Ordering::Relaxed), sent, "{method} {path} with {key:?}");
    }
    nginx.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_one_of_two_daemons_is_killed_nothing_is_lost_and_nothing_done_twice() {
    let mut one = Parkd::start_on(Database::Postgres, &PROXY);
    let two = Parkd::start_at(&one.database_url(), &PROXY);
    let nginx = Nginx::start(&Site::of(&[&one, &two])).await;
    let admin = one.admin_token();
    let client = nginx.client(admin.clone());
    let created = nginx.wire(Some(&admin)).send("POST", "/api/slots", json!({"code": "A-1"})).await;
    let before = created.json::<Committed<Slot>>(201).seq;
    let mut follower = Follower::new(&client);
    follower.go_live().await;
    let toggle = async |key: usize| {
        let request = nginx.wire(Some(&admin)).request("POST", "/api/slots/A-1/toggle");
        answer(request.header("idempotency-key", format!("key-{key}"))).await
    };
    let count = 40;
    for key in 0..count {
        if key == count / 2 {
            one.kill();
        }
        let answer = toggle(key).await;
        assert_eq!(answer.status, 200, "toggle {key}: {}", answer.text());
        assert_eq!(nginx.get("/api/slots", &admin).await.status, 200, "reading goes on");
    }
    let end = client.slot_stats().await.expect("figures");
    assert_eq!(end.seq, before + count as u64, "each was done once");
    follower.reach(end.seq).await;
    follower.view.assert_same(&client).await;
    two.verify();
    nginx.is_sound();
}

#[tokio::test]
async fn a_live_socket_outlives_silence_and_uploads_go_through() {
    let parkd = Parkd::start(&PROXY);
    let idle = format!("proxy_read_timeout {}s;", HEARTBEAT_S + 5);
    let changes = [("proxy_read_timeout 1h;", idle.as_str()), ("proxy_send_timeout 1h;", "proxy_send_timeout 5s;")];
    let nginx = Nginx::start(&Site { changes: &changes, ..Site::of(&[&parkd]) }).await;
    let client = nginx.client(parkd.admin_token());
    let mut follower = Follower::new(&client);
    follower.go_live().await;
    let connected = follower.states.len();
    // Nothing is said but heartbeats, for longer than nginx would wait for anything.
    let mut beats = 0;
    while beats < 3 {
        beats += usize::from(matches!(follower.next().await, LiveMessage::Heartbeat { .. }));
    }
    assert_eq!(follower.states.len(), connected, "it is still the same connection");
    let seq = client.capture_upload(JPEGS[5].clone(), "image/jpeg", &CaptureMeta::default()).await.expect("stored").seq;
    follower.reach(seq).await;
    nginx.is_sound();
}

#[tokio::test]
async fn streamed_events_are_not_held_back() {
    let parkd = Parkd::start(&PROXY);
    let nginx = Nginx::start(&Site::of(&[&parkd])).await;
    let wire = nginx.wire(Some(&parkd.admin_token()));
    let mut stream = Stream::open(&wire, "", None).await;
    for code in ["A-1", "A-2", "A-3"] {
        let created = wire.send("POST", "/api/slots", json!({"code": code})).await;
        assert_eq!(created.status, 201);
        let (_, entry) = stream.next().await.expect("an event while the stream goes on");
        assert_eq!(Some(entry.seq().to_string().as_str()), created.header("seq"));
    }
    nginx.is_sound();
}
