//! All that the console knows. Changed by `update` alone, shown by `view`.

use std::collections::BTreeSet;

use parking_api::events::Event;
use parking_api::sessions::Session;
use parking_api::slots::Slot;
use parking_api::tokens::{Identity, Role};
use parking_api::{LotId, SessionId, SlotId, Time};

use crate::asking::Asking;
use crate::filter::{About, Filter};
use crate::hud::Hud;
use crate::keymap::Keymap;
use crate::lot::{self, Link, LotView};
use crate::pictures::{Pictures, Viewer};
use crate::popups::Popup;
use crate::sheet::Mode;
use crate::sights::Question;
use crate::spans;
use crate::theme::Look;
use crate::work::Work;

/// How long a notice is shown, in milliseconds.
const NOTICE_MS: i64 = 8_000;
/// Lines that the command line remembers.
pub const HISTORY_MAX: usize = 100;
/// Changes of a slot that are kept to be looked at.
pub const CHANGES_MAX: usize = 200;
/// A list of cameras or stays that is looked at is asked for anew after this long, in milliseconds.
pub const REFRESH_MS: i64 = 15_000;

/// The one state of the console.
#[derive(Debug, Clone)]
pub struct Model {
    /// By the clock of the daemon, as far as it is known: all times that are shown are by it.
    pub now: Time,
    /// How far that clock is ahead of the one of this machine, in milliseconds.
    pub ahead_ms: i64,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub look: Look,
    pub keymap: Keymap,
    pub server: String,
    /// Nothing is to be changed, whatever the token allows.
    pub is_read_only: bool,
    pub who: Who,
    pub who_asked: Asking,
    pub lots_asked: Asking,
    /// One for each lot; never empty.
    pub tabs: Vec<Tab>,
    pub active: usize,
    pub notice: Option<Notice>,
    pub popup: Option<Popup>,
    /// Command lines, oldest first.
    pub history: Vec<String>,
    pub work: Work,
    pub pictures: Pictures,
    pub hud: Option<Hud>,
}

/// Whom the daemon takes us for.
#[derive(Debug, Clone, PartialEq)]
pub enum Who {
    Asking,
    Known(Identity),
    Refused(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Bad,
}

/// Something that is said once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub tone: Tone,
    pub until: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    Slots,
    Slot,
    Sessions,
    Cameras,
    Events,
}

impl Pane {
    pub const ALL: [Self; 5] = [Self::Slots, Self::Slot, Self::Sessions, Self::Cameras, Self::Events];
}

/// One lot and how it is looked at.
#[derive(Debug, Clone)]
pub struct Tab {
    pub lot: LotView,
    pub is_followed: bool,
    pub pane: Pane,
    pub slots: SlotsPane,
    pub slot: SlotPane,
    pub sessions: SessionsPane,
    pub cameras: Rows,
    /// When they were asked for last, and when the log was to close a gap.
    pub cameras_at: Option<Time>,
    pub log_at: Option<Time>,
    pub events: EventsPane,
    /// The picture of one camera in the place of the pane.
    pub viewer: Option<Viewer>,
    /// The slot that was asked about last.
    pub why: Option<Question>,
}

#[derive(Debug, Clone, Default)]
pub struct SlotsPane {
    pub cursor: Option<SlotId>,
    pub scroll: u32,
    pub mode: Mode,
    /// Place in the list of levels.
    pub level: usize,
    pub filter: Filter,
    pub marks: BTreeSet<SlotId>,
    pub is_preview_hidden: bool,
}

#[derive(Debug, Clone, Default)]
pub struct SlotPane {
    pub slot: Option<SlotId>,
    /// Oldest first.
    pub history: Vec<Event>,
    pub stay: Option<Session>,
    pub is_loading: bool,
    /// Why its history did not come.
    pub failed: Option<String>,
    pub rows: Rows,
}

impl SlotPane {
    /// Takes in what has just happened to the slot; a row of the past that is looked at stays.
    pub fn add(&mut self, event: &Event) {
        if self.slot.is_some() && lot::slot_of(&event.change) == self.slot {
            self.fill(vec![event.clone()]);
        }
    }

