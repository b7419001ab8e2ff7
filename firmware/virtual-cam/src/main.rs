//! `virtual-cam`: cameras on a PC.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use virtual_cam::cam::Network;
use virtual_cam::fault::Permille;
use virtual_cam::{Bench, Cam, Faults, Flash, Options, Pictures};

/// Cameras on a PC: the core that the board runs, on a cable that is a pty.
///
/// `virtual-cam --pty ~/cam` in one terminal, and in another
/// `parkctl camera provision --port ~/cam --id cam-1 --ssid 'Lot Wi-Fi' --camera-url http://127.0.0.1:8080`; the password is
/// "correct horse".
#[derive(Debug, Parser)]
#[command(version, about)]
struct Args {
    /// Where its cable is plugged in; with --count, a number is appended to each
    #[arg(long, value_name = "PATH")]
    pty: Option<PathBuf>,
    /// What it remembers without power; with --count, a number is appended to each
    #[arg(long, value_name = "FILE")]
    flash: Option<PathBuf>,
    /// How many cameras
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=200))]
    count: u32,
    /// Pictures of this folder instead of drawn ones
    #[arg(long, value_name = "FOLDER")]
    pictures: Option<PathBuf>,
    /// A network that it sees, as NAME:PASSWORD:DBM; may be repeated
    #[arg(long, value_name = "NETWORK", value_parser = network, default_value = "Lot Wi-Fi:correct horse:-61")]
    wifi: Vec<Network>,
    /// Chances of all troubles come from this
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Version that its firmware says it is
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    firmware: String,
    /// Of 1,000 joins, so many fail
    #[arg(long, value_name = "PERMILLE", default_value_t = 0)]
    join_fails: Permille,
    /// Of 1,000 pictures, so many cannot be taken; 1000 is a dead camera module
    #[arg(long, value_name = "PERMILLE", default_value_t = 0)]
    shot_fails: Permille,
    /// Of 1,000 uploads, so many break off
    #[arg(long, value_name = "PERMILLE", default_value_t = 0)]
    http_cut: Permille,
    /// Byte of the picture at which they break off [default: by chance]
    #[arg(long, value_name = "BYTE")]
    http_cut_at: Option<usize>,
    /// Of 1,000 uploads, so many arrive and the answer is lost
    #[arg(long, value_name = "PERMILLE", default_value_t = 0)]
    answer_lost: Permille,
    /// Of 1,000 answers, so many come later, by --slow-ms
    #[arg(long, value_name = "PERMILLE", default_value_t = 1_000)]
    slow: Permille,
    /// How much later they come
    #[arg(long, value_name = "MS", default_value_t = 0)]
    slow_ms: u64,
    /// Of 1,000 bytes on the cable, so many are lost or changed
    #[arg(long, value_name = "PERMILLE", default_value_t = 0)]
    uart_noise: Permille,
    /// In so many of 1,000 minutes the networks disappear, for up to ten minutes
    #[arg(long, value_name = "PERMILLE", default_value_t = 0)]
    outage: Permille,
    /// The signal is weaker by up to so many decibels, and by others in each minute
    #[arg(long, value_name = "DB", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=60))]
    fading: u64,
    /// Of 1,000 times that settings are stored, the flash takes nothing in so many
    #[arg(long, value_name = "PERMILLE", default_value_t = 0)]
    store_fails: Permille,
    /// In so many of 1,000 writes to flash the power fails
    #[arg(long, value_name = "PERMILLE", default_value_t = 0)]
    power_cut: Permille,
    /// In so many of 1,000 minutes the supply breaks down
    #[arg(long, value_name = "PERMILLE", default_value_t = 0)]
    brownout: Permille,
}

fn network(text: &str) -> Result<Network, String> {
    let bad = || format!("{text:?} is not NAME:PASSWORD:DBM, such as \"Lot Wi-Fi:correct horse:-61\"");
    let (rest, dbm) = text.rsplit_once(':').ok_or_else(bad)?;
    let (ssid, password) = rest.split_once(':').ok_or_else(bad)?;
    Ok(Network { ssid: ssid.into(), password: password.into(), rssi_dbm: dbm.parse().map_err(|_| bad())? })
}

impl Args {
    fn options(&self, number: u32) -> Options {
        let faults = Faults {
            join_fails: self.join_fails,
            shot_fails: self.shot_fails,
            http_cut: self.http_cut,
            http_cut_at: self.http_cut_at,
            answer_lost: self.answer_lost,
            slow: self.slow,
            slow_ms: self.slow_ms,
            uart_noise: self.uart_noise,
            outage: self.outage,
            fading_db: self.fading,
            store_fails: self.store_fails,
            power_cut: self.power_cut,
            brownout: self.brownout,
        };
        let (version, networks) = (self.firmware.clone(), self.wifi.clone());
        Options { version, number, seed: self.seed, networks, faults, ..Options::default() }
    }

    /// The path of one of many.
    fn of(&self, path: &Path, number: u32) -> PathBuf {
        if self.count == 1 { path.into() } else { format!("{}{number}", path.display()).into() }
    }

    fn start(&self, number: u32) -> Result<Bench, String> {
        let flash = match &self.flash {
            Some(path) => {
                let path = self.of(path, number);
                Flash::open(&path).map_err(|e| format!("cannot use {} as a flash: {e}", path.display()))?
            }
            None => Flash::in_memory(),
        };
        let pictures = match &self.pictures {
            Some(folder) => Pictures::folder(folder).map_err(|e| format!("cannot use {}: {e}", folder.display()))?,
            None => Pictures::drawn(number as usize - 1),
        };
        let link = self.pty.as_ref().map(|path| self.of(path, number));
        let cam = Cam::new(self.options(number), flash, pictures);
        let at = link.as_ref().map(|link| format!(" at {}", link.display())).unwrap_or_default();
        Bench::start(cam, link.as_deref()).map_err(|e| format!("cannot make a cable{at}: {e}"))
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let mut out = std::io::stdout();
    let started: Result<Vec<Bench>, String> = (1..=args.count).map(|number| args.start(number)).collect();
    match started {
        Ok(benches) => {
            for (number, bench) in (1..).zip(&benches) {
                let link = args.pty.as_ref().map_or_else(|| bench.path().into(), |path| args.of(path, number));
                // That nobody reads it is no reason to stop.
                let _ = writeln!(out, "camera {number}: {}", link.display());
            }
            loop {
                // Until it is interrupted.
                std::thread::park();
            }
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
