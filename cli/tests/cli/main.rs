//! Enters by the same door as users do: the binary, its arguments, its output and its exit code.

mod cable;
mod completing;
mod contexts;
mod daemon;
mod examples;
mod exports;
mod firmware;
mod following;
mod foreign;
mod help;
mod live;
mod on_cable;
mod provision;
mod refusals;
mod regions;
mod run;
mod scripted;
mod stub;
mod tls;
mod trials;
mod waiting;
