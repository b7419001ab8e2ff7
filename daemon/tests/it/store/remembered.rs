//! What is not of the log: facts about the database, last contacts, last uses.

use std::time::Duration;

use parkd::store::{ContactRow, Label, Remembered};
use parking_api::cameras::{Contact, Health};

use super::*;
use crate::harness::on_both;

on_both!(
    a_fact_is_made_once,
    a_turn_is_taken_by_one,
    logins_that_ended_are_kept_until_they_are_forgotten,
    contacts_are_the_last_ones,
    failures_are_counted_and_forgiven,
    uses_never_go_back,
    secrets_are_of_their_lot,
    what_a_camera_remembers_is_written_by_whoever_has_read_it,
    what_people_said_is_read_without_its_pictures_and_those_by_name,
    it_answers
);

async fn a_fact_is_made_once(database: Database) {
    let stage = Stage::new(database).await;
    assert_eq!(stage.store.meta("key", || "first".into()).await.expect("a fact"), "first");
    assert_eq!(stage.store.meta("key", || "second".into()).await.expect("a fact"), "first");
    assert_eq!(stage.store.meta("other", || "third".into()).await.expect("a fact"), "third");
}

async fn a_turn_is_taken_by_one(database: Database) {
    let stage = Stage::new(database).await;
    let store = &stage.store;
    assert_eq!(store.fact("what").await.expect("a read"), None);
    store.put_fact("what", "one").await.expect("written");
    store.put_fact("what", "two").await.expect("written");
    assert_eq!(store.fact("what").await.expect("a read").as_deref(), Some("two"));
    let turns = [(10, 0, true), (11, 9, false), (12, 10, true), (12, 10, false), (13, 11, false), (13, 12, true)];
    for (now, before, is_taken) in turns {
        let taken = store.take_turn("turn", time(now), time(before)).await.expect("written");
        assert_eq!(taken, is_taken, "at {now}, if nobody took it after {before}");
    }
}

async fn logins_that_ended_are_kept_until_they_are_forgotten(database: Database) {
    let stage = Stage::new(database).await;
    let store = &stage.store;
    store.meta("key", || "no login".into()).await.expect("a fact");
    for (login, at) in [(1, 5), (2, 6), (1, 7)] {
        store.put_logout(id(login), time(at)).await.expect("written");
    }
    let mut ended = store.logouts().await.expect("logins");
    ended.sort();
    assert_eq!(ended, [(id(1), time(5)), (id(2), time(6))]);
    store.forget_logout(id(1)).await.expect("written");
    assert_eq!(store.logouts().await.expect("logins"), [(id(2), time(6))]);
}

async fn what_a_camera_remembers_is_written_by_whoever_has_read_it(database: Database) {
    let stage = Stage::new(database).await;
    let (store, camera) = (&stage.store, "cam-1".parse().expect("an id"));
    assert_eq!(store.memory(&stage.lot, &camera).await.expect("a read"), None);
    let of = |body: &str, scenes: Option<&str>, rev| Remembered {
        body: body.into(),
        scenes: scenes.map(str::to_string),
        rev,
    };
    let cases = [
        (of("first", Some("yard"), 0), true, of("first", Some("yard"), 1)),
        (of("late", Some("yard"), 0), false, of("first", Some("yard"), 1)),
        (of("second", None, 1), true, of("second", Some("yard"), 2)),
        (of("third", Some("street"), 2), true, of("third", Some("street"), 3)),
        (of("late", None, 2), false, of("third", Some("street"), 3)),
    ];
    for (remembered, is_written, after) in cases {
        let written = store.put_memory(&stage.lot, &camera, &remembered).await.expect("an answer");
        assert_eq!(written, is_written, "{remembered:?}");
        assert_eq!(store.memory(&stage.lot, &camera).await.expect("a read"), Some(after));
    }
}

async fn what_people_said_is_read_without_its_pictures_and_those_by_name(database: Database) {
    let stage = Stage::new(database).await;
    let (store, camera) = (&stage.store, "cam-1".parse().expect("an id"));
    let label = |number: u8, score_permille| Label {
        id: id(number.into()),
        slot: SlotId(id(1)),
        at: time(number.into()),
        light: "night".into(),
        is_occupied: score_permille > Some(500),
        score_permille,
        capture: CaptureId(id(7)),
    };
    let said = [label(1, None), label(2, Some(970)), label(3, Some(20))];
    let put: Vec<_> = said.iter().cloned().zip([vec![1; 3], vec![2; 3], vec![3; 3]]).collect();
    store.put_labels(&stage.lot, &camera, &put, &[]).await.expect("written");
    assert_eq!(store.labels(&stage.lot, &camera).await.expect("a read"), said);
    assert_eq!(store.labels_mark(&stage.lot, &camera).await.expect("a read"), (3, Some(id(3).to_string())));
    store.put_labels(&stage.lot, &camera, &[], &[id(2)]).await.expect("written");
    let mut patches = store.patches(&stage.lot, &[id(1), id(2), id(3), id(9)]).await.expect("a read");
    patches.sort();
    assert_eq!(patches, [(id(1), vec![1; 3]), (id(3), vec![3; 3])]);
}

