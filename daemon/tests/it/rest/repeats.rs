//! The same request again: answered again, and done once.

use std::collections::BTreeSet;

use parkd::http::routes;
use parking_api::ProblemCode;
use parking_api::client::{EventQuery, Mutation};
use parking_api::paths::{IDEMPOTENCY_HEADER, REPLAYED_HEADER};
use parking_api::tokens::{NewToken, Role};
use serde_json::{Value, json};

use super::*;
use crate::pictures::JPEGS;
use crate::wire::{Answer, Wire, answer, token};

on_both!(
    every_kind_of_change_is_done_once_by_its_key,
    a_key_is_for_one_request_of_one_caller,
    a_repeat_after_a_crash_is_answered_as_the_first_time,
    a_repeat_is_not_disturbed_by_what_happened_since,
    a_refusal_is_no_answer_to_keep,
    many_of_the_same_at_once_are_one,
);

async fn keyed(wire: &Wire, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    answer(wire.request(method, path).header(IDEMPOTENCY_HEADER, key).json(body)).await
}

/// Changes of the router's table that need no key, and why.
const ONCE_BY_NATURE: [(&str, &str); 5] = [
    ("POST /api/login", "it changes nothing but the cookie of its caller"),
    ("POST /api/logout", "a login ends once"),
    ("POST /api/cameras/{camera}/health", "a report replaces the one before"),
    ("POST /api/firmware", "it honours its key too, as the tests of firmware show"),
    ("POST /api/capture", "it honours its key too, as the tests of uploads show"),
];

async fn every_kind_of_change_is_done_once_by_its_key(database: Database) {
    let parkd = with_slots_on(database, &[new_slot("A-1"), new_slot("A-2")]).await;
    let (wire, admin) = (Wire::admin(&parkd), parkd.admin());
    let capture =
        admin.capture_upload(JPEGS[0].clone(), "image/jpeg", &Default::default()).await.expect("a capture").value;
    let capture = format!("/{}", capture.id);
    let one = NewToken { name: "one".into(), role: Role::Viewer, expires_at: None };
    let token = format!("/{}", admin.token_create(&one).await.expect("a token").value.info.id);
    let image = format!("/{}", firmware::added(&admin, "0.2.0").await.id);
    let steps = [
        ("POST /api/lots", "", json!({"id": "annex"})),
        ("PATCH /api/lots/{lot}", "/annex", json!({"name": "Annex"})),
        ("DELETE /api/lots/{lot}", "/annex", Value::Null),
        ("POST /api/slots", "", json!({"code": "B-1"})),
        ("PUT /api/slots/{slot}", "/A-1", json!({"state": "occupied"})),
        ("POST /api/slots/{slot}/toggle", "/A-1", Value::Null),
        ("PATCH /api/slots/{slot}", "/A-1", json!({"note": "x"})),
        ("DELETE /api/slots/{slot}", "/A-2", Value::Null),
        ("POST /api/slots/import", "", json!([{"code": "C-1"}, {"code": "C-2"}])),
        ("POST /api/sessions/entry", "", json!({"ticket": "T-1"})),
        ("POST /api/sessions/exit", "", json!({"ticket": "T-1"})),
        ("POST /api/cameras", "", json!({"id": "cam-1"})),
        // One that sends pictures often is not asked for any when it is to learn.
        ("PATCH /api/cameras/{camera}", "/cam-1", json!({"name": "Gate", "interval_s": 10})),
        (
            "PUT /api/cameras/{camera}/regions",
            "/cam-1",
            json!({"mode": "suggest", "regions": [{"slot": "A-1", "polygon": [[0.1, 0.1], [0.4, 0.1], [0.4, 0.4]]}]}),
        ),
        ("POST /api/cameras/{camera}/calibrate", "/cam-1", json!({"free": ["A-1"]})),
        ("POST /api/cameras/{camera}/token", "/cam-1", Value::Null),
        ("POST /api/cameras/{camera}/capture", "/cam-1", Value::Null),
        ("DELETE /api/cameras/{camera}", "/cam-1", Value::Null),
        ("PATCH /api/captures/{capture}", &capture, json!({"pinned": true})),
        ("DELETE /api/captures/{capture}", &capture, Value::Null),
        ("POST /api/firmware/{firmware}/roll-out", &image, json!({"percent": 50})),
        ("DELETE /api/firmware/{firmware}", &image, Value::Null),
        ("POST /api/tokens", "", json!({"name": "two", "role": "viewer"})),
        ("DELETE /api/tokens/{token}", &token, Value::Null),
    ];
    for (route, at, body) in &steps {
        let (method, path) = route.split_once(' ').expect("a method and a path");
        let path = match path.split_once("/{") {
            Some((before, rest)) => format!("{before}{at}{}", rest.split_once('}').expect("a parameter ends").1),
            None => path.to_string(),
        };
        let key = route.replace(' ', "_");
        let send = |body: String| {
            let request = wire.request(method, &path).header(IDEMPOTENCY_HEADER, &key);
            answer(request.header("content-type", "application/json").body(body))
        };
        trials::changes_nothing(&wire, method, &path, &key, body).await;
        let first = send(body.to_string()).await;
        assert!(first.status < 300 && first.header(REPLAYED_HEADER).is_none(), "{route}: {}", first.text());
        let done = head(&admin).await;
        let again = send(body.to_string()).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{route}");
        assert_eq!(
            (again.header(REPLAYED_HEADER), again.header("seq")),
            (Some("true"), first.header("seq")),
            "{route}"
        );
        assert!(first.header("seq").is_some(), "{route}");
        if !body.is_null() {
            let other = send(format!("{body} ")).await;
            assert_eq!((other.code(), other.status), (ProblemCode::IdempotencyMismatch, 422), "{route}");
        }
        assert_eq!(head(&admin).await, done, "{route} was done once");
    }
    let shown = steps.iter().map(|(route, ..)| route.to_string());
    let shown: BTreeSet<_> = shown.chain(ONCE_BY_NATURE.iter().map(|(route, _)| route.to_string())).collect();
    let changes = routes::table().into_iter().filter(|route| route.method != "GET");
    let changes = changes.map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(shown, changes, "every change of the router's table is shown here");
    parkd.verify();
}

