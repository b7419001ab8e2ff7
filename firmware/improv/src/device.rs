//! The device's end of the line as a state machine: bytes and what came of its deeds go in, packets and deeds come out.
//!
//! It holds no settings. The caller says with every step what is true now ([`Facts`]) and carries out the deeds: it keeps a claim
//! aside at [`Output::Stage`] and goes back to its former settings when a join fails. A network that comes with a claim is stored
//! together with it, once a check has reached the daemon; so neither a wrong password nor a wrong address nor a client that goes
//! away ever destroys a setup that works. A client is told of no success before it is stored.

mod session;

use crate::command::{Claim, TRUST_LEN, Wifi};
use crate::parse::Parser;
use crate::vendor::Verdict;

use session::Session;

/// A sender pauses no longer than this within a packet.
pub const GAP_MS: u64 = 200;
/// Longest wait for a network to let the device in. Clients wait 30 s and longer.
pub const JOIN_MS: u64 = 25_000;
/// Longest wait for a scan, and for the daemon's answer to a check.
pub const SCAN_MS: u64 = 10_000;
pub const CHECK_MS: u64 = 15_000;
/// Longest wait for a flash.
pub const STORE_MS: u64 = 3_000;
/// What is kept aside is forgotten when for this long nothing is done with it. Clients check anew within half of it.
pub const TRIAL_MS: u64 = 45_000;

/// What is true of the device at the moment of a step.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub firmware: &'a str,
    pub version: &'a str,
    pub chip: &'a str,
    pub name: &'a str,
    pub hostname: &'a str,
    /// Unique among all devices: the hardware address.
    pub device: &'a str,
    /// Words, separated by blanks.
    pub capabilities: &'a str,
    /// It belongs to a daemon.
    pub is_claimed: bool,
    /// It has Wi-Fi settings that worked.
    pub is_provisioned: bool,
    /// It is in its network now.
    pub is_online: bool,
    /// Where a person finds it; empty when there is no such place.
    pub url: &'a str,
    pub rssi_dbm: Option<i16>,
}

#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// From the line.
    Bytes(&'a [u8]),
    /// Time passed. Due at least every [`GAP_MS`].
    Tick,
    /// The join came off: the device is in the network.
    Joined,
    JoinFailed,
    /// A network that a scan found; best the strongest first, and each name once.
    Network {
        ssid: &'a str,
        rssi_dbm: i16,
        is_secured: bool,
    },
    ScanDone,
    Checked(Verdict),
    /// [`Output::Commit`] came off.
    Stored,
    StoreFailed,
}

/// What the caller is to do, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output<'a> {
    /// To the line. A log line that is open is ended first: some clients see a packet at the start of a line only.
    Send(&'a [u8]),
    /// Leave the present network for this one, and say [`Input::Joined`] or [`Input::JoinFailed`].
    Join(Wifi<'a>),
    /// Keep the claim aside, in place of an earlier one. It is used by [`Output::Check`], and forgotten at [`Output::Revert`] and at
    /// a restart.
    Stage(Claim<'a>),
    /// Keep the key of whoever signs firmware aside, as a claim.
    Trust([u8; TRUST_LEN]),
    /// Keep a part of the certificate of the claim aside. The first one begins it anew.
    Authority {
        part: u8,
        parts: u8,
        bytes: &'a [u8],
    },
    /// Store what was joined and what was kept aside: it works. Say [`Input::Stored`] or [`Input::StoreFailed`]; nothing is given up
    /// before.
    Commit,
    /// Look for networks; say [`Input::Network`] for each and then [`Input::ScanDone`].
    Scan,
    /// Call the daemon with the claim that was kept aside, else with the stored one, and say [`Input::Checked`].
    Check,
    Rename(&'a str),
    SetHostname(&'a str),
    /// Whatever was begun takes too long: end it and say nothing. A join that is under way goes back to the stored network.
    Abandon,
    /// What was joined and what was kept aside did not work, or nobody waits for it any more: forget it, end what was begun with it,
    /// and go back to the stored settings.
    Revert,
}

/// The device's end of the line.
#[derive(Debug, Clone)]
pub struct Device {
    parser: Parser,
    session: Session,
    heard_ms: u64,
}

impl Device {
    pub const fn new() -> Self {
        Self { parser: Parser::new(), session: Session::new(), heard_ms: 0 }
    }

    /// `now_ms` never goes back; where it starts does not matter.
    pub fn step(&mut self, input: Input<'_>, facts: &Facts<'_>, now_ms: u64, out: &mut dyn FnMut(Output<'_>)) {
        let Self { parser, session, heard_ms } = self;
        if parser.is_inside() && now_ms.saturating_sub(*heard_ms) > GAP_MS {
            parser.silence(|found| session.found(found, facts, now_ms, out));
        }
        if let Input::Bytes(bytes) = input {
            if !bytes.is_empty() {
                *heard_ms = now_ms;
            }
            parser.feed(bytes, |found| session.found(found, facts, now_ms, out));
        } else {
            session.happened(input, facts, now_ms, out);
        }
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
