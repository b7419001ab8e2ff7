//! Looks at the newest picture of every camera that has regions, and sets the slots that it may set; a slot whose camera says nothing any
//! more becomes stale and then unknown. Ties [`crate::occupancy`], which judges, to the ledger and the pictures; decides nothing but by
//! [`rule`] and [`fresh`].

mod decay;
mod fresh;
mod judge;
mod learned;
mod memory;
mod opinion;
mod rule;
mod teach;
#[cfg(test)]
mod tests;
mod why;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use parking_api::captures::Capture;
use parking_api::events::Actor;
use parking_api::regions::{CameraRegions, RegionsMode};
use parking_api::slots::Slot;
use parking_api::{CameraId, LotId, SlotRef, Time};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::captures::Captures;
use crate::clock::Clock;
use crate::ledger::{Command, Ledger, LotHandle};
use crate::occupancy::model::{MODEL_BYTES_MAX, Model};
use judge::{Judged, Picked};
use learned::{Patches, patch};
use memory::Known;

/// How often slots are looked for whose camera says nothing, and every how many times what cameras remember is written.
const TICK: Duration = Duration::from_secs(1);
const TICKS_PER_WRITE: u32 = 30;

/// How far looking at pictures gives way to everything else: about a third of its share when there is too much to do. On a busy machine
/// what gives way wholly is never done.
const NICE: i32 = 5;
/// After each picture it rests for so many times as long as that took, at most for `REST_MAX`: cameras that send faster than they should
/// cost whoever uploads a third of a core, and the newest picture of each is looked at none the less.
const REST: u32 = 2;
const REST_MAX: Duration = Duration::from_millis(100);

/// A camera of a lot.
type Key = (LotId, CameraId);

/// What all cameras know. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Lookout {
    ledger: Ledger,
    captures: Captures,
    clock: Arc<dyn Clock>,
    model: Arc<Model>,
    /// How long a person's word holds against what a camera sees, in milliseconds.
    hold_ms: i64,
    /// Pictures that cameras are asked for while they learn, besides the one that is asked for in the lot.
    wanted: Arc<std::sync::Mutex<BTreeMap<Key, u8>>>,
    /// Each is held while its camera's picture is judged, so that nobody works on another's copy.
    known: Arc<Mutex<BTreeMap<Key, Arc<Mutex<Known>>>>>,
}

impl Lookout {
    pub fn new(ledger: Ledger, captures: Captures, clock: Arc<dyn Clock>, model: Model, hold_ms: i64) -> Self {
        let model = Arc::new(model);
        Self { ledger, captures, clock, model, hold_ms, wanted: Arc::default(), known: Arc::default() }
    }

    /// Looks at pictures until `stop`, and writes then what is remembered.
    pub async fn watch(self, stop: CancellationToken) {
        let newest = self.captures.newest().clone();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut ticks = 0u32;
        let mut heard_from = self.clock.now();
        let mut rested = Instant::now();
        loop {
            let next = async {
                tokio::time::sleep_until(rested).await;
                newest.take().await
            };
            tokio::select! {
                () = stop.cancelled() => break,
                (lot, camera, capture) = next => {
                    let begun = Instant::now();
                    if let Err(error) = self.look(&lot, &camera, &capture).await {
                        tracing::warn!(%lot, %camera, capture = %capture.id, error, "a picture was not looked at");
                    }
                    rested = Instant::now() + (begun.elapsed() * REST).min(REST_MAX);
                }
                _ = tick.tick() => {
                    if self.ledger.lots().iter().any(|lot| lot.is_degraded()) {
                        // What cameras sent meanwhile could not be stored.
                        heard_from = self.clock.now();
                    } else {
                        self.decay(heard_from).await;
                    }
                    ticks += 1;
                    if ticks.is_multiple_of(TICKS_PER_WRITE) {
                        self.write(false).await;
                    }
                }
            }
        }
        self.write(true).await;
    }

    /// Looks at one picture.
    async fn look(&self, lot: &LotId, camera: &CameraId, capture: &Capture) -> Result<(), String> {
        let Some(lot) = self.ledger.lot(lot).filter(|lot| drawn(lot, camera).is_some()) else { return Ok(()) };
        let bytes = self.captures.picture(capture).await.map_err(|e| e.to_string())?;
        let key = (lot.id().clone(), camera.clone());
        let known = self.known(&key).await?.lock_owned().await;
        let looked = self.look_at(&lot, &key, known, (capture, bytes)).await;
        if looked.is_err() {
            // What could not be written is not known: it is read again.
            self.known.lock().await.remove(&key);
        }
        looked
    }

