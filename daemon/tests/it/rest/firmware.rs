//! Firmware: added, rolled out, offered to cameras, fetched, withdrawn.

use parking_api::cameras::Health;
use parking_api::client::{EventQuery, FirmwareMeta};
use parking_api::events::EventChange;
use parking_api::firmware::{Firmware, IMAGE_BYTES_MAX, NewRollOut, Offer, Progress, RollOut};
use parking_api::orders::Reported;
use parking_api::paths::{IDEMPOTENCY_HEADER, REPLAYED_HEADER};
use parking_api::{CameraId, ProblemCode};
use serde_json::{Value, json};

use super::*;
use crate::harness::wait_for;
use crate::wire::{Wire, answer, camera, token};

on_both!(
    a_firmware_is_added_rolled_out_and_withdrawn,
    an_upload_is_done_once_by_its_key_and_a_trial_leaves_nothing,
    a_roll_out_reaches_as_many_cameras_as_it_says_and_stops_when_they_go_back,
);

fn image(version: &str) -> Vec<u8> {
    virtual_cam::cam::image(version, true)
}

fn meta(version: &str) -> FirmwareMeta {
    FirmwareMeta { board: "virtual".into(), version: version.into(), signature: "ab".repeat(64) }
}

/// A firmware that nobody holds to its signature.
pub async fn added(admin: &Client, version: &str) -> Firmware {
    admin.firmware_add(image(version).into(), &meta(version)).await.expect("it is added").value
}

fn percent(percent: u8) -> NewRollOut {
    NewRollOut { percent: Some(percent), ..NewRollOut::default() }
}

async fn a_firmware_is_added_rolled_out_and_withdrawn(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let admin = parkd.admin();
    let one = added(&admin, "0.2.0").await;
    assert_eq!((one.board.as_str(), one.bytes, &one.roll_out), ("virtual", image("0.2.0").len() as u64, &None));
    assert_eq!(admin.firmwares().await.expect("all"), std::slice::from_ref(&one));
    assert_eq!(admin.firmware_image(one.id).await.expect("its bytes"), image("0.2.0"));
    for same in ["0.2.0", "0.2.1"] {
        let again = admin.firmware_add(image("0.2.0").into(), &meta(same)).await;
        assert_eq!(refused(again).code, ProblemCode::AlreadyExists);
    }
    let rolled = admin.firmware_roll_out(one.id, &percent(30)).await.expect("it is rolled out").value;
    let roll_out = rolled.roll_out.clone().expect("a roll-out");
    assert_eq!((roll_out.percent, roll_out.cameras.len(), roll_out.stopped_at), (30, 0, None));
    assert_eq!(admin.firmware(one.id).await.expect("its status").firmware, rolled);
    let nobody = NewRollOut { cameras: vec!["cam-9".parse().expect("an id")], ..NewRollOut::default() };
    assert_eq!(refused(admin.firmware_roll_out(one.id, &nobody).await).code, ProblemCode::CameraNotFound);
    assert_eq!(admin.firmware_withdraw(one.id).await.expect("it is withdrawn").value, rolled);
    assert_eq!(refused(admin.firmware(one.id).await).code, ProblemCode::FirmwareNotFound);
    assert_eq!(refused(admin.firmware_image(one.id).await).code, ProblemCode::FirmwareNotFound);
    let left = std::fs::read_dir(parkd.data_dir().join("parking-images/main/_firmware"));
    assert_eq!(left.map(Iterator::count).unwrap_or_default(), 0, "its bytes are gone");
    let page = admin.events(&EventQuery::default()).await.expect("the log");
    let events = page.events.iter().filter_map(|entry| entry.event());
    let kinds: Vec<_> = events.filter(|event| event.change.kind().starts_with("firmware")).collect();
    let actor = kinds[0].actor.name.clone();
    assert!(actor.is_some() && kinds.iter().all(|event| event.actor.name == actor));
    let kinds: Vec<_> = kinds.iter().map(|event| event.change.kind()).collect();
    assert_eq!(kinds, ["firmware.added", "firmware.changed", "firmware.withdrawn"]);
    added(&admin, "0.2.0").await;
    parkd.verify();
}

