//! One camera: the machine, and around it everything that a board has.

mod deed;

use std::collections::BTreeMap;

use camera_core::boots::{Boots, RECORD_LEN, Reset};
use camera_core::chance::{Chance, mixed};
use camera_core::machine::{Board, Boot};
use camera_core::settings::Place;
use camera_core::{Answer, Input, Machine, Text, networks};

use crate::fault::{Faults, OUTAGE_MINUTES_MAX};
use crate::flash::{Choice, Flash, IMAGE_MAX, Sector, State};
use crate::net::{Heard, Net};
use crate::picture::Pictures;

/// How long things take, in milliseconds.
const BOOT_MS: u64 = 300;
const JOIN_MS: u64 = 100;
const SCAN_MS: u64 = 100;
const SHOT_MS: u64 = 50;
const MINUTE_MS: u64 = 60_000;
/// Length of a record that says which firmware runs, in bytes.
const CHOICE_BYTES: usize = 10;
/// What a firmware that crashes takes to do so: less than a join, so that it never brings a picture.
const CRASH_MS: u64 = 50;

/// A network that the camera sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    pub ssid: String,
    /// Empty for an open one.
    pub password: String,
    pub rssi_dbm: i16,
}

/// What a camera is and where it stands.
#[derive(Debug, Clone)]
pub struct Options {
    pub version: String,
    /// Which of many it is: its hardware address, its name and its chances depend on it.
    pub number: u32,
    pub seed: u64,
    pub networks: Vec<Network>,
    /// Memory for pictures that wait, in bytes.
    pub frame_bytes_max: u32,
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            number: 1,
            seed: 1,
            networks: vec![Network { ssid: "Lot Wi-Fi".into(), password: "correct horse".into(), rssi_dbm: -61 }],
            // Twenty pictures of a usual size; the PSRAM of the board holds more.
            frame_bytes_max: 2_000_000,
            faults: Faults::default(),
        }
    }
}

/// What a firmware image of a virtual camera does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Good,
    Crashes,
}

/// Length of an image besides its first lines, in bytes: enough to be cut off in its middle.
const IMAGE_BYTES: usize = 100_000;
const IMAGE_END: &str = "\nend\n";

/// Makes a firmware image for virtual cameras: one that works, or one that crashes soon after its start.
pub fn image(version: &str, is_good: bool) -> Vec<u8> {
    let behaviour = if is_good { "good" } else { "crashes" };
    let rest = ".".repeat(IMAGE_BYTES);
    format!("virtual-cam image\n{version}\n{behaviour}\n{rest}{IMAGE_END}").into_bytes()
}

fn read_image(image: &[u8]) -> Option<(String, Behaviour)> {
    let mut lines = std::str::from_utf8(image).ok()?.strip_suffix(IMAGE_END)?.lines();
    let is_image = lines.next() == Some("virtual-cam image");
    let version = lines.next().filter(|_| is_image)?;
    let behaviour = if lines.next() == Some("good") { Behaviour::Good } else { Behaviour::Crashes };
    Some((version.into(), behaviour))
}

/// What the world owes the machine.
#[derive(Debug)]
enum News {
    Boot(Reset),
    Joined(u32, bool),
    Scanned,
    Shot,
    Measured,
    Crash,
}

/// A camera.
#[derive(Debug)]
pub struct Cam {
    options: Options,
    machine: Machine,
    flash: Flash,
    pictures: Pictures,
    net: Net,
    chance: Chance,
    is_on: bool,
    news: Vec<(u64, News)>,
    /// Answers, and when the camera hears them.
    answers: Vec<(u64, Heard)>,
    /// What is kept, by slot: the number of the picture and its bytes.
    frames: BTreeMap<u8, (u32, Vec<u8>)>,
    /// The picture that is on its way: its request and its number.
    sent: Option<(u32, u32)>,
    acknowledged: Vec<u32>,
    lost: usize,
    shot: Option<Vec<u8>>,
    shots: u32,
    /// Signal of the network that it is in.
    rssi_dbm: Option<i16>,
    /// Until then there is no network.
    dark_until_ms: u64,
    hostname: String,
    minute_ms: u64,
    /// After so many writes to flash the power fails in one.
    writes_left: Option<u64>,
    /// What came of settings that were stored just now, which the machine does not know yet.
    stored_well: Option<bool>,
    uart: Vec<u8>,
    is_lit: bool,
}

