//! How good a model is on labelled pictures: every slot learns its reference from its first pictures without a vehicle and is then judged
//! on the others, as it would be in a lot.

use std::collections::BTreeMap;

use serde::Serialize;

use super::crop::{Mask, Patch};
use super::mode::BLIND_BELOW;
use super::model::{Model, offset, probability};
use super::reference::{CLUTTER_MAX, Reference};
use super::settle::{Settings, Settled};
use super::train::Example;

/// One slot in one picture of a set.
#[derive(Debug, Clone)]
pub struct Shot {
    /// As the set writes it; it may begin with the day.
    pub time: String,
    /// Pictures of one name came one soon after the other; none where each stands alone.
    pub sequence: Option<String>,
    pub is_occupied: bool,
    /// None where the picture says nothing.
    pub patch: Option<Patch>,
}

/// All pictures of one slot, in their order.
#[derive(Debug, Clone)]
pub struct Series {
    pub camera: String,
    pub slot: String,
    pub mask: Mask,
    pub shots: Vec<Shot>,
}

/// What is asked of an evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many of the first pictures without a vehicle are each slot's reference, and are not scored.
    pub references: usize,
    /// How many pictures of each kind people confirm after that; they are not scored either.
    pub confirm: usize,
    pub settings: Settings,
}

/// A picture that was scored.
#[derive(Debug, Clone, Copy)]
pub struct Scored {
    pub odds: f64,
    pub is_occupied: bool,
}

/// Right and wrong answers at a score of one half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Confusion {
    pub occupied_right: usize,
    pub occupied_missed: usize,
    pub free_right: usize,
    pub free_missed: usize,
}

/// The figures of many pictures.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    pub pictures: usize,
    #[serde(flatten)]
    pub confusion: Confusion,
    pub accuracy: Option<f64>,
    /// Mean of the accuracies of both kinds.
    pub balanced: Option<f64>,
    /// Of "occupied".
    pub f1: Option<f64>,
    /// Probability that an occupied slot scores higher than a free one.
    pub auc: Option<f64>,
}

/// How often the state would have changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Flips {
    /// Changes in truth.
    pub real: usize,
    /// Changes that were none: by each picture alone, and after settling.
    pub raw_false: usize,
    pub settled_false: usize,
    /// Real changes that were never noticed after settling.
    pub settled_missed: usize,
    /// Pictures that settling took longer than the truth, in the middle of all noticed changes.
    pub delay_median: Option<usize>,
}

/// One slot on one day.
#[derive(Debug, Clone, Serialize)]
pub struct SlotFigures {
    pub camera: String,
    pub slot: String,
    pub day: String,
    pub is_kept: bool,
    #[serde(flatten)]
    pub figures: Figures,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub references: usize,
    pub confirm: usize,
    pub slots: usize,
    /// Slots that never had enough pictures without a vehicle to learn from.
    pub slots_without_reference: usize,
    /// Pictures that said nothing.
    pub unjudged: usize,
    pub all: Figures,
    /// Share of slots that are kept as observable, by their reference and confirmations alone, and the figures of those.
    pub kept_share: Option<f64>,
    pub kept: Figures,
    pub flips: Flips,
    pub flips_kept: Flips,
    pub per_slot: Vec<SlotFigures>,
}

/// What a model learns from: every picture of a series but its first ones without a vehicle, which it is compared with. A slot that no camera
/// would be trusted with teaches nothing of the others.
pub fn examples(series: &Series, references: usize) -> Vec<Example> {
    let empty: Vec<&Patch> = empty(series).take(references).collect();
    let patches: Vec<Patch> = empty.iter().copied().cloned().collect();
    let is_clear = |reference: &Reference| empty.len() == references && reference.clutter() <= CLUTTER_MAX;
    let Some(reference) = Reference::learn(&patches, &series.mask).filter(is_clear) else { return Vec::new() };
    let seen = series.shots.iter().filter_map(|shot| Some((shot.is_occupied, shot.patch.as_ref()?)));
    let others = seen.filter(|(_, patch)| !empty.iter().any(|empty| std::ptr::eq(*empty, *patch)));
    let example = |(is_occupied, patch)| Example {
        features: reference.compare(patch).values().to_vec(),
        is_occupied,
        weight: 1.0,
    };
    others.map(example).collect()
}

