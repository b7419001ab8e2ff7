//! How a daemon stops, what stops it from starting, and what it does when it cannot write.

mod disk;
mod graceful;
mod refused;
mod shared;
