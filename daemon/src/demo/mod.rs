//! The demo: a lot on paper, a believable day on it, and cameras that see it. [`run`] ties it to the daemon.
//!
//! Reading order: [`lot`] (what the daemon is told once), [`cameras`] and [`stage`] (who sees what), [`opening`] and [`attendant`] (people, from
//! whom cameras learn), [`truth`] (how well they do), [`past`] (the week before).

pub mod attendant;
pub mod cameras;
pub mod lot;
pub mod opening;
pub mod past;
pub mod run;
pub mod stage;
pub mod truth;

pub use virtual_cam::scene::{car, curve, day, plan, render};