async fn a_key_is_for_one_request_of_one_caller(database: Database) {
    let parkd = with_slots_on(database, &[new_slot("A-1"), new_slot("A-2")]).await;
    let wire = Wire::admin(&parkd);
    let occupied = json!({"state": "occupied"});
    assert_eq!(keyed(&wire, "k", "PUT", "/api/slots/A-1", &occupied).await.status, 200);
    let before = head(&parkd.admin()).await;
    let others = [
        ("PUT", "/api/slots/A-1", json!({"state": "free"})),
        ("PUT", "/api/slots/A-2", occupied.clone()),
        ("POST", "/api/slots/A-1/toggle", occupied.clone()),
        ("PATCH", "/api/slots/A-1", json!({"note": "x"})),
    ];
    for (method, path, body) in &others {
        let problem = keyed(&wire, "k", method, path, body).await.problem();
        assert_eq!((problem.code, problem.status), (ProblemCode::IdempotencyMismatch, 422), "{method} {path}");
    }
    assert_eq!(head(&parkd.admin()).await, before, "nothing was done");
    let attendant = Wire::new(&parkd, Some(&token(&parkd, Role::Attendant).await));
    let own = keyed(&attendant, "k", "PUT", "/api/slots/A-2", &occupied).await;
    assert_eq!((own.status, own.header(REPLAYED_HEADER)), (200, None), "another caller's keys are its own");
    let too_long = "k".repeat(129);
    for bad in ["", "a b", "ä", &too_long] {
        let blame = keyed(&wire, bad, "PUT", "/api/slots/A-1", &occupied).await.blame();
        assert_eq!(blame, (ProblemCode::InvalidField, Some("Idempotency-Key".into())), "{bad:?}");
    }
    assert_eq!(keyed(&wire, &too_long[1..], "PUT", "/api/slots/A-1", &occupied).await.status, 200);
}

async fn a_repeat_after_a_crash_is_answered_as_the_first_time(database: Database) {
    let mut parkd = with_slots_on(database, &[new_slot("A-1")]).await;
    let toggle = |parkd: &Parkd| {
        let wire = Wire::admin(parkd);
        async move { keyed(&wire, "k", "POST", "/api/slots/A-1/toggle", &Value::Null).await }
    };
    let first = toggle(&parkd).await;
    parkd.kill();
    parkd.restart();
    let again = toggle(&parkd).await;
    assert_eq!((again.status, &again.body, again.header(REPLAYED_HEADER)), (200, &first.body, Some("true")));
    assert_eq!(parkd.admin().slot(&at("A-1")).await.expect("the slot").state, SlotState::Occupied);
    parkd.verify();
}

async fn a_repeat_is_not_disturbed_by_what_happened_since(database: Database) {
    let parkd = with_slots_on(database, &[new_slot("A-1")]).await;
    let admin = parkd.admin();
    let rev = admin.slot(&at("A-1")).await.expect("the slot").rev;
    let guard = Mutation { if_match: Some(rev), idempotency_key: Some("k".into()) };
    let first = admin.slot_toggle(&at("A-1"), &guard).await.expect("it is toggled");
    set(&admin, "A-1", SlotState::Closed).await;
    assert_eq!(admin.slot_toggle(&at("A-1"), &guard).await.expect("the first answer"), first);
    admin.slot_delete(&at("A-1"), &Mutation::default()).await.expect("it is deleted");
    assert_eq!(admin.slot_toggle(&at("A-1"), &guard).await.expect("the first answer"), first);
}

async fn a_refusal_is_no_answer_to_keep(database: Database) {
    let parkd = with_slots_on(database, &[NewSlot { state: Some(SlotState::Closed), ..new_slot("A-1") }]).await;
    let admin = parkd.admin();
    let guard = Mutation { if_match: None, idempotency_key: Some("k".into()) };
    assert_eq!(refused(admin.slot_toggle(&at("A-1"), &guard).await).code, ProblemCode::ToggleRefused);
    set(&admin, "A-1", SlotState::Free).await;
    assert_eq!(admin.slot_toggle(&at("A-1"), &guard).await.expect("now it may").value.state, SlotState::Occupied);
}

async fn many_of_the_same_at_once_are_one(database: Database) {
    let parkd = with_slots_on(database, &[new_slot("A-1")]).await;
    let wire = Wire::admin(&parkd);
    let before = head(&parkd.admin()).await;
    let all = (0..16).map(|_| keyed(&wire, "k", "POST", "/api/slots/A-1/toggle", &Value::Null));
    let answers = futures_util::future::join_all(all).await;
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body));
    assert_eq!(answers.iter().filter(|answer| answer.header(REPLAYED_HEADER).is_none()).count(), 1);
    let query = EventQuery { after: Some(before), ..EventQuery::default() };
    assert_eq!(parkd.admin().events(&query).await.expect("a page").events.len(), 1);
}