async fn an_upload_is_done_once_by_its_key_and_a_trial_leaves_nothing(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let (wire, admin) = (Wire::admin(&parkd), parkd.admin());
    let path = format!("/api/firmware?board=virtual&version=0.2.0&signature={}", "ab".repeat(64));
    let send = |path: String, bytes: Vec<u8>| {
        let request = wire.request("POST", &path).header(IDEMPOTENCY_HEADER, "k");
        answer(request.header("content-type", "application/octet-stream").body(bytes))
    };
    let tried = send(format!("{path}&dry_run=true"), image("0.2.0")).await;
    assert_eq!(tried.status, 200, "{}", tried.text());
    assert_eq!(admin.firmwares().await.expect("all"), []);
    assert!(!parkd.data_dir().join("parking-images/main/_firmware").exists(), "nothing was stored");
    let first: Firmware = send(path.clone(), image("0.2.0")).await.json(201);
    let again = send(path.clone(), image("0.2.0")).await;
    assert_eq!((again.status, again.header(REPLAYED_HEADER)), (201, Some("true")));
    assert_eq!(again.json::<Firmware>(201), first);
    assert_eq!(send(path, image("0.2.1")).await.code(), ProblemCode::IdempotencyMismatch);
    let objects = std::fs::read_dir(parkd.data_dir().join("parking-images/main/_firmware")).expect("a folder");
    assert_eq!(objects.count(), 1, "what was refused is not kept");
    assert_eq!(admin.firmware_image(first.id).await.expect("its bytes"), image("0.2.0"));
    parkd.verify();
}

#[tokio::test]
async fn what_is_no_firmware_is_refused_with_the_field_to_blame() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let add = async |bytes: Vec<u8>, meta: FirmwareMeta| refused(admin.firmware_add(bytes.into(), &meta).await);
    let cases = [
        (FirmwareMeta { board: "Big Board".into(), ..meta("0.2.0") }, "board"),
        (FirmwareMeta { version: "v1".into(), ..meta("0.2.0") }, "version"),
        (FirmwareMeta { signature: "ab".into(), ..meta("0.2.0") }, "signature"),
        (FirmwareMeta { signature: "zz".repeat(64), ..meta("0.2.0") }, "signature"),
    ];
    for (meta, field) in cases {
        let problem = add(image("0.2.0"), meta).await;
        assert_eq!((problem.code, problem.field.as_deref()), (ProblemCode::InvalidField, Some(field)));
    }
    assert_eq!(add(Vec::new(), meta("0.2.0")).await.code, ProblemCode::InvalidField);
    assert_eq!(add(b"\x7fELF\x01".to_vec(), meta("0.2.0")).await.code, ProblemCode::InvalidField);
    assert_eq!(add(vec![0xe9; IMAGE_BYTES_MAX + 1], meta("0.2.0")).await.code, ProblemCode::BodyTooLarge);
    let wire = Wire::admin(&parkd);
    let text = wire.request("POST", "/api/firmware?board=b&version=1&signature=x").header("content-type", "text/plain");
    assert_eq!(answer(text.body("x")).await.code(), ProblemCode::UnsupportedMediaType);
    assert_eq!(wire.send("POST", "/api/firmware?board=b", Value::Null).await.status, 422);
    let one = added(&admin, "0.2.0").await;
    let problem = refused(admin.firmware_roll_out(one.id, &percent(101)).await);
    assert_eq!((problem.code, problem.field.as_deref()), (ProblemCode::InvalidField, Some("percent")));
    assert_eq!(head(&admin).await, one.rev, "nothing else happened");
}

