//! The cars of the demo: how one looks and how well it is parked. Knows no slots' states, no time and no pixels.

use parking_api::SlotCode;
use rand::Rng;
use rand::rngs::SmallRng;

/// The shape of a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    City,
    Saloon,
    Estate,
    Suv,
    Van,
    Taxi,
}

/// One car, for as long as it stays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Car {
    pub body: Body,
    /// Red, green, blue.
    pub paint: [u8; 3],
    pub has_sunroof: bool,
    /// Whether it was driven in forwards.
    pub is_nose_in: bool,
    /// How far it is turned from the lines, in degrees.
    pub angle_deg: f32,
    /// How far its middle is from that of the bay: along it (towards the lane) and across it (to the right), in metres.
    pub along: f32,
    pub across: f32,
}

/// A car and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ParkedCar {
    pub slot: SlotCode,
    pub car: Car,
}

/// What is sold most is seen most.
const BODIES: [(Body, u32); 6] =
    [(Body::City, 26), (Body::Saloon, 22), (Body::Estate, 18), (Body::Suv, 26), (Body::Van, 6), (Body::Taxi, 2)];
const PAINTS: [([u8; 3], u32); 14] = [
    ([236, 238, 240], 22),
    ([188, 193, 198], 14),
    ([112, 118, 125], 15),
    ([44, 47, 52], 15),
    ([36, 62, 112], 7),
    ([58, 110, 172], 6),
    ([170, 32, 36], 8),
    ([112, 24, 34], 3),
    ([40, 84, 66], 3),
    ([206, 190, 160], 3),
    ([222, 116, 34], 2),
    ([112, 82, 58], 2),
    ([64, 150, 148], 2),
    ([226, 190, 40], 1),
];
const PAINT_TAXI: [u8; 3] = [240, 196, 36];
/// Share of cars with a window in the roof.
const SUNROOF: f64 = 0.22;
/// Share of cars that back in.
const BACK_IN: f64 = 0.22;
/// Most that a driver is off in angle, along and across.
const ANGLE_DEG_MAX: f32 = 3.0;
const ALONG_MAX: f32 = 0.18;
const ACROSS_MAX: f32 = 0.2;

impl Car {
    /// The next car that drives in.
    pub fn random(rng: &mut SmallRng) -> Self {
        let body = weighted(&BODIES, rng);
        let paint = weighted(&PAINTS, rng);
        Self {
            body,
            paint: if body == Body::Taxi { PAINT_TAXI } else { paint },
            has_sunroof: !matches!(body, Body::Van | Body::Taxi) && rng.random_bool(SUNROOF),
            is_nose_in: !rng.random_bool(BACK_IN),
            angle_deg: around_zero(rng) * ANGLE_DEG_MAX,
            along: around_zero(rng) * ALONG_MAX,
            across: around_zero(rng) * ACROSS_MAX,
        }
    }
}

impl Body {
    /// Length and width, in metres.
    pub fn size(self) -> (f32, f32) {
        match self {
            Self::City => (3.75, 1.70),
            Self::Saloon | Self::Taxi => (4.55, 1.82),
            Self::Estate => (4.60, 1.84),
            Self::Suv => (4.55, 1.92),
            Self::Van => (4.85, 1.98),
        }
    }
}

fn weighted<T: Copy>(choices: &[(T, u32)], rng: &mut SmallRng) -> T {
    let total: u32 = choices.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.random_range(0..total);
    for (choice, weight) in choices {
        if left < *weight {
            return *choice;
        }
        left -= weight;
    }
    choices[0].0
}

/// Between -1 and 1, mostly near 0.
fn around_zero(rng: &mut SmallRng) -> f32 {
    (rng.random_range(-1.0..1.0_f32) + rng.random_range(-1.0..1.0_f32)) / 2.0
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::scene::plan::{BAY_DEPTH, BAY_WIDTH};

    #[test]
    fn every_car_stands_within_its_bay() {
        let mut rng = SmallRng::seed_from_u64(7);
        for _ in 0..5_000 {
            let car = Car::random(&mut rng);
            let (length, width) = car.body.size();
            let (sin, cos) = car.angle_deg.to_radians().abs().sin_cos();
            let (long, wide) = (length * cos + width * sin, width * cos + length * sin);
            assert!(long / 2.0 + car.along.abs() < BAY_DEPTH / 2.0 + 0.1, "{car:?}");
            assert!(wide / 2.0 + car.across.abs() < BAY_WIDTH / 2.0 + 0.1, "{car:?}");
        }
    }

    #[test]
    fn cars_are_of_many_shapes_and_colours_and_the_same_for_the_same_seed() {
        let cars = |seed| {
            let mut rng = SmallRng::seed_from_u64(seed);
            (0..200).map(|_| Car::random(&mut rng)).collect::<Vec<_>>()
        };
        assert_eq!(cars(1), cars(1));
        assert_ne!(cars(1), cars(2));
        for (body, _) in BODIES {
            assert!(cars(3).iter().any(|car| car.body == body), "{body:?}");
        }
    }
}