    pub fn fill(&mut self, events: Vec<Event>) {
        let at = self.history.len().checked_sub(self.rows.cursor + 1).filter(|_| self.rows.cursor > 0);
        let at = at.map(|at| self.history[at].seq);
        self.history = lot::merged(std::mem::take(&mut self.history), events, CHANGES_MAX);
        let newer = at.map(|seq| self.history.iter().filter(|event| event.seq > seq).count());
        self.rows.cursor = newer.unwrap_or_default().min(self.history.len().saturating_sub(1));
    }
}

#[derive(Debug, Clone, Default)]
pub struct SessionsPane {
    /// Newest first.
    pub sessions: Vec<Session>,
    /// They have come at least once.
    pub is_known: bool,
    /// When they were asked for last.
    pub loaded_at: Option<Time>,
    pub filter: Filter,
    /// The one that is selected.
    pub at: Option<SessionId>,
}

#[derive(Debug, Clone, Default)]
pub struct EventsPane {
    pub filter: Filter,
    /// `seq` of the line that is looked at; none follows the newest.
    pub at: Option<u64>,
}

/// Where a list stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rows {
    pub cursor: usize,
}

impl Tab {
    pub fn new(lot: LotId) -> Self {
        Self {
            lot: LotView::new(lot),
            is_followed: false,
            pane: Pane::Slots,
            slots: SlotsPane::default(),
            slot: SlotPane::default(),
            sessions: SessionsPane::default(),
            cameras: Rows::default(),
            cameras_at: None,
            log_at: None,
            events: EventsPane::default(),
            viewer: None,
            why: None,
        }
    }

    /// The slot that the cursor is on.
    pub fn selected(&self) -> Option<&Slot> {
        let id = if self.pane == Pane::Slot { self.slot.slot } else { self.slots.cursor };
        self.lot.slot(id?)
    }

    /// What is selected is shown until somebody moves on, even if it has changed and the filter would hide it.
    pub fn shows(&self, slot: &Slot, now: Time) -> bool {
        self.slots.cursor == Some(slot.id) || self.slots.filter.takes_slot(slot, now)
    }

    /// What a filter is about here. Where there is nothing to filter, it is the slots.
    pub fn about(&self) -> About {
        match self.pane {
            Pane::Sessions => About::Stays,
            Pane::Events => About::Events,
            Pane::Slots | Pane::Slot | Pane::Cameras => About::Slots,
        }
    }

    pub fn filter(&self) -> &Filter {
        match self.about() {
            About::Slots => &self.slots.filter,
            About::Stays => &self.sessions.filter,
            About::Events => &self.events.filter,
        }
    }

    /// Whether a filter hides something where one is looking.
    pub fn has_filter(&self) -> bool {
        !matches!(self.pane, Pane::Slot | Pane::Cameras) && !self.filter().is_empty()
    }

    pub fn filter_mut(&mut self) -> &mut Filter {
        match self.about() {
            About::Slots => &mut self.slots.filter,
            About::Stays => &mut self.sessions.filter,
            About::Events => &mut self.events.filter,
        }
    }

    /// Stays that pass the filter, newest first.
    pub fn shown_sessions(&self, now: Time) -> Vec<&Session> {
        let SessionsPane { sessions, filter, .. } = &self.sessions;
        sessions.iter().filter(|stay| filter.takes_stay(stay, now)).collect()
    }

    /// Which of those that are shown is selected.
    pub fn session_row(&self, shown: &[&Session]) -> usize {
        shown.iter().position(|stay| Some(stay.id) == self.sessions.at).unwrap_or_default()
    }

    /// Events that pass the filter, newest first.
    pub fn shown_events(&self, now: Time) -> Vec<&Event> {
        self.lot.events.iter().rev().filter(|event| self.events.filter.takes_event(event, now)).collect()
    }
}