fn empty(series: &Series) -> impl Iterator<Item = &Patch> {
    series.shots.iter().filter(|shot| !shot.is_occupied).filter_map(|shot| shot.patch.as_ref())
}

/// Evaluates each series of a set by the model that is chosen for it.
pub fn run<'m>(model_for: impl Fn(&Series) -> &'m Model, set: &[Series], options: &Options) -> Report {
    let judged: Vec<Judged<'_>> = set.iter().filter_map(|series| judge(model_for(series), series, options)).collect();
    let mut per_slot = Vec::new();
    for slot in &judged {
        let mut days: BTreeMap<&str, Vec<Scored>> = BTreeMap::new();
        slot.scored.iter().for_each(|(shot, scored)| days.entry(day(&shot.time)).or_default().push(*scored));
        per_slot.extend(days.into_iter().map(|(day, scored)| SlotFigures {
            camera: slot.series.camera.clone(),
            slot: slot.series.slot.clone(),
            day: day.into(),
            is_kept: slot.is_kept,
            figures: Figures::of(&scored),
        }));
    }
    let of = |only_kept: bool| {
        let slots = judged.iter().filter(|slot| slot.is_kept || !only_kept);
        Figures::of(&slots.flat_map(|slot| slot.scored.iter().map(|(_, scored)| *scored)).collect::<Vec<_>>())
    };
    let kept = judged.iter().filter(|slot| slot.is_kept).count();
    Report {
        references: options.references,
        confirm: options.confirm,
        slots: set.len(),
        slots_without_reference: set.len() - judged.len(),
        unjudged: set.iter().flat_map(|series| &series.shots).filter(|shot| shot.patch.is_none()).count(),
        all: of(false),
        kept_share: (!judged.is_empty()).then(|| kept as f64 / judged.len() as f64),
        kept: of(true),
        flips: flips(judged.iter(), &options.settings),
        flips_kept: flips(judged.iter().filter(|slot| slot.is_kept), &options.settings),
        per_slot,
    }
}

/// One slot with everything that was scored of it.
struct Judged<'a> {
    series: &'a Series,
    is_kept: bool,
    scored: Vec<(&'a Shot, Scored)>,
}

fn judge<'a>(model: &Model, series: &'a Series, options: &Options) -> Option<Judged<'a>> {
    let seen: Vec<(&Shot, &Patch)> =
        series.shots.iter().filter_map(|shot| Some((shot, shot.patch.as_ref()?))).collect();
    let first = |is_occupied: bool, skip: usize, take: usize| {
        let of_kind = seen.iter().enumerate().filter(move |(_, (shot, _))| shot.is_occupied == is_occupied);
        of_kind.map(|(at, _)| at).skip(skip).take(take).collect::<Vec<usize>>()
    };
    let empty = first(false, 0, options.references);
    if empty.len() < options.references || empty.is_empty() {
        return None;
    }
    let patches: Vec<Patch> = empty.iter().map(|at| seen[*at].1.clone()).collect();
    let reference = Reference::learn(&patches, &series.mask)?;
    let odds = |at: usize| model.odds(&reference.compare(seen[at].1));
    let mut told = first(false, options.references, options.confirm);
    told.extend(first(true, 0, options.confirm));
    let said: Vec<(f64, bool)> = told.iter().map(|at| (odds(*at), seen[*at].0.is_occupied)).collect();
    let offset = offset(&said);
    let scored = (0..seen.len()).filter(|at| !empty.contains(at) && !told.contains(at)).map(|at| {
        let shot = seen[at].0;
        (shot, Scored { odds: odds(at) + offset, is_occupied: shot.is_occupied })
    });
    Some(Judged { series, is_kept: is_kept(reference.clutter(), &said), scored: scored.collect() })
}