#[tokio::test]
async fn with_a_key_only_what_it_signed_is_accepted_and_new_cameras_are_told_of_it() {
    use ed25519_dalek::{Signer, SigningKey};
    use sha2::{Digest, Sha256};
    let key = SigningKey::from_bytes(&[7; 32]);
    let digits = parking_api::digits::digits_of(key.verifying_key().as_bytes());
    let parkd = Parkd::start(&["--firmware-key", &digits]);
    let admin = parkd.admin();
    assert_eq!(admin.firmware_key().await.expect("an answer").key.as_ref(), Some(&digits));
    assert_eq!(Parkd::start(&[]).admin().firmware_key().await.expect("an answer").key, None);
    let image = image("0.2.0");
    let sha256 = parking_api::digits::digits_of(&Sha256::digest(&image));
    let text = parking_api::firmware::signed_text("virtual", "0.2.0", image.len() as u64, &sha256);
    let signature = parking_api::digits::digits_of(&key.sign(text.as_bytes()).to_bytes());
    let problem = refused(admin.firmware_add(image.clone().into(), &meta("0.2.0")).await);
    assert_eq!((problem.code, problem.field.as_deref()), (ProblemCode::SignatureInvalid, Some("signature")));
    let other = FirmwareMeta { signature: signature.clone(), ..meta("0.3.0") };
    assert_eq!(refused(admin.firmware_add(image.clone().into(), &other).await).code, ProblemCode::SignatureInvalid);
    let right = FirmwareMeta { signature, ..meta("0.2.0") };
    admin.firmware_add(image.into(), &right).await.expect("it is signed");
}

#[tokio::test]
async fn an_image_is_for_the_cameras_of_its_lot_and_for_admins() {
    let parkd = Parkd::start(&[]);
    let one = added(&parkd.admin(), "0.2.0").await;
    let own = camera(&parkd, "cam-1").await;
    let path = format!("/api/firmware/{}/image", one.id);
    let got = Wire::new(&parkd, Some(&own)).get(&path).await;
    assert_eq!((got.status, got.header("content-type")), (200, Some("application/octet-stream")));
    assert_eq!(got.header("content-length").map(str::to_string), Some(one.bytes.to_string()));
    assert_eq!(got.body, image("0.2.0"));
    let attendant = token(&parkd, parking_api::tokens::Role::Attendant).await;
    assert_eq!(Wire::new(&parkd, Some(&attendant)).get(&path).await.code(), ProblemCode::Forbidden);
    let annex = json!({"id": "annex"});
    assert_eq!(Wire::admin(&parkd).send("POST", "/api/lots", annex).await.status, 201);
    let created = Wire::admin(&parkd).send("POST", "/api/cameras?lot=annex", json!({"id": "cam-2"})).await;
    let stranger: Value = created.json(201);
    let stranger = Wire::new(&parkd, stranger["token"].as_str());
    assert_eq!(stranger.get(&path).await.code(), ProblemCode::FirmwareNotFound, "it is another lot's");
}

/// A camera that reports as firmware does.
struct Reporter {
    wire: Wire,
    path: String,
}

impl Reporter {
    async fn new(parkd: &Parkd, id: &str) -> Self {
        Self { wire: Wire::new(parkd, Some(&camera(parkd, id).await)), path: format!("/api/cameras/{id}/health") }
    }

    /// What it is offered for its report.
    async fn says(&self, version: &str, word: Option<(&str, &Firmware)>) -> Option<Offer> {
        let health = Health {
            board: Some("virtual".into()),
            firmware: Some(version.into()),
            update: word.map(|(word, _)| word.into()),
            update_of: word.map(|(_, firmware)| firmware.sha256[..16].into()),
            update_attempt: word.and_then(|(_, firmware)| firmware.roll_out.as_ref()).map(RollOut::attempt),
            ..Health::default()
        };
        let answer = self.wire.send("POST", &self.path, serde_json::to_value(health).expect("JSON")).await;
        answer.json::<Reported>(200).orders.expect("orders").firmware
    }
}

