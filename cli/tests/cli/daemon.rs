//! A real `parkd` on its own data directory and port, for as long as a test lasts.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;

use crate::run::{Run, args, parkctl, run};

const READY: &str = "parkd listening on ";
const LOG: &str = "parkd.log";
/// A port that was free a moment ago may be taken for as long as another test asks something.
const START_TRIES_FOR: Duration = Duration::from_secs(20);
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What the binary is made of.
const SOURCES: [&str; 5] = ["daemon", "firmware", "migrations", "Cargo.toml", "Cargo.lock"];

pub struct Daemon {
    pub url: String,
    /// Holds the data directory and, beside it, the log.
    root: TempDir,
    data_dir: PathBuf,
    child: Child,
}

impl Daemon {
    /// With an empty data directory.
    pub fn start() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let data_dir = root.path().join("data");
        let Some((child, url)) = spawn(&data_dir, "127.0.0.1:0", &root.path().join(LOG)) else {
            panic!("the daemon did not start: {}", fs::read_to_string(root.path().join(LOG)).unwrap_or_default());
        };
        Self { url, root, data_dir, child }
    }

    /// The same with five slots, one in each state.
    pub fn with_slots() -> Self {
        let daemon = Self::start();
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/slots.in/slots.csv");
        let imported = daemon.ask(&format!("slot import {file}"));
        assert_eq!(imported.code, Some(0), "{imported:?}\n{}", daemon.log());
        daemon
    }

    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Runs `parkctl` as the user that the daemon belongs to.
    pub fn ask(&self, line: &str) -> Run {
        run(parkctl(self.data_dir()).args(args(line)))
    }

    /// Ends it without a warning, as a power failure would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Starts it again on the same address.
    pub fn restart(&mut self) {
        let listen = self.url.trim_start_matches("http://").to_string();
        let deadline = Instant::now() + START_TRIES_FOR;
        loop {
            match spawn(&self.data_dir, &listen, &self.root.path().join(LOG)) {
                Some((child, url)) => {
                    assert_eq!(url, self.url);
                    self.child = child;
                    return;
                }
                None => assert!(Instant::now() < deadline, "{listen} stays taken\n{}", self.log()),
            }
        }
    }

    /// What it had to say.
    pub fn log(&self) -> String {
        fs::read_to_string(self.root.path().join(LOG)).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have been ended by the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// None when it ended before it was ready.
fn spawn(dir: &Path, listen: &str, log: &Path) -> Option<(Child, String)> {
    let log = File::options().create(true).append(true).open(log).expect("a log");
    let mut child = Command::new(binary())
        .args(["serve", "--listen", listen, "--data-dir"])
        .arg(dir)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "SystemRoot"))
        .env("HOME", dir)
        // Not even a disk that is nearly full shall change what is recorded.
        .env("PARKD_DISK_FREE_MIN", "0")
        // Time goes faster in tests.
        .env("PARKD_UPLOAD_RATE", "500")
        .env("PARKD_WRITE_RATE", "20000")
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("the binary runs");
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let url = stdout.lines().map_while(Result::ok).find_map(|line| line.strip_prefix(READY).map(String::from));
    if url.is_none() {
        child.wait().expect("it ends");
    }
    url.map(|url| (child, url))
}

/// The binary beside this test, built if it is missing or older than what it is made of.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().expect("a test has a path");
        let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>");
        let path = profile.join(format!("parkd{}", std::env::consts::EXE_SUFFIX));
        let built_at = fs::metadata(&path).and_then(|file| file.modified()).ok();
        if built_at.is_none_or(|built_at| newest_source() > built_at) {
            build(profile);
        }
        path
    })
}

fn build(profile: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "parkd", "--bin", "parkd"]).current_dir(WORKSPACE);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().expect("cargo runs").success(), "parkd does not build");
}

fn newest_source() -> SystemTime {
    fn walk(path: &Path, newest: &mut SystemTime) {
        let Ok(about) = fs::metadata(path) else { return };
        if about.is_dir() {
            for entry in fs::read_dir(path).expect("readable").map_while(Result::ok) {
                walk(&entry.path(), newest);
            }
        } else if let Ok(at) = about.modified() {
            *newest = at.max(*newest);
        }
    }
    let mut newest = SystemTime::UNIX_EPOCH;
    SOURCES.iter().for_each(|source| walk(&Path::new(WORKSPACE).join(source), &mut newest));
    newest
}
