//! The demo: a lot on paper, a believable day on it, and what its cameras see. [`run`] ties it to the daemon.

pub mod past;
pub mod run;

pub use virtual_cam::scene::{car, curve, day, plan, render};
