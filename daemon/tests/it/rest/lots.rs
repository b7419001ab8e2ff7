//! Lots: each with its own log, clock and currency.

use futures_util::future::join;
use parking_api::ProblemCode;
use parking_api::cameras::NewCamera;
use parking_api::client::{EventQuery, SlotQuery};
use parking_api::live::{Frame, close};
use parking_api::lots::{LotPatch, NewLot};
use serde_json::json;

use super::*;
use crate::harness::PATIENCE;
use crate::wire::{Wire, frame, socket};

on_both!(
    a_lot_is_created_changed_and_deleted,
    a_lot_that_is_created_again_has_another_log,
    whoever_follows_a_lot_is_told_when_it_is_deleted,
    lots_do_not_know_of_each_other,
);

fn named(id: &str) -> NewLot {
    NewLot { id: lot_id(id), name: None, time_zone: None, currency: None }
}

#[tokio::test]
async fn the_lot_main_is_there_from_the_start() {
    let parkd = Parkd::start(&[]);
    let lots = parkd.admin().lots().await.expect("lots");
    assert_eq!(lots.len(), 1);
    let main = &lots[0];
    assert_eq!((main.id.as_str(), main.name.as_str(), main.time_zone.as_str()), ("main", "main", "UTC"));
    assert_eq!((main.currency.as_str(), main.rev), ("XXX", 1));
    assert_eq!(&parkd.admin().lot_get(&lot_id("main")).await.expect("the lot"), main);
}

async fn a_lot_is_created_changed_and_deleted(database: Database) {
    let mut parkd = Parkd::start_on(database, &[]);
    let admin = parkd.admin();
    let created = admin.lot_create(&named("north")).await.expect("it is created");
    assert_eq!((created.seq, created.value.rev, created.value.name.as_str()), (1, 1, "north"));
    let patch = LotPatch {
        name: Some("North side".into()),
        time_zone: Some("Asia/Jakarta".into()),
        currency: Some("IDR".into()),
    };
    let patched = admin.lot_patch(&lot_id("north"), &patch).await.expect("it is changed");
    assert_eq!((patched.seq, patched.value.name.as_str(), patched.value.currency.as_str()), (2, "North side", "IDR"));
    let only_name = LotPatch { name: Some("North".into()), ..LotPatch::default() };
    let patched = admin.lot_patch(&lot_id("north"), &only_name).await.expect("it is changed").value;
    assert_eq!((patched.name.as_str(), patched.time_zone.as_str(), patched.rev), ("North", "Asia/Jakarta", 3));
    assert_eq!(admin.lot_get(&lot_id("north")).await.expect("the lot"), patched);
    let ids: Vec<_> = admin.lots().await.expect("lots").into_iter().map(|lot| lot.id.to_string()).collect();
    assert_eq!(ids, ["main", "north"]);
    assert_eq!(admin.lot_delete(&lot_id("north")).await.expect("it is deleted").value, patched);
    assert_eq!(refused(admin.lot_get(&lot_id("north")).await).code, ProblemCode::LotNotFound);
    assert_eq!(refused(admin.lot_delete(&lot_id("north")).await).code, ProblemCode::LotNotFound);
    assert_eq!(parkd.stop(), Some(0));
    parkd.restart();
    assert_eq!(parkd.admin().lots().await.expect("lots").len(), 1);
    parkd.verify();
}

#[tokio::test]
async fn a_lot_that_cannot_be_is_refused_with_the_field_to_blame() {
    let parkd = Parkd::start(&[]);
    let admin = Wire::admin(&parkd);
    let cases = [
        ("POST", "/api/lots", json!({"id": "main"}), ProblemCode::AlreadyExists, "id"),
        ("POST", "/api/lots", json!({"id": "No Such Id"}), ProblemCode::InvalidField, "id"),
        ("POST", "/api/lots", json!({"id": "../x"}), ProblemCode::InvalidField, "id"),
        ("POST", "/api/lots", json!({"id": "a", "time_zone": "Mars/Base"}), ProblemCode::InvalidField, "time_zone"),
        ("POST", "/api/lots", json!({"id": "a", "currency": "rupiah"}), ProblemCode::InvalidField, "currency"),
        ("POST", "/api/lots", json!({"id": "a", "name": " "}), ProblemCode::InvalidField, "name"),
        ("POST", "/api/lots", json!({"id": "a", "zone": "UTC"}), ProblemCode::InvalidField, "zone"),
        ("PATCH", "/api/lots/main", json!({"time_zone": "UTC+7 or so"}), ProblemCode::InvalidField, "time_zone"),
        ("PATCH", "/api/lots/main", json!({"currency": "EU"}), ProblemCode::InvalidField, "currency"),
        ("PATCH", "/api/lots/main", json!({"name": "n".repeat(201)}), ProblemCode::InvalidField, "name"),
        ("PATCH", "/api/lots/main", json!({"id": "other"}), ProblemCode::InvalidField, "id"),
    ];
    for (method, path, body, code, field) in cases {
        let blame = admin.send(method, path, body.clone()).await.blame();
        assert_eq!(blame, (code, Some(field.to_string())), "{method} {body}");
    }
    assert_eq!(
        (parkd.admin().lots().await.expect("lots").len(), head(&parkd.admin()).await),
        (1, 2),
        "only the admin's token came after the lot"
    );
    let nowhere = admin.send("PATCH", "/api/lots/nowhere", json!({})).await;
    assert_eq!(nowhere.code(), ProblemCode::LotNotFound);
    assert_eq!(admin.get("/api/lots/No%20Such").await.code(), ProblemCode::InvalidField);
}

