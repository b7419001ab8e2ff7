//! Everything that a camera decides, as one state machine: what happened goes in, deeds come out.
//!
//! [`Machine`] is stepped by whoever has the hardware: the board, or a computer that plays one. It needs no allocator, and knows
//! neither a port, a clock, a radio, a flash nor a chip; the time, the chances and what happened are passed in. Around it: `settings` is what
//! a camera remembers, `schedule` when it takes a picture, `ring` which pictures wait, `retry` what an answer means, `orders` what
//! the daemon wants, `ota` which firmware may run, `authority` whose word counts for a daemon's name, `boots` what happened at earlier starts, `networks` what a scan found, `led` and `health` what it shows of itself.

#![no_std]

#[cfg(test)]
extern crate std;

pub mod authority;
pub mod boots;
pub mod chance;
pub mod health;
pub mod json;
pub mod led;
pub mod machine;
pub mod networks;
pub mod orders;
pub mod ota;
pub mod request;
pub mod retry;
pub mod ring;
pub mod schedule;
pub mod settings;
pub mod text;

pub use machine::{Input, Machine, Output};
pub use request::{Answer, Request, What};
pub use settings::Settings;
pub use text::Text;
