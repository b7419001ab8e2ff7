//! Every way in which a picture may come, and that it is kept as it came.

use parkd::clock::{Clock, SystemClock};
use parking_api::cameras::{CameraStatus, NewCamera};
use parking_api::captures::Capture;
use parking_api::client::{CaptureMeta, CaptureQuery};
use parking_api::lots::NewLot;
use parking_api::paths;

use super::files::{Part, form, form_type, jpeg, png, sketch_form};
use super::*;

#[tokio::test]
async fn a_picture_is_kept_as_it_came_whichever_way_it_was_sent() {
    let gate = Gate::new().await;
    let (jpeg, png) = (jpeg(320, 240), png(64, 48));
    let by_any_name =
        |disposition: &str, content_type: Option<&str>, body: &[u8]| form(&[Part { disposition, content_type, body }]);
    let with_text_before = form(&[
        Part { disposition: "; name=\"api_key\"", content_type: None, body: b"none" },
        Part { disposition: "; name=\"x\"; filename=\"a.bin\"", content_type: None, body: &jpeg },
        Part { disposition: "; name=\"y\"; filename=\"b.png\"", content_type: Some("image/png"), body: &png },
    ]);
    let named = "; name=\"picture\"; filename=\"photo.jpg\"";
    let cases: Vec<(&str, Vec<u8>, &[u8])> = vec![
        ("image/jpeg", jpeg.clone(), &jpeg),
        ("image/jpg", jpeg.clone(), &jpeg),
        ("image/png", png.clone(), &png),
        ("application/octet-stream", jpeg.clone(), &jpeg),
        ("form", sketch_form(&jpeg), &jpeg),
        ("form", by_any_name(named, None, &png), &png),
        ("form", by_any_name("; name=\"data\"", Some("image/jpeg"), &jpeg), &jpeg),
        ("form", by_any_name(named, Some("application/octet-stream"), &jpeg), &jpeg),
        ("form", with_text_before, &jpeg),
    ];
    for (index, (content_type, body, picture)) in cases.iter().enumerate() {
        let form_type = form_type();
        let content_type = if *content_type == "form" { form_type.as_str() } else { content_type };
        let capture = stored(&upload(&gate.camera, content_type, body).await);
        let is_jpeg = picture.starts_with(&[0xFF, 0xD8]);
        let (kind, width, height) = if is_jpeg { ("image/jpeg", 320, 240) } else { ("image/png", 64, 48) };
        assert_eq!(
            (capture.content_type.as_str(), capture.width, capture.height),
            (kind, width, height),
            "case {index}"
        );
        assert_eq!((capture.bytes, capture.sha256.clone()), (picture.len() as u64, sha256(picture)), "case {index}");
        assert_eq!(capture.camera.map(|id| id.to_string()).as_deref(), Some("cam-1"));
        assert_eq!(capture.url, paths::image(&capture.key));
        assert_eq!(gate.object(&capture.key), *picture, "case {index}");
        let fetched = gate.admin.get(&capture.url).await;
        assert_eq!((fetched.status, &fetched.body[..]), (200, *picture), "case {index}");
    }
    let kept = gate.stored().await;
    assert_eq!((kept.rows.len(), &kept.rows), (cases.len(), &kept.objects));
    gate.parkd.verify();
}

#[tokio::test]
async fn padding_after_the_end_of_a_picture_is_cut_off() {
    let gate = Gate::new().await;
    for (content_type, picture) in [("image/jpeg", jpeg(64, 48)), ("image/png", png(64, 48))] {
        let padded = [&picture[..], &[0; 700]].concat();
        let capture = stored(&upload(&gate.camera, content_type, &padded).await);
        assert_eq!((capture.bytes, capture.sha256), (picture.len() as u64, sha256(&picture)));
        assert_eq!(gate.object(&capture.key), picture);
    }
}

