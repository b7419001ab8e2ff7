//! The binary: hands its arguments to the library and exits with the code that it answers.

use std::process::ExitCode;

fn main() -> ExitCode {
    parkctl::main(std::env::args_os())
}
