//! A world for a camera: flash, radio, camera module and daemon, each as well or unwell as a test wants it.

use std::boxed::Box;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use improv::Command;

use super::super::*;
use crate::request::What;

/// Coarser than a real camera's, so that days pass quickly.
const TICK_MS: u64 = 250;
pub const BUDGET: u32 = 100_000;
pub const SSID: &str = "Lot Wi-Fi";
pub const PASSWORD: &str = "correct horse";

pub fn board() -> Board {
    Board {
        version: Text::cut("0.1.0"),
        board: Text::cut("aithinker"),
        chip: Text::cut("ESP32"),
        device: Text::cut("a4:cf:12:00:00:01"),
        name: Text::cut("camera-0001"),
        frame_bytes_max: BUDGET,
        firmware_room: 1_000_000,
    }
}

/// What the daemon answers.
#[derive(Debug, Clone)]
pub enum Said {
    Status(u16, Option<u32>, String),
    /// It takes the picture, and the answer is lost.
    Lost,
    Broken,
    /// Nothing at all comes back.
    Never,
}

pub fn ok() -> Said {
    Said::Status(201, None, String::new())
}

/// Everything around a machine.
pub struct World {
    pub machine: Machine,
    pub now_ms: u64,
    pub number: u64,
    pub flash: [Vec<u8>; 2],
    pub boots: Vec<u8>,
    pub is_trial: bool,
    pub board: Board,
    /// Network and password that let the camera in.
    pub network: (String, String),
    pub is_in: bool,
    pub hostname: String,
    pub radio_answers: bool,
    pub camera_works: bool,
    pub shot_bytes: u32,
    /// Answers to come; afterwards the last is repeated.
    pub answers: VecDeque<Said>,
    /// Body of a firmware.
    pub image: Vec<u8>,
    /// What was kept, by slot.
    pub kept: BTreeMap<u8, u32>,
    /// Pictures that the daemon has, and how often each was sent after its acceptance was told.
    pub stored: Vec<String>,
    pub told: BTreeSet<String>,
    pub again: u32,
    pub requests: Vec<String>,
    pub log: Vec<String>,
    pub uart: Vec<u8>,
    pub led: bool,
    pub deeds: VecDeque<Deed>,
    /// Nothing of what is stored arrives.
    pub store_fails: bool,
    /// What came of the last write.
    stored_well: Option<bool>,
    /// Every write to flash is counted, and the one of this number is cut at this byte.
    pub cut: Option<(usize, usize)>,
    pub writes: usize,
    pub is_dead: bool,
}

/// What the world owes the machine.
#[derive(Debug, Clone)]
pub enum Deed {
    Joined(u32, bool),
    Shoot,
    Measure,
    Answer(u32, Said, Option<String>, bool),
    Scan,
}

impl World {
    pub fn new() -> Self {
        Self::on([Vec::new(), Vec::new()], Vec::new())
    }

    pub fn on(flash: [Vec<u8>; 2], boots: Vec<u8>) -> Self {
        let records = [&flash[0][..], &flash[1][..]];
        let boot = Boot { reset: Reset::PowerOn, number: 1, records, boots: Boots::read(&boots), is_trial: false };
        let machine = Machine::new(board(), &boot);
        Self {
            machine,
            now_ms: 1_000,
            number: 1,
            flash,
            boots,
            is_trial: false,
            board: board(),
            network: (SSID.into(), PASSWORD.into()),
            is_in: false,
            hostname: String::new(),
            radio_answers: true,
            camera_works: true,
            shot_bytes: 10_000,
            answers: VecDeque::from([ok()]),
            image: Vec::new(),
            kept: BTreeMap::new(),
            stored: Vec::new(),
            told: BTreeSet::new(),
            again: 0,
            requests: Vec::new(),
            log: Vec::new(),
            uart: Vec::new(),
            led: false,
            deeds: VecDeque::new(),
            store_fails: false,
            stored_well: None,
            cut: None,
            writes: 0,
            is_dead: false,
        }
    }

    /// A camera that works.
    pub fn at_work() -> Self {
        let mut world = Self::new();
        world.provision();
        // The first report, too, is over.
        world.run(15_000);
        world
    }

