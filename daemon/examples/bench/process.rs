//! A process that is measured: started, asked for its time and memory, and ended by its id.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};

use crate::http::Connection;
use crate::{Bench, Result};

/// Longest wait for a process to start, to be ready or to end.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(10);
/// Linux counts a process's time in hundredths of a second, whatever the kernel's own tick is (proc(5), `USER_HZ`).
const TICK: Duration = Duration::from_millis(10);
/// Between two looks at the memory; it has settled when it grew by less than [`SETTLED_BYTES`] in between.
const SETTLE: Duration = Duration::from_millis(400);
const SETTLED_BYTES: u64 = 64 * 1024;
/// Most looks until it counts as settled anyway.
const LOOKS_MAX: usize = 10;

/// A running process that listens.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pid: u32,
    pub address: SocketAddr,
    /// From the moment before it was started to its line that says where it listens.
    pub listening_after: Duration,
    /// Kept open, so that the process never writes into a closed pipe.
    _stdout: Option<Lines<BufReader<ChildStdout>>>,
}

impl Process {
    /// Starts `command` and waits for its line `… listening on http://ADDRESS`. What it says otherwise goes to `log`.
    pub async fn start(mut command: Command, log: &Path) -> Result<Self> {
        let errors = std::fs::File::options().create(true).append(true).open(log)?;
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(errors).kill_on_drop(true).spawn()?;
        let stdout = child.stdout.take().ok_or("standard output is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let listening_after = started.elapsed();
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        let Ok(Ok(Some(line))) = line else { return Err(format!("{command:?} did not start:\n{}", said()).into()) };
        let address = line.split_once(" listening on http://").ok_or(format!("unexpected first line: {line}"))?.1;
        let pid = child.id().ok_or("the process has ended already")?;
        Ok(Self { child, pid, address: address.parse()?, listening_after, _stdout: Some(lines) })
    }

    /// Starts `command`, which says nothing, and waits until it takes connections at `address`.
    pub async fn start_at(mut command: Command, log: &Path, address: SocketAddr) -> Result<Self> {
        let errors = std::fs::File::options().create(true).append(true).open(log)?;
        let started = Instant::now();
        let mut child = command.stdout(errors.try_clone()?).stderr(errors).kill_on_drop(true).spawn()?;
        while TcpStream::connect(address).await.is_err() {
            if child.try_wait()?.is_some() || started.elapsed() > PATIENCE {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                return Err(format!("{command:?} did not start:\n{said}").into());
            }
            tokio::time::sleep(RETRY).await;
        }
        let pid = child.id().ok_or("the process has ended already")?;
        Ok(Self { child, pid, address, listening_after: started.elapsed(), _stdout: None })
    }

    /// Processor time that it has used so far, its own and the kernel's on its behalf.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The name in parentheses, field 2 of proc(5), may hold spaces; utime and stime are fields 14 and 15.
        let fields = stat.rsplit_once(')').ok_or("stat has no name")?.1;
        let ticks =
            |index: usize| -> Result<u32> { Ok(fields.split(' ').nth(index).ok_or("stat is too short")?.parse()?) };
        Ok(TICK * (ticks(12)? + ticks(13)?))
    }

    /// Memory that is in use right now, in bytes.
    fn rss_bytes(&self) -> Result<u64> {
        self.memory_bytes("VmRSS:")
    }

    /// The most that ever was.
    pub fn rss_bytes_max(&self) -> Result<u64> {
        self.memory_bytes("VmHWM:")
    }

    fn memory_bytes(&self, name: &str) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("status does not say it")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// Memory in use once it has stopped to change.
    pub async fn settled_rss_bytes(&self) -> Result<u64> {
        let mut before = self.rss_bytes()?;
        for _ in 0..LOOKS_MAX {
            tokio::time::sleep(SETTLE).await;
            let now = self.rss_bytes()?;
            if now.abs_diff(before) < SETTLED_BYTES {
                return Ok(now);
            }
            before = now;
        }
        Ok(before)
    }

    /// SIGTERM, and waits until it has ended in order.
    pub async fn stop(mut self) -> Result<()> {
        let sent = Command::new("kill").arg(self.pid.to_string()).status().await?;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        match ended {
            Ok(Ok(status)) if sent.success() && status.success() => Ok(()),
            other => Err(format!("the process did not end in order: {other:?}").into()),
        }
    }

    /// Ends it at once.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// A daemon under measurement.
#[derive(Debug)]
pub struct Parkd {
    pub process: Process,
    pub token: String,
}

impl Parkd {
    /// Starts on the data in `folder`, with limits that a load generator does not run into.
    pub async fn start(bench: &Bench, folder: &Path) -> Result<Self> {
        Self::start_with(bench, folder, &[]).await
    }

    /// The same with these settings in its environment.
    pub async fn start_with(bench: &Bench, folder: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(&bench.parkd);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PARKD_") || name.ends_with("_URL")) {
            command.env_remove(name);
        }
        command.current_dir(folder).args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder);
        command.args(["--write-rate", "1000000", "--upload-rate", "1000000"]).envs(settings.iter().copied());
        let process = Process::start(command, &folder.join("bench.log")).await?;
        let token = std::fs::read_to_string(folder.join("admin.token"))?.trim().to_string();
        Ok(Self { process, token })
    }

    pub fn address(&self) -> SocketAddr {
        self.process.address
    }

    /// A request as it goes over the wire. `headers` end with a line break each.
    pub fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
        let Self { token, .. } = self;
        let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let head = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n");
        format!("{head}{headers}{length}\r\n{body}").into_bytes()
    }

    /// Waits until it says that it can do its work.
    pub async fn ready(&self) -> Result<()> {
        let request = self.request("GET", parking_api::paths::READY, "", "");
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if Connection::open(self.address()).await?.ask(&request).await?.status == 200 {
                return Ok(());
            }
        }
        Err("parkd is not ready".into())
    }
}

/// This program again, as what the daemon is compared with.
pub async fn yardstick(bench: &Bench, kind: &str, folder: &Path) -> Result<Process> {
    let mut command = Command::new(&bench.own);
    command.arg("yardstick-server").arg(kind).arg(folder);
    Process::start(command, &folder.join("bench.log")).await
}
