//! One camera's eye on one slot, picture by picture, without a daemon around it.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use parking_api::captures::Capture;
use parking_api::regions::{CameraRegions, Region, RegionsMode};
use parking_api::slots::{Slot, SlotState, Source};
use parking_api::{CaptureId, SlotId, Time};

use super::judge::{Judged, Picked, Trouble, judge, note};
use super::learned::{Patches, patch};
use super::memory::Known;
use crate::clock::new_id;
use crate::occupancy::mode::Mode;
use crate::occupancy::model::Model;
use crate::occupancy::picture::decode;

const WIDTH: usize = 320;
const HEIGHT: usize = 240;
const SLOT: std::ops::Range<usize> = 80..160;
const INTERVAL_S: u32 = 60;

/// A yard with one slot, as a camera sees it. `world` is where it is, `gain` how bright.
fn yard(is_occupied: bool, number: usize, world: usize, gain: f32) -> Vec<u8> {
    yard_aside(is_occupied, number, world, gain, 0)
}

/// The same from so many pixels farther to the right.
fn yard_aside(is_occupied: bool, number: usize, world: usize, gain: f32, aside: usize) -> Vec<u8> {
    let pixel = |at: usize| {
        let (x, y) = (at % WIDTH + aside, at / WIDTH);
        let is_slot = SLOT.contains(&x) && SLOT.contains(&y) && world == 0;
        let is_vehicle = is_occupied && (90..150).contains(&x) && (86..154).contains(&y);
        let luma = if is_slot && is_vehicle {
            if ((x - 80) / 7 + (y - 80) / 9).is_multiple_of(2) { 35 } else { 215 }
        } else if is_slot {
            112
        } else {
            let mixed = (x / (15 + world)) * 7919 + (y / (12 + 2 * world)) * 104_729 + world * 1_299_709;
            50 + (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 41) % 150
        };
        (gain * (luma + (at * 31 + number * 7919) % 5) as f32) as u8
    };
    jpeg(&(0..WIDTH * HEIGHT).map(pixel).collect::<Vec<u8>>(), WIDTH, HEIGHT)
}

fn jpeg(luma: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 85);
    encoder.encode(luma, width as u32, height as u32, ExtendedColorType::L8).expect("a picture");
    bytes
}

struct Eye {
    known: Known,
    model: Model,
    /// As the database keeps them.
    patches: Patches,
    regions: CameraRegions,
    slot: Slot,
    now: Time,
    number: usize,
}

impl Eye {
    fn new() -> Self {
        let slot: Slot = serde_json::from_str(include_str!("../../api/fixtures/slot.json")).expect("a slot");
        let now = Time::from_ms(1_000_000_000);
        let slot = Slot { state: SlotState::Free, source: Source::Manual, observed_at: now, ..slot };
        let (left, right) = (SLOT.start as f64, SLOT.end as f64);
        let corner = |x: f64, y: f64| [x / WIDTH as f64, y / HEIGHT as f64];
        let polygon = vec![corner(left, left), corner(right, left), corner(right, right), corner(left, right)];
        let region = Region { slot_id: slot.id, slot: slot.code.clone(), polygon };
        let camera = "cam-1".parse().expect("an id");
        let regions = CameraRegions { camera, mode: RegionsMode::Auto, regions: vec![region], rev: 7 };
        let (known, model, patches) = (Known::default(), Model::shipped(), Patches::new());
        let mut eye = Self { known, model, patches, regions, slot, now, number: 0 };
        eye.fit();
        eye
    }

    fn fit(&mut self) -> usize {
        self.known.fit(&self.regions, None, |_| Some(self.slot.clone())).len()
    }

    /// The next picture, one interval later.
    fn looks(&mut self, bytes: &[u8]) -> Result<Judged, Trouble> {
        self.now = self.now.plus_ms(i64::from(INTERVAL_S) * 1000);
        self.looks_at(bytes, self.now)
    }

