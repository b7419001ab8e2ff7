//! The cable: who asks what, and what comes of it. Nothing that works is given up before something else has worked.

use improv::device::{self, Facts};

use super::storing::{Storing, write};
use super::{Core, FIRMWARE, Input, Machine, Out, Output};
use crate::authority::Arriving;
use crate::settings::{Claim, Settings, Wifi};
use crate::text::Text;

/// What a client finds this camera able to do.
const CAPABILITIES: &str = "health orders firmware authority";

/// What is said of a camera, apart from the camera, so that it can change while it is said.
struct Said {
    version: Text<{ crate::ota::VERSION_MAX }>,
    chip: Text<16>,
    device: Text<24>,
    name: Text<{ improv::command::NAME_MAX }>,
    hostname: Text<{ improv::command::HOSTNAME_MAX }>,
    address: Text<48>,
}

impl Machine {
    /// What came in on the line, one byte after the other: each completes at most one packet.
    pub(super) fn cable(&mut self, input: Input<'_>, now_ms: u64, out: Out<'_>) {
        match input {
            Input::Uart(bytes) => {
                self.core.voice.heard(now_ms);
                for byte in bytes.chunks(1) {
                    self.heard(device::Input::Bytes(byte), now_ms, out);
                }
            }
            Input::Network { ssid, rssi_dbm, is_secured } => {
                self.heard(device::Input::Network { ssid, rssi_dbm, is_secured }, now_ms, out);
            }
            Input::ScanDone => self.heard(device::Input::ScanDone, now_ms, out),
            _ => {}
        }
    }

    pub(super) fn heard(&mut self, input: device::Input<'_>, now_ms: u64, out: Out<'_>) {
        let Self { device, core } = self;
        let said = core.said();
        let facts = Facts {
            firmware: FIRMWARE,
            version: &said.version,
            chip: &said.chip,
            name: &said.name,
            hostname: &said.hostname,
            device: &said.device,
            capabilities: CAPABILITIES,
            is_claimed: core.settings.claim.is_some(),
            is_provisioned: core.settings.wifi.is_some(),
            is_online: core.is_online(),
            url: &said.address,
            rssi_dbm: core.rssi_dbm.filter(|_| core.is_online()),
        };
        device.step(input, &facts, now_ms, &mut |deed| core.act(deed, now_ms, out));
    }
}

impl Core {
    fn said(&self) -> Said {
        let or = |own: &str| if own.is_empty() { Text::cut(&self.board.name) } else { Text::cut(own) };
        Said {
            version: self.board.version,
            chip: self.board.chip,
            device: self.board.device,
            name: or(&self.settings.name),
            hostname: Text::cut(self.hostname()),
            address: if self.is_online() { self.link.address } else { Text::new() },
        }
    }

    fn act(&mut self, deed: device::Output<'_>, now_ms: u64, out: Out<'_>) {
        match deed {
            device::Output::Send(bytes) => out(Output::Uart(bytes)),
            device::Output::Join(wifi) => self.try_network(Wifi::of(&wifi), now_ms, out),
            device::Output::Stage(claim) => {
                self.staged = Some(Claim::of(&claim));
                self.arriving = Arriving::NOTHING;
            }
            device::Output::Authority { part, parts, bytes } => self.arriving.take(part, parts, bytes),
            device::Output::Trust(key) => self.trusted = Some(key),
            device::Output::Commit => self.commit(out),
            device::Output::Scan => out(Output::Scan),
            device::Output::Check => self.wire.check(),
            device::Output::Rename(name) => {
                self.settings.name = Text::cut(name);
                self.store(out);
            }
            device::Output::SetHostname(name) => {
                self.settings.hostname = Text::cut(name);
                self.store(out);
            }
            device::Output::Abandon => {
                // One that it has joined is on trial until the check.
                if !self.is_online() {
                    self.abandon_network(now_ms, out);
                }
                self.abandon_check(now_ms, out);
            }
            device::Output::Revert => {
                if self.storing == Storing::Commit {
                    // Over whatever of it may have arrived.
                    self.storing = Storing::Nothing;
                    self.store(out);
                }
                (self.staged, self.trusted, self.arriving) = (None, None, Arriving::NOTHING);
                self.abandon_network(now_ms, out);
                self.abandon_check(now_ms, out);
            }
        }
    }

    /// What was joined and what was kept aside has worked: it is what the camera has as soon as it is stored.
    fn commit(&mut self, out: Out<'_>) {
        self.storing = Storing::Commit;
        let proved = self.with_what_worked();
        write(&mut self.vault, &proved, out);
    }

    fn with_what_worked(&self) -> Settings {
        let is_claimed = self.staged.is_some();
        Settings {
            wifi: self.link.candidate.or(self.settings.wifi),
            claim: self.staged.or(self.settings.claim),
            authority: if is_claimed { *self.arriving.authority() } else { self.settings.authority },
            firmware_key: self.trusted.or(self.settings.firmware_key),
            ..self.settings.clone()
        }
    }

    pub(super) fn committed(&mut self, now_ms: u64, out: Out<'_>) {
        let before = self.settings.claim;
        self.settings = self.with_what_worked();
        (self.link.candidate, self.staged, self.trusted) = (None, None, None);
        self.updating.forget_refusal();
        if self.settings.claim != before {
            // Pictures that were taken for another daemon, or as another camera, are not this one's.
            self.give_up(now_ms, out);
            self.ring.clear(|slot| out(Output::Forget { slot }));
        }
        if self.settings.claim.is_some() {
            self.wire.welcome(now_ms);
            self.start_schedule(now_ms);
        }
    }
}
