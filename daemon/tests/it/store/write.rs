//! Batches: written whole where the log is expected, or not at all.

use parkd::store::{Answer, Error};
use tokio::task::JoinSet;

use super::*;
use crate::harness::on_both;

on_both!(
    a_batch_goes_in_whole_and_comes_out_as_it_was,
    a_batch_on_another_head_or_epoch_changes_nothing,
    a_batch_that_breaks_a_rule_changes_nothing,
    of_writers_that_expect_the_same_head_one_wins,
    a_locked_head_stays_where_it_is,
    a_dropped_write_has_changed_nothing,
    what_is_there_already_is_changed_and_deleted,
    what_comes_and_goes_in_one_batch_is_as_if_it_came_alone,
    first_answers_are_found_by_caller_and_key,
    captures_are_found_by_id,
);

async fn a_batch_goes_in_whole_and_comes_out_as_it_was(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    let changed =
        Lot { name: "O'Hara".into(), time_zone: "Europe/Berlin".into(), currency: "EUR".into(), ..lot("main") };
    let added = capture(1, Some("cam-1"), 4);
    let events = stage
        .commit([
            EventChange::LotChanged { lot: Lot { rev: 2, ..changed.clone() } },
            EventChange::SlotCreated { slot: slot(1, SlotState::Free, 3), session: None },
            EventChange::CaptureAdded { capture: added.clone() },
        ])
        .await;
    let head = stage.store.write(&stage.lot).head().await.expect("a read").expect("a head");
    assert_eq!((head.seq, head.at), (4, time(4)));
    let log = stage.store.events_after(&stage.lot, 1, 9).await.expect("the log");
    assert_eq!(log, events.iter().map(body).collect::<Vec<_>>(), "byte for byte");
    assert_eq!(stage.store.write(&stage.lot).events_after(1, 2).await.expect("the log"), events[..2]);
    let mut read = stage.store.read().await.expect("a read");
    assert_eq!(read.events_after(&stage.lot, 3, 9).await.expect("the log"), events[2..]);
    assert_eq!(read.log_extent(&stage.lot).await.expect("an extent"), (1, 4, 4));
    let (stored, _) = read.lot(&stage.lot).await.expect("a read").expect("the lot");
    assert_eq!(stored, Lot { rev: 2, ..changed });
    assert_eq!(stage.store.capture(&stage.lot, added.id).await.expect("a read"), Some(added));
}

async fn a_batch_on_another_head_or_epoch_changes_nothing(database: Database) {
    let stage = Stage::with_lot(database).await;
    let (_, batch) = stage.batch([EventChange::SlotCreated { slot: slot(1, SlotState::Free, 2), session: None }]);
    for (epoch, head) in [(EPOCH, 0), (EPOCH, 2), ("other", 1)] {
        let mut write = stage.store.write(&stage.lot);
        assert!(!write.append(&batch, epoch, head).await.expect("an answer"), "{epoch} {head}");
        drop(write);
        let mut locked = stage.store.write(&stage.lot);
        locked.lock().await.expect("a lock").expect("a head");
        assert!(!locked.append(&batch, epoch, head).await.expect("an answer"), "{epoch} {head}");
        locked.commit().await.expect("nothing is committed");
    }
    let parts = stage.store.parts(&stage.lot).await.expect("a read").expect("the lot");
    assert_eq!((parts.seq, parts.slots.len()), (1, 0));
    assert_eq!(stage.store.events_after(&stage.lot, 0, 9).await.expect("the log").len(), 1);
}

async fn a_batch_that_breaks_a_rule_changes_nothing(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    stage.commit([EventChange::CaptureAdded { capture: capture(1, None, 2) }]).await;
    let same_key = Capture { id: CaptureId(id(2)), ..capture(1, None, 4) };
    let (_, batch) = stage.batch([
        EventChange::SlotCreated { slot: slot(1, SlotState::Free, 3), session: None },
        EventChange::CaptureAdded { capture: same_key },
    ]);
    let mut write = stage.store.write(&stage.lot);
    let error = write.append(&batch, EPOCH, 2).await.expect_err("the key is taken");
    assert!(matches!(error, Error::Constraint(_)), "{error:?}");
    drop(write);
    let parts = stage.store.parts(&stage.lot).await.expect("a read").expect("the lot");
    assert_eq!((parts.seq, parts.slots.len()), (2, 0));
}

async fn of_writers_that_expect_the_same_head_one_wins(database: Database) {
    let stage = Stage::with_lot(database).await;
    let mut writers = JoinSet::new();
    for number in 0..8 {
        let (store, lot) = (stage.store.clone(), stage.lot.clone());
        let (_, batch) =
            stage.batch([EventChange::SlotCreated { slot: slot(number, SlotState::Free, 2), session: None }]);
        writers.spawn(async move {
            let mut write = store.write(&lot);
            let is_first = write.append(&batch, EPOCH, 1).await.expect("an answer");
            if is_first {
                write.commit().await.expect("it is committed");
            }
            is_first
        });
    }
    let won = writers.join_all().await;
    assert_eq!(won.iter().filter(|is_first| **is_first).count(), 1);
    let parts = stage.store.parts(&stage.lot).await.expect("a read").expect("the lot");
    assert_eq!((parts.seq, parts.slots.len()), (2, 1));
}