impl Model {
    pub fn new(setup: Setup) -> Self {
        let Setup { now, size, look, keymap, server, lot, is_read_only, history } = setup;
        Self {
            now,
            ahead_ms: 0,
            size,
            look,
            keymap,
            server,
            is_read_only,
            who: Who::Asking,
            who_asked: Asking::default(),
            lots_asked: Asking::default(),
            tabs: vec![Tab::new(lot)],
            active: 0,
            notice: None,
            popup: None,
            history,
            work: Work::default(),
            pictures: Pictures::default(),
            hud: None,
        }
    }

    /// What the clock of this machine says.
    pub fn here(&self) -> Time {
        self.now.plus_ms(-self.ahead_ms)
    }

    pub fn tab(&self) -> &Tab {
        &self.tabs[self.active]
    }

    pub fn tab_mut(&mut self) -> &mut Tab {
        &mut self.tabs[self.active]
    }

    pub fn tab_of(&mut self, lot: &LotId) -> Option<&mut Tab> {
        self.tabs.iter_mut().find(|tab| tab.lot.id == *lot)
    }

    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), tone, until: self.now.plus_ms(NOTICE_MS) });
    }

    /// Why this person may not change anything now; none when they may.
    pub fn hindrance(&self) -> Option<String> {
        if self.is_read_only {
            return Some("this console was started with --read-only: nothing can be changed".into());
        }
        match &self.who {
            Who::Known(identity) if identity.role < Role::Attendant => {
                return Some(format!(
                    "{} is a {}: changing a slot takes an attendant's token",
                    identity.name, identity.role
                ));
            }
            Who::Refused(why) => return Some(format!("nothing can be changed: {why}")),
            Who::Known(_) | Who::Asking => {}
        }
        let lot = &self.tab().lot;
        match &lot.link {
            Link::Live | Link::CatchingUp => {
                lot.degraded.as_ref().map(|why| format!("the daemon takes no changes: {why}"))
            }
            Link::Connecting => Some("not connected yet: nothing was sent".into()),
            Link::Offline { .. } => Some("offline: nothing was sent, and nothing waits to be".into()),
            Link::Ended { reason } => Some(format!("the connection has ended: {reason}")),
        }
    }

    /// When something on the screen changes by itself.
    pub fn wake_at(&self) -> Time {
        let lot = &self.tab().lot;
        let mut at = spans::next_minute(self.now);
        let mut sooner = |time: Time| at = at.min(time);
        lot.flashes.values().copied().for_each(&mut sooner);
        if let Some(notice) = &self.notice {
            sooner(notice.until);
        }
        match (&lot.link, lot.heard_at) {
            (Link::Offline { retry_at: Some(retry_at), .. }, _) if *retry_at > self.now => {
                let left = retry_at.ms_since(self.now);
                sooner(self.now.plus_ms((left - 1).rem_euclid(1000) + 1));
            }
            (_, Some(heard_at)) => {
                let age = self.now.ms_since(heard_at).max(0);
                if age < 60_000 {
                    sooner(self.now.plus_ms(spans::AGE_STEP_MS - age % spans::AGE_STEP_MS));
                }
            }
            _ => {}
        }
        let waiting = [self.pictures.wake_at(), self.who_asked.again_at, self.lots_asked.again_at];
        waiting.into_iter().flatten().for_each(&mut sooner);
        let refreshed_at = match self.tab().pane {
            Pane::Cameras => self.tab().cameras_at,
            Pane::Sessions => self.tab().sessions.loaded_at,
            _ => None,
        };
        // Without a line nothing is asked for, however old it is.
        if let Some(loaded_at) = refreshed_at.filter(|_| lot.is_live()) {
            sooner(loaded_at.plus_ms(REFRESH_MS));
        }
        at.max(self.now.plus_ms(1))
    }
}

/// What the console begins with.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Setup {
    pub now: Time,
    pub size: (u16, u16),
    pub look: Look,
    pub keymap: Keymap,
    pub server: String,
    pub lot: LotId,
    #[serde(default)]
    pub is_read_only: bool,
    /// Command lines that were typed before, oldest first.
    #[serde(default)]
    pub history: Vec<String>,
}