    fn looks_at(&mut self, bytes: &[u8], captured_at: Time) -> Result<Judged, Trouble> {
        self.number += 1;
        let capture = include_str!("../../api/fixtures/capture.json");
        let capture = Capture {
            id: CaptureId(new_id()),
            sha256: format!(
                "{:x}",
                bytes.iter().fold(self.number, |hash, byte| hash * 31 % 1_000_003 + usize::from(*byte))
            ),
            captured_at,
            received_at: self.now,
            ..serde_json::from_str(capture).expect("a capture")
        };
        let (regions, slots) = (self.regions.clone(), [self.slot.clone()]);
        let wanted = self.known.unlearned().into_iter();
        let patches: Patches = wanted.filter_map(|id| Some((id, self.patches.get(&id)?.clone()))).collect();
        let picked =
            Picked { regions: &regions, slots: &slots, capture: &capture, interval_s: INTERVAL_S, patches: &patches };
        let judged = judge(&mut self.known, &self.model, &picked, bytes);
        note(&mut self.known, judged.as_ref().err(), self.now);
        let labels = judged.iter().flat_map(|judged| &judged.labels);
        self.patches.extend(labels.map(|(label, bytes)| (label.id, patch(bytes.clone()).expect("a patch"))));
        judged
    }

    fn shows(&mut self, is_occupied: bool) -> Judged {
        let number = self.number;
        self.looks(&yard(is_occupied, number, 0, 1.0)).expect("it is judged")
    }

    fn says(&mut self, state: SlotState) {
        self.now = self.now.plus_ms(1_000);
        (self.slot.state, self.slot.source, self.slot.observed_at) = (state, Source::Manual, self.now);
    }

    /// Until the camera is trusted to decide.
    fn learns(&mut self) {
        for round in 0..16 {
            let is_occupied = round % 4 == 3;
            self.says(if is_occupied { SlotState::Occupied } else { SlotState::Free });
            assert_eq!(self.shows(is_occupied).labels.len(), 1, "every word of a person is a label, once");
        }
        assert_eq!(self.trust(), Mode::Automatic);
        self.says(SlotState::Free);
        self.shows(false);
    }

    fn trust(&self) -> Mode {
        self.known.trust(self.slot.id).mode
    }

    fn settled(&self) -> Option<bool> {
        self.known.memory.slots[&self.slot.id].settled.is_occupied
    }

    fn score(&self) -> Option<f32> {
        self.known.memory.slots[&self.slot.id].seen.as_ref().and_then(|seen| seen.score)
    }
}

#[test]
fn a_word_is_a_label_for_the_picture_that_was_taken_after_it_and_for_no_other() {
    let mut eye = Eye::new();
    assert_eq!(
        eye.shows(false).labels.len(),
        0,
        "what was said before the regions were drawn was not said to the camera"
    );
    eye.says(SlotState::Occupied);
    let said_at = eye.now;
    eye.now = eye.now.plus_ms(40_000);
    let late = eye.looks_at(&yard(false, 1, 0, 1.0), said_at.plus_ms(-500)).expect("it is judged");
    assert_eq!(late.labels.len(), 0, "it was taken before that was said");
    let labels = eye.shows(true).labels;
    assert_eq!((labels.len(), labels[0].0.is_occupied), (1, true));
    assert_eq!(eye.shows(true).labels.len(), 0);
    eye.says(SlotState::Free);
    eye.now = eye.now.plus_ms(16 * 60_000);
    assert_eq!(eye.shows(false).labels.len(), 0, "too much may have happened since");
    eye.says(SlotState::Reserved);
    assert_eq!(eye.shows(false).labels.len(), 0, "that says nothing of what is to be seen");
}

#[test]
fn references_are_learned_from_people_alone() {
    let mut eye = Eye::new();
    eye.learns();
    let labels = eye.known.labels[&eye.slot.id].len();
    eye.slot.source = Source::Camera;
    for round in 0..30 {
        let is_occupied = round % 10 > 4;
        eye.shows(is_occupied);
        eye.slot.state = if is_occupied { SlotState::Occupied } else { SlotState::Free };
        eye.slot.observed_at = eye.now;
    }
    assert_eq!(eye.known.labels[&eye.slot.id].len(), labels);
}