async fn a_roll_out_reaches_as_many_cameras_as_it_says_and_stops_when_they_go_back(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let admin = parkd.admin();
    let one = added(&admin, "0.2.0").await;
    let ids: Vec<CameraId> = (1..=6).map(|number| format!("cam-{number}").parse().expect("an id")).collect();
    let mut cams = Vec::new();
    for id in &ids {
        let cam = Reporter::new(&parkd, id.as_str()).await;
        assert_eq!(cam.says("0.1.0", None).await, None, "nothing is rolled out");
        cams.push(cam);
    }
    admin.firmware_roll_out(one.id, &percent(50)).await.expect("it is rolled out");
    let mut offered = Vec::new();
    for (id, cam) in ids.iter().zip(&cams) {
        if let Some(offer) = cam.says("0.1.0", None).await {
            assert_eq!(Offer { attempt: 0, ..offer }, one.offer());
            offered.push(id.clone());
        }
    }
    assert_eq!(offered.len(), 3);
    let status = admin.firmware(one.id).await.expect("its status");
    assert_eq!(status.cameras.iter().map(|camera| camera.camera.clone()).collect::<Vec<_>>(), offered);
    assert!(status.of_board == 6 && status.cameras.iter().all(|camera| camera.state == Progress::Told));
    let reporter = |id: &CameraId| &cams[ids.iter().position(|other| other == id).expect("one of them")];
    assert_eq!(reporter(&offered[0]).says("0.2.0", Some(("valid", &one))).await, None, "it runs it");
    reporter(&offered[1]).says("0.1.0", Some(("bad_signature", &one))).await.expect("it is told again");
    assert_eq!(reporter(&offered[2]).says("0.1.0", Some(("went_back", &one))).await, None);
    let status = wait_for("the roll-out to stop", || async {
        let status = admin.firmware(one.id).await.expect("its status");
        status.firmware.roll_out.as_ref().is_some_and(|roll_out| roll_out.stopped_at.is_some()).then_some(status)
    })
    .await;
    let states: Vec<_> = status.cameras.iter().map(|camera| camera.state).collect();
    assert_eq!(states, [Progress::Running, Progress::Failed, Progress::WentBack]);
    assert_eq!((status.running, status.went_back), (1, 1));
    assert_eq!(reporter(&offered[1]).says("0.1.0", None).await, None, "nobody is told any more");
    let page = admin.events(&EventQuery::default()).await.expect("the log");
    let last =
        page.events.iter().filter_map(|entry| entry.event()).rfind(|event| event.change.kind() == "firmware.changed");
    let last = last.expect("that it stopped");
    assert_eq!(last.actor.name.as_deref(), Some("firmware"));
    assert!(matches!(&last.change, EventChange::FirmwareChanged { firmware } if firmware.id == one.id));
    let first = status.firmware;
    let again = admin.firmware_roll_out(one.id, &percent(50)).await.expect("it is rolled out again").value;
    reporter(&offered[2]).says("0.1.0", Some(("went_back", &first))).await.expect("it is told of the new attempt");
    let states: Vec<_> =
        admin.firmware(one.id).await.expect("its status").cameras.iter().map(|camera| camera.state).collect();
    assert_eq!(states, [Progress::Running, Progress::Waiting, Progress::Failed], "what was before does not count");
    let more = admin.firmware_roll_out(one.id, &percent(60)).await.expect("it is widened").value;
    let began = |firmware: &Firmware| firmware.roll_out.as_ref().map(|roll_out| roll_out.began_at);
    assert!(began(&first) != began(&again) && began(&again) == began(&more), "a stop ends an attempt");
    assert_eq!(reporter(&offered[2]).says("0.1.0", Some(("went_back", &more))).await, None);
    admin.firmware_roll_out(one.id, &percent(0)).await.expect("it is ended");
    assert_eq!(admin.firmware(one.id).await.expect("its status").cameras, []);
    parkd.verify();
}
