//! Cameras, what they upload, and the lot that they watch.

use parking_api::cameras::{Camera, CameraPatch, CameraStatus, NewCamera};
use parking_api::captures::{Capture, CapturePatch, ExpiryReason};
use parking_api::lots::LotPatch;
use parking_api::tokens::Role;
use parking_api::{CameraId, CaptureId};

use super::tokens::secret;
use super::*;

pub(super) fn camera_id(id: &str) -> CameraId {
    id.parse().expect("a camera id")
}

pub(super) fn create_camera(id: &str, token: u128) -> Command {
    let camera = NewCamera { id: camera_id(id), name: None, zone: None, interval_s: None };
    Command::CreateCamera { camera, token: Box::new(secret(token, Role::Camera, Some(id))) }
}

pub(super) fn capture(id: u128, camera: Option<&str>) -> Capture {
    Capture {
        id: CaptureId(Uuid::from_u128(id)),
        camera: camera.map(camera_id),
        key: format!("main/{id}.jpg"),
        url: format!("/images/main/{id}.jpg"),
        content_type: "image/jpeg".into(),
        bytes: 1,
        width: 1,
        height: 1,
        sha256: "0".repeat(64),
        captured_at: Time::from_ms(5),
        received_at: Time::from_ms(0),
        pinned: false,
        rev: 0,
    }
}

fn kinds(done: &Done) -> Vec<&'static str> {
    done.changes.iter().map(EventChange::kind).collect()
}

fn camera(world: &World, id: &str) -> Camera {
    world.state.camera(&camera_id(id)).expect("the camera is there").clone()
}

#[test]
fn a_camera_comes_with_its_token_and_is_offline_until_it_is_heard() {
    let mut world = World::new();
    let done = world.run(create_camera("cam-1", 1));
    assert_eq!(kinds(&done), ["camera.created", "token.created"]);
    let created = camera(&world, "cam-1");
    assert_eq!((created.name.as_str(), created.interval_s, created.status), ("cam-1", 60, CameraStatus::Offline));
    assert_eq!((created.rev, created.contact), (2, None));
    assert_eq!(blame(&world.refusal(create_camera("cam-1", 2))), (ProblemCode::AlreadyExists, Some("id")));
}

#[test]
fn a_camera_that_cannot_be_is_refused_whole() {
    let mut world = World::new();
    let new = || NewCamera { id: camera_id("cam-1"), name: None, zone: None, interval_s: None };
    let cases = [
        (NewCamera { interval_s: Some(0), ..new() }, "interval_s"),
        (NewCamera { interval_s: Some(86_401), ..new() }, "interval_s"),
        (NewCamera { name: Some(" ".into()), ..new() }, "name"),
        (NewCamera { zone: Some("z".repeat(201)), ..new() }, "zone"),
    ];
    for (camera, field) in cases {
        let token = Box::new(secret(1, Role::Camera, Some("cam-1")));
        let problem = world.refusal(Command::CreateCamera { camera, token });
        assert_eq!(blame(&problem), (ProblemCode::InvalidField, Some(field)));
    }
    for interval_s in [1, 86_400] {
        let camera = NewCamera { interval_s: Some(interval_s), id: camera_id(&format!("cam-{interval_s}")), ..new() };
        let token = Box::new(secret(interval_s.into(), Role::Camera, Some("cam-1")));
        world.run(Command::CreateCamera { camera, token });
    }
}

#[test]
fn a_camera_is_patched_field_by_field() {
    let mut world = World::new();
    world.run(create_camera("cam-1", 1));
    let patch = |patch: CameraPatch| Command::PatchCamera { camera: camera_id("cam-1"), patch };
    world.run(patch(CameraPatch { name: Some("Gate".into()), zone: Some(Some("A".into())), interval_s: Some(5) }));
    world.run(patch(CameraPatch { zone: Some(None), ..CameraPatch::default() }));
    let patched = camera(&world, "cam-1");
    assert_eq!((patched.name.as_str(), patched.zone, patched.interval_s, patched.rev), ("Gate", None, 5, 5));
    let problem = world.refusal(patch(CameraPatch { interval_s: Some(0), ..CameraPatch::default() }));
    assert_eq!(blame(&problem), (ProblemCode::InvalidField, Some("interval_s")));
    let other = Command::PatchCamera { camera: camera_id("cam-2"), patch: CameraPatch::default() };
    assert_eq!(world.refusal(other).code, ProblemCode::CameraNotFound);
}

#[test]
fn a_status_is_an_event_only_when_it_changes() {
    let mut world = World::new();
    world.run(create_camera("cam-1", 1));
    let status = |status| Command::SetCameraStatus { camera: camera_id("cam-1"), status };
    assert!(world.run(status(CameraStatus::Offline)).changes.is_empty());
    world.wait(1_000);
    assert_eq!(kinds(&world.run(status(CameraStatus::Late))), ["camera.status"]);
    let late = camera(&world, "cam-1");
    assert_eq!((late.status, late.status_at, late.rev), (CameraStatus::Late, world.now, 4));
    let nobody = Command::SetCameraStatus { camera: camera_id("cam-2"), status: CameraStatus::Late };
    assert_eq!(world.refusal(nobody).code, ProblemCode::CameraNotFound);
}