#[tokio::test]
async fn main_and_what_still_holds_something_are_not_deleted() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    assert_eq!(refused(admin.lot_delete(&lot_id("main")).await).code, ProblemCode::LotProtected);
    admin.lot_create(&named("north")).await.expect("a lot");
    let north = parkd.client_of(lot_id("north"), Some(parkd.admin_token()));
    north.slot_create(&new_slot("A-1")).await.expect("a slot");
    let problem = refused(admin.lot_delete(&lot_id("north")).await);
    assert_eq!((problem.code, problem.status), (ProblemCode::LotNotEmpty, 409));
    assert!(problem.detail.contains("1 slots"), "{problem}");
    north.slot_delete(&at("A-1"), &Default::default()).await.expect("it is deleted");
    let id: parking_api::CameraId = "cam-1".parse().expect("a camera id");
    let new = NewCamera { id: id.clone(), name: None, zone: None, interval_s: None };
    north.camera_create(&new).await.expect("a camera");
    assert_eq!(refused(admin.lot_delete(&lot_id("north")).await).code, ProblemCode::LotNotEmpty);
    north.camera_delete(&id).await.expect("it is deleted");
    admin.lot_delete(&lot_id("north")).await.expect("it is empty now");
}

async fn a_lot_that_is_created_again_has_another_log(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let admin = parkd.admin();
    let north = parkd.client_of(lot_id("north"), Some(parkd.admin_token()));
    let mut epochs = Vec::new();
    for _ in 0..2 {
        admin.lot_create(&named("north")).await.expect("a lot");
        let page = north.events(&EventQuery::default()).await.expect("a page");
        assert_eq!((page.head, page.floor, page.events.len()), (1, 1, 1));
        epochs.push(page.epoch);
        admin.lot_delete(&lot_id("north")).await.expect("it is deleted");
    }
    assert_ne!(epochs[0], epochs[1]);
    assert_eq!(refused(north.events(&EventQuery::default()).await).code, ProblemCode::LotNotFound);
}

async fn whoever_follows_a_lot_is_told_when_it_is_deleted(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    parkd.admin().lot_create(&named("north")).await.expect("a lot");
    let bearer = format!("Bearer {}", parkd.admin_token());
    let mut socket = socket(&parkd, "/ws?lot=north", &[("authorization", &bearer)]).await;
    while !matches!(frame(&mut socket).await, Ok(Frame::Snapshot(_))) {}
    let request = Wire::admin(&parkd).request("GET", "/api/events?lot=north").header("accept", "text/event-stream");
    let mut stream = request.send().await.expect("a stream");
    let wait = Wire::admin(&parkd).request("GET", "/api/events?lot=north&after=1&wait=25");
    let deleted = async {
        parkd.admin().lot_delete(&lot_id("north")).await.expect("it is deleted");
        let code = loop {
            if let Err(code) = frame(&mut socket).await {
                break code;
            }
        };
        assert_eq!(code, close::LOT_GONE);
        assert!(!close::may_reconnect(code));
        let ended = async { while stream.chunk().await.expect("cleanly").is_some() {} };
        tokio::time::timeout(PATIENCE / 3, ended).await.expect("the stream ends");
    };
    let (answer, ()) = join(crate::wire::answer(wait), deleted).await;
    assert_eq!(answer.code(), ProblemCode::LotNotFound, "a long poll does not wait for what cannot come");
}

async fn lots_do_not_know_of_each_other(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let (main, token) = (parkd.admin(), Some(parkd.admin_token()));
    main.lot_create(&named("north")).await.expect("a lot");
    let north = parkd.client_of(lot_id("north"), token);
    main.slot_create(&new_slot("A-1")).await.expect("a slot");
    let in_north = north.slot_create(&new_slot("A-1")).await.expect("the same code in another lot");
    assert_eq!(in_north.seq, 2, "a log of its own");
    toggle(&north, "A-1").await;
    assert_eq!(main.slot(&at("A-1")).await.expect("a slot").state, SlotState::Free);
    let by_id = SlotRef::Id(in_north.value.id);
    assert_eq!(refused(main.slot(&by_id).await).code, ProblemCode::SlotNotFound, "not even by id");
    assert_eq!(north.slots(&SlotQuery::default()).await.expect("slots").len(), 1);
    let nowhere = Wire::admin(&parkd);
    for path in ["slots", "slots/stats", "slots/A-1", "sessions", "sessions/stats", "captures", "cameras", "events"] {
        let blame = nowhere.get(&format!("/api/{path}?lot=nowhere")).await.blame();
        assert_eq!(blame, (ProblemCode::LotNotFound, Some("lot".into())), "{path}");
        let blame = nowhere.get(&format!("/api/{path}?lot=No%20Lot")).await.blame();
        assert_eq!(blame, (ProblemCode::InvalidField, Some("lot".into())), "{path}");
    }
    parkd.verify();
}