#[tokio::test]
async fn a_key_holds_lot_camera_and_day_and_nothing_that_the_sender_wrote() {
    let gate = Gate::new().await;
    let tricks = [
        "; name=\"../../../../etc\"; filename=\"../../../admin.token\"",
        "; name=\"x\"; filename=\"/etc/passwd\"",
        "; name=\"x\"; filename=\"..\\..\\a.jpg\"",
        "; name=\"x\"; filename=\"ä b;c\\\"d.jpg\"",
        "; name=\"x\"; filename*=UTF-8''..%2f..%2fa.jpg; filename=\"a.jpg\"",
        "; name=\"\"; filename=\"\"",
    ];
    let before = files(gate.parkd.data_dir());
    let mut keys = BTreeSet::new();
    for disposition in tricks {
        let body = form(&[Part { disposition, content_type: Some("image/jpeg"), body: &jpeg(8, 8) }]);
        let capture = stored(&upload(&gate.camera, &form_type(), &body).await);
        let day = capture.received_at.to_string()[..10].replace('-', "/");
        let sha = &capture.sha256[..8];
        assert_eq!(capture.key, format!("main/cam-1/{day}/{}-{sha}.jpg", capture.id), "{disposition}");
        keys.insert(format!("parking-images/{}", capture.key));
    }
    let new: BTreeSet<_> = files(gate.parkd.data_dir()).difference(&before).cloned().collect();
    assert_eq!(new, keys, "no other file has appeared in the data folder");
}

#[tokio::test]
async fn a_picture_carries_the_time_that_its_camera_says_else_the_time_of_arrival() {
    let gate = Gate::new().await;
    const HOUR_MS: i64 = 3_600_000;
    let taken = SystemClock.now().plus_ms(-20 * 24 * HOUR_MS);
    let says = taken.plus_ms(7 * HOUR_MS).to_string().replace('Z', "+07:00");
    let with_time = [(paths::CAPTURED_AT_HEADER, says.as_str())];
    let capture = stored(&upload_with(&gate.camera, "image/jpeg", &jpeg(8, 8), &with_time).await);
    assert_eq!(capture.captured_at, taken);
    assert!(capture.received_at > capture.captured_at);
    let capture = stored(&upload(&gate.camera, "image/jpeg", &jpeg(8, 8)).await);
    assert!(capture.received_at.ms_since(capture.captured_at).abs() < 5_000);
}

#[tokio::test]
async fn an_upload_is_a_contact_and_brings_its_camera_online() {
    let gate = Gate::new().await;
    let client = gate.parkd.admin();
    let id = "cam-1".parse().expect("a camera id");
    let before = client.camera(&id).await.expect("the camera");
    assert_eq!((before.status, before.contact), (CameraStatus::Offline, None));
    let capture = stored(&upload(&gate.camera, "image/jpeg", &jpeg(8, 8)).await);
    let after = client.camera(&id).await.expect("the camera");
    assert_eq!(after.status, CameraStatus::Online);
    assert_eq!(after.contact.and_then(|contact| contact.capture_id), Some(capture.id));
}

#[tokio::test]
async fn a_camera_speaks_for_itself_in_its_own_lot_and_a_person_for_any() {
    let gate = Gate::new().await;
    let admin = gate.parkd.admin();
    let north = NewLot { id: "north".parse().expect("a lot id"), name: None, time_zone: None, currency: None };
    admin.lot_create(&north).await.expect("a lot");
    let in_north = gate.parkd.client_of(north.id.clone(), Some(gate.parkd.admin_token()));
    let new = NewCamera { id: "cam-n".parse().expect("a camera id"), name: None, zone: None, interval_s: None };
    let token = in_north.camera_create(&new).await.expect("a camera").value.token;
    let from_north = Wire::new(&gate.parkd, Some(&token));
    for path in ["/api/capture", "/api/capture?lot=north&camera=cam-n", "/api/capture?lot=main"] {
        let request = from_north.request("POST", path).header("content-type", "image/jpeg").body(jpeg(8, 8));
        let capture = stored(&answer(request).await);
        assert!(capture.key.starts_with("north/cam-n/"), "{path}: {}", capture.key);
    }
    let meta = CaptureMeta { camera: Some("cam-1".parse().expect("a camera id")), ..CaptureMeta::default() };
    let by_person = admin.capture_upload(jpeg(8, 8).into(), "image/jpeg", &meta).await.expect("a capture").value;
    assert_eq!(by_person.camera, meta.camera);
    let without = admin.capture_upload(jpeg(8, 8).into(), "image/jpeg", &CaptureMeta::default()).await;
    let without = without.expect("a capture").value;
    assert_eq!((without.camera, without.key.starts_with("main/_/")), (None, true));
}

