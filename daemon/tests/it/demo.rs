//! The demo as a newcomer meets it.

use parking_api::cameras::{CameraPatch, CameraStatus};
use parking_api::captures::Capture;
use parking_api::client::{CaptureQuery, Client};
use parking_api::{CameraId, LotId};

use crate::harness::{Parkd, wait_for};

const CAMERAS: [&str; 2] = ["cam-1", "cam-2"];

fn admin(parkd: &Parkd) -> Client {
    let lot: LotId = "demo".parse().expect("a lot id");
    parkd.client_of(lot, Some(parkd.admin_token()))
}

fn id(camera: &str) -> CameraId {
    camera.parse().expect("a camera id")
}

/// The newest first.
async fn captures(admin: &Client, camera: &CameraId) -> Vec<Capture> {
    let query = CaptureQuery { camera: Some(camera.clone()), ..CaptureQuery::default() };
    admin.captures(&query).await.expect("captures").items
}

#[tokio::test]
async fn the_cameras_upload_report_obey_and_go_on_after_a_restart_as_boards_do() {
    let mut parkd = Parkd::start(&["--demo"]);
    let client = admin(&parkd);
    for name in CAMERAS {
        let health = wait_for(&format!("{name} reports"), || async {
            let camera = client.camera(&id(name)).await.expect("the camera");
            camera.contact.filter(|_| camera.status == CameraStatus::Online)?.health
        })
        .await;
        assert_eq!((health.board.as_deref(), health.mode.as_deref()), (Some("virtual"), Some("normal")), "{health:?}");
        let first = captures(&client, &id(name)).await.pop().expect("a picture");
        assert_eq!((first.content_type.as_str(), first.width, first.height), ("image/jpeg", 800, 600));
    }
    let often = CameraPatch { interval_s: Some(1), ..CameraPatch::default() };
    client.camera_patch(&id("cam-1"), &often).await.expect("it is changed");
    wait_for("cam-1 takes a picture every second", || async {
        let times: Vec<_> = captures(&client, &id("cam-1")).await.iter().map(|capture| capture.captured_at).collect();
        let is_often = |pair: &[parking_api::Time]| pair[0].ms_since(pair[1]) < 2_500;
        (times.len() > 5 && times[..5].windows(2).all(is_often)).then_some(())
    })
    .await;
    let known = captures(&client, &id("cam-2")).await.len();
    assert_eq!(parkd.stop(), Some(0));
    parkd.verify();
    parkd.restart();
    wait_for("cam-2 goes on", || async { (captures(&client, &id("cam-2")).await.len() > known).then_some(()) }).await;
    assert!(!parkd.log().contains("WARN"), "{}", parkd.log());
}
