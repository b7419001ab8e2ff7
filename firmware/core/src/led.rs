//! What the red LED says: how many flashes in a row, and then a pause. Knows no pin.

/// Length of one flash and of the gap after it, and of one round.
const FLASH_MS: u64 = 150;
const ROUND_MS: u64 = 3_000;

/// What the LED says. The number is how often it flashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Led {
    /// Dark: all is well, or the camera saves power.
    Dark,
    /// One flash: pictures arrive.
    Well,
    /// Two: it has no settings, or waits for somebody to claim it.
    Unclaimed,
    /// Three: it is not in its network.
    NoWifi,
    /// Four: the daemon does not answer.
    NoDaemon,
    /// Five: the daemon refuses the camera.
    Refused,
    /// Six: the camera module does not work, or is kept off after failures.
    NoCamera,
    /// On, with short gaps: new firmware is coming. Do not cut the power.
    Updating,
}

impl Led {
    /// Flashes in a row.
    pub fn flashes(self) -> u64 {
        match self {
            Self::Dark | Self::Updating => 0,
            Self::Well => 1,
            Self::Unclaimed => 2,
            Self::NoWifi => 3,
            Self::NoDaemon => 4,
            Self::Refused => 5,
            Self::NoCamera => 6,
        }
    }

    /// Whether it is lit now.
    pub fn is_lit(self, now_ms: u64) -> bool {
        let at_ms = now_ms % ROUND_MS;
        match self {
            Self::Updating => at_ms % (2 * FLASH_MS + 400) >= FLASH_MS,
            code => at_ms / (2 * FLASH_MS) < code.flashes() && at_ms % (2 * FLASH_MS) < FLASH_MS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flashes_can_be_counted() {
        for led in [Led::Dark, Led::Well, Led::Unclaimed, Led::NoWifi, Led::NoDaemon, Led::Refused, Led::NoCamera] {
            let lit: [bool; 60] = core::array::from_fn(|at| led.is_lit(at as u64 * 50));
            let flashes = lit.windows(2).filter(|two| !two[0] && two[1]).count() + usize::from(lit[0]);
            assert_eq!(flashes as u64, led.flashes(), "{led:?}");
            assert!(lit[40..].iter().all(|lit| !lit), "{led:?} ends with a pause");
        }
    }
}
