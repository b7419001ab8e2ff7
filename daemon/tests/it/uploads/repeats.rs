//! The same upload again, as a camera does it whose first answer was lost.

use parking_api::ProblemCode;
use parking_api::paths::{IDEMPOTENCY_HEADER, REPLAYED_HEADER};
use parking_api::slots::{SetSlot, SlotState};
use serde_json::json;

use super::files::{form_type, jpeg, sketch_form};
use super::*;

async fn with_key(from: &Wire, key: &str, body: &[u8]) -> Answer {
    upload_with(from, "image/jpeg", body, &[(IDEMPOTENCY_HEADER, key)]).await
}

#[tokio::test]
async fn the_same_bytes_under_the_same_key_are_stored_once_and_answered_alike() {
    let mut gate = Gate::new().await;
    let first = with_key(&gate.camera, "boot-7-1", &jpeg(64, 48)).await;
    assert_eq!(first.header(REPLAYED_HEADER), None);
    let kept = gate.stored().await;
    let padded = [jpeg(64, 48), vec![0; 64]].concat();
    let again = |body: Vec<u8>, content_type: String, camera: Wire| async move {
        let again = upload_with(&camera, &content_type, &body, &[(IDEMPOTENCY_HEADER, "boot-7-1")]).await;
        assert_eq!((again.status, again.header(REPLAYED_HEADER)), (201, Some("true")));
        // Orders are those of the moment, whatever was answered the first time.
        (stored(&again), again.header("seq").map(str::to_string))
    };
    let answered = (stored(&first), first.header("seq").map(str::to_string));
    assert_eq!(again(jpeg(64, 48), "image/jpeg".into(), gate.camera.clone()).await, answered);
    assert_eq!(again(padded, "image/jpeg".into(), gate.camera.clone()).await, answered, "padding is no difference");
    assert_eq!(again(sketch_form(&jpeg(64, 48)), form_type(), gate.camera.clone()).await, answered);
    assert_eq!(gate.stored().await, kept);
    gate.parkd.kill();
    gate.parkd.restart();
    assert_eq!(again(jpeg(64, 48), "image/jpeg".into(), gate.camera.clone()).await, answered, "and after a crash");
    assert_eq!(gate.stored().await, kept);
}

#[tokio::test]
async fn other_bytes_under_the_same_key_are_refused_and_leave_nothing() {
    let gate = Gate::new().await;
    stored(&with_key(&gate.camera, "k", &jpeg(64, 48)).await);
    let kept = gate.stored().await;
    assert_eq!(with_key(&gate.camera, "k", &jpeg(32, 24)).await.code(), ProblemCode::IdempotencyMismatch);
    assert_eq!(gate.stored().await, kept);
    let other = Wire::new(&gate.parkd, Some(&crate::wire::camera(&gate.parkd, "cam-2").await));
    let capture = stored(&with_key(&other, "k", &jpeg(32, 24)).await);
    assert_eq!(capture.camera.map(|id| id.to_string()).as_deref(), Some("cam-2"), "another camera's keys are its own");
}

#[tokio::test]
async fn a_key_that_was_used_for_something_else_uploads_nothing() {
    let gate = Gate::new().await;
    gate.admin.send("POST", paths::SLOTS, json!({"code": "A-1"})).await;
    let set = serde_json::to_value(SetSlot::to(SlotState::Occupied)).expect("JSON");
    let request = gate.admin.request("PUT", "/api/slots/A-1").header(IDEMPOTENCY_HEADER, "k").json(&set);
    assert_eq!(answer(request).await.status, 200);
    let before = gate.stored().await;
    assert_eq!(with_key(&gate.admin, "k", &jpeg(8, 8)).await.code(), ProblemCode::IdempotencyMismatch);
    assert_eq!(gate.stored().await, before);
}

#[tokio::test]
async fn many_of_the_same_at_once_are_one() {
    let gate = Gate::new().await;
    let picture = jpeg(200, 150);
    let uploads = (0..12).map(|_| with_key(&gate.camera, "k", &picture));
    let answers = futures_util::future::join_all(uploads).await;
    let captures: Vec<Capture> = answers.iter().map(stored).collect();
    assert!(captures.windows(2).all(|pair| pair[0] == pair[1]), "all are told the same");
    let replayed = answers.iter().filter(|answer| answer.header(REPLAYED_HEADER).is_some()).count();
    assert_eq!(replayed, answers.len() - 1);
    let kept = gate.stored().await;
    assert_eq!((kept.rows.len(), &kept.rows), (1, &kept.objects));
    assert_eq!(gate.object(&captures[0].key), picture);
}

#[tokio::test]
async fn a_repeat_after_the_capture_was_deleted_brings_no_byte_back() {
    let gate = Gate::new().await;
    let first = stored(&with_key(&gate.camera, "k", &jpeg(64, 48)).await);
    gate.parkd.admin().capture_delete(first.id).await.expect("it is deleted");
    let again = with_key(&gate.camera, "k", &jpeg(64, 48)).await;
    assert_eq!((again.header(REPLAYED_HEADER), stored(&again)), (Some("true"), first));
    let kept = gate.stored().await;
    assert_eq!((kept.rows.len(), kept.objects.len()), (0, 0), "{kept:?}");
}
