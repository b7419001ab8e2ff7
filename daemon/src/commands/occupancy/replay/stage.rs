//! One camera before its slots, in a daemon whose clock shows when each picture was taken.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_api::captures::Capture;
use parking_api::regions::{CameraView, Trust, ViewOutcome};
use parking_api::slots::SlotState;
use parking_api::{Committed, Time, paths};
use serde::Serialize;
use serde_json::{Value, json};

use super::caller::Caller;
use super::film::{Film, Moment};
use crate::clock::ToldClock;

/// How long a picture may take until it was looked at, and one that follows a picture that said nothing: that one says nothing is never said.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);
const MUTE_TIMEOUT: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Silence of so many intervals is noticed, and how long the daemon has to notice it.
const SILENT_INTERVALS: i64 = 5;
const NOTICE: Duration = Duration::from_millis(1_500);

/// What became of one slot.
#[derive(Debug, Default, Serialize)]
pub struct Fate {
    pub camera: String,
    pub slot: String,
    pub trust: Option<Trust>,
    pub trust_reason: String,
    /// How often people said how it is.
    pub words: u16,
    /// Pictures since the camera decides, and after how many of them the slot was as in truth.
    pub pictures: usize,
    pub right: usize,
    /// Changes in truth since then, and all that became of the slot.
    pub real_changes: usize,
    pub changes: Vec<Change>,
}

/// A change of a slot's state by the daemon or, where the camera may not set it yet, of what it believes.
#[derive(Debug, Serialize)]
pub struct Change {
    pub time: Time,
    pub state: SlotState,
    pub is_set: bool,
    pub score: Option<f32>,
    pub reason: Option<String>,
    /// As in truth, where that is known.
    pub is_right: Option<bool>,
}

pub struct Stage<'a> {
    caller: &'a Caller,
    clock: &'a ToldClock,
    camera: String,
    interval_ms: i64,
    words_max: u16,
    pub fates: BTreeMap<String, Fate>,
    views: BTreeMap<String, CameraView>,
    /// As the last picture had it.
    truth: BTreeMap<String, bool>,
    is_mute: bool,
}

impl<'a> Stage<'a> {
    pub async fn new(caller: &'a Caller, clock: &'a ToldClock, film: &Film, words_max: u16) -> Result<Self, String> {
        let interval_s = film.interval_s();
        let _: Value =
            caller.send("POST", paths::CAMERAS, &json!({"id": film.camera, "interval_s": interval_s})).await?;
        let mut fates = BTreeMap::new();
        for slot in film.slots.keys() {
            let _: Value = caller.send("POST", paths::SLOTS, &json!({"code": slot})).await?;
            fates.insert(slot.clone(), Fate { camera: film.camera.clone(), slot: slot.clone(), ..Fate::default() });
        }
        let regions: Vec<Value> =
            film.slots.iter().map(|(slot, polygon)| json!({"slot": slot, "polygon": polygon})).collect();
        let path = paths::fill(paths::CAMERA_REGIONS, &film.camera);
        let _: Value = caller.send("PUT", &path, &json!({"mode": film.mode, "regions": regions})).await?;
        Ok(Self {
            caller,
            clock,
            camera: film.camera.clone(),
            interval_ms: i64::from(interval_s) * 1000,
            words_max,
            fates,
            views: BTreeMap::new(),
            truth: BTreeMap::new(),
            is_mute: false,
        })
    }

    /// Somebody says that all slots are free when the film begins.
    pub async fn calibrate(&self) -> Result<(), String> {
        let free: Vec<&String> = self.fates.keys().collect();
        let path = paths::fill(paths::CAMERA_CALIBRATE, &self.camera);
        self.caller.send::<Value>("POST", &path, &json!({ "free": free })).await.map(|_| ())
    }

