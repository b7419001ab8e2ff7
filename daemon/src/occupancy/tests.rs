//! What is lost when a camera is worse than the one before: a yard that is drawn, judged by everything here together.

use super::crop::{Corner, Mask, Square, cut};
use super::disturb::{Chance, Disturbance};
use super::model::{Model, probability};
use super::picture::Picture;
use super::reference::{REFERENCES_MIN, Reference};
use super::shift::{Placed, Scene, Track};

const WIDTH: usize = 640;
const HEIGHT: usize = 480;
/// A slot and the lane around it, in pixels.
const CELL: usize = 160;
const SLOT: usize = 120;
const COLUMNS: usize = WIDTH / CELL;
const SLOTS: usize = COLUMNS * (HEIGHT / CELL);
const PICTURES: usize = 12;

/// Whether, and how dark, a vehicle stands on a slot.
type Parked = [Option<u8>; SLOTS];

fn yard(parked: &Parked, number: usize) -> Picture {
    let pixel = |at: usize| {
        let (x, y) = (at % WIDTH, at / WIDTH);
        let (left, top) = (x % CELL, y % CELL);
        let inside = |from: usize, to: usize| (from..to).contains(&left) && (from / 2..to + from / 2).contains(&top);
        let vehicle = parked[y / CELL * COLUMNS + x / CELL].filter(|_| inside(24, 106));
        let mixed = (x / 9) * 7_919 + (y / 8) * 104_729;
        let patchy = (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 41) % 60;
        let luma = match vehicle {
            // Windows before and behind a roof with rails.
            Some(body) if (34..50).contains(&top) || (78..92).contains(&top) => usize::from(255 - body),
            Some(body) if left % 27 < 5 => usize::from(255 - body),
            Some(body) => usize::from(body),
            None if left < SLOT && top < SLOT => 104 + left / 16 + patchy / 12,
            None => 60 + patchy * 2,
        };
        (luma + (at * 31 + number * 7919) % 6).min(255) as u8
    };
    Picture { width: WIDTH, height: HEIGHT, luma: (0..WIDTH * HEIGHT).map(pixel).collect() }
}

fn polygon(slot: usize) -> Vec<Corner> {
    let (left, top) = (slot % COLUMNS * CELL, slot / COLUMNS * CELL);
    let corner = |x: usize, y: usize| [x as f32 / WIDTH as f32, y as f32 / HEIGHT as f32];
    let (right, bottom) = (left + SLOT, top + SLOT);
    vec![corner(left, top), corner(right, top), corner(right, bottom), corner(left, bottom)]
}

/// Share of slots in pictures that are judged as they are.
fn accuracy(disturbance: Option<Disturbance>) -> f32 {
    let model = Model::shipped();
    let empty: Vec<Picture> = (0..REFERENCES_MIN).map(|number| yard(&[None; SLOTS], number)).collect();
    let reference = |slot: usize| {
        let square = Square::around(&polygon(slot), WIDTH, HEIGHT);
        let patches: Vec<_> = empty.iter().map(|picture| cut(picture, square)).collect();
        Reference::learn(&patches, &Mask::of(&polygon(slot), WIDTH, HEIGHT)).expect("a reference")
    };
    let references: Vec<Reference> = (0..SLOTS).map(reference).collect();
    let mut track = Track::new(Scene::of(&empty[0]));
    let (mut chance, mut right) = (Chance::new(11), 0);
    for number in 0..PICTURES {
        let parked: Parked = std::array::from_fn(|_| {
            (chance.draw() < 0.5).then(|| if chance.draw() < 0.5 { 30 } else { 200 } + (chance.draw() * 30.0) as u8)
        });
        let picture = yard(&parked, 10 + number);
        let mut worse = Chance::new(number as u64);
        let picture = disturbance.map_or(Ok(picture.clone()), |it| it.of(&picture, &mut worse)).expect("a picture");
        let Placed::Aside(dx, dy) = track.follow(&Scene::of(&picture)) else { continue };
        let aside = (dx * picture.width as f32, dy * picture.height as f32);
        for (slot, reference) in references.iter().enumerate() {
            let square = Square::around(&polygon(slot), picture.width, picture.height).moved(aside);
            let score = probability(model.odds(&reference.compare(&cut(&picture, square))));
            right += usize::from((score > 0.5) == parked[slot].is_some());
        }
    }
    right as f32 / (PICTURES * SLOTS) as f32
}

#[test]
fn a_worse_camera_or_one_that_moved_a_little_costs_two_points_at_most() {
    let before = accuracy(None);
    assert!(before > 0.95, "{before}");
    let moved = Disturbance::Shift(16.0 / WIDTH as f32);
    for disturbance in [moved, Disturbance::Compressed, Disturbance::Noise, Disturbance::Half, Disturbance::Dim] {
        let after = accuracy(Some(disturbance));
        assert!(after >= before - 0.02, "{disturbance:?}: {after} instead of {before}");
    }
}
