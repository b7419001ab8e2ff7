//! The camera as a whole: what happened goes in, deeds come out. Every part decides in a file of its own below this one.

mod eye;
mod line;
mod link;
mod update;
mod voice;
mod wire;

use improv::Device;

use crate::authority::Arriving;
use crate::boots::{Boots, Mode, Reset};
use crate::chance::Chance;
use crate::ota::{BOARD_MAX, VERSION_MAX};
use crate::request::{Answer, Request};
use crate::ring::Ring;
use crate::settings::{Claim, Place, Settings, Vault};
use crate::text::Text;

use eye::Eye;
use link::Link;
use update::Updating;
use voice::Voice;
use wire::Wire;

/// Name of the firmware, as a client on the cable is told it.
pub const FIRMWARE: &str = "smart-parking-cam";

/// What the camera is.
#[derive(Debug, Clone)]
pub struct Board {
    pub version: Text<VERSION_MAX>,
    /// Name of the board: an image for another does not run on it.
    pub board: Text<BOARD_MAX>,
    pub chip: Text<16>,
    /// Unique among all cameras and the same for ever: the hardware address.
    pub device: Text<24>,
    /// Its name and host name until somebody gives it others.
    pub name: Text<32>,
    /// Memory for pictures that wait, in bytes.
    pub frame_bytes_max: u32,
    /// Room for a firmware image, in bytes.
    pub firmware_room: u32,
}

/// What is true when it starts.
#[derive(Debug, Clone, Copy)]
pub struct Boot<'a> {
    pub reset: Reset,
    /// By chance, so that no two starts of any cameras have the same.
    pub number: u64,
    /// What the two places for settings hold.
    pub records: [&'a [u8]; 2],
    /// What was written at [`Output::StoreBoots`].
    pub boots: &'a [u8],
    /// This firmware runs for the first time, and the next start goes back to the one before, unless it is said to be valid.
    pub is_trial: bool,
}

/// What happened.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Came in on the serial line.
    Uart(&'a [u8]),
    /// Time passed. Due at least every 50 ms, for the LED.
    Tick,
    Joined {
        attempt: u32,
        /// Where a person on the network finds the camera, or nothing.
        address: &'a str,
    },
    JoinFailed {
        attempt: u32,
    },
    /// The network is gone.
    Lost,
    Network {
        ssid: &'a str,
        rssi_dbm: i16,
        is_secured: bool,
    },
    ScanDone,
    Vitals {
        rssi_dbm: Option<i16>,
        free_heap_bytes: Option<u32>,
    },
    /// The camera module has a picture of this size, which is to be kept or not.
    Shot {
        bytes: u32,
    },
    ShotFailed,
    /// There was no memory for a picture that was to be kept here.
    Unkept {
        slot: u8,
    },
    /// A piece of the body of an answer that is a firmware.
    Piece {
        id: u32,
        bytes: &'a [u8],
    },
    Answer {
        id: u32,
        answer: Answer<'a>,
    },
    /// A firmware could not be written.
    UpdateFailed,
}