#[test]
fn a_change_takes_two_pictures_and_a_persons_word_is_seen_confirmed() {
    let mut eye = Eye::new();
    eye.learns();
    assert!(eye.known.memory.slots[&eye.slot.id].has_agreed);
    eye.shows(true);
    assert_eq!(eye.settled(), Some(false));
    eye.shows(true);
    assert_eq!(eye.settled(), Some(true));
    eye.says(SlotState::Free);
    eye.shows(true);
    eye.shows(true);
    assert!(!eye.known.memory.slots[&eye.slot.id].has_agreed, "it never saw what the person said");
}

#[test]
fn a_thousand_pictures_that_show_nothing_change_nothing() {
    let mut eye = Eye::new();
    eye.learns();
    let whole = yard(true, 1, 0, 1.0);
    let before = eye.known.memory.slots.clone();
    for number in 0..1_000usize {
        let plain = |luma: u8| jpeg(&[luma; 64 * 48], 64, 48);
        let picture = match number % 10 {
            0 => whole[..whole.len() * (number % 97 + 1) / 100].to_vec(),
            1 => whole
                .iter()
                .enumerate()
                .map(|(at, byte)| if at > 200 { byte ^ (number as u8 | 1) } else { *byte })
                .collect(),
            2 => (0..999).map(|at| (at * 31 + number * 7) as u8).collect(),
            3 => plain((number % 256) as u8),
            4 => jpeg(&(0..64 * 48).map(|at| (at * number % 9) as u8).collect::<Vec<u8>>(), 64, 48),
            5 => b"\x89PNG\r\n\x1a\n nothing of the kind".to_vec(),
            6 => jpeg(&(0..64 * 64).map(|at| (at * 37 % 251) as u8).collect::<Vec<u8>>(), 64, 64),
            7 => Vec::new(),
            8 => jpeg(&(0..16 * 12).map(|at| (at * 37 % 251) as u8).collect::<Vec<u8>>(), 16, 12),
            _ => yard(true, number, 1 + number / 10 % 7, 1.0),
        };
        assert!(eye.looks(&picture).is_err(), "{number}");
    }
    assert_eq!(eye.known.memory.slots, before);
}

#[test]
fn a_picture_that_is_no_news_or_of_another_shape_says_nothing() {
    let mut eye = Eye::new();
    eye.shows(false);
    let hour_ago = eye.now.plus_ms(-3_600_000);
    let old = eye.looks_at(&yard(false, 90, 0, 1.0), hour_ago).expect_err("it is old");
    assert!(old.to_string().contains("60 minutes before"), "{old}");
    let before = eye.now.plus_ms(-1_000);
    let overtaken = eye.looks_at(&yard(false, 91, 0, 1.0), before).expect_err("it came too late");
    assert!(overtaken.to_string().contains("newer"), "{overtaken}");
    let tall = jpeg(&(0..HEIGHT * WIDTH).map(|at| (at * 37 % 251) as u8).collect::<Vec<u8>>(), HEIGHT, WIDTH);
    let turned = eye.looks(&tall).expect_err("another shape");
    assert!(turned.to_string().contains("another shape"), "{turned}");
    eye.shows(false);
}

#[test]
fn pictures_of_another_place_are_an_alarm_from_the_second_one_and_dark_ones_are_none() {
    let mut eye = Eye::new();
    eye.shows(false);
    assert!(matches!(eye.looks(&yard(false, 1, 3, 1.0)), Err(Trouble::Astray(_))));
    assert_eq!(eye.known.memory.astray, 1);
    assert!(matches!(eye.looks(&yard(false, 2, 0, 0.05)), Err(Trouble::Mute(_))));
    assert_eq!(eye.known.memory.astray, 1);
    assert!(matches!(eye.looks(&yard(false, 3, 3, 1.0)), Err(Trouble::Astray(_))));
    assert_eq!(eye.known.memory.astray, super::judge::ASTRAY_MIN);
    eye.shows(false);
    assert_eq!((eye.known.memory.astray, &eye.known.memory.trouble), (0, &None));
}

