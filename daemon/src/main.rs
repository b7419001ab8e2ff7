//! Runs `parkd`.

use std::process::ExitCode;

use parkd::commands::{Exit, run};

/// Small allocations by the thousand per second, freed on other threads than they were made on: what the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(std::env::args_os().collect(), &mut std::io::stdout()) {
        Exit::Done => ExitCode::SUCCESS,
        Exit::Failed => ExitCode::from(1),
        Exit::Usage => ExitCode::from(2),
    }
}