#[tokio::test]
async fn captures_are_listed_newest_first_page_by_page_without_a_gap() {
    let gate = Gate::new().await;
    let client = gate.parkd.admin();
    // Three of the seven were taken at the very same moment.
    let minutes = [0, 1, 2, 2, 2, 3, 4];
    let began = SystemClock.now().plus_ms(-3_600_000);
    let mut made: Vec<Capture> = Vec::new();
    for minute in minutes {
        let meta = CaptureMeta {
            camera: Some("cam-1".parse().expect("a camera id")),
            captured_at: Some(began.plus_ms(minute * 60_000)),
            idempotency_key: None,
        };
        made.push(client.capture_upload(jpeg(8, 8).into(), "image/jpeg", &meta).await.expect("a capture").value);
    }
    let whole = client.captures(&CaptureQuery::default()).await.expect("captures");
    assert_eq!((whole.items.len(), whole.next), (7, None));
    assert!(whole.items.windows(2).all(|pair| pair[0].captured_at >= pair[1].captured_at));
    let mut query = CaptureQuery { limit: Some(2), ..CaptureQuery::default() };
    let mut walked = Vec::new();
    loop {
        let page = client.captures(&query).await.expect("a page");
        assert!(page.items.len() <= 2);
        walked.extend(page.items);
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(walked, whole.items, "page by page they are the same");
    let between =
        CaptureQuery { from: Some(made[1].captured_at), to: Some(made[5].captured_at), ..CaptureQuery::default() };
    assert_eq!(client.captures(&between).await.expect("captures").items.len(), 4, "from is in, to is not");
    let other = CaptureQuery { camera: Some("cam-2".parse().expect("a camera id")), ..CaptureQuery::default() };
    assert!(client.captures(&other).await.expect("captures").items.is_empty());
    assert_eq!(client.capture_latest(None).await.expect("a capture"), made[6]);
    assert_eq!(client.capture(made[3].id).await.expect("a capture"), made[3]);
}

#[tokio::test]
async fn a_camera_whose_clock_is_far_ahead_does_not_hide_what_others_take() {
    let gate = Gate::new().await;
    let ahead = [(paths::CAPTURED_AT_HEADER, "2099-01-01T00:00:00Z")];
    let ahead = stored(&upload_with(&gate.camera, "image/jpeg", &jpeg(8, 8), &ahead).await);
    assert!((0..5_000).contains(&ahead.received_at.ms_since(ahead.captured_at)), "it was taken when it arrived");
    let client = gate.parkd.admin();
    assert_eq!(client.capture_latest(None).await.expect("a capture").id, ahead.id, "the only one is the newest");
    let never_set = [(paths::CAPTURED_AT_HEADER, "1970-01-01T00:00:12Z")];
    let never_set = stored(&upload_with(&gate.camera, "image/jpeg", &jpeg(8, 8), &never_set).await);
    assert!((0..5_000).contains(&never_set.received_at.ms_since(never_set.captured_at)), "such a clock was never set");
    let old = [(paths::CAPTURED_AT_HEADER, "2019-05-01T05:17:55.000Z")];
    let old = stored(&upload_with(&gate.admin, "image/jpeg", &jpeg(8, 8), &old).await);
    assert_eq!(old.captured_at.to_string(), "2019-05-01T05:17:55.000Z", "a person may bring an old picture");
    let near = ahead.received_at.plus_ms(30_000).to_string();
    let near =
        stored(&upload_with(&gate.camera, "image/jpeg", &jpeg(8, 8), &[(paths::CAPTURED_AT_HEADER, &near)]).await);
    assert_eq!(near.captured_at, ahead.received_at.plus_ms(30_000), "clocks are never quite alike");
    let listed = client.captures(&CaptureQuery::default()).await.expect("captures").items;
    assert_eq!(listed.iter().map(|capture| capture.id).collect::<Vec<_>>(), [near.id, never_set.id, ahead.id, old.id]);
}
