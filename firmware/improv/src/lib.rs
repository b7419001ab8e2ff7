//! Improv Wi-Fi over a serial line: how a device on a cable is told which network to join.
//!
//! `frame` makes bytes of packets and `parse` finds packets in bytes, whatever else is on the line. `message` says what a packet
//! means, `command` what a client can ask, `vendor` what only our cameras understand. `client` and `device` are the two ends, as
//! state machines: bytes and ticks go in, bytes and deeds come out. Nothing here knows a port, a clock, a radio or an allocator.

#![no_std]

pub mod client;
pub mod command;
pub mod device;
pub mod frame;
pub mod message;
pub mod parse;
pub mod vendor;

pub use client::Client;
pub use command::{Claim, Command, Invalid, Wifi};
pub use device::Device;
pub use frame::{Frame, Wire};
pub use message::{Answer, ErrorCode, Message, State};
pub use parse::{Found, Parser};
pub use vendor::{Hello, Verdict};
