//! How long a person waits for `parkctl`, beside what `curl` takes for the same list: `make bench-cli`. Prints a table in Markdown, and
//! fails when a median misses its target. Each run is a new process whose files are in the page cache: to empty that, one must be root.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Slots of the lot that is listed.
const SLOTS: usize = 500;
/// Runs that are thrown away, and runs that count.
const WARM_UPS: usize = 5;
const START_MS: f64 = 20.0;
const LIST_MS: f64 = 50.0;
const COMPLETION_MS: f64 = 100.0;
const RUNS: usize = 60;
const READY: &str = "parkd listening on ";

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let bin = std::env::current_exe()?.ancestors().nth(2).ok_or("target/<profile>/examples/bench-cli")?.to_path_buf();
    let folder = tempfile::tempdir()?;
    let (daemon, url) = start(&bin, folder.path())?;
    let parkctl = || {
        let mut command = Command::new(bin.join("parkctl"));
        command.env_clear().env("PARKD_DATA_DIR", folder.path()).env("HOME", folder.path());
        command
    };
    let plan: String = (0..SLOTS).map(|n| format!("\nZ{}-{n:03},Zone {}", n / 50, n / 50)).collect();
    let file = folder.path().join("plan.csv");
    std::fs::write(&file, format!("code,zone{plan}\n"))?;
    if !parkctl().args(["slot", "import"]).arg(&file).stderr(Stdio::null()).stdout(Stdio::null()).status()?.success() {
        return Err("the slots were not imported".into());
    }
    let token = std::fs::read_to_string(folder.path().join("admin.token"))?;
    let header = format!("Authorization: Bearer {}", token.trim());
    let curl = |path: &str| {
        let mut command = Command::new("curl");
        command.args(["-s", "-H", &header]).arg(format!("{url}{path}"));
        command
    };
    let complete = || {
        let mut command = parkctl();
        command.env("PARKCTL_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", "3");
        command.args(["--", "parkctl", "slot", "get", "Z1"]);
        command
    };
    let with = |args: &'static [&'static str]| {
        move |mut command: Command| {
            command.args(args);
            command
        }
    };
    let rows = vec![
        ("`parkctl --help`, a new process", Some(START_MS), measure(|| with(&["--help"])(parkctl()))?),
        ("`parkctl slot list` of 500 slots", Some(LIST_MS), measure(|| with(&["slot", "list"])(parkctl()))?),
        ("`parkctl slot list -o json`", Some(LIST_MS), measure(|| with(&["slot", "list", "-o", "json"])(parkctl()))?),
        ("completion of a slot, with the daemon", Some(COMPLETION_MS), measure(complete)?),
        ("yardstick: `curl` of the same list", None, measure(|| curl("/api/slots"))?),
        ("yardstick: `curl --version`, a new process", None, measure(|| with(&["--version"])(Command::new("curl")))?),
    ];
    drop(daemon);
    let mut out = std::io::stdout().lock();
    writeln!(out, "| what | first | median | 95 % | target |\n|---|---|---|---|---|")?;
    let mut missed = Vec::new();
    for (what, target_ms, Samples { first, sorted }) in rows {
        let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let target = target_ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
        let first = first.as_secs_f64() * 1e3;
        writeln!(out, "| {what} | {first:.1} ms | {:.1} ms | {:.1} ms | {target} |", at(0.5), at(0.95))?;
        if target_ms.is_some_and(|target_ms| at(0.5) > target_ms) {
            missed.push(what);
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(format!("the target is missed by {}", missed.join(", ")).into()) }
}

fn start(bin: &Path, data: &Path) -> Result<(Daemon, String), Box<dyn Error>> {
    let program: PathBuf = bin.join("parkd");
    let mut child = Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let lines = BufReader::new(child.stdout.take().ok_or("a pipe")?).lines();
    let daemon = Daemon(child);
    for line in lines {
        if let Some(url) = line?.strip_prefix(READY) {
            return Ok((daemon, url.to_string()));
        }
    }
    Err("parkd ended before it was ready".into())
}

/// Times of runs of one command, from its start to its end.
struct Samples {
    /// Of the very first, before anything was thrown away.
    first: Duration,
    /// The shortest first.
    sorted: Vec<Duration>,
}

fn measure(command: impl Fn() -> Command) -> Result<Samples, Box<dyn Error>> {
    let (mut first, mut sorted) = (Duration::ZERO, Vec::with_capacity(RUNS));
    for run in 0..WARM_UPS + RUNS {
        let mut command = command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        if !command.status()?.success() {
            return Err(format!("{command:?} failed").into());
        }
        let took = began.elapsed();
        if run == 0 {
            first = took;
        }
        if run >= WARM_UPS {
            sorted.push(took);
        }
    }
    sorted.sort();
    Ok(Samples { first, sorted })
}
