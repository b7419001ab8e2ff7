//! New firmware: offered, fetched, started on trial, kept once it has proved itself.

use super::storing::Storing;
use super::{Core, Out, Output};
use crate::orders::Offer;
use crate::ota::{self, ID_MAX, Own, Refusal, Update};
use crate::retry::{Backoff, Fate};
use crate::settings::{Proved, Settings, Tried};
use crate::text::Text;

/// A firmware on trial that has not brought a picture to the daemon after this time is given up.
const TRIAL_MS: u64 = 900_000;
/// Longest wait for pictures to be uploaded before a restart.
const RESTART_MS: u64 = 60_000;

/// Waits between fetches that failed: an image is large.
const RETRY_MS_FIRST: u64 = 60_000;
const RETRY_MS_MAX: u64 = 3_600_000;

/// New firmware.
#[derive(Debug, Clone)]
pub(super) struct Updating {
    update: Option<Update>,
    backoff: Backoff,
    /// No offer is taken before.
    not_before_ms: u64,
    is_trial: bool,
    trial_by_ms: Option<u64>,
    /// The image that was refused last, and at which attempt, so that it is not checked with each answer.
    refused: Option<([u8; 8], u32)>,
    /// It is written, and started by then.
    pub(super) restart_ms: Option<u64>,
    /// What became of the last one, in a word.
    pub(super) word: Text<32>,
    /// And which one that was.
    pub(super) of: Option<[u8; 8]>,
    /// The daemon has not heard that yet.
    pub(super) is_news: bool,
}

impl Updating {
    /// `proved` is the mark of what runs, if it came over the air.
    pub(super) fn new(is_trial: bool, tried: Option<Tried>, proved: Option<[u8; 8]>) -> Self {
        let word = match (is_trial, tried) {
            (true, _) => "trial",
            // The power may have been cut: it is tried again.
            (false, Some(Tried { tries, .. })) if tries < ota::TRIES_MAX => "interrupted",
            (false, Some(_)) => "went_back",
            (false, None) if proved.is_some() => "valid",
            (false, None) => "",
        };
        Self {
            update: None,
            backoff: Backoff::new(RETRY_MS_FIRST, RETRY_MS_MAX),
            not_before_ms: 0,
            is_trial,
            trial_by_ms: None,
            refused: None,
            restart_ms: None,
            word: Text::cut(word),
            of: tried.map(|tried| tried.mark).or(proved),
            // The first report is early enough.
            is_news: false,
        }
    }

    fn say(&mut self, word: &str) {
        if &*self.word != word {
            self.word = Text::cut(word);
            self.is_news = true;
        }
    }

    /// What was refused may be right for other settings.
    pub(super) fn forget_refusal(&mut self) {
        self.refused = None;
    }

    pub(super) fn begin(&mut self, now_ms: u64) {
        self.trial_by_ms = self.is_trial.then_some(now_ms + TRIAL_MS);
    }

    pub(super) fn is_busy(&self) -> bool {
        self.update.is_some() || self.restart_ms.is_some()
    }

    /// Id of the firmware that is to be fetched.
    pub(super) fn wanted(&self) -> Option<Text<ID_MAX>> {
        self.update.as_ref().map(|update| update.id)
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.update = None;
        self.say(refusal.word());
    }
}

impl Core {
    pub(super) fn offered(&mut self, offer: &Offer<'_>, now_ms: u64) {
        let mark = ota::mark(&offer.sha256);
        // Said again before the daemon has heard that this is what runs.
        if *self.board.version == *offer.version
            || self.updating.is_busy()
            || now_ms < self.updating.not_before_ms
            || self.updating.is_trial
            || self.updating.refused == Some((mark, offer.attempt))
        {
            return;
        }
        if self.updating.of != Some(mark) {
            self.updating.of = Some(mark);
            self.updating.word = Text::new();
        }
        // It runs, whatever it says it is.
        if proved(&self.settings, &self.board.version) == Some(mark) {
            return self.updating.say("valid");
        }
        let own = Own {
            board: &self.board.board,
            version: &self.board.version,
            key: self.settings.firmware_key,
            tried: self.settings.tried,
            room: self.board.firmware_room,
        };
        match Update::begin(offer, &own) {
            Ok(update) => {
                self.updating.say("fetching");
                self.updating.update = Some(update);
            }
            Err(refusal) => {
                self.updating.refused = Some((mark, offer.attempt));
                self.updating.refuse(refusal);
            }
        }
    }

