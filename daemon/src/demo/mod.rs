//! The demo: a lot on paper, a believable day on it, and what its cameras see. Pure but for [`run`], which ties it to the daemon.

pub mod car;
pub mod curve;
pub mod day;
pub mod past;
pub mod plan;
pub mod render;
pub mod run;
