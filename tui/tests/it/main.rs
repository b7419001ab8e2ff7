//! The console as its users have it: the real binary, in a terminal, before a real daemon.

mod console;
mod daemon;
mod display;
mod hygiene;
mod pixels;
mod plain;
mod pty;
mod tmux;
mod wait;
