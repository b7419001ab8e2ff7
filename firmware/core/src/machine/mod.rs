//! The camera as a whole: what happened goes in, deeds come out. Every part decides in a file of its own below this one.

mod eye;
mod line;
mod link;
mod storing;
mod update;
mod voice;
mod wire;

use core::fmt::Write;

use improv::Device;

use crate::authority::Arriving;
use crate::boots::{Boots, GENTLE_MS, Mode, Reset, SAFE_MS, STABLE_MS};
use crate::chance::{Chance, mixed};
use crate::ota::{BOARD_MAX, VERSION_MAX};
use crate::request::{Answer, Request};
use crate::ring::Ring;
use crate::settings::{Claim, Place, Settings, Vault};
use crate::text::Text;

use eye::Eye;
pub use eye::QUALITIES;
use link::Link;
use storing::Storing;
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

impl Board {
    /// What this is, by its hardware address; `frame_bytes_max` and `firmware_room` are 0.
    pub fn new(version: &str, board: &str, address: [u8; 6]) -> Self {
        let [a, b, c, d, e, f] = address;
        let mut own = Self {
            version: Text::cut(version),
            board: Text::cut(board),
            chip: Text::cut("ESP32"),
            device: Text::new(),
            name: Text::new(),
            frame_bytes_max: 0,
            firmware_room: 0,
        };
        // Both are short.
        let _ = write!(own.device, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}");
        let _ = write!(own.name, "camera-{e:02x}{f:02x}");
        own
    }
}

/// What is true when it starts.
#[derive(Debug, Clone, Copy)]
pub struct Boot<'a> {
    pub reset: Reset,
    /// By chance, so that no two starts of any cameras have the same; where chance comes from a seed, `boots` make the difference.
    pub number: u64,
    /// What the two places for settings hold.
    pub records: [&'a [u8]; 2],
    /// With this start counted in, and written as at [`Output::StoreBoots`].
    pub boots: Boots,
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
    Network {
        ssid: &'a str,
        rssi_dbm: i16,
        is_secured: bool,
    },
    ScanDone,
    Vitals {
        /// None outside a network.
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
    /// What came of [`Output::Store`].
    Stored,
    /// The place holds what it held before.
    StoreFailed,
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
        /// Empty for an open one.
        password: &'a str,
        /// What the camera calls itself there.
        hostname: &'a str,
    },
    /// Leave the network, and give up joining.
    Leave,
    /// Say [`Input::Network`] for each, the strongest first, and then [`Input::ScanDone`].
    Scan,
    /// Say [`Input::Vitals`].
    Measure,
    /// Say [`Input::Shot`] or [`Input::ShotFailed`]. A quality of 0 is the best; there are [`QUALITIES`], and the module is restarted for
    /// another one.
    Shoot {
        quality: u8,
    },
    /// Keep the picture that was just told, or say [`Input::Unkept`] before anything else.
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
    /// Say [`Input::Stored`] or [`Input::StoreFailed`] before anything else.
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
    storing: Storing,
    /// What is set is not what is stored.
    is_forgetful: bool,
}

impl Machine {
    pub fn new(board: Board, boot: &Boot<'_>) -> Self {
        let (vault, settings) = Vault::open(boot.records[0], boot.records[1]);
        let boots = boot.boots;
        let number = boot.number ^ mixed(boots.starts().into());
        let ring = Ring::new(board.frame_bytes_max);
        let proved = update::proved(&settings, &board.version);
        let core = Core {
            board,
            number,
            reset: boot.reset,
            began_ms: None,
            updating: Updating::new(boot.is_trial, settings.tried, proved),
            settings,
            vault,
            staged: None,
            arriving: Arriving::NOTHING,
            trusted: None,
            boots,
            mode: boots.mode(),
            // Nothing to forget when nothing happened.
            is_stable: boots.is_clean(),
            chance: Chance::new(number),
            link: Link::new(),
            eye: Eye::new(),
            ring,
            wire: Wire::new(),
            voice: Voice::new(),
            rssi_dbm: None,
            free_heap_bytes: None,
            errors: 0,
            storing: Storing::Nothing,
            is_forgetful: false,
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
            Input::Vitals { rssi_dbm, free_heap_bytes } => {
                (core.rssi_dbm, core.free_heap_bytes) = (rssi_dbm, free_heap_bytes);
                if rssi_dbm.is_none() {
                    core.lost(now_ms, out);
                }
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
            Input::Stored => {
                if core.stored(now_ms, out) {
                    self.heard(improv::device::Input::Stored, now_ms, out);
                }
            }
            Input::StoreFailed => {
                if core.store_failed(now_ms, out) {
                    self.heard(improv::device::Input::StoreFailed, now_ms, out);
                }
            }
        }
        self.cable(input, now_ms, out);
        // Whether a new picture could be kept is known after this step.
        let may_send = !matches!(input, Input::Shot { .. });
        self.core.advance(may_send, now_ms, out);
    }
}

impl Core {
    fn begin(&mut self, now_ms: u64, out: Out<'_>) {
        self.began_ms = Some(now_ms);
        self.updating.begin(now_ms);
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
    fn advance(&mut self, may_send: bool, now_ms: u64, out: Out<'_>) {
        self.settle(now_ms, out);
        self.advance_link(now_ms, out);
        self.advance_eye(now_ms, out);
        if may_send {
            self.advance_wire(now_ms, out);
        }
        self.advance_update(now_ms, out);
        self.advance_voice(now_ms, out);
    }

    /// A camera that ran for long enough is well again.
    fn settle(&mut self, now_ms: u64, out: Out<'_>) {
        let uptime_ms = self.uptime_ms(now_ms);
        let is_over = match self.mode {
            Mode::Normal => false,
            Mode::Gentle => uptime_ms >= GENTLE_MS,
            Mode::Safe => uptime_ms >= SAFE_MS,
        };
        if is_over {
            self.mode = Mode::Normal;
            out(Output::Mode(self.mode));
            self.reschedule(now_ms);
        }
        if !self.is_stable && self.mode != Mode::Safe && uptime_ms >= STABLE_MS {
            self.is_stable = true;
            self.boots.forgive();
            out(Output::StoreBoots(&self.boots.record()));
        }
    }

    /// Starts again, because something does not move any more; that counts as a failure.
    fn reboot(&mut self, stuck: Stuck, out: Out<'_>) {
        self.boots.fail(Reset::Watchdog);
        self.is_stable = false;
        out(Output::StoreBoots(&self.boots.record()));
        out(Output::Reboot(stuck));
    }
}

#[cfg(test)]
mod tests;