    /// Whether the piece may be written and more may come.
    pub(super) fn take_piece(&mut self, bytes: &[u8], out: Out<'_>) -> bool {
        let Some(update) = &mut self.updating.update else { return false };
        match update.take(bytes) {
            Ok(()) => out(Output::WriteUpdate(bytes)),
            Err(refusal) => self.updating.refuse(refusal),
        }
        self.updating.update.is_some()
    }

    /// The daemon will offer it again.
    pub(super) fn abort_update(&mut self, now_ms: u64, out: Out<'_>) {
        self.updating.update = None;
        self.updating.not_before_ms = now_ms + self.updating.backoff.next_ms(&mut self.chance);
        out(Output::AbortUpdate);
    }

    pub(super) fn update_failed(&mut self, now_ms: u64, out: Out<'_>) {
        self.errors += 1;
        self.updating.say("flash_failed");
        self.updating.restart_ms = None;
        if self.updating.update.is_some() {
            self.give_up(now_ms, out);
        }
    }

    pub(super) fn firmware_answered(&mut self, fate: Fate, now_ms: u64, out: Out<'_>) {
        let Some(update) = self.updating.update.take() else { return };
        if fate != Fate::Accepted {
            self.updating.say("fetch_failed");
            return self.abort_update(now_ms, out);
        }
        let attempt = update.attempt;
        let Ok(mark) = update.finish() else {
            self.errors += 1;
            self.updating.refuse(Refusal::Damaged);
            return self.abort_update(now_ms, out);
        };
        let before = self.settings.tried.filter(|tried| (tried.mark, tried.attempt) == (mark, attempt));
        let tries = before.map_or(0, |tried| tried.tries).saturating_add(1);
        self.settings.tried = Some(Tried { mark, tries, attempt });
        self.updating.say("written");
        self.updating.restart_ms = Some(now_ms + RESTART_MS);
    }

    pub(super) fn advance_update(&mut self, now_ms: u64, out: Out<'_>) {
        let is_clear = self.ring.frames().is_empty() && self.wire.is_idle();
        let is_due = self.updating.restart_ms.is_some_and(|by_ms| is_clear || now_ms >= by_ms);
        if is_due && self.storing == Storing::Nothing {
            self.updating.restart_ms = None;
            // Written down before it is started: what does not come back from it is known.
            self.storing = Storing::Start;
            self.store(out);
        }
        if self.updating.trial_by_ms.is_some_and(|by_ms| now_ms >= by_ms) {
            self.updating.trial_by_ms = None;
            out(Output::GoBack);
        }
    }

    /// It could not be written down, so it was not tried.
    pub(super) fn not_started(&mut self, now_ms: u64, out: Out<'_>) {
        let before = self.settings.tried.filter(|tried| tried.tries > 1);
        self.settings.tried = before.map(|tried| Tried { tries: tried.tries - 1, ..tried });
        self.updating.say("flash_failed");
        self.abort_update(now_ms, out);
    }

    /// The daemon has accepted a picture from this firmware.
    pub(super) fn prove(&mut self, out: Out<'_>) {
        if self.updating.is_trial {
            self.updating.is_trial = false;
            self.updating.trial_by_ms = None;
            self.updating.say("valid");
            let version = self.board.version;
            self.settings.proved = self.settings.tried.take().map(|Tried { mark, .. }| Proved { mark, version });
            self.store(out);
            out(Output::MarkValid);
        }
    }

    /// The attempt at which the firmware of which something is said was started.
    pub(super) fn attempt(&self) -> Option<u32> {
        let tried = self.settings.tried.filter(|tried| self.updating.of == Some(tried.mark));
        tried.map(|tried| tried.attempt)
    }
}

/// Mark of the firmware that runs, if it came over the air.
pub(super) fn proved(settings: &Settings, version: &str) -> Option<[u8; 8]> {
    settings.proved.filter(|proved| *proved.version == *version).map(|proved| proved.mark)
}
