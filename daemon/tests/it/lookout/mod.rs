//! Cameras that look at slots: what they learn from people, when they set a slot, and when they leave it alone.

mod decay;
mod replay;
mod rules;
mod tools;

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use parking_api::captures::Capture;
use parking_api::client::{Client, Mutation};
use parking_api::regions::{Calibrate, NewRegion, RegionsMode, SetRegions, SlotView, Trust};
use parking_api::slots::{NewSlot, SetSlot, Slot, SlotState};
use parking_api::{CameraId, Committed, SlotRef, paths};

use crate::harness::{Parkd, wait_for};
use crate::wire::{Wire, answer};

pub const WIDTH: usize = 640;
pub const HEIGHT: usize = 480;
/// Left edges of the slots in the picture, in pixels; all are as large.
const SLOTS: [(&str, usize); 2] = [("A-1", 100), ("A-2", 300)];
const TOP: usize = 160;
const SIDE: usize = 150;

/// A yard as a camera sees it, with vehicles on some slots. No two pictures of it are the same.
pub fn yard(occupied: &[&str], number: usize) -> Vec<u8> {
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
    (0..WIDTH * HEIGHT).map(pixel).collect()
}

/// The same picture with four pixels for each.
fn enlarged(luma: &[u8]) -> Vec<u8> {
    let (width, height) = (WIDTH * 2, HEIGHT * 2);
    (0..width * height).map(|at| luma[at / width / 2 * WIDTH + at % width / 2]).collect()
}

fn is_vehicle(x: usize, y: usize) -> bool {
    (20..SIDE - 20).contains(&x) && (12..SIDE - 12).contains(&y)
}

pub fn jpeg(luma: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 85);
    encoder.encode(luma, width as u32, height as u32, ExtendedColorType::L8).expect("a picture");
    bytes
}

/// A daemon with a camera that sees two slots.
pub struct Yard {
    pub parkd: Parkd,
    pub admin: Client,
    /// Of each camera; the second one sees the same twice as large.
    pub cameras: Vec<Wire>,
    pub tokens: Vec<String>,
    number: usize,
}

impl Yard {
    pub async fn new(mode: RegionsMode) -> Self {
        Self::with_cameras(mode, 1).await
    }

    pub async fn with_cameras(mode: RegionsMode, count: usize) -> Self {
        Self::on(Parkd::start(&["--upload-rate=1000", "--write-rate=1000"]), mode, count).await
    }

    pub async fn on(parkd: Parkd, mode: RegionsMode, count: usize) -> Self {
        let admin = parkd.admin();
        for (code, _) in SLOTS {
            let slot: NewSlot = serde_json::from_value(serde_json::json!({ "code": code })).expect("a slot");
            admin.slot_create(&slot).await.expect("a slot");
        }
        let mut tokens = Vec::new();
        for number in 1..=count {
            let token = crate::wire::camera(&parkd, &format!("cam-{number}")).await;
            tokens.push(token);
            admin.camera_regions_set(&cam(number), &regions(mode), &Mutation::default()).await.expect("regions");
        }
        let cameras = tokens.iter().map(|token| Wire::new(&parkd, Some(token))).collect();
        Self { parkd, admin, cameras, tokens, number: 0 }
    }

    pub fn restart(&mut self) {
        self.parkd.stop();
        self.parkd.restart();
        self.admin = self.parkd.admin();
        self.cameras = self.tokens.iter().map(|token| Wire::new(&self.parkd, Some(token))).collect();
    }

    pub async fn upload(&self, camera: usize, picture: Vec<u8>) -> Capture {
        let wire = &self.cameras[camera - 1];
        let request = wire.request("POST", paths::CAPTURE).header("content-type", "image/jpeg").body(picture);
        let committed: Committed<Capture> = answer(request).await.json(201);
        committed.value
    }

    /// Uploads a picture of every camera and waits until they were looked at.
    pub async fn shows(&mut self, occupied: &[&str]) {
        for camera in 1..=self.cameras.len() {
            self.shows_to(camera, occupied).await;
        }
    }

    pub async fn shows_to(&mut self, camera: usize, occupied: &[&str]) {
        self.number += 1;
        let luma = yard(occupied, self.number);
        let picture = match camera {
            1 => jpeg(&luma, WIDTH, HEIGHT),
            _ => jpeg(&enlarged(&luma), WIDTH * 2, HEIGHT * 2),
        };
        let capture = self.upload(camera, picture).await;
        let this = &*self;
        wait_for("the picture was looked at", || async {
            (this.view_of(camera, "A-1").await.capture == Some(capture.id)).then_some(())
        })
        .await;
    }

    pub async fn view(&self, slot: &str) -> SlotView {
        self.view_of(1, slot).await
    }

    pub async fn view_of(&self, camera: usize, slot: &str) -> SlotView {
        let views = self.admin.slot_why(&code(slot)).await.expect("an answer").views;
        views.into_iter().find(|view| view.camera == cam(camera)).expect("it sees the slot")
    }

    pub async fn slot(&self, slot: &str) -> Slot {
        self.admin.slot(&code(slot)).await.expect("the slot")
    }

    pub async fn becomes(&self, slot: &str, state: SlotState) -> Slot {
        wait_for(&format!("{slot} is {state}"), || async {
            Some(self.slot(slot).await).filter(|slot| slot.state == state)
        })
        .await
    }

    pub async fn says(&self, slot: &str, state: SlotState) {
        self.admin.slot_set(&code(slot), &SetSlot::to(state), &Mutation::default()).await.expect("it is set");
    }

    async fn are_trusted(&self) -> bool {
        let views = self.admin.slot_why(&code("A-1")).await.expect("an answer").views;
        views.iter().all(|view| view.trust == Trust::Automatic)
    }

    /// Shows the empty slots, and then agrees with a person as often as it takes.
    pub async fn learn(&mut self) {
        let all = Calibrate { free: SLOTS.map(|(slot, _)| code(slot)).into() };
        for camera in 1..=self.cameras.len() {
            let begun = self.admin.camera_calibrate(&cam(camera), &all).await.expect("it begins").value;
            assert_eq!((begun.slots.len(), begun.pictures), (2, 3));
        }
        while self.view("A-1").await.trust == Trust::Manual {
            self.shows(&[]).await;
        }
        for round in 0..40 {
            if self.are_trusted().await {
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

pub fn cam(number: usize) -> CameraId {
    format!("cam-{number}").parse().expect("an id")
}

pub fn code(slot: &str) -> SlotRef {
    slot.parse().expect("a code")
}

pub fn regions(mode: RegionsMode) -> SetRegions {
    let region = |(slot, left): (&str, usize)| {
        let x = |pixel: usize| pixel as f64 / WIDTH as f64;
        let y = |pixel: usize| pixel as f64 / HEIGHT as f64;
        let (right, bottom) = (left + SIDE, TOP + SIDE);
        NewRegion {
            slot: code(slot),
            polygon: vec![[x(left), y(TOP)], [x(right), y(TOP)], [x(right), y(bottom)], [x(left), y(bottom)]],
        }
    };
    SetRegions { mode, regions: SLOTS.map(region).into(), anchor: None }
}
