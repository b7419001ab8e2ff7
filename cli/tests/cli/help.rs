//! What the binary says of itself.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory};
use parkctl::args::Cli;

use crate::run::{SETTINGS, parkctl, run, words};

#[test]
fn the_recorded_runs_are_as_recorded() {
    let dir = tempfile::tempdir().expect("a folder");
    let cases = trycmd::TestCases::new();
    for name in SETTINGS {
        cases.env(name, "");
    }
    cases
        .env("PARKD_DATA_DIR", dir.path().to_str().expect("a name"))
        .env("PARKCTL_CONFIG_DIR", dir.path().to_str().expect("a name"))
        .env("LC_ALL", "C.UTF-8")
        .case("tests/cmd/*.trycmd");
}

/// Every command that can be typed, as `slot list`.
pub fn commands() -> Vec<(String, Command)> {
    fn walk(path: &str, command: &Command, all: &mut Vec<(String, Command)>) {
        for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
            let path = format!("{path} {}", command.get_name());
            walk(&path, command, all);
            all.push((path.trim().to_string(), command.clone()));
        }
    }
    let mut all = Vec::new();
    let mut root = Cli::command();
    root.build();
    walk("", &root, &mut all);
    all
}

#[test]
fn the_help_of_every_command_is_recorded() {
    let recorded: String = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd"))
        .expect("the folder is there")
        .map(|file| std::fs::read_to_string(file.expect("an entry").path()).expect("readable"))
        .collect();
    let missing: Vec<_> = commands()
        .into_iter()
        .filter(|(path, command)| !command.is_hide_set() && !recorded.contains(&format!("$ parkctl {path} --help\n")))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// The lines of a help text that can be copied into a shell.
pub fn examples(command: &Command) -> Vec<String> {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| line.starts_with("parkctl "))
        .map(String::from)
        .collect()
}

#[test]
fn every_command_has_an_example_of_itself() {
    for (path, command) in commands() {
        if command.is_hide_set() || command.has_subcommands() {
            continue;
        }
        let examples = examples(&command);
        assert!(examples.iter().any(|example| example.contains(&format!("parkctl {path}"))), "{path}");
    }
}

#[test]
fn every_example_is_a_command_line_that_parses() {
    let mut seen = BTreeSet::new();
    let all = commands().into_iter().map(|(_, command)| command).chain([Cli::command()]);
    for example in all.flat_map(|command| examples(&command)) {
        for part in example.split(" | ") {
            let ends = [" > ", " < ", " && "];
            let line =
                ends.iter().try_fold(part, |line, sign| line.split(sign).next()).expect("a split has a first part");
            let parsed = Cli::command().try_get_matches_from(words(line));
            assert!(parsed.is_ok(), "{line}: {}", parsed.expect_err("it is not ok"));
            seen.insert(line.to_string());
        }
    }
    assert!(seen.len() > 40, "only {} examples were found", seen.len());
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn a_completion_script_is_printed_for_every_shell() {
    let dir = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = run(parkctl(dir.path()).args(["completions", shell]));
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{shell}");
        assert!(run.out.contains("parkctl") && run.out.contains("PARKCTL_COMPLETE"), "{shell}");
    }
}
