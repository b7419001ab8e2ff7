//! What a device answers to which call, and what it is busy with. Knows packets, not bytes.

use core::fmt::Write;

use super::{CHECK_MS, Facts, Input, JOIN_MS, Output, SCAN_MS, STORE_MS, TRIAL_MS};
use crate::command::{Command, Refused, code};
use crate::frame::{DATA_MAX, TooLong, Wire};
use crate::message::{ErrorCode, Message, State};
use crate::parse::Found;
use crate::vendor::{Hello, Verdict};

/// Flags of the answer to [`Command::Network`].
const IS_ONLINE: u8 = 1;
const HAS_WIFI: u8 = 2;

/// What takes longer than an answer; one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Join,
    Scan,
    Check,
    /// Of the settings that this call has shown to work.
    Store(Proof),
}

/// What has shown that settings work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    Join,
    Check,
}

/// A call that waits until the device is free.
#[derive(Clone)]
struct Waiting {
    command: u8,
    payload: [u8; DATA_MAX],
    len: usize,
}

impl core::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Waiting").field("command", &self.command).finish_non_exhaustive()
    }
}

/// What the caller keeps aside until a check has shown that it works.
#[derive(Debug, Clone)]
struct Aside {
    has_claim: bool,
    has_trust: bool,
    /// The device is in the network that came with them.
    has_network: bool,
    /// When it is forgotten.
    by_ms: u64,
}

impl Aside {
    const NOTHING: Self = Self { has_claim: false, has_trust: false, has_network: false, by_ms: 0 };

    fn is_empty(&self) -> bool {
        !self.has_claim && !self.has_trust
    }

    fn renew(&mut self, now_ms: u64) {
        self.by_ms = now_ms + TRIAL_MS;
    }
}

#[derive(Debug, Clone)]
pub(super) struct Session {
    /// With the time by which it has to be done.
    job: Option<(Job, u64)>,
    waiting: Option<Waiting>,
    aside: Aside,
}

