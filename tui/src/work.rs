//! What a person does to slots: begun, pending, done, refused, taken back. Pure. A slot shows its new state when the event says so, never before.

use std::collections::BTreeMap;

use parking_api::client::Error;
use parking_api::events::Actor;
use parking_api::slots::{SetSlot, Slot, SlotState};
use parking_api::{LotId, ProblemCode, SlotId};

use crate::effect::{Effect, Write};
use crate::lot::LotView;
use crate::model::{Model, Tone};
use crate::msg::{OpId, Written};

/// How many of one's own actions can be taken back.
const UNDO_MAX: usize = 50;
/// Refusals that a summary names.
const NAMED_MAX: usize = 3;

/// What is asked of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Toggle,
    Set(SlotState),
    Note,
}

/// What this console has asked of the daemon.
#[derive(Debug, Clone, Default)]
pub struct Work {
    last: OpId,
    pub pending: BTreeMap<SlotId, Pending>,
    running: BTreeMap<OpId, Group>,
    /// Oldest first.
    undo: Vec<Group>,
}

/// A slot that was asked to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    lot: LotId,
    /// The event to wait for; none before the daemon has answered.
    seq: Option<u64>,
}

/// One action on one or many slots.
#[derive(Debug, Clone, PartialEq)]
struct Group {
    op: OpId,
    lot: LotId,
    /// The action that this one takes back.
    undoes: Option<OpId>,
    left: usize,
    asked: BTreeMap<SlotId, Asked>,
    /// As they were after it; what has been taken back is done no more.
    done: Vec<Slot>,
    /// What was not done, and why, a sentence each.
    refused: Vec<String>,
}

/// What was asked of a slot, and as what it was seen then.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    seen: Slot,
    write: Write,
    is_second: bool,
}

impl Asked {
    /// Whether `now` is newer than what was seen, and yet what a person would call the same.
    fn is_same(&self, now: &Slot) -> bool {
        now.rev > self.seen.rev && is_same(now, &self.seen)
    }

    /// Whether `now` is of somebody else.
    fn is_anothers(&self, now: &Slot) -> bool {
        now.rev > self.seen.rev && !is_same(now, &self.seen)
    }
}

/// What a camera suggests and what it no longer confirms is no other state.
fn is_same(one: &Slot, other: &Slot) -> bool {
    (one.state, &one.note, one.changed_at) == (other.state, &other.note, other.changed_at)
}

/// Asks the daemon for a change of all these slots; `note` is one for all of them, and none leaves theirs.
pub fn begin(model: &mut Model, change: Change, slots: &[SlotId], note: Option<String>) -> Vec<Effect> {
    if let Some(why) = model.hindrance() {
        model.say(Tone::Bad, why);
        return Vec::new();
    }
    let lot = &model.tab().lot;
    let known: Vec<Slot> = slots.iter().filter_map(|id| lot.slot(*id)).cloned().collect();
    let asked = known.into_iter().map(|slot| {
        let write = match change {
            Change::Toggle => Write::Toggle,
            Change::Set(state) => Write::Set(SetSlot { note: note.clone().map(Some), ..SetSlot::to(state) }),
            Change::Note => Write::Note(note.clone().filter(|note| !note.is_empty())),
        };
        (slot, write)
    });
    let asked = asked.collect();
    start(model, asked, None)
}

/// Takes back the last action of this console, unless somebody changed its slots since.
pub fn undo(model: &mut Model) -> Vec<Effect> {
    if let Some(why) = model.hindrance() {
        model.say(Tone::Bad, why);
        return Vec::new();
    }
    let lot = &model.tab().lot;
    let Some(group) = model.work.undo.iter().rfind(|group| group.lot == lot.id) else {
        model.say(Tone::Plain, "there is nothing of mine to take back");
        return Vec::new();
    };
    let asked = group.done.iter().filter_map(|after| {
        let before = &group.asked.get(&after.id)?.seen;
        let write = Write::Set(SetSlot { note: Some(before.note.clone()), ..SetSlot::to(before.state) });
        // Only what still is as we left it.
        let ours = lot.slot(after.id).filter(|now| now.rev > after.rev && is_same(now, after));
        Some((ours.unwrap_or(after).clone(), write))
    });
    let (op, asked) = (group.op, asked.collect());
    start(model, asked, Some(op))
}

fn start(model: &mut Model, asked: Vec<(Slot, Write)>, undoes: Option<OpId>) -> Vec<Effect> {
    let lot = model.tab().lot.id.clone();
    let work = &mut model.work;
    work.last += 1;
    let op = work.last;
    let asked: Vec<_> = asked.into_iter().filter(|(slot, ..)| !work.pending.contains_key(&slot.id)).collect();
    if asked.is_empty() {
        model.say(Tone::Plain, "nothing to do: an answer is still awaited");
        return Vec::new();
    }
    let left = asked.len();
    let mut group = Group { op, lot, undoes, left, asked: BTreeMap::new(), done: Vec::new(), refused: Vec::new() };
    let mut effects = Vec::with_capacity(left);
    for (seen, write) in asked {
        work.pending.insert(seen.id, Pending { lot: group.lot.clone(), seq: None });
        let asked = Asked { seen, write, is_second: false };
        effects.push(effect(op, &group.lot, &asked));
        group.asked.insert(asked.seen.id, asked);
    }
    work.running.insert(op, group);
    effects
}

fn effect(op: OpId, lot: &LotId, asked: &Asked) -> Effect {
    let Asked { seen, write, .. } = asked;
    Effect::Write { op, lot: lot.clone(), slot: seen.id, write: write.clone(), if_match: Some(seen.rev) }
}

