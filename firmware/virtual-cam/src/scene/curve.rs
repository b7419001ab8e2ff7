//! How many cars come at which hour, and how long they stay. Knows neither bays nor cars.

use rand::Rng;
use rand::rngs::SmallRng;

/// One day, in milliseconds.
pub const DAY_MS: i64 = 86_400_000;
const HOUR_MS: f64 = 3_600_000.0;
const MINUTE_MS: f64 = 60_000.0;

/// Arrivals an hour that never stop, and the two rushes on top: at which hour, how high, how wide (standard deviation, hours).
const QUIET_PER_HOUR: f64 = 2.2;
const RUSHES: [(f64, f64, f64); 2] = [(10.6, 31.0, 2.3), (17.9, 33.0, 1.9)];
/// No hour has more arrivals than this.
pub const PER_HOUR_MAX: f64 = 45.0;

/// Half of the drivers stay less than this. The spread is that of the logarithm.
pub const STAY_MEDIAN_MS: f64 = 50.0 * MINUTE_MS;
const STAY_SPREAD: f64 = 0.75;
/// Nobody stays shorter or longer.
pub const STAY_MS_MIN: f64 = 4.0 * MINUTE_MS;
pub const STAY_MS_MAX: f64 = 10.0 * HOUR_MS;

/// Hour of the day, 0 to 24, of an instant in local milliseconds.
pub fn hour(local_ms: i64) -> f64 {
    local_ms.rem_euclid(DAY_MS) as f64 / HOUR_MS
}

/// Arrivals an hour that are to be expected at an hour of the day.
pub fn arrivals_per_hour(hour: f64) -> f64 {
    let mut rate = QUIET_PER_HOUR;
    for (peak, height, width) in RUSHES {
        // The evening rush reaches past midnight, so distance is measured around the clock.
        let apart = (hour - peak).abs();
        let apart = apart.min(24.0 - apart) / width;
        rate += height * (-apart * apart / 2.0).exp();
    }
    rate.min(PER_HOUR_MAX)
}

/// The next arrival after `local_ms`: a Poisson process of changing rate, by thinning one of constant rate (Lewis and Shedler, 1979).
pub fn next_arrival_ms(local_ms: i64, rng: &mut SmallRng) -> i64 {
    let mut at_ms = local_ms as f64;
    loop {
        // 1 - u lies in (0, 1], so the logarithm is finite.
        at_ms += -(1.0 - rng.random::<f64>()).ln() / PER_HOUR_MAX * HOUR_MS;
        if rng.random::<f64>() * PER_HOUR_MAX < arrivals_per_hour(hour(at_ms as i64)) {
            return (at_ms.ceil() as i64).max(local_ms + 1);
        }
    }
}

/// How long a driver who comes now will stay.
pub fn stay_ms(rng: &mut SmallRng) -> i64 {
    let ms = STAY_MEDIAN_MS * (STAY_SPREAD * normal(rng)).exp();
    ms.clamp(STAY_MS_MIN, STAY_MS_MAX) as i64
}

/// How much longer a driver will stay who is found parked.
///
/// Long stays are met more often than short ones (by their length), and on average half is over.
pub fn remaining_ms(rng: &mut SmallRng) -> i64 {
    let whole = STAY_MEDIAN_MS * (STAY_SPREAD * STAY_SPREAD + STAY_SPREAD * normal(rng)).exp();
    (whole.clamp(STAY_MS_MIN, STAY_MS_MAX) * rng.random::<f64>()) as i64 + 1
}

/// A standard normal number (Box and Muller, 1958).
fn normal(rng: &mut SmallRng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_day_has_two_peaks_and_a_quiet_night() {
        let at = arrivals_per_hour;
        assert!(at(10.5) > 1.5 * at(14.5) && at(18.0) > 1.5 * at(14.5));
        assert!(at(3.0) < 4.0 && at(15.0) > 3.0 * at(3.0));
        assert!((at(0.0) - at(24.0)).abs() < 1e-9);
        let hours: Vec<f64> = (0..240).map(|tenth| at(f64::from(tenth) / 10.0)).collect();
        let peaks = hours.windows(3).filter(|three| three[0] < three[1] && three[1] >= three[2]).count();
        assert_eq!(peaks, 2);
    }

    #[test]
    fn arrivals_follow_the_rate() {
        let mut rng = SmallRng::seed_from_u64(5);
        let (mut at_ms, mut counts) = (0, [0_u32; 24]);
        while at_ms < 50 * DAY_MS {
            at_ms = next_arrival_ms(at_ms, &mut rng);
            counts[hour(at_ms) as usize] += 1;
        }
        for (hour, count) in counts.iter().enumerate() {
            let middle =
                (0..10).map(|tenth| arrivals_per_hour(hour as f64 + f64::from(tenth) / 10.0 + 0.05)).sum::<f64>()
                    / 10.0;
            let got = f64::from(*count) / 50.0;
            // Five standard deviations of a mean of 50 counts.
            assert!((got - middle).abs() < 5.0 * (middle / 50.0).sqrt(), "{hour} h: {got} for {middle}");
        }
    }

    #[test]
    fn stays_have_the_median_and_the_bounds_promised() {
        let mut rng = SmallRng::seed_from_u64(6);
        let mut stays: Vec<i64> = (0..10_001).map(|_| stay_ms(&mut rng)).collect();
        stays.sort_unstable();
        let median_min = stays[5_000] as f64 / MINUTE_MS;
        assert!((46.0..54.0).contains(&median_min), "{median_min}");
        assert!(stays[0] as f64 >= STAY_MS_MIN && stays[10_000] as f64 <= STAY_MS_MAX);
        assert!((0..1_000).all(|_| (1..=STAY_MS_MAX as i64 + 1).contains(&remaining_ms(&mut rng))));
    }
}
