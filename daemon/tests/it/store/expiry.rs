//! What retention and the sweep ask.

use parkd::store::{AgedCapture, CaptureSum};

use super::*;
use crate::harness::on_both;

on_both!(
    captures_are_summed_up_by_camera_and_day_of_arrival,
    captures_are_walked_by_age,
    pictures_and_captures_are_known_by_name,
);

const DAY_MS: i64 = 86_400_000;

async fn stage(database: Database, captures: &[Capture]) -> Stage {
    let mut stage = Stage::with_lot(database).await;
    stage.commit(captures.iter().map(|capture| EventChange::CaptureAdded { capture: capture.clone() })).await;
    stage
}

async fn captures_are_summed_up_by_camera_and_day_of_arrival(database: Database) {
    let start = START_MS - START_MS % DAY_MS;
    let arrived = |capture: Capture, day: i64, ms: i64, bytes| Capture {
        received_at: Time::from_ms(start + day * DAY_MS + ms),
        bytes,
        ..capture
    };
    let stage = stage(
        database,
        &[
            arrived(capture(1, Some("cam-1"), 2), 0, 0, 10),
            arrived(capture(2, Some("cam-1"), 3), 0, DAY_MS - 1, 20),
            arrived(capture(3, Some("cam-1"), 4), 1, 0, 1 << 40),
            Capture { pinned: true, ..arrived(capture(4, None, 5), 0, 7, 40) },
            arrived(capture(5, None, 6), 0, 5, 50),
        ],
    )
    .await;
    let mut sums = stage.store.capture_sums().await.expect("sums");
    sums.sort_by(|a, b| (a.day, &a.camera).cmp(&(b.day, &b.camera)));
    let day = start / DAY_MS;
    let sum = |camera: Option<&str>, day: i64, captures, bytes, pinned, pinned_bytes, first| CaptureSum {
        lot: LotId::default(),
        camera: camera.map(|camera| camera.parse().expect("a camera id")),
        day,
        captures,
        bytes,
        pinned,
        pinned_bytes,
        first: Time::from_ms(day * DAY_MS + first),
    };
    let expected = [
        sum(None, day, 2, 90, 1, 40, 5),
        sum(Some("cam-1"), day, 2, 30, 0, 0, 0),
        sum(Some("cam-1"), day + 1, 1, 1 << 40, 0, 0, 0),
    ];
    assert_eq!(sums, expected);
    assert_eq!(Stage::with_lot(database).await.store.capture_sums().await.expect("sums"), []);
}

async fn captures_are_walked_by_age(database: Database) {
    let all =
        [capture(4, Some("cam-1"), 2), capture(2, None, 3), capture(3, Some("cam-2"), 3), capture(1, Some("cam-1"), 9)];
    let pinned = Capture { pinned: true, ..all[1].clone() };
    let stage = stage(database, &[all[3].clone(), all[0].clone(), all[2].clone(), pinned]).await;
    let first = stage.store.captures_by_age(None, 3).await.expect("captures");
    let rest = stage.store.captures_by_age(first.last(), 3).await.expect("captures");
    let walked: Vec<_> = first.into_iter().chain(rest).collect();
    let aged = |capture: &Capture| AgedCapture {
        lot: LotId::default(),
        camera: capture.camera.clone(),
        id: capture.id,
        at: capture.received_at,
        bytes: capture.bytes,
        pinned: capture.id == all[1].id,
    };
    assert_eq!(walked, all.iter().map(aged).collect::<Vec<_>>());
    assert_eq!(stage.store.captures_by_age(walked.last(), 3).await.expect("captures"), []);
}

async fn pictures_and_captures_are_known_by_name(database: Database) {
    let all = [capture(1, None, 2), capture(2, None, 3), capture(3, None, 4)];
    let stage = stage(database, &all).await;
    let keys = ["main/1.jpg", "main/9.jpg", "main/3.jpg", "\"'"].map(String::from);
    let known = stage.store.known_pictures(&keys).await.expect("pictures");
    assert_eq!(known, ["main/1.jpg", "main/3.jpg"].map(String::from).into());
    assert!(stage.store.known_pictures(&[]).await.expect("pictures").is_empty());
    let ids = [1, 9].map(|number| CaptureId(id(number)));
    assert_eq!(stage.store.known_captures(&stage.lot, &ids).await.expect("captures"), [ids[0]].into());
    let other = "other".parse().expect("an id");
    assert!(stage.store.known_captures(&other, &ids).await.expect("captures").is_empty());
    let first = stage.store.pictures_by_key("", 2).await.expect("pictures");
    let rest = stage.store.pictures_by_key(&first[1].0, 2).await.expect("pictures");
    let walked: Vec<_> = first.into_iter().chain(rest).collect();
    assert_eq!(walked, all.map(|capture| (capture.key, capture.received_at)));
}
