//! Captures that somebody wants kept.

use parking_api::captures::Capture;
use parking_api::client::{CaptureMeta, EventQuery};
use parking_api::events::EventChange;
use parking_api::tokens::Role;
use parking_api::{CaptureId, ProblemCode};
use serde_json::{Value, json};

use super::*;
use crate::pictures::JPEGS;
use crate::wire::{Wire, answer};

on_both!(a_capture_is_pinned_and_unpinned_and_the_log_says_by_whom);

async fn upload(client: &Client) -> Capture {
    let stored = client.capture_upload(JPEGS[0].clone(), "image/jpeg", &CaptureMeta::default()).await;
    stored.expect("it is stored").value
}

async fn a_capture_is_pinned_and_unpinned_and_the_log_says_by_whom(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let capture = upload(&parkd.admin()).await;
    assert!(!capture.pinned);
    let attendant = parkd.client(Role::Attendant).await;
    let pinned = attendant.capture_pin(capture.id, true).await.expect("it is pinned");
    assert_eq!(pinned.value, Capture { pinned: true, rev: pinned.seq, ..capture.clone() });
    assert_eq!(attendant.capture(capture.id).await.expect("the capture"), pinned.value);
    let again = attendant.capture_pin(capture.id, true).await.expect("it is pinned still");
    assert_eq!((again.value, again.seq), (pinned.value.clone(), pinned.seq), "said again, it changes nothing");
    let page = attendant.events(&EventQuery { limit: Some(1), ..EventQuery::default() }).await.expect("a page");
    let event = page.events[0].event().expect("an event");
    assert_eq!(event.actor.name.as_deref(), Some("test attendant"));
    assert_eq!(event.change, EventChange::CaptureChanged { capture: pinned.value });
    assert_eq!(event.audit.as_ref().expect("what was before").before["pinned"], json!(false));
    let unpinned = attendant.capture_pin(capture.id, false).await.expect("it is unpinned");
    assert!(!unpinned.value.pinned && unpinned.seq > pinned.seq);
    parkd.admin().capture_pin(capture.id, true).await.expect("it is pinned");
    parkd.admin().capture_delete(capture.id).await.expect("by hand it goes all the same");
    let gone = refused(attendant.capture_pin(capture.id, true).await);
    assert_eq!(gone.code, ProblemCode::CaptureNotFound);
    parkd.verify();
}

#[tokio::test]
async fn only_attendants_pin_and_only_what_there_is() {
    let parkd = Parkd::start(&[]);
    let capture = upload(&parkd.admin()).await;
    let viewer = parkd.client(Role::Viewer).await;
    assert_eq!(refused(viewer.capture_pin(capture.id, true).await).code, ProblemCode::Forbidden);
    let nobody = CaptureId(parkd::clock::new_id());
    assert_eq!(refused(parkd.admin().capture_pin(nobody, true).await).code, ProblemCode::CaptureNotFound);
    let wire = Wire::admin(&parkd);
    let path = format!("/api/captures/{}", capture.id);
    for body in [json!({}), json!({"pinned": "yes"}), json!({"pinned": true, "x": 1})] {
        assert_eq!(wire.send("PATCH", &path, body.clone()).await.code(), ProblemCode::InvalidField, "{body}");
    }
    let ask = || answer(wire.request("PATCH", &path).header("idempotency-key", "k").json(&json!({"pinned": true})));
    let (first, again) = (ask().await, ask().await);
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let stored: Value = first.json(200);
    assert_eq!(stored["pinned"], json!(true));
}