#[test]
fn day_and_night_share_a_reference_until_people_showed_both() {
    const NIGHT: f32 = 0.35;
    let mut eye = Eye::new();
    eye.learns();
    let night = |eye: &mut Eye, is_occupied: bool| {
        let picture = yard(is_occupied, eye.number, 0, NIGHT);
        eye.looks(&picture).expect("it is judged")
    };
    night(&mut eye, false);
    assert!(eye.score().is_some(), "compared with how it looked by day");
    assert_eq!(eye.trust(), Mode::Suggesting, "but not trusted with it");
    for _ in 0..3 {
        eye.says(SlotState::Free);
        let labels = night(&mut eye, false).labels;
        assert_eq!(labels[0].0.light, "night");
        let is_enough = eye.known.labels[&eye.slot.id].iter().filter(|label| label.light == "night").count() >= 3;
        assert_eq!(eye.trust(), if is_enough { Mode::Automatic } else { Mode::Suggesting });
    }
    eye.shows(false);
    assert_eq!(eye.trust(), Mode::Automatic, "by day as before");
}

#[test]
fn regions_drawn_elsewhere_begin_anew_and_a_nudge_or_another_mode_keeps_what_was_learned() {
    let mut eye = Eye::new();
    eye.learns();
    let labels = eye.known.labels[&eye.slot.id].len();
    (eye.regions.rev, eye.regions.mode) = (8, RegionsMode::Suggest);
    assert_eq!((eye.fit(), eye.trust()), (0, Mode::Automatic));
    eye.regions.rev = 9;
    eye.regions.regions[0].polygon[0][0] += 0.004;
    assert_eq!((eye.fit(), eye.trust()), (0, Mode::Automatic));
    eye.regions.rev = 10;
    eye.regions.regions[0].polygon.iter_mut().for_each(|corner| corner[0] += 0.1);
    assert_eq!((eye.fit(), eye.trust()), (labels, Mode::Manual));
    assert!(eye.known.track.is_none(), "the next picture is the one that they were drawn on");
}

#[test]
fn everything_is_remembered_across_a_restart() {
    let mut eye = Eye::new();
    eye.learns();
    eye.shows(true);
    let remembered = eye.known.remembered(true).expect("a text");
    let labels = eye.known.labels.values().flatten().cloned().collect();
    eye.known = Known::resumed(Some(&remembered), labels);
    eye.shows(true);
    assert_eq!((eye.trust(), eye.settled()), (Mode::Automatic, Some(true)), "it was the second picture in a row");
}

#[test]
fn what_was_believed_before_a_long_silence_is_not_believed_after_it() {
    let mut eye = Eye::new();
    eye.learns();
    eye.slot.source = Source::Camera;
    eye.now = eye.now.plus_ms(3_600_000);
    eye.shows(true);
    assert_eq!(eye.settled(), None);
    eye.shows(true);
    assert_eq!(eye.settled(), Some(true));
}

#[test]
fn a_region_that_is_added_later_lies_where_the_camera_looks_by_then_and_the_others_stay_where_they_are() {
    let mut eye = Eye::new();
    eye.shows(false);
    let aside = yard_aside(false, 50, 0, 1.0, 12);
    eye.looks(&aside).expect("it is judged");
    let first = eye.regions.regions[0].clone();
    let added = Region { slot_id: SlotId(new_id()), polygon: first.polygon.clone(), ..first.clone() };
    eye.regions.regions.push(added.clone());
    eye.regions.rev = 8;
    eye.fit();
    let drawn_at = |eye: &Eye, region: &Region| eye.known.memory.slots[&region.slot_id].drawn_at.0 * WIDTH as f32;
    assert_eq!(drawn_at(&eye, &first), 0.0);
    assert!((drawn_at(&eye, &added) + 12.0).abs() < 2.0, "{}", drawn_at(&eye, &added));
    // Whoever draws the first one where it is to be seen now means the same ground.
    eye.regions.regions[0].polygon.iter_mut().for_each(|corner| corner[0] -= 12.0 / WIDTH as f64);
    eye.regions.rev = 9;
    eye.known.labels.insert(first.slot_id, Vec::new());
    eye.fit();
    assert!((drawn_at(&eye, &first) + 12.0).abs() < 2.0 && eye.known.labels.contains_key(&first.slot_id));
    // On an older picture it lay as at first.
    eye.regions.rev = 10;
    eye.regions.regions[0].polygon.iter_mut().for_each(|corner| corner[0] += 0.2);
    let anchor = decode(&yard(false, 51, 0, 1.0)).expect("a picture");
    eye.known.fit(&eye.regions, Some(&anchor), |_| None);
    assert!(drawn_at(&eye, &first).abs() < 2.0, "{}", drawn_at(&eye, &first));
}

