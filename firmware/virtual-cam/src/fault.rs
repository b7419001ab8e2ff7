//! What goes wrong with a camera, and how often. Chances come from a seed: the same seed, the same troubles.

use camera_core::chance::Chance;

/// How often something goes wrong: of 1,000 times.
pub type Permille = u64;

/// Longest time without a network, in minutes.
pub const OUTAGE_MINUTES_MAX: u64 = 10;

/// What goes wrong, and how often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// A join.
    pub join_fails: Permille,
    /// A picture: the camera module has none.
    pub shot_fails: Permille,
    /// A request: the connection breaks somewhere in its body.
    pub http_cut: Permille,
    /// The byte at which it breaks; by chance when absent.
    pub http_cut_at: Option<usize>,
    /// A request arrives, and the connection breaks before its answer.
    pub answer_lost: Permille,
    /// An answer: it comes `slow_ms` later.
    pub slow: Permille,
    pub slow_ms: u64,
    /// A byte on the cable, in either direction: it is lost or changed.
    pub uart_noise: Permille,
    /// A minute: all networks disappear, and come back after up to [`OUTAGE_MINUTES_MAX`].
    pub outage: Permille,
    /// The signal is weaker by up to so many decibels, and by others in each minute.
    pub fading_db: u64,
    /// Settings that are stored: the flash takes nothing of them, and says so.
    pub store_fails: Permille,
    /// A write to flash: the power fails in it.
    pub power_cut: Permille,
    /// A minute: the supply breaks down.
    pub brownout: Permille,
}

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    No,
    /// After so many bytes of its body, which are not all.
    At(usize),
    /// Before its answer.
    Answer,
}

impl Faults {
    pub(crate) fn happens(chance: &mut Chance, permille: Permille) -> bool {
        // No chance is drawn for what never happens, so that one fault's seed does not depend on the others.
        permille > 0 && chance.below(1_000) < permille
    }

    /// Loses bytes on the cable, or turns a bit of them.
    pub(crate) fn disturb(&self, bytes: &mut Vec<u8>, chance: &mut Chance) {
        bytes.retain_mut(|byte| {
            if !Self::happens(chance, self.uart_noise) {
                return true;
            }
            // Of ten that are hit two are lost, and one bit of the others is turned.
            let hit = chance.below(10);
            *byte ^= 1u8.checked_shl(hit as u32).unwrap_or(0);
            hit < 8
        });
    }

    pub(crate) fn cut(&self, body_len: usize, chance: &mut Chance) -> Cut {
        if Self::happens(chance, self.http_cut) {
            // Never the whole of it: what arrives without an answer is the other fault.
            let last = body_len.saturating_sub(1);
            let by_chance = usize::try_from(chance.below(body_len as u64)).unwrap_or(0);
            Cut::At(self.http_cut_at.unwrap_or(by_chance).min(last))
        } else if Self::happens(chance, self.answer_lost) {
            Cut::Answer
        } else {
            Cut::No
        }
    }
}
