//! What stands over the screen and takes the keys: a line to type, a list to choose from, a question. Their state; `update::popups` moves it.

use parking_api::slots::SlotState;
use parking_api::{CaptureId, SlotId};

use crate::actions::Action;
use crate::filter::{self, Filter};
use crate::input::Input;
use crate::keymap::Keymap;
use crate::lot::LotView;
use crate::model::{Pane, Tab};
use crate::work::Change;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Popup {
    Prompt(Prompt),
    Picker(Picker),
    Confirm(Confirm),
    /// What changed while nobody could look, and the row that is selected.
    Away(usize),
    /// Why a slot is in its state, and the first row that is in sight.
    Why(usize),
}

/// A line to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub ask: Ask,
    pub input: Input,
    /// Place in the lines that were typed before.
    pub recalled: Option<usize>,
    /// What `Tab` offers, and the one that stands there.
    pub offers: Vec<String>,
    pub offer: Option<usize>,
    pub fault: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Command,
    /// Which rows are shown; and how it was before, for those who leave it.
    Filter {
        before: Filter,
        cursor: Option<SlotId>,
    },
    /// A note, and the state to set with it.
    Note {
        state: Option<SlotState>,
        slots: Vec<SlotId>,
    },
    /// The name of a file for a picture.
    Save {
        capture: CaptureId,
    },
}

impl Prompt {
    pub fn new(ask: Ask, text: &str) -> Self {
        Self { ask, input: Input::new(text), recalled: None, offers: Vec::new(), offer: None, fault: None }
    }
}

/// Actions to choose from by typing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picker {
    /// By section while nothing is typed.
    pub is_help: bool,
    /// What is most often done where the help was opened; it comes first.
    pub here: Vec<Action>,
    pub input: Input,
    pub cursor: usize,
}

impl Picker {
    pub fn new(is_help: bool, tab: &Tab) -> Self {
        let here = if is_help { offers(tab).iter().map(|(action, _)| *action).collect() } else { Vec::new() };
        Self { is_help, here, input: Input::default(), cursor: 0 }
    }

    /// The actions that match what was typed.
    pub fn rows(&self, keymap: &Keymap) -> Vec<Action> {
        let query = self.input.text();
        if query.is_empty() {
            return self.here.iter().chain(Action::ALL).copied().collect();
        }
        let rank = |action: &Action| {
            let by_name = filter::score(action.name(), &query).map(|score| score + 8);
            let keys = keymap.keys(*action).iter().any(|key| key.to_string() == query).then_some(100);
            let is_about = action.about().to_lowercase().contains(&query.to_lowercase());
            keys.max(by_name).max(is_about.then_some(4))
        };
        let mut rows: Vec<_> = Action::ALL.iter().filter_map(|action| Some((rank(action)?, *action))).collect();
        rows.sort_by_key(|(score, _)| -score);
        rows.into_iter().map(|(_, action)| action).collect()
    }
}

/// What is most often done in a pane, and the word for it in a hint.
pub fn offers(tab: &Tab) -> &'static [(Action, &'static str)] {
    use Action::*;
    match tab.pane {
        _ if tab.viewer.is_some() => {
            &[(Back, "back"), (Older, "older"), (Newer, "newer"), (Last, "newest"), (Save, "save"), (Images, "drawing")]
        }
        Pane::Slots => &[
            (Toggle, "toggle"),
            (SetFree, "free"),
            (SetOccupied, "occupied"),
            (Reserve, "reserve"),
            (Close, "close"),
            (Undo, "undo"),
            (Mark, "mark"),
            (Filter, "filter"),
            (Layout, "layout"),
            (Why, "why"),
            (Picture, "picture"),
        ],
        Pane::Slot => &[
            (Back, "back"),
            (Open, "picture"),
            (Toggle, "toggle"),
            (Reserve, "reserve"),
            (Close, "close"),
            (Note, "note"),
            (Why, "why"),
            (Older, "older"),
        ],
        Pane::Sessions => &[(Back, "back"), (Open, "slot"), (Filter, "filter")],
        Pane::Cameras => &[(Back, "back"), (Open, "large"), (Older, "older"), (Save, "save"), (Images, "drawing")],
        Pane::Events => &[(Back, "back"), (Open, "slot"), (Follow, "follow"), (Filter, "filter")],
    }
}

/// How many slots a change is about has to be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    pub change: Change,
    pub slots: Vec<SlotId>,
    pub note: Option<String>,
    pub input: Input,
}

impl Confirm {
    /// What it is about, in as few words as name it.
    pub fn subject(&self, lot: &LotView) -> String {
        match self.slots.as_slice() {
            [one] => lot.slot(*one).map_or_else(|| "1 slot".into(), |slot| format!("{}, which is marked", slot.code)),
            many => format!("{} slots", many.len()),
        }
    }
}
