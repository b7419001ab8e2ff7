//! How following ends, and how it goes on: stops, kills, lots that are gone, and callers who do not keep to the protocol.

use futures_util::SinkExt;
use parking_api::client::{Error, LinkState, LiveMessage, Mutation};
use parking_api::live::{Bye, Frame, SnapshotReason, close};
use parking_api::lots::NewLot;
use parking_api::slots::{SetSlot, SlotState};
use parking_api::{LotId, ProblemCode, SlotRef};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::view::Follower;
use crate::hand::new_slot;
use crate::harness::{PATIENCE, Parkd, signal};
use crate::wire;

/// Reads a socket to its end: the good-bye, if there was one, and the code that it was closed with.
async fn to_the_end(socket: &mut wire::Socket) -> (Option<Bye>, u16) {
    let reading = timeout(PATIENCE, async {
        let mut bye = None;
        loop {
            match wire::frame(socket).await {
                Ok(Frame::Bye(said)) => bye = Some(said),
                Ok(_) => assert!(bye.is_none(), "nothing follows a good-bye"),
                Err(code) => return (bye, code),
            }
        }
    });
    reading.await.expect("an end in time")
}

async fn socket(parkd: &Parkd, path: &str) -> wire::Socket {
    let bearer = format!("Bearer {}", parkd.admin_token());
    wire::socket(parkd, path, &[("authorization", &bearer)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_announced_and_after_it_everybody_goes_on_where_they_were() {
    let mut parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let slot = SlotRef::Id(admin.slot_create(&new_slot("A-1", None)).await.expect("a slot").value.id);
    let mut follower = Follower::new(&admin);
    follower.go_live().await;
    let mut raw = socket(&parkd, "/ws").await;
    signal(parkd.pid(), "TERM");
    let (bye, code) = to_the_end(&mut raw).await;
    let bye = bye.expect("a good-bye");
    assert_eq!((bye.code, code), (close::SHUTDOWN, close::SHUTDOWN));
    assert!(bye.retry_after_ms.is_some(), "it says when to come back");
    let told = loop {
        if let LiveMessage::State(LinkState::Offline { reason, .. }) = follower.next().await {
            break reason;
        }
    };
    assert_eq!(told, bye.reason);
    assert_eq!(parkd.ended(), Some(0));
    parkd.restart();
    let seq = admin.slot_toggle(&slot, &Mutation::default()).await.expect("a toggle").seq;
    follower.reach(seq).await;
    follower.view.assert_same(&admin).await;
    assert_eq!(follower.view.snapshots, [SnapshotReason::NoCursor], "resumed, without another snapshot");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_everybody_goes_on_where_they_were() {
    let mut parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let slot = SlotRef::Id(admin.slot_create(&new_slot("A-1", None)).await.expect("a slot").value.id);
    let mut follower = Follower::new(&admin);
    follower.go_live().await;
    let cursor = follower.cursor();
    for _ in 0..3 {
        // Acknowledged, and perhaps not yet heard of by anybody.
        let set = SetSlot::to(SlotState::Occupied);
        let seq = admin.slot_set(&slot, &set, &Mutation::default()).await.expect("a change").seq;
        parkd.kill();
        parkd.restart();
        follower.reach(seq).await;
        follower.view.assert_same(&admin).await;
    }
    assert_eq!(follower.view.snapshots, [SnapshotReason::NoCursor], "resumed, without another snapshot");
    let mut returning = Follower::returning(&admin, cursor);
    returning.reach(follower.view.at).await;
    assert_eq!(returning.view.snapshots, []);
    assert_eq!(returning.view.entries, follower.view.entries);
}

#[tokio::test]
async fn who_sends_anything_is_shown_out_and_told_not_to_come_back() {
    let parkd = Parkd::start(&[]);
    for message in [Message::text("{}"), Message::binary(vec![1, 2, 3])] {
        let mut socket = socket(&parkd, "/ws").await;
        socket.send(message).await.expect("it is taken");
        let (bye, code) = to_the_end(&mut socket).await;
        let bye = bye.expect("a good-bye");
        assert_eq!((bye.code, code), (close::PROTOCOL, close::PROTOCOL));
        assert_eq!(bye.retry_after_ms, None);
        assert!(!close::may_reconnect(code));
    }
}

#[tokio::test]
async fn who_follows_a_lot_that_is_deleted_is_told_so() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let annex: LotId = "annex".parse().expect("a lot id");
    let new = NewLot { id: annex.clone(), name: None, time_zone: None, currency: None };
    admin.lot_create(&new).await.expect("a lot");
    let in_annex = parkd.client_of(annex.clone(), Some(parkd.admin_token()));
    let mut follower = Follower::new(&in_annex);
    follower.go_live().await;
    let cursor = follower.cursor();
    let mut raw = socket(&parkd, "/ws?lot=annex").await;
    assert!(matches!(wire::frame(&mut raw).await, Ok(Frame::Hello(_))));
    admin.lot_delete(&annex).await.expect("it is empty");
    let (bye, code) = to_the_end(&mut raw).await;
    assert_eq!((bye.expect("a good-bye").code, code), (close::LOT_GONE, close::LOT_GONE));
    let LiveMessage::Ended(Error::Refused(problem)) = follower.next().await else { panic!("it has ended") };
    assert_eq!(problem.code, ProblemCode::LotNotFound);

    // A new lot of the same name has another log, and a cursor of the old one says nothing of it.
    admin.lot_create(&new).await.expect("a lot");
    let mut follower = Follower::returning(&in_annex, cursor.clone());
    follower.go_live().await;
    assert_eq!(follower.view.snapshots, [SnapshotReason::EpochChanged]);
    assert_ne!(follower.cursor().epoch, cursor.epoch);
    let seq = in_annex.slot_create(&new_slot("A-1", None)).await.expect("a slot").seq;
    follower.reach(seq).await;
    follower.view.assert_same(&in_annex).await;
}
