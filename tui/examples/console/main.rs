//! Figures of the console as users have it: a release build in tmux before a real daemon with 2,000 slots. `make bench` runs it.
//!
//! `key` and `frame` are measured by the console itself (F12); processor time and memory are those that the system counts.

mod pictures;

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use parking_api::SlotRef;
use parking_api::client::{Client, Config, Mutation};
use parking_api::slots::{NewSlot, SetSlot, SlotState};

const SLOTS: usize = 2_000;
const ZONES: usize = 20;
/// Slots beside each other: as many as there is room for beside the details.
const PER_ROW: usize = 8;
const CHANGES_PER_SECOND: u32 = 200;
const KEYS_PER_SECOND: u32 = 12;
const PHASE: Duration = Duration::from_secs(10);
const START_LIMIT: Duration = Duration::from_secs(30);
/// Ticks of `/proc/PID/stat` in a second, on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("parktui-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = measure(&folder).await;
    std::fs::remove_dir_all(&folder)?;
    result
}

async fn measure(folder: &Path) -> Result<()> {
    let bin = std::env::current_exe()?.parent().and_then(Path::parent).ok_or("no folder of binaries")?.to_path_buf();
    let (daemon, client) = daemon(&bin, folder)?;
    let _daemon = daemon;
    client.slots_import_json(&plan()?, false).await?;
    let tmux = Tmux::start(folder, &bin.join("parktui"))?;
    tmux.wait_for("live").await?;
    tmux.keys("F12")?;
    tmux.wait_for("key p99").await?;
    let pid = tmux.pid()?;

    let before = cpu_s(&pid)?;
    tokio::time::sleep(PHASE).await;
    let idle = (cpu_s(&pid)? - before) / PHASE.as_secs_f64() * 100.0;

    let (bytes, frames) = (tmux.figure("in all").await?, tmux.figure("frames").await?);
    let changes = change(&client, None).await?;
    let (bytes_after, frames_after) = (tmux.figure("in all").await?, tmux.figure("frames").await?);
    let before = cpu_s(&pid)?;
    change(&client, Some(&tmux)).await?;
    let busy = (cpu_s(&pid)? - before) / PHASE.as_secs_f64() * 100.0;

    let mut rows = vec![
        ("first frame, ms", tmux.figure("first").await?, 100.0),
        ("key to frame p50, map, ms", tmux.figure("key p50").await?, f64::INFINITY),
        ("key to frame p99, map, ms", tmux.figure("key p99").await?, 16.0),
        ("one frame, map, ms", tmux.figure("frame ").await?, f64::INFINITY),
        ("frames per second under load", (frames_after - frames) / PHASE.as_secs_f64(), 30.0),
        ("bytes per changed slot", (bytes_after - bytes) / f64::from(changes), 200.0),
        ("processor while idle, %", idle, 1.0),
        ("processor under load, %", busy, f64::INFINITY),
        ("memory, MiB", rss_mib(&pid)?, 60.0),
    ];
    // Figures anew, for the other way to show as many.
    for key in ["v", "F12", "F12"] {
        tmux.keys(key)?;
    }
    tmux.wait_for("compact").await?;
    change(&client, Some(&tmux)).await?;
    rows.push(("key to frame p99, compact, ms", tmux.figure("key p99").await?, 16.0));
    drop(tmux);
    rows.extend(pictures::measure(&client, &bin, folder).await?);
    let mut out = io::stdout();
    writeln!(out, "parktui, {SLOTS} slots, {CHANGES_PER_SECOND} changes/s, 120 x 40\n")?;
    writeln!(out, "{:<32}{:>10}{:>10}", "", "figure", "at most")?;
    for (name, figure, most) in &rows {
        let most_shown = if most.is_finite() { format!("{most}") } else { String::new() };
        let verdict = if figure > most { "  MISSED" } else { "" };
        writeln!(out, "{name:<32}{figure:>10.2}{most_shown:>10}{verdict}")?;
    }
    if rows.iter().any(|(_, figure, most)| figure > most) { Err("a target was missed".into()) } else { Ok(()) }
}

