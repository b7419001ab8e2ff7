//! A believable day on the demo lot: cars come, choose a bay, stay and leave. A seeded simulation in local time; knows no clock,
//! no network and no pictures.

use parking_api::SlotCode;
use parking_api::slots::{SlotKind, SlotState};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::car::{Car, ParkedCar};
use super::curve::{self, DAY_MS};
use super::plan::{self, Bay};

/// How long an empty lot runs before the first look at it. Hardly anybody stays longer, so nothing shows that it was empty.
const WARM_UP_MS: i64 = 12 * 3_600_000;
/// Share of drivers who may use an accessible bay, and of those who want to charge.
const PERMIT_SHARE: f64 = 0.05;
const EV_SHARE: f64 = 0.11;
/// How much a driver dislikes a bay between two cars, and how far taste differs, in metres of walking.
const NEIGHBOUR_M: f32 = 2.5;
const TASTE_M: f32 = 16.0;
/// What a metre of driving is worth in metres of walking.
const DRIVING: f32 = 0.25;

/// What happened, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// In simulated local milliseconds.
    pub at_ms: i64,
    pub slot: SlotCode,
    pub movement: Movement,
}

/// Into a slot or out of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Movement {
    Arrive(Car),
    Leave,
}

/// The lot in motion.
///
/// Times are local milliseconds: those that a clock on the lot's wall would show, counted from 1970 as if they were UTC. The
/// caller decides how fast they pass.
#[derive(Debug, Clone)]
pub struct Day {
    rng: SmallRng,
    now_ms: i64,
    next_arrival_ms: i64,
    places: Vec<Place>,
    turned_away: u64,
}

#[derive(Debug, Clone)]
struct Place {
    bay: &'static Bay,
    is: Use,
}

#[derive(Debug, Clone, Copy)]
enum Use {
    Free,
    /// Reserved or closed: nobody parks there.
    Blocked(SlotState),
    Parked {
        car: Car,
        leaves_ms: i64,
    },
}

impl Day {
    /// A day that is in full swing at `start_ms`: [`Day::parked`] says who is there already.
    pub fn new(seed: u64, start_ms: i64) -> Self {
        let states = plan::bays().iter().map(|bay| (bay.code.clone(), bay.state));
        let mut day = Self::resume(seed, start_ms.saturating_sub(WARM_UP_MS), states);
        day.advance(start_ms);
        day.turned_away = 0;
        day
    }

