//! Who changed what, from where, and what was there before.

use std::net::IpAddr;

use parking_api::client::EventQuery;
use parking_api::events::{Audit, Event, EventChange};
use parking_api::live::Frame;
use parking_api::lots::LotPatch;
use parking_api::slots::SlotPatch;
use parking_api::tokens::Role;
use serde_json::{Value, json};

use super::*;
use crate::wire::{Wire, answer, frame, socket};

on_both!(who_deleted_a_lot_stands_in_the_log_of_main);

/// The newest event that is not of a token, as this caller may see it.
async fn newest(client: &Client) -> Event {
    let page = client.events(&EventQuery::default()).await.expect("a page");
    page.events
        .iter()
        .rev()
        .filter_map(|entry| entry.event())
        .find(|event| !event.change.kind().starts_with("token."))
        .expect("an event")
        .clone()
}

fn kept(before: Value) -> Option<Audit> {
    let Value::Object(before) = before else { panic!("fields are an object") };
    Some(Audit { address: Some(IpAddr::from([127, 0, 0, 1])), before })
}

#[tokio::test]
async fn every_change_says_from_where_it_came_and_what_it_replaced() {
    let parkd = with_slots(&[new_slot("A-1")]).await;
    let admin = parkd.admin();
    assert_eq!(newest(&admin).await.audit, kept(json!({})), "what began replaced nothing");
    toggle(&admin, "A-1").await;
    assert_eq!(newest(&admin).await.audit, kept(json!({"state": "free"})));
    let patch: SlotPatch = serde_json::from_value(json!({"code": "A-9", "note": "wet", "zone": "Roof"})).expect("JSON");
    admin.slot_patch(&at("A-1"), &patch, &Default::default()).await.expect("it is changed");
    assert_eq!(newest(&admin).await.audit, kept(json!({"code": "A-1", "note": null, "zone": null})));
    set(&admin, "A-9", SlotState::Occupied).await;
    assert_eq!(newest(&admin).await.audit, kept(json!({})), "said again, it replaced nothing");
    let patch = LotPatch { name: Some("Centre".into()), ..LotPatch::default() };
    admin.lot_patch(&lot_id("main"), &patch).await.expect("it is changed");
    assert_eq!(newest(&admin).await.audit, kept(json!({"name": "main"})));
    let wire = Wire::admin(&parkd);
    wire.send("POST", "/api/cameras", json!({"id": "cam-1", "interval_s": 60})).await;
    wire.send("PATCH", "/api/cameras/cam-1", json!({"interval_s": 90})).await;
    assert_eq!(newest(&admin).await.audit, kept(json!({"interval_s": 60})));
    let drawn = |mode: &str, slots: &[&str]| {
        let region = |slot: &&str| json!({"slot": slot, "polygon": [[0.1, 0.1], [0.4, 0.1], [0.4, 0.4], [0.1, 0.4]]});
        json!({"mode": mode, "regions": slots.iter().map(region).collect::<Vec<_>>()})
    };
    wire.send("PUT", "/api/cameras/cam-1/regions", drawn("suggest", &["A-9"])).await;
    assert_eq!(newest(&admin).await.audit, kept(json!({})), "there were none");
    wire.send("PUT", "/api/cameras/cam-1/regions", drawn("suggest", &[])).await;
    let audit = newest(&admin).await.audit.expect("something is kept");
    assert_eq!(audit.before.keys().collect::<Vec<_>>(), ["regions"]);
    assert_eq!(audit.before["regions"].as_array().map(Vec::len), Some(1), "{audit:?}");
    let first = admin.events(&EventQuery { after: Some(0), limit: Some(1), ..Default::default() }).await;
    assert_eq!(first.expect("a page").events[0].event().expect("an event").audit, None, "the daemon is nowhere");
    parkd.verify();
}

async fn who_deleted_a_lot_stands_in_the_log_of_main(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let admin = parkd.admin();
    let lot = serde_json::from_value(json!({"id": "north", "name": "North"})).expect("JSON");
    let lot = admin.lot_create(&lot).await.expect("a lot").value;
    admin.lot_delete(&lot.id).await.expect("it is deleted");
    let event = newest(&admin).await;
    assert_eq!((event.actor.name.as_deref(), &event.audit), (Some("admin"), &kept(json!({}))));
    assert_eq!(event.change, EventChange::LotDeleted { lot });
    assert_eq!(
        admin.lot_get(&lot_id("main")).await.expect("it is there").id,
        lot_id("main"),
        "it is no change of main"
    );
    parkd.verify();
}

