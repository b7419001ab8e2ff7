//! A real `parkd` with four slots, and `parkctl` to change them from elsewhere.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::wait;

const READY: &str = "parkd listening on ";
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const PLAN: &str = "code,zone,state,x,y\nA-01,A,free,0,0\nA-02,A,free,2.5,0\nB-01,B,free,12,0\nB-02,B,closed,14.5,0\n";

pub struct Daemon {
    pub url: String,
    root: TempDir,
    child: Child,
}

impl Daemon {
    pub fn start() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let (child, url) = spawn(root.path(), "127.0.0.1:0").expect("the daemon starts");
        let daemon = Self { url, root, child };
        let plan = daemon.root.path().join("plan.csv");
        std::fs::write(&plan, PLAN).expect("written");
        daemon.parkctl(&["slot", "import", plan.to_str().expect("a name")]);
        daemon
    }

    pub fn data_dir(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// Where a console keeps what is its own.
    pub fn home(&self) -> &Path {
        self.root.path()
    }

    /// Ends it without a warning.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Starts it again where it was.
    pub fn restart(&mut self) {
        let listen = self.url.trim_start_matches("http://").to_string();
        self.child = wait::until(|| format!("{listen} to be free"), || spawn(self.root.path(), &listen)).0;
    }

    pub fn parkctl(&self, args: &[&str]) {
        let output = Command::new(binary("parkctl"))
            .args(args)
            .env("PARKD_DATA_DIR", self.data_dir())
            .env("HOME", self.root.path())
            .stdin(Stdio::null())
            .output()
            .expect("parkctl runs");
        assert!(output.status.success(), "parkctl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // A test may have ended it already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(root: &Path, listen: &str) -> Option<(Child, String)> {
    let log = File::options().create(true).append(true).open(root.join("parkd.log")).expect("a log");
    let mut child = Command::new(binary("parkd"))
        .args(["serve", "--listen", listen, "--data-dir"])
        .arg(root.join("data"))
        .env_clear()
        .env("HOME", root)
        .env("PARKD_UPLOAD_RATE", "500")
        .env("PARKD_WRITE_RATE", "20000")
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("parkd runs");
    let out = BufReader::new(child.stdout.take().expect("a pipe"));
    let url = out.lines().map_while(Result::ok).find_map(|line| line.strip_prefix(READY).map(String::from));
    if url.is_none() {
        child.wait().expect("it ends");
    }
    url.map(|url| (child, url))
}

/// A binary of this workspace beside this test, built if it is not up to date.
pub fn binary(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        // One by one: together they would be built with each other's features, and so anew.
        for package in ["parkd", "parkctl"] {
            build(&["--bins", "--package", package]);
        }
        profile()
    });
    folder.join(name)
}

/// An example of the console, built if it is not up to date.
pub fn example(name: &str) -> PathBuf {
    build(&["--package", "parktui", "--example", name]);
    profile().join("examples").join(name)
}

/// `target/<profile>`, where this test is.
fn profile() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>").to_path_buf()
}

fn build(what: &[&str]) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet"]).args(what).current_dir(WORKSPACE);
    if profile().ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().expect("cargo runs").success(), "{what:?} does not build");
}