impl Cam {
    /// A camera that gets its power now.
    pub fn new(options: Options, flash: Flash, pictures: Pictures) -> Self {
        let chance = Chance::new(mixed(options.seed) ^ u64::from(options.number));
        let machine = Machine::new(board(&options), &boot(Reset::PowerOn, 0, Boots::default(), &flash, false));
        Self {
            options,
            machine,
            flash,
            pictures,
            net: Net::new(),
            chance,
            is_on: false,
            news: vec![(0, News::Boot(Reset::PowerOn))],
            answers: Vec::new(),
            frames: BTreeMap::new(),
            sent: None,
            acknowledged: Vec::new(),
            lost: 0,
            shot: None,
            shots: 0,
            rssi_dbm: None,
            dark_until_ms: 0,
            hostname: String::new(),
            minute_ms: 0,
            writes_left: None,
            stored_well: None,
            uart: Vec::new(),
            is_lit: false,
        }
    }

    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    pub fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    /// Pictures that the camera module took since it was new.
    pub fn shots(&self) -> u32 {
        self.shots
    }

    /// Numbers of the pictures that the daemon said to have, in that order.
    pub fn acknowledged(&self) -> &[u32] {
        &self.acknowledged
    }

    /// Pictures that were in memory when the power failed.
    pub fn lost(&self) -> usize {
        self.lost
    }

    /// Whether the red LED is on.
    pub fn is_lit(&self) -> bool {
        self.is_lit
    }

    /// What it calls itself in the network that it joined last.
    pub fn hostname(&self) -> &str {
        &self.hostname
    }

    /// What it said on the line since this was asked before.
    pub fn said(&mut self) -> Vec<u8> {
        let mut said = std::mem::take(&mut self.uart);
        self.options.faults.disturb(&mut said, &mut self.chance);
        said
    }

    /// Bytes on the line.
    pub fn hear(&mut self, bytes: &[u8], now_ms: u64) {
        if self.is_on {
            let mut bytes = bytes.to_vec();
            self.options.faults.disturb(&mut bytes, &mut self.chance);
            self.step(Input::Uart(&bytes), now_ms);
        }
    }

    /// Version of the firmware that it runs.
    pub fn version(&self) -> String {
        let image = read_image(self.flash.image(self.flash.running().place));
        image.map_or_else(|| self.options.version.clone(), |(version, _)| version)
    }

    /// In the write to flash that comes after so many others, the power fails.
    pub fn cut_power_after(&mut self, writes: u64) {
        self.writes_left = Some(writes);
    }

    /// Loses power for a moment.
    pub fn cut_power(&mut self, now_ms: u64, reset: Reset) {
        self.is_on = false;
        self.rssi_dbm = None;
        self.lost += self.frames.len() + usize::from(self.shot.is_some());
        self.frames.clear();
        (self.shot, self.sent, self.stored_well, self.net) = (None, None, None, Net::new());
        self.answers.clear();
        self.news = vec![(now_ms + BOOT_MS, News::Boot(reset))];
    }

    /// Everything that is due by now.
    pub fn advance(&mut self, now_ms: u64) {
        while let Some(at) = self.news.iter().position(|(due_ms, _)| *due_ms <= now_ms) {
            let (_, news) = self.news.remove(at);
            self.happen(&news, now_ms);
        }
        while let Some(heard) = self.net.heard() {
            self.receive(heard, now_ms);
        }
        self.deliver(now_ms);
        if self.is_on {
            self.look_around(now_ms);
            self.step(Input::Tick, now_ms);
        }
    }