#[test]
fn whoever_saves_the_regions_again_says_that_the_camera_was_not_moved() {
    let mut eye = Eye::new();
    eye.learns();
    let street = |number: usize| yard(false, number, 4, 1.0);
    for number in 0..3 {
        assert!(matches!(eye.looks(&street(number)), Err(Trouble::Astray(_))));
    }
    (eye.regions.rev, eye.regions.mode) = (8, RegionsMode::Suggest);
    assert_eq!(eye.fit(), 0);
    assert!(eye.looks(&street(7)).is_err(), "another mode says nothing of where the camera looks");
    eye.regions.rev = 9;
    assert_eq!(eye.fit(), 0, "what was learned stays");
    assert_eq!(eye.known.memory.astray, 0);
    eye.looks(&street(8)).expect("this is what it looks at");
}

#[test]
fn a_camera_that_seldom_sends_a_picture_learns_from_three_all_the_same() {
    let mut eye = Eye::new();
    eye.says(SlotState::Free);
    let id = eye.slot.id;
    eye.known.memory.slots.get_mut(&id).expect("the slot").calibrate(&eye.slot, 3_600);
    for learned in [1, 1, 1, 0] {
        eye.now = eye.now.plus_ms(3_500_000);
        assert_eq!(eye.shows(false).labels.len(), learned);
    }
}

#[test]
fn a_picture_that_comes_again_once_is_no_trouble() {
    let mut eye = Eye::new();
    let picture = yard(false, 1, 0, 1.0);
    eye.looks(&picture).expect("it is judged");
    for is_trouble in [false, true] {
        eye.number -= 1;
        assert!(eye.looks(&picture).is_err());
        assert_eq!(eye.known.memory.trouble.is_some(), is_trouble);
    }
}

#[test]
fn pictures_that_people_spoke_of_are_asked_for_once_and_not_kept() {
    let mut eye = Eye::new();
    eye.learns();
    eye.shows(false);
    assert!(eye.known.unlearned().is_empty());
    eye.says(SlotState::Free);
    eye.shows(false);
    assert_eq!(eye.known.unlearned().len(), eye.known.labels[&eye.slot.id].len());
    let before = eye.score();
    std::mem::take(&mut eye.patches);
    eye.shows(true);
    assert!(before.is_some() && eye.score() > before, "what was learned before counts until they are there");
}

#[test]
fn labels_are_bounded_and_keep_what_trust_needs() {
    let mut eye = Eye::new();
    eye.learns();
    for _ in 0..30 {
        eye.says(SlotState::Free);
        eye.shows(false);
    }
    let labels = &eye.known.labels[&eye.slot.id];
    assert_eq!((labels.len(), labels.iter().filter(|label| label.is_occupied).count() >= 2), (24, true));
    assert_eq!(eye.trust(), Mode::Automatic);
}

#[tokio::test]
async fn pictures_are_judged_on_a_thread_that_nobody_else_needs() {
    let at_work = || (std::thread::current().id(), std::thread::current().name().map(str::to_string));
    let (id, name) = super::apart(at_work).await.expect("it is done");
    assert!(id != at_work().0 && name.as_deref() == Some("lookout"), "{name:?}");
}
