//! What a person does to slots: begun, pending, done, refused, taken back. Pure. A slot shows its new state when the event says so, never before.

use std::collections::BTreeMap;

use parking_api::client::Error;
use parking_api::events::Actor;
use parking_api::slots::{SetSlot, Slot, SlotState};
use parking_api::{LotId, ProblemCode, SlotCode, SlotId};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    op: OpId,
    /// The event to wait for; none before the daemon has answered.
    seq: Option<u64>,
}

/// One action on one or many slots.
#[derive(Debug, Clone, PartialEq)]
struct Group {
    lot: LotId,
    is_undo: bool,
    left: usize,
    before: BTreeMap<SlotId, Slot>,
    done: Vec<Slot>,
    refused: Vec<(SlotCode, String)>,
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
        let if_match = Some(slot.rev);
        (slot, write, if_match)
    });
    let asked = asked.collect();
    start(model, asked, false)
}

/// Takes back the last action of this console, unless somebody changed its slots since.
pub fn undo(model: &mut Model) -> Vec<Effect> {
    if let Some(why) = model.hindrance() {
        model.say(Tone::Bad, why);
        return Vec::new();
    }
    let lot = model.tab().lot.id.clone();
    let Some(at) = model.work.undo.iter().rposition(|group| group.lot == lot) else {
        model.say(Tone::Plain, "there is nothing of mine to take back");
        return Vec::new();
    };
    let group = model.work.undo.remove(at);
    let asked = group.done.iter().filter_map(|after| {
        let before = group.before.get(&after.id)?;
        let write = Write::Set(SetSlot { note: Some(before.note.clone()), ..SetSlot::to(before.state) });
        // Only what still is as we left it.
        Some((after.clone(), write, Some(after.rev)))
    });
    let asked = asked.collect();
    start(model, asked, true)
}

fn start(model: &mut Model, asked: Vec<(Slot, Write, Option<u64>)>, is_undo: bool) -> Vec<Effect> {
    let lot = model.tab().lot.id.clone();
    let work = &mut model.work;
    work.last += 1;
    let op = work.last;
    let asked: Vec<_> = asked.into_iter().filter(|(slot, ..)| !work.pending.contains_key(&slot.id)).collect();
    if asked.is_empty() {
        model.say(Tone::Plain, "nothing to do: an answer is still awaited");
        return Vec::new();
    }
    let before = asked.iter().map(|(slot, ..)| (slot.id, slot.clone())).collect();
    let left = asked.len();
    work.running.insert(op, Group { lot: lot.clone(), is_undo, left, before, done: Vec::new(), refused: Vec::new() });
    let mut effects = Vec::with_capacity(left);
    for (slot, write, if_match) in asked {
        work.pending.insert(slot.id, Pending { op, seq: None });
        effects.push(Effect::Write { op, lot: lot.clone(), slot: slot.id, write, if_match });
    }
    effects
}

/// The daemon has answered.
pub fn written(model: &mut Model, op: OpId, slot: SlotId, result: Result<Written, Error>) {
    let Some(group) = model.work.running.get_mut(&op) else { return };
    group.left -= 1;
    match result {
        Ok(written) => {
            model.work.pending.insert(slot, Pending { op, seq: Some(written.seq) });
            group.done.push(*written.slot);
        }
        Err(error) => {
            model.work.pending.remove(&slot);
            let lot = model.tabs.iter().find(|tab| tab.lot.id == group.lot).map(|tab| &tab.lot);
            let before = group.before.get(&slot);
            if let Some(before) = before {
                group.refused.push((before.code.clone(), why(&error, before, lot)));
            }
        }
    }
    let is_over = group.left == 0;
    let lot = group.lot.clone();
    settle(model, &lot);
    if is_over && let Some(group) = model.work.running.remove(&op) {
        finish(model, group);
    }
}

/// Whatever the stream has caught up with is pending no longer.
pub fn settle(model: &mut Model, lot: &LotId) {
    let Some(seq) = model.tab_of(lot).map(|tab| tab.lot.seq) else { return };
    model.work.pending.retain(|_, pending| pending.seq.is_none_or(|awaited| awaited > seq));
}

fn finish(model: &mut Model, group: Group) {
    let key = model.keymap.hint(crate::actions::Action::Undo);
    let back = key.filter(|_| !group.is_undo).map(|key| format!("; {key} takes it back")).unwrap_or_default();
    let done = match group.done.as_slice() {
        [] => String::new(),
        [slot] => format!("{} is {}{back}", slot.code, slot.state),
        slots => format!("{} slots changed{back}", slots.len()),
    };
    let mut refused: Vec<_> =
        group.refused.iter().take(NAMED_MAX).map(|(code, why)| format!("{code} was not changed: {why}")).collect();
    if group.refused.len() > NAMED_MAX {
        refused.push(format!("{} more were not changed", group.refused.len() - NAMED_MAX));
    }
    let tone = if refused.is_empty() { Tone::Good } else { Tone::Bad };
    let text = [refused.join("; "), done].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ");
    model.say(tone, text);
    if !group.is_undo && !group.done.is_empty() {
        model.work.undo.push(group);
        if model.work.undo.len() > UNDO_MAX {
            model.work.undo.remove(0);
        }
    }
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
