//! `parkctl completions`: a script that makes a shell complete commands and options.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::app::App;
use crate::args::Cli;
use crate::error::Error;

pub const EXAMPLES: &str = "\
Examples:
  parkctl completions bash > ~/.local/share/bash-completion/completions/parkctl
  parkctl completions zsh > ~/.zfunc/_parkctl
  parkctl completions fish > ~/.config/fish/completions/parkctl.fish";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which shell
    shell: Shell,
}

pub fn run(app: &mut App, args: &Args) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "parkctl", &mut script);
    app.out.data(&script)
}