    pub fn provision(&mut self) {
        self.ask(&Command::Claim(improv::Claim::new("http://192.0.2.1", "park_t", "cam-1").expect("valid")));
        self.ask(&Command::Wifi(improv::Wifi::new(SSID, PASSWORD).expect("valid")));
        self.run(500);
        self.ask(&Command::Check);
        self.run(500);
    }

    /// Starts again with what is in flash.
    pub fn restart(&mut self, reset: Reset) {
        self.number += 1;
        let records = [&self.flash[0][..], &self.flash[1][..]];
        let mut boots = Boots::read(&self.boots);
        boots.begin(reset);
        self.boots = boots.record().to_vec();
        let boot = Boot { reset, number: self.number, records, boots, is_trial: self.is_trial };
        self.machine = Machine::new(self.board.clone(), &boot);
        self.kept.clear();
        self.deeds.clear();
        (self.is_in, self.is_dead, self.cut, self.stored_well) = (false, false, None, None);
    }

    pub fn ask(&mut self, command: &Command<'_>) {
        let wire = command.encode().expect("valid");
        self.step(Input::Uart(wire.as_bytes()));
    }

    /// Lets time pass.
    pub fn run(&mut self, ms: u64) {
        let until_ms = self.now_ms + ms;
        while self.now_ms < until_ms && !self.is_dead {
            self.now_ms += TICK_MS;
            self.step(Input::Tick);
            while let Some(deed) = self.deeds.pop_front() {
                self.fulfil(deed);
            }
        }
    }

    fn fulfil(&mut self, deed: Deed) {
        match deed {
            Deed::Joined(attempt, true) => {
                self.is_in = true;
                self.step(Input::Joined { attempt, address: "http://192.0.2.7/" });
            }
            Deed::Joined(attempt, false) => self.step(Input::JoinFailed { attempt }),
            Deed::Shoot if self.camera_works => self.step(Input::Shot { bytes: self.shot_bytes }),
            Deed::Shoot => self.step(Input::ShotFailed),
            Deed::Measure => self.measure(),
            Deed::Scan => {
                self.step(Input::Network { ssid: SSID, rssi_dbm: -61, is_secured: true });
                self.step(Input::ScanDone);
            }
            Deed::Answer(id, said, key, is_image) => self.answer(id, &said, key, is_image),
        }
    }

    fn measure(&mut self) {
        self.step(Input::Vitals { rssi_dbm: self.is_in.then_some(-61), free_heap_bytes: None });
    }

    /// The network is gone, and the camera looks.
    pub fn lose_network(&mut self) {
        self.is_in = false;
        self.measure();
    }

    /// Lets time pass until the camera wants this done, which then is owed.
    pub fn run_to(&mut self, deed: &str) {
        while !self.log.iter().any(|done| done == deed) {
            match self.deeds.pop_front() {
                Some(owed) => self.fulfil(owed),
                None => {
                    self.now_ms += TICK_MS;
                    self.step(Input::Tick);
                }
            }
        }
    }

    fn answer(&mut self, id: u32, said: &Said, key: Option<String>, is_image: bool) {
        let is_stored = matches!(said, Said::Status(200..=299, ..) | Said::Lost);
        if let Some(key) = key.filter(|_| is_stored) {
            self.again += u32::from(self.told.contains(&key));
            if !self.stored.contains(&key) {
                self.stored.push(key.clone());
            }
            if matches!(said, Said::Status(..)) {
                self.told.insert(key);
            }
        }
        match said {
            Said::Status(status, retry_after_s, body) => {
                if is_image && *status == 200 {
                    for piece in self.image.clone().chunks(1_000) {
                        self.step(Input::Piece { id, bytes: piece });
                    }
                }
                let answer = Answer::Said { status: *status, retry_after_s: *retry_after_s, body: body.as_bytes() };
                self.step(Input::Answer { id, answer });
            }
            Said::Lost | Said::Broken => self.step(Input::Answer { id, answer: Answer::Broken }),
            Said::Never => {}
        }
    }

