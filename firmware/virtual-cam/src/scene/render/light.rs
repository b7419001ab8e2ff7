//! The light of the hour: how bright, of what colour, where shadows fall. Knows nothing of what is lit.

use crate::scene::curve;

/// The light at one moment of the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Light {
    /// Hour of the day in local time, 0 to 24.
    hour: f32,
}

/// Colour of the light that is everywhere, by hour; between them it blends.
const AMBIENT: [(f32, [f32; 3]); 11] = [
    (0.0, [0.31, 0.35, 0.47]),
    (4.8, [0.31, 0.35, 0.47]),
    (6.0, [0.56, 0.54, 0.62]),
    (7.2, [0.95, 0.85, 0.76]),
    (9.0, [1.0, 0.98, 0.95]),
    (15.5, [1.0, 0.98, 0.95]),
    (17.4, [1.0, 0.87, 0.72]),
    (18.6, [0.72, 0.60, 0.60]),
    (19.6, [0.42, 0.43, 0.56]),
    (20.8, [0.31, 0.35, 0.47]),
    (24.0, [0.31, 0.35, 0.47]),
];
/// When the sun is up, and how high it climbs, in degrees.
const SUNRISE: f32 = 6.2;
const SUNSET: f32 = 18.6;
const NOON_DEG: f32 = 64.0;
/// Longest shadow, in heights of what casts it.
const SHADOW_MAX: f32 = 0.9;
/// How much darker a shadow makes the ground at noon, and what remains under an overcast or lamp-lit sky.
const SHADOW_SUN: f32 = 0.5;
const SHADOW_SKY: f32 = 0.22;

impl Light {
    /// At an hour of the day, 0 to 24, local time.
    pub fn at_hour(hour: f32) -> Self {
        Self { hour: hour.rem_euclid(24.0) }
    }

    /// At an instant in local milliseconds, as [`crate::scene::day::Day`] counts them.
    pub fn at_local_ms(local_ms: i64) -> Self {
        Self::at_hour(curve::hour(local_ms) as f32)
    }

    /// What the colours of everything are multiplied with.
    pub(super) fn ambient(self) -> [f32; 3] {
        let after = AMBIENT.iter().position(|(hour, _)| *hour > self.hour).unwrap_or(AMBIENT.len() - 1).max(1);
        let ((from, before), (to, next)) = (AMBIENT[after - 1], AMBIENT[after]);
        let part = ((self.hour - from) / (to - from)).clamp(0.0, 1.0);
        std::array::from_fn(|channel| before[channel] + (next[channel] - before[channel]) * part)
    }

    /// How brightly lamps burn, 0 to 1.
    pub(super) fn lamps(self) -> f32 {
        let [red, green, blue] = self.ambient();
        ((0.86 - (red + green + blue) / 3.0) / 0.4).clamp(0.0, 1.0)
    }

    /// Where the shadow of one metre of height ends, in metres to the right and down: in the morning the sun stands to the right.
    pub(super) fn shadow(self) -> (f32, f32) {
        let Some(part) = self.sun() else { return (0.08, 0.1) };
        let elevation = (part * std::f32::consts::PI).sin() * NOON_DEG;
        let length = (1.0 / elevation.max(1.0).to_radians().tan()).min(SHADOW_MAX);
        let azimuth = (part - 0.5) * std::f32::consts::PI * 0.8;
        (azimuth.sin() * length, -azimuth.cos() * length)
    }

    /// How dark shadows are, 0 to 1.
    pub(super) fn shadow_depth(self) -> f32 {
        let Some(part) = self.sun() else { return SHADOW_SKY };
        let height = (part * std::f32::consts::PI).sin();
        SHADOW_SKY + (SHADOW_SUN - SHADOW_SKY) * (height * 2.5).min(1.0)
    }

    /// How far the sun is on its way, 0 to 1; `None` when it is down.
    fn sun(self) -> Option<f32> {
        let part = (self.hour - SUNRISE) / (SUNSET - SUNRISE);
        (0.0..=1.0).contains(&part).then_some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noon_is_bright_midnight_is_dark_and_lamps_burn_only_then() {
        let sum = |hour| Light::at_hour(hour).ambient().iter().sum::<f32>();
        assert!(sum(12.0) > 2.8 && sum(0.0) < 1.2 && sum(18.6) < sum(12.0));
        assert_eq!(Light::at_hour(12.0).lamps(), 0.0);
        assert_eq!(Light::at_hour(1.0).lamps(), 1.0);
        assert_eq!(Light::at_local_ms(13 * 3_600_000 - 86_400_000), Light::at_hour(13.0));
    }

    #[test]
    fn shadows_fall_away_from_the_sun_and_are_short_at_noon() {
        let at = |hour| Light::at_hour(hour).shadow();
        assert!(at(8.0).0 < -0.5 && at(17.0).0 > 0.5);
        assert!(at(12.4).0.abs() < 0.1 && at(12.4).1 < 0.0);
        assert!(at(8.0).0.hypot(at(8.0).1) > at(12.4).0.hypot(at(12.4).1));
        assert!(Light::at_hour(12.0).shadow_depth() > Light::at_hour(23.0).shadow_depth());
    }

    #[test]
    fn light_changes_without_jumps() {
        for minute in 0..24 * 60 {
            let (now, next) = (Light::at_hour(minute as f32 / 60.0), Light::at_hour((minute + 1) as f32 / 60.0));
            for channel in 0..3 {
                assert!((now.ambient()[channel] - next.ambient()[channel]).abs() < 0.02, "minute {minute}");
            }
        }
    }
}