    /// Goes on at `start_ms` with the lot as it was left: whoever is parked will stay for a while yet. Slots that are not named
    /// are free; codes that the plan does not have are ignored.
    pub fn resume(seed: u64, start_ms: i64, states: impl IntoIterator<Item = (SlotCode, SlotState)>) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let places = plan::bays().iter().map(|bay| Place { bay, is: Use::Free }).collect();
        let next_arrival_ms = curve::next_arrival_ms(start_ms, &mut rng);
        let mut day = Self { rng, now_ms: start_ms, next_arrival_ms, places, turned_away: 0 };
        for (code, state) in states {
            day.observe(&code, state);
        }
        day
    }

    /// Takes note that a slot is in a state that somebody else may have given it, so that nobody parks in a closed bay and a car
    /// that was toggled away is gone. What this day itself has done changes nothing when it is observed.
    pub fn observe(&mut self, code: &SlotCode, state: SlotState) {
        let Some(place) = self.places.iter_mut().find(|place| place.bay.code == *code) else { return };
        place.is = match (state, place.is) {
            (SlotState::Occupied, parked @ Use::Parked { .. }) => parked,
            (SlotState::Occupied, _) => Use::Parked {
                car: Car::random(&mut self.rng),
                leaves_ms: self.now_ms + curve::remaining_ms(&mut self.rng),
            },
            (SlotState::Free | SlotState::Unknown, _) => Use::Free,
            (SlotState::Reserved | SlotState::Closed, _) => Use::Blocked(state),
        };
    }

    /// Puts a car into every bay that is free; its driver leaves within `ms`.
    pub fn fill(&mut self, ms: i64) {
        for place in &mut self.places {
            if let Use::Free = place.is {
                let leaves_ms = self.now_ms + self.rng.random_range(1..=ms.max(1));
                place.is = Use::Parked { car: Car::random(&mut self.rng), leaves_ms };
            }
        }
    }

    /// Everything that happens up to and including `to_ms`, in order. An earlier `to_ms` than before does nothing.
    ///
    /// A step of more than a day counts as one of a day: the lot stood still before, as when the machine slept.
    pub fn advance(&mut self, to_ms: i64) -> Vec<Action> {
        self.stand_still(to_ms.saturating_sub(self.now_ms).saturating_sub(DAY_MS));
        let mut actions = Vec::new();
        loop {
            let at_ms = self.next_at_ms();
            if at_ms > to_ms {
                break;
            }
            self.now_ms = at_ms;
            // A place is given up before the next driver looks for one.
            let leaving = self.places.iter_mut().find(|place| place.leaves_ms() == Some(at_ms));
            if let Some(place) = leaving {
                place.is = Use::Free;
                actions.push(Action { at_ms, slot: place.bay.code.clone(), movement: Movement::Leave });
            } else {
                actions.extend(self.arrive(at_ms));
                self.next_arrival_ms = curve::next_arrival_ms(at_ms, &mut self.rng);
            }
        }
        self.now_ms = self.now_ms.max(to_ms);
        actions
    }

    /// When something happens next, unless that driver is turned away; always after the last `to_ms`.
    pub fn next_at_ms(&self) -> i64 {
        let leaves = self.places.iter().filter_map(Place::leaves_ms);
        leaves.fold(self.next_arrival_ms, i64::min).max(self.now_ms)
    }

    /// The cars on the lot, by slot.
    pub fn parked(&self) -> Vec<ParkedCar> {
        let mut cars = Vec::new();
        for place in &self.places {
            if let Use::Parked { car, .. } = place.is {
                cars.push(ParkedCar { slot: place.bay.code.clone(), car });
            }
        }
        cars
    }

    /// The slots that are reserved or closed.
    pub fn blocked(&self) -> Vec<(SlotCode, SlotState)> {
        let mut blocked = Vec::new();
        for place in &self.places {
            if let Use::Blocked(state) = place.is {
                blocked.push((place.bay.code.clone(), state));
            }
        }
        blocked
    }

    /// How many drivers found no bay and drove on.
    pub fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// Lets `ms` pass in which nothing happens, if it is more than none.
    fn stand_still(&mut self, ms: i64) {
        if ms <= 0 {
            return;
        }
        self.now_ms += ms;
        self.next_arrival_ms += ms;
        for place in &mut self.places {
            if let Use::Parked { leaves_ms, .. } = &mut place.is {
                *leaves_ms += ms;
            }
        }
    }

    fn arrive(&mut self, at_ms: i64) -> Option<Action> {
        let wish = self.rng.random::<f64>();
        let kinds: &[SlotKind] = match wish {
            _ if wish < PERMIT_SHARE => &[SlotKind::Accessible, SlotKind::Standard],
            _ if wish < PERMIT_SHARE + EV_SHARE => &[SlotKind::Ev, SlotKind::Standard],
            _ => &[SlotKind::Standard],
        };
        let Some(index) = kinds.iter().find_map(|kind| self.choose(*kind)) else {
            self.turned_away += 1;
            return None;
        };
        let car = Car::random(&mut self.rng);
        let leaves_ms = at_ms + curve::stay_ms(&mut self.rng);
        let place = &mut self.places[index];
        place.is = Use::Parked { car, leaves_ms };
        Some(Action { at_ms, slot: place.bay.code.clone(), movement: Movement::Arrive(car) })
    }

    /// The free bay of a kind that this driver likes best.
    fn choose(&mut self, kind: SlotKind) -> Option<usize> {
        let mut best = None;
        for index in 0..self.places.len() {
            let Place { bay, is: Use::Free } = self.places[index] else { continue };
            if bay.kind != kind {
                continue;
            }
            let walking = (bay.x - plan::DOOR.0).hypot(bay.y - plan::DOOR.1);
            let driving = (bay.x - plan::ENTRANCE.0).hypot(bay.y - plan::ENTRANCE.1);
            let taste = self.rng.random::<f32>() * TASTE_M;
            let dislike = walking + driving * DRIVING + self.neighbours(index) * NEIGHBOUR_M + taste;
            if best.is_none_or(|(least, _)| dislike < least) {
                best = Some((dislike, index));
            }
        }
        best.map(|(_, index)| index)
    }

    /// How many of the two bays beside this one are taken.
    fn neighbours(&self, index: usize) -> f32 {
        let bay = self.places[index].bay;
        let is_beside = |other: &Place| {
            other.bay.row == bay.row && other.bay.zone == bay.zone && (other.bay.x - bay.x).abs() < bay.width * 1.5
        };
        let around = &self.places[index.saturating_sub(1)..(index + 2).min(self.places.len())];
        around.iter().filter(|other| is_beside(other) && other.leaves_ms().is_some()).count() as f32
    }
}

impl Place {
    fn leaves_ms(&self) -> Option<i64> {
        match self.is {
            Use::Parked { leaves_ms, .. } => Some(leaves_ms),
            Use::Free | Use::Blocked(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
