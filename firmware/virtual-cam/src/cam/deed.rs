//! Carries out what the machine wants done. Adapters branch on nothing but the fault that is due.

use camera_core::boots::Reset;
use camera_core::{Input, Output, Request, What};

use super::{CHOICE_BYTES, Cam, JOIN_MS, Network, News, SCAN_MS, SHOT_MS};
use crate::fault::{Cut, Faults};
use crate::flash::{Choice, PowerCut, Sector, State};
use crate::net::Heard;

impl Cam {
    pub(super) fn step(&mut self, input: Input<'_>, now_ms: u64) {
        if !self.is_on {
            return;
        }
        // The machine is stepped aside, so that its deeds may change the rest.
        let mut machine = self.machine.clone();
        machine.step(input, now_ms, &mut |output| {
            // Without power nothing more is done of what was decided.
            if self.is_on {
                self.act(output, now_ms);
            }
        });
        // What was restarted meanwhile begins with what is in flash.
        self.machine = machine;
        if let Some(is_stored) = self.stored_well.take() {
            self.step(if is_stored { Input::Stored } else { Input::StoreFailed }, now_ms);
        }
    }

    fn soon(&mut self, now_ms: u64, after_ms: u64, news: News) {
        self.news.push((now_ms + after_ms, news));
    }

    fn act(&mut self, output: Output<'_>, now_ms: u64) {
        match output {
            Output::Uart(bytes) => self.uart.extend_from_slice(bytes),
            Output::Join { attempt, ssid, password, hostname } => {
                self.hostname = hostname.into();
                let is_there = |network: &&Network| network.ssid == ssid && now_ms >= self.dark_until_ms;
                let network = self.options.networks.iter().find(is_there);
                let fails = Faults::happens(&mut self.chance, self.options.faults.join_fails);
                let found = network.filter(|network| network.password == password && !fails);
                self.rssi_dbm = found.map(|network| network.rssi_dbm);
                let is_in = found.is_some();
                self.soon(now_ms, JOIN_MS, News::Joined(attempt, is_in));
            }
            Output::Leave => self.rssi_dbm = None,
            Output::Scan => self.soon(now_ms, SCAN_MS, News::Scanned),
            Output::Measure => self.soon(now_ms, 0, News::Measured),
            Output::Shoot { .. } => self.soon(now_ms, SHOT_MS, News::Shot),
            Output::Keep { slot } => {
                if let Some(shot) = self.shot.take() {
                    // It was counted when it was taken.
                    self.frames.insert(slot, (self.shots - 1, shot));
                }
            }
            Output::Forget { slot } => drop(self.frames.remove(&slot)),
            // There is no network any more.
            Output::Send(request) if self.rssi_dbm.is_none() => self.answers.push((now_ms, Heard::Broken(request.id))),
            // What its answer says is not the camera's any more.
            Output::Hang(id) => _ = self.sent.take_if(|(sent, _)| *sent == id),
            Output::Send(request) => self.send(&request),
            Output::Store { place, record } => {
                let fails = Faults::happens(&mut self.chance, self.options.faults.store_fails);
                self.stored_well = Some(!fails);
                if !fails {
                    self.write(Sector::Settings(place), record, now_ms);
                }
            }
            Output::StoreBoots(record) => self.write(Sector::Boots, record, now_ms),
            Output::Led(is_lit) => self.is_lit = is_lit,
            Output::BeginUpdate => self.flash.erase_spare(),
            Output::WriteUpdate(bytes) => {
                let cut_at = self.cut(bytes.len());
                let written = self.flash.write_spare(bytes, cut_at);
                self.unless_cut(written, now_ms);
            }
            Output::StartUpdate => {
                let place = 1 - self.flash.running().place;
                self.choose(Choice { place, state: State::New }, now_ms);
                self.restart(now_ms);
            }
            Output::MarkValid => {
                let place = self.flash.running().place;
                self.choose(Choice { place, state: State::Valid }, now_ms);
            }
            Output::GoBack => {
                let place = 1 - self.flash.running().place;
                self.choose(Choice { place, state: State::Valid }, now_ms);
                self.restart(now_ms);
            }
            Output::Reboot(_) => self.restart(now_ms),
            // What was written of an image is erased when the next one begins. There is no driver whose power could be cut, and no radio to
            // be quieted.
            Output::AbortUpdate | Output::RestartCamera | Output::RestartRadio | Output::Mode(_) => {}
        }
    }

    fn send(&mut self, request: &Request<'_>) {
        let body = match request.what {
            What::Picture { slot, .. } => {
                let (number, bytes) = self.frames.get(&slot).cloned().unwrap_or_default();
                self.sent = Some((request.id, number));
                bytes
            }
            What::Report(report) => report.as_bytes().to_vec(),
            What::Firmware(_) => Vec::new(),
        };
        let is_picture = matches!(request.what, What::Picture { .. });
        let faults = self.options.faults;
        let cut = if is_picture { faults.cut(body.len(), &mut self.chance) } else { Cut::No };
        self.net.send(request, body, cut);
    }

    fn write(&mut self, sector: Sector, record: &[u8], now_ms: u64) {
        let cut_at = self.cut(record.len());
        let written = self.flash.write(sector, record, cut_at);
        self.unless_cut(written, now_ms);
    }

    fn choose(&mut self, choice: Choice, now_ms: u64) {
        let cut_at = self.cut(CHOICE_BYTES);
        let written = self.flash.choose(choice, cut_at);
        self.unless_cut(written, now_ms);
    }

    /// Unless the power has failed already.
    fn restart(&mut self, now_ms: u64) {
        if self.is_on {
            self.cut_power(now_ms, Reset::Software);
        }
    }

    fn unless_cut(&mut self, written: Result<(), PowerCut>, now_ms: u64) {
        if written.is_err() {
            self.cut_power(now_ms, Reset::PowerOn);
        }
    }

    /// Where in a write of so many bytes the power fails, if it does.
    pub(super) fn cut(&mut self, len: usize) -> Option<usize> {
        let is_due = self.writes_left == Some(0);
        self.writes_left = self.writes_left.and_then(|left| left.checked_sub(1));
        let is_cut = is_due || Faults::happens(&mut self.chance, self.options.faults.power_cut);
        is_cut.then(|| usize::try_from(self.chance.below(len as u64)).unwrap_or(0))
    }
}
