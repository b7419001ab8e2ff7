//! Cameras: who they are, what they report, and when they are missed.

use parking_api::cameras::{Camera, CameraPatch, CameraStatus, Health, HealthSample, NewCamera};
use parking_api::client::EventQuery;
use parking_api::events::{ActorKind, EventChange};
use parking_api::{CameraId, ProblemCode};
use serde_json::{Value, json};

use super::*;
use crate::harness::wait_for;
use crate::wire::{Wire, camera};

on_both!(
    a_camera_is_created_changed_and_deleted,
    a_camera_that_falls_silent_is_late_and_then_offline_by_its_own_interval,
    what_a_camera_reports_of_itself_can_be_followed_over_time,
);

fn id(id: &str) -> CameraId {
    id.parse().expect("a camera id")
}

async fn a_camera_is_created_changed_and_deleted(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let admin = parkd.admin();
    let new = NewCamera { id: id("cam-1"), name: Some("Gate".into()), zone: Some("A".into()), interval_s: Some(10) };
    let created = admin.camera_create(&new).await.expect("it is created").value;
    let made = created.camera;
    assert_eq!((made.name.as_str(), made.zone.as_deref(), made.interval_s), ("Gate", Some("A"), 10));
    assert_eq!((made.status, made.contact.is_none()), (CameraStatus::Offline, true));
    assert!(created.token.starts_with("park_"));
    let patch = CameraPatch { zone: Some(None), interval_s: Some(20), ..CameraPatch::default() };
    let patched = admin.camera_patch(&id("cam-1"), &patch).await.expect("it is changed").value;
    assert_eq!((patched.name.as_str(), patched.zone.as_deref(), patched.interval_s), ("Gate", None, 20));
    assert_eq!(admin.camera(&id("cam-1")).await.expect("the camera"), patched);
    camera(&parkd, "cam-0").await;
    let listed: Vec<_> = admin.cameras().await.expect("cameras").into_iter().map(|camera| camera.id).collect();
    assert_eq!(listed, [id("cam-0"), id("cam-1")]);
    assert_eq!(refused(admin.camera_create(&new).await).code, ProblemCode::AlreadyExists);
    admin.camera_delete(&id("cam-1")).await.expect("it is deleted");
    assert_eq!(refused(admin.camera(&id("cam-1")).await).code, ProblemCode::CameraNotFound);
    assert_eq!(refused(admin.camera_delete(&id("cam-1")).await).code, ProblemCode::CameraNotFound);
    assert_eq!(refused(admin.camera_patch(&id("cam-1"), &patch).await).code, ProblemCode::CameraNotFound);
    parkd.verify();
}

#[tokio::test]
async fn a_camera_goes_on_with_its_old_token_until_that_is_revoked() {
    let parkd = Parkd::start(&[]);
    let old = camera(&parkd, "cam-1").await;
    let admin = parkd.admin();
    assert_eq!(refused(admin.camera_token(&id("cam-2")).await).code, ProblemCode::CameraNotFound);
    let new = admin.camera_token(&id("cam-1")).await.expect("a token").value;
    assert_eq!((new.info.camera, new.info.name.as_str()), (Some(id("cam-1")), "cam-1"));
    let reports = async |secret: &str| {
        parkd.client_with(Some(secret.into())).camera_health(&id("cam-1"), &Health::default()).await
    };
    reports(&old).await.expect("the old one is valid");
    reports(&new.token).await.expect("the new one is valid");
    admin.token_revoke(&old[..13]).await.expect("it is revoked");
    assert_eq!(refused(reports(&old).await).code, ProblemCode::Unauthenticated);
    reports(&new.token).await.expect("the new one is valid");
    admin.camera_delete(&id("cam-1")).await.expect("it is deleted");
    assert_eq!(
        refused(reports(&new.token).await).code,
        ProblemCode::Unauthenticated,
        "a camera takes its tokens with it"
    );
    parkd.verify();
}

#[tokio::test]
async fn a_camera_that_cannot_be_is_refused_with_the_field_to_blame() {
    let parkd = Parkd::start(&[]);
    camera(&parkd, "cam-1").await;
    let admin = Wire::admin(&parkd);
    let cases = [
        ("POST", "/api/cameras", json!({"id": "Cam 1"}), "id"),
        ("POST", "/api/cameras", json!({"id": "../x"}), "id"),
        ("POST", "/api/cameras", json!({"id": "c", "interval_s": 0}), "interval_s"),
        ("POST", "/api/cameras", json!({"id": "c", "interval_s": -1}), "interval_s"),
        ("POST", "/api/cameras", json!({"id": "c", "name": ""}), "name"),
        ("POST", "/api/cameras", json!({"id": "c", "token": "mine"}), "token"),
        ("PATCH", "/api/cameras/cam-1", json!({"interval_s": 86_401}), "interval_s"),
        ("PATCH", "/api/cameras/cam-1", json!({"status": "online"}), "status"),
    ];
    for (method, path, body, field) in cases {
        let blame = admin.send(method, path, body.clone()).await.blame();
        assert_eq!(blame, (ProblemCode::InvalidField, Some(field.to_string())), "{method} {body}");
    }
}

