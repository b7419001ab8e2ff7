//! One turn after the other: what happened is told to the core, and what the core wants is done.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::Arc;

use camera_core::boots::Mode;
use camera_core::{Input, Machine, Output, What};
use esp_idf_svc::hal::reset;
use esp_idf_svc::hal::uart::UartDriver;
use esp_idf_svc::sys;

use crate::camera::{free_heap, Camera, Frame};
use crate::gpio;
use crate::net::{Call, Job, Net, News};
use crate::pins::PINS;
use crate::psram::Slot;
use crate::store::Store;
use crate::update::{self, Writing};

/// Power of the radio, and when the supply is weak, in quarters of a dBm.
const POWER: i8 = 80;
const GENTLE_POWER: i8 = 44;

/// The board around the core.
pub struct CameraBoard {
    machine: Machine,
    hands: Hands,
}

/// Everything that the core has deeds for.
struct Hands {
    store: Store,
    jobs: SyncSender<Job>,
    news: Receiver<News>,
    camera: Option<Camera>,
    shot: Option<Frame>,
    /// Shared with the request that sends it; the count is in internal memory, the bytes are not.
    frames: BTreeMap<u8, Arc<Slot>>,
    writing: Option<Writing>,
    /// What came of deeds at once, to be told after the step that caused them.
    told: Vec<Input<'static>>,
}

impl CameraBoard {
    pub fn new(machine: Machine, store: Store, jobs: SyncSender<Job>, news: Receiver<News>) -> Self {
        let hands = Hands {
            store,
            jobs,
            news,
            camera: None,
            shot: None,
            frames: BTreeMap::new(),
            writing: None,
            told: Vec::new(),
        };
        Self { machine, hands }
    }

    pub fn turn(&mut self, bytes: &[u8], uart: &UartDriver<'_>) {
        if !bytes.is_empty() {
            self.step(Input::Uart(bytes), uart);
        }
        while let Ok(news) = self.hands.news.try_recv() {
            news(&mut |input| self.step(input, uart));
        }
        self.step(Input::Tick, uart);
    }

    fn step(&mut self, input: Input<'_>, uart: &UartDriver<'_>) {
        let Self { machine, hands } = self;
        machine.step(input, now_ms(), &mut |output| hands.act(output, uart));
        for told in std::mem::take(&mut self.hands.told) {
            self.step(told, uart);
        }
    }
}

impl Hands {
    fn shoot(&mut self, quality: u8) -> Option<u32> {
        // One that was not wanted goes back to the driver.
        self.shot = None;
        if self.camera.is_none() {
            self.camera = Camera::start(quality).inspect_err(|error| log::warn!("no camera: {error}")).ok();
        }
        self.shot = self.camera.as_ref()?.shoot().ok();
        self.shot.as_ref().map(|shot| shot.jpeg().len() as u32)
    }

    fn act(&mut self, output: Output<'_>, uart: &UartDriver<'_>) {
        match output {
            Output::Uart(bytes) => drop(uart.write(bytes)),
            Output::Join { attempt, ssid, password, hostname } => {
                let [ssid, password, hostname] = [ssid, password, hostname].map(String::from);
                self.job(move |net| net.join(attempt, &ssid, &password, &hostname));
            }
            Output::Leave => self.job(Net::leave),
            Output::Scan => self.job(Net::scan),
            Output::RestartRadio => self.job(Net::restart),
            Output::Measure => {
                self.told.push(Input::Vitals { rssi_dbm: rssi_dbm(), free_heap_bytes: Some(free_heap()) });
            }
            Output::Shoot { quality } => {
                let shot = self.shoot(quality);
                self.told.push(shot.map_or(Input::ShotFailed, |bytes| Input::Shot { bytes }));
            }
            Output::Keep { slot } => self.keep(slot),
            Output::Forget { slot } => drop(self.frames.remove(&slot)),
            // The driver wants its frame back before it ends.
            Output::RestartCamera => (self.shot, self.camera) = (None, None),
            Output::Send(request) => self.send(&request),
            Output::Store { place, record } => {
                let stored = self.store.write(place, record);
                self.told.push(if stored.is_ok() { Input::Stored } else { Input::StoreFailed });
            }
            Output::StoreBoots(record) => warn("store starts", self.store.write_boots(record)),
            Output::Led(is_lit) => drop(gpio::output(PINS.led, is_lit != PINS.led_is_low)),
            Output::Mode(mode) => quieten(mode),
            Output::BeginUpdate => self.writing = self.checked(Writing::begin()),
            Output::WriteUpdate(bytes) => {
                let written = self.writing.as_mut().map(|writing| writing.write(bytes));
                self.checked(written.unwrap_or(Ok(())));
            }
            Output::AbortUpdate => self.writing = None,
            Output::StartUpdate => {
                if let Some(writing) = self.writing.take() {
                    if self.checked(writing.finish()).is_some() {
                        reset::restart();
                    }
                }
            }
            Output::MarkValid => warn("keep the new firmware", update::mark_valid()),
            Output::GoBack => {
                warn("go back to the firmware from before", update::go_back());
                reset::restart();
            }
            Output::Reboot(stuck) => {
                log::error!("restarting: the {} does not move any more", stuck.word());
                reset::restart();
            }
            // A request ends by its own time limit, and what it says then is of an id that nobody waits for.
            Output::Hang(_) => {}
        }
    }

    fn job(&self, job: impl FnOnce(&mut Net) + Send + 'static) {
        if self.jobs.try_send(Box::new(job)).is_err() {
            log::error!("the radio does not take any more jobs");
        }
    }

    /// In PSRAM, of just the size that it has.
    fn keep(&mut self, slot: u8) {
        let Some(shot) = self.shot.take() else { return };
        match Slot::of(shot.jpeg()) {
            Some(frame) => drop(self.frames.insert(slot, Arc::new(frame))),
            None => self.told.push(Input::Unkept { slot }),
        }
    }

    fn send(&self, request: &camera_core::Request<'_>) {
        let picture = if let What::Picture { slot, .. } = request.what { self.frames.get(&slot).cloned() } else { None };
        let call = Call::new(request, picture);
        self.job(move |net| net.send(call));
    }

    fn checked<T>(&mut self, result: Result<T, sys::EspError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                log::warn!("the new firmware cannot be written: {error}");
                self.told.push(Input::UpdateFailed);
                None
            }
        }
    }
}

fn warn<T, E: std::fmt::Display>(what: &str, result: Result<T, E>) {
    if let Err(error) = result {
        log::warn!("cannot {what}: {error}");
    }
}

fn quieten(mode: Mode) {
    let power = if mode == Mode::Gentle { GENTLE_POWER } else { POWER };
    // SAFETY: a plain call after the radio was started.
    warn("set the power of the radio", sys::esp!(unsafe { sys::esp_wifi_set_max_tx_power(power) }));
}

/// Milliseconds since the start.
fn now_ms() -> u64 {
    // SAFETY: a plain getter.
    unsafe { sys::esp_timer_get_time() as u64 / 1_000 }
}

/// None outside a network.
fn rssi_dbm() -> Option<i16> {
    let mut rssi = 0;
    // SAFETY: written before the call returns.
    sys::esp!(unsafe { sys::esp_wifi_sta_get_rssi(&mut rssi) }).ok()?;
    i16::try_from(rssi).ok()
}