/// The daemon has answered.
pub fn written(model: &mut Model, op: OpId, slot: SlotId, result: Result<Written, Error>) -> Vec<Effect> {
    let work = &mut model.work;
    let Some(group) = work.running.get_mut(&op) else { return Vec::new() };
    let Some(asked) = group.asked.get_mut(&slot) else { return Vec::new() };
    let lot = model.tabs.iter().find(|tab| tab.lot.id == group.lot).map(|tab| &tab.lot);
    let now = lot.and_then(|lot| lot.slot(slot));
    let is_over = match result {
        Ok(written) => {
            work.pending.insert(slot, Pending { lot: group.lot.clone(), seq: Some(written.seq) });
            if let Some(undone) = group.undoes {
                restore(&mut work.undo, undone, &written.slot);
            }
            group.done.push(*written.slot);
            true
        }
        Err(error) => {
            let code = if let Error::Refused(problem) = &error { Some(problem.code) } else { None };
            let is_stale = code == Some(ProblemCode::RevStale);
            // A camera had something to say of it meanwhile, and nobody else.
            if let Some(now) = now.filter(|now| is_stale && !asked.is_second && asked.is_same(now)) {
                (asked.seen, asked.is_second) = (now.clone(), true);
                return vec![effect(op, &group.lot, asked)];
            }
            work.pending.remove(&slot);
            group.refused.push(refusal(&error, &asked.seen, lot));
            code == Some(ProblemCode::SlotNotFound) || is_stale && now.is_some_and(|now| asked.is_anothers(now))
        }
    };
    // What may succeed later can be taken back later.
    if let Some(undone) = group.undoes.filter(|_| is_over) {
        forget(&mut work.undo, undone, slot);
    }
    group.left -= 1;
    let (is_last, lot) = (group.left == 0, group.lot.clone());
    settle(model, &lot);
    if is_last && let Some(group) = model.work.running.remove(&op) {
        finish(model, group);
    }
    Vec::new()
}

/// A slot that is again as an action found it is what the actions before that one left.
fn restore(undo: &mut [Group], op: OpId, now: &Slot) {
    let found = undo.iter().find(|group| group.op == op).and_then(|group| group.asked.get(&now.id));
    let Some(seen) = found.map(|asked| asked.seen.clone()) else { return };
    let left = undo.iter_mut().flat_map(|group| &mut group.done);
    left.filter(|left| left.id == seen.id && is_same(left, &seen)).for_each(|left| *left = now.clone());
}

/// A slot of an action that is not to be taken back any more.
fn forget(undo: &mut Vec<Group>, op: OpId, slot: SlotId) {
    for group in undo.iter_mut().filter(|group| group.op == op) {
        group.done.retain(|done| done.id != slot);
    }
    undo.retain(|group| !group.done.is_empty());
}

/// Whatever the stream of its lot has caught up with is pending no longer.
pub fn settle(model: &mut Model, lot: &LotId) {
    let Some(seq) = model.tab_of(lot).map(|tab| tab.lot.seq) else { return };
    let is_left = |pending: &Pending| pending.lot != *lot || pending.seq.is_none_or(|awaited| awaited > seq);
    model.work.pending.retain(|_, pending| is_left(pending));
}

fn finish(model: &mut Model, group: Group) {
    let key = model.keymap.hint(crate::actions::Action::Undo);
    let back = key.filter(|_| group.undoes.is_none()).map(|key| format!("; {key} takes it back")).unwrap_or_default();
    let done = match group.done.as_slice() {
        [] => String::new(),
        [slot] => format!("{} is {}{back}", slot.code, slot.state),
        slots => format!("{} slots changed{back}", slots.len()),
    };
    let mut refused: Vec<_> = group.refused.iter().take(NAMED_MAX).cloned().collect();
    if group.refused.len() > NAMED_MAX {
        refused.push(format!("{} more were not changed", group.refused.len() - NAMED_MAX));
    }
    let tone = if refused.is_empty() { Tone::Good } else { Tone::Bad };
    let text = [refused.join("; "), done].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ");
    model.say(tone, text);
    if group.undoes.is_none() && !group.done.is_empty() {
        model.work.undo.push(group);
        if model.work.undo.len() > UNDO_MAX {
            model.work.undo.remove(0);
        }
    }
}

/// That a slot was not changed, and why. Where the answer was lost nobody knows, and the stream will show it.
fn refusal(error: &Error, before: &Slot, lot: Option<&LotView>) -> String {
    let is_lost = matches!(error, Error::Unreachable { .. } | Error::TimedOut { .. });
    let was_not = if is_lost { "may not have been changed" } else { "was not changed" };
    format!("{} {was_not}: {}", before.code, why(error, before, lot))
}

/// Why a slot was not changed, in words that say what happened instead.
fn why(error: &Error, before: &Slot, lot: Option<&LotView>) -> String {
    let Error::Refused(problem) = error else { return error.to_string() };
    if problem.code != ProblemCode::RevStale {
        return problem.detail.clone();
    }
    let now = lot.and_then(|lot| Some((lot.slot(before.id)?, lot.actors.get(&before.id))));
    match now.filter(|(slot, _)| slot.rev > before.rev) {
        Some((slot, actor)) if slot.state != before.state => {
            format!("{} set it {} meanwhile", actor.map_or("somebody", name), slot.state)
        }
        Some((_, actor)) => format!("{} changed it meanwhile", actor.map_or("somebody", name)),
        None => "somebody changed it meanwhile; look again".into(),
    }
}

fn name(actor: &Actor) -> &str {
    actor.name.as_deref().unwrap_or(actor.kind.as_str())
}

#[cfg(test)]
mod tests;
