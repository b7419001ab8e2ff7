//! Does what the console asks of the daemon, on tasks, and answers with messages. Decides nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parking_api::client::settings::Settings;
use parking_api::client::{
    CaptureQuery, Client, Error, EventQuery, HistoryQuery, LiveOptions, Mutation, SessionQuery, follow,
};
use parking_api::events::LogEntry;
use parking_api::history::BucketLength;
use parking_api::live::Cursor;
use parking_api::sessions::SessionState;
use parking_api::slots::{Slot, SlotPatch};
use parking_api::{Committed, LotId, SlotId, SlotRef};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};

use crate::effect::{Effect, Fetch, Write};
use crate::images::studio::Studio;
use crate::lot::{EVENTS_MAX, slot_of};
use crate::model::CHANGES_MAX;
use crate::msg::{Fetched, Msg, NotFetched, Written};
use crate::{photos, sights};

/// Calls that are under way at the same time.
const CALLS_MAX: usize = 8;
/// A lost connection is tried again after this long, with the same idempotency key.
const RETRY_AFTER: Duration = Duration::from_millis(250);
/// Stays and pictures that are asked for.
const SESSIONS_LIMIT: usize = 500;
const CAPTURES_LIMIT: usize = 100;
/// 128 bits: two calls never share a key.
const KEY_BYTES: usize = 16;

const PROGRAM: &str = concat!("parktui/", env!("CARGO_PKG_VERSION"));

/// A lot that is followed, and up to where what came of it has been handed on.
#[derive(Debug)]
struct Followed {
    task: AbortHandle,
    place: Arc<Mutex<Option<Cursor>>>,
}

/// The daemon as the console reaches it.
#[derive(Debug)]
pub struct Runtime {
    settings: Settings,
    clients: HashMap<LotId, Client>,
    followed: HashMap<LotId, Followed>,
    calls: Arc<Semaphore>,
    tasks: JoinSet<()>,
    studio: Studio,
    to: mpsc::Sender<Msg>,
}

impl Runtime {
    /// # Errors
    /// When the settings cannot be those of a daemon.
    pub fn new(settings: Settings, to: mpsc::Sender<Msg>) -> Result<Self, Error> {
        settings.client(PROGRAM)?;
        let (clients, followed) = (HashMap::new(), HashMap::new());
        let (calls, studio) = (Arc::new(Semaphore::new(CALLS_MAX)), Studio::new(to.clone()));
        Ok(Self { settings, clients, followed, calls, tasks: JoinSet::new(), studio, to })
    }

    /// Begins what `effect` asks for. What is about this machine is not for here.
    pub fn perform(&mut self, effect: Effect) {
        // What is done is forgotten.
        while self.tasks.try_join_next().is_some() {}
        match effect {
            Effect::Follow(lot) => self.follow(lot),
            Effect::Identify => {
                self.call(None, |client| async move { Msg::Who(client.identity().await) });
            }
            Effect::ListLots => self.call(None, |client| async move { Msg::Lots(client.lots().await) }),
            Effect::Write { op, lot, slot, write, if_match } => self.call(Some(lot), move |client| async move {
                let result = written(&client, slot, &write, if_match).await;
                Msg::Written { op, slot, result }
            }),
            Effect::Fetch { lot, what } => self.call(Some(lot.clone()), move |client| async move {
                let result = fetched(&client, what.clone()).await;
                Msg::Fetched { lot, result: result.map_err(|error| NotFetched { what, error }) }
            }),
            Effect::LoadImage { lot, spot, ask } => {
                let Some(client) = self.client(Some(lot.clone())) else { return };
                let wanted = ask.clone();
                self.studio.begin(lot, spot, ask, move || async move { photos::fetch(&client, &wanted).await });
            }
            Effect::SaveImage { lot, capture, path } => self
                .call(Some(lot), move |client| async move { Msg::Saved(photos::save(&client, capture, path).await) }),
            Effect::Keep(_) | Effect::KeepHistory(_) | Effect::Redraw | Effect::Suspend | Effect::Quit => {}
        }
    }

    fn client(&mut self, lot: Option<LotId>) -> Option<Client> {
        let lot = lot.unwrap_or_else(|| self.settings.lot.clone());
        if let Some(client) = self.clients.get(&lot) {
            return Some(client.clone());
        }
        let mut settings = self.settings.clone();
        settings.lot = lot.clone();
        // The same settings have made a client before, so this one is made, too.
        let client = settings.client(PROGRAM).ok()?;
        self.clients.insert(lot, client.clone());
        Some(client)
    }