    async fn look_at(
        &self,
        lot: &LotHandle,
        key: &Key,
        mut known: OwnedMutexGuard<Known>,
        (capture, bytes): (&Capture, Bytes),
    ) -> Result<(), String> {
        let (store, camera) = (self.ledger.store(), &key.1);
        self.catch_up(key, &mut known).await?;
        // Not before: whoever held it last may have drawn other regions.
        let Some((regions, interval_s)) = drawn(lot, camera) else { return Ok(()) };
        let slots = current(lot, &regions);
        let mut outdated = known.fit(&regions, None, |id| slots.iter().find(|slot| slot.id == id).cloned());
        let patches = self.patches(&key.0, &known.unlearned()).await?;
        let (model, drawn, picture) = (Arc::clone(&self.model), regions.clone(), capture.clone());
        let judging = apart(move || {
            let picked = Picked { regions: &drawn, slots: &slots, capture: &picture, interval_s, patches: &patches };
            let judged = judge::judge(&mut known, &model, &picked, &bytes);
            judge::note(&mut known, judged.as_ref().err(), picture.received_at);
            (known, slots, judged)
        });
        let (mut known, slots, judged) = judging.await?;
        self.note_astray(lot, camera, known.memory.astray).await;
        let (labels, commands) = match judged {
            Ok(Judged { labels, outdated: older }) => {
                outdated.extend(older);
                (labels, self.opinions(lot, &regions, &mut known, &slots).await?)
            }
            Err(trouble) => {
                tracing::info!(%camera, capture = %capture.id, %trouble, "a picture says nothing");
                (Vec::new(), Vec::new())
            }
        };
        if !labels.is_empty() || !outdated.is_empty() {
            store.put_labels(&key.0, camera, &labels, &outdated).await.map_err(|e| e.to_string())?;
        }
        // Where others look at pictures of this camera, too, they must know the last one.
        if !labels.is_empty() || store.is_shared() {
            self.try_save(key, &mut known, store.is_shared()).await;
        }
        drop(known);
        for command in commands {
            // Whoever changed the slot meanwhile knows better.
            if let Err(error) = lot.submit(command, Actor::camera(camera.to_string()), None).await {
                tracing::debug!(%camera, %error, "a slot was not set");
            }
        }
        Ok(())
    }

    /// The squares that labels are about, as far as they are there.
    async fn patches(&self, lot: &LotId, labels: &[Uuid]) -> Result<Patches, String> {
        if labels.is_empty() {
            return Ok(Patches::new());
        }
        let found = self.ledger.store().patches(lot, labels).await.map_err(|e| e.to_string())?;
        Ok(found.into_iter().filter_map(|(label, bytes)| Some((label, patch(bytes)?))).collect())
    }

    /// Says that a camera does not see its slots any more, or that it does again.
    async fn note_astray(&self, lot: &LotHandle, camera: &CameraId, astray: u8) {
        let was_moved = lot.read(|state| state.camera(camera).is_some_and(|camera| camera.moved_since.is_some()));
        let is_moved = astray >= judge::ASTRAY_MIN || (was_moved && astray > 0);
        if is_moved != was_moved {
            let command = Command::SetCameraMoved { camera: camera.clone(), is_moved };
            if let Err(error) = lot.submit(command, Actor::system("lookout"), None).await {
                tracing::warn!(lot = %lot.id(), %camera, %error, "cannot note that a camera was moved, or is back");
            }
        }
    }

    /// What a camera knows, from the database at first.
    async fn known(&self, key: &Key) -> Result<Arc<Mutex<Known>>, String> {
        let mut all = self.known.lock().await;
        if let Some(known) = all.get(key) {
            return Ok(Arc::clone(known));
        }
        let store = self.ledger.store();
        let remembered = store.memory(&key.0, &key.1).await.map_err(|e| e.to_string())?;
        let labels = store.labels(&key.0, &key.1).await.map_err(|e| e.to_string())?;
        let known = Arc::new(Mutex::new(Known::resumed(remembered.as_ref(), labels)));
        all.insert(key.clone(), Arc::clone(&known));
        Ok(known)
    }

