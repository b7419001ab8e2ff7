//! The demo: a lot on paper, a believable day on it, and what its cameras see. All of it pure; clock, seed and the daemon itself
//! are passed in or lie outside.

pub mod car;
pub mod curve;
pub mod day;
pub mod plan;
pub mod render;
