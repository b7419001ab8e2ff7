//! Who follows a lot live sees every change once and in order, whatever happens to the line, to the daemon, or to those who follow beside.

mod end;
mod line;
mod replaced;
mod same;
pub mod slow;
mod start;
pub mod view;