async fn a_locked_head_stays_where_it_is(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    let mut locked = stage.store.write(&stage.lot);
    let head = locked.lock().await.expect("a lock").expect("a head");
    assert!(locked.is_locked() && head.is_at(EPOCH, 1));
    let (_, batch) = stage.batch([EventChange::LotChanged { lot: lot("main") }]);
    let (store, id) = (stage.store.clone(), stage.lot.clone());
    let mut others = JoinSet::new();
    others.spawn(async move { store.write(&id).append(&batch, EPOCH, 1).await });
    let (_, batch) = stage.batch([EventChange::SlotCreated { slot: slot(1, SlotState::Free, 2), session: None }]);
    assert!(locked.append(&batch, EPOCH, 1).await.expect("it is written"));
    assert!(others.try_join_next().is_none(), "the other waits");
    locked.commit().await.expect("it is committed");
    let done = others.join_all().await.remove(0);
    assert!(!done.expect("an answer"), "and finds the head elsewhere");
    stage.seq = 2;
    stage.commit([EventChange::SlotCreated { slot: slot(2, SlotState::Free, 3), session: None }]).await;
}

async fn a_dropped_write_has_changed_nothing(database: Database) {
    let stage = Stage::with_lot(database).await;
    let (events, batch) = stage.batch([EventChange::LotChanged { lot: lot("main") }]);
    let mut write = stage.store.write(&stage.lot);
    write.lock().await.expect("a lock");
    assert!(write.append(&batch, EPOCH, 1).await.expect("it is written"));
    drop(write);
    let mut after = stage.store.write(&stage.lot);
    assert!(after.lock().await.expect("a lock").expect("a head").is_at(EPOCH, 1));
    drop(after);
    assert!(!stage.store.write(&stage.lot).holds(2, &body(&events[0])).await.expect("an answer"));
    let created = body(&event(1, EventChange::LotCreated { lot: lot("main") }));
    assert!(stage.store.write(&stage.lot).holds(1, &created).await.expect("an answer"));
    assert!(!stage.store.write(&stage.lot).holds(1, "another").await.expect("an answer"));
}

async fn what_is_there_already_is_changed_and_deleted(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    stage
        .commit([
            EventChange::SlotCreated { slot: slot(1, SlotState::Occupied, 2), session: None },
            EventChange::SlotCreated { slot: slot(2, SlotState::Free, 3), session: None },
            EventChange::SessionOpened { session: session(1, SessionState::Open, 4) },
            EventChange::CameraCreated { camera: camera("cam-1", 5) },
            EventChange::CameraCreated { camera: camera("cam-2", 6) },
            EventChange::CaptureAdded { capture: capture(1, None, 7) },
            EventChange::CaptureAdded { capture: capture(2, None, 7) },
            EventChange::CaptureAdded { capture: capture(3, None, 7) },
            EventChange::TokenCreated { token: token(1, None) },
            EventChange::FirmwareAdded { firmware: firmware(1, 11, None) },
            EventChange::FirmwareAdded { firmware: firmware(2, 12, None) },
        ])
        .await;
    let moved = Slot {
        code: "B-9".parse().expect("a code"),
        zone: None,
        note: None,
        level: 3,
        ..slot(1, SlotState::Closed, 9)
    };
    let closed = session(1, SessionState::Closed, 4);
    let pinned = Capture { pinned: true, rev: 13, ..capture(2, None, 7) };
    let renamed = Camera { name: "Gate".into(), status: CameraStatus::Online, interval_s: 5, ..camera("cam-1", 12) };
    let roll_out = RollOut {
        percent: 50,
        cameras: vec!["cam-1".parse().expect("an id")],
        is_forced: true,
        began_at: time(15),
        stopped_at: Some(time(16)),
    };
    let rolled_out = Firmware { rev: 17, ..firmware(1, 11, Some(roll_out)) };
    stage
        .commit([
            EventChange::SlotChanged { slot: moved.clone(), session: Some(closed.clone()) },
            EventChange::SlotDeleted { slot: slot(2, SlotState::Free, 3), session: None },
            EventChange::CameraDeleted { camera: camera("cam-2", 6) },
            EventChange::CameraStatus { camera: renamed.clone() },
            EventChange::CaptureDeleted { capture: capture(1, None, 7) },
            EventChange::CaptureChanged { capture: pinned.clone() },
            EventChange::CaptureExpired { reason: ExpiryReason::Age, captures: vec![CaptureId(id(3))], bytes: 1 },
            EventChange::TokenRevoked { token: token(1, Some(time(14))) },
            EventChange::FirmwareChanged { firmware: rolled_out.clone() },
            EventChange::FirmwareWithdrawn { firmware: firmware(2, 12, None) },
        ])
        .await;
    let parts = stage.store.parts(&stage.lot).await.expect("a read").expect("the lot");
    assert_eq!((parts.slots, parts.sessions, parts.cameras), (vec![moved], vec![], vec![renamed]));
    assert_eq!((parts.firmwares, parts.tokens), (vec![rolled_out], vec![token(1, Some(time(14)))]));
    assert_eq!(stage.store.session(&stage.lot, closed.id).await.expect("a read"), Some(closed));
    for number in [1, 3] {
        assert!(stage.store.capture(&stage.lot, CaptureId(id(number))).await.expect("a read").is_none());
    }
    assert_eq!(stage.store.capture(&stage.lot, pinned.id).await.expect("a read"), Some(pinned));
}

