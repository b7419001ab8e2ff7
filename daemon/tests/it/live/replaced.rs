//! A backup that is restored under a running daemon: everybody who follows learns that what they know is of another log.

use parking_api::live::{Frame, SnapshotReason, close};
use parking_api::{ProblemCode, SlotRef};
use sqlx::{Connection, SqliteConnection};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::view::Follower;
use crate::hand::new_slot;
use crate::harness::{PATIENCE, Parkd};
use crate::wire::{self, Wire};

/// Puts all that is in the database of `backup` in the place of what is in that of `parkd`, at once.
async fn restore(parkd: &Parkd, backup: &Parkd) {
    let file = |parkd: &Parkd| parkd.data_dir().join("parking.db").display().to_string();
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", file(parkd))).await.expect("the database");
    sqlx::query("attach database $1 as backup").bind(file(backup)).execute(&mut database).await.expect("the backup");
    let tables: Vec<String> =
        sqlx::query_scalar("select name from sqlite_master where type = 'table' and name not like '%sqlx%'")
            .fetch_all(&mut database)
            .await
            .expect("tables");
    let mut write = database.begin_with("begin immediate").await.expect("a transaction");
    for table in tables {
        let copy = format!("delete from main.{table}; insert into main.{table} select * from backup.{table}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(copy)).execute(&mut *write).await.expect("rows");
    }
    write.commit().await.expect("it is committed");
    database.close().await.expect("it is closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_a_log_that_is_replaced_is_told_to_begin_again() {
    let mut backup = Parkd::start(&[]);
    backup.admin().slot_create(&new_slot("B-1", None)).await.expect("a slot");
    let restored_token = backup.admin_token();
    assert_eq!(backup.stop(), Some(0));

    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    // Further on than the backup is, and by the same numbers.
    for index in 0..20 {
        admin.slot_create(&new_slot(&format!("A-{index}"), None)).await.expect("a slot");
    }
    let mut follower = Follower::new(&admin);
    follower.go_live().await;
    let cursor = follower.cursor();
    drop(follower);
    let bearer = |token: &str| format!("Bearer {token}");
    let mut socket = wire::socket(&parkd, "/ws", &[("authorization", &bearer(&parkd.admin_token()))]).await;
    assert!(matches!(wire::frame(&mut socket).await, Ok(Frame::Hello(_))));
    assert!(matches!(wire::frame(&mut socket).await, Ok(Frame::Snapshot(_))));
    let caller = Wire::admin(&parkd);
    let waits = format!("/api/events?epoch={}&after={}&wait=25", cursor.epoch, cursor.seq);
    let mut polls = JoinSet::new();
    polls.spawn(async move { caller.get(&waits).await });
    let stream = Wire::admin(&parkd).request("GET", "/api/events").header("accept", "text/event-stream").send();
    let mut stream = stream.await.expect("a stream");

    restore(&parkd, &backup).await;
    let told = timeout(PATIENCE, async {
        loop {
            match wire::frame(&mut socket).await {
                Ok(frame) => assert!(!matches!(frame, Frame::Events(_)), "{frame:?} is not of this log"),
                Err(code) => return code,
            }
        }
    });
    assert_eq!(told.await.expect("an end"), close::REPLACED);
    assert!(close::may_reconnect(close::REPLACED));
    let polled =
        timeout(PATIENCE, polls.join_next()).await.expect("an answer in time").expect("a poll").expect("an answer");
    assert_eq!(polled.code(), ProblemCode::CursorTooOld);
    let to_the_end = async { while let Ok(Some(_)) = stream.chunk().await {} };
    timeout(PATIENCE, to_the_end).await.expect("the stream ends");

    // What came with the backup holds, the tokens as well.
    let admin = parkd.client_with(Some(restored_token));
    let mut follower = Follower::returning(&admin, cursor);
    follower.go_live().await;
    assert_eq!(follower.view.snapshots, [SnapshotReason::EpochChanged]);
    follower.view.assert_same(&admin).await;
    assert_eq!(follower.view.slots.len(), 1);
    let slot = SlotRef::Code("B-1".parse().expect("a code"));
    let seq = admin.slot_toggle(&slot, &Default::default()).await.expect("a toggle").seq;
    follower.reach(seq).await;
    parkd.verify();
}