    /// The same, and waits for every answer: time stands still while the daemon thinks.
    pub fn advance_and_wait(&mut self, now_ms: u64) {
        self.advance(now_ms);
        loop {
            self.deliver(now_ms);
            let Some(heard) = self.net.wait() else { break };
            self.receive(heard, now_ms);
        }
    }

    fn look_around(&mut self, now_ms: u64) {
        if now_ms >= self.minute_ms {
            self.minute_ms = now_ms + MINUTE_MS;
            if Faults::happens(&mut self.chance, self.options.faults.outage) {
                self.dark_until_ms = now_ms + (1 + self.chance.below(OUTAGE_MINUTES_MAX)) * MINUTE_MS;
                self.rssi_dbm = None;
            }
            if Faults::happens(&mut self.chance, self.options.faults.brownout) {
                self.uart.extend_from_slice(b"\r\nBrownout detector was triggered\r\n\r\n");
                self.cut_power(now_ms, Reset::Brownout);
            }
        }
    }

    fn happen(&mut self, news: &News, now_ms: u64) {
        match news {
            News::Boot(reset) => self.start(*reset, now_ms),
            News::Crash => {
                self.uart.extend_from_slice(b"Guru Meditation Error: Core  0 panic'ed (LoadProhibited)\r\n");
                self.cut_power(now_ms, Reset::Crash);
            }
            News::Joined(attempt, true) => {
                let address = format!("http://192.0.2.{}/", self.options.number % 200 + 6);
                self.step(Input::Joined { attempt: *attempt, address: &address }, now_ms);
            }
            News::Joined(attempt, false) => self.step(Input::JoinFailed { attempt: *attempt }, now_ms),
            News::Scanned => {
                let mut found = if now_ms < self.dark_until_ms { Vec::new() } else { self.options.networks.clone() };
                let listed = networks::strongest(&mut found, |network| &network.ssid, |network| network.rssi_dbm);
                for Network { ssid, password, rssi_dbm } in listed {
                    let is_secured = !password.is_empty();
                    self.step(Input::Network { ssid, rssi_dbm: *rssi_dbm, is_secured }, now_ms);
                }
                self.step(Input::ScanDone, now_ms);
            }
            News::Shot => {
                let fails = Faults::happens(&mut self.chance, self.options.faults.shot_fails);
                self.shot = if fails { None } else { self.pictures.take(self.shots) };
                match self.shot.as_ref().map(|shot| shot.len() as u32) {
                    Some(bytes) => {
                        self.shots += 1;
                        self.step(Input::Shot { bytes }, now_ms);
                    }
                    None => self.step(Input::ShotFailed, now_ms),
                }
            }
            News::Measured => {
                let vitals = Input::Vitals { rssi_dbm: self.signal_dbm(now_ms), free_heap_bytes: Some(112_000) };
                self.step(vitals, now_ms);
            }
        }
    }

    /// Takes in what came from the daemon, which may be slow.
    fn receive(&mut self, heard: Heard, now_ms: u64) {
        let Faults { slow, slow_ms, .. } = self.options.faults;
        if matches!(heard, Heard::Piece(..)) {
            return self.heard(&heard, now_ms);
        }
        let is_late = slow_ms > 0 && Faults::happens(&mut self.chance, slow);
        self.answers.push((now_ms + if is_late { slow_ms } else { 0 }, heard));
    }

    fn deliver(&mut self, now_ms: u64) {
        while let Some(at) = self.answers.iter().position(|(due_ms, _)| *due_ms <= now_ms) {
            let (_, heard) = self.answers.remove(at);
            self.heard(&heard, now_ms);
        }
    }

    /// Signal in this minute.
    fn signal_dbm(&self, now_ms: u64) -> Option<i16> {
        let place = (u64::from(self.options.number) << 32) ^ (now_ms / MINUTE_MS);
        let weaker_db = mixed(self.options.seed ^ place) % (self.options.faults.fading_db + 1);
        self.rssi_dbm.map(|rssi_dbm| rssi_dbm - weaker_db as i16)
    }

