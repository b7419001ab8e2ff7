//! Writes a manual page for each command into the folder that is named: `make man`.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use parkctl::args::Cli;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "target/man".into()));
    std::fs::create_dir_all(&folder)?;
    let mut root = Cli::command();
    root.build();
    write(&folder, &root, "parkctl")
}

/// A page for `command`, and one for each command below it.
fn write(folder: &Path, command: &Command, name: &str) -> std::io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name).render(&mut page)?;
    std::fs::write(folder.join(format!("{name}.1")), page)?;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        write(folder, below, &format!("{name}-{}", below.get_name()))?;
    }
    Ok(())
}
