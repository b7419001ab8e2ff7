//! Cameras that look at slots: what they learn from people, when they set a slot, and when they leave it alone.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use parking_api::cameras::{CameraPatch, NewCamera};
use parking_api::captures::Capture;
use parking_api::client::{Client, Error, EventQuery, Mutation};
use parking_api::events::EventChange;
use parking_api::regions::{Calibrate, NewRegion, RegionsMode, SetRegions, SlotView, Trust};
use parking_api::slots::{NewSlot, SetSlot, Slot, SlotState, Source};
use parking_api::{CameraId, Committed, ProblemCode, SlotRef, paths};

use crate::harness::{Parkd, wait_for};
use crate::wire::{Wire, answer};

const WIDTH: usize = 640;
const HEIGHT: usize = 480;
/// Left edges of the slots in the picture, in pixels; all are as large.
const SLOTS: [(&str, usize); 2] = [("A-1", 100), ("A-2", 300)];
const TOP: usize = 160;
const SIDE: usize = 150;

/// A yard as a camera sees it, with vehicles on some slots. No two pictures of it are the same.
fn yard(occupied: &[&str], number: usize) -> Vec<u8> {
    let pixel = |at: usize| {
        let (x, y) = (at % WIDTH, at / WIDTH);
        let noise = (at * 31 + number * 7919) % 5;
        let slot = SLOTS.iter().find(|(_, left)| (*left..left + SIDE).contains(&x) && (TOP..TOP + SIDE).contains(&y));
        let luma = match slot {
            Some((code, left)) if occupied.contains(code) && is_vehicle(x - left, y - TOP) => {
                if ((x - left) / 13 + (y - TOP) / 17).is_multiple_of(2) { 35 } else { 215 }
            }
            Some(_) => 112,
            None => 50 + (((x / 29) * 7919 + (y / 23) * 104_729).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 41) % 150,
        };
        (luma + noise) as u8
    };
    jpeg(&(0..WIDTH * HEIGHT).map(pixel).collect::<Vec<u8>>())
}

fn is_vehicle(x: usize, y: usize) -> bool {
    (20..SIDE - 20).contains(&x) && (12..SIDE - 12).contains(&y)
}

fn jpeg(luma: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 85);
    encoder.encode(luma, WIDTH as u32, HEIGHT as u32, ExtendedColorType::L8).expect("a picture");
    bytes
}

/// A daemon with a camera that sees two slots.
struct Yard {
    parkd: Parkd,
    admin: Client,
    camera: Wire,
    number: usize,
}

impl Yard {
    async fn new(mode: RegionsMode) -> Self {
        let parkd = Parkd::start(&["--upload-rate=1000", "--write-rate=1000"]);
        let admin = parkd.admin();
        let camera = crate::wire::camera(&parkd, "cam-1").await;
        for (code, _) in SLOTS {
            let slot: NewSlot = serde_json::from_value(serde_json::json!({ "code": code })).expect("a slot");
            admin.slot_create(&slot).await.expect("a slot");
        }
        admin.camera_regions_set(&cam(), &regions(mode)).await.expect("regions");
        let camera = Wire::new(&parkd, Some(&camera));
        Self { parkd, admin, camera, number: 0 }
    }

    async fn upload(&self, picture: Vec<u8>) -> Capture {
        let request = self.camera.request("POST", paths::CAPTURE).header("content-type", "image/jpeg").body(picture);
        let committed: Committed<Capture> = answer(request).await.json(201);
        committed.value
    }

    /// Uploads a picture and waits until it was looked at.
    async fn shows(&mut self, occupied: &[&str]) {
        self.number += 1;
        let capture = self.upload(yard(occupied, self.number)).await;
        let this = &*self;
        wait_for("the picture was looked at", || async {
            (this.view("A-1").await.capture == Some(capture.id)).then_some(())
        })
        .await;
    }

    async fn view(&self, slot: &str) -> SlotView {
        self.admin.slot_why(&code(slot)).await.expect("an answer").views.remove(0)
    }

    async fn slot(&self, slot: &str) -> Slot {
        self.admin.slot(&code(slot)).await.expect("the slot")
    }

    async fn becomes(&self, slot: &str, state: SlotState) -> Slot {
        wait_for(&format!("{slot} is {state}"), || async {
            Some(self.slot(slot).await).filter(|slot| slot.state == state)
        })
        .await
    }

