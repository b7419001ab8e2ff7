//! Lots and where their logs stand.

use super::*;
use crate::harness::on_both;

on_both!(
    a_lot_is_created_once,
    what_was_answered_about_a_lot_outlives_it,
    a_lot_is_read_whole,
    a_lot_is_deleted_only_where_it_was_seen_last,
    a_deleted_lot_is_there_for_nobody_and_its_id_is_free_when_its_rows_are_gone,
);

async fn a_lot_is_created_once(database: Database) {
    let stage = Stage::with_lot(database).await;
    let again = event(1, EventChange::LotCreated { lot: lot("main") });
    assert!(!stage.store.create_lot(&lot("main"), "other", &body(&again), None).await.expect("an answer"));
    let first = Lot { name: "First".into(), ..lot("a-first") };
    let created = event(1, EventChange::LotCreated { lot: first.clone() });
    assert!(stage.store.create_lot(&first, "e2", &body(&created), None).await.expect("it is written"));
    let lots = stage.store.lots().await.expect("lots");
    assert_eq!(lots.iter().map(|(lot, _)| lot.clone()).collect::<Vec<_>>(), [first, lot("main")], "by id");
    let head = &lots[1].1;
    assert_eq!((head.epoch.as_str(), head.seq, head.floor, head.at), (EPOCH, 1, 1, time(1)));
    assert!(head.is_at(EPOCH, 1) && !head.is_at(EPOCH, 2) && !head.is_at("other", 1));
    let log = stage.store.events_after(&"a-first".parse().expect("an id"), 0, 9).await.expect("the log");
    assert_eq!(log, [body(&created)]);
}

async fn what_was_answered_about_a_lot_outlives_it(database: Database) {
    let stage = Stage::with_lot(database).await;
    let (store, main) = (&stage.store, &stage.lot);
    let said = |key: &str, seq| parkd::store::Answer {
        actor: "token".into(),
        key: key.into(),
        body_sha256: "0".repeat(64),
        seq,
        answer: "{\"lot\": 'ü'}".into(),
    };
    let annex = lot("annex");
    let first = body(&event(1, EventChange::LotCreated { lot: annex.clone() }));
    assert!(store.create_lot(&annex, "e1", &first, Some(&said("made", 1))).await.expect("it is written"));
    let again = store.create_lot(&lot("other"), "e2", &first, Some(&said("made", 1))).await;
    assert!(again.is_err(), "a key is used once, and nothing comes of the rest: {again:?}");
    let (_, mut told) = stage.batch([EventChange::LotDeleted { lot: annex.clone() }]);
    told.answers.push(said("gone", 1));
    let delete = async || {
        let mut write = store.write(main);
        write.lock().await.expect("a lock").expect("the lot main");
        assert!(write.delete_lot(&annex.id, 1, time(2)).await.expect("it is marked"));
        assert!(write.append(&told, EPOCH, stage.seq).await.expect("it is told"));
        write
    };
    drop(delete().await);
    assert_eq!(store.lots().await.expect("lots").len(), 2, "it is deleted and told, or neither");
    assert_eq!(store.events_after(main, stage.seq, 9).await.expect("the log"), [""; 0]);
    delete().await.commit().await.expect("it is committed");
    assert_eq!(store.events_after(main, stage.seq, 9).await.expect("the log").len(), 1);
    store.purge_lots().await.expect("its rows are removed");
    for key in ["made", "gone"] {
        assert_eq!(store.answer(main, "token", key).await.expect("an answer"), Some(said(key, 1)));
    }
    assert_eq!(store.answer(main, "another", "made").await.expect("none"), None);
    assert_eq!(store.lots().await.expect("lots").len(), 1);
}

async fn a_lot_is_read_whole(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    let (open, closed) = (session(7, SessionState::Open, 2), session(8, SessionState::Closed, 2));
    let (one, two) = (slot(1, SlotState::Occupied, 2), slot(2, SlotState::Unknown, 3));
    let plain = Slot { zone: None, position: None, note: None, ..two.clone() };
    stage
        .commit([
            EventChange::SlotCreated { slot: one.clone(), session: Some(open.clone()) },
            EventChange::SlotCreated { slot: plain.clone(), session: Some(closed) },
            EventChange::CameraCreated { camera: camera("cam-2", 4) },
            EventChange::CameraCreated { camera: camera("cam-1", 5) },
            EventChange::TokenCreated { token: token(2, None) },
            EventChange::TokenCreated { token: token(1, None) },
        ])
        .await;
    let mut parts = stage.store.parts(&stage.lot).await.expect("a read").expect("the lot");
    parts.slots.sort_by_key(|slot| slot.id.0);
    assert_eq!((parts.lot, parts.epoch.as_str(), parts.seq, parts.at), (lot("main"), EPOCH, 7, time(7)));
    assert_eq!(parts.slots, [one, plain]);
    assert_eq!(parts.sessions, [open], "open ones only");
    assert_eq!(parts.cameras, [camera("cam-1", 5), camera("cam-2", 4)]);
    assert_eq!(parts.tokens, [token(1, None), token(2, None)]);
    assert!(stage.store.parts(&"none".parse().expect("an id")).await.expect("a read").is_none());
}

async fn a_lot_is_deleted_only_where_it_was_seen_last(database: Database) {
    let stage = Stage::with_lot(database).await;
    assert!(!stage.delete(2).await);
    assert_eq!(stage.store.lots().await.expect("lots").len(), 1);
    assert!(stage.delete(1).await);
    assert!(!stage.delete(1).await, "once");
}

async fn a_deleted_lot_is_there_for_nobody_and_its_id_is_free_when_its_rows_are_gone(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    let changes = (1..2_500).map(|number| EventChange::CaptureAdded { capture: capture(number, None, 2) });
    stage.commit(changes).await;
    stage.commit([EventChange::SlotCreated { slot: slot(1, SlotState::Free, 2), session: None }]).await;
    let store = &stage.store;
    assert!(stage.delete(stage.seq).await);
    assert!(store.lots().await.expect("lots").is_empty());
    assert!(store.parts(&stage.lot).await.expect("a read").is_none());
    assert!(store.write(&stage.lot).head().await.expect("a read").is_none());
    assert!(store.write(&stage.lot).lock().await.expect("a lock").is_none());
    let (_, batch) = stage.batch([EventChange::LotChanged { lot: lot("main") }]);
    assert!(!store.write(&stage.lot).append(&batch, EPOCH, stage.seq).await.expect("an answer"));
    let again = body(&event(1, EventChange::LotCreated { lot: lot("main") }));
    assert!(!store.create_lot(&lot("main"), "e2", &again, None).await.expect("an answer"), "its rows are still there");
    store.purge_lots().await.expect("they are removed");
    assert!(store.events_after(&stage.lot, 0, 9).await.expect("the log").is_empty());
    assert!(store.capture(&stage.lot, capture(1, None, 2).id).await.expect("a read").is_none());
    assert!(store.create_lot(&lot("main"), "e2", &again, None).await.expect("it is written"));
    store.purge_lots().await.expect("there is nothing to remove");
    let parts = store.parts(&stage.lot).await.expect("a read").expect("the lot");
    assert_eq!((parts.seq, parts.slots.len()), (1, 0));
}
