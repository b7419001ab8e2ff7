//! One slot: made, read, set, toggled, changed, deleted, by id and by code.

use parking_api::ProblemCode;
use parking_api::client::Mutation;
use parking_api::slots::{Position, SlotPatch, Source};
use serde_json::{Value, json};

use super::*;
use crate::wire::{Wire, answer};

on_both!(a_slot_is_addressed_by_id_and_by_code_alike, every_change_answers_the_resource_and_its_number_twice,);

async fn a_slot_is_addressed_by_id_and_by_code_alike(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let admin = parkd.admin();
    let new = NewSlot {
        zone: Some("Roof".into()),
        level: 3,
        kind: SlotKind::Ev,
        position: Some(Position { x: 1.5, y: -2.0 }),
        note: Some("charger 7".into()),
        ..new_slot("A-12")
    };
    let created = admin.slot_create(&new).await.expect("it is created");
    let slot = created.value;
    assert_eq!((slot.rev, slot.state, slot.source), (created.seq, SlotState::Free, Source::Manual));
    assert_eq!((slot.zone.as_deref(), slot.level, slot.kind), (Some("Roof"), 3, SlotKind::Ev));
    assert_eq!((slot.position, slot.note.as_deref()), (new.position, Some("charger 7")));
    let by_id = SlotRef::Id(slot.id);
    for reference in [&by_id, &at("A-12")] {
        assert_eq!(admin.slot(reference).await.expect("the slot"), slot);
    }
    let none = Mutation::default();
    let toggled = admin.slot_toggle(&by_id, &none).await.expect("by id");
    assert_eq!((toggled.value.state, toggled.seq), (SlotState::Occupied, created.seq + 1));
    let set = SetSlot { source: Some(Source::Sensor), ..SetSlot::to(SlotState::Unknown) };
    let set = admin.slot_set(&by_id, &set, &none).await.expect("by id").value;
    assert_eq!((set.state, set.source, set.note.as_deref()), (SlotState::Unknown, Source::Sensor, Some("charger 7")));
    let renamed = SlotPatch { code: Some("B-1".parse().expect("a code")), ..SlotPatch::default() };
    admin.slot_patch(&at("A-12"), &renamed, &none).await.expect("by code");
    assert_eq!(refused(admin.slot(&at("A-12")).await).code, ProblemCode::SlotNotFound);
    assert_eq!(admin.slot(&at("B-1")).await.expect("by its new code").id, slot.id);
    let deleted = admin.slot_delete(&at("B-1"), &none).await.expect("it is deleted");
    assert_eq!(deleted.value.id, slot.id);
    assert_eq!(refused(admin.slot(&by_id).await).code, ProblemCode::SlotNotFound);
    assert_eq!(refused(admin.slot_delete(&by_id, &none).await).code, ProblemCode::SlotNotFound);
    parkd.verify();
}

async fn every_change_answers_the_resource_and_its_number_twice(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let admin = Wire::admin(&parkd);
    let steps = [
        ("POST", "/api/slots", json!({"code": "A-1"}), 201),
        ("PUT", "/api/slots/A-1", json!({"state": "closed", "note": "ice"}), 200),
        ("PATCH", "/api/slots/A-1", json!({"note": null}), 200),
        ("DELETE", "/api/slots/A-1", Value::Null, 200),
    ];
    for (method, path, body, status) in steps {
        let answer = admin.send(method, path, body).await;
        let resource: Value = answer.json(status);
        assert_eq!(answer.header("seq"), Some(resource["seq"].to_string().as_str()), "{method}");
        assert_eq!(resource["code"], "A-1", "{method}: the resource stands plainly in the answer");
        assert_eq!(answer.header("etag"), Some(format!("\"{}\"", resource["rev"]).as_str()), "{method}");
    }
}

#[tokio::test]
async fn a_toggle_follows_its_rules() {
    let parkd = with_slots(&[new_slot("A-1")]).await;
    let attendant = parkd.client(parking_api::tokens::Role::Attendant).await;
    assert_eq!(toggle(&attendant, "A-1").await.value.state, SlotState::Occupied);
    assert_eq!(toggle(&attendant, "A-1").await.value.state, SlotState::Free);
    set(&attendant, "A-1", SlotState::Unknown).await;
    assert_eq!(toggle(&attendant, "A-1").await.value.state, SlotState::Occupied);
    for state in [SlotState::Reserved, SlotState::Closed] {
        set(&attendant, "A-1", state).await;
        let before = head(&attendant).await;
        let problem = refused(attendant.slot_toggle(&at("A-1"), &Mutation::default()).await);
        assert_eq!((problem.code, problem.status), (ProblemCode::ToggleRefused, 409));
        assert_eq!(head(&attendant).await, before, "nothing was changed");
    }
}

