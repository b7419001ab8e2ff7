//! `--plain`: a line for each change.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::daemon::Daemon;

#[test]
fn each_change_is_a_sentence() {
    let daemon = Daemon::start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_parktui"))
        .arg("--plain")
        .env("PARKD_DATA_DIR", daemon.data_dir())
        .env("HOME", daemon.home())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    let first = next();
    assert!(first.ends_with("Live: main has 4 slots, 3 free, 0 occupied, 0 reserved, 1 closed, 0 unknown."), "{first}");
    daemon.parkctl(&["slot", "set", "A-02", "--state", "reserved", "--note", "For the plumber"]);
    let second = next();
    assert!(second.ends_with("A-02 is reserved (For the plumber), by admin."), "{second}");
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
    assert!(child.wait().expect("it ends").success());
}