type Out<'o> = &'o mut dyn FnMut(Output<'_>);

impl Session {
    pub(super) const fn new() -> Self {
        Self { job: None, waiting: None, aside: Aside::NOTHING }
    }

    pub(super) fn found(&mut self, found: Found<'_>, facts: &Facts<'_>, now_ms: u64, out: Out<'_>) {
        match found {
            Found::Noise(_) => {}
            // Whoever sent it learns that it has to be sent again.
            Found::Damaged => fail(ErrorCode::BadPacket, out),
            Found::Frame(frame) => match Message::parse(frame) {
                Some(Message::Call { command, payload }) => self.called(command, payload, facts, now_ms, out),
                // Our own packets, echoed by a line that is open at its end.
                Some(_) => {}
                None => fail(ErrorCode::BadPacket, out),
            },
        }
    }

    /// Something happened that is not on the line.
    pub(super) fn happened(&mut self, input: Input<'_>, facts: &Facts<'_>, now_ms: u64, out: Out<'_>) {
        let job = self.job.map(|(job, _)| job);
        match (input, job) {
            (Input::Joined, Some(Job::Join)) => self.joined(facts, now_ms, out),
            (Input::JoinFailed, Some(Job::Join)) => self.not_joined(facts, now_ms, out),
            (Input::Network { ssid, rssi_dbm, is_secured }, Some(Job::Scan)) => {
                let rssi = Decimal::new(rssi_dbm.into());
                answer(code::SCAN, [ssid, rssi.as_str(), if is_secured { "YES" } else { "NO" }], out);
            }
            (Input::ScanDone, Some(Job::Scan)) => self.scanned(out),
            (Input::Checked(verdict), Some(Job::Check)) => self.checked(verdict, facts, now_ms, out),
            (Input::Stored, Some(Job::Store(proof))) => self.stored(proof, facts, out),
            (Input::StoreFailed, Some(Job::Store(proof))) => self.not_stored(proof, facts, out),
            (Input::Tick, Some(job)) if self.job.is_some_and(|(_, by_ms)| now_ms >= by_ms) => {
                out(Output::Abandon);
                match job {
                    Job::Join => self.not_joined(facts, now_ms, out),
                    Job::Scan => self.scanned(out),
                    Job::Check => self.checked(Verdict::Unreachable, facts, now_ms, out),
                    Job::Store(proof) => self.not_stored(proof, facts, out),
                }
            }
            (Input::Tick, None) if !self.aside.is_empty() && now_ms >= self.aside.by_ms => self.revert(out),
            // News of something that was given up meanwhile.
            _ => {}
        }
        if self.job.is_none()
            && let Some(Waiting { command, payload, len }) = self.waiting.take()
        {
            self.called(command, &payload[..len], facts, now_ms, out);
        }
    }

    fn called(&mut self, command: u8, payload: &[u8], facts: &Facts<'_>, now_ms: u64, out: Out<'_>) {
        match Command::parse(command, payload) {
            Err(Refused::Unknown) => fail(ErrorCode::UnknownCommand, out),
            Err(Refused::Malformed) => fail(ErrorCode::BadPacket, out),
            Err(Refused::Hostname) => fail(ErrorCode::BadHostname, out),
            Ok(Command::State) => self.tell_state(facts, out),
            Ok(Command::Info) => answer(command, [facts.firmware, facts.version, facts.chip, facts.name], out),
            Ok(Command::Network) => tell_network(facts, out),
            Ok(Command::Hello) => {
                // Whoever says it begins: what a client before it left aside would hold back its own changes.
                if !self.aside.is_empty() {
                    (self.job, self.waiting) = (None, None);
                    self.revert(out);
                }
                self.tell_hello(command, facts, out);
            }
            Ok(Command::Hostname("")) => answer(command, [facts.hostname], out),
            Ok(Command::Name("")) => answer(command, [facts.name], out),
            Ok(change) if self.job.is_none() => self.begin(change, facts, now_ms, out),
            Ok(_) if self.waiting.is_some() => fail(ErrorCode::Unknown, out),
            Ok(_) => {
                let mut waiting = Waiting { command, payload: [0; DATA_MAX], len: payload.len() };
                waiting.payload[..payload.len()].copy_from_slice(payload);
                self.waiting = Some(waiting);
            }
        }
    }

    /// Carries out what changes something or takes its time.
    fn begin(&mut self, command: Command<'_>, facts: &Facts<'_>, now_ms: u64, out: Out<'_>) {
        match command {
            Command::Wifi(wifi) => {
                self.job = Some((Job::Join, now_ms + JOIN_MS));
                self.aside.has_network = false;
                send(&Wire::state(State::Provisioning), out);
                out(Output::Join(wifi));
            }
            Command::Scan => {
                self.job = Some((Job::Scan, now_ms + SCAN_MS));
                out(Output::Scan);
            }
            Command::Hostname(name) => {
                out(Output::SetHostname(name));
                answer(code::HOSTNAME, [name], out);
            }
            Command::Name(name) => {
                out(Output::Rename(name));
                answer(code::NAME, [name], out);
            }
            Command::Claim(claim) => {
                self.aside.has_claim = true;
                self.aside.renew(now_ms);
                out(Output::Stage(claim));
                self.tell_hello(code::CLAIM, facts, out);
            }
            Command::Trust(key) => {
                self.aside.has_trust = true;
                self.aside.renew(now_ms);
                out(Output::Trust(key));
                self.tell_hello(code::TRUST, facts, out);
            }
            Command::Authority { part, parts, bytes } => {
                out(Output::Authority { part, parts, bytes });
                self.tell_hello(code::AUTHORITY, facts, out);
            }
            Command::Check if !facts.is_claimed && !self.aside.has_claim => {
                self.checked(Verdict::Unclaimed, facts, now_ms, out);
            }
            Command::Check if !facts.is_online => self.checked(Verdict::NoWifi, facts, now_ms, out),
            Command::Check => {
                self.job = Some((Job::Check, now_ms + CHECK_MS));
                out(Output::Check);
            }
            // Answered at once, whatever the device is busy with.
            Command::State | Command::Info | Command::Network | Command::Hello => {}
        }
    }

    fn tell_state(&self, facts: &Facts<'_>, out: Out<'_>) {
        let state = self.state(facts);
        send(&Wire::state(state), out);
        // Clients wait for it, even when there is no address to tell.
        if state == State::Provisioned {
            answer(code::STATE, address(facts), out);
        }
    }

    fn state(&self, facts: &Facts<'_>) -> State {
        match self.job {
            Some((Job::Join | Job::Store(Proof::Join), _)) => State::Provisioning,
            _ if facts.is_provisioned || self.aside.has_network => State::Provisioned,
            _ => State::Ready,
        }
    }

    fn tell_hello(&self, command: u8, facts: &Facts<'_>, out: Out<'_>) {
        let is_claimed = facts.is_claimed || self.aside.has_claim;
        let hello = Hello { device: facts.device, is_claimed, capabilities: facts.capabilities };
        answer(command, hello.texts(), out);
    }

    fn joined(&mut self, facts: &Facts<'_>, now_ms: u64, out: Out<'_>) {
        if self.aside.is_empty() {
            return self.commit(Proof::Join, now_ms, out);
        }
        self.job = None;
        // Stored together with what came before it, or not at all.
        self.aside.has_network = true;
        self.aside.renew(now_ms);
        tell_joined(facts, out);
    }

    fn not_joined(&mut self, facts: &Facts<'_>, now_ms: u64, out: Out<'_>) {
        self.job = None;
        self.aside.renew(now_ms);
        fail(ErrorCode::UnableToConnect, out);
        send(&Wire::state(self.state(facts)), out);
    }

    fn scanned(&mut self, out: Out<'_>) {
        self.job = None;
        answer(code::SCAN, [], out);
    }

    fn checked(&mut self, verdict: Verdict, facts: &Facts<'_>, now_ms: u64, out: Out<'_>) {
        self.job = None;
        self.aside.renew(now_ms);
        match verdict {
            _ if self.aside.is_empty() => {}
            Verdict::Ok => return self.commit(Proof::Check, now_ms, out),
            // The daemon itself said no.
            Verdict::Refused | Verdict::UnknownCamera => self.revert(out),
            // A network that was joined just now may need a moment before it carries anything.
            _ => {}
        }
        tell_verdict(verdict, facts, out);
    }

    fn commit(&mut self, proof: Proof, now_ms: u64, out: Out<'_>) {
        self.job = Some((Job::Store(proof), now_ms + STORE_MS));
        out(Output::Commit);
    }

    fn stored(&mut self, proof: Proof, facts: &Facts<'_>, out: Out<'_>) {
        (self.job, self.aside) = (None, Aside::NOTHING);
        match proof {
            Proof::Join => tell_joined(facts, out),
            Proof::Check => tell_verdict(Verdict::Ok, facts, out),
        }
    }

    fn not_stored(&mut self, proof: Proof, facts: &Facts<'_>, out: Out<'_>) {
        self.job = None;
        self.revert(out);
        fail(ErrorCode::NotStored, out);
        if proof == Proof::Join {
            send(&Wire::state(self.state(facts)), out);
        }
    }

    fn revert(&mut self, out: Out<'_>) {
        self.aside = Aside::NOTHING;
        out(Output::Revert);
    }
}

fn address<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    Some(facts.url).filter(|url| !url.is_empty()).into_iter()
}

