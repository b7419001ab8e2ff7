//! What can be waited for, as people write it: `free>0 in zone B`, `slot A-12 is free`, `camera cam-1 is online`, `occupancy<90%`.
//! Pure: text in, condition out; a lot in, whether it is met out.

use std::fmt;
use std::str::FromStr;

use parking_api::CameraId;
use parking_api::cameras::CameraStatus;
use parking_api::ids::SlotRef;
use parking_api::slots::{Counts, SlotState};

use super::Seen;

/// What can be waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Count {
        what: Measure,
        is: Compare,
        than: u32,
        /// The whole lot without one.
        zone: Option<String>,
    },
    Slot {
        slot: SlotRef,
        /// Or anything but it.
        is: bool,
        state: SlotState,
    },
    Camera {
        camera: CameraId,
        is: bool,
        status: CameraStatus,
    },
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    State(SlotState),
    Total,
    /// Occupied over observable slots, in per cent.
    Occupancy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    Above,
    AtLeast,
    Below,
    AtMost,
    Equal,
    Unequal,
}

/// The longer ones first: `>=` begins with `>`.
const COMPARES: [(&str, Compare); 7] = [
    (">=", Compare::AtLeast),
    ("<=", Compare::AtMost),
    ("!=", Compare::Unequal),
    ("==", Compare::Equal),
    (">", Compare::Above),
    ("<", Compare::Below),
    ("=", Compare::Equal),
];

impl Compare {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Above => left > right,
            Self::AtLeast => left >= right,
            Self::Below => left < right,
            Self::AtMost => left <= right,
            Self::Equal => left == right,
            Self::Unequal => left != right,
        }
    }
}

/// What a condition comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The value that met it, or did not.
    Met(String),
    NotMet(String),
    /// It speaks of something that is not there.
    Nothing(String),
}

impl Condition {
    pub fn judge(&self, seen: &Seen) -> Verdict {
        match self {
            Self::Count { what, is, than, zone } => count(*what, *is, *than, zone.as_deref(), seen),
            Self::Slot { slot, is, state } => match seen.slot(slot) {
                Some(found) => verdict((found.state == *state) == *is, found.state.to_string()),
                None => Verdict::Nothing(format!("there is no slot {slot}")),
            },
            Self::Camera { camera, is, status } => match seen.camera(camera) {
                Some(found) => verdict((found == *status) == *is, found.to_string()),
                None => Verdict::Nothing(format!("there is no camera {camera}")),
            },
        }
    }
}

fn verdict(is_met: bool, value: String) -> Verdict {
    if is_met { Verdict::Met(value) } else { Verdict::NotMet(value) }
}

fn count(what: Measure, is: Compare, than: u32, zone: Option<&str>, seen: &Seen) -> Verdict {
    let mut counts = Counts::default();
    let wanted = seen.slots().filter(|slot| zone.is_none() || slot.zone.as_deref() == zone);
    wanted.for_each(|slot| counts.add(slot));
    if let (0, Some(zone)) = (counts.total, zone) {
        return Verdict::Nothing(format!("no slot is in zone {zone}"));
    }
    let number = match what {
        Measure::Total => counts.total,
        Measure::State(SlotState::Free) => counts.free,
        Measure::State(SlotState::Occupied) => counts.occupied,
        Measure::State(SlotState::Reserved) => counts.reserved,
        Measure::State(SlotState::Closed) => counts.closed,
        Measure::State(SlotState::Unknown) => counts.unknown,
        Measure::Occupancy => {
            return match counts.with_rate().occupancy_rate {
                Some(rate) => verdict(is.holds(rate * 100.0, f64::from(than)), format!("{:.0} %", rate * 100.0)),
                // What is not known meets nothing.
                None => Verdict::NotMet("unknown".into()),
            };
        }
    };
    verdict(is.holds(number as f64, f64::from(than)), number.to_string())
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = |is: bool| if is { "" } else { "not " };
        match self {
            Self::Slot { slot, is, state } => write!(f, "slot {slot} is {}{state}", not(*is)),
            Self::Camera { camera, is, status } => write!(f, "camera {camera} is {}{status}", not(*is)),
            Self::Count { what, is, than, zone } => {
                match what {
                    Measure::State(state) => write!(f, "{state}")?,
                    Measure::Total => f.write_str("total")?,
                    Measure::Occupancy => f.write_str("occupancy")?,
                }
                let sign = COMPARES.iter().rev().find(|(_, compare)| compare == is).map_or("=", |(sign, _)| sign);
                write!(f, "{sign}{than}{}", if *what == Measure::Occupancy { "%" } else { "" })?;
                zone.as_ref().map_or(Ok(()), |zone| write!(f, " in zone {zone}"))
            }
        }
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["slot", slot, "is", rest @ ..] => {
                let (is, state) = stated(rest, text)?;
                Ok(Self::Slot { slot: slot.parse()?, is, state: state.parse()? })
            }
            ["camera", camera, "is", rest @ ..] => {
                let (is, status) = stated(rest, text)?;
                let camera = camera.parse()?;
                Ok(Self::Camera { camera, is, status: status.parse()? })
            }
            _ => counted(text),
        }
    }
}

/// `not free`
fn stated<'a>(words: &[&'a str], text: &str) -> Result<(bool, &'a str), String> {
    match words {
        ["not", word] => Ok((false, word)),
        [word] => Ok((true, word)),
        _ => Err(no_condition(text)),
    }
}

/// `free>0 in zone B`
fn counted(text: &str) -> Result<Condition, String> {
    let bad = || no_condition(text);
    let at = text.find(['<', '>', '=', '!']).ok_or_else(bad)?;
    let (name, rest) = text.split_at(at);
    let what = match name.trim() {
        "total" => Measure::Total,
        "occupancy" => Measure::Occupancy,
        word => Measure::State(word.parse().map_err(|_| bad())?),
    };
    let (sign, is) = COMPARES.into_iter().find(|(sign, _)| rest.starts_with(sign)).ok_or_else(bad)?;
    let rest = rest[sign.len()..].trim_start();
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let than = rest[..digits].parse().map_err(|_| bad())?;
    let rest = rest[digits..].trim();
    let rest = match rest.strip_prefix('%') {
        Some(_) if what != Measure::Occupancy => {
            return Err(format!("{text:?}: only occupancy is a share; leave % out"));
        }
        Some(rest) => rest.trim(),
        None => rest,
    };
    let zone = match rest.strip_prefix("in zone ").map(str::trim) {
        None if rest.is_empty() => None,
        Some(zone) if !zone.is_empty() => Some(zone.to_string()),
        _ => return Err(bad()),
    };
    Ok(Condition::Count { what, is, than, zone })
}

fn no_condition(text: &str) -> String {
    format!(
        "{text:?} is nothing to wait for: write it as 'free>0 in zone B', 'occupancy<90%', 'slot A-12 is free' or \
         'camera cam-1 is not offline'"
    )
}

#[cfg(test)]
mod tests;