    async fn says(&self, slot: &str, state: SlotState) {
        self.admin.slot_set(&code(slot), &SetSlot::to(state), &Mutation::default()).await.expect("it is set");
    }

    /// Shows the empty slots, and then agrees with a person as often as it takes.
    async fn learn(&mut self) {
        let all = Calibrate { free: SLOTS.map(|(slot, _)| code(slot)).into() };
        let begun = self.admin.camera_calibrate(&cam(), &all).await.expect("it begins").value;
        assert_eq!((begun.slots.len(), begun.pictures), (2, 3));
        while self.view("A-1").await.trust == Trust::Manual {
            self.shows(&[]).await;
        }
        for round in 0..40 {
            if self.view("A-1").await.trust == Trust::Automatic {
                self.says("A-1", SlotState::Free).await;
                self.shows(&[]).await;
                return;
            }
            let is_occupied = round % 3 == 1;
            let state = if is_occupied { SlotState::Occupied } else { SlotState::Free };
            self.says("A-1", state).await;
            self.shows(if is_occupied { &["A-1"] } else { &[] }).await;
        }
        panic!("it is not trusted: {:?}", self.view("A-1").await);
    }
}

fn cam() -> CameraId {
    "cam-1".parse().expect("an id")
}

fn code(slot: &str) -> SlotRef {
    slot.parse().expect("a code")
}

fn regions(mode: RegionsMode) -> SetRegions {
    let region = |(slot, left): (&str, usize)| {
        let x = |pixel: usize| pixel as f64 / WIDTH as f64;
        let y = |pixel: usize| pixel as f64 / HEIGHT as f64;
        let (right, bottom) = (left + SIDE, TOP + SIDE);
        NewRegion {
            slot: code(slot),
            polygon: vec![[x(left), y(TOP)], [x(right), y(TOP)], [x(right), y(bottom)], [x(left), y(bottom)]],
        }
    };
    SetRegions { mode, regions: SLOTS.map(region).into() }
}

#[tokio::test]
async fn a_camera_that_agreed_with_people_sets_the_slot_and_says_why() {
    let mut yard = Yard::new(RegionsMode::Auto).await;
    assert_eq!(yard.view("A-1").await.trust, Trust::Manual);
    yard.learn().await;
    yard.shows(&["A-1"]).await;
    yard.shows(&["A-1"]).await;
    let slot = yard.becomes("A-1", SlotState::Occupied).await;
    assert_eq!(slot.source, Source::Camera);
    let page = yard.admin.events(&EventQuery::default()).await.expect("events");
    let seen = page.events.iter().filter_map(|entry| entry.event()).filter_map(|event| match &event.change {
        EventChange::SlotSeen { sighting } => Some((event.seq, sighting.clone())),
        _ => None,
    });
    let seen: Vec<_> = seen.collect();
    let [(seq, sighting)] = &seen[..] else { panic!("it was set once: {seen:?}") };
    assert_eq!(*seq, slot.rev + 1, "directly after what it explains");
    assert!(sighting.score > 0.65 && sighting.parts.edges_over_empty > 0.05, "{sighting:?}");
    assert_eq!((sighting.state, &sighting.camera), (SlotState::Occupied, &cam()));
    let why = yard.admin.slot_why(&code("A-1")).await.expect("why");
    assert_eq!(why.views[0].opinion, Some(SlotState::Occupied));
    assert!(why.views[0].reference.as_ref().is_some_and(|url| url.starts_with("data:image/png")));
    assert_eq!(yard.slot("A-2").await.state, SlotState::Free, "its neighbour is left alone");
    yard.parkd.verify();
}

#[tokio::test]
async fn a_persons_word_holds_against_what_a_camera_sees() {
    let mut yard = Yard::new(RegionsMode::Auto).await;
    yard.learn().await;
    yard.shows(&["A-1"]).await;
    yard.shows(&["A-1"]).await;
    yard.says("A-1", SlotState::Free).await;
    for _ in 0..4 {
        yard.shows(&["A-1"]).await;
    }
    let slot = yard.slot("A-1").await;
    assert_eq!((slot.state, slot.source), (SlotState::Free, Source::Manual));
    let why = yard.admin.slot_why(&code("A-1")).await.expect("why");
    assert!(why.held_until.is_some(), "{why:?}");
    assert!(why.views[0].outcome.contains("person") || why.views[0].trust != Trust::Automatic, "{why:?}");
}