/// By the rule that a lot goes by, on what was confirmed alone: what is scored must not choose what is scored.
fn is_kept(clutter: f32, said: &[(f64, bool)]) -> bool {
    let agreed = said.iter().filter(|(odds, is_occupied)| (*odds > 0.0) == *is_occupied).count();
    clutter <= CLUTTER_MAX && (said.is_empty() || agreed as f32 / said.len() as f32 >= BLIND_BELOW)
}

/// The day that a time begins with, or all of it where it begins with none.
fn day(time: &str) -> &str {
    let is_day = |text: &&str| {
        text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    };
    time.get(..10).filter(is_day).unwrap_or(time)
}

impl Figures {
    pub fn of(scored: &[Scored]) -> Self {
        let count = |is_occupied: bool, is_right: bool| {
            let hits = scored.iter().filter(|s| s.is_occupied == is_occupied);
            hits.filter(|s| ((s.odds > 0.0) == s.is_occupied) == is_right).count()
        };
        let confusion = Confusion {
            occupied_right: count(true, true),
            occupied_missed: count(true, false),
            free_right: count(false, true),
            free_missed: count(false, false),
        };
        let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        let c = confusion;
        let (occupied, free) = (c.occupied_right + c.occupied_missed, c.free_right + c.free_missed);
        let balanced = share(c.occupied_right, occupied).zip(share(c.free_right, free)).map(|(a, b)| (a + b) / 2.0);
        Self {
            pictures: scored.len(),
            confusion,
            accuracy: share(c.occupied_right + c.free_right, scored.len()),
            balanced,
            f1: share(2 * c.occupied_right, 2 * c.occupied_right + c.occupied_missed + c.free_missed),
            auc: auc(scored),
        }
    }
}

fn auc(scored: &[Scored]) -> Option<f64> {
    let mut sorted: Vec<&Scored> = scored.iter().collect();
    sorted.sort_by(|a, b| a.odds.total_cmp(&b.odds));
    let occupied = scored.iter().filter(|s| s.is_occupied).count();
    let free = scored.len() - occupied;
    if occupied == 0 || free == 0 {
        return None;
    }
    let mut free_below = 0usize;
    let mut pairs = 0usize;
    for s in sorted {
        if s.is_occupied {
            pairs += free_below;
        } else {
            free_below += 1;
        }
    }
    Some(pairs as f64 / (occupied as f64 * free as f64))
}

/// How many pictures a noticed change may come after the real one, to be that one; and before it, for a vehicle that comes or goes is half
/// there in one picture, which is labelled one way or the other.
const NOTICED_WITHIN: usize = 4;
const NOTICED_BEFORE: usize = 1;

fn flips<'a>(judged: impl Iterator<Item = &'a Judged<'a>>, settings: &Settings) -> Flips {
    let mut flips = Flips::default();
    let mut delays = Vec::new();
    let sequences = judged.flat_map(|slot| slot.scored.chunk_by(|(a, _), (b, _)| a.sequence == b.sequence));
    for sequence in sequences {
        let Some((_, first)) = sequence.first().filter(|(shot, _)| shot.sequence.is_some()) else { continue };
        let truth: Vec<bool> = sequence.iter().map(|(_, scored)| scored.is_occupied).collect();
        let raw: Vec<bool> = sequence.iter().map(|(_, scored)| scored.odds > 0.0).collect();
        let mut settled = Settled::known(Some(first.is_occupied));
        let after = sequence.iter().map(|(_, scored)| {
            settled = settled.after(probability(scored.odds), settings);
            settled.is_occupied == Some(true)
        });
        let after: Vec<bool> = after.collect();
        flips.real += changes(&truth).len();
        flips.raw_false += noticed(&truth, &raw).0;
        let (settled_false, found) = noticed(&truth, &after);
        flips.settled_false += settled_false;
        flips.settled_missed += changes(&truth).len() - found.len();
        delays.extend(found);
    }
    delays.sort_unstable();
    flips.delay_median = delays.get(delays.len() / 2).copied();
    flips
}

