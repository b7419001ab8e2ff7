//! The demo as a newcomer meets it: cameras that are put up, learn, and then set the slots by what they see.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use parking_api::cameras::CameraStatus;
use parking_api::captures::Capture;
use parking_api::client::{CaptureQuery, Client, EventQuery, Mutation};
use parking_api::events::{Event, EventChange};
use parking_api::regions::{SlotView, Trust};
use parking_api::slots::{SetSlot, Slot, SlotState, Source};
use parking_api::{CameraId, LotId, SlotRef, Time};

use crate::harness::{PATIENCE, Parkd, wait_for};

const CAMERAS: [&str; 2] = ["cam-1", "cam-2"];
/// The slot under the old tree.
const HIDDEN: &str = "B-16";
const LEARNED: &str = "slots follow what their cameras see";
const AGREES: &str = "slots are known as they are";

fn admin(parkd: &Parkd) -> Client {
    let lot: LotId = "demo".parse().expect("a lot id");
    parkd.client_of(lot, Some(parkd.admin_token()))
}

fn id(camera: &str) -> CameraId {
    camera.parse().expect("a camera id")
}

fn code(slot: &str) -> SlotRef {
    slot.parse().expect("a code")
}

/// Waits longer than for what should happen at once: cameras take their time, and drawing is work.
async fn wait_long<T, F>(what: &str, parkd: &Parkd, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let since = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(since.elapsed() < PATIENCE * 10, "waited in vain for {what}:\n{}", parkd.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The newest first.
async fn captures(admin: &Client, camera: &CameraId) -> Vec<Capture> {
    let query = CaptureQuery { camera: Some(camera.clone()), ..CaptureQuery::default() };
    admin.captures(&query).await.expect("captures").items
}

async fn events(admin: &Client) -> Vec<Event> {
    let mut events = Vec::new();
    let mut after = 0;
    loop {
        let query = EventQuery { after: Some(after), limit: Some(1_000), ..EventQuery::default() };
        let page = admin.events(&query).await.expect("events");
        let Some(last) = page.events.last() else { return events };
        after = last.seq();
        events.extend(page.events.iter().filter_map(|entry| entry.event().cloned()));
    }
}

async fn by_camera(admin: &Client) -> Vec<Slot> {
    let slots = admin.slots(&Default::default()).await.expect("slots");
    slots.into_iter().filter(|slot| slot.source == Source::Camera).collect()
}

async fn view(admin: &Client, slot: &SlotRef) -> SlotView {
    admin.slot_why(slot).await.expect("an answer").views.remove(0)
}

/// What the demo said of how far what is known is how it is: slots that were right, and those that were wrong though nothing moved there.
fn agreements(log: &str) -> Vec<(usize, usize)> {
    let said = log.lines().filter_map(|line| {
        let (before, after) = line.split_once(&format!(" of 48 {AGREES}"))?;
        let right = before.rsplit(' ').next()?.parse().ok()?;
        let wrong = after.split_once("; not in ").map_or(0, |(_, wrong)| wrong.split(", ").count());
        Some((right, wrong))
    });
    said.collect()
}

#[tokio::test]
async fn the_cameras_upload_report_and_obey_as_boards_do() {
    let parkd = Parkd::start(&["--demo"]);
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
    // They were set up for one every three seconds; while they learn they are told to take more.
    wait_for("cam-1 takes a picture every second", || async {
        let times: Vec<Time> =
            captures(&client, &id("cam-1")).await.iter().map(|capture| capture.captured_at).collect();
        (times.len() > 5 && times[..5].windows(2).all(|pair| pair[0].ms_since(pair[1]) < 2_500)).then_some(())
    })
    .await;
}

/// A person says that a slot is free in which every picture shows a car.
async fn a_persons_word_holds(client: &Client, parkd: &Parkd) {
    let slots = by_camera(client).await;
    let slot = slots.iter().find(|slot| slot.state == SlotState::Occupied).expect("a camera has seen a car");
    let slot = code(slot.code.as_str());
    let said = client.slot_set(&slot, &SetSlot::to(SlotState::Free), &Mutation::default()).await.expect("it is set");
    let mut pictures = BTreeSet::new();
    while pictures.len() < 4 {
        let seen = wait_long("it is looked at the slot again", parkd, || async {
            let seen = view(client, &slot).await;
            let is_new = seen.capture.is_some_and(|capture| !pictures.contains(&capture));
            (is_new && seen.seen_at.is_some_and(|at| at > said.value.observed_at)).then_some(seen)
        })
        .await;
        pictures.extend(seen.capture);
    }
    let now = client.slot(&slot).await.expect("the slot");
    assert_eq!((now.state, now.source), (SlotState::Free, Source::Manual), "{:?}", view(client, &slot).await);
    let why = client.slot_why(&slot).await.expect("an answer");
    assert!(why.held_until.is_some(), "{why:?}");
    let view = &why.views[0];
    assert!(view.score.is_some() && view.parts.is_some() && view.crop.is_some(), "{view:?}");
    assert!(view.reference.as_ref().is_some_and(|url| url.starts_with("data:image/png")), "{view:?}");
    let key = view.capture_url.as_ref().and_then(|url| url.strip_prefix("/images/")).expect("the picture's address");
    assert!(client.image(key, None).await.expect("the picture").starts_with(&[0xff, 0xd8]));
}

/// Whatever a camera changed stands beside what it saw, in a picture that was there before.
async fn every_change_has_its_picture(client: &Client) {
    let events = events(client).await;
    let (mut pictures, mut seen) = (BTreeSet::new(), 0);
    for pair in events.windows(2) {
        match (&pair[0].change, &pair[1].change) {
            (EventChange::CaptureAdded { capture }, _) => drop(pictures.insert(capture.id)),
            (EventChange::SlotChanged { slot, .. }, next) if slot.source == Source::Camera => {
                let EventChange::SlotSeen { sighting } = next else { panic!("{slot:?} has no reason") };
                assert_eq!((sighting.slot_id, sighting.state), (slot.id, slot.state));
                assert!(pictures.contains(&sighting.capture), "{sighting:?} is of no picture");
                seen += 1;
            }
            (EventChange::SlotChanged { slot, .. }, _) => assert_eq!(slot.source, Source::Manual, "{slot:?}"),
            _ => {}
        }
    }
    assert!(seen >= 24, "{seen} changes by cameras");
}

#[tokio::test]
async fn slots_follow_the_pictures_people_come_first_and_a_restart_forgets_nothing() {
    let mut parkd = Parkd::start(&["--demo", "--demo-speed", "40"]);
    let client = admin(&parkd);
    wait_long("the cameras have learned", &parkd, || async { parkd.log().contains(LEARNED).then_some(()) }).await;
    let log = parkd.log();
    let learned = log.split_once(" of 48 slots follow").expect("how many").0.rsplit(' ').next().expect("a number");
    assert!(learned.parse::<usize>().expect("a number") >= 38, "{learned} slots follow their pictures");
    let hidden = view(&client, &code(HIDDEN)).await;
    assert_ne!(hidden.trust, Trust::Automatic, "a tree hangs over it: {hidden:?}");

    wait_long("most slots were set by cameras", &parkd, || async {
        (by_camera(&client).await.len() >= 24).then_some(())
    })
    .await;
    a_persons_word_holds(&client, &parkd).await;
    wait_long("it is said how it is", &parkd, || async { (agreements(&parkd.log()).len() >= 2).then_some(()) }).await;
    every_change_has_its_picture(&client).await;

    let seq = client.events(&EventQuery::default()).await.expect("events").head;
    assert_eq!(parkd.stop(), Some(0));
    parkd.verify();
    parkd.restart();
    let client = admin(&parkd);
    wait_long("a camera sets a slot again", &parkd, || async {
        by_camera(&client).await.iter().any(|slot| slot.rev > seq).then_some(())
    })
    .await;
    let said = agreements(&parkd.log());
    let (right, wrong) = said.iter().fold((0, 0), |(r, w), (right, wrong)| (r + right, w + wrong));
    assert!(right * 100 >= (right + wrong) * 95, "{right} right and {wrong} wrong: {said:?}");
    assert_eq!(parkd.log().matches("an attendant shows the cameras").count(), 1, "they learned once");
}