#[tokio::test]
async fn the_address_is_that_of_the_client_behind_the_proxies() {
    let parkd = Parkd::start(&["--trusted-proxies", "127.0.0.1"]);
    let request = Wire::admin(&parkd).request("POST", "/api/slots").header("x-forwarded-for", "10.9.8.7");
    assert_eq!(answer(request.json(&json!({"code": "A-1"}))).await.status, 201);
    let audit = newest(&parkd.admin()).await.audit.expect("something is kept");
    assert_eq!(audit.address, Some(IpAddr::from([10, 9, 8, 7])));
}

#[tokio::test]
async fn where_somebody_is_only_admins_learn_and_the_public_not_even_what_was_before() {
    let parkd = Parkd::start(&["--public-read=true"]);
    let admin = parkd.admin();
    admin.slot_create(&new_slot("A-1")).await.expect("a slot");
    toggle(&admin, "A-1").await;
    for role in [Role::Viewer, Role::Attendant] {
        let audit = newest(&parkd.client(role).await).await.audit.expect("something is kept");
        assert_eq!((audit.address, &audit.before["state"]), (None, &json!("free")), "{role}");
    }
    assert_eq!(newest(&parkd.client_with(None)).await.audit, None);
}

#[tokio::test]
async fn what_is_sent_live_carries_only_the_change() {
    let mut parkd = with_slots(&[new_slot("A-1")]).await;
    let bearer = format!("Bearer {}", parkd.admin_token());
    let (epoch, from) = {
        let page = parkd.admin().events(&EventQuery::default()).await.expect("a page");
        (page.epoch, page.head)
    };
    let changed = toggle(&parkd.admin(), "A-1").await;
    for source in ["memory", "the database"] {
        let path = format!("/ws?epoch={epoch}&after={from}");
        let mut socket = socket(&parkd, &path, &[("authorization", &bearer)]).await;
        let event = loop {
            if let Frame::Events(events) = frame(&mut socket).await.expect("it stays open") {
                break events.events[0].event().expect("an event").clone();
            }
        };
        assert_eq!((event.seq, event.audit), (changed.seq, None), "from {source}");
        drop(socket);
        assert_eq!(parkd.stop(), Some(0));
        parkd.restart();
    }
}

#[tokio::test]
async fn the_log_is_narrowed_by_time() {
    let parkd = with_slots(&["A-1", "A-2"].map(new_slot)).await;
    let admin = parkd.admin();
    let mut times = Vec::new();
    for _ in 0..3 {
        let before = times.last().copied();
        // Times are in milliseconds, and each of these shall have one of its own.
        let changed = crate::harness::wait_for("the clock", || async {
            let changed = toggle(&admin, "A-1").await;
            (Some(changed.value.observed_at) > before).then_some(changed)
        });
        times.push(changed.await.value.observed_at);
    }
    let seen = |since: Option<parking_api::Time>, until| {
        let query = EventQuery { since, until, slot: Some(at("A-1")), ..EventQuery::default() };
        let admin = admin.clone();
        async move {
            let page = admin.events(&query).await.expect("a page");
            page.events.iter().map(|entry| entry.event().expect("an event").at).collect::<Vec<_>>()
        }
    };
    let within = seen(Some(times[1]), Some(times[2])).await;
    assert!(within.contains(&times[1]) && within.iter().all(|at| (times[1]..times[2]).contains(at)), "{within:?}");
    assert_eq!(seen(Some(times[2]), None).await, [times[2]]);
    assert!(seen(None, Some(times[0])).await.iter().all(|at| *at < times[0]));
    assert!(seen(Some(times[2].plus_ms(1)), None).await.is_empty());
    let blame = Wire::admin(&parkd).get("/api/events?until=yesterday").await.blame();
    assert_eq!(blame.1.as_deref(), Some("until"));
}