async fn what_comes_and_goes_in_one_batch_is_as_if_it_came_alone(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    stage.commit([EventChange::CameraCreated { camera: camera("cam-1", 2) }]).await;
    let again = Camera { name: "Again".into(), ..camera("cam-1", 4) };
    let (_, batch) = stage.batch([
        EventChange::CameraDeleted { camera: camera("cam-1", 2) },
        EventChange::CameraCreated { camera: again.clone() },
        EventChange::SlotCreated { slot: slot(1, SlotState::Free, 5), session: None },
        EventChange::SlotDeleted { slot: slot(1, SlotState::Free, 5), session: None },
        EventChange::TokenCreated { token: token(1, None) },
        EventChange::TokenRevoked { token: token(1, Some(time(8))) },
        EventChange::CaptureAdded { capture: capture(1, None, 9) },
        EventChange::CaptureDeleted { capture: capture(1, None, 9) },
        EventChange::CaptureAdded { capture: capture(2, None, 11) },
        EventChange::CaptureChanged { capture: Capture { pinned: true, rev: 12, ..capture(2, None, 11) } },
        EventChange::CaptureChanged { capture: Capture { rev: 13, ..capture(2, None, 11) } },
        EventChange::CaptureDeleted { capture: Capture { rev: 13, ..capture(2, None, 11) } },
        EventChange::CaptureAdded { capture: capture(3, None, 15) },
        EventChange::CaptureChanged { capture: Capture { pinned: true, rev: 16, ..capture(3, None, 15) } },
    ]);
    stage.append(batch).await;
    let parts = stage.store.parts(&stage.lot).await.expect("a read").expect("the lot");
    assert_eq!((parts.cameras, parts.slots), (vec![again], vec![]));
    assert_eq!(parts.tokens, [token(1, Some(time(8)))]);
    let secrets = stage.store.secrets(&stage.lot).await.expect("secrets");
    assert_eq!(
        secrets.iter().map(|s| (s.id.clone(), s.hash.clone())).collect::<Vec<_>>(),
        [(id(1).to_string(), hash(TokenId(id(1))))]
    );
    let stored = async |n| stage.store.capture(&stage.lot, CaptureId(id(n))).await.expect("a read");
    assert_eq!((stored(1).await, stored(2).await), (None, None));
    assert_eq!(stored(3).await, Some(Capture { pinned: true, rev: 16, ..capture(3, None, 15) }));
}

async fn first_answers_are_found_by_caller_and_key(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    let answer = |actor: &str, key: &str| Answer {
        actor: actor.into(),
        key: key.into(),
        body_sha256: "00".repeat(32),
        seq: 2,
        answer: "{\"slot\":\"ü\"}".into(),
    };
    let (_, mut batch) = stage.batch([EventChange::LotChanged { lot: lot("main") }]);
    batch.answers = vec![answer("a", "k1"), answer("a", "k2"), answer("b", "k1")];
    stage.append(batch).await;
    let mut write = stage.store.write(&stage.lot);
    let mut found = write.answers(&[("a", "k1"), ("b", "k2"), ("b", "k1")]).await.expect("answers");
    found.sort_by(|one, two| one.actor.cmp(&two.actor));
    assert_eq!(found, [answer("a", "k1"), answer("b", "k1")]);
    assert_eq!(stage.store.write(&"other".parse().expect("an id")).answers(&[("a", "k1")]).await.expect("answers"), []);
    let (_, mut batch) = stage.batch([EventChange::LotChanged { lot: lot("main") }]);
    batch.answers = vec![answer("a", "k1")];
    let error = stage.store.write(&stage.lot).append(&batch, EPOCH, 2).await.expect_err("the key was used");
    assert!(matches!(error, Error::Constraint(_)), "{error:?}");
    assert_eq!(stage.store.prune_answers(time(2)).await.expect("an answer"), 0, "as old as the event");
    assert_eq!(stage.store.prune_answers(time(3)).await.expect("an answer"), 3);
    assert_eq!(write.answers(&[("a", "k1")]).await.expect("answers"), []);
}

async fn captures_are_found_by_id(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    stage.commit((1..4).map(|n| EventChange::CaptureAdded { capture: capture(n, None, 2) })).await;
    let mut found =
        stage.store.write(&stage.lot).captures(&[1, 3, 9].map(|n| CaptureId(id(n)))).await.expect("captures");
    found.sort_by_key(|capture| capture.id.0);
    assert_eq!(found, [capture(1, None, 2), capture(3, None, 2)]);
}
