//! A device on a serial cable: which ports there are, how one is opened, what is said on it. Knows no daemon and no camera.

mod boot;
mod link;
mod log;
mod ports;
mod trouble;

pub use boot::Sign;
pub use link::{Link, Reply};
pub use log::Log;
pub use ports::{Candidate, candidates, pick};
pub use trouble::Trouble;
