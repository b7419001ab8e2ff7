//! A bare terminal: both ends of a pseudo terminal, the console at one of them.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, WaitOptions};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

use crate::wait;

pub struct Pty {
    master: File,
    slave: OwnedFd,
    shown: Arc<Mutex<Shown>>,
    pub child: Child,
}

/// What was written, and what a terminal makes of it.
struct Shown {
    bytes: Vec<u8>,
    screen: vt100::Parser,
}

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

impl Pty {
    /// Runs `command` on a terminal of 80 × 24.
    pub fn run(command: &mut Command) -> (Self, String) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("ours");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let slave = rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("its other end");
        tcsetwinsize(&slave, Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
        let end = || Stdio::from(slave.try_clone().expect("another handle"));
        let before = modes(&slave);
        let child = command
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            // A group of its own can be stopped without stopping the test.
            .process_group(0)
            .spawn()
            .expect("the console runs");
        let master = File::from(master);
        let screen = vt100::Parser::new(ROWS, COLUMNS, 0);
        let shown = Arc::new(Mutex::new(Shown { bytes: Vec::new(), screen }));
        let (mut from, to) = (master.try_clone().expect("another handle"), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut buf = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buf) {
                let mut shown = to.lock().expect("nobody panicked");
                shown.bytes.extend_from_slice(&buf[..count]);
                shown.screen.process(&buf[..count]);
            }
        });
        (Self { master, slave, shown, child }, before)
    }

    pub fn keys(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("typed");
    }

    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("it runs");
    }

    /// All that was written so far, from byte `from` on.
    pub fn written(&self, from: usize) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("nobody panicked").bytes[from..]).into_owned()
    }

    /// How much that is.
    pub fn len(&self) -> usize {
        self.shown.lock().expect("nobody panicked").bytes.len()
    }

    /// Waits until `code` was written after byte `from`.
    pub fn writes(&self, from: usize, code: &str) {
        let is_written = || self.written(from).contains(code).then_some(());
        wait::until(|| format!("{code:?} in {:?}", self.written(from)), is_written);
    }

    /// Waits until `text` is to be seen.
    pub fn sees(&self, text: &str) {
        let screen = || self.shown.lock().expect("nobody panicked").screen.screen().contents();
        wait::until(|| format!("{text:?} in\n{}", screen()), || screen().contains(text).then_some(()));
    }

    /// Waits until it was stopped.
    pub fn is_stopped(&self) {
        let stopped = || {
            let status = rustix::process::waitpid(Some(self.pid()), WaitOptions::UNTRACED | WaitOptions::NOHANG);
            status.expect("it is ours").filter(|(_, status)| status.stopped()).map(drop)
        };
        wait::until(|| "the console to stop".into(), stopped);
    }

    pub fn end(&mut self) -> ExitStatus {
        wait::until(|| "the console to end".into(), || self.child.try_wait().expect("it is ours"))
    }

    /// The modes of the terminal, as text.
    pub fn modes(&self) -> String {
        modes(&self.slave)
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn modes(slave: &OwnedFd) -> String {
    format!("{:?}", tcgetattr(slave).expect("a terminal has modes"))
}
