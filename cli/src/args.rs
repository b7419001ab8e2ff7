//! The command line as a whole: the global options and the nouns. What a noun can do stands in the noun's own module.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use parking_api::LotId;
use parking_api::client::settings;

use crate::output::Format;
use crate::terminal::Color;
use crate::{
    backup, cameras, captures, completions, config, contexts, doctor, events, exit, firmware, identity, lots, sessions,
    slots, status, times, tokens, wait,
};

const EXAMPLES: &str = "\
Examples:
  parkctl status
  parkctl slot list --state free
  parkctl slot set A-12 --state occupied
  parkctl slot watch

Exit codes: parkctl help exit-codes
Settings:   parkctl help environment";

/// `parkctl help environment`.
pub const ENVIRONMENT: &str = "\
Every setting is looked for in this order; the first one that is given counts.

Context
  --context NAME; what it says then counts before all variables
  PARKCTL_CONTEXT
  the one that `parkctl context use` chose
  local: the daemon of this machine

Server
  --server URL
  PARKCTL_SERVER
  the context
  the daemon of this machine: the file parkd.url in its data directory
  http://127.0.0.1:8080

Token
  --token-file FILE
  PARKCTL_TOKEN
  PARKCTL_TOKEN_FILE
  the context, for its own server and for no other
  the file admin.token in the data directory, for the daemon of this machine and for no other server

Lot
  --lot LOT
  PARKCTL_LOT
  the context, for its own server
  the file lot in the data directory, for the daemon of this machine (the demo writes it)
  main

Certificates to trust besides those of the system, as PEM
  --ca-file FILE
  PARKCTL_CA_FILE
  the context, for its own server

Longest wait for one answer, in seconds or as 5m
  --timeout SECONDS
  PARKCTL_TIMEOUT
  30

Setting up a camera on a cable (`parkctl camera provision --help`)
  PARKCTL_CAMERA_URL    the daemon's address as the camera has to dial it, unless --camera-url is given
  PARKCTL_WIFI_PASSWORD the password of the network, unless --password-file is given
  PARKCTL_PORT          the serial port that it hangs on, unless --port is given

`parkctl config explain` shows what each of them comes to, and why.
The data directory is PARKD_DATA_DIR, else parkd under $XDG_DATA_HOME or ~/.local/share.
Contexts are kept in PARKCTL_CONFIG_DIR, else in parkctl under $XDG_CONFIG_HOME or ~/.config.
NO_COLOR and TERM=dumb turn colours off. A locale that is not UTF-8 turns glyphs into ASCII.
A token is never an argument, because everybody on the machine could read it there, and never shown.
";

/// Talks to parkd, the daemon of the Smart Parking System.
#[derive(Debug, Parser)]
#[command(name = "parkctl", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes, before or after it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// How to print: table, json, jsonl or csv
    #[arg(short, long, global = true, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    pub output: Option<Format>,
    /// Which of the servers that `context list` shows [env: PARKCTL_CONTEXT]
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Address of the daemon [env: PARKCTL_SERVER]
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// File that holds the token [env: PARKCTL_TOKEN_FILE, or PARKCTL_TOKEN with the token itself]
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Certificates to trust besides those of the system, as PEM [env: PARKCTL_CA_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Which lot [env: PARKCTL_LOT] [default: main]
    #[arg(long, global = true, value_name = "LOT")]
    pub lot: Option<LotId>,
    /// Longest wait for one answer, in seconds [env: PARKCTL_TIMEOUT] [default: 30]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = times::seconds)]
    pub timeout: Option<Duration>,
    /// When to use colours: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, hide_possible_values = true)]
    #[arg(hide_default_value = true)]
    pub color: Color,
}

impl Global {
    /// Those of them that say whom to talk to.
    pub fn wishes(&self) -> settings::Wishes {
        let Self { context, server, token_file, ca_file, lot, timeout, .. } = self.clone();
        settings::Wishes { context, server, token_file, ca_file, lot, timeout }
    }
}