#[test]
fn a_picture_brings_its_camera_back_in_the_same_commit() {
    let mut world = World::new();
    world.run(create_camera("cam-1", 1));
    let add = |id| Command::AddCapture(Box::new(capture(id, Some("cam-1"))));
    let done = world.run(add(1));
    assert_eq!(kinds(&done), ["camera.status", "capture.added"]);
    let Reply::Capture(stored) = done.reply else { panic!("a capture") };
    assert_eq!((stored.rev, stored.received_at, stored.captured_at), (5, world.now, Time::from_ms(5)));
    assert_eq!((camera(&world, "cam-1").status, camera(&world, "cam-1").rev), (CameraStatus::Online, 4));
    assert_eq!(stored.rev, world.state.seq(), "a repeat of the upload can be answered with the same number");
    assert_eq!(kinds(&world.run(add(2))), ["capture.added"], "it is online already");
    assert_eq!(kinds(&world.run(Command::AddCapture(Box::new(capture(3, None))))), ["capture.added"]);
    let unknown = Command::AddCapture(Box::new(capture(4, Some("cam-2"))));
    assert_eq!(world.refusal(unknown).code, ProblemCode::CameraNotFound);
}

#[test]
fn a_capture_is_deleted_once() {
    let mut world = World::new();
    world.run(Command::AddCapture(Box::new(capture(1, None))));
    let id = CaptureId(Uuid::from_u128(1));
    assert_eq!(kinds(&world.run(Command::DeleteCapture(id))), ["capture.deleted"]);
    assert_eq!(world.refusal(Command::DeleteCapture(id)).code, ProblemCode::CaptureNotFound);
}

#[test]
fn what_is_pinned_stays_when_the_others_of_its_age_go() {
    let mut world = World::new();
    let id = |number| CaptureId(Uuid::from_u128(number));
    (1..5).for_each(|number| drop(world.run(Command::AddCapture(Box::new(capture(number, None))))));
    let pin = |number, pinned| Command::PatchCapture { capture: id(number), patch: CapturePatch { pinned } };
    assert_eq!(kinds(&world.run(pin(2, true))), ["capture.changed"]);
    let again = world.run(pin(2, true));
    let Reply::Capture(pinned) = &again.reply else { panic!("a capture") };
    assert!(again.changes.is_empty() && pinned.pinned && pinned.rev == world.state.seq(), "{pinned:?}");
    assert_eq!(world.refusal(pin(9, true)).code, ProblemCode::CaptureNotFound);
    world.run(Command::DeleteCapture(id(3)));

    let all = (1..5).map(id).collect();
    let done = world.run(Command::ExpireCaptures { reason: ExpiryReason::Age, captures: all });
    let expected = EventChange::CaptureExpired { reason: ExpiryReason::Age, captures: vec![id(1), id(4)], bytes: 2 };
    assert_eq!(done.changes, [expected]);
    let Reply::Expired(gone) = done.reply else { panic!("captures") };
    assert_eq!(gone.captures.iter().map(|capture| capture.id).collect::<Vec<_>>(), [id(1), id(4)]);
    let again = Command::ExpireCaptures { reason: ExpiryReason::Age, captures: vec![id(1), id(2)] };
    assert!(world.run(again.clone()).changes.is_empty(), "nothing that may go is there");
    world.run(pin(2, false));
    assert_eq!(kinds(&world.run(again)), ["capture.expired"]);
}

#[test]
fn a_deleted_cameras_tokens_are_revoked_with_it_and_nobody_elses() {
    let mut world = World::new();
    world.run(create_camera("cam-1", 1));
    world.run(create_camera("cam-2", 2));
    world.run(Command::CreateToken(Box::new(secret(3, Role::Viewer, None))));
    let done = world.run(Command::DeleteCamera(camera_id("cam-1")));
    assert_eq!(kinds(&done), ["camera.deleted", "token.revoked"]);
    let revoked: Vec<_> = world.state.tokens().filter(|token| token.revoked_at.is_some()).collect();
    assert_eq!(revoked.iter().map(|token| token.camera.clone()).collect::<Vec<_>>(), [Some(camera_id("cam-1"))]);
    assert_eq!(world.refusal(Command::DeleteCamera(camera_id("cam-1"))).code, ProblemCode::CameraNotFound);
}

#[test]
fn a_lot_keeps_to_time_zones_and_currencies_that_exist() {
    let mut world = World::new();
    let patch = |name: Option<&str>, time_zone: Option<&str>, currency: Option<&str>| {
        let text = |text: Option<&str>| text.map(str::to_string);
        Command::PatchLot(LotPatch { name: text(name), time_zone: text(time_zone), currency: text(currency) })
    };
    world.run(patch(Some(" Harbour "), Some("Asia/Jakarta"), Some("IDR")));
    let lot = world.state.lot().clone();
    assert_eq!((lot.name.as_str(), lot.time_zone.as_str(), lot.currency.as_str()), ("Harbour", "Asia/Jakarta", "IDR"));
    assert_eq!(lot.rev, 2);
    let cases = [
        (patch(Some(""), None, None), "name"),
        (patch(None, Some("Mars/Olympus"), None), "time_zone"),
        (patch(None, Some(""), None), "time_zone"),
        (patch(None, None, Some("idr")), "currency"),
        (patch(None, None, Some("EURO")), "currency"),
        (patch(None, None, Some("€UR")), "currency"),
    ];
    for (command, field) in cases {
        assert_eq!(blame(&world.refusal(command.clone())), (ProblemCode::InvalidField, Some(field)), "{command:?}");
    }
}