    /// Shows one picture, and compares; `false` when it says nothing.
    pub async fn show(&mut self, moment: &Moment, jpeg: &[u8]) -> Result<bool, String> {
        // What people say, they say just before.
        let before = moment.at.plus_ms(-1_000);
        if before.ms_since(self.clock.told()) > SILENT_INTERVALS * self.interval_ms {
            self.clock.tell(before);
            tokio::time::sleep(NOTICE).await;
        }
        self.clock.tell(before);
        self.tell(&moment.truth).await?;
        let decides: Vec<String> = self.trusted().map(str::to_string).collect();
        let (states, opinions) = (self.states(), self.opinions());
        self.clock.tell(moment.at);
        let path = format!("{}?camera={}", paths::CAPTURE, self.camera);
        let capture: Committed<Capture> = self.caller.ask("POST", &path, "image/jpeg", jpeg).await?;
        self.is_mute = !self.look(&capture.value).await?;
        for slot in decides {
            let (Some(fate), Some(is_occupied)) = (self.fates.get_mut(&slot), moment.truth.get(&slot)) else {
                continue;
            };
            let is_right = self.views.get(&slot).is_some_and(|view| view.state == truth_of(*is_occupied));
            fate.pictures += 1;
            fate.right += usize::from(is_right);
            fate.real_changes += usize::from(self.truth.get(&slot).is_some_and(|last| last != is_occupied));
        }
        self.note(moment, &states, &opinions);
        self.truth.extend(moment.truth.clone());
        Ok(!self.is_mute)
    }

    /// What became of the slots by this picture.
    fn note(&mut self, moment: &Moment, states: &BTreeMap<String, SlotState>, opinions: &BTreeMap<String, SlotState>) {
        for (slot, CameraView { state, view, .. }) in &self.views {
            let Some(fate) = self.fates.get_mut(slot) else { continue };
            (fate.trust, fate.trust_reason) = (Some(view.trust), view.trust_reason.clone());
            let is_set = states.get(slot).is_some_and(|before| before != state);
            // What people say makes a camera believe it, too.
            let believed = moment.truth.is_empty().then(|| opinions.get(slot).unwrap_or(state));
            let is_believed = believed.zip(view.opinion).is_some_and(|(before, now)| *before != now);
            if is_set || is_believed {
                let state = if is_set { *state } else { view.opinion.unwrap_or(*state) };
                let is_right = moment.truth.get(slot).map(|is_occupied| state == truth_of(*is_occupied));
                let reason = view.parts.map(|parts| parts.sentence());
                fate.changes.push(Change { time: moment.at, state, is_set, score: view.score, reason, is_right });
            }
        }
    }

    fn trusted(&self) -> impl Iterator<Item = &str> {
        self.views.iter().filter(|(_, view)| view.view.trust == Trust::Automatic).map(|(slot, _)| slot.as_str())
    }

    fn states(&self) -> BTreeMap<String, SlotState> {
        self.views.iter().map(|(slot, view)| (slot.clone(), view.state)).collect()
    }

    fn opinions(&self) -> BTreeMap<String, SlotState> {
        self.views.iter().filter_map(|(slot, view)| Some((slot.clone(), view.view.opinion?))).collect()
    }

    /// People say how slots are that the camera does not decide on yet.
    async fn tell(&mut self, truth: &BTreeMap<String, bool>) -> Result<(), String> {
        let trusted: Vec<String> = self.trusted().map(str::to_string).collect();
        for (slot, is_occupied) in truth {
            let Some(fate) = self.fates.get_mut(slot) else { continue };
            if fate.words < self.words_max && !trusted.contains(slot) {
                fate.words += 1;
                let set = json!({"state": truth_of(*is_occupied)});
                let _: Value = self.caller.send("PUT", &paths::fill(paths::SLOT, slot), &set).await?;
                if let Some(view) = self.views.get_mut(slot) {
                    view.state = truth_of(*is_occupied);
                }
            }
        }
        Ok(())
    }

    /// Waits until a picture was looked at, and what came of it is done.
    async fn look(&mut self, capture: &Capture) -> Result<bool, String> {
        let path = paths::fill(paths::CAMERA_VIEWS, &self.camera);
        let asked = tokio::time::Instant::now();
        let patience = if self.is_mute { MUTE_TIMEOUT } else { LOOK_TIMEOUT };
        let mut is_seen = false;
        while asked.elapsed() < patience {
            let views: Vec<CameraView> = self.caller.get(&path).await?;
            is_seen = views.iter().any(|view| view.view.capture == Some(capture.id));
            let is_done = !views.iter().any(is_underway);
            self.views = views.into_iter().map(|view| (view.slot.to_string(), view)).collect();
            if is_seen && is_done {
                return Ok(true);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(is_seen)
    }
}

/// The camera sets it, and it is not set yet.
fn is_underway(view: &CameraView) -> bool {
    view.view.outcome_kind == ViewOutcome::Sets && view.view.opinion != Some(view.state)
}

fn truth_of(is_occupied: bool) -> SlotState {
    if is_occupied { SlotState::Occupied } else { SlotState::Free }
}