fn tell_joined(facts: &Facts<'_>, out: Out<'_>) {
    send(&Wire::state(State::Provisioned), out);
    answer(code::WIFI, address(facts), out);
}

fn tell_verdict(verdict: Verdict, facts: &Facts<'_>, out: Out<'_>) {
    let rssi = facts.rssi_dbm.map(|dbm| Decimal::new(dbm.into()));
    answer(code::CHECK, [verdict.word(), rssi.as_ref().map_or("", Decimal::as_str)], out);
}

fn tell_network(facts: &Facts<'_>, out: Out<'_>) {
    let flags = Decimal::new((HAS_WIFI | if facts.is_online { IS_ONLINE } else { 0 }).into());
    answer(code::NETWORK, core::iter::once(flags.as_str()).chain(address(facts)), out);
}

fn send(wire: &Wire, out: Out<'_>) {
    out(Output::Send(wire.as_bytes()));
}

fn fail(error: ErrorCode, out: Out<'_>) {
    send(&Wire::error(error), out);
}

fn answer<'t>(command: u8, texts: impl IntoIterator<Item = &'t str>, out: Out<'_>) {
    match Wire::answer(command, texts) {
        Ok(wire) => send(&wire, out),
        // The facts are too long for one packet.
        Err(TooLong) => fail(ErrorCode::Unknown, out),
    }
}

/// A number as text, without an allocator.
struct Decimal {
    digits: [u8; Self::LEN_MAX],
    len: usize,
}

impl Decimal {
    /// `-2147483648`.
    const LEN_MAX: usize = 11;

    fn new(number: i32) -> Self {
        let mut decimal = Self { digits: [0; Self::LEN_MAX], len: 0 };
        // No i32 is longer.
        let _ = write!(decimal, "{number}");
        decimal
    }

    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.digits[..self.len]).unwrap_or_default()
    }
}

impl Write for Decimal {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.len + text.len();
        let room = self.digits.get_mut(self.len..end).ok_or(core::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
