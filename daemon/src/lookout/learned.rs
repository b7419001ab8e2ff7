//! What a camera learned of one slot from people: how it looks when it is empty, by day and by night. The pictures that it learned from are
//! not kept in memory. Knows nothing of where those are stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::memory::word;
use crate::occupancy::crop::{Mask, PATCH, Patch};
use crate::occupancy::model::{Model, offset};
use crate::occupancy::picture::Light;
use crate::occupancy::reference::{REFERENCES_MAX, REFERENCES_MIN, Reference};
use crate::store::Label;

/// The squares that labels are about, by the ids of those.
pub type Patches = BTreeMap<Uuid, Patch>;

/// How one slot looks when it is empty, and what people's words add to the odds of a vehicle on it.
#[derive(Debug)]
pub struct Empty {
    pub reference: Reference,
    pub offset: f64,
}

/// What was learned of one slot. By a light that it was not shown in it is compared with how it looked by another, so both may be one.
#[derive(Debug, Clone)]
pub struct Learned {
    by_day: Arc<Empty>,
    by_night: Arc<Empty>,
    /// The newest of the labels that it was learned from.
    pub newest: Uuid,
}

impl Learned {
    /// What one takes at most, in bytes.
    pub const BYTES_MAX: usize = size_of::<Self>() + 2 * (size_of::<Empty>() + Reference::BYTES_MAX);

    /// From what people said of a slot, oldest first; `None` while they showed it empty too seldom.
    pub fn of(labels: &[Label], patches: &Patches, mask: &Mask, model: &Model) -> Option<Self> {
        // Before people showed it by each light there is one reference for all.
        let fitting = |light| {
            let is_shown = is_shown(labels, light);
            labels.iter().filter(move |label| !is_shown || label.light == word(light)).collect::<Vec<_>>()
        };
        let (day, night) = (fitting(Light::Day), fitting(Light::Night));
        let by_day = Arc::new(Empty::of(&day, patches, mask, model)?);
        let by_night = match day == night {
            true => Arc::clone(&by_day),
            false => Arc::new(Empty::of(&night, patches, mask, model)?),
        };
        Some(Self { by_day, by_night, newest: labels.last()?.id })
    }

    pub fn by(&self, light: Light) -> &Empty {
        match light {
            Light::Day => &self.by_day,
            Light::Night => &self.by_night,
        }
    }
}

impl Empty {
    fn of(labels: &[&Label], patches: &Patches, mask: &Mask, model: &Model) -> Option<Self> {
        let free = labels.iter().rev().filter(|label| !label.is_occupied);
        let free: Vec<Patch> = free.filter_map(|label| patches.get(&label.id).cloned()).take(REFERENCES_MAX).collect();
        if free.len() < REFERENCES_MIN {
            return None;
        }
        let reference = Reference::learn(&free, mask)?;
        let odds = |label: &&Label| Some((model.odds(&reference.compare(patches.get(&label.id)?)), label.is_occupied));
        let said: Vec<_> = labels.iter().filter(|label| label.score_permille.is_some()).filter_map(odds).collect();
        let offset = offset(&said);
        Some(Self { reference, offset })
    }
}

/// Whether people showed the empty slot by this light.
pub fn is_shown(labels: &[Label], light: Light) -> bool {
    labels.iter().filter(|label| label.light == word(light) && !label.is_occupied).count() >= REFERENCES_MIN
}

/// What was kept of a slot, if it was kept in today's size.
pub fn patch(bytes: Vec<u8>) -> Option<Patch> {
    (bytes.len() == PATCH * PATCH).then_some(Patch(bytes))
}
