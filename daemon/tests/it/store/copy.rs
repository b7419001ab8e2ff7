//! All rows out of one database and into another, and back.

use std::collections::BTreeMap;
use std::time::Duration;

use parkd::store::{Answer, ContactRow, Error, Filling, HistoryRow, Label, Remembered, key};
use parking_api::cameras::Contact;
use parking_api::regions::{CameraRegions, RegionsMode};
use serde_json::Value;

use super::health::health_row;
use super::*;
use crate::harness::on_both;

on_both!(
    every_row_of_every_table_survives_the_way_there_and_back,
    a_copy_goes_on_where_it_was_and_another_begins_anew,
    what_does_not_fit_is_refused_and_names_are_never_taken_from_outside,
);

/// A lot with at least one row in every table.
async fn full(database: Database) -> Stage {
    let mut stage = Stage::with_lot(database).await;
    let open = session(1, SessionState::Open, 2);
    let changes = [
        EventChange::SlotCreated { slot: slot(1, SlotState::Occupied, 2), session: Some(open) },
        EventChange::SlotCreated { slot: slot(2, SlotState::Free, 3), session: None },
        EventChange::CameraCreated { camera: camera("cam-1", 4) },
        EventChange::CaptureAdded { capture: capture(1, Some("cam-1"), 5) },
        EventChange::TokenCreated { token: token(1, None) },
        EventChange::FirmwareAdded { firmware: firmware(1, 7, None) },
    ];
    let regions =
        CameraRegions { camera: "cam-1".parse().expect("an id"), mode: RegionsMode::Auto, regions: vec![], rev: 6 };
    let changes = changes.into_iter().chain([EventChange::CameraRegions { regions }]);
    let (_, mut batch) = stage.batch(changes);
    let answer =
        Answer { actor: "a".into(), key: "k\"1".into(), body_sha256: "00".into(), seq: 2, answer: "{}".into() };
    batch.answers.push(answer);
    stage.append(batch).await;
    let store = &stage.store;
    store.meta("secret_key", || "ünïcode 🅿 \" \\ \n".into()).await.expect("a fact");
    let contact = Contact { seen_at: time(5), capture_id: None, health_at: None, health: None };
    let row = ContactRow { lot: LotId::default(), camera: "cam-1".parse().expect("an id"), contact };
    store.put_contacts(&[row]).await.expect("written");
    store.count_failure("address ::1", time(5), Duration::from_secs(6), 3).await.expect("written");
    store.put_token_uses(&[(TokenId(id(1)), time(6))]).await.expect("written");
    let remembered = Remembered { body: "{}".into(), scenes: Some("[]".into()), rev: 0 };
    store.put_memory(&stage.lot, &"cam-1".parse().expect("an id"), &remembered).await.expect("written");
    let label = Label {
        id: id(9),
        slot: SlotId(id(1)),
        at: time(5),
        light: "day".into(),
        is_occupied: true,
        score_permille: Some(970),
        capture: CaptureId(id(1)),
    };
    store.put_labels(&stage.lot, &"cam-1".parse().expect("an id"), &[(label, vec![0; 3])], &[]).await.expect("written");
    let history =
        ["", "A"].map(|zone| HistoryRow { lot: "main".into(), zone: zone.into(), free_ms: 1, ..HistoryRow::default() });
    store.add_history(&history).await.expect("written");
    store.add_health(&[health_row(0, 0)]).await.expect("written");
    let checkpoint = store.parts(&stage.lot).await.expect("a read").expect("the lot");
    store.prune_events(&stage.lot, &parkd::store::Parts { seq: 1, ..checkpoint }).await.expect("pruned");
    stage
}

/// Every row by its table, read one by one.
async fn rows(store: &Store) -> BTreeMap<String, Vec<Value>> {
    let mut read = store.read().await.expect("a read");
    let mut all = BTreeMap::new();
    for table in read.shapes().await.expect("tables") {
        let (mut found, mut after) = (Vec::new(), None);
        while let [row] = &read.rows(&table, after.as_deref(), 1).await.expect("a row")[..] {
            after = Some(key(&table, row).expect("its key"));
            found.push(plain(row));
        }
        assert_eq!(read.count(&table).await.expect("a count"), found.len() as u64, "{}", table.name);
        all.insert(table.name, found);
    }
    all
}

/// A row whose numbers are spelt alike: one database writes 2500 where the other writes 2500.0.
fn plain(row: &str) -> Value {
    let mut row: Value = serde_json::from_str(row).expect("JSON");
    for value in row.as_object_mut().expect("an object").values_mut() {
        if let Some(number) = value.as_f64().filter(|_| value.is_f64()).filter(|number| number.fract() == 0.0) {
            *value = (number as i64).into();
        }
    }
    row
}

