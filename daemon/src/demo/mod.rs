//! The demo: a lot on paper, a believable day on it, and cameras that see it. [`run`] ties it to the daemon.

pub mod cameras;
pub mod lot;
pub mod past;
pub mod run;
pub mod stage;

pub use virtual_cam::scene::{car, curve, day, plan, render};