/// Ends its process with itself.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn daemon(bin: &Path, folder: &Path) -> Result<(Daemon, Client)> {
    let data = folder.join("data");
    let mut child = Command::new(bin.join("parkd"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&data)
        .env("PARKD_WRITE_RATE", "20000")
        .env("PARKD_UPLOAD_RATE", "500")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let out = child.stdout.take().ok_or("no output")?;
    let child = Daemon(child);
    let mut lines = BufReader::new(out).lines().map_while(io::Result::ok);
    let url = lines.find_map(|line| line.strip_prefix("parkd listening on ").map(String::from));
    let mut config = Config::new(url.ok_or("the daemon did not start")?);
    config.token = Some(std::fs::read_to_string(data.join("admin.token"))?.trim().into());
    Ok((child, Client::new(config)?))
}

fn code(n: usize) -> String {
    format!("{}-{:03}", char::from(b'A' + (n * ZONES / SLOTS) as u8), n % (SLOTS / ZONES) + 1)
}

/// Zones below each other, each of rows of bays: what is shown is the map.
fn plan() -> Result<Vec<NewSlot>> {
    let slot = |n: usize| {
        let code = code(n);
        let (zone, place) = (n * ZONES / SLOTS, n % (SLOTS / ZONES));
        let (x, y) = ((place % PER_ROW) as f64 * 2.5, zone as f64 * 100.0 + (place / PER_ROW) as f64 * 5.5);
        let name = code.split('-').next().map(String::from);
        Ok(serde_json::from_value(serde_json::json!({ "code": code, "zone": name, "position": { "x": x, "y": y } }))?)
    };
    (0..SLOTS).map(slot).collect()
}

/// Changes slots that are in sight, each at its time; with `tmux` somebody also moves about.
async fn change(client: &Client, tmux: Option<&Tmux>) -> Result<u32> {
    let begun = Instant::now();
    let mut changes = 0;
    let mut keys = 0;
    let in_sight = SLOTS / ZONES;
    while begun.elapsed() < PHASE {
        let seconds = begun.elapsed().as_secs_f64();
        if f64::from(changes) < seconds * f64::from(CHANGES_PER_SECOND) {
            let n = changes as usize * 7 % in_sight;
            let state =
                if (changes as usize / in_sight).is_multiple_of(2) { SlotState::Occupied } else { SlotState::Free };
            let slot: SlotRef = code(n).parse()?;
            client.slot_set(&slot, &SetSlot::to(state), &Mutation::default()).await?;
            changes += 1;
        } else if let Some(tmux) = tmux.filter(|_| f64::from(keys) < seconds * f64::from(KEYS_PER_SECOND)) {
            tmux.keys(if keys % 20 < 10 { "l" } else { "h" })?;
            keys += 1;
        } else {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    Ok(changes)
}

/// The terminal.
struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    fn start(folder: &Path, program: &Path) -> Result<Self> {
        let tmux = Self { socket: folder.join("tmux") };
        let line = format!(
            "exec env TERM=screen-256color COLORTERM=truecolor LC_ALL=C.UTF-8 HOME={0} PARKD_DATA_DIR={0}/data {1}",
            folder.display(),
            program.display()
        );
        tmux.run(&["-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", &line])?;
        Ok(tmux)
    }

    fn run(&self, args: &[&str]) -> Result<String> {
        let output = Command::new("tmux").arg("-S").arg(&self.socket).args(args).env("LC_ALL", "C.UTF-8").output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn keys(&self, key: &str) -> Result<()> {
        self.run(&["send-keys", key]).map(drop)
    }

    fn pid(&self) -> Result<String> {
        Ok(self.run(&["display-message", "-p", "#{pane_pid}"])?.trim().to_string())
    }

    async fn wait_for(&self, text: &str) -> Result<String> {
        let begun = Instant::now();
        loop {
            let screen = self.run(&["capture-pane", "-p"])?;
            if let Some(line) = screen.lines().find(|line| line.contains(text)) {
                return Ok(line.to_string());
            }
            if begun.elapsed() > START_LIMIT {
                return Err(format!("waited in vain for {text:?}:\n{screen}").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A figure that the console shows of itself.
    async fn figure(&self, name: &str) -> Result<f64> {
        let line = self.wait_for(&format!("│ {name}")).await?;
        let rest = line.rsplit(&format!("│ {name}")).next().unwrap_or_default();
        let number: String = rest.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        Ok(number.parse()?)
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // There is nothing left to end when it never began.
        let _ = self.run(&["kill-server"]);
    }
}

fn cpu_s(pid: &str) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS_PER_SECOND)
}

fn rss_mib(pid: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no memory is counted")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