async fn contacts_are_the_last_ones(database: Database) {
    let stage = Stage::new(database).await;
    let row =
        |camera: &str, contact| ContactRow { lot: LotId::default(), camera: camera.parse().expect("an id"), contact };
    let first = Contact { seen_at: time(1), capture_id: None, health_at: None, health: None };
    let health = Health { rssi_dbm: Some(-70), firmware: Some("1.0 \"ü\"".into()), ..Health::default() };
    let later = Contact {
        seen_at: time(2),
        capture_id: Some(CaptureId(id(1))),
        health_at: Some(time(2)),
        health: Some(health),
    };
    stage.store.put_contacts(&[row("cam-1", first.clone()), row("cam-2", first.clone())]).await.expect("written");
    stage.store.put_contacts(&[row("cam-1", later.clone())]).await.expect("written");
    stage.store.put_contacts(&[]).await.expect("nothing is written");
    let mut rows = stage.store.contacts().await.expect("contacts");
    rows.sort_by(|one, two| one.camera.cmp(&two.camera));
    let rows: Vec<_> = rows.into_iter().map(|row| (row.camera.to_string(), row.contact)).collect();
    assert_eq!(rows, [("cam-1".to_string(), later.clone()), ("cam-2".to_string(), first.clone())]);
    // Another daemon heard of one of them before, and of the other after that, but has seen no picture.
    let last = Contact { seen_at: time(3), capture_id: None, health_at: None, health: None };
    stage.store.put_contacts(&[row("cam-1", last), row("cam-2", later.clone())]).await.expect("written");
    stage.store.put_contacts(&[row("cam-2", first)]).await.expect("written");
    let mut rows = stage.store.contacts().await.expect("contacts");
    rows.sort_by(|one, two| one.camera.cmp(&two.camera));
    let rows: Vec<_> = rows.into_iter().map(|row| row.contact).collect();
    assert_eq!(rows, [Contact { seen_at: time(3), ..later.clone() }, later]);
}

async fn failures_are_counted_and_forgiven(database: Database) {
    let stage = Stage::new(database).await;
    let fail = async |who: &str, at: u64| {
        stage.store.count_failure(who, time(at), Duration::from_secs(6), 3).await.expect("it is counted")
    };
    let first = [fail("a", 0).await, fail("a", 0).await, fail("a", 1).await];
    assert_eq!((first, fail("a", 2).await), ([true; 3], false), "three at once, and then it is enough");
    assert!(fail("b", 2).await, "others are not to blame");
    let later = [fail("a", 5).await, fail("a", 6).await, fail("a", 7).await];
    assert_eq!(later, [false, true, false], "one every six seconds");
    stage.store.forget_failures(time(20)).await.expect("they are forgotten");
    assert!(!fail("a", 7).await, "but not those that count still");
    stage.store.forget_failures(time(30)).await.expect("they are forgotten");
    let anew = [fail("a", 7).await, fail("a", 7).await, fail("a", 7).await, fail("a", 7).await];
    assert_eq!(anew, [true, true, true, false]);
}

async fn uses_never_go_back(database: Database) {
    let stage = Stage::new(database).await;
    let token = |number| TokenId(id(number));
    stage.store.put_token_uses(&[(token(1), time(5)), (token(2), time(5))]).await.expect("written");
    stage.store.put_token_uses(&[(token(1), time(4)), (token(2), time(6))]).await.expect("written");
    let mut uses = stage.store.token_uses().await.expect("uses");
    uses.sort_by_key(|(token, _)| token.0);
    assert_eq!(uses, [(token(1), time(5)), (token(2), time(6))]);
}

async fn secrets_are_of_their_lot(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    stage.commit([EventChange::TokenCreated { token: token(1, None) }]).await;
    let secrets = stage.store.secrets(&stage.lot).await.expect("secrets");
    assert_eq!(
        (secrets.len(), secrets[0].id.clone(), secrets[0].hash.clone()),
        (1, id(1).to_string(), hash(TokenId(id(1))))
    );
    assert!(stage.store.secrets(&"other".parse().expect("an id")).await.expect("secrets").is_empty());
}

async fn it_answers(database: Database) {
    let stage = Stage::new(database).await;
    stage.store.ping().await.expect("an answer");
    assert_eq!(stage.store.damage().await.expect("an answer"), None);
    stage.store.close().await;
    assert!(stage.store.ping().await.is_err(), "it is closed");
}