/// Of every command that changes something.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Trial {
    /// Let the daemon check it and say what would come of it; change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Of every command that cannot be undone.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Consent {
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub trial: Trial,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Parking places and their state
    #[command(subcommand)]
    Slot(slots::Command),
    /// Sites, each with its own slots, cameras and log
    #[command(subcommand)]
    Lot(lots::Command),
    /// Stored pictures
    #[command(subcommand)]
    Capture(captures::Command),
    /// Stays of vehicles
    #[command(subcommand)]
    Session(sessions::Command),
    /// Devices that upload pictures
    #[command(subcommand)]
    Camera(cameras::Command),
    /// What cameras run: signed images, rolled out step by step
    #[command(subcommand)]
    Firmware(firmware::Command),
    /// The log of everything that changed
    #[command(subcommand)]
    Event(events::Command),
    /// What callers prove themselves with
    #[command(subcommand)]
    Token(tokens::Command),
    /// The servers that you work with, by name
    #[command(subcommand)]
    Context(contexts::Command),
    /// What a command would be run with, and why
    #[command(subcommand)]
    Config(config::Command),
    /// Wait until the lot is as you want it
    #[command(after_help = wait::EXAMPLES)]
    Wait(wait::Args),
    /// The daemon, who you are to it, and the lot at a glance
    #[command(after_help = status::EXAMPLES)]
    Status,
    /// What stands between this command and its daemon, and what to do about it
    #[command(after_help = doctor::EXAMPLES)]
    Doctor,
    /// How a backup is made
    #[command(after_help = backup::EXAMPLES)]
    Backup,
    /// Whom your token stands for
    #[command(after_help = identity::EXAMPLES)]
    Whoami,
    /// Print a completion script for a shell
    #[command(after_help = completions::EXAMPLES)]
    Completions(completions::Args),
    /// What the exit codes mean
    #[command(name = "exit-codes", hide = true, help_template = "{about-with-newline}", about = exit::HELP)]
    ExitCodes,
    /// Where settings come from
    #[command(hide = true, help_template = "{about-with-newline}", about = ENVIRONMENT)]
    Environment,
}

/// What can be told of the global options even when the command line as a whole is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wishes {
    pub format: Format,
    pub color: Color,
}

impl Wishes {
    pub fn scan(args: &[OsString]) -> Self {
        let mut wishes = Self { format: Format::default(), color: Color::default() };
        let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).take_while(|&arg| arg != "--").collect();
        for (i, word) in words.iter().enumerate() {
            let value = |long: &str| match word.strip_prefix(long)? {
                "" => words.get(i + 1).copied(),
                rest => rest.strip_prefix('='),
            };
            let short = || match word.strip_prefix("-o")? {
                "" => words.get(i + 1).copied(),
                rest => Some(rest.trim_start_matches('=')),
            };
            if let Some(format) = value("--output").or_else(short).and_then(parse) {
                wishes.format = format;
            }
            if let Some(color) = value("--color").and_then(parse) {
                wishes.color = color;
            }
        }
        wishes
    }
}

fn parse<T: clap::ValueEnum>(word: &str) -> Option<T> {
    T::from_str(word, false).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(line: &str) -> Option<Format> {
        Cli::try_parse_from(line.split(' ')).expect(line).global.output
    }

    #[test]
    fn the_format_may_stand_before_or_after_the_command() {
        for line in ["parkctl -o json slot list", "parkctl slot -o json list", "parkctl slot list -o json"] {
            assert_eq!(format(line), Some(Format::Json), "{line}");
        }
        assert_eq!(format("parkctl -o csv slot list --output json"), Some(Format::Json));
        assert_eq!(format("parkctl slot list"), None);
    }

    #[test]
    fn where_o_names_a_file_the_format_is_still_within_reach() {
        for line in [
            "parkctl -o json capture get latest -o a.jpg",
            "parkctl capture -o json get latest -o a.jpg",
            "parkctl capture get latest -o a.jpg --output json",
            "parkctl capture get latest --file a.jpg --format json",
        ] {
            assert_eq!(format(line), Some(Format::Json), "{line}");
        }
        assert_eq!(format("parkctl capture get latest -o json"), None);
    }

    #[test]
    fn wishes_are_seen_in_a_command_line_that_does_not_parse() {
        let scan = |line: &str| Wishes::scan(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        for line in ["parkctl -o json x", "parkctl -ojson", "parkctl --output=jsonl x", "parkctl x --output jsonl"] {
            assert!(scan(line).format.is_json(), "{line}");
        }
        for line in ["parkctl x", "parkctl -o", "parkctl -o xml", "parkctl x -- -o json"] {
            assert!(!scan(line).format.is_json(), "{line}");
        }
        assert_eq!(scan("parkctl x --color never").color, Color::Never);
        assert_eq!(scan("parkctl x --color=always").color, Color::Always);
    }
}
