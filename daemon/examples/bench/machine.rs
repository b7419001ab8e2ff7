//! The machine that figures are of: without it they say nothing.

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::Result;
use crate::samples::{Percentiles, Samples, ms_text};

/// Writes that are flushed to learn what the disk takes, and their size: a page of SQLite.
const FLUSHES: usize = 200;
const PAGE_BYTES: usize = 4096;

/// What this machine is.
#[derive(Debug, Clone)]
pub struct Facts {
    cores: usize,
    processor: String,
    kernel: String,
    file_system: String,
    flush: Percentiles,
    load: String,
}

/// Learns what there is to know; `folder` is on the disk that is measured.
pub fn facts(folder: &Path) -> Result<Facts> {
    Ok(Facts {
        cores: std::thread::available_parallelism()?.get(),
        processor: processor(),
        kernel: text_of("/proc/sys/kernel/osrelease"),
        file_system: file_system(folder),
        flush: flush(folder)?,
        load: load_average(),
    })
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cores, processor, kernel, file_system, flush, load } = self;
        writeln!(f, "machine   {cores} cores ({processor}), Linux {kernel}, load average at the start {load}")?;
        let max = ms_text(flush.max);
        writeln!(f, "disk      {file_system}, write + fdatasync of 4 KiB × {FLUSHES}: {flush} max {max}")?;
        if self.is_busy() {
            writeln!(f, "note      others use this machine at the moment: figures are worse than they would be")?;
        }
        Ok(())
    }
}

impl Facts {
    /// Whether others want more than a quarter of the machine.
    fn is_busy(&self) -> bool {
        let last_minute = self.load.split(' ').next().and_then(|load| load.parse::<f64>().ok());
        last_minute.is_some_and(|load| load > self.cores as f64 / 4.0)
    }

    pub fn json(&self) -> Value {
        json!({
            "cores": self.cores,
            "processor": self.processor,
            "kernel": self.kernel,
            "file_system": self.file_system,
            "fdatasync_p50_us": self.flush.p50.as_micros() as u64,
            "fdatasync_p99_us": self.flush.p99.as_micros() as u64,
            "load_average": self.load,
        })
    }
}

/// Processes that wanted to run during the last 1, 5 and 15 minutes.
pub fn load_average() -> String {
    let text = text_of("/proc/loadavg");
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn text_of(path: &str) -> String {
    std::fs::read_to_string(path).map_or("unknown".into(), |text| text.trim().to_string())
}

fn processor() -> String {
    let cpuinfo = text_of("/proc/cpuinfo");
    let name = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or("unknown", |(_, name)| name).to_string()
}

/// Type of the file system that `folder` is on: of the longest mount point above it.
fn file_system(folder: &Path) -> String {
    let mounts = text_of("/proc/self/mounts");
    let above = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (point, kind) = (fields.next()?, fields.next()?);
        folder.starts_with(point).then_some((point.len(), kind))
    });
    above.max().map_or("unknown", |(_, kind)| kind).to_string()
}

fn flush(folder: &Path) -> Result<Percentiles> {
    let path = folder.join("flush");
    let mut file = std::fs::File::create(&path)?;
    let mut samples = Samples::default();
    for _ in 0..FLUSHES {
        let started = Instant::now();
        file.write_all(&[0; PAGE_BYTES])?;
        file.sync_data()?;
        samples.push(started.elapsed());
    }
    std::fs::remove_file(&path)?;
    Ok(samples.percentiles())
}