async fn copy(from: &Store, filling: &mut Filling, tables: impl Fn(&str) -> bool) {
    let mut read = from.read().await.expect("a read");
    for table in read.shapes().await.expect("tables").iter().filter(|table| tables(&table.name)) {
        let page = read.rows(table, None, 1_000).await.expect("rows");
        filling.put(table, &page, Value::from("all")).await.expect("written");
        assert_eq!(filling.count(table).await.expect("a count"), page.len() as u64, "{}", table.name);
    }
}

fn turned(database: Database) -> Database {
    if database == Database::Sqlite { Database::Postgres } else { Database::Sqlite }
}

async fn every_row_of_every_table_survives_the_way_there_and_back(database: Database) {
    let stage = full(database).await;
    let before = rows(&stage.store).await;
    let empty: Vec<_> = before.iter().filter(|(_, rows)| rows.is_empty()).map(|(name, _)| name).collect();
    assert_eq!(empty, [""; 0], "a new table needs a row in this test");
    let there = Stage::new(turned(database)).await;
    let mut filling = there.store.fill("a test", "1").await.expect("it is empty");
    copy(&stage.store, &mut filling, |_| true).await;
    filling.finish(&BTreeMap::new()).await.expect("finished");
    assert_eq!(rows(&there.store).await, before);
    let back = Stage::new(database).await;
    let mut filling = back.store.fill("a test", "1").await.expect("it is empty");
    copy(&there.store, &mut filling, |_| true).await;
    filling.finish(&BTreeMap::from([("main".into(), "epoch-2".into())])).await.expect("finished");
    let mut after = rows(&back.store).await;
    assert_eq!(after["lots"][0]["epoch"], "epoch-2");
    after.insert("lots".into(), before["lots"].clone());
    assert_eq!(after, before);
    let mut read = back.store.read().await.expect("a read");
    assert_eq!(read.heads().await.expect("heads"), [("main".to_string(), "epoch-2".to_string(), 8)]);
}

async fn a_copy_goes_on_where_it_was_and_another_begins_anew(database: Database) {
    let (stage, target) = (full(database).await, Stage::new(database).await);
    assert_eq!(target.store.schema_version().await.expect("a version"), parkd::store::schema_newest());
    let mut filling = target.store.fill("the first", "1").await.expect("it is empty");
    assert!(!filling.is_resumed() && filling.place("slots").is_none());
    copy(&stage.store, &mut filling, |table| table <= "slots").await;
    drop(filling);
    for opened in [Store::open(&target.url, 2).await, Store::open_as_it_is(&target.url, 2).await] {
        let error = opened.expect_err("it is not complete");
        assert!(matches!(&error, Error::Incompatible(why) if why.contains("the first")), "{error:?}");
    }
    let filling = target.store.fill("the first", "1").await.expect("it goes on");
    assert!(filling.is_resumed());
    assert_eq!((filling.place("slots"), filling.place("tokens")), (Some(&Value::from("all")), None));
    let mut filling = target.store.fill("the second", "2").await.expect("it begins anew");
    assert!(!filling.is_resumed() && filling.place("slots").is_none());
    copy(&stage.store, &mut filling, |_| true).await;
    filling.finish(&BTreeMap::new()).await.expect("finished");
    assert_eq!(rows(&target.store).await, rows(&stage.store).await);
    let error = target.store.fill("the third", "2").await.expect_err("it is full");
    assert!(matches!(&error, Error::Incompatible(why) if why.contains("not empty")), "{error:?}");
    Store::open(&target.url, 2).await.expect("it is complete").close().await;
}

async fn what_does_not_fit_is_refused_and_names_are_never_taken_from_outside(database: Database) {
    let target = Stage::new(database).await;
    let mut filling = target.store.fill("a test", "1").await.expect("it is empty");
    let mut read = target.store.read().await.expect("a read");
    let tables = read.shapes().await.expect("tables");
    drop(read);
    let meta = tables.iter().find(|table| table.name == "meta").expect("the table");
    let mut strange = meta.clone();
    strange.name = "meta; drop table lots".into();
    let error = filling.put(&strange, &["{}"], Value::Null).await.expect_err("there is no such table");
    assert!(matches!(error, Error::Incompatible(_)), "{error:?}");
    let mut strange = meta.clone();
    strange.columns[0].name = "key) select 1; --".into();
    let error = filling.put(&strange, &["{}"], Value::Null).await.expect_err("there is no such column");
    assert!(matches!(error, Error::Incompatible(_)), "{error:?}");
    let error = filling.put(meta, &[r#"{"key": "a"}"#], Value::Null).await.expect_err("it lacks a value");
    assert!(matches!(error, Error::Constraint(_)), "{error:?}");
    assert_eq!(filling.count(meta).await.expect("a count"), 0, "nothing is written by halves");
}
