//! The command line of `parkd`: one file per subcommand. Whatever needs the database itself is here; the rest is `parkctl`'s.

mod backup;
mod config;
mod health;
mod migrate_data;
mod occupancy;
mod openapi;
mod retention;
mod serve;
mod sweep;
mod token;
mod verify;

use std::ffi::OsString;
use std::io::Write;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{Serve, Storage, read_env_file, refuse_unknown};

/// The daemon of the Smart Parking System.
///
/// Without a subcommand it serves. Settings are flags, then environment variables (a file .env in the working folder is read), then defaults.
#[derive(Debug, Parser)]
#[command(name = "parkd", version, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until SIGTERM or Ctrl-C (the default)
    Serve(Box<Serve>),
    /// Prove that the tables are the fold of the log, row by row; works while the daemon runs
    Verify(verify::Args),
    /// Make, prove and restore backups of the database and the pictures
    Backup(backup::Args),
    /// Ask the daemon on this machine whether it is ready; exit code 1 when it is not
    Health(health::Args),
    /// Show every setting as it is in force, and where it came from
    Config(Box<config::Args>),
    /// Move everything into another database, and pictures into another object store; with every daemon stopped
    MigrateData(Box<migrate_data::Args>),
    /// Remove the captures that the rules no longer keep, as the daemon does by itself, or say which
    Retention(Box<retention::Args>),
    /// Remove pictures that no capture names, and name captures without their picture; works while the daemon runs
    Sweep(Box<sweep::Args>),
    /// Create, list and revoke tokens without a running daemon
    Token(token::Args),
    /// Train and measure what tells free slots from occupied ones in pictures
    #[command(subcommand)]
    Occupancy(occupancy::Command),
    /// Print the OpenAPI document
    Openapi,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// It ran, and what it found is bad.
    Failed,
    /// The command line or a setting is wrong.
    Usage,
}

/// Runs what `args` ask for. Output goes to `out`; errors to standard error.
pub fn run(args: Vec<OsString>, out: &mut dyn Write) -> Exit {
    match try_run(args, out) {
        Ok(exit) => exit,
        Err(Trouble::Clap(error)) => {
            // Help and version are no errors; clap knows which stream each belongs to.
            let is_help = !error.use_stderr();
            let _ = error.print();
            if is_help { Exit::Done } else { Exit::Usage }
        }
        Err(Trouble::Settings(message)) => complain(&message, Exit::Usage),
        Err(Trouble::Failed(message)) => complain(&message, Exit::Failed),
    }
}

fn complain(message: &str, exit: Exit) -> Exit {
    // Where even standard error is gone, the exit code must do.
    let _ = writeln!(std::io::stderr(), "parkd: {message}");
    exit
}

enum Trouble {
    Clap(clap::Error),
    Settings(String),
    Failed(String),
}

fn try_run(args: Vec<OsString>, out: &mut dyn Write) -> Result<Exit, Trouble> {
    let from_file = read_env_file().map_err(Trouble::Settings)?;
    let command = Cli::command();
    refuse_unknown(&command).map_err(Trouble::Settings)?;
    let matches = command.try_get_matches_from(with_default(args)).map_err(Trouble::Clap)?;
    let cli = Cli::from_arg_matches(&matches).map_err(Trouble::Clap)?;
    let places = cli.storage.places().map_err(Trouble::Settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Trouble::Failed(format!("cannot start: {e}")))?;
    let done = match cli.command {
        Command::Serve(settings) => runtime.block_on(serve::run(&settings, places, out)),
        Command::Verify(args) => runtime.block_on(verify::run(&args, &places, out)),
        Command::Backup(args) => runtime.block_on(backup::run(args, &places, out)),
        Command::Health(args) => runtime.block_on(health::run(&args, out)),
        Command::Config(args) => config::run(&args, &matches, &places, &from_file, out),
        Command::MigrateData(args) => runtime.block_on(migrate_data::run(&args, &places, out)),
        Command::Retention(args) => runtime.block_on(retention::run(&args, &places, out)),
        Command::Sweep(args) => runtime.block_on(sweep::run(&args, &places, out)),
        Command::Token(args) => runtime.block_on(token::run(args, &places, out)),
        Command::Occupancy(command) => runtime.block_on(occupancy::run(&command, out)),
        Command::Openapi => openapi::run(out),
    };
    // What still runs now was given its time already.
    runtime.shutdown_background();
    done.map_err(Trouble::Failed)
}

/// The same arguments with `serve` put in front when no subcommand is named.
fn with_default(mut args: Vec<OsString>) -> Vec<OsString> {
    let command = Cli::command();
    let asks_for_help = ["-h", "--help", "-V", "--version", "help"];
    let mut words = args.iter().skip(1).map(|arg| arg.to_string_lossy());
    let is_named = loop {
        match words.next() {
            None => break false,
            Some(word) if asks_for_help.contains(&&*word) => break true,
            Some(word) if takes_next(&command, &word) => _ = words.next(),
            Some(word) if word.starts_with('-') => {}
            Some(word) => break command.find_subcommand(&*word).is_some(),
        }
    };
    if !is_named {
        args.insert(1.min(args.len()), "serve".into());
    }
    args
}

/// Whether `word` is an option whose value is the word after it, of the program itself or of `serve`.
fn takes_next(command: &clap::Command, word: &str) -> bool {
    let serve = command.find_subcommand("serve");
    let mut options = command.get_arguments().chain(serve.into_iter().flat_map(clap::Command::get_arguments));
    options.any(|option| {
        let is_it = option.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long));
        is_it && option.get_action().takes_values() && !option.is_require_equals_set()
    })
}

/// The error of a failed write to standard output.
fn unwritten(error: std::io::Error) -> String {
    format!("cannot write the result: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_subcommand_it_serves() {
        let of = |args: &[&str]| with_default(args.iter().map(OsString::from).collect());
        assert_eq!(of(&["parkd"]), ["parkd", "serve"]);
        assert_eq!(of(&["parkd", "--demo"]), ["parkd", "serve", "--demo"]);
        assert_eq!(of(&["parkd", "verify"]), ["parkd", "verify"]);
        assert_eq!(of(&["parkd", "--version"]), ["parkd", "--version"]);
        let value = ["parkd", "--data-dir", "verify"];
        assert_eq!(of(&value), ["parkd", "serve", "--data-dir", "verify"], "a value is no subcommand");
        assert_eq!(of(&["parkd", "--data-dir", "verify", "token"]), ["parkd", "--data-dir", "verify", "token"]);
        assert_eq!(of(&["parkd", "--data-dir=x", "verify"]), ["parkd", "--data-dir=x", "verify"]);
        assert_eq!(of(&["parkd", "--listen", "config"]), ["parkd", "serve", "--listen", "config"]);
        assert_eq!(of(&["parkd", "--demo", "verify"]), ["parkd", "--demo", "verify"], "this option takes none");
    }
}