/// What is to be done, in this order.
#[derive(Debug, Clone, Copy)]
pub enum Output<'a> {
    /// To the serial line.
    Uart(&'a [u8]),
    /// Leave whatever network there is for this one, and say [`Input::Joined`] or [`Input::JoinFailed`].
    Join {
        attempt: u32,
        ssid: &'a str,
        password: &'a str,
    },
    /// Leave the network, and give up joining.
    Leave,
    /// Say [`Input::Network`] for each, the strongest first, and then [`Input::ScanDone`].
    Scan,
    /// Say [`Input::Shot`] or [`Input::ShotFailed`]. A quality of 0 is the best.
    Shoot {
        quality: u8,
    },
    /// Keep the picture that was just told.
    Keep {
        slot: u8,
    },
    Forget {
        slot: u8,
    },
    /// Cut the power of the camera module for a moment.
    RestartCamera,
    RestartRadio,
    /// Say [`Input::Answer`]; there is never more than one request.
    Send(Request<'a>),
    /// Give this request up and say nothing more about it.
    Hang(u32),
    Store {
        place: Place,
        record: &'a [u8],
    },
    StoreBoots(&'a [u8]),
    Led(bool),
    Mode(Mode),
    /// Erase the place of the firmware that does not run.
    BeginUpdate,
    WriteUpdate(&'a [u8]),
    AbortUpdate,
    /// Start the firmware that was written, on trial.
    StartUpdate,
    /// The firmware that runs is to be started from now on.
    MarkValid,
    /// Start the firmware from before.
    GoBack,
    Reboot(Stuck),
}

/// What does not move any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    Camera,
    Radio,
    Network,
}

impl Stuck {
    pub fn word(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Radio => "radio",
            Self::Network => "network",
        }
    }
}

pub(crate) type Out<'o> = &'o mut dyn FnMut(Output<'_>);

/// A camera.
#[derive(Debug, Clone)]
pub struct Machine {
    device: Device,
    core: Core,
}

/// All that a camera keeps in memory besides its pictures, in bytes.
pub const STATE_MAX: usize = 8_192;
const _: () = assert!(size_of::<Machine>() <= STATE_MAX);

/// All of it but the cable, which looks at the rest while it talks.
#[derive(Debug, Clone)]
struct Core {
    board: Board,
    number: u64,
    reset: Reset,
    began_ms: Option<u64>,
    settings: Settings,
    vault: Vault,
    /// Kept aside by a client on the cable, until they have worked.
    staged: Option<Claim>,
    arriving: Arriving,
    trusted: Option<[u8; 32]>,
    boots: Boots,
    mode: Mode,
    is_stable: bool,
    chance: Chance,
    link: Link,
    eye: Eye,
    ring: Ring,
    wire: Wire,
    updating: Updating,
    voice: Voice,
    rssi_dbm: Option<i16>,
    free_heap_bytes: Option<u32>,
    /// Whatever went wrong, counted.
    errors: u32,
}

impl Machine {
    pub fn new(board: Board, boot: &Boot<'_>) -> Self {
        let (vault, settings) = Vault::open(boot.records[0], boot.records[1]);
        let mut boots = Boots::read(boot.boots);
        let is_failure = boots.begin(boot.reset);
        let ring = Ring::new(board.frame_bytes_max);
        let core = Core {
            board,
            number: boot.number,
            reset: boot.reset,
            began_ms: None,
            updating: Updating::new(boot.is_trial, settings.tried),
            settings,
            vault,
            staged: None,
            arriving: Arriving::NOTHING,
            trusted: None,
            boots,
            mode: boots.mode(),
            // Nothing to forget when nothing happened.
            is_stable: !is_failure && boots == Boots::default(),
            chance: Chance::new(boot.number),
            link: Link::new(),
            eye: Eye::new(),
            ring,
            wire: Wire::new(),
            voice: Voice::new(),
            rssi_dbm: None,
            free_heap_bytes: None,
            errors: 0,
        };
        Self { device: Device::new(), core }
    }

    /// What is stored now.
    pub fn settings(&self) -> &Settings {
        &self.core.settings
    }

    /// The pictures that wait.
    pub fn ring(&self) -> &Ring {
        &self.core.ring
    }

    pub fn mode(&self) -> Mode {
        self.core.mode
    }

    /// `now_ms` never goes back; where it starts does not matter.
    pub fn step(&mut self, input: Input<'_>, now_ms: u64, out: &mut dyn FnMut(Output<'_>)) {
        let core = &mut self.core;
        if core.began_ms.is_none() {
            core.begin(now_ms, out);
        }
        match input {
            Input::Uart(_) | Input::Network { .. } | Input::ScanDone => {}
            Input::Tick => self.heard(improv::device::Input::Tick, now_ms, out),
            Input::Joined { attempt, address } => {
                if core.joined(attempt, address, now_ms) {
                    self.heard(improv::device::Input::Joined, now_ms, out);
                }
            }
            Input::JoinFailed { attempt } => {
                if core.not_joined(attempt, now_ms) {
                    self.heard(improv::device::Input::JoinFailed, now_ms, out);
                }
            }
            Input::Lost => core.lost(now_ms, out),
            Input::Vitals { rssi_dbm, free_heap_bytes } => {
                (core.rssi_dbm, core.free_heap_bytes) = (rssi_dbm, free_heap_bytes);
            }
            Input::Shot { bytes } => core.shot(bytes, now_ms, out),
            Input::ShotFailed => core.shot_failed(out),
            Input::Unkept { slot } => core.ring.lost(slot),
            Input::Piece { id, bytes } => core.piece(id, bytes, now_ms, out),
            Input::Answer { id, answer } => {
                if let Some(verdict) = core.answered(id, answer, now_ms, out) {
                    self.heard(improv::device::Input::Checked(verdict), now_ms, out);
                }
            }
            Input::UpdateFailed => core.update_failed(now_ms, out),
        }
        self.cable(input, now_ms, out);
        self.core.advance(now_ms, out);
    }
}

impl Core {
    fn begin(&mut self, now_ms: u64, out: Out<'_>) {
        self.began_ms = Some(now_ms);
        self.updating.begin(now_ms);
        if !self.is_stable {
            out(Output::StoreBoots(&self.boots.record()));
        }
        if self.mode != Mode::Normal {
            out(Output::Mode(self.mode));
        }
        if self.settings.claim.is_some() {
            self.start_schedule(now_ms);
        }
    }

    fn uptime_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.began_ms.unwrap_or(now_ms))
    }

    /// Whatever is due.
    fn advance(&mut self, now_ms: u64, out: Out<'_>) {
        self.settle(now_ms, out);
        self.advance_link(now_ms, out);
        self.advance_eye(now_ms, out);
        self.advance_wire(now_ms, out);
        self.advance_update(now_ms, out);
        self.advance_voice(now_ms, out);
    }

    /// A camera that ran for long enough is well again.
    fn settle(&mut self, now_ms: u64, out: Out<'_>) {
        let uptime_ms = self.uptime_ms(now_ms);
        if self.mode == Mode::Safe && uptime_ms >= crate::boots::SAFE_MS {
            self.mode = Mode::Normal;
            out(Output::Mode(self.mode));
        }
        if !self.is_stable && self.mode != Mode::Safe && uptime_ms >= crate::boots::STABLE_MS {
            self.is_stable = true;
            self.boots = Boots::default();
            out(Output::StoreBoots(&self.boots.record()));
        }
    }

    fn store(&mut self, out: Out<'_>) {
        let (place, record) = self.vault.write(&self.settings);
        out(Output::Store { place, record: record.as_bytes() });
    }

    /// Starts again, because something does not move any more; that counts as a failure.
    fn reboot(&mut self, stuck: Stuck, out: Out<'_>) {
        self.boots.begin(Reset::Watchdog);
        self.is_stable = false;
        out(Output::StoreBoots(&self.boots.record()));
        out(Output::Reboot(stuck));
    }
}

#[cfg(test)]
mod tests;
