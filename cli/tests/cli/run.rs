//! One run of the binary in an environment that holds nothing of the machine it runs on.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What the environment of a person may hold that would change a recorded run.
pub const SETTINGS: [&str; 8] = [
    "PARKCTL_CONTEXT",
    "PARKCTL_SERVER",
    "PARKCTL_TOKEN",
    "PARKCTL_TOKEN_FILE",
    "PARKCTL_CA_FILE",
    "PARKCTL_LOT",
    "PARKCTL_TIMEOUT",
    "NO_COLOR",
];

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// None when a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// `parkctl`, ready to be given arguments. Its data directory is `dir`.
pub fn parkctl(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parkctl"));
    command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "SystemRoot"))
        .env("PARKD_DATA_DIR", dir)
        .env("HOME", dir)
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    command
}

/// Runs `command` to its end.
pub fn run(command: &mut Command) -> Run {
    command.output().map(Run::from).expect("the binary runs")
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Run {
    /// The object that a failure is under `-o json`.
    pub fn error(&self) -> serde_json::Value {
        let all = serde_json::from_str::<serde_json::Value>(self.err.trim());
        all.unwrap_or_else(|error| panic!("stderr is not one JSON object: {error}: {:?}", self.err))["error"].take()
    }
}

/// Splits a command line as a plain shell would: words, and '…' around a word with blanks.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (i, part) in line.split('\'').enumerate() {
        match i % 2 {
            0 => words.extend(part.split_whitespace().map(String::from)),
            _ => words.push(part.into()),
        }
    }
    words
}

/// Arguments of one line.
pub fn args(line: &str) -> impl Iterator<Item = impl AsRef<OsStr>> {
    words(line).into_iter()
}