    /// Takes in what other daemons on the same database made of pictures of this camera.
    async fn catch_up(&self, key: &Key, known: &mut Known) -> Result<(), String> {
        let store = self.ledger.store();
        if !store.is_shared() {
            return Ok(());
        }
        let remembered = store.memory(&key.0, &key.1).await.map_err(|e| e.to_string())?;
        if store.labels_mark(&key.0, &key.1).await.map_err(|e| e.to_string())? != known.labels_mark() {
            known.relabel(store.labels(&key.0, &key.1).await.map_err(|e| e.to_string())?);
        }
        known.recall(remembered.as_ref());
        Ok(())
    }

    /// Writes what a camera remembers; `false` when another daemon has written since it was read, which counts then. The last scene is written
    /// with those that are kept or, where it must not be missed, `with_scenes`.
    async fn save(&self, key: &Key, known: &mut Known, with_scenes: bool) -> Result<bool, String> {
        let Some(remembered) = known.remembered(with_scenes || known.has_new_scenes) else { return Ok(true) };
        let store = self.ledger.store();
        if store.put_memory(&key.0, &key.1, &remembered).await.map_err(|e| e.to_string())? {
            (known.is_dirty, known.has_new_scenes, known.rev) = (false, false, known.rev + 1);
            return Ok(true);
        }
        known.recall(store.memory(&key.0, &key.1).await.map_err(|e| e.to_string())?.as_ref());
        Ok(false)
    }

    async fn try_save(&self, key: &Key, known: &mut Known, with_scenes: bool) {
        match self.save(key, known, with_scenes).await {
            Ok(true) => {}
            Ok(false) => tracing::debug!(camera = %key.1, "another daemon has looked at a newer picture"),
            Err(error) => tracing::warn!(camera = %key.1, error, "cannot write what a camera remembers"),
        }
    }

    /// When another picture of a camera is wanted that has just sent one, if one is.
    pub fn wants_another(&self, lot: &LotId, camera: &CameraId) -> Option<Time> {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (lot.clone(), camera.clone());
        let left = wanted.get_mut(&key)?;
        *left -= 1;
        if *left == 0 {
            wanted.remove(&key);
        }
        Some(self.clock.now())
    }

    async fn write(&self, with_scenes: bool) {
        let all: Vec<_> = self.known.lock().await.iter().map(|(key, known)| (key.clone(), Arc::clone(known))).collect();
        for (key, known) in all {
            let mut known = known.lock().await;
            if known.is_dirty {
                self.try_save(&key, &mut known, with_scenes).await;
            }
        }
    }
}

/// The model in a file or, without one, that of this program.
///
/// # Errors
/// When the file cannot be read, or holds none.
pub fn model(path: Option<&Path>) -> Result<Model, String> {
    let Some(path) = path else { return Ok(Model::shipped()) };
    let failed = |e: std::io::Error| format!("cannot read the model {}: {e}", path.display());
    if std::fs::metadata(path).map_err(failed)?.len() > MODEL_BYTES_MAX {
        return Err(format!("{} is too large to be a model", path.display()));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    Model::parse(&text).map_err(|e| format!("{}: {e}", path.display()))
}

/// Runs work for the processor where it holds up nobody: on a thread of its own that gives way to all others.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let (done, result) = oneshot::channel();
    let thread = std::thread::Builder::new().name("lookout".into()).spawn(move || {
        // Of the thread alone, as Linux has it; where it fails the work is done like any other.
        let _ = rustix::process::nice(NICE);
        // Nobody waits any more when the daemon stops.
        let _ = done.send(work());
    });
    thread.map_err(|e| format!("cannot start a thread to look at a picture: {e}"))?;
    result.await.map_err(|_| "the thread that looked at the picture broke off".into())
}

/// The regions by which a camera is looked through, and how often it sends a picture, in seconds; `None` when nobody looks.
fn drawn(lot: &LotHandle, camera: &CameraId) -> Option<(CameraRegions, u32)> {
    let drawn = lot.read(|state| Some((state.regions_of(camera)?.clone(), state.camera(camera)?.interval_s)));
    drawn.filter(|(regions, _)| regions.mode != RegionsMode::Off && !regions.regions.is_empty())
}

fn current(lot: &LotHandle, regions: &CameraRegions) -> Vec<Slot> {
    lot.read(|state| judge::slots_of(regions, |id| state.slot(&SlotRef::Id(id)).map(|slot| Slot::clone(slot))))
}
