//! A camera on a PC: the core that the board runs, with a file for a flash, a pty for a cable, a radio that does as it is told,
//! pictures that are drawn or read, and real HTTP.
//!
//! [`Cam`] is one camera, stepped by whoever has the clock: by [`bench::Bench`] as time passes, or by a test as fast as it can.
//! Nothing here decides what a camera does; that is `camera-core` alone.

pub mod bench;
pub mod cam;
pub mod fault;
pub mod flash;
pub mod net;
pub mod picture;
pub mod scene;

pub use bench::Bench;
pub use cam::{Cam, Options};
pub use fault::Faults;
pub use flash::Flash;
pub use picture::Pictures;
