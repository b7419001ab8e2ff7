//! Recordings: what the console began with, then each message, a line of JSON each. A bug report is a test.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use crate::model::Setup;
use crate::msg::Stamped;

/// Longest line of a recording, in bytes.
const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Debug)]
pub struct Recorder {
    out: BufWriter<File>,
}

impl Recorder {
    pub fn create(path: &Path, setup: &Setup) -> io::Result<Self> {
        let mut recorder = Self { out: BufWriter::new(File::create(path)?) };
        recorder.line(setup)?;
        Ok(recorder)
    }

    pub fn push(&mut self, stamped: &Stamped) -> io::Result<()> {
        self.line(stamped)
    }

    fn line(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.out.write_all(b"\n")?;
        // A crash is what a recording is for.
        self.out.flush()
    }
}

/// Reads a recording. A last line that was cut off by a crash is left out.
pub fn read(path: &Path) -> io::Result<(Setup, Vec<Stamped>)> {
    let mut lines = BufReader::new(File::open(path)?).lines();
    let bad = |what: &str| io::Error::other(format!("{} is not a recording: {what}", path.display()));
    let first = lines.next().ok_or_else(|| bad("it is empty"))??;
    let setup: Setup = serde_json::from_str(&first).map_err(|error| bad(&error.to_string()))?;
    let mut messages = Vec::new();
    for line in lines {
        let line = line?;
        if line.len() > LINE_BYTES_MAX {
            return Err(bad("a line is too long"));
        }
        match serde_json::from_str(&line) {
            Ok(stamped) => messages.push(stamped),
            Err(error) if error.is_eof() => break,
            Err(error) => return Err(bad(&format!("line {}: {error}", messages.len() + 2))),
        }
    }
    Ok((setup, messages))
}