    pub fn step(&mut self, input: Input<'_>) {
        if self.is_dead {
            return;
        }
        let mut machine = self.machine.clone();
        let now_ms = self.now_ms;
        machine.step(input, now_ms, &mut |output| self.act(output));
        self.machine = machine;
        if let Some(is_stored) = self.stored_well.take() {
            self.step(if is_stored { Input::Stored } else { Input::StoreFailed });
        }
    }

    fn act(&mut self, output: Output<'_>) {
        if self.is_dead {
            return;
        }
        match output {
            Output::Uart(bytes) => self.uart.extend_from_slice(bytes),
            Output::Join { attempt, ssid, password, hostname } => {
                self.is_in = false;
                self.hostname = hostname.into();
                self.log.push(format!("join {ssid}"));
                if self.radio_answers {
                    let is_right = (ssid, password) == (&*self.network.0, &*self.network.1);
                    self.deeds.push_back(Deed::Joined(attempt, is_right));
                }
            }
            Output::Leave => self.is_in = false,
            Output::Scan => self.deeds.push_back(Deed::Scan),
            Output::Measure => self.deeds.push_back(Deed::Measure),
            Output::Shoot { quality } => {
                self.log.push(format!("shoot {quality}"));
                self.deeds.push_back(Deed::Shoot);
            }
            Output::Keep { slot } => {
                let is_new = self.kept.insert(slot, self.shot_bytes).is_none();
                assert!(is_new, "slot {slot} was free");
            }
            Output::Forget { slot } => assert!(self.kept.remove(&slot).is_some(), "slot {slot} was kept"),
            Output::Send(request) => self.send(&request),
            Output::Hang(hung) => self.deeds.retain(|deed| !matches!(deed, &Deed::Answer(id, ..) if id == hung)),
            Output::Store { place, record } => self.write(usize::from(place == Place::B), record),
            Output::StoreBoots(record) => self.boots = record.to_vec(),
            Output::Led(is_lit) => self.led = is_lit,
            other => {
                self.log.push(format!("{other:?}"));
                self.is_dead |= matches!(other, Output::Reboot(_) | Output::StartUpdate | Output::GoBack);
            }
        }
    }

    fn write(&mut self, place: usize, record: &[u8]) {
        self.writes += 1;
        self.stored_well = Some(!self.store_fails);
        if self.store_fails {
            return;
        }
        let cut_at = self.cut.filter(|(write, _)| *write == self.writes).map(|(_, at)| at);
        let mut cell = vec![0xff; crate::settings::RECORD_MAX];
        let len = record.len().min(cut_at.unwrap_or(usize::MAX));
        cell[..len].copy_from_slice(&record[..len]);
        self.flash[place] = cell;
        self.is_dead |= cut_at.is_some();
    }

    fn send(&mut self, request: &Request<'_>) {
        assert!(self.is_in, "a request needs a network");
        self.requests.push(format!("{} {}", request.method(), &*request.path()));
        let said = if self.answers.len() > 1 { self.answers.pop_front() } else { self.answers.front().cloned() };
        let said = said.unwrap_or_else(ok);
        let key = match request.what {
            What::Picture { slot, bytes, key, .. } => {
                assert_eq!(self.kept.get(&slot), Some(&bytes), "it is there");
                Some(format!("{}-{}", key.boot, key.number))
            }
            _ => None,
        };
        let is_image = matches!(request.what, What::Firmware(_));
        self.deeds.push_back(Deed::Answer(request.id, said, key, is_image));
    }

    /// What it said on the line, in words.
    pub fn said(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        let bytes = core::mem::take(&mut self.uart);
        let mut parser = Box::new(improv::Parser::new());
        parser.feed(&bytes, |found| {
            if let improv::Found::Frame(frame) = found {
                words.push(match improv::Message::parse(frame) {
                    Some(improv::Message::Answer(answer)) => {
                        let texts: Vec<_> = answer.texts().map(String::from_utf8_lossy).collect();
                        format!("{:#x}: {}", answer.command, texts.join(" | "))
                    }
                    Some(improv::Message::State(state)) => format!("{state:?}"),
                    Some(improv::Message::Error(error)) => error.to_string(),
                    _ => "?".into(),
                });
            }
        });
        words
    }
}
