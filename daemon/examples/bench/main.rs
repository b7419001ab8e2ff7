//! Measures a real `parkd` process over loopback, every figure beside its yardstick in the same run.
//!
//! ```text
//! cargo build --release -p parkd --bin parkd --example bench
//! target/release/examples/bench [--only NAME]… [--json FILE] [--quick] [--dir DIR]
//! target/release/examples/bench --only year [--events 20000000]
//! ```
//!
//! Exit code 0: every target is met (with `--quick`: everything was measured). 1: a target is missed. 2: something could not be measured.
//!
//! Reading order: [`report`] (what a figure is), [`writes`], [`reads`], [`sockets`], [`crowd`], [`idle`], [`start`], [`uploads`], [`postgres`], [`year`], [`occupancy`] (the measurements), [`process`],
//! [`http`], [`load`], [`follower`] (the daemon and its cheap clients), [`plain`], [`yardstick`] and [`mqtt`] (what figures are compared with).

mod crowd;
mod follower;
mod http;
mod idle;
mod load;
mod lot;
mod machine;
mod mqtt;
mod occupancy;
mod plain;
mod postgres;
mod process;
mod reads;
mod report;
mod samples;
mod scale;
mod sockets;
mod start;
mod uploads;
mod writes;
mod yardstick;
mod year;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::report::{Report, Row};
use crate::scale::Scale;

/// Whatever goes wrong here is only ever shown.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Longest time that one measurement may take, so that a run ends whatever happens.
const MEASUREMENT_MAX: Duration = Duration::from_secs(100);
/// The same for a year of events, which must be written first.
const YEAR_MAX: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, Parser)]
#[command(name = "bench", about = "Measures a real parkd over loopback, beside its yardsticks")]
struct Args {
    /// Only this measurement; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<Measurement>,

    /// Events of the year of a large lot, which is measured only when it is named: it takes a kilobyte of disk for each
    #[arg(long, value_name = "N", default_value_t = 20_000_000)]
    events: u64,

    /// Also write the figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Smaller numbers, within 40 s; no target is judged
    #[arg(long)]
    quick: bool,

    /// Folder on the disk that is measured [default: the target folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// The other process of this program: what the daemon is compared with
    #[command(hide = true)]
    YardstickServer {
        kind: yardstick::Kind,
        /// Where the bytes to serve are
        folder: PathBuf,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measurement {
    Writes,
    Reads,
    Sockets,
    Crowd,
    Idle,
    Start,
    Uploads,
    Postgres,
    Occupancy,
    Year,
}

impl Measurement {
    /// Whether it belongs to a run of everything.
    fn is_usual(self) -> bool {
        self != Self::Year
    }

    fn max(self) -> Duration {
        if self.is_usual() { MEASUREMENT_MAX } else { YEAR_MAX }
    }
}

/// What every measurement needs.
#[derive(Debug)]
struct Bench {
    scale: Scale,
    /// The release build of the daemon.
    parkd: PathBuf,
    /// This program.
    own: PathBuf,
    /// Scratch space on the disk that is measured.
    folder: tempfile::TempDir,
}

impl Bench {
    /// An empty folder for one process.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).map_err(|e| format!("cannot create {}: {e}", folder.display()))?;
        Ok(folder)
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.part {
        Some(Part::YardstickServer { kind, folder }) => yardstick::serve(kind, &folder).map(|()| ExitCode::SUCCESS),
        None => run(&args),
    };
    done.unwrap_or_else(|error| {
        // There is nobody left to tell when standard error is gone too.
        let _ = writeln!(std::io::stderr(), "bench: {error}");
        ExitCode::from(2)
    })
}

fn run(args: &Args) -> Result<ExitCode> {
    let own = std::env::current_exe()?;
    let parkd = find_parkd(&own)?;
    let target = parkd.parent().and_then(Path::parent).ok_or("there is no target folder")?;
    let disk = args.dir.as_deref().unwrap_or(target);
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(disk)
        .map_err(|e| format!("cannot create a folder in {}: {e}", disk.display()))?;
    let scale = Scale { year_events: args.events, ..if args.quick { Scale::quick() } else { Scale::full() } };
    let facts = machine::facts(folder.path())?;
    let bench = Bench { scale, parkd, own, folder };
    // One thread: the cores are shared with the daemon, and a single one drives more than the daemon can serve.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = Report::new(facts, !args.quick);
    writeln!(std::io::stdout(), "{}", report.heading())?;
    let mut has_failed = false;
    for measurement in Measurement::value_variants() {
        if args.only.contains(measurement) || (args.only.is_empty() && measurement.is_usual()) {
            let rows = runtime
                .block_on(async { tokio::time::timeout(measurement.max(), measure(&bench, *measurement)).await });
            match rows.unwrap_or_else(|_| Err(format!("took longer than {:?}", measurement.max()).into())) {
                Ok(rows) => report.add(rows),
                Err(error) => {
                    // What else can be measured is worth having.
                    writeln!(std::io::stderr(), "bench: {measurement:?}: {error}")?;
                    has_failed = true;
                }
            }
        }
    }
    write!(std::io::stdout(), "{}", report.table())?;
    if let Some(file) = &args.json {
        let json = serde_json::to_string_pretty(&report.json())?;
        std::fs::write(file, json + "\n").map_err(|e| format!("cannot write {}: {e}", file.display()))?;
    }
    Ok(match (has_failed, report.is_met()) {
        (true, _) => ExitCode::from(2),
        (false, false) => ExitCode::from(1),
        (false, true) => ExitCode::SUCCESS,
    })
}

async fn measure(bench: &Bench, measurement: Measurement) -> Result<Vec<Row>> {
    writeln!(std::io::stderr(), "measuring {} …", format!("{measurement:?}").to_lowercase())?;
    match measurement {
        Measurement::Writes => writes::measure(bench).await,
        Measurement::Reads => reads::measure(bench).await,
        Measurement::Sockets => sockets::measure(bench).await,
        Measurement::Crowd => crowd::measure(bench).await,
        Measurement::Idle => idle::measure(bench).await,
        Measurement::Start => start::measure(bench).await,
        Measurement::Uploads => uploads::measure(bench).await,
        Measurement::Postgres => postgres::measure(bench).await,
        Measurement::Year => year::measure(bench).await,
        Measurement::Occupancy => occupancy::measure(bench).await,
    }
}

/// The daemon that was built beside this program (`target/release/examples/bench` → `target/release/parkd`).
fn find_parkd(own: &Path) -> Result<PathBuf> {
    if cfg!(debug_assertions) {
        return Err("this is a debug build, whose figures mean nothing: run it with cargo run --release".into());
    }
    let profile = own.parent().and_then(Path::parent).ok_or("this program is not in a target folder")?;
    let parkd = profile.join("parkd");
    if parkd.is_file() {
        return Ok(parkd);
    }
    Err(format!("there is no {}: build it with cargo build --release -p parkd", parkd.display()).into())
}
