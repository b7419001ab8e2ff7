//! `parkd config`.

use std::collections::BTreeSet;
use std::io::Write;

use clap::{ArgMatches, CommandFactory};
use serde_json::json;

use super::{Cli, Exit, unwritten};
use crate::config::{Places, Serve, effective};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    serve: Serve,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(
    args: &Args,
    matches: &ArgMatches,
    places: &Places,
    from_file: &BTreeSet<String>,
    out: &mut dyn Write,
) -> Result<Exit, String> {
    let mut root = Cli::command();
    root.build();
    let command = root.find_subcommand("config").ok_or("the command config is missing")?;
    let own = matches.subcommand_matches("config").ok_or("the command config is missing")?;
    let settings = effective(command, own, places, from_file);
    if args.json {
        let list: Vec<_> = settings
            .iter()
            .map(|s| json!({"flag": s.flag, "env": s.env, "value": s.value, "origin": s.origin}))
            .collect();
        writeln!(out, "{}", serde_json::Value::Array(list)).map_err(unwritten)?;
        return Ok(Exit::Done);
    }
    let width = |of: fn(&crate::config::Effective) -> &str| settings.iter().map(|s| of(s).len()).max().unwrap_or(0);
    let (envs, values) = (width(|s| &s.env), width(|s| &s.value));
    for setting in &settings {
        writeln!(out, "{:envs$}  {:values$}  {}", setting.env, setting.value, setting.origin).map_err(unwritten)?;
    }
    Ok(Exit::Done)
}