    fn heard(&mut self, heard: &Heard, now_ms: u64) {
        match heard {
            Heard::Piece(id, bytes) => self.step(Input::Piece { id: *id, bytes }, now_ms),
            Heard::Said { id, status, retry_after_s, body } => {
                if let Some((_, number)) = self.sent.take_if(|(sent, _)| sent == id)
                    && (200..300).contains(status)
                {
                    self.acknowledged.push(number);
                }
                let answer = Answer::Said { status: *status, retry_after_s: *retry_after_s, body };
                self.step(Input::Answer { id: *id, answer }, now_ms);
            }
            Heard::NoAddress(id) => self.step(Input::Answer { id: *id, answer: Answer::NoAddress }, now_ms),
            Heard::Broken(id) => self.step(Input::Answer { id: *id, answer: Answer::Broken }, now_ms),
        }
    }

    /// What the boot loader does, and then the firmware.
    fn start(&mut self, reset: Reset, now_ms: u64) {
        let running = self.flash.running();
        let running = match running.state {
            State::New => Choice { state: State::Trial, ..running },
            // It was started once and did not say that it is valid.
            State::Trial => Choice { place: 1 - running.place, state: State::Valid },
            State::Valid => running,
        };
        if running != self.flash.running() {
            let cut_at = self.cut(CHOICE_BYTES);
            if self.flash.choose(running, cut_at).is_err() {
                return self.cut_power(now_ms, Reset::PowerOn);
            }
        }
        let mut boots = Boots::read(self.flash.read(Sector::Boots));
        boots.begin(reset);
        let cut_at = self.cut(RECORD_LEN);
        if self.flash.write(Sector::Boots, &boots.record(), cut_at).is_err() {
            return self.cut_power(now_ms, Reset::PowerOn);
        }
        let mut board = board(&self.options);
        let image = read_image(self.flash.image(running.place));
        if let Some((version, _)) = &image {
            board.version = Text::cut(version);
        }
        let cause = match reset {
            Reset::PowerOn => "0x1 (POWERON_RESET)",
            Reset::Brownout => "0xf (RTCWDT_BROWN_OUT_RESET)",
            Reset::Watchdog | Reset::Other => "0x8 (TG1WDT_SYS_RESET)",
            Reset::Software | Reset::Crash => "0xc (SW_CPU_RESET)",
        };
        let banner = format!("ets Jul 29 2019 12:21:46\r\n\r\nrst:{cause},boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n");
        self.uart.extend_from_slice(banner.as_bytes());
        let number = mixed(self.chance.draw());
        self.machine = Machine::new(board, &boot(reset, number, boots, &self.flash, running.state == State::Trial));
        self.is_on = true;
        self.minute_ms = now_ms + MINUTE_MS;
        if image.is_some_and(|(_, behaviour)| behaviour == Behaviour::Crashes) {
            self.news.push((now_ms + CRASH_MS, News::Crash));
        }
        self.step(Input::Tick, now_ms);
    }
}

fn board(options: &Options) -> Board {
    let [a, b, c, d] = options.number.to_be_bytes();
    Board {
        version: Text::cut(&options.version),
        board: Text::cut("virtual"),
        chip: Text::cut("ESP32"),
        device: Text::cut(&format!("a4:cf:{a:02x}:{b:02x}:{c:02x}:{d:02x}")),
        name: Text::cut(&format!("camera{}", options.number)),
        frame_bytes_max: options.frame_bytes_max,
        firmware_room: IMAGE_MAX as u32,
    }
}

fn boot(reset: Reset, number: u64, boots: Boots, flash: &Flash, is_trial: bool) -> Boot<'_> {
    Boot {
        reset,
        number,
        records: [Place::A, Place::B].map(|place| flash.read(Sector::Settings(place))),
        boots,
        is_trial,
    }
}
