//! What goes wrong with a camera, and how often. Chances come from a seed: the same seed, the same troubles.

use camera_core::chance::Chance;

/// How often something goes wrong: of 1,000 times.
pub type Permille = u64;

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
    /// Every answer comes this much later, in milliseconds.
    pub slow_ms: u64,
    /// A byte on the cable, in either direction.
    pub uart_noise: Permille,
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
