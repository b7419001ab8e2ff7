//! Enters by the same door as users do: the binary, its arguments, its output and its exit code.

mod daemon;
mod following;
mod help;
mod live;
mod run;
mod scripted;
mod stub;