#[tokio::test]
async fn a_camera_that_may_only_suggest_changes_nothing() {
    let mut yard = Yard::new(RegionsMode::Suggest).await;
    yard.learn().await;
    for _ in 0..3 {
        yard.shows(&["A-1"]).await;
    }
    assert!(yard.view("A-1").await.outcome.contains("suggests occupied"), "{:?}", yard.view("A-1").await);
    assert_eq!(yard.slot("A-1").await.state, SlotState::Free);
}

#[tokio::test]
async fn pictures_that_show_nothing_change_nothing_and_after_a_while_the_slot_is_unknown() {
    let mut yard = Yard::new(RegionsMode::Auto).await;
    yard.learn().await;
    for _ in 0..2 {
        yard.shows(&["A-1"]).await;
    }
    yard.becomes("A-1", SlotState::Occupied).await;
    let dark: Vec<u8> = (0..WIDTH * HEIGHT).map(|at| (at % 7) as u8).collect();
    let foreign = |at: usize| (((at % WIDTH / 17) * 31 + (at / WIDTH / 41) * 17) % 200 + 20) as u8;
    let foreign: Vec<u8> = (0..WIDTH * HEIGHT).map(foreign).collect();
    for picture in [vec![128; WIDTH * HEIGHT], dark, foreign] {
        yard.upload(jpeg(&picture)).await;
    }
    wait_for("the camera says what it sees", || async {
        Some(yard.view("A-1").await.outcome).filter(|why| why.contains("something else") || why.contains("moved"))
    })
    .await;
    assert_eq!(yard.slot("A-1").await.state, SlotState::Occupied);
    let soon = CameraPatch { interval_s: Some(1), ..CameraPatch::default() };
    yard.admin.camera_patch(&cam(), &soon).await.expect("it is changed");
    let slot = yard.becomes("A-1", SlotState::Unknown).await;
    assert_eq!(slot.source, Source::Camera);
    assert_eq!(yard.slot("A-2").await.state, SlotState::Free, "what a person said stays");
}

#[tokio::test]
async fn regions_that_mean_nothing_are_refused() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let new: NewCamera = serde_json::from_value(serde_json::json!({ "id": "cam-1" })).expect("a camera");
    admin.camera_create(&new).await.expect("a camera");
    let none = admin.camera_regions(&cam()).await.expect("none yet");
    assert_eq!((none.mode, none.regions.len(), none.rev), (RegionsMode::Off, 0, 0));
    let slot: NewSlot = serde_json::from_value(serde_json::json!({ "code": "A-1" })).expect("a slot");
    admin.slot_create(&slot).await.expect("a slot");
    let square = vec![[0.1, 0.1], [0.4, 0.1], [0.4, 0.4]];
    let with = |slot: &str, polygon: &[[f64; 2]]| NewRegion { slot: code(slot), polygon: polygon.to_vec() };
    let cases = [
        (vec![with("A-9", &square)], ProblemCode::SlotNotFound),
        (vec![with("A-1", &square[..2])], ProblemCode::InvalidField),
        (vec![with("A-1", &[[0.1, 0.1]; 17])], ProblemCode::InvalidField),
        (vec![with("A-1", &[[0.1, 0.1], [1.4, 0.1], [0.4, 0.4]])], ProblemCode::InvalidField),
        (vec![with("A-1", &[[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]])], ProblemCode::InvalidField),
        (vec![with("A-1", &square), with("A-1", &square)], ProblemCode::InvalidField),
    ];
    for (regions, expected) in cases {
        let refused = admin.camera_regions_set(&cam(), &SetRegions { mode: RegionsMode::Auto, regions }).await;
        let Err(Error::Refused(problem)) = refused else { panic!("{expected:?}: {refused:?}") };
        assert_eq!(problem.code, expected);
    }
    let drawn = SetRegions { mode: RegionsMode::Suggest, regions: vec![with("A-1", &square)] };
    let committed = admin.camera_regions_set(&cam(), &drawn).await.expect("they are drawn");
    assert_eq!(admin.camera_regions(&cam()).await.expect("regions"), committed.value);
    admin.camera_delete(&cam()).await.expect("it is deleted");
    parkd.verify();
}