/// Where a series changes, and to what.
fn changes(series: &[bool]) -> Vec<(usize, bool)> {
    (1..series.len()).filter(|at| series[*at] != series[*at - 1]).map(|at| (at, series[at])).collect()
}

/// Changes that are no real one, and the delay of each real one that was noticed.
fn noticed(truth: &[bool], said: &[bool]) -> (usize, Vec<usize>) {
    let mut real = changes(truth);
    let mut delays = Vec::new();
    let mut wrong = 0;
    for (at, to) in changes(said) {
        let is_it = |(began, into): &(usize, bool)| {
            *into == to && *began <= at + NOTICED_BEFORE && at <= began + NOTICED_WITHIN
        };
        match real.iter().position(is_it) {
            Some(index) => delays.push(at.saturating_sub(real.remove(index).0)),
            None => wrong += 1,
        }
    }
    (wrong, delays)
}

#[cfg(test)]
mod tests {
    use super::super::crop::PATCH;
    use super::*;

    fn scored(odds: f64, is_occupied: bool) -> Scored {
        Scored { odds, is_occupied }
    }

    #[test]
    fn figures_are_counted_as_everybody_counts_them() {
        let figures = Figures::of(&[
            scored(2.0, true),
            scored(-1.0, true),
            scored(-2.0, false),
            scored(1.0, false),
            scored(-3.0, false),
        ]);
        assert_eq!((figures.accuracy, figures.f1), (Some(0.6), Some(0.5)));
        assert!((figures.balanced.expect("both kinds") - (0.5 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!((figures.auc.expect("both kinds") - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!(Figures::of(&[]).accuracy, None);
    }

    #[test]
    fn a_change_that_comes_late_is_no_false_one() {
        let truth = [false, false, true, true, true, true, true, true];
        let late = [false, false, false, true, true, true, true, true];
        assert_eq!(noticed(&truth, &late), (0, vec![1]));
        let nervous = [false, true, false, true, false, true, true, true];
        assert_eq!(noticed(&truth, &nervous), (4, vec![0]));
        let early = [false, true, true, true, true, true, true, true];
        assert_eq!(noticed(&truth, &early), (0, vec![0]), "half of it was there");
    }

    #[test]
    fn a_slot_behind_a_tree_teaches_a_model_nothing() {
        let patch = |low: u8, high: u8, number: usize| {
            let luma = |at: usize| if at * (31 + number) % 7 < 3 { low } else { high };
            Some(Patch((0..PATCH * PATCH).map(luma).collect()))
        };
        let series = |low: u8, high: u8| Series {
            camera: "A".into(),
            slot: "1".into(),
            mask: Mask::whole(),
            shots: (0..5)
                .map(|number| Shot {
                    time: number.to_string(),
                    sequence: None,
                    is_occupied: number > 3,
                    patch: patch(low, high, number),
                })
                .collect(),
        };
        assert_eq!((examples(&series(110, 114), 3).len(), examples(&series(20, 220), 3).len()), (2, 0));
        assert_eq!(examples(&series(110, 114), 5).len(), 0, "it was not empty often enough");
    }

    #[test]
    fn days_are_told_apart_by_what_is_written() {
        assert_eq!(day("2015-07-03T08:05"), "2015-07-03");
        assert_eq!((day("rainy camera 1"), day("rainy camera 2")), ("rainy camera 1", "rainy camera 2"));
    }

    #[test]
    fn a_slot_is_kept_by_what_was_confirmed_and_not_by_what_is_scored() {
        assert!(is_kept(0.05, &[]) && is_kept(0.05, &[(1.0, true), (-1.0, false)]));
        assert!(!is_kept(0.05, &[(1.0, true), (-1.0, false), (-1.0, true), (-1.0, false)]));
        assert!(!is_kept(0.2, &[]), "a tree stands before it");
    }
}
