//! What the cameras of the demo see: a lot on paper, a believable day on it, and pictures of it. Pure.

pub mod car;
pub mod curve;
pub mod day;
pub mod plan;
pub mod render;
