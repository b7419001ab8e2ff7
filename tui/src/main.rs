//! `parktui`.

use std::process::ExitCode;

fn main() -> ExitCode {
    parktui::main(std::env::args_os())
}
