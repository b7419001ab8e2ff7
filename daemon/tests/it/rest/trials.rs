//! `?dry_run=true`: a change is checked and answered as if it were done, and nothing comes of it. That every route of the router's table
//! takes it is asked where every route is asked: in `repeats`.

use parking_api::ProblemCode;
use parking_api::paths::{IDEMPOTENCY_HEADER, REPLAYED_HEADER};
use serde_json::{Value, json};

use super::*;
use crate::pictures::JPEGS;
use crate::wire::{Wire, answer};

on_both!(
    a_trial_is_refused_for_the_same_reason_as_the_real_thing,
    an_upload_and_a_report_that_are_tried_leave_no_trace
);

/// Everything that a change could have left behind, as an admin sees it.
async fn everything(wire: &Wire) -> Vec<String> {
    let mut all = Vec::new();
    for path in
        ["lots", "slots", "slots/stats", "cameras", "captures", "firmware", "sessions", "tokens", "events?limit=1000"]
    {
        let listed = wire.get(&format!("/api/{path}")).await;
        assert_eq!(listed.status, 200, "{path}: {}", listed.text());
        all.push(without_uses(&listed.text()));
    }
    all
}

/// When a token was used last is no change.
fn without_uses(text: &str) -> String {
    let mut value: Value = serde_json::from_str(text).expect("JSON");
    for token in value.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        token.remove("used_at");
    }
    value.to_string()
}

/// Tries a change that will be made with the same key next, which then must not find itself done.
pub async fn changes_nothing(wire: &Wire, method: &str, path: &str, key: &str, body: &Value) {
    let before = everything(wire).await;
    let request = wire.request(method, &format!("{path}?dry_run=true")).header(IDEMPOTENCY_HEADER, key);
    let tried = answer(request.json(body)).await;
    assert_eq!((tried.status, tried.header(REPLAYED_HEADER)), (200, None), "{method} {path}: {}", tried.text());
    let said: Value = serde_json::from_slice(&tried.body).expect("JSON");
    assert!(said["seq"].is_u64(), "{method} {path}: {said}");
    assert!(said["token"].as_str().is_none_or(str::is_empty), "a secret that opens nothing is not shown: {path}");
    assert_eq!(everything(wire).await, before, "{method} {path} was only tried");
}

async fn a_trial_is_refused_for_the_same_reason_as_the_real_thing(database: Database) {
    let closed = NewSlot { state: Some(SlotState::Closed), ..new_slot("A-2") };
    let parkd = with_slots_on(database, &[new_slot("A-1"), closed]).await;
    let wire = Wire::admin(&parkd);
    let before = everything(&wire).await;
    for (method, path, body) in [
        ("POST", "/api/slots", json!({"code": "A-1"})),
        ("POST", "/api/slots", json!({"code": "A 3"})),
        ("POST", "/api/slots/A-2/toggle", Value::Null),
        ("PUT", "/api/slots/Z-9", json!({"state": "free"})),
        ("POST", "/api/lots", json!({"id": "main"})),
        ("POST", "/api/lots", json!({"id": "annex", "time_zone": "Mars/Phobos"})),
        ("DELETE", "/api/lots/main", Value::Null),
        ("DELETE", "/api/lots/annex", Value::Null),
        ("POST", "/api/sessions/exit", json!({"ticket": "T-1"})),
        ("POST", "/api/tokens", json!({"name": "", "role": "viewer"})),
        ("DELETE", "/api/tokens/pk_nobody", Value::Null),
    ] {
        let tried = wire.send(method, &format!("{path}?dry_run=true"), body.clone()).await.problem();
        let real = wire.send(method, path, body).await.problem();
        assert_eq!((tried.code, tried.field, tried.detail), (real.code, real.field, real.detail), "{method} {path}");
    }
    let unclear = wire.send("POST", "/api/slots?dry_run=perhaps", json!({"code": "B-1"})).await.blame();
    assert_eq!(unclear, (ProblemCode::InvalidField, Some("dry_run".into())));
    assert_eq!(everything(&wire).await, before);
    parkd.verify();
}

async fn an_upload_and_a_report_that_are_tried_leave_no_trace(database: Database) {
    let parkd = with_slots_on(database, &[new_slot("A-1")]).await;
    let wire = Wire::admin(&parkd);
    assert_eq!(wire.send("POST", "/api/cameras", json!({"id": "cam-1"})).await.status, 201);
    let before = everything(&wire).await;

    let upload = |picture: bytes::Bytes| {
        let request = wire.request("POST", "/api/capture?camera=cam-1&dry_run=true");
        answer(request.header("content-type", "image/jpeg").header(IDEMPOTENCY_HEADER, "k").body(picture))
    };
    let tried: Value = upload(JPEGS[0].clone()).await.json(200);
    assert_eq!(tried["camera"], "cam-1");
    let key = tried["key"].as_str().expect("a key");
    assert_eq!(wire.get(&format!("/images/{key}")).await.status, 404);
    assert_eq!(upload(JPEGS[0].slice(..64)).await.status, 422);

    let report = wire.send("POST", "/api/cameras/cam-1/health?dry_run=true", json!({"rssi_dbm": -60})).await;
    assert_eq!(report.status, 200, "{}", report.text());
    assert_eq!(everything(&wire).await, before);
}
