//! The command line of the console.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use parking_api::LotId;
use parking_api::client::settings::Wishes;

use crate::images::choice::Wish;
use crate::theme::{Depth, Theme};

const AFTER: &str = "\
Server, token and lot are found as parkctl finds them: flag, then PARKCTL_SERVER, PARKCTL_TOKEN, PARKCTL_TOKEN_FILE and PARKCTL_LOT,
then the context that `parkctl context use` chose, then the daemon of this machine. Keys are changed in keys.toml in the folder parktui of the configuration; --keys prints them.

Examples:
  parktui --demo                  # no server needed
  parktui                         # the daemon of this machine
  parktui --server https://parking.example --token-file ~/attendant.token --lot north
  parktui --plain                 # changes as sentences, for a screen reader or a log";

/// The console of the Smart Parking System.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "parktui", version, after_help = AFTER, max_term_width = 100)]
pub struct Args {
    /// Which of the servers that `parkctl context list` shows [env: PARKCTL_CONTEXT]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Address of the daemon [env: PARKCTL_SERVER]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// File that holds the token [env: PARKCTL_TOKEN_FILE, or PARKCTL_TOKEN with the token itself]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Certificates to trust besides those of the system, as PEM [env: PARKCTL_CA_FILE]
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Which lot to begin with [env: PARKCTL_LOT]
    #[arg(long, value_name = "LOT")]
    pub lot: Option<LotId>,
    /// dark, light, contrast, deuteranopia or tritanopia
    #[arg(long, value_name = "NAME", default_value = "dark", value_parser = theme)]
    pub theme: Option<&'static Theme>,
    /// How many colours to use
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub colors: Colors,
    /// How to draw pictures [env: PARKTUI_IMAGES]
    #[arg(long, value_name = "HOW", env = "PARKTUI_IMAGES", hide_env = true, default_value = "auto")]
    pub images: Wish,
    /// Nothing but ASCII on the screen; by itself where the locale is not UTF-8
    #[arg(long)]
    pub ascii: bool,
    /// Print each change as a sentence instead of drawing a screen
    #[arg(long, conflicts_with_all = ["replay"])]
    pub plain: bool,
    /// A lot within this process, for a first look; no server is needed
    #[arg(long, conflicts_with_all = ["context", "server", "token_file", "ca_file", "lot", "replay"])]
    pub demo: bool,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
    /// Change nothing, whatever the token allows
    #[arg(long)]
    pub read_only: bool,
    /// Write down everything that happens, to be replayed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plain", "replay"])]
    pub record: Option<PathBuf>,
    /// Show what was recorded
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,
    /// Say what this terminal is and how pictures are drawn on it, show a test card, and end
    #[arg(long, conflicts_with_all = ["demo", "plain", "record", "replay"])]
    pub doctor: bool,
    /// Print all keys as a page of Markdown, and end
    #[arg(long)]
    pub keys: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Colors {
    /// By TERM, COLORTERM and NO_COLOR
    #[default]
    Auto,
    True,
    #[value(name = "256")]
    Ansi256,
    #[value(name = "16")]
    Ansi16,
    Mono,
}

impl Colors {
    /// The depth that was asked for, if one was.
    pub fn depth(self) -> Option<Depth> {
        match self {
            Self::Auto => None,
            Self::True => Some(Depth::True),
            Self::Ansi256 => Some(Depth::Ansi256),
            Self::Ansi16 => Some(Depth::Ansi16),
            Self::Mono => Some(Depth::Mono),
        }
    }
}

impl Args {
    /// Whom to talk to.
    pub fn wishes(&self) -> Wishes {
        let Self { context, server, token_file, ca_file, lot, .. } = self.clone();
        Wishes { context, server, token_file, ca_file, lot, timeout: Some(CALL_TIMEOUT) }
    }
}

/// A person waits for the answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

fn theme(name: &str) -> Result<&'static Theme, String> {
    name.parse()
}
