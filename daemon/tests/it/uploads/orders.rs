//! What a camera is told in the answer to whatever it sends, and what becomes of somebody's wish for a picture.

use parking_api::cameras::{Camera, FROZEN_PICTURES};
use parking_api::orders::{Reported, Uploaded};
use parking_api::{ProblemCode, SlotCode, Time};
use serde_json::json;

use super::*;
use crate::pictures::JPEGS;

const CAMERA: &str = "/api/cameras/cam-1";

async fn sent(gate: &Gate, picture: usize, headers: &[(&str, &str)]) -> Uploaded {
    let answer = upload_with(&gate.camera, "image/jpeg", &JPEGS[picture], headers).await;
    answer.json::<Committed<Uploaded>>(201).value
}

async fn camera(gate: &Gate) -> Camera {
    gate.admin.get(CAMERA).await.json(200)
}

#[tokio::test]
async fn a_camera_is_told_its_interval_and_the_time_and_nobody_else_is() {
    let gate = Gate::new().await;
    let orders = sent(&gate, 0, &[]).await.orders.expect("orders");
    assert_eq!((orders.interval_s, orders.capture), (60, None));
    gate.admin.send("PATCH", CAMERA, json!({"interval_s": 15})).await;
    let reported: Reported =
        gate.camera.send("POST", &format!("{CAMERA}/health"), json!({"mode": "safe"})).await.json(200);
    assert_eq!(reported.orders.expect("orders").interval_s, 15);
    let health = reported.camera.contact.and_then(|contact| contact.health).expect("its health");
    assert_eq!(health.mode.as_deref(), Some("safe"));
    let person = upload(&gate.admin, "image/jpeg", &JPEGS[1]).await.json::<Committed<Uploaded>>(201);
    assert_eq!(person.value.orders, None);
}

#[tokio::test]
async fn a_wish_for_a_picture_is_repeated_until_the_picture_has_come() {
    let gate = Gate::new().await;
    let wish = format!("{CAMERA}/capture");
    let wished: Committed<Camera> = gate.admin.call("POST", &wish).await.json(200);
    let again: Committed<Camera> = gate.admin.call("POST", &wish).await.json(200);
    assert_eq!(again.value.capture_wanted_at, wished.value.capture_wanted_at, "whoever asks again waits for the same");
    let old = sent(&gate, 0, &[("X-Captured-Age", "60000")]).await;
    assert!(old.capture.captured_at.ms_since(old.capture.received_at) <= -60_000);
    let number = old.orders.expect("orders").capture.expect("the wish stands: that one was older");
    let reported: Reported = gate.camera.send("POST", &format!("{CAMERA}/health"), json!({})).await.json(200);
    assert_eq!(reported.orders.expect("orders").capture, Some(number), "the same number, the same wish");
    assert_eq!(sent(&gate, 1, &[]).await.orders.expect("orders").capture, None);
    assert_eq!(camera(&gate).await.capture_wanted_at, None);
    assert_eq!(gate.camera.call("POST", &wish).await.code(), ProblemCode::Forbidden);
    assert_eq!(gate.admin.call("POST", "/api/cameras/cam-9/capture").await.code(), ProblemCode::CameraNotFound);
    gate.parkd.verify();
}

#[tokio::test]
async fn an_age_that_is_none_is_refused() {
    let gate = Gate::new().await;
    for age in ["-1", "soon", "1.5", "99999999999999"] {
        let refused = upload_with(&gate.camera, "image/jpeg", &JPEGS[0], &[("X-Captured-Age", age)]).await;
        assert_eq!(refused.blame(), (ProblemCode::InvalidField, Some("X-Captured-Age".into())), "{age}");
    }
}

#[tokio::test]
async fn a_camera_that_sends_one_picture_over_and_over_is_frozen_until_it_sends_another() {
    let mut gate = Gate::new().await;
    gate.admin.send("PATCH", CAMERA, json!({"zone": "A"})).await;
    for (code, zone) in [("A-1", "A"), ("A-2", "A"), ("B-1", "B")] {
        gate.admin.send("POST", "/api/slots", json!({"code": code, "zone": zone})).await;
    }
    for count in 1..=FROZEN_PICTURES {
        assert_eq!(camera(&gate).await.frozen_since, None, "after {}", count - 1);
        sent(&gate, 0, &[]).await;
    }
    let frozen = camera(&gate).await;
    assert!(frozen.frozen_since.is_some_and(|since| since > Time::from_ms(0)));
    let blind: Vec<_> = frozen.blind_slots.iter().map(SlotCode::as_str).collect();
    assert_eq!(blind, ["A-1", "A-2"]);
    let path = "/api/events?kind=camera.frozen&after=0";
    let events: serde_json::Value = gate.admin.get(path).await.json(200);
    assert_eq!(events["events"][0]["data"]["camera"]["blind_slots"], json!(["A-1", "A-2"]));

    gate.parkd.stop();
    gate.parkd.restart();
    sent(&gate, 0, &[]).await;
    sent(&gate, 0, &[]).await;
    assert!(camera(&gate).await.frozen_since.is_some(), "a restart of the daemon melts nothing");
    sent(&gate, 1, &[]).await;
    let well = camera(&gate).await;
    assert_eq!((well.frozen_since, well.blind_slots), (None, Vec::new()));
    gate.parkd.verify();
}
