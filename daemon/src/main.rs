//! Runs `parkd`.

use std::process::ExitCode;

use parkd::commands::{Exit, run};

fn main() -> ExitCode {
    match run(std::env::args_os().collect(), &mut std::io::stdout()) {
        Exit::Done => ExitCode::SUCCESS,
        Exit::Failed => ExitCode::from(1),
        Exit::Usage => ExitCode::from(2),
    }
}