    fn call<F: Future<Output = Msg> + Send>(
        &mut self,
        lot: Option<LotId>,
        call: impl FnOnce(Client) -> F + Send + 'static,
    ) {
        let Some(client) = self.client(lot) else { return };
        let (to, calls) = (self.to.clone(), Arc::clone(&self.calls));
        self.tasks.spawn(async move {
            let Ok(_permit) = calls.acquire_owned().await else { return };
            let msg = call(client).await;
            // Nobody waits any more when the console has ended.
            let _ = to.send(msg).await;
        });
    }

    fn follow(&mut self, lot: LotId) {
        let before = self.followed.remove(&lot);
        if let Some(before) = &before {
            before.task.abort();
        }
        let Some(client) = self.client(Some(lot.clone())) else { return };
        let (to, id) = (self.to.clone(), lot.clone());
        let place = before.map(|before| before.place).unwrap_or_default();
        let reached = Arc::clone(&place);
        let task = self.tasks.spawn(async move {
            let cursor = reached.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let mut live = follow(&client, LiveOptions { cursor, ..LiveOptions::default() });
            while let Some(message) = live.next().await {
                if to.send(Msg::Live { lot: id.clone(), message }).await.is_err() {
                    return;
                }
                // Only what the console has is not to come again.
                *reached.lock().unwrap_or_else(PoisonError::into_inner) = live.cursor();
            }
        });
        self.followed.insert(lot, Followed { task, place });
    }
}

async fn written(client: &Client, slot: SlotId, write: &Write, if_match: Option<u64>) -> Result<Written, Error> {
    let guard = Mutation { if_match, idempotency_key: Some(key()?) };
    let Committed { value, seq } = match once(client, slot, write, &guard).await {
        Err(Error::Unreachable { .. }) => {
            tokio::time::sleep(RETRY_AFTER).await;
            once(client, slot, write, &guard).await?
        }
        answer => answer?,
    };
    Ok(Written { slot: Box::new(value), seq })
}

async fn once(client: &Client, slot: SlotId, write: &Write, guard: &Mutation) -> Result<Committed<Slot>, Error> {
    let slot = SlotRef::Id(slot);
    match write {
        Write::Toggle => client.slot_toggle(&slot, guard).await,
        Write::Set(set) => client.slot_set(&slot, set, guard).await,
        Write::Note(note) => {
            let patch = SlotPatch { note: Some(note.clone()), ..SlotPatch::default() };
            client.slot_patch(&slot, &patch, guard).await
        }
    }
}

fn key() -> Result<String, Error> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Config { detail: format!("the system gave no random bytes: {error}") })?;
    Ok(bytes.iter().fold(String::from("parktui-"), |key, byte| format!("{key}{byte:02x}")))
}

async fn fetched(client: &Client, what: Fetch) -> Result<Fetched, Error> {
    match what {
        Fetch::Log => {
            let query = EventQuery { limit: Some(EVENTS_MAX), ..EventQuery::default() };
            client.events(&query).await.map(Fetched::Log)
        }
        Fetch::Trend => {
            let query = HistoryQuery { bucket: Some(BucketLength::Quarter), ..HistoryQuery::default() };
            client.slots_history(&query).await.map(Fetched::Trend)
        }
        Fetch::History(slot) => {
            let name = Some(SlotRef::Id(slot));
            let query = EventQuery { slot: name.clone(), limit: Some(CHANGES_MAX), ..EventQuery::default() };
            let page = client.events(&query).await?;
            let events = page.events.into_iter().filter_map(|entry| match entry {
                LogEntry::Event(event) if slot_of(&event.change) == Some(slot) => Some(*event),
                _ => None,
            });
            let events = events.collect();
            let open =
                SessionQuery { slot: name, state: Some(SessionState::Open), limit: Some(1), ..Default::default() };
            let stay = client.sessions(&open).await?.items.pop();
            Ok(Fetched::History { slot, events, stay })
        }
        Fetch::Why(slot) => sights::explain(client, slot).await.map(|found| Fetched::Why(Box::new(found))),
        Fetch::Sessions => {
            let query = SessionQuery { limit: Some(SESSIONS_LIMIT), ..SessionQuery::default() };
            Ok(Fetched::Sessions(client.sessions(&query).await?.items))
        }
        Fetch::Captures { camera, cursor } => {
            let is_first = cursor.is_none();
            let query = CaptureQuery {
                camera: Some(camera.clone()),
                cursor,
                limit: Some(CAPTURES_LIMIT),
                ..Default::default()
            };
            let page = client.captures(&query).await?;
            Ok(Fetched::Captures { camera, captures: page.items, next: page.next, is_first })
        }
        Fetch::Cameras => client.cameras().await.map(Fetched::Cameras),
    }
}
