//! A lot within this process, for a first look: it answers as a daemon would, on a task of its own.

pub mod lot;
pub mod scene;
pub mod why;

use std::time::Duration;

use parking_api::client::{LinkState, LiveMessage};
use parking_api::events::{EventPage, LogEntry};
use parking_api::tokens::{Identity, Role};
use parking_api::{CaptureId, LotId, Time};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use self::lot::DemoLot;
use crate::clock;
use crate::effect::{Effect, Fetch};
use crate::images::studio::Studio;
use crate::msg::{Fetched, Msg};
use crate::photos;

const NO_PICTURE: &str = "the demo keeps no picture of that time";
/// What may wait to be answered.
const QUEUE: usize = 256;
/// Seed of the chances of the day, and how often something happens.
const SEED: u64 = 20_261_123;
const STEP: Duration = Duration::from_millis(1_300);
/// How often one of the cameras takes a picture.
const SHOT: Duration = Duration::from_secs(4);

/// The lot and the task that it lives on.
#[derive(Debug)]
pub struct Demo {
    to: mpsc::Sender<Effect>,
    _task: JoinSet<()>,
}

impl Demo {
    pub fn start(to: mpsc::Sender<Msg>) -> Self {
        let (sender, inbox) = mpsc::channel(QUEUE);
        let mut task = JoinSet::new();
        let studio = Studio::new(to.clone());
        task.spawn(live(DemoLot::new(clock::now(), SEED), studio, inbox, to));
        Self { to: sender, _task: task }
    }

    pub fn lot() -> LotId {
        lot::id()
    }

    pub fn perform(&self, effect: Effect) {
        // A lot of 48 slots never has so much to do.
        let _ = self.to.try_send(effect);
    }
}

async fn live(mut lot: DemoLot, mut studio: Studio, mut inbox: mpsc::Receiver<Effect>, to: mpsc::Sender<Msg>) {
    let mut steps = tokio::time::interval(STEP);
    let mut shots = tokio::time::interval(SHOT);
    loop {
        let messages = tokio::select! {
            effect = inbox.recv() => match effect {
                Some(Effect::LoadImage { lot: id, spot, ask }) => {
                    let picture = lot.picture(&ask.subject);
                    studio.begin(id, spot, ask, move || async move { picture.ok_or_else(|| NO_PICTURE.to_string()) });
                    continue;
                }
                Some(effect) => answer(&mut lot, effect, clock::now()).await,
                None => return,
            },
            _ = shots.tick() => vec![told(LiveMessage::Event(lot.shoot(clock::now())))],
            _ = steps.tick() => lot.step(clock::now()).into_iter().map(LiveMessage::Event).map(told).collect(),
        };
        for message in messages {
            if to.send(message).await.is_err() {
                return;
            }
        }
    }
}

fn told(message: LiveMessage) -> Msg {
    Msg::Live { lot: lot::id(), message }
}

async fn answer(lot: &mut DemoLot, effect: Effect, now: Time) -> Vec<Msg> {
    let fetched = |what| vec![Msg::Fetched { lot: lot::id(), result: Ok(what) }];
    match effect {
        Effect::Follow(_) => [
            LiveMessage::State(LinkState::CatchingUp),
            LiveMessage::Snapshot(Box::new(lot.snapshot())),
            LiveMessage::State(LinkState::Live),
        ]
        .map(told)
        .to_vec(),
        Effect::Identify => {
            let identity = Identity { name: "you".into(), role: Role::Attendant, expires_at: None, csrf_token: None };
            vec![Msg::Who(Ok(identity))]
        }
        Effect::ListLots => vec![Msg::Lots(Ok(vec![lot.snapshot().lot]))],
        Effect::Write { op, slot, write, if_match, .. } => {
            let (result, event) = lot.write(slot, &write, if_match, now);
            let event = event.map(LiveMessage::Event).map(told);
            event.into_iter().chain([Msg::Written { op, slot, result }]).collect()
        }
        Effect::Fetch { what: Fetch::Log, .. } => {
            let events = lot.events().map(|event| LogEntry::Event(Box::new(event.clone()))).collect();
            fetched(Fetched::Log(EventPage { epoch: "demo".into(), head: lot.seq(), floor: 1, events }))
        }
        Effect::Fetch { what: Fetch::Trend, .. } => fetched(Fetched::Trend(lot.quarters())),
        Effect::Fetch { what: Fetch::History(slot), .. } => {
            let (events, stay) = lot.history(slot);
            fetched(Fetched::History { slot, events, stay })
        }
        Effect::Fetch { what: Fetch::Why(slot), .. } => {
            why::explain(lot, slot).map(|why| fetched(Fetched::Why(Box::new(why)))).unwrap_or_default()
        }
        Effect::Fetch { what: Fetch::Sessions, .. } => fetched(Fetched::Sessions(lot.sessions())),
        Effect::Fetch { what: Fetch::Cameras, .. } => fetched(Fetched::Cameras(lot.snapshot().cameras)),
        Effect::Fetch { what: Fetch::Captures { camera, .. }, .. } => {
            let captures = lot.captures(&camera);
            fetched(Fetched::Captures { camera, captures, next: None, is_first: true })
        }
        Effect::SaveImage { capture, path, .. } => vec![Msg::Saved(save(lot, capture, path).await)],
        Effect::LoadImage { .. }
        | Effect::Keep(_)
        | Effect::KeepHistory(_)
        | Effect::Redraw
        | Effect::Suspend
        | Effect::Quit => Vec::new(),
    }
}

async fn save(lot: &DemoLot, capture: CaptureId, path: String) -> Result<String, String> {
    let (_, bytes) = lot.taken(capture).ok_or(NO_PICTURE)?;
    photos::write(&bytes, path).await
}