#[tokio::test]
async fn a_camera_reports_its_own_health_and_nobody_elses() {
    let mut parkd = Parkd::start(&[]);
    let own = Wire::new(&parkd, Some(&camera(&parkd, "cam-1").await));
    camera(&parkd, "cam-2").await;
    let path = |id: &str| format!("/api/cameras/{id}/health");
    let full = json!({"uptime_s": 7, "rssi_dbm": -61, "free_heap_bytes": 120_000, "firmware": "1.2.3\u{7}",
        "reset_reason": "x".repeat(100), "queue_depth": 2, "temperature_c": 31});
    let camera: Camera = own.send("POST", &path("cam-1"), full).await.json(200);
    let health = camera.contact.and_then(|contact| contact.health).expect("its health");
    assert_eq!((health.uptime_s, health.rssi_dbm, health.queue_depth), (Some(7), Some(-61), Some(2)));
    assert_eq!(health.firmware.as_deref(), Some("1.2.3"), "what a screen should not print is left out");
    assert_eq!(health.reset_reason.map(|text| text.len()), Some(64), "and what is too long is cut");
    assert_eq!(own.send("POST", &path("cam-2"), json!({})).await.code(), ProblemCode::Forbidden);
    assert_eq!(own.send("POST", &path("cam-9"), json!({})).await.code(), ProblemCode::Forbidden);
    let admin = Wire::admin(&parkd);
    assert_eq!(admin.send("POST", &path("cam-2"), json!({})).await.status, 200);
    assert_eq!(admin.send("POST", &path("cam-9"), json!({})).await.code(), ProblemCode::CameraNotFound);
    let blame = admin.send("POST", &path("cam-1"), json!({"rssi_dbm": "strong"})).await.blame();
    assert_eq!(blame, (ProblemCode::InvalidField, Some("rssi_dbm".into())));
    assert_eq!(parkd.stop(), Some(0));
    parkd.restart();
    let kept = parkd.admin().camera(&id("cam-1")).await.expect("the camera").contact.expect("its contact");
    assert_eq!(kept.health.and_then(|health| health.uptime_s), Some(7), "its last contact survives a restart");
}

async fn what_a_camera_reports_of_itself_can_be_followed_over_time(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let own = Wire::new(&parkd, Some(&camera(&parkd, "cam-1").await));
    camera(&parkd, "cam-2").await;
    let path = |id: &str| format!("/api/cameras/{id}/health");
    for (rssi_dbm, queue_depth) in [(-61, 0), (-82, 3), (-70, 1)] {
        let report = json!({"uptime_s": 7_200, "rssi_dbm": rssi_dbm, "queue_depth": queue_depth});
        assert_eq!(own.send("POST", &path("cam-1"), report).await.status, 200);
    }
    let admin = parkd.admin();
    let worst = wait_for("what was reported", || async {
        let samples = admin.camera_health_samples(&id("cam-1")).await.expect("its samples");
        // Three reports may lie on both sides of the end of a stretch.
        let worst = samples.iter().filter_map(|sample| sample.rssi_dbm).min();
        (worst == Some(-82)).then_some(samples)
    });
    let worst: Vec<HealthSample> = worst.await;
    assert_eq!(worst.iter().filter_map(|sample| sample.queue_depth).max(), Some(3));
    let at = |sample: &HealthSample| sample.booted_at.map(|booted_at| sample.at.ms_since(booted_at));
    assert!(worst.iter().all(|sample| at(sample).is_some_and(|ms| ms <= 7_200_000)), "{worst:?}");
    assert_eq!(admin.camera_health_samples(&id("cam-2")).await.expect("none"), []);
    assert_eq!(refused(admin.camera_health_samples(&id("cam-9")).await).code, ProblemCode::CameraNotFound);
    let wire = Wire::admin(&parkd);
    let before = format!("{}?to=2026-01-01T00:00:00Z", path("cam-1"));
    assert_eq!(wire.call("GET", &before).await.json::<Vec<HealthSample>>(200), []);
    let backwards = format!("{before}&from=2026-01-02T00:00:00Z");
    assert_eq!(wire.call("GET", &backwards).await.blame(), (ProblemCode::InvalidField, Some("from".into())));
}

/// Every status that the log gives this camera, oldest first.
async fn statuses(client: &Client, camera: &CameraId) -> Vec<CameraStatus> {
    let query = EventQuery { kind: Some("camera.status".into()), after: Some(0), ..EventQuery::default() };
    let page = client.events(&query).await.expect("a page");
    let events = page.events.iter().filter_map(|entry| entry.event());
    let status = |event: &parking_api::events::Event| match &event.change {
        EventChange::CameraStatus { camera: of } if of.id == *camera => {
            assert_eq!((event.actor.kind, event.actor.name.as_deref()), (ActorKind::System, Some("monitor")));
            assert!(of.contact.is_none() && of.rev == event.seq);
            Some(of.status)
        }
        _ => None,
    };
    events.filter_map(status).collect()
}

async fn a_camera_that_falls_silent_is_late_and_then_offline_by_its_own_interval(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let admin = parkd.admin();
    for (camera, interval_s) in [("cam-fast", 1), ("cam-slow", 600)] {
        let new = NewCamera { id: id(camera), name: None, zone: None, interval_s: Some(interval_s) };
        let token = admin.camera_create(&new).await.expect("a camera").value.token;
        let own = Wire::new(&parkd, Some(&token));
        let answer = own.send("POST", &format!("/api/cameras/{camera}/health"), json!({"uptime_s": 1})).await;
        assert_eq!(answer.json::<Value>(200)["id"], camera);
    }
    use CameraStatus::{Late, Offline, Online};
    let fast = id("cam-fast");
    for expected in [&[Online][..], &[Online, Late], &[Online, Late, Offline]] {
        let seen = wait_for("the next status", || async {
            let seen = statuses(&admin, &fast).await;
            (seen.len() >= expected.len()).then_some(seen)
        });
        assert_eq!(seen.await, expected);
    }
    assert_eq!(admin.camera(&fast).await.expect("the camera").status, Offline);
    assert_eq!(statuses(&admin, &id("cam-slow")).await, [Online], "another camera's interval is its own");
    parkd.verify();
}