#[tokio::test]
async fn a_change_made_from_a_stale_screen_is_refused_and_says_what_is_current() {
    let parkd = with_slots(&[new_slot("A-1")]).await;
    let admin = Wire::admin(&parkd);
    let seen = parkd.admin().slot(&at("A-1")).await.expect("the slot").rev;
    let now = toggle(&parkd.admin(), "A-1").await.seq;
    let cases = [
        ("PUT", "/api/slots/A-1", json!({"state": "free"})),
        ("PATCH", "/api/slots/A-1", json!({"level": 1})),
        ("POST", "/api/slots/A-1/toggle", Value::Null),
        ("DELETE", "/api/slots/A-1", Value::Null),
    ];
    for (method, path, body) in &cases {
        let request = admin.request(method, path).header("if-match", format!("\"{seen}\"")).json(body);
        let problem = answer(request).await.problem();
        assert_eq!((problem.code, problem.status, problem.rev), (ProblemCode::RevStale, 412, Some(now)), "{method}");
        assert!(problem.detail.contains("A-1") && problem.detail.contains("occupied"), "{problem}");
    }
    assert_eq!(head(&parkd.admin()).await, now, "nothing was changed");
    for current in [format!("\"{now}\""), "*".into()] {
        let request = admin.request("PUT", "/api/slots/A-1").header("if-match", &current);
        assert_eq!(answer(request.json(&json!({"state": "occupied"}))).await.status, 200, "{current}");
    }
    let odd = admin.request("PUT", "/api/slots/A-1").header("if-match", "latest").json(&json!({"state": "free"}));
    assert_eq!(answer(odd).await.blame(), (ProblemCode::InvalidField, Some("If-Match".into())));
}

#[tokio::test]
async fn a_slot_that_cannot_be_is_refused_with_the_field_to_blame() {
    let parkd = with_slots(&[new_slot("A-1"), new_slot("A-2")]).await;
    let admin = Wire::admin(&parkd);
    let id = "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12";
    let (invalid, exists) = (ProblemCode::InvalidField, ProblemCode::AlreadyExists);
    let cases = [
        ("POST", "/api/slots", json!({"code": "A-1"}), exists, "code"),
        ("POST", "/api/slots", json!({"code": "a/b"}), invalid, "code"),
        ("POST", "/api/slots", json!({"code": ""}), invalid, "code"),
        ("POST", "/api/slots", json!({"code": id}), invalid, "code"),
        ("POST", "/api/slots", json!({"code": "B", "kind": "tank"}), invalid, "kind"),
        ("POST", "/api/slots", json!({"code": "B", "level": 40_000}), invalid, "level"),
        ("POST", "/api/slots", json!({"code": "B", "state": "full"}), invalid, "state"),
        ("POST", "/api/slots", json!({"code": "B", "position": {"x": 1}}), invalid, "position"),
        ("POST", "/api/slots", json!({"code": "B", "position": {"x": 1e9, "y": 0}}), invalid, "position"),
        ("POST", "/api/slots", json!({"code": "B", "zone": "z".repeat(201)}), invalid, "zone"),
        ("POST", "/api/slots", json!({"code": "B", "colour": "red"}), invalid, "colour"),
        ("PUT", "/api/slots/A-1", json!({"state": "parked"}), invalid, "state"),
        ("PUT", "/api/slots/A-1", json!({"state": "free", "source": "guess"}), invalid, "source"),
        ("PUT", "/api/slots/A-1", json!({"state": "free", "level": 1}), invalid, "level"),
        ("PATCH", "/api/slots/A-1", json!({"code": "A-2"}), exists, "code"),
        ("PATCH", "/api/slots/A-1", json!({"state": "free"}), invalid, "state"),
        ("PATCH", "/api/slots/A-1", json!({"note": "a\u{0}b"}), invalid, "note"),
    ];
    let before = head(&parkd.admin()).await;
    for (method, path, body, code, field) in cases {
        let blame = admin.send(method, path, body.clone()).await.blame();
        assert_eq!(blame, (code, Some(field.to_string())), "{method} {body}");
    }
    let missing = admin.send("PUT", "/api/slots/A-1", json!({})).await;
    assert_eq!(missing.code(), invalid, "a state is needed");
    for odd in ["/api/slots/a%20b", "/api/slots/..%2f.."] {
        assert_eq!(admin.get(odd).await.code(), invalid, "{odd}");
    }
    assert_eq!(admin.get("/api/slots/%00").await.code(), ProblemCode::BadRequest);
    assert_eq!(admin.get("/api/slots/NONE").await.code(), ProblemCode::SlotNotFound);
    assert_eq!(head(&parkd.admin()).await, before);
}

#[tokio::test]
async fn whoever_has_a_slot_already_is_not_sent_it_again() {
    let parkd = with_slots(&[new_slot("A-1")]).await;
    let admin = Wire::admin(&parkd);
    let first = admin.get("/api/slots/A-1").await;
    let tag = first.header("etag").expect("a tag").to_string();
    let known = || answer(admin.request("GET", "/api/slots/A-1").header("if-none-match", &tag));
    let again = known().await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    toggle(&parkd.admin(), "A-1").await;
    assert_eq!(known().await.status, 200);
}
